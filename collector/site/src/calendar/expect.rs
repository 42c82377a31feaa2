//! Whether a machine is expected to be on now, since when, until when, and why: the one place for it.

use super::hours::{Hours, Span};
use super::{Calendar, zone};
use crate::asset::{Asset, AssetStatus};
use crate::room::{Room, RoomKind};
use crate::{Refusal, Site};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Days that are looked through for the next change, and for the last: more than a year of holidays has no edges.
const HORIZON_DAYS: u16 = 400;
/// Days that touch at midnight are looked through together as far as this: a machine that is expected longer has no edge worth a look.
const TOGETHER_DAYS: u16 = 8;

/// What a room itself says of its hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoomHours {
    /// Its machines are always expected, on closed days too.
    Always,
    /// Its machines are never expected.
    Never,
    /// Its own hours; not on closed days.
    Own(Hours),
}

/// Whether a machine is expected to be on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// It is.
    pub expected: bool,
    /// Since when it is so; `None`: always was, as far as the calendar says.
    pub since: Option<Timestamp>,
    /// When that changes; `None`: not within a year.
    pub until: Option<Timestamp>,
    /// Why it is so.
    pub why: Why,
}

/// Why a machine is expected, or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody says when.
    Always,
    /// Within the hours.
    Open,
    /// Outside the hours.
    Outside,
    /// The school is closed, with the reason.
    Closed(String),
    /// Laptops of a cart are put away.
    Cart,
    /// The room says so.
    Never,
    /// There is no agent on it.
    NoAgent,
    /// It is in repair, lost or retired.
    OutOfService,
    /// It is on loan.
    OnLoan,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "day and night",
            Self::Open => "within the expected hours",
            Self::Outside => "outside the expected hours",
            Self::Closed(name) => return write!(f, "closed: {name}"),
            Self::Cart => "in a cart",
            Self::Never => "the room expects nothing",
            Self::NoAgent => "no agent",
            Self::OutOfService => "out of service",
            Self::OnLoan => "on loan",
        })
    }
}

/// Whether an asset's machine is expected to be on at `now`.
pub fn expected(site: &Site, asset: &Asset, now: Timestamp) -> Expectation {
    let never = |why| Expectation { expected: false, since: None, until: None, why };
    if asset.status != AssetStatus::InService {
        return never(Why::OutOfService);
    }
    if asset.device.is_none() {
        return never(Why::NoAgent);
    }
    if let Some(loan) = site.open_loan(asset.id) {
        return Expectation { since: Some(loan.out_at), ..never(Why::OnLoan) };
    }
    of_room(site, asset.room.as_ref().and_then(|room| site.rooms.get(room)).map(|room| &**room), now)
}

/// Whether the machines of a room are expected at `now`; of no room: those that belong nowhere.
pub fn of_room(site: &Site, room: Option<&Room>, now: Timestamp) -> Expectation {
    let flat = |expected, why| Expectation { expected, since: None, until: None, why };
    let calendar = site.calendar().map(|calendar| &**calendar);
    let hours = match room.and_then(|room| room.hours.as_ref()) {
        _ if room.is_some_and(|room| room.kind == RoomKind::Cart) => return flat(false, Why::Cart),
        Some(RoomHours::Always) => return flat(true, Why::Always),
        Some(RoomHours::Never) => return flat(false, Why::Never),
        Some(RoomHours::Own(hours)) => Some(hours),
        None => calendar.and_then(|calendar| calendar.hours.as_ref()),
    };
    match hours {
        Some(hours) => Week { zone: site.zone(), calendar, hours }.at(now),
        None => flat(true, Why::Always),
    }
}

/// Hours, as the calendar lets them hold.
struct Week<'a> {
    zone: TimeZone,
    calendar: Option<&'a Calendar>,
    hours: &'a Hours,
}

type Open = (Timestamp, Timestamp);

impl Week<'_> {
    fn at(&self, now: Timestamp) -> Expectation {
        let date = now.to_zoned_datetime(self.zone.clone()).date();
        // A span that ends at midnight may end in the next day's repeated hour.
        let near = [date.yesterday().ok(), Some(date)].into_iter().flatten();
        match near.flat_map(|day| self.open(day)).find(|(from, to)| *from <= now && now < *to) {
            Some((from, to)) => {
                let (since, until) = (self.back(date, from), self.on(date, to));
                Expectation { expected: true, since: Some(since), until, why: Why::Open }
            }
            None => Expectation { expected: false, since: self.last(date, now), until: self.next(date, now), why: self.why_not(date) },
        }
    }

    /// The spans of a day as instants, in order; touching ones are one.
    fn open(&self, date: Date) -> Vec<Open> {
        let closed = self.calendar.is_some_and(|calendar| calendar.closed_on(date).is_some());
        let special = self.calendar.and_then(|calendar| calendar.special_on(date)).filter(|special| !special.hours.is_empty());
        let spans: Vec<Span> = match special {
            Some(special) => special.hours.clone(),
            None if closed => return Vec::new(),
            None => self.hours.on(date).collect(),
        };
        let mut open: Vec<Open> = Vec::new();
        for span in spans {
            let instants = zone::begins(&self.zone, date, span.from).zip(zone::ends(&self.zone, date, span.to));
            let Some((from, to)) = instants.filter(|(from, to)| from < to) else { continue };
            match open.last_mut().filter(|(_, end)| from <= *end) {
                Some(last) => last.1 = last.1.max(to),
                None => open.push((from, to)),
            }
        }
        open
    }

    /// When the span that begins at `from` really began: those that touch it belong to it.
    fn back(&self, mut date: Date, mut from: Timestamp) -> Timestamp {
        for _ in 0..TOGETHER_DAYS {
            let Ok(before) = date.yesterday() else { break };
            let Some((start, _)) = self.open(before).into_iter().find(|(start, end)| *end >= from && *start < from) else { break };
            (date, from) = (before, start);
        }
        from
    }

    /// When the span that ends at `to` really ends; `None`: not soon.
    fn on(&self, mut date: Date, mut to: Timestamp) -> Option<Timestamp> {
        for _ in 0..TOGETHER_DAYS {
            let after = date.tomorrow().ok()?;
            let Some((_, end)) = self.open(after).into_iter().find(|(start, end)| *start <= to && *end > to) else { return Some(to) };
            (date, to) = (after, end);
        }
        None
    }

    fn next(&self, date: Date, now: Timestamp) -> Option<Timestamp> {
        let days = std::iter::successors(Some(date), |day| day.tomorrow().ok()).take(HORIZON_DAYS.into());
        days.flat_map(|day| self.open(day)).map(|(from, _)| from).find(|from| *from > now)
    }

    fn last(&self, date: Date, now: Timestamp) -> Option<Timestamp> {
        let days = std::iter::successors(Some(date), |day| day.yesterday().ok()).take(HORIZON_DAYS.into());
        days.flat_map(|day| self.open(day).into_iter().rev()).map(|(_, to)| to).find(|to| *to <= now)
    }

    fn why_not(&self, date: Date) -> Why {
        let closed = self.calendar.and_then(|calendar| calendar.closed_on(date));
        closed.map_or(Why::Outside, |closed| Why::Closed(closed.name.clone()))
    }
}

impl FromStr for RoomHours {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        match text.trim() {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            hours => hours.parse().map(Self::Own),
        }
    }
}

impl fmt::Display for RoomHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Never => f.write_str("never"),
            Self::Own(hours) => hours.fmt(f),
        }
    }
}

impl TryFrom<String> for RoomHours {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<RoomHours> for String {
    fn from(hours: RoomHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests;
