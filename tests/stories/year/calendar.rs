//! The school's year as its people know it: terms, closed days, half days, and when whose machines are expected. The judge's own table.

use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;

/// The site's zone: its clocks change on 2026-11-01 and on 2027-03-14.
pub const ZONE: &str = "America/Los_Angeles";
/// The first day, a week before the first term.
pub const FIRST: Date = date(2026, 8, 10);
/// So many days are a year.
pub const YEAR_DAYS: i64 = 364;

/// Days without school, with their name.
pub const CLOSED: [(Date, Date, &str); 10] = [
    (date(2026, 8, 1), date(2026, 8, 16), "Summer"),
    (date(2026, 9, 7), date(2026, 9, 7), "Labor Day"),
    (date(2026, 11, 11), date(2026, 11, 11), "Veterans Day"),
    (date(2026, 11, 23), date(2026, 11, 27), "Thanksgiving"),
    (date(2026, 12, 21), date(2027, 1, 8), "Winter break"),
    (date(2027, 1, 18), date(2027, 1, 18), "Martin Luther King Day"),
    (date(2027, 2, 15), date(2027, 2, 19), "Presidents' week"),
    (date(2027, 4, 5), date(2027, 4, 9), "Spring break"),
    (date(2027, 5, 31), date(2027, 5, 31), "Memorial Day"),
    (date(2027, 6, 11), date(2027, 8, 22), "Summer break"),
];
/// Days with other hours, minutes of the day: half days, and an open day on a Saturday.
pub const SPECIAL: [(Date, u16, u16, &str); 5] = [
    (date(2026, 9, 25), 450, 750, "Half day"),
    (date(2026, 10, 17), 540, 780, "Open day"),
    (date(2026, 12, 18), 450, 750, "Half day"),
    (date(2027, 3, 12), 450, 750, "Half day"),
    (date(2027, 6, 10), 450, 750, "Half day"),
];

/// When machines are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Monday to Friday, half past seven to four.
    School,
    /// From seven to five, on Fridays to half past three.
    Library,
    /// Every night from half past one to half past five.
    Night,
    Always,
    Never,
}

impl Expected {
    /// As a technician writes it for a room.
    pub fn hours(self) -> Option<&'static str> {
        match self {
            Self::School => Some("school"),
            Self::Library => Some("Mon-Thu 07:00-17:00, Fri 07:00-15:30"),
            Self::Night => Some("Mon-Sun 01:30-05:30"),
            Self::Always => Some("always"),
            Self::Never => None,
        }
    }

    /// The span of a day, minutes.
    fn on(self, day: Date) -> Option<(u16, u16)> {
        if let Some((_, from, to, _)) = SPECIAL.iter().find(|(special, ..)| *special == day) {
            return Some((*from, *to));
        }
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        match self {
            _ if is_closed(day) => None,
            Self::School if !weekend => Some((450, 960)),
            Self::Library if day.weekday() == Weekday::Friday => Some((420, 930)),
            Self::Library if !weekend => Some((420, 1020)),
            Self::Night => Some((90, 330)),
            _ => None,
        }
    }

    /// All spans of so many days, seconds since 1970.
    pub fn spans(self, days: i64) -> Vec<(i64, i64)> {
        match self {
            Self::Always => vec![(0, i64::MAX / 2)],
            Self::Never => Vec::new(),
            _ => (-1..=days).map(day).filter_map(|day| self.on(day).map(|(from, to)| (begins(day, from), ends(day, to)))).collect(),
        }
    }
}

/// The day with this number.
pub fn day(number: i64) -> Date {
    FIRST.checked_add(jiff::Span::new().days(number)).unwrap()
}

pub fn is_closed(day: Date) -> bool {
    CLOSED.iter().any(|(from, to, _)| (*from..=*to).contains(&day)) && !SPECIAL.iter().any(|(special, ..)| *special == day)
}

/// When there is school on a day, minutes.
pub fn school(day: Date) -> Option<(u16, u16)> {
    Expected::School.on(day)
}

/// A time on the wall, in seconds since 1970; where the clocks show it twice, the first.
pub fn begins(day: Date, minutes: u16) -> i64 {
    zone().to_ambiguous_timestamp(wall(day, minutes)).earlier().unwrap().as_second()
}

/// The same; where the clocks show it twice, the second.
fn ends(day: Date, minutes: u16) -> i64 {
    zone().to_ambiguous_timestamp(wall(day, minutes)).later().unwrap().as_second()
}

fn wall(day: Date, minutes: u16) -> DateTime {
    day.at((minutes / 60) as i8, (minutes % 60) as i8, 0, 0)
}

fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap()
}
