//! `rollcall asset …`: anything with a tag.

mod facts;

use crate::cli::client::Client;
use crate::cli::csv_file::{self, Sheet};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use facts::Facts;
use reqwest::Method;
use rollcall_site::asset::FACTS;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Anything with a tag, with or without an agent.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall asset accept LAB1-07                its parts are right as they are now
  rollcall asset add PRJ-003 --kind projector --maker Epson --room \"Lab 1\"
  rollcall asset set LAP-042 --status in-repair
  rollcall asset move LAP-042 \"Library\"
  rollcall asset import inventory.csv          shows what it would do, and asks; --yes does it. Columns:
                                               tag, kind, name, maker, model, serial, room, seat, status
  rollcall asset retire OLD-007")]
pub struct Asset {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say that its parts are right as they are now: what it lacked of those before is no longer missed
    Accept {
        /// Its tag
        tag: String,
    },
    /// Add something that has no agent
    Add {
        /// The barcode text
        tag: String,
        #[command(flatten)]
        facts: Facts,
    },
    /// Change what is said of it
    Set {
        /// Its tag
        tag: String,
        #[command(flatten)]
        facts: Facts,
        /// Give it another tag
        #[arg(long, value_name = "TAG")]
        new_tag: Option<String>,
    },
    /// List what belongs to the site
    List {
        /// Only those of this room
        #[arg(long, value_name = "ROOM")]
        room: Option<String>,
        /// Retired ones too
        #[arg(long)]
        retired: bool,
    },
    /// Show one
    Show {
        /// Its tag
        tag: String,
    },
    /// Move it to another room and seat
    Move {
        /// Its tag
        tag: String,
        /// The room
        #[arg(required_unless_present = "nowhere", conflicts_with = "nowhere")]
        room: Option<String>,
        /// The seat there
        #[arg(long, conflicts_with = "nowhere")]
        seat: Option<String>,
        /// It belongs in no room any more
        #[arg(long)]
        nowhere: bool,
    },
    /// Add assets from a CSV file, and change those whose tag is known; a file with an error changes nothing
    Import {
        /// The file, with a heading line: tag, and any of kind, name, maker, model, serial, room, seat, status
        file: PathBuf,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// Take it out of the inventory for good; its agent may not speak any more
    Retire {
        /// Its tag
        tag: String,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("tag", "tag"),
    Column::text("kind", "kind"),
    Column::text("name", "name"),
    Column::text("maker", "maker").from(120),
    Column::text("model", "model").from(90),
    Column::text("serial", "serial").from(140),
    Column::text("room", "room"),
    Column::text("seat", "seat").from(100),
    Column::text("status", "status"),
    Column::state("presence", "presence"),
    Column::text("on loan to", "on_loan_to"),
];

const NO_ASSETS: &str =
    "no assets here. Machines with an agent come by themselves; add others with `rollcall asset add TAG --kind projector`";

impl Ask for Asset {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Accept { tag } => {
                let asset = client.post(&["assets", &tag, "accept"], json!({})).await?;
                Ok(out.said(&asset, &format!("{} is accepted with the parts that it has now", text_at(&asset, "tag"))))
            }
            Action::Add { tag, facts } => {
                let asset = client.post(&["assets"], facts.with("tag", tag)).await?;
                Ok(out.said(&asset, &format!("{} is added; print its label and put it on", text_at(&asset, "tag"))))
            }
            Action::Set { tag, facts, new_tag } => {
                let facts = match new_tag {
                    Some(new) => facts.with("tag", new),
                    None => facts.json(),
                };
                changed(client, out, &tag, facts).await
            }
            Action::Retire { tag } => changed(client, out, &tag, json!({ "status": "retired" })).await,
            Action::Import { file, yes } => import(client, out, &file, yes).await,
            Action::List { room, retired } => {
                let rows = client.get(&["assets"], &[("room", room), ("retired", retired.then(|| "true".to_owned()))]).await?;
                Ok(out.rows(COLUMNS, &rows, NO_ASSETS))
            }
            Action::Show { tag } => {
                let row = client.get(&["assets", &tag], &[]).await?;
                if out.is_json() {
                    out.json(&row);
                } else {
                    out.facts(&facts(&row));
                }
                Ok(Exit::Done)
            }
            Action::Move { tag, room, seat, nowhere: _ } => {
                let asset = client.post(&["assets", &tag, "move"], json!({ "room": room, "seat": seat })).await?;
                Ok(out.said(&asset, &moved(&asset)))
            }
        }
    }
}

async fn import(client: &Client, out: &Out, file: &Path, yes: bool) -> Result<Exit, Failure> {
    let rows = rows(&csv_file::read(file)?).map_err(|wrong| csv_file::refuse(file, &wrong))?;
    let rows = Value::Array(rows);
    let added = |answer: &Value| count_at(answer, "added", "asset", "assets");
    if !yes {
        let plan = client.post(&["assets", "plan"], rows.clone()).await.map_err(|failure| failure.of(file.display()))?;
        if let Some(unused) = unused(file, &plan) {
            out.note(&unused);
        }
        let (changed, same) = (number_at(&plan, "changed"), number_at(&plan, "same"));
        csv_file::confirm(out, &format!("{} would add {}, change {changed}, leave {same} as they are", file.display(), added(&plan)))?;
    }
    let imported = client.post(&["assets", "import"], rows).await.map_err(|failure| failure.of(file.display()))?;
    if let Some(unused) = unused(file, &imported).filter(|_| yes) {
        out.note(&unused);
    }
    let (changed, same) = (number_at(&imported, "changed"), number_at(&imported, "same"));
    Ok(out.said(&imported, &format!("{} added, {changed} changed, {same} as before", added(&imported))))
}

/// Which columns of a file were passed over, in words.
fn unused(file: &Path, answer: &Value) -> Option<String> {
    let names: Vec<&str> = field(answer, "unused").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let known = format!("known are tag, {}", FACTS.join(", "));
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{}: the column {one} is not used; {known}", file.display())),
        many => Some(format!("{}: the columns {} are not used; {known}", file.display(), many.join(", "))),
    }
}

/// Where an asset belongs now, in words.
pub(super) fn moved(asset: &Value) -> String {
    match (text_at(asset, "tag"), text_at(asset, "room"), text_at(asset, "seat")) {
        (tag, room, _) if room.is_empty() => format!("{tag} belongs in no room now"),
        (tag, room, seat) if seat.is_empty() => format!("{tag} now belongs in {room}"),
        (tag, room, seat) => format!("{tag} now belongs in {room}, seat {seat}"),
    }
}

async fn changed(client: &Client, out: &Out, tag: &str, facts: Value) -> Result<Exit, Failure> {
    if facts.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(Failure::Usage(format!(
            "nothing was said of {tag}: give --room, --seat, --status or another; `rollcall asset set --help` names them all"
        )));
    }
    let asset = client.send(Method::PATCH, &["assets", tag], facts).await?;
    let at = |name| text_at(&asset, name);
    Ok(out.said(
        &asset,
        &format!(
            "{} is now: {}, {}, {}",
            at("tag"),
            at("kind"),
            at("status").replace('-', " "),
            if at("room").is_empty() { "no room".to_owned() } else { at("room") }
        ),
    ))
}

/// The assets of a sheet; or what is wrong, by line.
fn rows(sheet: &Sheet) -> Result<Vec<Value>, Vec<String>> {
    let mut wrong = sheet.missing(&["tag"]);
    let (mut assets, mut seen) = (Vec::new(), BTreeMap::new());
    for row in &sheet.rows {
        let tag = row.get(&sheet.columns, "tag").to_uppercase();
        if tag.is_empty() {
            wrong.push(format!("line {}: no tag", row.line));
        } else if let Some(first) = seen.insert(tag.clone(), row.line) {
            wrong.push(format!("line {}: the tag {tag} stands on line {first} already", row.line));
        }
        let named = row.filled(&sheet.columns).filter(|(name, _)| !name.is_empty());
        assets.push(Value::Object(named.map(|(name, text)| (name.to_owned(), text.into())).collect()));
    }
    if wrong.is_empty() { Ok(assets) } else { Err(wrong) }
}

fn facts(row: &Value) -> Vec<(&'static str, String)> {
    let names = ["tag", "kind", "name", "maker", "model", "serial", "room", "seat", "status", "presence", "on_loan_to", "device", "id"];
    names.into_iter().map(|name| (name, text_at(row, name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_come_from_a_spreadsheet() {
        let check = |text: &str, want: Result<Value, Vec<String>>| {
            assert_eq!(rows(&csv_file::parse(text.as_bytes()).unwrap()).map(Value::Array), want, "{text}");
        };
        check("Tag;Kind;Cost;\r\nPRJ-1;projector;900;x\r\n", Ok(json!([{"tag": "PRJ-1", "kind": "projector", "cost": "900"}])));
        check("tag\nA-1\na-1\n", Err(vec!["line 3: the tag A-1 stands on line 2 already".to_owned()]));
        check("tag,room\n,Lab 1\n", Err(vec!["line 2: no tag".to_owned()]));
    }

    #[test]
    fn columns_that_are_not_used_are_named() {
        let said = unused(Path::new("a.csv"), &json!({"added": 1, "unused": ["cost", "grade"]})).unwrap();
        assert_eq!(said, format!("a.csv: the columns cost, grade are not used; known are tag, {}", FACTS.join(", ")));
        assert_eq!(unused(Path::new("a.csv"), &json!({"added": 1})), None);
    }
}
