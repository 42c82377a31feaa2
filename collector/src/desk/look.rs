//! One look at the site: the committed view, who is connected, the time and the site's time zone, taken together for one page.

use super::words::{self, Chip};
use crate::Collector;
use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use rollcall_site::Site;
use rollcall_site::presence::Heard;
use rollcall_site::view::DeviceRow;
use std::borrow::Borrow;
use std::sync::Arc;

/// One look at the site.
#[derive(Clone)]
pub struct Look {
    /// The site as last committed.
    pub site: Arc<Site>,
    /// Who is connected.
    pub heard: Arc<Heard>,
    /// When.
    pub now: Timestamp,
    /// The site's time zone.
    pub zone: TimeZone,
}

/// A moment for a page: exact for programs, in full on hovering, short to read.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ iso }}" title="{{ full }}"{% if running %} data-ago{% endif %}>{{ words }}</time>"#
)]
pub struct Moment {
    /// RFC 3339.
    pub iso: String,
    /// Day, date and time in the site's zone.
    pub full: String,
    /// Short.
    pub words: String,
    /// Whether the words count on while the page is open.
    pub running: bool,
}

// Its own template escapes what it shows.
impl HtmlSafe for Moment {}

impl Look {
    /// Takes a look now.
    pub fn take(collector: &Collector) -> Self {
        let site = collector.keeper.view();
        Self { heard: collector.roll.heard(), now: collector.keeper.clock().now(), zone: site.zone(), site }
    }

    /// A time in the site's zone.
    pub fn zoned(&self, at: Timestamp) -> ZonedDateTime {
        at.to_zoned_datetime(self.zone.clone())
    }

    /// The day it is at the site.
    pub fn today(&self) -> Date {
        self.zoned(self.now).date()
    }

    /// When the day before yesterday's midnight has passed: where "since yesterday" begins.
    pub fn yesterday(&self) -> Timestamp {
        let day = self.today().yesterday().unwrap_or_else(|_| self.today());
        day.to_zoned_datetime(self.zone.clone()).map_or(self.now, |start| start.timestamp())
    }

    /// The last second of a day at the site.
    pub fn end_of(&self, day: Date) -> Option<Timestamp> {
        day.at(23, 59, 59, 0).to_zoned_datetime(self.zone.clone()).ok().map(|end| end.timestamp())
    }

    /// A day some days from today, as a form field wants it.
    pub fn day_after(&self, days: i64) -> String {
        self.today().saturating_add(jiff::Span::new().days(days)).to_string()
    }

    /// When it was, as short as it can be said: "07:21", "yesterday 15:40", "Fri 15:40", "11 Nov", "2 Sep 2024".
    pub fn moment(&self, at: impl Borrow<Timestamp>) -> Moment {
        let at = *at.borrow();
        let (then, today) = (self.zoned(at), self.today());
        let days = today.since(then.date()).map_or(i32::MAX, |span| span.get_days());
        let form = match days {
            0 => "%H:%M",
            1 => "yesterday %H:%M",
            2..=6 => "%a %H:%M",
            -1 => "tomorrow %H:%M",
            _ if then.year() == today.year() => "%-d %b",
            _ => "%-d %b %Y",
        };
        self.say(at, then.strftime(form).to_string(), false)
    }

    /// The day only: "Friday 4 December".
    pub fn day(&self, at: impl Borrow<Timestamp>) -> Moment {
        let at = *at.borrow();
        let then = self.zoned(at);
        let form = if then.year() == self.today().year() { "%A %-d %B" } else { "%A %-d %B %Y" };
        self.say(at, then.strftime(form).to_string(), false)
    }

    /// How long ago, while that is easy to grasp; then as [`Look::moment`].
    pub fn ago(&self, at: impl Borrow<Timestamp>) -> Moment {
        let at = *at.borrow();
        let seconds = self.now.duration_since(at).as_secs();
        let words = match seconds {
            i64::MIN..=4 => "just now".to_owned(),
            5..=59 => format!("{seconds} s ago"),
            60..=3599 => format!("{} min ago", seconds / 60),
            3600..=21_599 => format!("{} h ago", seconds / 3600),
            _ => return self.moment(at),
        };
        self.say(at, words, true)
    }

    /// A text of the site as a sentence, its times in UTC said in the site's zone.
    pub fn said(&self, text: impl AsRef<str>) -> String {
        words::sentence(&self.local(text))
    }

    /// A text of the site, its times in UTC said in the site's zone.
    pub fn local(&self, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        let mut said = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(end) = rest.find(" UTC") {
            let (before, after) = rest.split_at(end);
            match self.utc_at_the_end(before) {
                Some((start, words)) => said.extend([before.get(..start).unwrap_or_default(), &words]),
                None => said.extend([before, " UTC"]),
            }
            rest = after.strip_prefix(" UTC").unwrap_or_default();
        }
        said.push_str(rest);
        said.split(' ').map(|word| self.of_word(word)).collect::<Vec<_>>().join(" ")
    }

    /// A word of a text; one that is a time by RFC 3339 is said in the site's zone.
    fn of_word(&self, word: &str) -> String {
        let bare = word.trim_end_matches([',', ';', '.', ')']);
        match bare.parse::<Timestamp>() {
            Ok(at) if bare.ends_with('Z') => format!("{}{}", self.moment(at).words, word.strip_prefix(bare).unwrap_or_default()),
            _ => word.to_owned(),
        }
    }

    /// The time with which `text` ends ("2026-11-24 21:13" or with seconds): where it begins, and how it is said here.
    fn utc_at_the_end(&self, text: &str) -> Option<(usize, String)> {
        [(19, "%F %H:%M:%S"), (16, "%F %H:%M")].into_iter().find_map(|(length, form)| {
            let start = text.len().checked_sub(length)?;
            let time = DateTime::strptime(form, text.get(start..)?).ok()?;
            let at = TimeZone::UTC.to_timestamp(time).ok()?;
            Some((start, self.moment(at).words))
        })
    }

    fn say(&self, at: Timestamp, words: String, running: bool) -> Moment {
        let full = self.zoned(at).strftime("%A %-d %B %Y, %H:%M:%S %Z").to_string();
        Moment { iso: at.to_string(), full, words, running }
    }

    /// A device's state in a list: what keeps it from speaking comes before where it is.
    pub fn presence(&self, row: &DeviceRow) -> Chip {
        match row.presence {
            _ if row.note.starts_with("quarantined") => Chip::stop("Quarantined"),
            _ if row.note.starts_with("revoked") => Chip::rest("Revoked"),
            presence => words::presence(presence),
        }
    }

    /// A borrower's name and id; the id alone when the roster has no name.
    pub fn person(&self, id: &rollcall_site::PersonId) -> String {
        self.site.persons.get(id).map_or_else(|| id.to_string(), |person| format!("{} ({id})", person.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_sites_zone_and_short() {
        let now: Timestamp = "2026-11-23T16:00:00Z".parse().unwrap();
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let look = Look { site: Arc::default(), heard: Arc::default(), now, zone };
        let check = |at: &str, moment: &str, ago: &str| {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!((look.moment(at).words.as_str(), look.ago(at).words.as_str()), (moment, ago), "{at}");
        };
        check("2026-11-23T15:59:48Z", "07:59", "12 s ago");
        check("2026-11-23T15:20:00Z", "07:20", "40 min ago");
        check("2026-11-23T12:10:00Z", "04:10", "3 h ago");
        check("2026-11-22T23:40:00Z", "yesterday 15:40", "yesterday 15:40");
        check("2026-11-20T23:40:00Z", "Fri 15:40", "Fri 15:40");
        check("2026-11-11T20:00:00Z", "11 Nov", "11 Nov");
        assert_eq!(
            look.said("last heard 2026-11-23 15:21:47 UTC, list of 2026-11-20 23:40 UTC; odd 2026-13-01 99:99 UTC"),
            "Last heard 07:21, list of Fri 15:40; odd 2026-13-01 99:99 UTC."
        );
        assert_eq!(look.said("good until 2026-11-24T21:35:58.943301596Z; no more"), "Good until tomorrow 13:35; no more.");
        check("2024-09-02T20:00:00Z", "2 Sep 2024", "2 Sep 2024");
    }
}
