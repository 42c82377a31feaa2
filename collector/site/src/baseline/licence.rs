//! Seats that were bought against seats that are used, counted over the whole site.

use super::matcher::Matcher;
use super::record::Licence;
use crate::rule::{Finding, Rule};
use crate::view::with_list;
use crate::{BaselineId, Site, Working, alert, rule};
use serde::Serialize;

/// How a title's seats stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seats {
    /// The baseline that names them.
    pub baseline: BaselineId,
    /// The title.
    pub title: String,
    /// How many were bought.
    pub seats: u32,
    /// Machines that have it.
    pub installed: usize,
}

/// The rule's code.
pub(crate) const RULE: &str = "licence-over";

/// Every licence of every baseline.
pub fn seats(site: &Site) -> Vec<Seats> {
    let licences = site.baselines.values().flat_map(|baseline| baseline.licences.iter().map(move |licence| (&baseline.name, licence)));
    let counted = licences.map(|(name, licence)| Seats {
        baseline: name.clone(),
        title: licence.wanted.title.clone(),
        seats: licence.seats,
        installed: installed(site, licence),
    });
    counted.collect()
}

/// Machines that have a title.
fn installed(site: &Site, licence: &Licence) -> usize {
    let marks = Matcher::numbers(&licence.wanted, site.packages());
    if marks.count() == 0 {
        return 0;
    }
    let with_it = site.lists().filter(|(_, list)| list.marked(site.packages(), &marks).next().is_some());
    with_it.map(|(digest, _)| with_list(site, digest).count()).sum()
}

/// Nothing is found where the rule is off.
fn findings(site: &Site, seats: &[Seats]) -> Vec<Finding> {
    if Rule::of(RULE).is_some_and(|rule| !rule::holds(site, None, rule)) {
        return Vec::new();
    }
    let over = seats.iter().filter(|seats| seats.installed > seats.seats as usize);
    over.map(|Seats { baseline, title, seats, installed }| Finding {
        subject: title.clone(),
        title: format!("{title} is installed on {installed} machines, and {seats} seats were bought"),
        evidence: format!("counted over the whole site; baseline {baseline} names the seats"),
    })
    .collect()
}

/// Whether the licences stand otherwise than the alerts say.
pub fn is_news(site: &Site, seats: &[Seats]) -> bool {
    let told = || site.live_alerts(None).filter(|alert| alert.rule == RULE && alert.holds);
    let findings = findings(site, seats);
    told().count() != findings.len() || !findings.iter().all(|finding| told().any(|alert| alert.subject == finding.subject))
}

/// Judges the licences: an alert for each title that more machines have than seats were bought.
pub fn judge(w: &mut Working) {
    let is_known = w.site.live_alerts(None).any(|alert| alert.rule == RULE);
    if !is_known && w.site.baselines.values().all(|baseline| baseline.licences.is_empty()) {
        return;
    }
    let found = findings(&w.site, &seats(&w.site));
    if let Some(rule) = Rule::of(RULE) {
        alert::judge_site(w, rule, found);
    }
}
