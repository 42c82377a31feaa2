//! What the library system is owed, from the records of loans alone: asked twice, it comes to the same.

use super::queue::{self, Mirroring, Step};
use super::{Library, Mirrored, of};
use crate::loan::Loan;
use crate::record::Rest;
use crate::{AssetId, Working};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Owes what has changed for `assets`, whose loans the events up to `seq` are about, and moves the cursor there. Nothing changes when the
/// library system was set anew or removed meanwhile.
pub fn follow(w: &mut Working, set_at: Timestamp, seq: u64, assets: &BTreeSet<AssetId>) {
    let Some(library) = of(&w.site).filter(|library| library.set_at == set_at).cloned() else { return };
    assets.iter().for_each(|asset| owe(w, &library, *asset));
    if let Some(library) = of(&w.site).filter(|library| library.seq < seq).cloned() {
        w.put(Library { seq, ..(*library).clone() });
    }
}

/// Brings what is owed for one asset up to its loans.
fn owe(w: &mut Working, library: &Library, asset: AssetId) {
    let told = w.site.mirrored.get(&asset).cloned();
    if let Some(told) = told.as_ref().filter(|told| !told.back) {
        go_on(w, told);
    }
    let is_told =
        |loan: &Loan| told.as_ref().is_some_and(|told| loan.out_at < told.out_at || (loan.out_at == told.out_at && loan.id <= told.loan));
    let later = |loan: &&Arc<Loan>| loan.out_at >= library.since && !is_told(loan);
    let later: Vec<Arc<Loan>> = w.site.loans_of(asset).filter(later).cloned().collect();
    later.iter().for_each(|loan| begin(w, library, loan));
}

/// A loan that the library system was told of: it is over, in other hands, due at another time, or as it was.
fn go_on(w: &mut Working, told: &Arc<Mirrored>) {
    match w.site.loans.get(&told.loan).filter(|loan| loan.asset == told.asset && loan.out_at == told.out_at).cloned() {
        Some(loan) if is_out(&loan) && loan.person == told.person => {
            if loan.due != told.due {
                let after = w.put(Mirrored { due: loan.due, ..(**told).clone() });
                queue::owe(w, mirroring(&after, Step::Renew, w.now));
            }
        }
        // Whoever borrowed under a provisional id is known by another now.
        Some(loan) if is_out(&loan) => {
            end(w, told, w.now);
            let after = w.put(Mirrored { person: loan.person.clone(), due: loan.due, back: false, ..(**told).clone() });
            queue::owe(w, mirroring(&after, Step::Out, w.now));
        }
        // Back, or undone as if it had never been.
        gone => end(w, told, gone.and_then(|loan| loan.in_at).unwrap_or(w.now)),
    }
}

fn begin(w: &mut Working, library: &Library, loan: &Loan) {
    let Some(asset) = w.site.assets.get(&loan.asset).filter(|asset| library.kinds.contains(&asset.kind)) else { return };
    let told = w.put(Mirrored {
        asset: loan.asset,
        loan: loan.id,
        out_at: loan.out_at,
        person: loan.person.clone(),
        item: format!("{}{}", library.prefix, asset.tag),
        due: loan.due,
        back: false,
        rest: Rest::new(),
    });
    queue::owe(w, mirroring(&told, Step::Out, loan.out_at));
    if let Some(at) = loan.in_at {
        end(w, &told, at);
    }
}

fn end(w: &mut Working, told: &Mirrored, at: Timestamp) {
    let after = w.put(Mirrored { back: true, ..told.clone() });
    queue::owe(w, mirroring(&after, Step::In, at));
}

fn is_out(loan: &Loan) -> bool {
    loan.in_at.is_none()
}

fn mirroring(told: &Mirrored, step: Step, at: Timestamp) -> Mirroring {
    let Mirrored { asset, loan, person, item, due, .. } = told.clone();
    Mirroring {
        id: queue::UNNUMBERED,
        step,
        asset,
        loan,
        person,
        item,
        due,
        at,
        tries: 0,
        tried_at: None,
        answer: String::new(),
        refused_at: None,
        rest: Rest::new(),
    }
}
