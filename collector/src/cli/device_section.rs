//! One section of a machine: rows and facts for people, places and values for scripts.

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{self, Column, Style, field, text, text_at};
use crate::cli::words;
use comfy_table::Cell;
use serde_json::{Map, Value};

const PACKAGES: &[Column] = &[
    Column::text("title", "name"),
    Column::text("version", "version"),
    Column::text("architecture", "architecture").from(80),
    Column::text("source", "source").from(100),
];

/// Shows one section of a machine's page; `health` is its last reading.
///
/// # Errors
/// It has reported no such section.
pub(super) fn show(out: &Out, page: &Value, name: &str) -> Result<Exit, Failure> {
    if name == "health" {
        return Ok(health_alone(out, page));
    }
    let sections = field(page, "sections");
    let Some(section) = sections.get(name) else {
        let known: Vec<&str> = sections.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).chain(["health"]).collect();
        let detail = format!("{} has reported no section {name:?}; it has {}", text_at(page, "tag"), known.join(", "));
        return Err(Failure::Answered { status: 404, detail });
    };
    let content = field(section, "content");
    let reason = text_at(section, "not_measured");
    if out.is_json() {
        out.json(section);
    } else if let Some(packages) = content.get("packages") {
        out.rows(PACKAGES, packages, "it has no software installed");
    } else if let (Some(style), Some(fields)) = (out.terminal, content.as_object()) {
        readable(out, name, fields, style);
    } else {
        let mut facts = Vec::new();
        flatten(content, String::new(), &mut facts);
        out.facts(&facts);
    }
    if !reason.is_empty() {
        out.note(&format!("{name} could not be measured the last time: {reason}"));
    }
    Ok(if content.is_null() { Exit::Found } else { Exit::Done })
}

fn health_alone(out: &Out, page: &Value) -> Exit {
    let reading = field(page, "health");
    if out.is_json() {
        out.json(reading);
    } else {
        out.facts(&health(reading, out));
    }
    if reading.is_null() {
        out.note(&format!("{} has said nothing of its health within the last two days that it was on", text_at(page, "tag")));
        return Exit::Found;
    }
    Exit::Done
}

/// A health reading, one fact a line.
pub(super) fn health(reading: &Value, out: &Out) -> Vec<(&'static str, String)> {
    let figure = |at: &str, unit: &str| field(reading, at).as_f64().map(|figure| format!("{figure}{unit}")).unwrap_or_default();
    let busy = [figure("cpu_percent", " %"), figure("load", "")];
    let busy = match busy {
        [cpu, load] if load.is_empty() => cpu,
        [cpu, load] if cpu.is_empty() => format!("load {load}"),
        [cpu, load] => format!("{cpu}, load {load}"),
    };
    vec![
        ("fullest disk", figure("disk_percent", " % full")),
        ("memory in use", figure("memory_percent", " %")),
        ("processors busy", busy),
        ("hottest sensor", figure("temperature_celsius", " °C")),
        ("battery charge", figure("battery_percent", " %")),
        ("running for", field(reading, "uptime_s").as_u64().map(words::span).unwrap_or_default()),
        ("swap in use", figure("swap_percent", " %")),
        ("network errors", figure("network_errors", "")),
        ("disk errors", figure("disk_errors", "")),
        ("hardware errors", figure("hardware_errors", "")),
        ("memory ran out", field(reading, "out_of_memory").as_u64().map(times).unwrap_or_default()),
        ("read", table::moment(field(reading, "at")).map(|at| words::ago(at, out.now)).unwrap_or_default()),
    ]
}

fn times(count: u64) -> String {
    words::count(count, "time", "times")
}

/// Single values as facts, lists as tables; an empty list says that there is none.
fn readable(out: &Out, section: &str, fields: &Map<String, Value>, style: Style) {
    let plain = |value: &Value| !value.is_array() && !value.is_object();
    let facts = fields.iter().filter(|(_, value)| plain(value));
    out.facts(&facts.map(|(name, value)| (heading(name), worded(section, name, value))).collect::<Vec<_>>());
    for (name, value) in fields.iter().filter(|(_, value)| !plain(value)) {
        match value.as_array().map(Vec::as_slice) {
            Some([]) => out.print(&format!("no {}", heading(name))),
            Some(items) => out.print(&listed(section, items, style)),
            None => {
                let mut facts = Vec::new();
                flatten(value, name.clone(), &mut facts);
                out.facts(&facts);
            }
        }
    }
}

/// The items of a list as a table, with a column for every value that any of them has.
fn listed(section: &str, items: &[Value], style: Style) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in items.iter().filter_map(Value::as_object).flatten() {
        if !names.contains(&name.as_str()) && !worded(section, name, value).is_empty() {
            names.push(name);
        }
    }
    // What it is called comes first.
    names.sort_by_key(|name| !["slot", "name", "connector"].contains(name));
    let heads: Vec<String> = names.iter().map(|name| heading(name)).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let row = |item: &Value| names.iter().map(|name| Cell::new(worded(section, name, field(item, name)))).collect();
    table::grid(&heads, items.iter().map(row), style)
}

/// "total_bytes" as people say it: "total".
fn heading(name: &str) -> String {
    let name = if name == "bytes" { "size" } else { name.trim_end_matches("_bytes") };
    name.replace('_', " ")
}

/// A value as people say it: memory in the units that it is sold in, disks in theirs.
fn worded(section: &str, name: &str, value: &Value) -> String {
    match (value, value.as_u64()) {
        (_, Some(0)) if name.ends_with("bytes") => "empty".to_owned(),
        (_, Some(bytes)) if name.ends_with("bytes") && section == "memory" => words::memory(bytes),
        (_, Some(bytes)) if name.ends_with("bytes") => words::disk(bytes),
        (Value::Bool(yes), _) => if *yes { "yes" } else { "no" }.to_owned(),
        _ => words::harmless(&text(value)),
    }
}

/// Every value of a section with its place: `modules.1.slot`.
fn flatten(value: &Value, path: String, facts: &mut Vec<(String, String)>) {
    let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| flatten(value, under(name), facts)),
        Value::Array(values) => values.iter().enumerate().for_each(|(at, value)| flatten(value, under(&(at + 1).to_string()), facts)),
        Value::String(text) => facts.push((path, text.clone())),
        Value::Null => {}
        other => facts.push((path, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Wanted;
    use serde_json::json;

    #[test]
    fn a_section_is_flattened_with_its_places() {
        let mut facts = Vec::new();
        flatten(&json!({"modules": [{"slot": "A", "bytes": 4}]}), String::new(), &mut facts);
        assert_eq!(facts, [("modules.1.bytes".to_owned(), "4".to_owned()), ("modules.1.slot".to_owned(), "A".to_owned())]);
    }

    #[test]
    fn modules_are_rows() {
        let style = Style { width: 80, colour: false, now: "2026-11-24T18:00:00Z".parse().unwrap() };
        let modules = json!([{"bytes": 8_589_934_592_u64, "kind": "DDR4", "slot": "DIMM1", "part": ""}, {"bytes": 0, "slot": "DIMM2"}]);
        let want = "slot   size   kind\nDIMM1  8 GB   DDR4\nDIMM2  empty";
        assert_eq!(listed("memory", modules.as_array().unwrap(), style), want);
        assert_eq!(worded("storage", "bytes", &json!(500_107_862_016_u64)), "500 GB");
        assert_eq!(heading("total_bytes"), "total");
    }

    #[test]
    fn health_reads_in_units_that_people_know() {
        let out = Out::to_scripts(Wanted::Words, "2026-11-24T18:00:00Z".parse().unwrap());
        let reading = json!({"at": "2026-11-24T17:58:00Z", "disk_percent": 87.3, "load": 0.25, "uptime_s": 7_300, "cpu_percent": null});
        let facts: Vec<String> =
            health(&reading, &out).iter().filter(|(_, fact)| !fact.is_empty()).map(|(name, fact)| format!("{name}: {fact}")).collect();
        assert_eq!(facts, ["fullest disk: 87.3 % full", "processors busy: load 0.25", "running for: 2 h", "read: 2 min ago"]);
        assert_eq!(health_alone(&out, &json!({"tag": "A", "health": null})), Exit::Found);
    }
}
