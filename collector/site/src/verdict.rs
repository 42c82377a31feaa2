//! GO, CHECK or STOP for lending an asset, with reasons.

use crate::presence::Heard;
use crate::{AssetId, PersonId, Refusal, Site, Tag};
use jiff::Timestamp;
use serde::Serialize;

/// May it leave?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Yes.
    Go,
    /// Look first.
    Check,
    /// No.
    Stop,
}

/// One reason, good or bad.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// What this reason alone would say.
    pub verdict: Verdict,
    /// "seen", "alerts", "baseline", "battery", "loan", "status", "borrower", "device".
    pub code: &'static str,
    /// In words, with when and how much.
    pub text: String,
    /// What to do; empty when all is well.
    pub remedy: String,
}

/// The answer at the loan desk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The worst of the reasons.
    pub verdict: Verdict,
    /// Worst first.
    pub reasons: Vec<Reason>,
    /// The tag.
    pub tag: Tag,
    /// What it is: maker and model, or its name.
    pub title: String,
    /// The asset.
    pub asset: AssetId,
    /// The borrower, if one was named.
    pub person: Option<PersonId>,
    /// To whom it is out now.
    pub out_to: Option<PersonId>,
}

/// Checks a scanned tag, for a borrower if one is named.
///
/// # Errors
/// No such tag, no such person.
pub fn check(site: &Site, heard: &Heard, tag: &Tag, person: Option<&PersonId>, now: Timestamp) -> Result<Check, Refusal> {
    let _ = (site, heard, tag, person, now);
    todo!()
}
