//! Lists that say they are alphabetical are, and the lists that every reader looks for are there.

use crate::tree::{File, check, files, hold};

/// The lists by which the house grows: one file and one line each.
const LISTS: [&str; 7] = ["CHANNELS", "KINDS", "PROBES", "REASONS", "RULES", "SCENARIOS", "SECTIONS"];

/// One list of the code: its name, what its comment says, its entries.
struct List {
    name: String,
    comment: String,
    entries: Vec<String>,
}

fn lists(file: &File) -> Vec<List> {
    let mut comment = String::new();
    let mut found = Vec::new();
    let mut lines = file.text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            comment.push_str(text);
        } else if let Some((head, first)) =
            line.split_once(" = &[").or_else(|| line.split_once(" = [")).filter(|(head, _)| head.contains("const "))
        {
            let mut body = first.to_owned();
            while !body.trim_end().ends_with("];") {
                let Some(next) = lines.next() else { break };
                body.push_str(next.trim());
                body.push('\n');
            }
            let name = head.split("const ").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default().to_owned();
            found.push(List { name, comment: std::mem::take(&mut comment), entries: entries(&body) });
        } else if !line.starts_with("#[") {
            comment.clear();
        }
    }
    found
}

/// What each entry is sorted by: its first literal, or the path of its constant.
fn entries(body: &str) -> Vec<String> {
    let body = body.trim_end().trim_end_matches("];");
    let key = |entry: &str| match entry.split('"').nth(1) {
        Some(literal) => literal.to_owned(),
        None => entry.trim().to_owned(),
    };
    let split = if body.contains('\n') && body.contains("},") { body.split('\n') } else { body.split('\u{0}') };
    let parts = split.flat_map(|part| if part.contains('{') { vec![part] } else { part.split(',').collect() });
    parts.map(key).filter(|entry| !entry.is_empty() && !entry.starts_with("//") && entry != "}").collect()
}

#[test]
fn a_list_that_says_it_is_alphabetical_is() {
    let mut looked_at = 0;
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        for list in lists(file).into_iter().filter(|list| list.comment.contains("lphabetical")) {
            looked_at += 1;
            if let Some(pair) = list.entries.windows(2).find(|pair| pair[0] >= pair[1]) {
                wrong.push(format!("{}: {} has {:?} before {:?}", file.path, list.name, pair[0], pair[1]));
            }
        }
    }
    hold(looked_at, &wrong);
}

#[test]
fn the_lists_of_the_house_are_there_and_say_that_they_are_alphabetical() {
    let texts = files();
    let says = |name: &str| {
        let head = format!("pub const {name}: &[");
        texts.iter().any(|file| {
            let place = file.text.find(&head);
            place.is_some_and(|place| file.text[..place].lines().rev().take(4).any(|line| line.contains("lphabetical")))
        })
    };
    let wrong: Vec<String> = LISTS
        .iter()
        .filter(|name| !says(name))
        .map(|name| format!("{name}: no such list, or it does not say that it is alphabetical"))
        .collect();
    hold(LISTS.len(), &wrong);
    assert!(rollcall_proto::SECTIONS.is_sorted());
    assert!(rollcall_site::event::KINDS.is_sorted());
}

#[test]
fn every_event_that_the_code_makes_is_in_the_list() {
    check(
        |file| file.path.starts_with("collector/") && file.is_rust(),
        |file| {
            // `w.event("kind", …)`, also when the call is broken over lines.
            let after = file.text.match_indices("w.event(").map(|(place, open)| file.text[place + open.len()..].trim_start());
            let kinds = after.filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
            kinds
                .filter(|kind| !rollcall_site::event::KINDS.contains(kind))
                .map(|kind| format!("{}: {kind:?} is not in the list of events", file.path))
                .collect()
        },
    );
}
