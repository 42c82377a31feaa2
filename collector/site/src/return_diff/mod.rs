//! What is different when an asset comes back from when it left: its hardware as it was frozen at check-out against what it reports at its
//! return, or first after it.
//!
//! What differs becomes a draft of a ticket and of a charge, which the technician confirms.

mod differ;
mod part;
mod propose;

pub use part::{PARTS, PartKind};

use crate::attend::Report;
use crate::device::{Device, DeviceState};
use crate::inventory::Profile;
use crate::loan::Loan;
use crate::presence::Presence;
use crate::record::Rest;
use crate::{AssetId, ChargeId, LoanId, Refusal, Site, TicketId, Working, words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diff {
    /// When it was compared last; none: not yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// It is compared when it next reports.
    #[serde(skip_serializing_if = "crate::record::is_default")]
    pub pending: bool,
    /// What is different; nothing: it is as it left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// The ticket that was proposed for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// The charge that was proposed for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<ChargeId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One thing that is not as it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The word of the part, one of [`PARTS`].
    pub part: String,
    /// In words: what is missing, or is another one.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Difference {
    /// Whether it says the same, whatever a newer version adds.
    fn is(&self, other: &Self) -> bool {
        (&self.part, &self.text) == (&other.part, &other.text)
    }
}

impl Diff {
    /// In a sentence, for pages and the command line.
    pub fn words(&self) -> String {
        let later = if self.pending { "; it is compared again when it next reports" } else { "" };
        match (self.at, self.differences.is_empty()) {
            (None, true) if self.pending => "its hardware is compared when it next reports".to_owned(),
            (None, true) => "its hardware was not compared".to_owned(),
            (Some(_), true) => format!("its hardware is as it left{later}"),
            (_, false) => format!("it differs from when it left: {}{later}", self.list()),
        }
    }

    fn list(&self) -> String {
        words::first(self.differences.iter().map(|difference| difference.text.clone()).collect(), 5).join("; ")
    }
}

/// The last loan of an asset whose comparison waits for a report.
pub fn awaited(site: &Site, asset: AssetId) -> Option<&Arc<Loan>> {
    let (_, id) = site.uncompared_loans.range((asset, LoanId(0))..=(asset, LoanId(u64::MAX))).next_back()?;
    site.loans.get(id)
}

/// An asset has come back under a loan: what it last reported is compared, and what it reports next, unless it is here and has said all.
///
/// # Errors
/// A draft could not be made.
pub(crate) fn returned(w: &mut Working, loan: &Loan) -> Result<(), Refusal> {
    forget_earlier(w, loan);
    let Some(device) = device_of(&w.site, loan) else { return Ok(()) };
    let profile = w.site.profiles.get(&device.id).cloned();
    let is_here = device.presence == Presence::Here && profile.as_ref().is_some_and(|profile| profile.reported_at >= device.since);
    let since_it_left = profile.filter(|profile| is_here || profile.reported_at > loan.out_at);
    let before = loan.diff.as_deref().cloned().unwrap_or_default();
    let diff = Diff { pending: !is_here, ..before };
    match since_it_left {
        Some(profile) => compare(w, loan, &profile, diff),
        None => {
            w.put(Loan { diff: Some(Box::new(diff)), ..loan.clone() });
            Ok(())
        }
    }
}

/// A device has reported: what waits for that is compared. A report of some sections alone may tell of a difference; only one of all of them
/// ends the waiting. Never keeps a report from being taken in.
pub(crate) fn reported(w: &mut Working, asset: AssetId, report: &Report) {
    let waits = |loan: &&Arc<Loan>| loan.in_at.is_some_and(|back| report.at >= back);
    let Some(loan) = awaited(&w.site, asset).filter(waits).cloned() else { return };
    let profile = device_of(&w.site, &loan).and_then(|device| w.site.profiles.get(&device.id)).cloned();
    if let Some(profile) = profile {
        let diff = Diff { pending: !report.full, ..loan.diff.as_deref().cloned().unwrap_or_default() };
        // Nothing keeps a report from being taken in: a draft that can't be made is not made.
        drop(compare(w, &loan, &profile, diff));
    }
}

/// Another loan has ended since: what was not compared before can't be told from what happened in it.
fn forget_earlier(w: &mut Working, loan: &Loan) {
    while let Some(earlier) = awaited(&w.site, loan.asset).filter(|earlier| earlier.id < loan.id).cloned() {
        let diff = Diff { pending: false, ..earlier.diff.as_deref().cloned().unwrap_or_default() };
        w.put(Loan { diff: Some(Box::new(diff)), ..(*earlier).clone() });
    }
}

fn device_of(site: &Site, loan: &Loan) -> Option<Arc<Device>> {
    let asset = site.assets.get(&loan.asset).filter(|_| !loan.frozen.is_empty())?;
    site.device_of(asset).filter(|device| device.state == DeviceState::Active).cloned()
}

fn compare(w: &mut Working, loan: &Loan, profile: &Profile, before: Diff) -> Result<(), Refusal> {
    let Some(asset) = w.site.assets.get(&loan.asset).cloned() else { return Ok(()) };
    let found = differ::differences(&w.site, &asset, loan, profile, w.now);
    let new: Vec<Difference> = found.into_iter().filter(|found| !before.differences.iter().any(|known| known.is(found))).collect();
    let ends = !before.pending;
    if new.is_empty() && !ends && before.at.is_some() {
        return Ok(());
    }
    let mut diff = Diff { at: Some(w.now), ..before };
    diff.differences.extend(new.iter().cloned());
    let text = match (new.is_empty(), diff.differences.is_empty()) {
        (false, _) => Some(format!("{} differs from when it left under loan {}: {}", asset.tag, loan.id, diff.list())),
        (true, true) if ends => Some(format!("{} is as it left under loan {}", asset.tag, loan.id)),
        _ => None,
    };
    if let Some(text) = text {
        let event = w.event("loan.compared", text);
        event.about(&asset).person = Some(loan.person.clone());
    }
    if !new.is_empty() {
        propose::draft(w, &asset, loan, &mut diff, &new)?;
    }
    w.put(Loan { diff: Some(Box::new(diff)), ..loan.clone() });
    Ok(())
}
