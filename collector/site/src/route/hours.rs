//! Hours of the day and days of the week as a site lives them: in its own time zone, through every change of the clocks.

use crate::calendar::WallTime;
use crate::{Refusal, words};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A span of every day, "17:00-07:00": the first moment is in it, the last is not. It may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    from: Time,
    to: Time,
}

impl Hours {
    /// Whether it is within them at `at` in `zone`.
    pub fn contains(&self, at: Timestamp, zone: &TimeZone) -> bool {
        self.holds(zone.to_datetime(at).time())
    }

    /// The first moment after `at` that is not within them; `at` is.
    pub fn end_after(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        moments(self.to, at, zone).find(|end| *end > at && !self.contains(*end, zone)).unwrap_or(at)
    }

    /// The day on which the span that holds `at` began.
    fn day(&self, at: Timestamp, zone: &TimeZone) -> Date {
        let local = zone.to_datetime(at);
        let began_yesterday = self.from > self.to && local.time() < self.to;
        if began_yesterday { local.date().saturating_sub(1.day()) } else { local.date() }
    }

    fn holds(&self, time: Time) -> bool {
        if self.from < self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }
}

/// The first moment after `at` at which the clocks in `zone` show `time`.
pub fn next(time: Time, at: Timestamp, zone: &TimeZone) -> Timestamp {
    moments(time, at, zone).find(|moment| *moment > at).unwrap_or(at)
}

/// When the clocks show `time`, from the day of `at` on, in order: twice on a day whose hour comes twice, and as much later as the
/// clocks are put on where the hour is left out.
fn moments(time: Time, at: Timestamp, zone: &TimeZone) -> impl Iterator<Item = Timestamp> {
    let today = zone.to_datetime(at).date();
    (0..4).flat_map(move |days| {
        let shown = zone.to_ambiguous_zoned_datetime(today.saturating_add(days.days()).to_datetime(time));
        let later = shown.clone().later().ok().map(|later| later.timestamp());
        let first = shown.compatible().ok().map(|first| first.timestamp());
        first.into_iter().chain(later.filter(|later| Some(*later) != first))
    })
}

impl FromStr for Hours {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let ends = text.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
        match ends {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(Refusal::invalid(format!("{:?} is not hours of the day: write them as 07:30-16:00", words::cut(text.to_owned(), 80)))),
        }
    }
}

/// "07:30"; "24:00" is midnight.
fn time(text: &str) -> Option<Time> {
    let minutes = text.parse::<WallTime>().ok()?.minutes() % (24 * 60);
    Time::new(i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0).ok()
}

impl TryFrom<String> for Hours {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

/// Days of the week, "mon-fri" or "sat,sun"; a night belongs to the day on which it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Days(u8);

/// The days in the order of a week.
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Days {
    /// Whether `at` is on one of them in `zone`; a moment of `hours` that began the day before is of that day.
    pub fn contains(self, at: Timestamp, hours: Option<&Hours>, zone: &TimeZone) -> bool {
        let day = hours.map_or_else(|| zone.to_datetime(at).date(), |hours| hours.day(at, zone));
        self.has(day.weekday())
    }

    fn has(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }
}

impl FromStr for Days {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let place = |name: &str| NAMES.iter().position(|known| *known == name.trim().to_ascii_lowercase());
        let mut days = 0;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let ends = place(first).zip(place(last)).filter(|(first, last)| first <= last);
            let Some((first, last)) = ends else {
                let text = format!("{:?} is not days of the week: write them as mon-fri or sat,sun", words::cut(text.to_owned(), 80));
                return Err(Refusal::invalid(text));
            };
            days |= (first..=last).fold(0, |days, day| days | 1 << day);
        }
        Ok(Self(days))
    }
}

impl TryFrom<String> for Days {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Days> for String {
    fn from(days: Days) -> Self {
        days.to_string()
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = NAMES.iter().enumerate().filter(|(day, _)| self.0 & (1 << day) != 0).map(|(_, name)| *name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("America/Los_Angeles").unwrap()
    }

    fn check_end(hours: &str, at: &str, want: &str) {
        let (hours, at): (Hours, Timestamp) = (hours.parse().unwrap(), at.parse().unwrap());
        assert!(hours.contains(at, &zone()), "{hours} {at}");
        let end = hours.end_after(at, &zone());
        assert_eq!(end, want.parse::<Timestamp>().unwrap(), "{hours} {at}: {end}");
        assert!(!hours.contains(end, &zone()));
    }

    #[test]
    fn a_night_ends_in_the_morning_whatever_the_clocks_do() {
        check_end("17:00-07:00", "2026-11-28T01:00:00Z", "2026-11-28T15:00:00Z"); // 17:00, and 07:00 in winter
        check_end("17:00-07:00", "2026-11-28T14:59:59Z", "2026-11-28T15:00:00Z");
        check_end("17:00-07:00", "2026-03-08T02:00:00Z", "2026-03-08T14:00:00Z"); // the clocks are put on that night
        check_end("17:00-07:00", "2026-11-01T02:00:00Z", "2026-11-01T15:00:00Z"); // and back
        check_end("22:00-02:30", "2026-03-08T08:00:00Z", "2026-03-08T10:30:00Z"); // 02:30 is left out: 03:30
        check_end("22:00-01:30", "2026-11-01T07:00:00Z", "2026-11-01T08:30:00Z"); // 01:30 comes twice: the first
        check_end("22:00-01:30", "2026-11-01T09:10:00Z", "2026-11-01T09:30:00Z"); // within the second 01:00 hour: the second
    }

    #[test]
    fn the_morning_comes_once_a_day() {
        let mut at: Timestamp = "2026-10-30T00:00:00Z".parse().unwrap();
        let seven = Time::constant(7, 0, 0, 0);
        let mornings: Vec<String> = (0..4)
            .map(|_| {
                at = next(seven, at, &zone());
                at.to_string()
            })
            .collect();
        assert_eq!(mornings, ["2026-10-30T14:00:00Z", "2026-10-31T14:00:00Z", "2026-11-01T15:00:00Z", "2026-11-02T15:00:00Z"]);
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        let (days, night): (Days, Hours) = ("mon-fri".parse().unwrap(), "17:00-07:00".parse().unwrap());
        let check = |at: &str, want| assert_eq!(days.contains(at.parse().unwrap(), Some(&night), &TimeZone::UTC), want, "{at}");
        check("2026-11-27T18:00:00Z", true); // Friday evening
        check("2026-11-28T06:00:00Z", true); // the morning after
        check("2026-11-28T18:00:00Z", false);
        check("2026-11-30T06:00:00Z", false); // Monday morning is Sunday's night
    }

    #[test]
    fn texts_are_read_and_written() {
        let hours = |text: &str| text.parse::<Hours>().map(|hours| hours.to_string()).map_err(|refusal| refusal.text);
        assert_eq!(hours("7:30-16:00"), Ok("07:30-16:00".to_owned()));
        for bad in ["", "7-16", "07:30", "07:30-07:30", "25:00-01:00", "07:60-08:00", "-1:00-08:00", "07:30-16:00-17:00", "٧:00-08:00"] {
            assert!(hours(bad).is_err(), "{bad}");
        }
        let days = |text: &str| text.parse::<Days>().map(|days| days.to_string()).map_err(|refusal| refusal.text);
        assert_eq!(days("Mon-Fri,sun"), Ok("mon,tue,wed,thu,fri,sun".to_owned()));
        for bad in ["", "fri-mon", "monday", "mon-", "mon;tue"] {
            assert!(days(bad).is_err(), "{bad}");
        }
    }
}
