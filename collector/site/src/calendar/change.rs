//! What a technician says of the calendar.

use super::{Calendar, Closed, Days, Hours, Period, Schedule, Special, retime, zone};
use crate::{About, Refusal, Working};
use jiff::civil::Date;
use std::sync::Arc;

/// Most ranges of closed days: ten years of a busy calendar.
const MOST_CLOSED: usize = 2_000;
/// Most special days.
const MOST_SPECIAL: usize = 1_000;
/// Most bell schedules.
const MOST_SCHEDULES: usize = 50;
/// Most periods of a bell schedule.
const MOST_PERIODS: usize = 40;
/// Longest name, characters.
const LONGEST_NAME: usize = 100;
/// Most days that one range of closed days may have.
const MOST_DAYS: i32 = 400;

/// Sets the school's own hours; `None`: machines are always expected where no room says otherwise.
///
/// # Errors
/// None; the type is that of every change.
pub fn set_hours(w: &mut Working, hours: Option<Hours>) -> Result<Arc<Calendar>, Refusal> {
    let said = hours.as_ref().map_or_else(|| "School hours: not set any more".to_owned(), |hours| format!("School hours: {hours}"));
    change(w, said, |calendar| {
        calendar.hours = hours;
        Ok(())
    })
}

/// Sets the site's time zone.
///
/// # Errors
/// There is no such zone, or no site yet.
pub fn set_zone(w: &mut Working, name: &str) -> Result<Arc<About>, Refusal> {
    let zone = zone::named(name)?;
    let name = zone.iana_name().unwrap_or("UTC").to_owned();
    let before = w.site.about().cloned().ok_or_else(|| Refusal::not_found("there is no site yet"))?;
    if before.time_zone == name {
        return Ok(Arc::new(before));
    }
    let about = w.put(About { time_zone: name.clone(), ..before });
    w.event("calendar.changed", format!("Time zone: {name}"));
    retime(w);
    Ok(about)
}

/// Sets a bell schedule: a new one, or another for the same name.
///
/// # Errors
/// A name is empty, periods overlap, another one holds on one of these days, or there are too many.
pub fn set_schedule(w: &mut Working, name: &str, days: Option<Days>, mut periods: Vec<Period>) -> Result<Arc<Calendar>, Refusal> {
    let name = named("a bell schedule", name)?;
    periods.sort_by_key(|period| period.span);
    for period in &mut periods {
        period.name = named("a period", &period.name)?;
    }
    check_periods(&periods)?;
    let said = format!("Bell schedule {name}: {}", crate::words::count(periods.len(), "period", "periods"));
    change(w, said, |calendar| {
        let clash = calendar.schedules.iter().find(|(other, schedule)| **other != name && meets(schedule, days));
        if let Some((other, _)) = clash {
            return Err(Refusal::conflict(format!("{other:?} holds on one of these days already: change its days first")));
        }
        calendar.schedules.insert(name, Schedule { days, periods });
        within("bell schedules", calendar.schedules.len(), MOST_SCHEDULES)
    })
}

fn meets(schedule: &Schedule, days: Option<Days>) -> bool {
    schedule.days.zip(days).is_some_and(|(a, b)| a.meets(b))
}

fn check_periods(periods: &[Period]) -> Result<(), Refusal> {
    within("periods", periods.len(), MOST_PERIODS)?;
    let overlap = periods.iter().zip(periods.iter().skip(1)).find(|(one, next)| next.span.from < one.span.to);
    match overlap {
        Some((one, next)) => {
            Err(Refusal::invalid(format!("period {:?} ({}) begins before {:?} ({}) has ended", next.name, next.span, one.name, one.span)))
        }
        None => Ok(()),
    }
}

/// Removes a bell schedule; special days that name it follow their weekday.
///
/// # Errors
/// There is none of that name.
pub fn unset_schedule(w: &mut Working, name: &str) -> Result<Arc<Calendar>, Refusal> {
    change(w, format!("Bell schedule {name} removed"), |calendar| match calendar.schedules.remove(name) {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found(format!("there is no bell schedule {name:?}; `rollcall calendar show` lists them"))),
    })
}

/// Closes the school on some days.
///
/// # Errors
/// The range is empty or longer than a year, the name is none, or there are too many.
pub fn close(w: &mut Working, closed: Closed) -> Result<Arc<Calendar>, Refusal> {
    let closed = checked(closed)?;
    let said = format!("Closed {}: {}", range(&closed), closed.name);
    change(w, said, |calendar| {
        add_closed(calendar, closed);
        within("closed days", calendar.closed.len(), MOST_CLOSED)
    })
}

/// Opens the school on days that were closed.
///
/// # Errors
/// None of these days was closed, or the last is before the first.
pub fn open(w: &mut Working, from: Date, to: Date) -> Result<Arc<Calendar>, Refusal> {
    if to < from {
        return Err(Refusal::invalid(format!("{from} to {to}: the last day is before the first")));
    }
    let days = range(&Closed { from, to, name: String::new() });
    change(w, format!("Open again {days}"), |calendar| {
        let kept = calendar.closed.iter().flat_map(|closed| without(closed, from, to)).collect();
        if calendar.closed == kept {
            return Err(Refusal::not_found(format!("{days} was not closed; `rollcall calendar show` lists the closed days")));
        }
        calendar.closed = kept;
        Ok(())
    })
}

/// What is left of closed days without those from `from` to `to`.
fn without(closed: &Closed, from: Date, to: Date) -> Vec<Closed> {
    if closed.to < from || closed.from > to {
        return vec![closed.clone()];
    }
    let before = from.yesterday().ok().map(|end| Closed { to: end, ..closed.clone() });
    let after = to.tomorrow().ok().map(|start| Closed { from: start, ..closed.clone() });
    before.into_iter().chain(after).filter(|part| part.from <= part.to).collect()
}

/// Says that a day is unlike other days of its week.
///
/// # Errors
/// The name is none, the bell schedule does not exist, spans overlap, or there are too many.
pub fn set_special(w: &mut Working, date: Date, mut special: Special) -> Result<Arc<Calendar>, Refusal> {
    special.name = named("a special day", &special.name)?;
    special.hours.sort();
    if special.hours.iter().zip(special.hours.iter().skip(1)).any(|(one, next)| next.from < one.to) {
        return Err(Refusal::invalid(format!("the hours of {date} overlap")));
    }
    within("spans of a day", special.hours.len(), MOST_PERIODS)?;
    change(w, format!("Special day {date}: {}", special.name), |calendar| {
        if let Some(schedule) = special.schedule.as_ref().filter(|schedule| !calendar.schedules.contains_key(*schedule)) {
            return Err(Refusal::not_found(format!("there is no bell schedule {schedule:?}; `rollcall calendar show` lists them")));
        }
        calendar.special.insert(date, special);
        within("special days", calendar.special.len(), MOST_SPECIAL)
    })
}

/// Says that a day is as other days of its week after all.
///
/// # Errors
/// It was no special day.
pub fn unset_special(w: &mut Working, date: Date) -> Result<Arc<Calendar>, Refusal> {
    change(w, format!("{date} is no special day any more"), |calendar| match calendar.special.remove(&date) {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found(format!("{date} is no special day; `rollcall calendar show` lists them"))),
    })
}

/// Takes up closed days of a calendar file: what is known already changes nothing. Says how many were new.
///
/// # Errors
/// A range or a name does not fit, or there are too many.
pub fn import(w: &mut Working, closed: Vec<Closed>) -> Result<usize, Refusal> {
    let known = w.site.calendar().map(|calendar| calendar.closed.clone()).unwrap_or_default();
    let closed = closed.into_iter().map(checked).collect::<Result<Vec<_>, _>>()?;
    let new: Vec<Closed> = closed.into_iter().filter(|closed| !known.contains(closed)).collect();
    if new.is_empty() {
        return Ok(0);
    }
    let count = new.len();
    change(w, format!("{} imported", crate::words::count(count, "range of closed days", "ranges of closed days")), |calendar| {
        new.into_iter().for_each(|closed| add_closed(calendar, closed));
        within("closed days", calendar.closed.len(), MOST_CLOSED)
    })?;
    Ok(count)
}

fn add_closed(calendar: &mut Calendar, closed: Closed) {
    if let Err(place) = calendar.closed.binary_search(&closed) {
        calendar.closed.insert(place, closed);
    }
}

fn checked(mut closed: Closed) -> Result<Closed, Refusal> {
    closed.name = named("closed days", &closed.name)?;
    let days = closed.from.until(closed.to).map_or(i32::MAX, |span| span.get_days());
    if (0..MOST_DAYS).contains(&days) {
        return Ok(closed);
    }
    Err(Refusal::invalid(format!("{}: {} to {} must be one to {MOST_DAYS} days", closed.name, closed.from, closed.to)))
}

fn range(closed: &Closed) -> String {
    if closed.from == closed.to { closed.from.to_string() } else { format!("{} to {}", closed.from, closed.to) }
}

/// A name as it is kept: one line, not empty, not long.
fn named(what: &str, name: &str) -> Result<String, Refusal> {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() {
        return Err(Refusal::invalid(format!("{what} needs a name")));
    }
    Ok(crate::words::cut(name, LONGEST_NAME))
}

fn within(what: &str, count: usize, most: usize) -> Result<(), Refusal> {
    if count <= most { Ok(()) } else { Err(Refusal::invalid(format!("{count} {what} are too many: at most {most}"))) }
}

/// Makes a change; one that changes nothing leaves no trace.
fn change(w: &mut Working, said: String, change: impl FnOnce(&mut Calendar) -> Result<(), Refusal>) -> Result<Arc<Calendar>, Refusal> {
    let before = w.site.calendar().map(|calendar| (**calendar).clone()).unwrap_or_default();
    let mut after = before.clone();
    change(&mut after)?;
    if after == before {
        return Ok(Arc::new(before));
    }
    let after = w.put(after);
    w.event("calendar.changed", said);
    retime(w);
    Ok(w.site.calendar().cloned().unwrap_or(after))
}
