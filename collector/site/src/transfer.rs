//! Watched transfers: files that must come from elsewhere, of an age, a size and a shape that are known. Late, short and malformed ones are told.

use crate::calendar::Calendar;
use crate::record::{Record, Rest, Table};
use crate::rule::{self, Finding, Rule};
use crate::words::{count, disk, span, utc};
use crate::{Refusal, Site, TransferName, Working, alert};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A file that must come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// What people call it.
    pub name: TransferName,
    /// What is expected.
    pub expected: Expected,
    /// Since when it is watched.
    pub watched_since: Timestamp,
    /// What lay there when it was last looked at and was otherwise than before.
    pub found: Found,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is expected of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its path on the collector's machine; its last part may have one `*`, then the newest of these files is meant.
    pub path: String,
    /// How old it may be, seconds.
    pub age_s: u32,
    /// Days on which the school is closed don't count for its age.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub school_days: bool,
    /// Its least size, bytes.
    #[serde(default)]
    pub least_size: u64,
    /// The least number of its rows, without the heading.
    #[serde(default)]
    pub least_rows: u64,
    /// The columns that its heading must have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// What lies where a file must come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Found {
    /// It was not looked at yet.
    #[default]
    Unknown,
    /// Nothing.
    Missing,
    /// Something that can't be read.
    Unreadable {
        /// Why.
        why: String,
    },
    /// A file.
    File {
        /// When it was written.
        at: Timestamp,
        /// Its size, bytes.
        size: u64,
        /// Its rows without the heading, where they were counted.
        rows: Option<u64>,
        /// What is wrong with its form; empty: nothing.
        malformed: String,
    },
}

impl Record for Transfer {
    type Key = TransferName;
    const KIND: &'static str = "transfer";
    fn key(&self) -> TransferName {
        self.name.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.transfers
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.transfers
    }
}

/// What is wrong with a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// "late", "malformed", "short".
    pub kind: &'static str,
    /// In words, after its name.
    pub text: String,
}

/// Most transfers that are watched: each is looked at every minute.
const MOST: usize = 200;
/// The rules, by what is wrong.
const RULES: [(&str, &str); 3] = [("late", "transfer-late"), ("malformed", "transfer-malformed"), ("short", "transfer-short")];

/// Watches a file, or expects something else of one that is watched.
///
/// # Errors
/// What is expected makes no sense, or too many are watched.
pub fn watch(w: &mut Working, name: TransferName, expected: Expected) -> Result<Arc<Transfer>, Refusal> {
    check(&expected)?;
    let before = w.site.transfers.get(&name).cloned();
    if before.is_none() && w.site.transfers.len() >= MOST {
        return Err(Refusal::conflict(format!("{MOST} files are watched already")));
    }
    w.event("transfer.set", format!("{name} is watched: {expected}"));
    let is_same_place = before.as_ref().is_some_and(|before| before.expected.path == expected.path);
    let kept = before.filter(|_| is_same_place);
    let transfer = Transfer {
        name,
        expected,
        watched_since: kept.as_ref().map_or(w.now, |kept| kept.watched_since),
        // What was seen was seen with other eyes: rows and columns may have been looked at or not.
        found: Found::Unknown,
        rest: kept.map_or_else(Rest::new, |kept| kept.rest.clone()),
    };
    let transfer = w.put(transfer);
    judge(w);
    Ok(transfer)
}

fn check(expected: &Expected) -> Result<(), Refusal> {
    let path = expected.path.as_str();
    let (folder, file) = path.rsplit_once('/').unwrap_or_default();
    if !path.starts_with('/') || path.len() > 1_000 || path.chars().any(char::is_control) || file.is_empty() {
        return Err(Refusal::invalid(format!("{path:?}: name the file by its whole path, as /srv/exports/grades.csv")));
    }
    if folder.contains('*') || file.matches('*').count() > 1 || file == "*" {
        return Err(Refusal::invalid(format!("{path}: one * is allowed, in the file's name, as /srv/exports/grades-*.csv")));
    }
    if !(60..=366 * 86_400).contains(&expected.age_s) {
        return Err(Refusal::invalid("it may be a minute to a year old: `--age 26h`"));
    }
    let fits = |column: &String| !column.trim().is_empty() && column.chars().count() <= 200 && !column.chars().any(char::is_control);
    if expected.columns.len() > 200 || !expected.columns.iter().all(fits) {
        return Err(Refusal::invalid("name at most 200 columns, each in at most 200 characters"));
    }
    Ok(())
}

/// Watches a file no more.
///
/// # Errors
/// There is no such transfer.
pub fn remove(w: &mut Working, name: &TransferName) -> Result<(), Refusal> {
    get(&w.site, name)?;
    w.remove::<Transfer>(name);
    w.event("transfer.removed", format!("{name} is watched no more"));
    judge(w);
    Ok(())
}

/// The transfer of this name.
///
/// # Errors
/// There is none.
pub fn get<'a>(site: &'a Site, name: &TransferName) -> Result<&'a Arc<Transfer>, Refusal> {
    site.transfers
        .get(name)
        .ok_or_else(|| Refusal::not_found(format!("no file is watched as {name:?}; `rollcall transfers` lists them", name = name.as_str())))
}

/// What was found of some transfers is kept where it is otherwise than before, and everything is judged anew.
pub fn saw(w: &mut Working, seen: Vec<(TransferName, Found)>) {
    for (name, found) in seen {
        if let Some(before) = w.site.transfers.get(&name).filter(|before| before.found != found).cloned() {
            w.put(Transfer { found, ..(*before).clone() });
        }
    }
    judge(w);
}

/// Whether what was found, or what it means by now, is otherwise than the records say.
pub fn is_news(site: &Site, seen: &[(TransferName, Found)], now: Timestamp) -> bool {
    let is_other = |(name, found): &(TransferName, Found)| site.transfers.get(name).is_some_and(|known| known.found != *found);
    let is_told_wrong = |rule: &(&str, &str)| {
        let mut told: Vec<&str> =
            site.live_alerts(None).filter(|alert| alert.rule == rule.1 && alert.holds).map(|alert| alert.subject.as_str()).collect();
        told.sort_unstable();
        let findings = Rule::of(rule.1).map(|rule| findings(site, rule, now)).unwrap_or_default();
        told != findings.iter().map(|finding| finding.subject.as_str()).collect::<Vec<_>>()
    };
    seen.iter().any(is_other) || RULES.iter().any(is_told_wrong)
}

/// Raises, keeps or ends the alerts of all transfers.
pub fn judge(w: &mut Working) {
    for (_, code) in RULES {
        if let Some(rule) = Rule::of(code) {
            let found = findings(&w.site, rule, w.now);
            alert::judge_site(w, rule, found);
        }
    }
}

fn findings(site: &Site, rule: &Rule, now: Timestamp) -> Vec<Finding> {
    if !rule::holds(site, None, rule) {
        return Vec::new();
    }
    let kind = RULES.iter().find(|(_, code)| *code == rule.code).map_or("", |(kind, _)| kind);
    let found = site.transfers.values().filter_map(|transfer| {
        let wrong = wrong(site, transfer, now).into_iter().find(|wrong| wrong.kind == kind)?;
        let evidence = format!("{}; expected: {}", transfer.found, transfer.expected);
        Some(Finding { subject: transfer.name.to_string(), title: format!("{} {}", transfer.name, wrong.text), evidence })
    });
    found.collect()
}

/// What is wrong with a transfer now.
pub fn wrong(site: &Site, transfer: &Transfer, now: Timestamp) -> Vec<Wrong> {
    let Expected { least_size, least_rows, age_s, .. } = transfer.expected;
    let mut wrong = Vec::new();
    let since = match &transfer.found {
        Found::File { at, .. } => *at,
        _ => transfer.watched_since,
    };
    let age = counted(site, &transfer.expected, since, now);
    if age > SignedDuration::from_secs(age_s.into()) && transfer.found != Found::Unknown {
        let text = match &transfer.found {
            Found::File { at, .. } => format!("is late: the last one came {}", utc(*at)),
            _ => "is late: it never came".to_owned(),
        };
        wrong.push(Wrong { kind: "late", text });
    }
    match &transfer.found {
        Found::Unreadable { why } => wrong.push(Wrong { kind: "malformed", text: format!("can't be read: {why}") }),
        Found::File { malformed, .. } if !malformed.is_empty() => wrong.push(Wrong { kind: "malformed", text: malformed.clone() }),
        Found::File { size, .. } if *size < least_size => {
            let text = format!("is short: {}, expected at least {}", disk(*size), disk(least_size));
            wrong.push(Wrong { kind: "short", text });
        }
        Found::File { rows: Some(rows), .. } if *rows < least_rows => {
            let text = format!("is short: {}, expected at least {least_rows}", count(*rows, "row", "rows"));
            wrong.push(Wrong { kind: "short", text });
        }
        _ => {}
    }
    wrong
}

/// The time between two moments, without the days on which the school is closed where these don't count.
fn counted(site: &Site, expected: &Expected, from: Timestamp, to: Timestamp) -> SignedDuration {
    let whole = to.duration_since(from);
    if !expected.school_days || whole.is_negative() {
        return whole;
    }
    let (zone, calendar) = (site.zone(), site.calendar());
    let start = |day: Date| day.to_zoned_datetime(zone.clone()).map(|start| start.timestamp());
    let mut day = from.to_zoned_datetime(zone.clone()).date();
    let mut closed = SignedDuration::ZERO;
    for _ in 0..800 {
        let Ok((begins, next)) = day.tomorrow().and_then(|next| Ok((start(day)?, next))) else { break };
        let Ok(ends) = start(next) else { break };
        if begins >= to {
            break;
        }
        if !is_open(calendar.map(|calendar| &**calendar), day) {
            closed += ends.min(to).duration_since(begins.max(from));
        }
        day = next;
    }
    whole - closed
}

/// Whether the school is open on a day: by its calendar, Monday to Friday where that says no hours.
fn is_open(calendar: Option<&Calendar>, day: Date) -> bool {
    let is_weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let Some(calendar) = calendar else { return is_weekday };
    let has_hours = calendar.hours.as_ref().map_or(is_weekday, |hours| hours.on(day).next().is_some());
    calendar.special_on(day).is_some() || (has_hours && calendar.closed_on(day).is_none())
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at most {} old", self.path, span(SignedDuration::from_secs(self.age_s.into())))?;
        if self.school_days {
            f.write_str(" not counting closed days")?;
        }
        if self.least_size > 0 {
            write!(f, ", at least {}", disk(self.least_size))?;
        }
        if self.least_rows > 0 {
            write!(f, ", at least {}", count(self.least_rows, "row", "rows"))?;
        }
        if self.columns.is_empty() { Ok(()) } else { write!(f, ", with the columns {}", self.columns.join(", ")) }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not looked at yet"),
            Self::Missing => f.write_str("no file"),
            Self::Unreadable { why } => write!(f, "not readable: {why}"),
            Self::File { at, size, rows, .. } => {
                write!(f, "{}, {}", utc(*at), disk(*size))?;
                rows.map_or(Ok(()), |rows| write!(f, ", {}", count(rows, "row", "rows")))
            }
        }
    }
}

#[cfg(test)]
mod tests;
