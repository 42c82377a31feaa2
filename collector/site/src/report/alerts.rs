//! What went wrong: by rule, by room and by month.

use super::tally::Tally;
use super::{Days, Report, Sheet, number, words};
use crate::Site;
use crate::alert::{Alert, AlertState};
use crate::rule::Rule;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The report.
pub(super) const REPORT: Report = Report {
    code: "alerts",
    title: "Alerts",
    what: "what went wrong, where, and how long it took; alerts that are kept no longer do not count",
    of_days: true,
    make,
};

fn make(site: &Site, days: &Days) -> Vec<Sheet> {
    let (mut rules, mut rooms, mut months) = (Tally::<2>::default(), Tally::<2>::default(), Tally::<1>::default());
    let mut lengths = BTreeMap::<String, Vec<SignedDuration>>::new();
    for (alert, at) in site.alerts.values().filter_map(|alert| Some((alert, alert.raised_at?))) {
        if !days.hold(at) {
            continue;
        }
        let rule = title(alert);
        let room = alert.room.as_ref().map_or_else(|| "no room".to_owned(), ToString::to_string);
        rules.count(rule.clone(), 0);
        rooms.count(room.clone(), 0);
        months.count(days.month(at), 0);
        match &alert.state {
            AlertState::Resolved { at: over, .. } => lengths.entry(rule).or_default().push(over.duration_since(at)),
            _ => {
                rules.count(rule, 1);
                rooms.count(room, 1);
            }
        }
    }
    let with_length = |mut row: Vec<String>| {
        let length = row.first().and_then(|rule| lengths.get(rule)).map(|lengths| median(lengths.clone()));
        row.push(length.map(said).unwrap_or_default());
        row
    };
    vec![
        Sheet {
            title: "By what was found",
            columns: vec![words("what"), number("alerts"), number("still open"), number("usually over after")],
            rows: rules.rows().into_iter().map(with_length).collect(),
        },
        Sheet { title: "By room", columns: vec![words("room"), number("alerts"), number("still open")], rows: rooms.rows() },
        Sheet { title: "By month", columns: vec![words("month"), number("alerts")], rows: months.rows() },
    ]
}

/// What was found, as its rule says it.
fn title(alert: &Alert) -> String {
    Rule::of(&alert.rule).map_or_else(|| alert.rule.clone(), |rule| rule.title.to_owned())
}

/// The middle one; the lower of two.
fn median(mut lengths: Vec<SignedDuration>) -> SignedDuration {
    lengths.sort_unstable();
    lengths.get(lengths.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// A length as people say it: the unit that it has at least two of.
fn said(length: SignedDuration) -> String {
    match length.as_secs() {
        seconds @ ..120 => format!("{} s", seconds.max(0)),
        seconds @ ..7_200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
