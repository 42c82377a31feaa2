//! Open alerts, without those whose matter has a reason of its own.

use super::{Concern, Said};
use crate::alert::Alert;
use crate::rule::Severity;
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use std::sync::Arc;

pub(super) const HIGH: Concern = Concern {
    code: "alerts-high",
    word: "Alerts",
    title: "an alert of high severity is open",
    usual: Colour::Stop,
    least: Colour::Off,
    check: high,
};
pub(super) const OTHER: Concern = Concern {
    code: "alerts",
    word: "Alerts",
    title: "an alert of lower severity is open",
    usual: Colour::Check,
    least: Colour::Off,
    check: other,
};

/// The rules of which other reasons speak, alphabetical.
const ELSEWHERE: &[&str] = &[
    "battery-worn",
    "disk-full",
    "identity-cloned",
    "machine-silent",
    "os-too-old",
    "restart-pending",
    "setting-wrong",
    "software-forbidden",
    "software-not-allowed",
    "software-required",
];

fn open<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Arc<Alert>> {
    let live = subject.site().live_alerts(Some(subject.asset().id));
    live.filter(|alert| alert.is_told() && !ELSEWHERE.contains(&alert.rule.as_str()))
}

fn told(alert: &Arc<Alert>) -> Said {
    Said::wrong(format!("{}: {}", alert.title, alert.evidence), alert.remedy.clone())
}

fn high(subject: &Subject<'_>) -> Vec<Said> {
    open(subject).filter(|alert| alert.severity == Severity::High).map(told).collect()
}

fn other(subject: &Subject<'_>) -> Vec<Said> {
    if subject.facts.device.is_some() && open(subject).next().is_none() {
        return vec![Said::well("no hardware alert is open")];
    }
    open(subject).filter(|alert| alert.severity != Severity::High).map(told).collect()
}
