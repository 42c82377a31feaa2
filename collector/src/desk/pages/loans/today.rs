//! What was lent and taken back at this desk today, and how to undo it.

use crate::desk::look::Look;
use crate::desk::session::Undo;
use crate::desk::words::Chip;
use jiff::Timestamp;
use rollcall_site::loan::Loan;
use rollcall_site::view::{self, Moved, Movement};

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
    let (chip, text, undo) = match movement.moved {
        Moved::Out => (Chip::away("Lent"), format!("{tag} to {who}"), loan.in_at.is_none().then(|| undo_lending(loan))),
        Moved::Back if loan.undone => (Chip::rest("Undone"), format!("{tag} to {who}, by mistake"), None),
        Moved::Back => {
            let is_last = look.site.loans_of(loan.asset).next_back().is_some_and(|last| last.id == loan.id);
            (Chip::go("Back"), format!("{tag} from {who}"), (is_last && loan.gone.is_none()).then(|| undo_return(loan)))
        }
    };
    Some(Entry { at: movement.at, chip, text, undo })
}

/// The form that undoes a return that was a mistake: the same loan goes on.
pub(super) fn undo_return(loan: &Loan) -> Undo {
    Undo { action: "/loans/undo".to_owned(), fields: vec![("returned", loan.id.to_string())] }
}

/// The form that undoes a loan that was a mistake. It names the loan, so that a stale one never ends another loan of the same thing.
pub(super) fn undo_lending(loan: &Loan) -> Undo {
    Undo { action: "/loans/undo".to_owned(), fields: vec![("loan", loan.id.to_string())] }
}
