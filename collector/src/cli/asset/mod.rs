//! `rollcall asset …`: anything with a tag.

mod facts;
mod list_file;

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use facts::Facts;
use reqwest::Method;
use serde_json::{Value, json};

/// Anything with a tag, with or without an agent.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall asset accept LAB1-07                its parts are right as they are now
  rollcall asset add PRJ-003 --kind projector --maker Epson --room \"Lab 1\"
  rollcall asset set LAP-042 --status in-repair
  rollcall asset move LAP-042 \"Library\"
  rollcall asset import inventory.csv          shows what it would do, and asks; Snipe-IT's and Google Admin's lists too
  rollcall asset export assets.csv
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
    Import(list_file::Import),
    /// Write all assets to a CSV file that imports back as the same
    Export(list_file::Export),
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
            Action::Import(import) => import.run(client, out).await,
            Action::Export(export) => export.run(client, out).await,
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

fn facts(row: &Value) -> Vec<(&'static str, String)> {
    let names = ["tag", "kind", "name", "maker", "model", "serial", "room", "seat", "status", "presence", "on_loan_to", "device", "id"];
    names.into_iter().map(|name| (name, text_at(row, name))).collect()
}
