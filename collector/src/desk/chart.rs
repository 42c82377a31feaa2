//! A chart of one measure as paths and ticks: where there is no reading there is no line. The template draws it without any inline style.

use super::look::Look;
use super::measure::Measure;
use crate::store::{Range, Reading, Spread};
use jiff::civil::Weekday;
use jiff::{Span, Timestamp, ZonedDateTime};
use std::fmt::Write;

/// Width of the drawing, in its own units.
const WIDTH: f64 = 1000.0;
/// Height of the drawing, in its own units.
const HEIGHT: f64 = 100.0;

/// A chart.
pub struct Chart {
    /// What it shows.
    pub measure: &'static Measure,
    /// The last value, if it is fresh.
    pub now: Option<String>,
    /// Least and most in words; `None`: not measured.
    pub extent: Option<String>,
    /// The path of the means.
    pub line: String,
    /// The path around least and most, empty when they are one.
    pub band: String,
    /// The top, the middle and the bottom of the scale.
    pub scale: [String; 3],
}

/// A time on the axis.
#[derive(Debug, PartialEq, Eq)]
pub struct Tick {
    /// Where, "12.5%".
    pub at: String,
    /// The time as it is said at the site.
    pub word: String,
}

/// A stretch of time on the axis.
#[derive(Clone, Copy)]
pub struct Axis {
    /// How long, and in which steps.
    pub range: Range,
    /// Its end.
    pub until: Timestamp,
}

impl Axis {
    /// Where a time stands, 0 to 1.
    fn place(self, at: Timestamp) -> f64 {
        at.duration_since(self.range.since(self.until)).as_secs_f64() / self.range.length().as_secs_f64()
    }

    /// Readings that follow each other without a gap.
    fn stretches(self, points: &[(Timestamp, Spread)]) -> Vec<&[(Timestamp, Spread)]> {
        // By the minute and by five one reading may come a little late; longer steps are only empty when nothing came.
        let steps = if matches!(self.range, Range::Hour | Range::Day) { 2 } else { 1 };
        let near = self.range.step() * steps;
        points.chunk_by(|a, b| b.0.duration_since(a.0) <= near).collect()
    }

    /// The times that the axis names.
    pub fn ticks(self, look: &Look) -> Vec<Tick> {
        let since = look.zoned(self.range.since(self.until));
        let steps = (0..=self.count()).filter_map(|number| self.candidate(&since, number));
        let named = steps.filter_map(|at| Some((self.place(at.timestamp()), self.word(&at)?)));
        let inside = named.filter(|(place, _)| (0.03..=0.97).contains(place));
        inside.map(|(place, word)| Tick { at: format!("{:.2}%", place * 100.0), word }).collect()
    }

    fn count(self) -> i64 {
        match self.range {
            Range::Hour => 60,
            Range::Day => 25,
            Range::Month => 31,
            Range::Year => 12,
        }
    }

    /// The full minute, hour, day or month after the beginning that has this number.
    fn candidate(self, since: &ZonedDateTime, number: i64) -> Option<ZonedDateTime> {
        let time = since.datetime();
        let time = match self.range {
            Range::Hour => time.with().second(0).subsec_nanosecond(0).build().ok()?.checked_add(Span::new().minutes(number)),
            Range::Day => time.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?.checked_add(Span::new().hours(number)),
            Range::Month => time.date().at(0, 0, 0, 0).checked_add(Span::new().days(number)),
            Range::Year => time.date().first_of_month().at(0, 0, 0, 0).checked_add(Span::new().months(number)),
        };
        time.ok()?.to_zoned_datetime(since.time_zone().clone()).ok()
    }

    fn word(self, at: &ZonedDateTime) -> Option<String> {
        let form = match self.range {
            Range::Hour if at.minute() % 15 == 0 => "%H:%M",
            Range::Day if at.hour() == 0 => "%a",
            Range::Day if at.hour() % 6 == 0 => "%H:%M",
            Range::Month if at.weekday() == Weekday::Monday => "%-d %b",
            Range::Year if at.month() % 2 == 1 => "%b",
            _ => return None,
        };
        Some(at.strftime(form).to_string())
    }
}

impl Chart {
    /// Draws a measure.
    pub fn of(measure: &'static Measure, readings: &[Reading], axis: Axis) -> Self {
        let points: Vec<(Timestamp, Spread)> =
            readings.iter().filter_map(|reading| Some((reading.at, *reading.values.get(&measure.field)?))).collect();
        let least = points.iter().map(|(_, spread)| measure.value(spread.min)).reduce(f64::min);
        let most = points.iter().map(|(_, spread)| measure.value(spread.max)).reduce(f64::max);
        let (low, high) = bounds(measure, least.unwrap_or(0.0), most.unwrap_or(0.0));
        let fresh = |at: Timestamp| axis.until.duration_since(at) < axis.range.step() * 2;
        let last = points.last().filter(|(at, _)| fresh(*at) && matches!(axis.range, Range::Hour | Range::Day));
        let height = |value: i64| HEIGHT * (1.0 - (measure.value(value) - low) / (high - low));
        let mut drawn = Self {
            measure,
            now: last.map(|(_, spread)| measure.words(measure.value(spread.mean))),
            extent: least.zip(most).map(|(least, most)| match (measure.words(least), measure.words(most)) {
                (least, most) if least == most => format!("always {least}"),
                (least, most) => format!("{least} to {most}"),
            }),
            line: String::new(),
            band: String::new(),
            scale: [high, f64::midpoint(low, high), low].map(|value| scale(value, measure.unit)),
        };
        for stretch in axis.stretches(&points) {
            drawn.draw(stretch, axis, height);
        }
        drawn
    }

    /// Adds one stretch without a gap to the paths; a reading reaches over the whole of its step.
    fn draw(&mut self, stretch: &[(Timestamp, Spread)], axis: Axis, height: impl Fn(i64) -> f64) {
        let x = |at: Timestamp| axis.place(at).clamp(0.0, 1.0) * WIDTH;
        let Some((end, last)) = stretch.last().map(|(at, spread)| (*at + axis.range.step(), *spread)) else { return };
        let points = || stretch.iter().copied().chain([(end, last)]);
        let path = |out: &mut String, value: &dyn Fn(Spread) -> i64| {
            for (number, (at, spread)) in points().enumerate() {
                let move_or_line = if number == 0 { 'M' } else { 'L' };
                write!(out, "{move_or_line}{:.1} {:.1}", x(at), height(value(spread))).unwrap_or_default();
            }
        };
        path(&mut self.line, &|spread| spread.mean);
        if stretch.iter().any(|(_, spread)| spread.min != spread.max) {
            path(&mut self.band, &|spread| spread.max);
            for (at, spread) in points().collect::<Vec<_>>().into_iter().rev() {
                write!(self.band, "L{:.1} {:.1}", x(at), height(spread.min)).unwrap_or_default();
            }
            self.band.push('Z');
        }
    }
}

/// The ends of the scale: all of a percentage, else round numbers around what was measured.
fn bounds(measure: &Measure, least: f64, most: f64) -> (f64, f64) {
    if measure.unit == "%" {
        return (0.0, 100.0);
    }
    let round = if measure.unit.is_empty() { 1.0 } else { 10.0 };
    let low = if measure.unit.is_empty() { 0.0 } else { (least / round).floor() * round };
    let high = (most / round).ceil() * round;
    (low, if high - low < 2.0 * round { low + 2.0 * round } else { high })
}

fn scale(value: f64, unit: &str) -> String {
    let number = if value.fract().abs() < 0.01 { format!("{value:.0}") } else { format!("{value:.1}") };
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::measure::named;
    use jiff::SignedDuration;
    use jiff::tz::TimeZone;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn until() -> Timestamp {
        "2026-11-23T16:00:00Z".parse().unwrap()
    }

    fn reading(minutes_ago: i64, field: u32, [min, mean, max]: [i64; 3]) -> Reading {
        let at = until() - SignedDuration::from_mins(minutes_ago);
        Reading { at, values: BTreeMap::from([(field, Spread { mean, min, max })]) }
    }

    fn chart(name: &str, readings: &[Reading]) -> Chart {
        Chart::of(named(name).unwrap(), readings, Axis { range: Range::Day, until: until() })
    }

    #[test]
    fn a_gap_stays_a_gap_and_a_lonely_reading_is_seen() {
        let cpu = |minutes_ago, value| reading(minutes_ago, 2, [value; 3]);
        let chart = chart("cpu", &[cpu(720, 0), cpu(715, 500), cpu(5, 1000)]);
        assert_eq!(chart.line, "M500.0 100.0L503.5 50.0L506.9 50.0M996.5 0.0L1000.0 0.0");
        assert_eq!((chart.band.as_str(), chart.now.as_deref()), ("", Some("100 %")));
        assert_eq!(chart.extent.as_deref(), Some("0 % to 100 %"));
        assert_eq!(chart.scale, ["100 %", "50 %", "0 %"]);
    }

    #[test]
    fn least_and_most_are_a_band_and_the_scale_is_round() {
        let chart = chart("temperature", &[reading(10, 5, [412, 430, 595])]);
        assert_eq!(chart.scale, ["60 °C", "50 °C", "40 °C"]);
        assert_eq!(chart.band, "M993.1 2.5L996.5 2.5L996.5 94.0L993.1 94.0Z");
        assert_eq!(chart.now, None, "ten minutes old");
        assert_eq!(self::chart("load", &[reading(5, 6, [0; 3])]).scale, ["2", "1", "0"]);
    }

    #[test]
    fn nothing_measured_draws_nothing() {
        let chart = chart("battery", &[reading(5, 2, [1; 3])]);
        assert_eq!((chart.line.as_str(), chart.extent), ("", None));
    }

    #[test]
    fn the_axis_names_times_of_the_site() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let look = Look { site: Arc::default(), heard: Arc::default(), now: until(), zone };
        let words = |range| {
            let ticks = Axis { range, until: until() }.ticks(&look);
            ticks.into_iter().map(|tick| tick.word).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words(Range::Hour), "07:15 07:30 07:45");
        assert_eq!(words(Range::Day), "12:00 18:00 Mon 06:00");
        assert_eq!(words(Range::Month), "26 Oct 2 Nov 9 Nov 16 Nov");
        assert_eq!(words(Range::Year), "Jan Mar May Jul Sep Nov");
        assert_eq!(Axis { range: Range::Day, until: until() }.ticks(&look)[0].at, "16.67%");
    }
}
