//! `rollcall calendar …`: when machines are expected: hours, bells, closed and special days.

use crate::calendar_file::LARGEST;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::{csv_file, words};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is said until the hours are set.
pub const NOT_SET: &str =
    "school hours are not set: machines are expected day and night; say when with `rollcall calendar hours \"Mon-Fri 07:30-16:00\"`";

/// When machines are expected: hours, bells, closed and special days.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall calendar hours \"Mon-Fri 07:30-16:00\"           the school's own hours; rooms follow them
  rollcall calendar zone America/Los_Angeles
  rollcall calendar close 2026-12-21 2027-01-01 --name \"Winter break\"
  rollcall calendar import district.ics                   shows what it would do, and asks
  rollcall calendar special 2027-03-06 --name \"Open day\" --hours 09:00-12:00
  rollcall calendar bells Regular --days Mon-Fri --period 1=07:30-08:20 --period 2=08:25-09:15
  rollcall calendar next

Outside the hours of its room and on closed days nobody is told that a machine is silent. A room with hours of its own,
or with always, never or school:
  rollcall room set \"Lab 1\" --hours \"Mon-Fri 07:00-18:00\"")]
pub struct Calendar {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show all of it, and what is expected of each room now
    Show,
    /// Show the next days: hours, bells, why closed
    Next {
        /// So many, from today
        #[arg(long, default_value_t = 7, value_name = "N")]
        days: u16,
    },
    /// Set the school's own hours; always: machines are expected day and night
    Hours {
        /// "Mon-Fri 07:30-16:00, Sat 09:00-12:00", or always
        hours: String,
    },
    /// Set the site's time zone
    Zone {
        /// By region and city, America/Los_Angeles
        name: String,
    },
    /// Set a bell schedule, or remove it
    Bells {
        /// Its name
        name: String,
        /// The days of the week on which it holds; none: special days only
        #[arg(long)]
        days: Option<String>,
        /// A period with its time
        #[arg(long = "period", value_name = "NAME=FROM-TO", value_parser = period)]
        periods: Vec<(String, String, String)>,
        /// Remove it
        #[arg(long, conflicts_with_all = ["days", "periods"])]
        remove: bool,
    },
    /// Close the school on a day, or from a day to another
    Close {
        /// The first day
        #[arg(value_parser = day)]
        from: Date,
        /// The last day
        #[arg(value_parser = day)]
        to: Option<Date>,
        /// Why
        #[arg(long)]
        name: String,
    },
    /// Open the school on a day that was closed, or from a day to another
    Open {
        /// The first day
        #[arg(value_parser = day)]
        from: Date,
        /// The last day
        #[arg(value_parser = day)]
        to: Option<Date>,
    },
    /// Say that a day is unlike other days of its week; it is open, even within closed days
    Special {
        /// The day
        #[arg(value_parser = day)]
        date: Date,
        /// Why
        #[arg(long, required_unless_present = "remove")]
        name: Option<String>,
        /// The bell schedule that holds
        #[arg(long, value_name = "SCHEDULE")]
        bells: Option<String>,
        /// When machines are expected, "08:00-12:00"
        #[arg(long, value_name = "FROM-TO", value_delimiter = ',')]
        hours: Vec<String>,
        /// It is as other days of its week after all
        #[arg(long, conflicts_with_all = ["name", "bells", "hours"])]
        remove: bool,
    },
    /// Import closed days from an iCalendar file: its events that take whole days
    Import {
        /// The file
        file: PathBuf,
        /// Only events whose name has this word; may be given several times
        #[arg(long, value_name = "WORD")]
        only: Vec<String>,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
}

const NEXT: &[Column] = &[
    Column::text("day", "date"),
    Column::text("hours", "hours"),
    Column::text("closed", "closed"),
    Column::text("special", "special"),
    Column::text("bells", "schedule"),
    Column::text("periods", "periods").from(100),
];

const ROOMS: &[Column] = &[
    Column::text("room", "room"),
    Column::text("hours", "hours"),
    Column::yes_no("expected now", "expected"),
    Column::text("why", "why"),
    Column::moment("until", "until"),
];

const CLOSED: &[Column] = &[Column::text("from", "from"), Column::text("to", "to"), Column::text("why", "name")];

impl Ask for Calendar {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Show => show(client, out).await,
            Action::Next { days } => next(client, out, days).await,
            Action::Hours { hours } => {
                let shown = client.send(Method::PATCH, &["calendar"], json!({ "hours": hours })).await?;
                let said = field(&shown, "hours").as_str().map_or_else(|| NOT_SET.to_owned(), |hours| format!("school hours: {hours}"));
                Ok(out.said(&shown, &said))
            }
            Action::Zone { name } => {
                let shown = client.send(Method::PATCH, &["calendar"], json!({ "time_zone": name })).await?;
                Ok(out.said(&shown, &format!("time zone: {}", text_at(&shown, "time_zone"))))
            }
            Action::Bells { name, remove: true, .. } => {
                let calendar = client.send(Method::DELETE, &["calendar", "schedules", &name], json!({})).await?;
                Ok(out.said(&calendar, &format!("bell schedule {name} is removed")))
            }
            Action::Bells { name, days, periods, .. } => {
                let periods: Vec<Value> = periods.iter().map(|(name, from, to)| json!({ "name": name, "from": from, "to": to })).collect();
                let body = json!({ "days": days, "periods": periods });
                let calendar = client.send(Method::PUT, &["calendar", "schedules", &name], body).await?;
                Ok(out.said(&calendar, &format!("bell schedule {name}: {}", words::count(periods.len() as u64, "period", "periods"))))
            }
            Action::Close { from, to, name } => {
                let calendar = client.post(&["calendar", "closed"], json!({ "from": from, "to": to, "name": name })).await?;
                Ok(out.said(&calendar, &format!("closed {}: {name}", range(from, to))))
            }
            Action::Open { from, to } => {
                let calendar = client.post(&["calendar", "open"], json!({ "from": from, "to": to })).await?;
                Ok(out.said(&calendar, &format!("open again: {}", range(from, to))))
            }
            Action::Special { date, remove: true, .. } => {
                let calendar = client.send(Method::DELETE, &["calendar", "special", &date.to_string()], json!({})).await?;
                Ok(out.said(&calendar, &format!("{date} is as other days of its week")))
            }
            Action::Special { date, name, bells, hours, .. } => {
                let name = name.unwrap_or_default();
                let body = json!({ "name": name, "schedule": bells, "hours": hours });
                let calendar = client.send(Method::PUT, &["calendar", "special", &date.to_string()], body).await?;
                Ok(out.said(&calendar, &format!("special day {date}: {name}")))
            }
            Action::Import { file, only, yes } => import(client, out, &file, &only, yes).await,
        }
    }
}

fn range(from: Date, to: Option<Date>) -> String {
    to.filter(|to| *to != from).map_or_else(|| from.to_string(), |to| format!("{from} to {to}"))
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a day as 2026-12-21".to_owned())
}

/// "1=07:30-08:20": a period's name, its beginning and its end.
fn period(text: &str) -> Result<(String, String, String), String> {
    let parts = text.rsplit_once('=').and_then(|(name, span)| Some((name, span.split_once('-')?)));
    parts.map(|(name, (from, to))| (name.to_owned(), from.to_owned(), to.to_owned())).ok_or_else(|| "write it as 1=07:30-08:20".to_owned())
}

async fn show(client: &Client, out: &Out) -> Result<Exit, Failure> {
    let shown = client.get(&["calendar"], &[]).await?;
    if out.is_json() {
        out.json(&shown);
        return Ok(Exit::Done);
    }
    let hours = field(&shown, "hours").as_str().unwrap_or(NOT_SET).to_owned();
    let today = field(&shown, "today");
    let why = [text_at(today, "closed"), text_at(today, "special"), text_at(today, "schedule")];
    let why: Vec<String> = why.into_iter().filter(|word| !word.is_empty()).collect();
    out.facts(&[
        ("time zone", text_at(&shown, "time_zone")),
        ("hours", hours),
        ("today", format!("{} {}", text_at(today, "date"), why.join(", ")).trim_end().to_owned()),
        ("bell schedules", schedules(field(&shown, "schedules"))),
        ("special days", special(field(&shown, "special"))),
    ]);
    let (closed, rooms) = (field(&shown, "closed"), field(&shown, "rooms"));
    if closed.as_array().is_some_and(|closed| !closed.is_empty()) {
        out.heading("Closed");
        out.rows(CLOSED, closed, "");
    }
    if rooms.as_array().is_some_and(|rooms| !rooms.is_empty()) {
        out.heading("Rooms");
        out.rows(ROOMS, rooms, "");
    }
    Ok(Exit::Done)
}

fn schedules(schedules: &Value) -> String {
    let one = |(name, schedule): (&String, &Value)| {
        let days = field(schedule, "days").as_str().unwrap_or("special days");
        let periods = field(schedule, "periods").as_array().map_or(0, Vec::len);
        format!("{name} ({days}: {})", words::count(periods as u64, "period", "periods"))
    };
    schedules.as_object().into_iter().flatten().map(one).collect::<Vec<_>>().join("; ")
}

fn special(special: &Value) -> String {
    special.as_object().into_iter().flatten().map(|(date, day)| format!("{date} {}", text_at(day, "name"))).collect::<Vec<_>>().join("; ")
}

async fn next(client: &Client, out: &Out, days: u16) -> Result<Exit, Failure> {
    let mut days = client.get(&["calendar", "days"], &[("count", Some(days.to_string()))]).await?;
    if !out.is_json() {
        let is_set = !field(&client.get(&["calendar"], &[]).await?, "hours").is_null();
        let no_hours = if is_set { "none" } else { "always" };
        for day in days.as_array_mut().into_iter().flatten() {
            let bells = field(day, "bells").as_array().cloned().unwrap_or_default();
            let names: Vec<String> = bells.iter().map(|bell| text_at(bell, "name")).collect();
            let is_empty = text_at(day, "hours").is_empty();
            if let Some(day) = day.as_object_mut() {
                day.insert("periods".to_owned(), names.join(" · ").into());
                if is_empty {
                    day.insert("hours".to_owned(), no_hours.into());
                }
            }
        }
    }
    Ok(out.rows(NEXT, &days, "no days"))
}

async fn import(client: &Client, out: &Out, file: &Path, only: &[String], yes: bool) -> Result<Exit, Failure> {
    let body = json!({ "text": text(file)?, "only": only });
    if !yes {
        let plan = client.post(&["calendar", "import", "plan"], body.clone()).await.map_err(|failure| failure.of(file.display()))?;
        if !out.is_json() {
            out.rows(CLOSED, field(&plan, "closed"), "no event of this file takes whole days to come");
            left_out(out, &plan);
        }
        let count = field(&plan, "closed").as_array().map_or(0, Vec::len);
        let what = words::count(count as u64, "range of closed days", "ranges of closed days");
        csv_file::confirm(out, &format!("{} has {what}", file.display()))?;
    }
    let imported = client.post(&["calendar", "import"], body).await.map_err(|failure| failure.of(file.display()))?;
    let added = count_at(&imported, "added", "range of closed days", "ranges of closed days");
    Ok(out.said(&imported, &format!("{added} added; what was known already stays as it is")))
}

fn left_out(out: &Out, plan: &Value) {
    let named: Vec<String> =
        field(plan, "left_out").as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    for why in &named {
        out.note(&format!("left out: {why}"));
    }
    let more = number_at(plan, "left_out_count").saturating_sub(named.len() as u64);
    if more > 0 {
        out.note(&format!("left out: {more} more"));
    }
}

fn text(file: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::here(file.display(), &error);
    if std::fs::metadata(file).map_err(failed)?.len() > LARGEST as u64 {
        return Err(Failure::Usage(format!("{}: too large for a calendar, more than {}", file.display(), words::disk(LARGEST as u64))));
    }
    let bytes = std::fs::read(file).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_from_the_right() {
        assert_eq!(period("1=07:30-08:20"), Ok(("1".into(), "07:30".into(), "08:20".into())));
        assert_eq!(period("A=B=07:30-08:20"), Ok(("A=B".into(), "07:30".into(), "08:20".into())));
        assert!(period("1").is_err() && period("1=07:30").is_err());
    }

    #[test]
    fn what_is_set_reads_in_a_line() {
        let regular = json!({"Regular": {"days": "Mon-Fri", "periods": [{}, {}]}, "Half": {"periods": [{}]}});
        assert_eq!(schedules(&regular), "Half (special days: 1 period); Regular (Mon-Fri: 2 periods)");
        assert_eq!(special(&json!({"2027-03-06": {"name": "Open day"}})), "2027-03-06 Open day");
        assert_eq!(range("2026-12-24".parse().unwrap(), None), "2026-12-24");
    }
}
