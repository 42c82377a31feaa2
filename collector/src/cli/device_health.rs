//! `rollcall device NAME --health`: what a machine measured of itself, as lines of little bars on a terminal, as JSON elsewhere.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, moment, number_at, text_at};
use crate::cli::words;
use jiff::Timestamp;
use serde_json::Value;

/// What is shown, by its name in the answer, with the word for it.
const SHOWN: &[(&str, &str)] = &[
    ("cpu", "processor"),
    ("memory", "memory"),
    ("swap", "swap"),
    ("disk", "fullest disk"),
    ("temperature", "temperature"),
    ("load", "load"),
    ("battery", "battery"),
];
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns that stand beside the bars.
const BESIDE: u16 = 46;

/// Shows a range: "hour", "day", "month" or "year".
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(client: &Client, out: &Out, name: &str, range: &str) -> Result<Exit, Failure> {
    let health = client.get(&["devices", name, "health"], &[("range", Some(range.to_owned()))]).await?;
    let empty = field(&health, "points").as_array().is_none_or(Vec::is_empty);
    match out.terminal.filter(|_| !out.is_json()) {
        None => out.json(&health),
        Some(style) => {
            let width = usize::from(style.width.saturating_sub(BESIDE).clamp(12, 72));
            let place = |at: &str| moment(field(&health, at)).map(|at| words::ago(at, out.now)).unwrap_or_default();
            out.line(
                &text_at(&health, "tag"),
                &format!("  from {} to {}; a blank is a time without a reading", place("since"), place("until")),
            );
            out.facts(&lines(&health, width));
            let detail = field(&health, "detail");
            if !detail.is_null() {
                out.heading("Parts");
                out.facts(&parts(detail));
            }
        }
    }
    if empty {
        out.note(&format!("{name} measured nothing in the last {range}; a machine that is on measures itself every minute"));
    }
    Ok(if empty { Exit::Found } else { Exit::Done })
}

/// A line a measure: the bars, the last value, least and most.
fn lines(health: &Value, width: usize) -> Vec<(&'static str, String)> {
    let (Some(since), Some(until)) = (moment(field(health, "since")), moment(field(health, "until"))) else { return Vec::new() };
    let points: Vec<(Timestamp, &Value)> =
        field(health, "points").as_array().into_iter().flatten().filter_map(|point| Some((moment(field(point, "at"))?, point))).collect();
    let line = |(name, word): &(&'static str, &'static str)| {
        let values: Vec<(Timestamp, [f64; 3])> = points.iter().filter_map(|(at, point)| Some((*at, spread(field(point, name))?))).collect();
        let unit = text_at(field(health, "units"), name);
        let Some((_, [_, last, _])) = values.last() else { return (*word, "not measured".to_owned()) };
        let least = values.iter().map(|(_, [least, ..])| *least).fold(f64::INFINITY, f64::min);
        let most = values.iter().map(|(.., [_, _, most])| *most).fold(f64::NEG_INFINITY, f64::max);
        let top = if unit == "%" { (0.0, 100.0) } else { (least.min(0.0), most.max(1.0)) };
        let drawn = bars(&values, since, until, width, top);
        (*word, format!("{drawn}  {} last, {} to {}", say(*last, &unit), say(least, ""), say(most, &unit)))
    };
    SHOWN.iter().map(line).collect()
}

/// The parts behind the last detailed reading, one fact a line.
pub(super) fn parts(detail: &Value) -> Vec<(String, String)> {
    let items = |at| field(detail, at).as_array().into_iter().flatten();
    let number = |value: &Value, unit| value.as_f64().map(|value| say(value, unit)).unwrap_or_default();
    let cores: Vec<String> = items("core_percent").map(|core| number(core, "")).collect();
    let load: Vec<String> = ["load_5", "load_15"].into_iter().map(|at| number(field(detail, at), "")).collect();
    let mut facts = vec![
        ("processor threads".to_owned(), if cores.is_empty() { String::new() } else { format!("{} %", cores.join(", ")) }),
        ("load, 5 and 15 min".to_owned(), load.join(", ").trim_matches([',', ' ']).to_owned()),
    ];
    facts.extend(items("file_systems").map(|used| (text_at(used, "mount"), format!("{} full", number(field(used, "percent"), "%")))));
    facts.extend(items("temperatures").map(|sensor| (text_at(sensor, "name"), number(field(sensor, "celsius"), "°C"))));
    facts.extend(items("fans").map(|fan| {
        let rpm = number_at(fan, "rpm");
        (text_at(fan, "name"), if rpm == 0 { "stands still".to_owned() } else { format!("{rpm} turns a minute") })
    }));
    facts.retain(|(_, fact)| !fact.is_empty());
    facts
}

fn spread(value: &Value) -> Option<[f64; 3]> {
    let [min, mean, max] = ["min", "mean", "max"].map(|at| field(value, at).as_f64());
    Some([min?, mean?, max?])
}

fn say(value: f64, unit: &str) -> String {
    let number = if value.abs() < 10.0 && value.fract().abs() > 0.05 { format!("{value:.1}") } else { format!("{value:.0}") };
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// The means as bars over the whole range; a place without a reading is blank.
fn bars(values: &[(Timestamp, [f64; 3])], since: Timestamp, until: Timestamp, width: usize, (low, high): (f64, f64)) -> String {
    let length = until.duration_since(since).as_secs_f64().max(1.0);
    let mut sums = vec![(0.0, 0_u32); width];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short line")]
    let place = |part: f64, places: usize| ((part.clamp(0.0, 1.0) * places as f64) as usize).min(places.saturating_sub(1));
    for (at, [_, mean, _]) in values {
        if let Some((sum, count)) = sums.get_mut(place(at.duration_since(since).as_secs_f64() / length, width)) {
            (*sum, *count) = (*sum + mean, *count + 1);
        }
    }
    let bar = |(sum, count): (f64, u32)| {
        let height = (sum / f64::from(count) - low) / (high - low);
        if count == 0 { ' ' } else { BARS.get(place(height, BARS.len())).copied().unwrap_or(' ') }
    };
    sums.into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bars_show_gaps_and_values_their_unit() {
        let point = |at: &str, cpu: f64| json!({"at": at, "cpu": {"min": 0.0, "mean": cpu, "max": 99.5}});
        let health = json!({
            "since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z", "units": {"cpu": "%"},
            "points": [point("2026-11-23T00:00:00Z", 0.0), point("2026-11-23T12:00:00Z", 50.0), point("2026-11-23T23:55:00Z", 100.0)],
        });
        let lines = lines(&health, 4);
        assert_eq!(lines[0], ("processor", "▁ ▅█  100 % last, 0 to 100 %".to_owned()));
        assert_eq!(lines[1], ("memory", "not measured".to_owned()));
        assert!(self::lines(&json!({}), 10).is_empty());
    }

    #[test]
    fn the_parts_are_named_one_by_one() {
        let detail = json!({
            "core_percent": [3.0, 97.5], "load_5": 0.5, "load_15": null, "file_systems": [{"mount": "/home", "percent": 91.2}],
            "temperatures": [{"name": "coretemp Core 0", "celsius": 61.0}], "fans": [{"name": "cpu", "rpm": 0}, {"name": "case", "rpm": 900}],
        });
        let want = [
            ("processor threads", "3, 98 %"),
            ("load, 5 and 15 min", "0.5"),
            ("/home", "91 % full"),
            ("coretemp Core 0", "61 °C"),
            ("cpu", "stands still"),
            ("case", "900 turns a minute"),
        ];
        assert_eq!(parts(&detail), want.map(|(name, fact)| (name.to_owned(), fact.to_owned())));
        assert!(parts(&json!(null)).is_empty());
    }
}
