//! Which column stands on the card, and whose card has which number.

use super::delivery::{Bad, MOST_BAD, UserRow};
use super::settings::CardSource;
use crate::PersonId;
use std::collections::HashMap;

/// In the order in which they are tried where nobody says which one it is.
const TRIED: [CardSource; 3] = [CardSource::Identifier, CardSource::Username, CardSource::SourcedId];

/// Whose card has which number.
pub(super) struct Cards<'a> {
    /// The column.
    pub(super) source: CardSource,
    /// By key; whoever is not here has no card that can be used.
    ids: HashMap<&'a str, PersonId>,
}

impl<'a> Cards<'a> {
    /// The cards of the people of these rows: `wanted`, or the first column that fits everybody, or the one that fits most.
    pub(super) fn of(rows: &[&'a UserRow], wanted: Option<CardSource>, bad: &mut Vec<Bad>) -> Self {
        let mut best: Option<(Self, Vec<Bad>)> = None;
        for source in wanted.map_or_else(|| TRIED.to_vec(), |wanted| vec![wanted]) {
            let tried = Self::by(rows, source);
            if best.as_ref().is_none_or(|(best, _)| tried.0.ids.len() > best.ids.len()) {
                best = Some(tried);
            }
        }
        let (cards, wrong) = best.unwrap_or_else(|| Self::by(rows, CardSource::Identifier));
        bad.extend(wrong);
        cards
    }

    fn by(rows: &[&'a UserRow], source: CardSource) -> (Self, Vec<Bad>) {
        let mut bad = Vec::new();
        let mut wrong = |row: &UserRow, what: String| {
            if bad.len() <= MOST_BAD {
                bad.push(Bad { file: "users.csv".to_owned(), line: row.line, column: source.column().to_owned(), what });
            }
        };
        let mut first: HashMap<PersonId, &UserRow> = HashMap::new();
        let mut ids = HashMap::new();
        for row in rows {
            match PersonId::parse(text(row, source)) {
                Ok(id) => match first.get(&id) {
                    None => {
                        first.insert(id.clone(), row);
                        ids.insert(row.source.as_str(), id);
                    }
                    Some(other) => {
                        // Whose it is can't be said: neither is taken in.
                        ids.remove(other.source.as_str());
                        wrong(row, format!("the card {id} is that of line {} too", other.line));
                    }
                },
                Err(_) if text(row, source).trim().is_empty() => wrong(row, "empty: it is what stands on the card".to_owned()),
                Err(error) => wrong(row, error.to_string()),
            }
        }
        (Self { source, ids }, bad)
    }

    /// The card of somebody.
    pub(super) fn get(&self, source: &str) -> Option<&PersonId> {
        self.ids.get(source)
    }
}

fn text(row: &UserRow, source: CardSource) -> &str {
    match source {
        CardSource::Identifier => &row.identifier,
        CardSource::Username => &row.username,
        CardSource::SourcedId => &row.source,
        CardSource::UserIds => &row.user_id,
    }
}
