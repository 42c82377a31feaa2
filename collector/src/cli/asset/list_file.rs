//! Lists of assets from a file and into one.

use crate::cli::client::Client;
use crate::cli::csv_file;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::progress::{advance, bar};
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use crate::cli::words;
use crate::csv_file::{Row, Wrong};
use crate::imports::LARGEST;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often it is asked how far a list is.
const PAUSE: Duration = Duration::from_millis(150);
/// Most lines of a plan on a terminal.
const MOST_LINES: usize = 25;

/// A list of assets, and how it is taken in.
#[derive(Debug, Args)]
#[command(after_help = "Lists that are known by their heading:
  Rollcall's own    tag, and any of accessories, bought, funding, kind, life_months, maker, model, name, notes, part_of, price,
                    room, seat, serial, status, vendor, warranty_until, and custom.ANYTHING
  Snipe-IT          Asset Tag …: what its importer takes, and its custom report
  Google Admin      deviceId, serialNumber …: the list of Chrome devices

An asset is found by its tag, else by its serial number. Empty cells change nothing. Rows that say who has an asset make no loans
unless --loans is given, and then only for people of the roster.")]
pub(super) struct Import {
    /// The file
    file: PathBuf,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Show what it would do, and stop there
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Make the rooms that are named and not there
    #[arg(long)]
    add_rooms: bool,
    /// What has no tag, and is not known by its serial number, gets that for a tag
    #[arg(long)]
    tag_from_serial: bool,
    /// Take over loans to people of the roster
    #[arg(long)]
    loans: bool,
    /// Keep a column that is not known as a field of your own; no names of people
    #[arg(long, value_name = "COLUMN")]
    keep: Vec<String>,
    /// Leave a column out
    #[arg(long, value_name = "COLUMN")]
    without: Vec<String>,
}

const STEPS: &[Column] =
    &[Column::text("line", "line"), Column::text("tag", "tag"), Column::text("what", "what"), Column::text("changes", "said")];

impl Import {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let file = self.file.as_path();
        let options = json!({
            "add_rooms": self.add_rooms, "tag_from_serial": self.tag_from_serial, "loans": self.loans, "keep": self.keep, "without": self.without
        });
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let query = [("file", Some(name)), ("options", Some(options.to_string()))];
        let begun = client
            .upload(&["imports"], &query, csv_file::bytes(file, LARGEST as u64)?)
            .await
            .map_err(|failure| failure.of(file.display()))?;
        let id = text_at(&begun, "id");
        let planned = wait(client, out, &id, "read").await?;
        let plan = planned_of(&planned, file)?;
        if self.dry_run {
            show(out, &plan, file);
            out.note(&would(&plan, file));
            return Ok(Exit::Done);
        }
        if !self.yes {
            show(out, &plan, file);
            csv_file::confirm(out, &would(&plan, file))?;
        } else if !out.is_json() {
            notes(out, &plan, file);
        }
        client.post(&["imports", &id, "accept"], json!({})).await.map_err(|failure| failure.of(file.display()))?;
        let done = wait(client, out, &id, "taken in").await?;
        match text_at(&done, "state").as_str() {
            "done" => {
                let [added, changed, same, loans] = ["added", "changed", "same", "loans"].map(|name| field(&done, name));
                let left_out = field(&plan, "left_out");
                let report = json!({
                    "file": file, "added": added, "changed": changed, "same": same, "loans": loans, "left_out": left_out,
                });
                let loans = if number_at(&done, "loans") > 0 {
                    format!(", {}", count_at(&done, "loans", "loan made", "loans made"))
                } else {
                    String::new()
                };
                let (changed, same) = (number_at(&done, "changed"), number_at(&done, "same"));
                Ok(out.said(
                    &report,
                    &format!("{} added, {changed} changed, {same} as before{loans}", count_at(&done, "added", "asset", "assets")),
                ))
            }
            "planned" => Err(Failure::Refused(format!(
                "{}: the inventory has changed since, and it would do something else now; nothing was imported: look at it again",
                file.display()
            ))),
            _ => Err(failed(&done, file)),
        }
    }
}

/// Waits until a list is read or taken in, with a bar on a terminal.
async fn wait(client: &Client, out: &Out, id: &str, word: &str) -> Result<Value, Failure> {
    let bar = bar(out, &format!("{{pos}} of about {{len}} lines {word}, {{eta}} to go"));
    loop {
        let far = client.get(&["imports", id], &[]).await?;
        if !matches!(text_at(&far, "state").as_str(), "reading" | "taking") {
            bar.finish_and_clear();
            return Ok(far);
        }
        advance(&bar, &far);
        tokio::time::sleep(PAUSE).await;
    }
}

/// The plan of a list that was read; or what is wrong in it, by line.
fn planned_of(far: &Value, file: &Path) -> Result<Value, Failure> {
    if text_at(far, "state") != "planned" {
        return Err(failed(far, file));
    }
    let count = number_at(far, "wrong_count");
    if count == 0 {
        return Ok(far.clone());
    }
    let wrong: Vec<Wrong> = field(far, "wrong").as_array().into_iter().flatten().map(wrong_of).collect();
    let mut told: Vec<String> = wrong.iter().take(20).map(ToString::to_string).collect();
    let more = count.saturating_sub(told.len() as u64);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    Err(csv_file::refuse(file, &told))
}

fn wrong_of(value: &Value) -> Wrong {
    let column = Some(text_at(value, "column")).filter(|column| !column.is_empty());
    Wrong { line: field(value, "line").as_u64(), column, text: text_at(value, "text") }
}

fn failed(far: &Value, file: &Path) -> Failure {
    csv_file::refuse(file, &[text_at(far, "problem")])
}

fn would(plan: &Value, file: &Path) -> String {
    let (changed, same) = (number_at(plan, "changed"), number_at(plan, "same"));
    let added = count_at(plan, "added", "asset", "assets");
    format!("{} would add {added}, change {changed}, leave {same} as they are", file.display())
}

/// Shows a plan: line by line, and what is to be known of it.
fn show(out: &Out, plan: &Value, file: &Path) {
    if out.is_json() {
        out.json(plan);
        return;
    }
    let mut steps = field(plan, "steps").as_array().cloned().unwrap_or_default();
    let all = number_at(plan, "added") + number_at(plan, "changed");
    if out.terminal.is_some() {
        steps.truncate(MOST_LINES);
    }
    for step in &mut steps {
        let changes = field(step, "changes").as_array().into_iter().flatten();
        let is_new = step["what"] == "add";
        let say = |change: &Value| match (text_at(change, "fact"), text_at(change, "before"), text_at(change, "after")) {
            (fact, _, after) if is_new => format!("{fact} {after}"),
            (fact, before, after) => format!("{fact}: {} → {}", or_none(before), or_none(after)),
        };
        let said: Vec<String> = changes.filter(|change| change["fact"] != "tag" || !is_new).map(say).collect();
        step["said"] = said.join("; ").into();
    }
    let shown = steps.len() as u64;
    if !steps.is_empty() {
        out.rows(STEPS, &Value::Array(steps), "");
    }
    if all > shown {
        out.note(&format!("and {} more lines that do something", all - shown));
    }
    notes(out, plan, file);
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

/// What is to be known of a list beside what it does.
fn notes(out: &Out, plan: &Value, file: &Path) {
    let list = |at: &str| field(plan, at).as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let file = file.display();
    out.note(&format!("{file}: a list of {}, {}", text_at(plan, "format"), count_at(plan, "rows", "row", "rows")));
    if let Some(read_as) = field(plan, "read_as").as_str() {
        out.note(&format!("{file}: read as {read_as}: look whether its accents are right, or save it as \"CSV UTF-8\""));
    }
    for (at, text) in [("left_out", "columns that are left out (--keep NAME keeps one)"), ("rooms", "rooms that are made")] {
        let names = list(at);
        if !names.is_empty() {
            out.note(&format!("{file}: {text}: {names}"));
        }
    }
    if number_at(plan, "no_room") > 0 {
        let rows = count_at(plan, "no_room", "row is", "rows are");
        out.note(&format!(
            "{file}: {rows} in places that are no rooms here, kept as the field location: {} (--add-rooms makes them)",
            list("places")
        ));
    }
    loans(out, plan, &file.to_string());
}

fn loans(out: &Out, plan: &Value, file: &str) {
    if number_at(plan, "lent") == 0 {
        return;
    }
    let (lent, made, not) = (count_at(plan, "lent", "row says", "rows say"), number_at(plan, "loans"), number_at(plan, "discrepancies"));
    if made + not == 0 {
        out.note(&format!("{file}: {lent} who has the asset; that makes no loans without --loans"));
        return;
    }
    out.note(&format!("{file}: {lent} who has the asset: {made} loans are made, {not} are not"));
    for one in field(plan, "unlent").as_array().into_iter().flatten().take(10) {
        out.note(&format!("  line {}, {}: {}", number_at(one, "line"), text_at(one, "tag"), text_at(one, "why")));
    }
}

/// Where all assets are written.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file to write; - for standard output
    #[arg(default_value = "-")]
    file: PathBuf,
}

impl Export {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let bytes = client.fetch(&["assets", "export"], &[]).await?;
        if self.file == Path::new("-") && out.is_json() {
            let sheet = csv_file::parse(&bytes).map_err(Failure::Unreachable)?;
            let rows: Vec<Map<String, Value>> = sheet.rows.iter().map(|row| facts(row, &sheet.columns)).collect();
            out.json(&json!(rows));
            return Ok(Exit::Done);
        }
        if self.file == Path::new("-") {
            out.print(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').trim_end());
            return Ok(Exit::Done);
        }
        std::fs::write(&self.file, &bytes).map_err(|error| Failure::here(self.file.display(), &error))?;
        let report = json!({ "file": self.file, "bytes": bytes.len() });
        Ok(out
            .said(&report, &format!("{}: {}; `rollcall asset import` reads it back", self.file.display(), words::disk(bytes.len() as u64))))
    }
}

/// What is said of one asset, by column.
fn facts(row: &Row, columns: &[String]) -> Map<String, Value> {
    row.filled(columns).map(|(column, value)| (column.to_owned(), value.into())).collect()
}
