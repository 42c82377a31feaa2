//! Reports: what a site asks once a term, as plain sheets that print and go into a spreadsheet. Adding one is a file and a line.

mod ages;
mod alerts;
mod charges;
mod inventory;
mod loans;
mod lost;
mod tally;
#[cfg(test)]
mod tests;

use crate::{Refusal, Site};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

/// One report.
#[derive(Debug)]
pub struct Report {
    /// As it stands in addresses and commands.
    pub code: &'static str,
    /// As people say it.
    pub title: &'static str,
    /// What it tells.
    pub what: &'static str,
    /// Whether it is about a span of days; else it is about now.
    pub of_days: bool,
    make: fn(&Site, &Days) -> Vec<Sheet>,
}

/// The reports, by code.
pub const REPORTS: &[Report] = &[ages::REPORT, alerts::REPORT, charges::REPORT, inventory::REPORT, loans::REPORT, lost::REPORT];

/// The days that a report is about, whole ones at the site, and the moment at which it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Days {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// When it is made.
    pub now: Timestamp,
    zone: TimeZone,
}

/// A sheet of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// What it shows.
    pub title: &'static str,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each as long as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// A column of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its heading.
    pub name: &'static str,
    /// Whether it holds numbers, which stand to the right.
    pub is_number: bool,
}

/// A column of words.
const fn words(name: &'static str) -> Column {
    Column { name, is_number: false }
}

/// A column of numbers.
const fn number(name: &'static str) -> Column {
    Column { name, is_number: true }
}

/// The report with this code.
///
/// # Errors
/// There is none.
pub fn get(code: &str) -> Result<&'static Report, Refusal> {
    let none = || Refusal::not_found(format!("there is no report {code:?}; there are {}", codes().join(", ")));
    REPORTS.iter().find(|report| report.code == code).ok_or_else(none)
}

fn codes() -> Vec<&'static str> {
    REPORTS.iter().map(|report| report.code).collect()
}

impl Report {
    /// The report's sheets.
    pub fn sheets(&self, site: &Site, days: &Days) -> Vec<Sheet> {
        (self.make)(site, days)
    }
}

impl Days {
    /// The days from one to another; where none is said, the school year so far: since the last first of August.
    ///
    /// # Errors
    /// They end before they begin.
    pub fn new(site: &Site, from: Option<Date>, to: Option<Date>, now: Timestamp) -> Result<Self, Refusal> {
        let zone = site.zone();
        let today = now.to_zoned_datetime(zone.clone()).date();
        let to = to.unwrap_or(today);
        let from = from.unwrap_or_else(|| school_year(to));
        if from > to {
            return Err(Refusal::invalid(format!("the days end before they begin: {from} to {to}")));
        }
        Ok(Self { from, to, now, zone })
    }

    /// Whether a moment lies in them.
    fn hold(&self, at: Timestamp) -> bool {
        let day = self.day(at);
        self.from <= day && day <= self.to
    }

    /// A moment's day at the site.
    fn day(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// A moment's month at the site: "2026-11".
    fn month(&self, at: Timestamp) -> String {
        self.day(at).strftime("%Y-%m").to_string()
    }

    /// Today at the site.
    fn today(&self) -> Date {
        self.day(self.now)
    }
}

/// The first of August at or before a day.
fn school_year(day: Date) -> Date {
    let year = if day.month() >= 8 { day.year() } else { day.year().saturating_sub(1) };
    Date::new(year, 8, 1).unwrap_or(day)
}
