//! `rollcall asset …`: anything with a tag.

mod facts;
mod list_file;
mod pile;
mod show;

pub(in crate::cli) use facts::kinds;

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use facts::{Facts, statuses};
use rollcall_site::asset::Method;
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
  rollcall asset set LAP-042 --price 349 --bought 2026-08-01 --accessories \"charger, case\"
  rollcall asset set HOT-009 --part-of LAP-042   the hotspot belongs to the laptop's kit
  rollcall asset show LAP-042 --history          who moved it when, from where to where
  rollcall asset tag --kind projector            labels on a pile, scan by scan
  rollcall asset retire OLD-007
  rollcall asset dispose OLD-007 --method recycled --wiped \"disk shredded, certificate 4711\"")]
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
        /// Only those of this kind
        #[arg(long, value_parser = kinds())]
        kind: Option<String>,
        /// Only those that stand so
        #[arg(long, value_parser = statuses())]
        status: Option<String>,
        /// Only those of which this is known: tag, name, maker, model, serial, vendor, notes
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those that are to get a label
        #[arg(long)]
        unlabelled: bool,
        /// Retired ones and those that are disposed of too
        #[arg(long)]
        retired: bool,
    },
    /// Show one; it is found by its earlier tags too
    Show {
        /// Its tag
        tag: String,
        /// What happened to it, so many lines: who moved, tagged or changed it, when, from what to what
        #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "50")]
        history: Option<u32>,
    },
    /// Put labels on a pile: what they all are is said once, then each scan adds the next one
    #[command(name = "tag")]
    Pile(pile::Pile),
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
    /// Take it out of use; its agent may not speak any more
    Retire {
        /// Its tag
        tag: String,
    },
    /// It is gone for good: sold, recycled, given back. Its record stays
    Dispose(Disposed),
    /// Take back one that was added by mistake, and to which nothing has happened
    TakeBack {
        /// Its tag
        tag: String,
    },
}

/// How an asset was disposed of.
#[derive(Debug, Args)]
struct Disposed {
    /// Its tag
    tag: String,
    /// Where it went
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Method::ALL.map(Method::word)))]
    method: String,
    /// When; default: today
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
    /// How its storage was wiped, or why it was not; needed for what stores people's work
    #[arg(long, value_name = "TEXT", default_value = "")]
    wiped: String,
    /// To whom, under which number
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

impl Disposed {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let Self { tag, method, on, wiped, note } = self;
        let body = json!({ "method": method, "on": on, "wiped": wiped, "note": note });
        let asset = client.post(&["assets", &tag, "dispose"], body).await?;
        let at = |name| text_at(&asset, name);
        let words = format!("{} is disposed of: {} on {}", at("tag"), at("details.disposal.method"), at("details.disposal.on"));
        Ok(out.said(&asset, &words))
    }
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
            Action::List { room, kind, status, search, unlabelled, retired } => {
                let yes = |is: bool| is.then(|| "true".to_owned());
                let flags = [("unlabelled", yes(unlabelled)), ("retired", yes(retired))];
                let query = [("room", room), ("kind", kind), ("status", status), ("search", search)];
                let query: Vec<(&str, Option<String>)> = query.into_iter().chain(flags).collect();
                let rows = client.get(&["assets"], &query).await?;
                Ok(out.rows(COLUMNS, &rows, NO_ASSETS))
            }
            Action::Show { tag, history } => show::show(client, out, &tag, history).await,
            Action::Pile(pile) => pile.run(client, out).await,
            Action::Dispose(disposed) => disposed.run(client, out).await,
            Action::TakeBack { tag } => {
                let asset = client.post(&["assets", &tag, "take-back"], json!({})).await?;
                Ok(out.said(&asset, &format!("{} is taken back: the tag is free again", text_at(&asset, "tag"))))
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
    let asset = client.send(reqwest::Method::PATCH, &["assets", tag], facts).await?;
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
