//! Hours as people write them: "Mon-Fri 07:30-16:00, Sat 09:00-12:00", in the site's own time.

use crate::Refusal;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest text that is read as hours, characters.
const LONGEST: usize = 400;
/// Most spans of one text: four a day.
const MOST_SPANS: usize = 28;
/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// The days of the week as they are written.
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A time of the day by the clock on the wall, "07:30"; "24:00" ends a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WallTime(u16);

impl WallTime {
    /// Minutes since the day's beginning, 0 to 1440.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for WallTime {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::invalid(format!("{:?} is not a time of the day: write it as 07:30", cut(text)));
        let (hour, minute) = text.trim().split_once(':').ok_or_else(bad)?;
        let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(hour, 2) || !digits(minute, 2) || minute.len() != 2 {
            return Err(bad());
        }
        let (hour, minute): (u16, u16) = (hour.parse().map_err(|_| bad())?, minute.parse().map_err(|_| bad())?);
        let all = hour * 60 + minute;
        if minute < 60 && all <= DAY { Ok(Self(all)) } else { Err(bad()) }
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A span of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    /// It begins.
    pub from: WallTime,
    /// It has ended; later than `from`.
    pub to: WallTime,
}

impl Span {
    /// From one full hour of the day to another, each 0 to 24.
    pub(crate) const fn hours(from: u16, to: u16) -> Self {
        Self { from: WallTime(from * 60), to: WallTime(to * 60) }
    }
}

impl FromStr for Span {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::invalid(format!("{:?} is not a span of a day: write it as 07:30-16:00", cut(text)));
        let (from, to) = text.split_once('-').ok_or_else(bad)?;
        let (from, to) = (from.parse()?, to.parse()?);
        if from < to {
            return Ok(Self { from, to });
        }
        Err(Refusal::invalid(format!(
            "{from}-{to} ends before it begins: a night is two spans, {from}-24:00 and 00:00-{to} of the next day"
        )))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// Days of the week, "Mon-Fri" or "Mon, Wed".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Days(u8);

impl Days {
    /// Whether this day is among them.
    pub fn has(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }

    /// Whether both have a day.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromStr for Days {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let days = parts.map(run_of_days).try_fold(Self::default(), |all, days| Ok::<_, Refusal>(all.with(days?)))?;
        if days == Self::default() { Err(bad_days(text)) } else { Ok(days) }
    }
}

/// "Mon", "Mon-Fri", "Fri-Mon".
fn run_of_days(text: &str) -> Result<Days, Refusal> {
    let day = |name: &str| {
        let name = name.trim().to_lowercase();
        let is = |known: &str| name.len() >= 3 && full_name(known).starts_with(&name);
        NAMES.iter().position(|known| is(known)).ok_or_else(|| bad_days(text))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    let count = (last + 7 - first) % 7 + 1;
    Ok(Days((first..first + count).fold(0, |set, day| set | 1 << (day % 7))))
}

fn full_name(short: &str) -> &'static str {
    match short {
        "Mon" => "monday",
        "Tue" => "tuesday",
        "Wed" => "wednesday",
        "Thu" => "thursday",
        "Fri" => "friday",
        "Sat" => "saturday",
        _ => "sunday",
    }
}

fn bad_days(text: &str) -> Refusal {
    Refusal::invalid(format!("{:?} is not a day of the week: write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or a run as Mon-Fri", cut(text)))
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |day: usize| day < 7 && self.0 & (1 << day) != 0;
        let mut words: Vec<String> = Vec::new();
        let mut day = 0;
        while day < 7 {
            let run = (day..7).take_while(|day| has(*day)).count();
            let name = |day: usize| NAMES.get(day).copied().unwrap_or_default();
            match run {
                0 => {}
                1 => words.push(name(day).to_owned()),
                _ => words.push(format!("{}-{}", name(day), name(day + run - 1))),
            }
            day += run.max(1);
        }
        f.write_str(&words.join(", "))
    }
}

/// When machines are expected on an ordinary week: spans by the days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours(Vec<(Days, Span)>);

impl Hours {
    /// The spans of an ordinary day, in order.
    pub fn on(&self, date: Date) -> impl Iterator<Item = Span> {
        self.0.iter().filter(move |(days, _)| days.has(date.weekday())).map(|(_, span)| *span)
    }
}

impl FromStr for Hours {
    type Err = Refusal;
    /// Parts by commas: days without a span belong to the next span, a span without days to the days before.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.chars().count() > LONGEST {
            return Err(Refusal::invalid(format!("hours are at most {LONGEST} characters long")));
        }
        let (mut spans, mut days, mut spent) = (Vec::new(), Days::default(), true);
        for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            let at = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let (named, span) = part.split_at(at);
            if !named.trim().is_empty() {
                let more = run_of_days(named.trim())?;
                days = if spent { more } else { days.with(more) };
                spent = false;
            }
            if !span.is_empty() {
                if days == Days::default() {
                    return Err(Refusal::invalid(format!("{:?} names no day: write it as \"Mon-Fri {}\"", cut(part), cut(span))));
                }
                spans.push((days, span.parse()?));
                spent = true;
            }
        }
        if spans.is_empty() || !spent || spans.len() > MOST_SPANS {
            let what = format!("{:?} are no hours: write them as \"Mon-Fri 07:30-16:00, Sat 09:00-12:00\"", cut(text));
            return Err(Refusal::invalid(what));
        }
        spans.sort_by_key(|(_, span)| *span);
        Ok(Self(spans))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans: Vec<String> = self.0.iter().map(|(days, span)| format!("{days} {span}")).collect();
        f.write_str(&spans.join(", "))
    }
}

/// So much of a wrong text as a refusal repeats.
fn cut(text: &str) -> String {
    crate::words::cut(text.trim().to_owned(), 60)
}

impl TryFrom<String> for WallTime {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<WallTime> for String {
    fn from(time: WallTime) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for Span {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, want: Result<&str, &str>) {
        match (text.parse::<Hours>(), want) {
            (Ok(hours), Ok(want)) => {
                assert_eq!(hours.to_string(), want, "{text}");
                assert_eq!(hours.to_string().parse::<Hours>().unwrap(), hours, "{text}");
            }
            (Err(refusal), Err(want)) => assert!(refusal.text.contains(want), "{text}: {refusal}"),
            (got, _) => panic!("{text}: {got:?}"),
        }
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        check("Mon-Fri 07:30-16:00", Ok("Mon-Fri 07:30-16:00"));
        check("mon-fri 7:30-12:00, 13:00-16:00; Saturday 09:00-12:00", Ok("Mon-Fri 07:30-12:00, Sat 09:00-12:00, Mon-Fri 13:00-16:00"));
        check("Mon, Wed, Fri 08:00-24:00", Ok("Mon, Wed, Fri 08:00-24:00"));
        check("Fri-Mon 00:00-01:00", Ok("Mon, Fri-Sun 00:00-01:00"));
        check("", Err("are no hours"));
        check("Mon-Fri", Err("are no hours"));
        check("07:30-16:00", Err("names no day"));
        check("Mon 16:00-07:30", Err("a night is two spans"));
        check("Mon 07:30-25:00", Err("not a time of the day"));
        check("Mon 07:60-08:00", Err("not a time of the day"));
        check("Moo 07:30-16:00", Err("not a day of the week"));
        check("Mon 07:30", Err("not a span"));
        check(&"Mon 07:30-08:00,".repeat(30), Err("at most"));
    }

    proptest! {
        #[test]
        fn hostile_hours_are_refused_and_never_a_panic(text in "\\PC{0,60}") {
            if let Ok(hours) = text.parse::<Hours>() {
                prop_assert_eq!(hours.to_string().parse::<Hours>().unwrap(), hours);
            }
        }

        #[test]
        fn hours_survive_their_own_words(days in 1_u8..128, from in 0_u16..1439, length in 1_u16..600) {
            let span = Span { from: WallTime(from), to: WallTime((from + length).min(DAY)) };
            let hours = Hours(vec![(Days(days), span)]);
            prop_assert_eq!(hours.to_string().parse::<Hours>().unwrap(), hours);
        }
    }
}
