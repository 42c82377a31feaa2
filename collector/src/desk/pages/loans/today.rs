//! What was lent and taken back at this desk today, and how to undo it.

use crate::desk::look::Look;
use crate::desk::session::Undo;
use crate::desk::words::Chip;
use jiff::Timestamp;
use rollcall_site::view::{self, Moved, Movement};
use rollcall_site::{PersonId, Tag};

/// Most lines of "at this desk today".
const MOST: usize = 12;

/// One line.
pub(super) struct Entry {
    pub at: Timestamp,
    pub chip: Chip,
    pub text: String,
    pub undo: Option<Undo>,
}

/// What was lent and taken back today, newest first; the last of each asset can be undone.
pub(super) fn entries(look: &Look) -> Vec<Entry> {
    let midnight = look.today().to_zoned_datetime(look.zone.clone()).map_or(look.now, |start| start.timestamp());
    view::moved(&look.site, midnight, MOST).iter().filter_map(|movement| entry(look, movement)).collect()
}

fn entry(look: &Look, movement: &Movement<'_>) -> Option<Entry> {
    let loan = movement.loan;
    let tag = &look.site.assets.get(&loan.asset)?.tag;
    let who = look.person(&loan.person);
    let last = look.site.loans_of(loan.asset).next_back().is_some_and(|last| last.id == loan.id);
    let (chip, text, undo) = match movement.moved {
        Moved::Out => (Chip::away("Lent"), format!("{tag} to {who}"), loan.in_at.is_none().then(|| take_back(tag))),
        Moved::Back if loan.undone => (Chip::rest("Undone"), format!("{tag} to {who}, by mistake"), None),
        Moved::Back => (Chip::go("Back"), format!("{tag} from {who}"), last.then(|| lend_again(look, tag, &loan.person, loan.due))),
    };
    Some(Entry { at: movement.at, chip, text, undo })
}

/// The form that takes back what was lent by mistake.
pub(super) fn take_back(tag: &Tag) -> Undo {
    Undo { action: "/loans/in".to_owned(), fields: vec![("tag", tag.to_string())] }
}

/// The form that lends again what came back by mistake.
pub(super) fn lend_again(look: &Look, tag: &Tag, person: &PersonId, due: Option<Timestamp>) -> Undo {
    // What was overdue before is due at the end of today.
    let due = due.map(|due| look.zoned(due).date().max(look.today()).to_string()).unwrap_or_default();
    let reason = "taken back by mistake".to_owned();
    Undo {
        action: "/loans/out".to_owned(),
        fields: vec![("tag", tag.to_string()), ("person", person.to_string()), ("due", due), ("reason", reason)],
    }
}
