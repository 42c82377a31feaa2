//! Events that repeat: by day, week, month or year, within the horizon; other rules are named and left out.

use super::Horizon;
use jiff::Span;
use jiff::civil::{Date, Weekday};

/// Most times that a rule is followed, whatever it says: daily over thirty years before the horizon.
const MOST_STEPS: i64 = 12_000;

/// A rule of repetition that is understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    every: Every,
    interval: i64,
    count: Option<usize>,
    until: Option<Date>,
    /// The days of the week on which a weekly event repeats; none: that of its first day.
    days: Vec<Weekday>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

impl Repeat {
    /// Reads a rule, "FREQ=YEARLY;COUNT=5"; or says what of it is not understood.
    pub(super) fn read(rule: &str) -> Result<Self, String> {
        let unknown = |part: &str| format!("repeats in a way that is not understood: {}", part.chars().take(60).collect::<String>());
        let mut read = Self { every: Every::Year, interval: 1, count: None, until: None, days: Vec::new() };
        let mut every = None;
        for part in rule.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| unknown(part))?;
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => every = Some(frequency(value).ok_or_else(|| unknown(part))?),
                "INTERVAL" => read.interval = value.parse().ok().filter(|n| (1..=1_000).contains(n)).ok_or_else(|| unknown(part))?,
                "COUNT" => read.count = Some(value.parse().map_err(|_| unknown(part))?),
                "UNTIL" => read.until = Some(value.get(..8).and_then(super::day).ok_or_else(|| unknown(part))?),
                "BYDAY" => read.days = weekdays(value).ok_or_else(|| unknown(part))?,
                "WKST" => {}
                // What programs write beside a yearly event and says the same as its first day.
                "BYMONTH" | "BYMONTHDAY" if value.parse::<u8>().is_ok() => {}
                _ => return Err(unknown(part)),
            }
        }
        read.every = every.ok_or_else(|| unknown(rule))?;
        if !read.days.is_empty() && read.every != Every::Week {
            return Err(unknown(rule));
        }
        Ok(read)
    }

    /// The day of the n-th step, and the further days of its week.
    fn step(&self, first: Date, n: i64) -> Option<Vec<Date>> {
        let by = n.checked_mul(self.interval)?;
        match self.every {
            Every::Day => Some(vec![first.checked_add(Span::new().try_days(by).ok()?).ok()?]),
            // The 31st of a shorter month, and the 29th of February, are skipped as the rule says.
            Every::Month => same_day(first, first.checked_add(Span::new().try_months(by).ok()?).ok()?),
            Every::Year => same_day(first, first.checked_add(Span::new().try_years(by).ok()?).ok()?),
            Every::Week => self.week(first.checked_add(Span::new().try_weeks(by).ok()?).ok()?),
        }
    }

    fn week(&self, day: Date) -> Option<Vec<Date>> {
        if self.days.is_empty() {
            return Some(vec![day]);
        }
        let monday = day.checked_sub(Span::new().days(i32::from(day.weekday().to_monday_zero_offset()))).ok()?;
        let mut days: Vec<Date> =
            self.days.iter().filter_map(|day| monday.checked_add(Span::new().days(i32::from(day.to_monday_zero_offset()))).ok()).collect();
        days.sort();
        Some(days)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an arm among others that may end the series")]
fn same_day(first: Date, day: Date) -> Option<Vec<Date>> {
    Some(if day.day() == first.day() { vec![day] } else { Vec::new() })
}

/// The first days of an event that repeats, up to the horizon's end, those before the horizon among them.
pub(super) fn repeats(first: Date, rule: &Repeat, horizon: Horizon) -> Vec<Date> {
    let last = rule.until.map_or(horizon.to, |until| until.min(horizon.to));
    let steps = (0..MOST_STEPS).map_while(|n| rule.step(first, n));
    let days = steps.flatten().skip_while(|day| *day < first).take_while(|day| *day <= last);
    days.take(rule.count.unwrap_or(usize::MAX)).filter(|day| *day >= horizon.from.saturating_sub(Span::new().days(400))).collect()
}

fn frequency(text: &str) -> Option<Every> {
    match text.to_ascii_uppercase().as_str() {
        "DAILY" => Some(Every::Day),
        "WEEKLY" => Some(Every::Week),
        "MONTHLY" => Some(Every::Month),
        "YEARLY" => Some(Every::Year),
        _ => None,
    }
}

/// Each day once, however often it is named: a rule is followed for thousands of weeks.
fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let mut days = text.split(',').map(weekday).collect::<Option<Vec<_>>>()?;
    days.sort_by_key(|day| day.to_monday_zero_offset());
    days.dedup();
    Some(days)
}

fn weekday(text: &str) -> Option<Weekday> {
    match text.trim().to_ascii_uppercase().as_str() {
        "MO" => Some(Weekday::Monday),
        "TU" => Some(Weekday::Tuesday),
        "WE" => Some(Weekday::Wednesday),
        "TH" => Some(Weekday::Thursday),
        "FR" => Some(Weekday::Friday),
        "SA" => Some(Weekday::Saturday),
        "SU" => Some(Weekday::Sunday),
        _ => None,
    }
}
