//! Agreements: what a borrower accepts once in a school year.

use crate::record::{Record, Rest, Table};
use crate::{PersonId, Refusal, Site, Working, person};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The month in which a school year begins.
const FIRST_MONTH: i8 = 8;

/// That somebody accepted the agreement, and when; the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// The school year for which it holds, by the year in which it begins.
    pub year: i16,
    /// Who wrote it down.
    pub by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Agreement {
    type Key = PersonId;
    const KIND: &'static str = "agreement";
    fn key(&self) -> PersonId {
        self.person.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.agreements
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.agreements
    }
}

/// The school year of a moment at the site, by the year in which it begins: in August.
pub fn school_year(site: &Site, at: Timestamp) -> i16 {
    let date: Date = site.day_of(at);
    if date.month() >= FIRST_MONTH { date.year() } else { date.year() - 1 }
}

/// Somebody accepts the agreement of this school year.
///
/// # Errors
/// There is no such person.
pub fn agree(w: &mut Working, id: &PersonId) -> Result<Arc<Agreement>, Refusal> {
    person::get(&w.site, id)?;
    let year = school_year(&w.site, w.now);
    if let Some(agreement) = w.site.agreements.get(id).filter(|agreement| agreement.year == year) {
        return Ok(Arc::clone(agreement));
    }
    let agreement = w.put(Agreement { person: id.clone(), at: w.now, year, by: w.actor.words(), rest: Rest::new() });
    let text = format!("{id} accepted the loan agreement of {year}/{}", (year + 1) % 100);
    w.event("agreement.accepted", text).person = Some(id.clone());
    Ok(agreement)
}

/// Whether somebody has accepted the agreement of this school year.
pub(super) fn has_agreed(site: &Site, id: &PersonId, now: Timestamp) -> bool {
    site.agreements.get(id).is_some_and(|agreement| agreement.year == school_year(site, now))
}

/// The agreements of one id become those of another, who is the same human being; the newer one counts.
pub(crate) fn move_agreements(w: &mut Working, moves: &std::collections::BTreeMap<PersonId, PersonId>) {
    for (from, into) in moves {
        let Some(agreement) = w.site.agreements.get(from).cloned() else { continue };
        w.remove::<Agreement>(from);
        if w.site.agreements.get(into).is_none_or(|own| own.at < agreement.at) {
            w.put(Agreement { person: into.clone(), ..(*agreement).clone() });
        }
    }
}

/// Somebody is forgotten: nothing is kept for them any more, and their agreement goes.
pub(crate) fn forget_person(w: &mut Working, id: &PersonId) {
    w.remove::<Agreement>(id);
    crate::reservation::cancel_all(w, id);
}
