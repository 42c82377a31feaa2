//! What a day of the calendar looks like: closed or special, its bell schedule, its periods as instants.

use super::{Calendar, zone};
use crate::Site;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// A period of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bell {
    /// The period's name.
    pub name: String,
    /// It begins.
    pub begins: Timestamp,
    /// It has ended.
    pub ends: Timestamp,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// Why the school is closed.
    pub closed: Option<String>,
    /// Why it is a special day.
    pub special: Option<String>,
    /// The bell schedule that holds.
    pub schedule: Option<String>,
    /// The school's own hours then, "07:30-16:00".
    pub hours: Vec<String>,
    /// The periods that it has, in order; one that the clocks skip whole is left out.
    pub bells: Vec<Bell>,
}

/// What a day looks like.
pub fn day(site: &Site, date: Date) -> Day {
    let zone = site.zone();
    let empty = Calendar::default();
    let calendar = site.calendar().map_or(&empty, |calendar| &**calendar);
    let schedule = calendar.schedule_on(date);
    let bells = schedule.into_iter().flat_map(|(_, schedule)| &schedule.periods).filter_map(|period| {
        let (begins, ends) = zone::begins(&zone, date, period.span.from).zip(zone::ends(&zone, date, period.span.to))?;
        (begins < ends).then(|| Bell { name: period.name.clone(), begins, ends })
    });
    let closed = calendar.closed_on(date).map(|closed| closed.name.clone());
    let special = calendar.special_on(date);
    let usual =
        || calendar.hours.iter().filter(|_| closed.is_none()).flat_map(|hours| hours.on(date)).map(|span| span.to_string()).collect();
    let own = special.map(|special| special.hours.iter().map(ToString::to_string).collect::<Vec<_>>());
    Day {
        date,
        schedule: schedule.map(|(name, _)| name.to_owned()),
        special: special.map(|special| special.name.clone()),
        hours: own.filter(|hours| !hours.is_empty()).unwrap_or_else(usual),
        bells: bells.collect(),
        closed,
    }
}

/// The next days, from today.
pub fn days(site: &Site, now: Timestamp, count: usize) -> Vec<Day> {
    let today = site.day_of(now);
    std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(count).map(|date| day(site, date)).collect()
}
