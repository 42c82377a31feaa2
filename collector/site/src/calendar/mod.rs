//! The site's calendar: when its machines are expected, its bell schedules, closed days and special days.

mod change;
mod expect;
mod hours;
mod timetable;
mod turn;
mod zone;

pub use change::{close, import, open, set_hours, set_schedule, set_special, set_zone, unset_schedule, unset_special};
pub use expect::{Expectation, RoomHours, Why, expected, of_room};
pub use hours::{Days, Hours, Span, WallTime};
pub use timetable::{Bell, Day, day, days};
pub(crate) use turn::{next_due, passed, retime, turn};
pub(crate) use zone::named as zone_named;

use crate::record::{Record, Rest, Table};
use crate::{RoomId, Site};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The one record of kind "calendar".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// Its key: there is one.
    pub id: u8,
    /// The school's own hours; a room follows them unless it says otherwise. Unset: machines are always expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The bell schedules by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schedules: BTreeMap<String, Schedule>,
    /// The closed days, by their first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<Closed>,
    /// The days that are unlike other days of their week.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub special: BTreeMap<Date, Special>,
    /// Every edge of expectation up to here was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned_at: Option<Timestamp>,
    /// When the expectation of some room changes next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_at: Option<Timestamp>,
    /// Rooms whose edge has passed and whose machines are still to be judged; none: those without a room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turning: Vec<Option<RoomId>>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Calendar {
    type Key = u8;
    const KIND: &'static str = "calendar";
    fn key(&self) -> u8 {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.calendar
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.calendar
    }
}

/// A bell schedule: the periods of a day, and the days of the week on which it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The days of the week; none: special days only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Days>,
    /// Its periods, in order.
    pub periods: Vec<Period>,
}

/// A named span of a school day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// What people call it: "1", "Lunch".
    pub name: String,
    /// When it is.
    pub span: Span,
}

/// Days on which the school is closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// Why: "Winter break".
    pub name: String,
}

/// A day that is unlike other days of its week. It is open, even within closed days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Special {
    /// Why: "Open day".
    pub name: String,
    /// The bell schedule that holds; none: that of its weekday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// When the machines of every room that has hours are expected; none: as on its weekday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Span>,
}

impl Calendar {
    /// The special day that this is.
    pub fn special_on(&self, date: Date) -> Option<&Special> {
        self.special.get(&date)
    }

    /// The closed days to which this day belongs; none where it is a special day, which is open.
    pub fn closed_on(&self, date: Date) -> Option<&Closed> {
        let closed = || self.closed.iter().find(|closed| (closed.from..=closed.to).contains(&date));
        if self.special.contains_key(&date) { None } else { closed() }
    }

    /// The bell schedule of a day with its name; none on closed days and on days without one.
    pub fn schedule_on(&self, date: Date) -> Option<(&str, &Schedule)> {
        if self.closed_on(date).is_some() {
            return None;
        }
        let special = self.special_on(date).and_then(|special| self.schedules.get_key_value(special.schedule.as_ref()?));
        let usual = || self.schedules.iter().find(|(_, schedule)| schedule.days.is_some_and(|days| days.has(date.weekday())));
        special.or_else(usual).map(|(name, schedule)| (name.as_str(), schedule))
    }
}

impl Site {
    /// The day of a moment, as the school counts days.
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone()).date()
    }

    /// The calendar; `None` before anything was said of it.
    pub fn calendar(&self) -> Option<&Arc<Calendar>> {
        self.calendar.get(&0)
    }

    /// Whether it is said when machines are expected: by the school's own hours, or by those of every room that holds machines.
    pub fn has_hours(&self) -> bool {
        let school = self.calendar().is_some_and(|calendar| calendar.hours.is_some());
        school
            || (!self.rooms.is_empty() && self.rooms.values().all(|room| room.hours.is_some() || room.kind == crate::room::RoomKind::Cart))
    }
}
