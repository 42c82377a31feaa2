//! Health over time on a device's page: a chart of each measure for a day, a month or a year, and the same as a table.

use crate::desk::Desk;
use crate::desk::chart::{Axis, Chart, Tick};
use crate::desk::look::{Look, Moment};
use crate::desk::measure::{self, Measure};
use crate::desk::trouble::Trouble;
use crate::store::{Range, Reading};
use jiff::SignedDuration;
use rollcall_proto::v1::HealthDetail;
use rollcall_site::DeviceId;
use rollcall_site::words::span;

/// The ranges to choose from, as they stand in the address, with their words.
const RANGES: &[(Range, &str, &str)] = &[(Range::Day, "day", "Day"), (Range::Month, "month", "Month"), (Range::Year, "year", "Year")];

/// Parts of one kind.
pub(super) struct Part {
    /// What they are.
    pub title: &'static str,
    /// Each, with what it says.
    pub lines: Vec<(String, String)>,
}

/// Health over time.
pub(super) struct Health {
    /// What is drawn.
    pub charts: Vec<Chart>,
    /// What is not measured, in words; empty: all is.
    pub not_measured: String,
    /// How long nothing was measured, in words; empty: no gap.
    pub gaps: String,
    /// The times that the axis names.
    pub ticks: Vec<Tick>,
    /// The same as a table: heads and rows.
    pub heads: Vec<String>,
    /// The parts behind the last detailed reading, by kind, and when it came; `None`: it is not connected, or told none yet.
    pub parts: Option<(Moment, Vec<Part>)>,
    /// Its rows: when, then a cell a measure.
    pub rows: Vec<(String, Vec<String>)>,
    range: Range,
}

impl Health {
    /// Reads and draws the range that the address names.
    pub(super) fn of(desk: &Desk, look: &Look, device: DeviceId, asked: &str) -> Result<Self, Trouble> {
        let range = RANGES.iter().find(|(_, name, _)| *name == asked).map_or(Range::Day, |(range, ..)| *range);
        let readings = desk.collector.keeper.store().readings(device, range, look.now)?;
        let parts = desk.collector.roll.detail(device).map(|(at, detail)| (look.ago(at), parts(&detail)));
        Ok(Self { parts, ..Self::draw(look, range, &readings) })
    }

    fn draw(look: &Look, range: Range, readings: &[Reading]) -> Self {
        let axis = Axis { range, until: look.now };
        let measures = measure::DRAWN.iter().filter_map(|name| measure::named(name));
        let (charts, without): (Vec<Chart>, Vec<Chart>) =
            measures.map(|measure| Chart::of(measure, readings, axis)).partition(|chart| chart.extent.is_some());
        let measured: Vec<&Measure> = charts.iter().map(|chart| chart.measure).collect();
        let missing: Vec<String> = without.iter().map(|chart| chart.measure.title.to_lowercase()).collect();
        Self {
            not_measured: if charts.is_empty() { String::new() } else { missing.join(", ") },
            gaps: gaps(range, readings),
            ticks: axis.ticks(look),
            heads: measured.iter().map(|measure| measure.title.to_owned()).collect(),
            parts: None,
            rows: rows(look, range, readings, &measured),
            charts,
            range,
        }
    }

    /// The ranges: address, word, whether it is this one.
    pub(super) fn ranges(&self) -> Vec<(&'static str, &'static str, bool)> {
        RANGES.iter().map(|(range, name, word)| (*name, *word, *range == self.range)).collect()
    }

    /// The range in a sentence.
    pub(super) fn span(&self) -> &'static str {
        match self.range {
            Range::Hour => "the last hour",
            Range::Day => "the last 24 hours",
            Range::Month => "the last 30 days",
            Range::Year => "the last year",
        }
    }
}

/// The parts behind a reading by kind; a kind that has none is left out.
fn parts(detail: &HealthDetail) -> Vec<Part> {
    let percent = |permille: u32| format!("{} %", (permille + 5) / 10);
    let load = |centi: Option<u32>| centi.map(|centi| format!("{}.{:02}", centi / 100, centi % 100));
    let loads = [("5 minutes", detail.load_5_centi), ("15 minutes", detail.load_15_centi)];
    let turns = |rpm: u32| if rpm == 0 { "stands still".to_owned() } else { format!("{rpm} turns a minute") };
    let celsius = |decidegrees: i32| format!("{:.1} °C", f64::from(decidegrees) / 10.0);
    let parts = [
        Part {
            title: "Processor threads",
            lines: detail.core_permille.iter().enumerate().map(|(number, busy)| ((number + 1).to_string(), percent(*busy))).collect(),
        },
        Part { title: "Load", lines: loads.into_iter().filter_map(|(name, value)| Some((name.to_owned(), load(value)?))).collect() },
        Part {
            title: "File systems",
            lines: detail.file_systems.iter().map(|used| (used.mount.clone(), percent(used.permille))).collect(),
        },
        Part { title: "Temperatures", lines: detail.temperatures.iter().map(|s| (s.name.clone(), celsius(s.decidegrees))).collect() },
        Part { title: "Fans", lines: detail.fans.iter().map(|fan| (fan.name.clone(), turns(fan.rpm))).collect() },
    ];
    parts.into_iter().filter(|part| !part.lines.is_empty()).collect()
}

/// For how long of the range nothing was measured; nothing to say when it is less than a step or two.
fn gaps(range: Range, readings: &[Reading]) -> String {
    let steps = range.length().as_secs() / range.step().as_secs();
    let missing = steps.saturating_sub(i64::try_from(readings.len()).unwrap_or(i64::MAX));
    if missing <= 2 { String::new() } else { span(SignedDuration::from_secs(missing * range.step().as_secs())) }
}

/// A line an hour, a day or a month: the mean, and least and most where they differ.
fn rows(look: &Look, range: Range, readings: &[Reading], measures: &[&Measure]) -> Vec<(String, Vec<String>)> {
    let form = match range {
        Range::Hour => "%H:%M",
        Range::Day => "%a %H:00",
        Range::Month => "%a %-d %b",
        Range::Year => "%B %Y",
    };
    let word = |reading: &Reading| look.zoned(reading.at).strftime(form).to_string();
    let groups = readings.chunk_by(|a, b| word(a) == word(b));
    let cells = |group: &[Reading]| measures.iter().map(|measure| cell(measure, group)).collect();
    groups.filter_map(|group| Some((word(group.first()?), cells(group)))).collect()
}

fn cell(measure: &Measure, group: &[Reading]) -> String {
    let spreads: Vec<_> = group.iter().filter_map(|reading| reading.values.get(&measure.field)).collect();
    let sum: i128 = spreads.iter().map(|spread| i128::from(spread.mean)).sum();
    let mean = sum.checked_div(spreads.len() as i128).and_then(|mean| i64::try_from(mean).ok());
    let Some(mean) = mean else { return "not measured".to_owned() };
    let say = |value: i64| measure.words(measure.value(value));
    let (least, most) = (spreads.iter().map(|spread| spread.min).min(), spreads.iter().map(|spread| spread.max).max());
    match (least.map(say), most.map(say)) {
        (Some(least), Some(most)) if least != most => format!("{} ({least} to {most})", say(mean)),
        _ => say(mean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Spread;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    #[test]
    fn what_is_not_there_is_said() {
        let now: Timestamp = "2026-11-23T16:00:00Z".parse().unwrap();
        let look = Look { site: Arc::default(), heard: Arc::default(), now, zone: TimeZone::UTC };
        let reading = |step: i64, cpu: i64| Reading {
            at: now - SignedDuration::from_mins(5 * step),
            values: BTreeMap::from([(2, Spread { mean: cpu, min: cpu, max: cpu }), (3, Spread { mean: 500, min: 500, max: 500 })]),
        };
        let readings: Vec<Reading> = (1..=144).rev().map(|step| reading(step, step)).collect();
        let health = Health::draw(&look, Range::Day, &readings);
        assert_eq!(health.gaps, "12 h");
        assert_eq!(health.not_measured, "fullest disk, temperature, load, battery charge");
        assert_eq!(health.heads, ["Processor", "Memory"]);
        assert_eq!(health.rows.len(), 12);
        assert_eq!(health.rows[0], ("Mon 04:00".to_owned(), vec!["14 % (13 % to 14 %)".to_owned(), "50 %".to_owned()]));
        let nothing = Health::draw(&look, Range::Year, &[]);
        assert_eq!((nothing.charts.len(), nothing.not_measured.as_str(), nothing.span()), (0, "", "the last year"));
    }
}
