//! One machine in plain words: what it is made of, what could not be measured, alerts, loan, timeline.

use crate::cli::client::Client;
use crate::cli::device_section;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, moment, text_at};
use crate::cli::words;
use rollcall_site::event::Event;
use serde_json::Value;

/// Lines of the timeline on the page.
const LATEST: u32 = 8;

/// Shows a device: all of it, one section, or its timeline.
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(client: &Client, out: &Out, name: &str, section: Option<&str>, history: Option<u32>) -> Result<Exit, Failure> {
    let page = client.get(&["devices", name], &[]).await?;
    if let Some(section) = section {
        return device_section::show(out, &page, section);
    }
    if history.is_none() && out.is_json() {
        out.json(&page);
        return Ok(Exit::Done);
    }
    let limit = history.unwrap_or(LATEST).to_string();
    let events = client.get(&["devices", name, "history"], &[("limit", Some(limit))]).await?;
    if out.is_json() {
        out.json(&events);
        return Ok(Exit::Done);
    }
    if history.is_none() {
        whole(client, out, &page);
        out.heading("Timeline");
    }
    timeline(out, &events);
    Ok(Exit::Done)
}

/// Events as lines: when, what, by whom.
pub(super) fn timeline(out: &Out, events: &Value) {
    for event in events.as_array().into_iter().flatten() {
        if let Ok(event) = serde_json::from_value::<Event>(event.clone()) {
            out.print(&event_line(out, &event));
        }
    }
}

/// One event as a line.
pub(super) fn event_line(out: &Out, event: &Event) -> String {
    let (text, by) = (words::harmless(&event.text), words::harmless(&event.actor.words()));
    match out.terminal {
        // Who acts in the text is not named again.
        Some(style) if text.starts_with(&by) => format!("{:>11}  {text}", words::ago(event.at, style.now)),
        Some(style) => format!("{:>11}  {text} ({by})", words::ago(event.at, style.now)),
        None => format!("{}\t{}\t{}\t{text}\t{by}", event.seq, event.at, event.kind),
    }
}

fn whole(client: &Client, out: &Out, page: &Value) {
    let at = |name| text_at(page, name);
    let presence = at("presence");
    let since = moment(field(page, "since")).map(|since| format!(" since {}", words::ago(since, out.now).trim_end_matches(" ago")));
    let note = if at("note").is_empty() { String::new() } else { format!(" ({})", at("note")) };
    out.line(&at("tag"), &format!("  {}{}", at("name"), if field(page, "simulated") == true { "  (simulated)" } else { "" }));
    out.line(&presence, &format!("{}{note}", since.unwrap_or_default()));
    out.facts(&[("room", place(page)), ("on loan to", on_loan(page, client)), ("last report", age(page, "last_report", out))]);
    out.heading("Hardware");
    out.facts(&hardware(field(page, "sections")));
    if !field(page, "health").is_null() {
        out.heading("Health");
        out.facts(&device_section::health(field(page, "health"), out));
    }
    let unmeasured = not_measured(field(page, "sections"));
    if !unmeasured.is_empty() {
        out.heading("Not measured");
        out.facts(&unmeasured);
    }
    let alerts = field(page, "open_alerts");
    if alerts.as_array().is_some_and(|alerts| !alerts.is_empty()) {
        out.heading("Alerts");
        for alert in alerts.as_array().into_iter().flatten() {
            let words = format!("  #{} {}: {}", text_at(alert, "id"), text_at(alert, "title"), text_at(alert, "remedy"));
            out.line(&text_at(alert, "severity"), &words);
        }
    }
}

fn place(page: &Value) -> String {
    match (text_at(page, "room"), text_at(page, "seat")) {
        (room, seat) if !seat.is_empty() => format!("{room}, seat {seat}"),
        (room, _) if room.is_empty() => "none yet; give it one with `rollcall device move`".to_owned(),
        (room, _) => room,
    }
}

fn on_loan(page: &Value, client: &Client) -> String {
    let loan = field(page, "loan");
    let due = client.when(field(loan, "due"));
    let due = if due.is_empty() { String::new() } else { format!(", due {due}") };
    if loan.is_null() { String::new() } else { format!("{} {}{due}", text_at(loan, "person"), text_at(loan, "person_name")) }
}

fn age(page: &Value, at: &str, out: &Out) -> String {
    moment(field(page, at)).map_or_else(|| "none yet".to_owned(), |at| words::ago(at, out.now))
}

/// What it is made of, one fact a line.
fn hardware(sections: &Value) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut say = |name: &str, fact: String| facts.push((name.to_owned(), fact));
    let content = |name: &str| field(field(sections, name), "content");
    let system = content("system");
    say("machine", joined(&[text_at(system, "manufacturer"), text_at(system, "model")], " "));
    say("serial", text_at(system, "serial"));
    say(
        "firmware",
        joined(&[text_at(system, "firmware_vendor"), text_at(system, "firmware_version"), text_at(system, "firmware_date")], " "),
    );
    let os = content("os");
    say("system", joined(&[text_at(os, "pretty"), prefixed("kernel ", &text_at(os, "kernel"))], ", "));
    for processor in items(content("processors"), "processors") {
        let many = |at, one, many| field(processor, at).as_u64().filter(|n| *n > 0).map(|n| words::count(n, one, many)).unwrap_or_default();
        let (cores, threads) = (many("cores", "core", "cores"), many("threads", "thread", "threads"));
        say("processor", joined(&[text_at(processor, "model"), cores, threads], ", "));
    }
    let memory = content("memory");
    say("memory", size(memory, "total_bytes", words::memory));
    for module in items(memory, "modules") {
        let empty = field(module, "bytes").as_u64() == Some(0);
        let holds = joined(
            &[size(module, "bytes", words::memory), text_at(module, "kind"), text_at(module, "manufacturer"), text_at(module, "part")],
            " ",
        );
        say(&format!("  {}", text_at(module, "slot")), if empty { "empty".to_owned() } else { holds });
    }
    for disk in items(content("storage"), "disks") {
        let words = [
            size(disk, "bytes", words::disk),
            text_at(disk, "model"),
            text_at(disk, "medium"),
            prefixed("serial ", &text_at(disk, "serial")),
        ];
        say(&format!("disk {}", text_at(disk, "name")), joined(&words, " "));
    }
    for interface in items(content("network"), "interfaces") {
        let words = [text_at(interface, "mac"), text_at(interface, "kind"), text_at(interface, "driver")];
        say(&format!("network {}", text_at(interface, "name")), joined(&words, " "));
    }
    for battery in items(content("battery"), "batteries") {
        say(&format!("battery {}", text_at(battery, "name")), battery_words(battery));
    }
    for display in items(content("displays"), "displays") {
        let words = [text_at(display, "manufacturer"), text_at(display, "model"), prefixed("serial ", &text_at(display, "serial"))];
        say(&format!("display {}", text_at(display, "connector")), joined(&words, " "));
    }
    if let Some(packages) = field(content("software"), "packages").as_array() {
        say("software", format!("{}; `--section software` lists them", words::count(packages.len(), "package", "packages")));
    }
    facts
}

fn battery_words(battery: &Value) -> String {
    let capacity = |at| field(battery, at).as_u64().filter(|mwh| *mwh > 0);
    let health =
        capacity("design_mwh").zip(capacity("full_mwh")).map(|(design, full)| format!("holds {} % of its design", full * 100 / design));
    let cycles = field(battery, "cycles").as_u64().filter(|cycles| *cycles > 0).map(|cycles| words::count(cycles, "cycle", "cycles"));
    joined(&[health.unwrap_or_default(), cycles.unwrap_or_default(), text_at(battery, "model")], ", ")
}

/// What could not be measured, with the reason.
fn not_measured(sections: &Value) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    for (name, section) in sections.as_object().into_iter().flatten() {
        let known = if field(section, "content").is_null() { "" } else { " (what is shown was read before)" };
        let reason = text_at(section, "not_measured");
        facts.push((name.clone(), if reason.is_empty() { reason } else { format!("{reason}{known}") }));
        facts.extend(items(section, "problems").map(|problem| (name.clone(), words::harmless(problem.as_str().unwrap_or_default()))));
    }
    facts.retain(|(_, fact)| !fact.is_empty());
    facts
}

fn items<'a>(value: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    field(value, at).as_array().into_iter().flatten()
}

fn size(value: &Value, at: &str, words: fn(u64) -> String) -> String {
    field(value, at).as_u64().filter(|count| *count > 0).map(words).unwrap_or_default()
}

fn joined(parts: &[String], between: &str) -> String {
    parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{prefix}{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts(sections: Value) -> Vec<String> {
        hardware(&sections).into_iter().filter(|(_, fact)| !fact.is_empty()).map(|(name, fact)| format!("{name}: {fact}")).collect()
    }

    #[test]
    fn hardware_reads_like_a_label() {
        let sections = json!({
            "system": {"content": {"manufacturer": "Dell Inc.", "model": "OptiPlex 7090", "serial": "7XK2"}},
            "memory": {"content": {"total_bytes": 16_655_921_152_u64, "modules": [
                {"slot": "DIMM1", "bytes": 17_179_869_184_u64, "kind": "DDR4"}, {"slot": "DIMM2", "bytes": 0}]}},
            "battery": {"content": {"batteries": [{"name": "BAT0", "design_mwh": 50_000, "full_mwh": 41_000, "cycles": 212}]}},
            "software": {"content": {"packages": [{"name": "vlc"}]}},
        });
        let want = [
            "machine: Dell Inc. OptiPlex 7090",
            "serial: 7XK2",
            "memory: 16 GB",
            "  DIMM1: 16 GB DDR4",
            "  DIMM2: empty",
            "battery BAT0: holds 82 % of its design, 212 cycles",
            "software: 1 package; `--section software` lists them",
        ];
        assert_eq!(facts(sections), want);
    }

    #[test]
    fn absent_and_unreadable_are_told_apart() {
        let sections = json!({
            "memory": {"content": null, "not_measured": "needs root"},
            "network": {"content": {"interfaces": []}, "problems": ["eth0: no address"]},
        });
        let want = [("memory".to_owned(), "needs root".to_owned()), ("network".to_owned(), "eth0: no address".to_owned())];
        assert_eq!(not_measured(&sections), want);
    }
}
