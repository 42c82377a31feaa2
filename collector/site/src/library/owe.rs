//! What the library system is owed, from the records of loans alone: asked twice, it comes to the same.

use super::queue::{self, Mirroring, Step};
use super::{Library, Mirrored, of};
use crate::asset::AssetStatus;
use crate::loan::Loan;
use crate::record::Rest;
use crate::{AssetId, LoanId, Site, Working};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Owes what has changed for `assets`, whose loans the events up to `seq` are about, and moves the cursor there. Nothing changes when the
/// library system was set anew or removed meanwhile.
pub fn follow(w: &mut Working, set_at: Timestamp, seq: u64, assets: &BTreeSet<AssetId>) {
    let Some(library) = of(&w.site).filter(|library| library.set_at == set_at).cloned() else { return };
    let loans = assets.iter().flat_map(|asset| w.site.loans_of(*asset)).filter(|loan| loan.out_at >= library.since);
    // In the order in which they began: what is lent as a part of a kit may go from one laptop's to another's.
    let loans: BTreeMap<(Timestamp, LoanId), Arc<Loan>> = loans.map(|loan| ((loan.out_at, loan.id), Arc::clone(loan))).collect();
    let concerned: BTreeSet<AssetId> = loans.values().flat_map(|loan| loan.assets()).chain(assets.iter().copied()).collect();
    for asset in &concerned {
        if let Some(told) = w.site.mirrored.get(asset).filter(|told| !told.back).cloned() {
            go_on(w, &told);
        }
    }
    for loan in loans.values().filter(|loan| !loan.undone) {
        loan.assets().collect::<Vec<_>>().into_iter().for_each(|asset| begin(w, &library, loan, asset));
    }
    if let Some(library) = of(&w.site).filter(|library| library.seq < seq).cloned() {
        w.put(Library { seq, ..(*library).clone() });
    }
}

/// The assets that are out to somebody whom the library system knows by another id.
pub fn renumbered(site: &Site) -> impl Iterator<Item = AssetId> + '_ {
    let told = site.mirrored.values().filter(|told| !told.back).filter_map(|told| Some((told, site.loans.get(&told.loan)?)));
    told.filter(|(told, loan)| loan.out_at == told.out_at && loan.is_open() && loan.person != told.person).map(|(_, loan)| loan.asset)
}

/// A loan that the library system was told of: it is over, in other hands, due at another time, or as it was.
fn go_on(w: &mut Working, told: &Arc<Mirrored>) {
    let is_same = |loan: &&Arc<Loan>| loan.out_at == told.out_at && loan.assets().any(|asset| asset == told.asset);
    match w.site.loans.get(&told.loan).filter(is_same).cloned() {
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
        Some(loan) => over(w, told, &loan),
        None => end(w, told, w.now),
    }
}

/// A loan that is new, was begun and ended since the last look, or goes on because its return was undone: what is back there is lent anew.
fn begin(w: &mut Working, library: &Library, loan: &Loan, asset: AssetId) {
    let told = w.site.mirrored.get(&asset).cloned();
    let goes_on = |told: &Mirrored| told.back && is_out(loan);
    if told.as_ref().is_some_and(|told| (loan.out_at, loan.id) <= (told.out_at, told.loan) && !goes_on(told)) {
        return;
    }
    if let Some(told) = told.filter(|told| !told.back) {
        end(w, &told, loan.out_at);
    }
    let Some(asset) = w.site.assets.get(&asset).filter(|asset| library.kinds.contains(&asset.kind)) else { return };
    let told = w.put(Mirrored {
        asset: asset.id,
        loan: loan.id,
        out_at: loan.out_at,
        person: loan.person.clone(),
        item: format!("{}{}", library.prefix, asset.tag),
        due: loan.due,
        back: false,
        rest: Rest::new(),
    });
    queue::owe(w, mirroring(&told, Step::Out, loan.out_at));
    if !is_out(loan) {
        over(w, &told, loan);
    }
}

/// A loan that is over: what its borrower has answered for is not back, and stays lent there until it is found.
fn over(w: &mut Working, told: &Mirrored, loan: &Loan) {
    let stays = loan.gone.is_some() && loan.back.is_none();
    if !stays || is_found(&w.site, loan.asset) {
        let at = if stays { w.now } else { loan.in_at.unwrap_or(w.now) };
        end(w, told, at);
    }
}

/// Whether the library system has it lent, as far as it was told.
pub fn is_lent_there(site: &Site, asset: AssetId) -> bool {
    site.mirrored.get(&asset).is_some_and(|told| !told.back)
}

/// Whether what was lost or stolen is at hand again.
fn is_found(site: &Site, asset: AssetId) -> bool {
    site.assets.get(&asset).is_some_and(|asset| matches!(asset.status, AssetStatus::InService | AssetStatus::InRepair))
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
