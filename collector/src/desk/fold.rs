//! Folds alerts that say the same of several machines of a room into one.

use super::words;
use rollcall_site::view::AlertRow;
use rollcall_site::{RoomId, Tag};
use std::collections::HashMap;

/// Alerts that say the same: one, or several of a room together.
pub(super) struct Fold<'a> {
    /// What they say of their machine, without its tag.
    pub says: &'a str,
    /// The first of them.
    pub first: &'a AlertRow,
    /// The others.
    pub others: Vec<&'a AlertRow>,
}

/// What alerts have in common that are folded: rule, room, what they say of their machine, where they stand, and who looks after them.
type Same<'a> = (&'a str, Option<&'a RoomId>, &'a str, &'static str, Option<&'a str>);

/// Folds alerts; each fold stands where its first alert stood. What is over stays apart: it happened at different times.
pub(super) fn fold<'a>(alerts: impl Iterator<Item = &'a AlertRow>) -> Vec<Fold<'a>> {
    let mut folds: Vec<Fold<'a>> = Vec::new();
    let mut places: HashMap<Same<'a>, usize> = HashMap::new();
    for alert in alerts {
        let says = alert.tag.as_ref().and_then(|tag| words::said_of(&alert.title, tag.as_str())).unwrap_or(&alert.title);
        let same = (alert.rule.as_str(), alert.room.as_ref(), says, alert.state, alert.by.as_deref());
        let known = places.get(&same).filter(|_| alert.state != "resolved").and_then(|place| folds.get_mut(*place));
        match known {
            Some(fold) => fold.others.push(alert),
            None => {
                places.insert(same, folds.len());
                folds.push(Fold { says, first: alert, others: Vec::new() });
            }
        }
    }
    folds
}

impl<'a> Fold<'a> {
    /// Every alert in it.
    pub fn alerts(&self) -> impl Iterator<Item = &'a AlertRow> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// The tags of its machines.
    pub fn tags(&self) -> Vec<&'a str> {
        self.alerts().filter_map(|alert| alert.tag.as_ref()).map(Tag::as_str).collect()
    }

    /// In one line.
    pub fn title(&self) -> String {
        let count = self.others.len() + 1;
        match (&self.first.tag, &self.first.room) {
            (Some(tag), _) if self.others.is_empty() => format!("{tag} {}", self.says),
            _ if self.others.is_empty() => self.first.title.clone(),
            (_, Some(room)) => format!("{room}: {count} machines, each {}", self.says),
            _ => format!("{count} machines, each {}", self.says),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use jiff::Timestamp;
    use rollcall_site::AlertId;
    use rollcall_site::rule::Severity;

    /// An alert that a machine of a room lacks something.
    pub(in crate::desk) fn lacks(id: u64, tag: &str, what: &str, room: &str, state: &'static str) -> AlertRow {
        AlertRow {
            id: AlertId(id),
            rule: "software-required".to_owned(),
            severity: Severity::High,
            device: String::new(),
            tag: Tag::parse(tag).ok(),
            room: RoomId::parse(room).ok(),
            title: format!("{tag} lacks {what}"),
            evidence: "not installed".to_owned(),
            cause: "removed".to_owned(),
            remedy: "install it".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            raised_at: None,
            state,
            by: None,
            until: None,
            times: 1,
            holds: true,
            ticket: None,
        }
    }

    #[test]
    fn the_same_of_a_room_is_told_once_and_nothing_else_is_folded() {
        let alerts = [
            lacks(1, "A-1", "geogebra", "Lab 1", "raised"),
            lacks(2, "B-1", "geogebra", "Lab 2", "raised"),
            lacks(3, "A-2", "geogebra", "Lab 1", "raised"),
            lacks(4, "A-2", "gimp", "Lab 1", "raised"),
            lacks(5, "A-3", "geogebra", "Lab 1", "acknowledged"),
            lacks(6, "A-4", "geogebra", "Lab 1", "resolved"),
            lacks(7, "A-5", "geogebra", "Lab 1", "resolved"),
            lacks(8, "A-6", "geogebra", "Lab 1", "raised"),
        ];
        let folds = fold(alerts.iter());
        let told: Vec<(String, Vec<&str>)> = folds.iter().map(|fold| (fold.title(), fold.tags())).collect();
        let alone = |title: &str, tag| (title.to_owned(), vec![tag]);
        let want = [
            ("Lab 1: 3 machines, each lacks geogebra".to_owned(), vec!["A-1", "A-2", "A-6"]),
            alone("B-1 lacks geogebra", "B-1"),
            alone("A-2 lacks gimp", "A-2"),
            alone("A-3 lacks geogebra", "A-3"),
            alone("A-4 lacks geogebra", "A-4"),
            alone("A-5 lacks geogebra", "A-5"),
        ];
        assert_eq!(told, want);
    }
}
