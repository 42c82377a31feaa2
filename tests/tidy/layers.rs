//! Layers point down: site <- store, keeper <- services <- doors <- main; agent and collector never see each other.

use crate::tree::{File, check, files, hold, lines_with, top};

/// The collector's modules from the bottom up. A module names only those of its own row or of rows before it.
const ROWS: &[&[&str]] = &[
    &["backoff", "calendar_file", "clock", "csv_file", "paper", "secrets", "settings", "store", "tickets", "tls"],
    &["asset_file", "keeper", "label"],
    &["agents/pauses", "agents/roll", "imports"],
    &["collector"],
    &["backups", "diagnoses", "erasure", "metrics", "notify", "reminders", "requisition", "restore", "sweeps", "upkeep"],
    &["feeds"],
    &["agents", "cli", "desk"],
    &["fuzz", "serve"],
    &["cli/serve"],
    &["lib", "main"],
];

/// The row of a module path such as "agents/roll/live": the longest entry that begins it.
fn row(module: &str) -> Option<usize> {
    let fits = |entry: &str| module == entry || module.strip_prefix(entry).is_some_and(|rest| rest.starts_with('/'));
    let entries = ROWS.iter().enumerate().flat_map(|(row, entries)| entries.iter().map(move |entry| (*entry, row)));
    entries.filter(|(entry, _)| fits(entry)).max_by_key(|(entry, _)| entry.len()).map(|(_, row)| row)
}

fn module(file: &File) -> Option<&str> {
    let inside = file.path.strip_prefix("collector/src/")?.trim_end_matches(".rs");
    Some(inside.trim_end_matches("/mod"))
}

/// The modules that a line names by `crate::`, as paths; "Collector" is the one name of the crate's root.
fn named(line: &str) -> Vec<String> {
    let path = |rest: &str| {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let parts: Vec<&str> = rest[..end].split("::").filter(|part| !part.is_empty()).collect();
        if parts == ["Collector"] { "collector".to_owned() } else { parts.join("/") }
    };
    let after = line.match_indices("crate::").map(|(place, word)| &line[place + word.len()..]);
    let each = after.flat_map(|rest| match rest.strip_prefix('{') {
        Some(group) => group.split(['{', '}', ',']).collect(),
        None => vec![rest],
    });
    each.map(|name| path(name.trim())).filter(|path| !path.is_empty()).collect()
}

#[test]
fn names_of_modules_are_read_from_a_line() {
    assert_eq!(named("use crate::store::{Store, folder};"), ["store"]);
    assert_eq!(named("use crate::{Collector, desk::pages, keeper};"), ["collector", "desk/pages", "keeper"]);
    assert!(row("agents/roll") < row("agents/attend") && row("store/ledger/frame") == row("store"));
}

#[test]
fn modules_of_the_collector_point_down() {
    check(
        |file| module(file).is_some_and(|module| !module.split('/').any(|part| part == "tests")) && file.is_rust(),
        |file| {
            let inside = module(file).unwrap_or_default();
            let Some(own) = row(inside) else { return vec![format!("{}: no row of the layers names it", file.path)] };
            lines_with(file, |line| {
                let up = named(line).into_iter().find(|name| row(name).is_some_and(|other| other > own))?;
                Some(format!("{inside} is below {up} and must not name it"))
            })
        },
    );
}

#[test]
fn the_site_knows_no_clock_disk_socket_or_task() {
    let absent = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::time::Instant",
        "SystemTime",
        "Timestamp::now",
        "tokio",
        "reqwest",
        "println!",
    ];
    check(
        |file| file.path.starts_with("collector/site/src/") && file.is_rust(),
        |file| {
            lines_with(file, |line| {
                absent.iter().find(|word| line.contains(*word)).map(|word| format!("{word}: pass the answer in instead"))
            })
        },
    );
}

#[test]
fn packages_see_only_those_below_them() {
    let below = [
        ("proto", vec![]),
        ("collector/site", vec!["rollcall-proto"]),
        ("agent", vec!["rollcall-proto"]),
        ("collector/document", vec![]),
        ("collector", vec!["rollcall-document", "rollcall-proto", "rollcall-site"]),
        ("tests", vec!["rollcall", "rollcall-agent", "rollcall-proto", "rollcall-site"]),
    ];
    let mut wrong = Vec::new();
    for (package, allowed) in &below {
        let text = std::fs::read_to_string(top().join(package).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names = manifest.get(table).and_then(|table| table.as_table()).into_iter().flat_map(|table| table.keys());
            let ours = names.filter(|name| name.starts_with("rollcall") && !allowed.contains(&name.as_str()));
            wrong.extend(ours.map(|name| format!("{package}/Cargo.toml: {package} must not see {name}")));
        }
    }
    hold(below.len(), &wrong);
}

#[test]
fn the_site_depends_on_nothing_that_does() {
    let pure = ["blake3", "imbl", "ipnet", "jiff", "prost", "rollcall-proto", "serde", "serde_json", "thiserror", "toml", "uuid"];
    let manifest: toml::Table = toml::from_str(&std::fs::read_to_string(top().join("collector/site/Cargo.toml")).unwrap()).unwrap();
    let names: Vec<&String> = manifest["dependencies"].as_table().unwrap().keys().collect();
    let wrong: Vec<String> =
        names.iter().filter(|name| !pure.contains(&name.as_str())).map(|name| format!("rollcall-site must not need {name}")).collect();
    hold(names.len(), &wrong);
}

#[test]
fn conversation_messages_stop_at_the_doors() {
    let talk = ["FromAgent", "FromCollector", "EnrollRequest", "EnrollResponse", "v1::Hello", "v1::Welcome", "v1::Command"];
    check(
        |file| {
            // The bench of the doors plays the agents' part.
            let outside = ["collector/src/agents/", "collector/examples/door_bench/"].iter().all(|door| !file.path.starts_with(door));
            file.is_rust() && file.path.starts_with("collector/") && outside
        },
        |file| {
            lines_with(file, |line| talk.iter().find(|word| line.contains(*word)).map(|word| format!("{word} belongs to the agents' door")))
        },
    );
}

#[test]
fn the_rows_are_those_of_the_tree() {
    let inside: Vec<String> = files().iter().filter_map(|file| module(file).map(str::to_owned)).collect();
    let gone = ROWS
        .iter()
        .flat_map(|row| row.iter())
        .filter(|entry| !inside.iter().any(|module| module == *entry || module.starts_with(&format!("{entry}/"))));
    let wrong: Vec<String> = gone.map(|entry| format!("{entry}: there is no such module any more")).collect();
    hold(inside.len(), &wrong);
}
