//! GO, CHECK or STOP for lending an asset, with reasons.

pub mod policy;
mod reasons;
mod shelf;
mod subject;
mod table;

pub use policy::{Change, Colour, LIMITS, Policy, Scope, VerdictPolicy};
pub use reasons::{Concern, REASONS};
pub use subject::Subject;
pub use table::{LimitRow, PartRow, PolicyTable, ReasonRow, SetBy};

use crate::loan::Due;
use crate::presence::Heard;
use crate::{AssetId, PersonId, Refusal, Site, Tag, asset};
use jiff::Timestamp;
use reasons::Said;
use serde::Serialize;
use std::cmp::Reverse;

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
    /// Which of [`REASONS`].
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
    /// What leaves with it that has no tag: "charger", "case".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hand_out: Vec<String>,
    /// What would tell more of it: the report that it would make if it were switched on, or asked. Nothing: it is here and has reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaits>,
}

/// What a machine's word on its state waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaits {
    /// That it is switched on, on the school's network.
    Start,
    /// Its report: it is connected.
    Report,
    /// A new report: it is connected, and its last one is older than the policy wants, or than its return.
    Rescan,
}

impl Awaits {
    /// What to do about it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Start => "switch it on here, on the school's network",
            Self::Report => "it is here, and its report is on its way",
            Self::Rescan => "it is here, and is asked to report anew",
        }
    }
}

/// What is asked: may it leave?
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What.
    pub tag: &'a Tag,
    /// With whom, where that is known.
    pub person: Option<&'a PersonId>,
    /// Until when.
    pub due: Due,
    /// The parts of its kit that stay.
    pub without: &'a [Tag],
}

/// Checks a scanned tag, for a borrower if one is named, for as long as the policy lends it.
///
/// # Errors
/// No such tag.
pub fn check(site: &Site, heard: &Heard, tag: &Tag, person: Option<&PersonId>, now: Timestamp) -> Result<Check, Refusal> {
    ask(site, heard, &Question { tag, person, due: Due::ByPolicy, without: &[] }, now)
}

/// Answers whether an asset may leave.
///
/// # Errors
/// No such tag.
pub fn ask(site: &Site, heard: &Heard, question: &Question<'_>, now: Timestamp) -> Result<Check, Refusal> {
    let Question { tag, person, .. } = *question;
    let asset = asset::tagged(site, tag)?;
    let subject = Subject::of(site, heard, asset, *question, now);
    let mut reasons: Vec<Reason> = REASONS.iter().flat_map(|concern| said(&subject, concern)).collect();
    reasons.sort_by_key(|reason| Reverse(reason.verdict));
    Ok(Check {
        verdict: reasons.first().map_or(Verdict::Go, |reason| reason.verdict),
        reasons,
        tag: tag.clone(),
        title: asset.title(),
        asset: asset.id,
        person: person.cloned(),
        out_to: site.open_loan(asset.id).map(|loan| loan.person.clone()),
        hand_out: asset.accessories.clone(),
        awaits: subject.awaits(),
    })
}

/// What one concern says, in the colours of the policy.
fn said(subject: &Subject<'_>, concern: &'static Concern) -> Vec<Reason> {
    let Some(bad) = subject.policy.colour(concern).verdict() else { return Vec::new() };
    let of = |said| match said {
        Said::Well(text) => Reason { verdict: Verdict::Go, code: concern.code, text, remedy: String::new() },
        Said::Wrong { text, remedy } => Reason { verdict: bad, code: concern.code, text, remedy },
    };
    (concern.check)(subject).into_iter().map(of).collect()
}
