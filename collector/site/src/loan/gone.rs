//! Lost, stolen, found: what happens to an asset, its loan, and what is asked for it.

use super::{Loan, Returned, back, open_of, returning, value};
use crate::asset::{Asset, AssetStatus};
use crate::facts_text::short;
use crate::record::Rest;
use crate::{Refusal, Tag, Working, alert, asset, charge};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest reference of a report, characters.
const REFERENCE: usize = 80;

/// That something lent is lost or stolen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    /// Which of the two.
    pub how: How,
    /// Said when.
    pub at: Timestamp,
    /// The number of the report to the police or the district; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub report: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How something is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Nobody knows where it is.
    Lost,
    /// Somebody took it.
    Stolen,
}

impl How {
    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Stolen => "stolen",
        }
    }

    fn status(self) -> AssetStatus {
        match self {
            Self::Lost => AssetStatus::Lost,
            Self::Stolen => AssetStatus::Stolen,
        }
    }
}

/// Where something that was gone is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is here: its loan is over.
    Here,
    /// Its borrower has it again: the loan goes on.
    WithBorrower,
}

/// An asset is lost or stolen. Where it was lent, the loan stays open until the borrower has answered for it, and a charge for what is lost
/// is proposed; for what was stolen and reported, none is.
///
/// # Errors
/// No such asset; it is lost or stolen already, or retired.
pub fn lost(w: &mut Working, tag: &Tag, how: How, report: &str) -> Result<Arc<Asset>, Refusal> {
    let asset = Arc::clone(asset::tagged(&w.site, tag)?);
    let report = short("the number of a report", report, REFERENCE)?;
    if asset.status == how.status() || asset.status.is_gone() {
        return Err(Refusal::conflict(format!("{tag} is {} already", asset.status.word())));
    }
    let loan = match w.site.open_loan(asset.id).cloned() {
        Some(loan) if loan.asset != asset.id => Some(part_alone(w, &loan, &asset)),
        other => other,
    };
    let asset = asset::stand(w, asset.id, how.status())?;
    let to = loan.as_ref().map(|loan| format!(", lent to {}", loan.person)).unwrap_or_default();
    let reported = if report.is_empty() { String::new() } else { format!("; report {report}") };
    let kind = if how == How::Lost { "loan.lost" } else { "loan.stolen" };
    let event = w.event(kind, format!("{tag}{to}, is {}{reported}", how.word()));
    event.about(&asset).person = loan.as_ref().map(|loan| loan.person.clone());
    if let Some(loan) = loan {
        let was = loan.gone.is_some();
        let gone = Gone { how, at: w.now, report: report.clone(), rest: Rest::new() };
        let loan = w.put(Loan { gone: Some(gone), ..(*loan).clone() });
        if !was && (how == How::Lost || report.is_empty()) {
            let proposal = value::loss(&w.site, &asset, how.word(), w.now);
            returning::propose(w, &loan, proposal)?;
        } else if charge::for_loss(&w.site, &loan).is_empty() {
            // The report answers for it.
            answered_for(w, &loan);
        }
    }
    alert::judge(w, asset.id);
    Ok(asset)
}

/// A part of a kit that is lost by itself leaves the kit's loan for one of its own.
fn part_alone(w: &mut Working, loan: &Loan, part: &Asset) -> Arc<Loan> {
    let parts = loan.parts.iter().copied().filter(|id| *id != part.id).collect();
    let loan = w.put(Loan { parts, ..loan.clone() });
    returning::stays_out(w, &loan, part.id)
}

/// A lost or stolen asset is found: it is in service again, and what was asked for it is waived; what was paid for it is said.
///
/// # Errors
/// No such asset; it is neither lost nor stolen; nobody had it whom it could be with.
pub fn found(w: &mut Working, tag: &Tag, found: Found) -> Result<Arc<Asset>, Refusal> {
    let asset = Arc::clone(asset::tagged(&w.site, tag)?);
    if !matches!(asset.status, AssetStatus::Lost | AssetStatus::Stolen) {
        return Err(Refusal::conflict(format!("{tag} is neither lost nor stolen: it is {}", asset.status.word())));
    }
    match (open_of(&w.site, tag).ok().cloned(), found) {
        (None, Found::WithBorrower) => return Err(Refusal::conflict(format!("{tag} was lent to nobody: it can only be found here"))),
        (None, Found::Here) => is_here_at_last(w, &asset)?,
        (Some(_), Found::Here) => drop(back(w, Returned::fine(tag.clone()))?),
        (Some(loan), Found::WithBorrower) => {
            is_here(w, &loan, &asset)?;
            w.put(Loan { gone: None, ..(*loan).clone() });
        }
    }
    alert::judge(w, asset.id);
    asset::get(&w.site, asset.id).cloned()
}

/// What was gone under a loan that is still open is at hand again: the charges for its loss are waived.
pub(super) fn is_here(w: &mut Working, loan: &Loan, asset: &Asset) -> Result<(), Refusal> {
    is_in_service(w, asset)?;
    for id in charge::for_loss(&w.site, loan) {
        charge::let_go(w, id, "it was found");
    }
    Ok(())
}

/// What was gone, and whose borrower has answered for it already, or that nobody had.
fn is_here_at_last(w: &mut Working, asset: &Asset) -> Result<(), Refusal> {
    is_in_service(w, asset)?;
    let last = w.site.loans_of(asset.id).next_back().cloned();
    let paid = last.filter(|loan| loan.gone.is_some()).and_then(|loan| charge::paid_for_loss(&w.site, &loan));
    if let Some(charge) = paid {
        let text =
            format!("{} was paid for under charge {}: {} may be owed back to {}", asset.tag, charge.id, charge.amount, charge.person);
        w.event("charge.changed", text).about(asset).person = Some(charge.person.clone());
    }
    Ok(())
}

fn is_in_service(w: &mut Working, asset: &Asset) -> Result<(), Refusal> {
    let was = asset.status.word();
    let asset = asset::stand(w, asset.id, AssetStatus::InService)?;
    w.event("loan.found", format!("{}, which was {was}, is found", asset.tag)).about(&asset);
    Ok(())
}

/// The borrower has answered for what is gone, by paying or because it was waived: the loan is over, and the asset stays gone. The parts of
/// its kit were not answered for: each stays out under a loan of its own.
pub(crate) fn answered_for(w: &mut Working, loan: &Loan) {
    if loan.gone.is_none() || !loan.is_open() {
        return;
    }
    let loan = w.put(Loan { in_at: Some(w.now), ..loan.clone() });
    let word = loan.gone.as_ref().map_or("gone", |gone| gone.how.word());
    let text = format!("{} has answered for {}, which stays {word}", loan.person, super::tag_of(&w.site, loan.asset));
    let event = w.event("loan.settled", text);
    (event.asset, event.person) = (Some(loan.asset), Some(loan.person.clone()));
    for part in &loan.parts {
        returning::stays_out(w, &loan, *part);
    }
    loan.assets().for_each(|asset| alert::judge(w, asset));
}
