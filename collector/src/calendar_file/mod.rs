//! Reads closed days from an iCalendar file, as a district or a calendar program saves it.

mod repeat;

use icalendar::parser::{Component, read_calendar, unfold};
use jiff::Span;
use jiff::civil::Date;
use repeat::{Repeat, repeats};
use rollcall_site::Refusal;
use rollcall_site::calendar::Closed;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Largest file, bytes: ten years of a busy school's calendar.
pub const LARGEST: usize = 1024 * 1024;
/// Most events of a file.
const MOST_EVENTS: usize = 10_000;
/// Most of them that repeat: each is followed day by day.
const MOST_REPEATING: usize = 1_000;
/// Most closed days that a file may come to.
const MOST_CLOSED: usize = 2_000;
/// Components within components: a calendar, an event, its alarm. More is no calendar.
const DEEPEST: usize = 4;
/// What ended longer ago is left out, days.
const PAST_DAYS: i32 = 31;
/// How far ahead events that repeat are followed, days.
const AHEAD_DAYS: i32 = 730;
/// Most events that are named as left out.
const MOST_NAMED: usize = 20;

/// What a calendar file comes to.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Read {
    /// The closed days, by their first.
    pub closed: Vec<Closed>,
    /// Events that were left out with why: "Assembly: has a time of the day". The first of them.
    pub left_out: Vec<String>,
    /// How many were left out.
    pub left_out_count: usize,
}

/// The days that count: what repeats is followed between them, what lies outside is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    pub(crate) from: Date,
    pub(crate) to: Date,
}

/// Reads the closed days of a file: its events that take whole days; with `only`, those whose name has one of these words.
///
/// # Errors
/// `Invalid`: it is no iCalendar file, or too large.
pub fn read(text: &str, only: &[String], today: Date) -> Result<Read, Refusal> {
    check_shape(text)?;
    let horizon =
        Horizon { from: today.saturating_sub(Span::new().days(PAST_DAYS)), to: today.saturating_add(Span::new().days(AHEAD_DAYS)) };
    let whole = unfold(text);
    let calendar = read_calendar(&whole).map_err(|error| no_calendar(&error))?;
    let events: Vec<&Component<'_>> = calendar.components.iter().filter(|component| component.name == "VEVENT").collect();
    if events.len() > MOST_EVENTS {
        return Err(Refusal::invalid(format!("the calendar has {} events: at most {MOST_EVENTS} are read", events.len())));
    }
    if events.iter().filter(|event| text_of(event, "RRULE").is_some()).count() > MOST_REPEATING {
        return Err(Refusal::invalid(format!("the calendar has too many events that repeat: at most {MOST_REPEATING} are read")));
    }
    let moved = moved(&events);
    let (mut read, mut closed) = (Read::default(), BTreeSet::new());
    for event in events {
        match closed_by(event, &moved, only, horizon) {
            Ok(days) => closed.extend(days),
            Err(why) => read.leave_out(name_of(event), &why),
        }
        if closed.len() > MOST_CLOSED {
            return Err(Refusal::invalid(format!(
                "the calendar comes to more than {MOST_CLOSED} closed days; --only WORD takes some of them"
            )));
        }
    }
    read.closed = closed.into_iter().collect();
    Ok(read)
}

impl Read {
    fn leave_out(&mut self, name: String, why: &str) {
        self.left_out_count += 1;
        if self.left_out.len() < MOST_NAMED {
            self.left_out.push(format!("{name}: {why}"));
        }
    }
}

/// Refuses what is no calendar before it is parsed: the parser goes as deep as the file says.
fn check_shape(text: &str) -> Result<(), Refusal> {
    if text.len() > LARGEST {
        return Err(Refusal::invalid(format!("the calendar is larger than {LARGEST} bytes: save a part of it")));
    }
    if !text.trim_start_matches('\u{feff}').trim_start().to_ascii_uppercase().starts_with("BEGIN:VCALENDAR") {
        return Err(Refusal::invalid("this is no iCalendar file: it does not begin with BEGIN:VCALENDAR"));
    }
    let mut depth = 0_usize;
    for line in text.lines() {
        let line = line.trim_start().as_bytes();
        if line.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case(b"BEGIN:")) {
            depth += 1;
        } else if line.get(..4).is_some_and(|end| end.eq_ignore_ascii_case(b"END:")) {
            depth = depth.saturating_sub(1);
        }
        if depth > DEEPEST {
            return Err(Refusal::invalid("this is no calendar: its parts lie too deep in each other"));
        }
    }
    Ok(())
}

fn no_calendar(error: &str) -> Refusal {
    let said: String = error.lines().take(3).collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(200).collect();
    Refusal::invalid(format!("the calendar can't be read: {said}"))
}

/// The days, by event, on which one of a series was moved: the series does not have them.
fn moved(events: &[&Component<'_>]) -> BTreeMap<String, BTreeSet<Date>> {
    let mut moved: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for event in events {
        if let (Some(uid), Some(day)) = (text_of(event, "UID"), text_of(event, "RECURRENCE-ID").and_then(|text| day(&text))) {
            moved.entry(uid).or_default().insert(day);
        }
    }
    moved
}

/// The closed days that an event means; or why it means none.
fn closed_by(
    event: &Component<'_>,
    moved: &BTreeMap<String, BTreeSet<Date>>,
    only: &[String],
    horizon: Horizon,
) -> Result<Vec<Closed>, String> {
    let name = name_of(event);
    if text_of(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return Err("is cancelled".to_owned());
    }
    if !only.is_empty() && !only.iter().any(|word| name.to_lowercase().contains(&word.to_lowercase())) {
        return Err("has none of the words asked for".to_owned());
    }
    let start = text_of(event, "DTSTART").ok_or("has no beginning")?;
    let from = day(&start).ok_or("has a time of the day")?;
    let last = text_of(event, "DTEND").and_then(|end| day(&end)).and_then(|end| end.yesterday().ok()).unwrap_or(from).max(from);
    let length = from.until(last).map_or(0, |span| span.get_days());
    let mut without: BTreeSet<Date> = texts_of(event, "EXDATE").iter().flat_map(|text| text.split(',')).filter_map(day).collect();
    let is_one_of_a_series = text_of(event, "RECURRENCE-ID").is_some();
    let starts = match text_of(event, "RRULE").filter(|_| !is_one_of_a_series) {
        None => vec![from],
        Some(rule) => {
            without.extend(text_of(event, "UID").and_then(|uid| moved.get(&uid)).into_iter().flatten());
            repeats(from, &Repeat::read(&rule)?, horizon)
        }
    };
    let end = |start: Date| start.saturating_add(Span::new().days(length));
    let near = |start: &Date| *start <= horizon.to && end(*start) >= horizon.from && !without.contains(start);
    let days: Vec<Closed> =
        starts.into_iter().filter(near).map(|start| Closed { from: start, to: end(start), name: name.clone() }).collect();
    if days.is_empty() { Err("is over, or too far ahead".to_owned()) } else { Ok(days) }
}

/// A whole day: "20261224"; nothing for what has a time.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    (text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())).then(|| Date::strptime("%Y%m%d", text).ok())?
}

fn name_of(event: &Component<'_>) -> String {
    let name: String = text_of(event, "SUMMARY").unwrap_or_default().chars().filter(|c| !c.is_control()).take(100).collect();
    if name.trim().is_empty() { "Closed".to_owned() } else { name.trim().to_owned() }
}

fn text_of(event: &Component<'_>, name: &str) -> Option<String> {
    texts_of(event, name).into_iter().next()
}

fn texts_of(event: &Component<'_>, name: &str) -> Vec<String> {
    let named = event.properties.iter().filter(|property| property.name.as_str().eq_ignore_ascii_case(name));
    named.map(|property| property.val.as_str().trim().to_owned()).collect()
}

#[cfg(test)]
mod tests;
