//! `rollcall devices`, `rollcall device …`: the enrolled machines.

use crate::cli::asset;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use crate::cli::{device_health, device_page};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// The enrolled machines.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall devices                              all of them
  rollcall devices --room \"Lab 1\" --presence silent
  rollcall devices --search optiplex            tag, name, model, serial or MAC contains it
  rollcall devices --json | jq -r '.[].tag'")]
pub struct Devices {
    /// Only those of this room
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Only those that are so now
    #[arg(long, value_name = "STATE", value_parser = ["here", "late", "silent", "asleep", "away", "resting", "retired"])]
    presence: Option<String>,
    /// Only those whose tag, name, model, serial, MAC or borrower's id contains this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

/// The columns of `devices`.
const DEVICES: &[Column] = &[
    Column::text("tag", "tag"),
    Column::text("name", "name"),
    Column::text("room", "room"),
    Column::text("seat", "seat").from(110),
    Column::state("presence", "presence"),
    Column::moment("since", "since"),
    Column::text("note", "note").from(130),
    Column::text("model", "model").from(90),
    Column::text("serial", "serial").from(150),
    Column::text("os", "os").from(120),
    Column::memory("memory", "memory_bytes").from(100),
    Column::text("alerts", "alerts"),
    Column::text("on loan to", "on_loan_to").from(150),
    Column::moment("last report", "last_report").from(170),
    Column::mark("simulated", "simulated"),
];

const NO_DEVICES: &str = "no machine fits. To let one in: `rollcall token new`, then paste the line that it prints on the machine";

impl Ask for Devices {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let query = [("room", self.room), ("presence", self.presence), ("search", self.search)];
        let rows = client.get(&["devices"], &query).await?;
        let empty = match &query {
            [room, (_, None), (_, Some(text))] if rows.as_array().is_some_and(Vec::is_empty) => {
                let gone = [room.clone(), ("presence", Some("retired".to_owned())), ("search", Some(text.clone()))];
                no_device(text, &client.get(&["devices"], &gone).await?)
            }
            _ => NO_DEVICES.to_owned(),
        };
        Ok(out.rows(DEVICES, &rows, &empty))
    }
}

/// Nothing in service fits a search; what has gone may.
fn no_device(text: &str, gone: &Value) -> String {
    let tags: Vec<String> = gone.as_array().into_iter().flatten().map(|row| text_at(row, "tag")).collect();
    match tags.as_slice() {
        [] => NO_DEVICES.to_owned(),
        [tag] => format!("no machine in service fits {text:?}; {tag} does, and is retired or revoked: `rollcall device {tag}` shows it"),
        tags => {
            let first = tags.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
            let ask = format!("`rollcall devices --presence retired --search {text:?}`");
            format!(
                "no machine in service fits {text:?}; {} that are retired or revoked do, {first} among them: {ask} lists them",
                tags.len()
            )
        }
    }
}

/// One machine: hardware, software, alerts, timeline; or ask something of it.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions",
    after_help = "Examples:
  rollcall device LAB1-017                     by tag, name, serial or MAC
  rollcall device LAB1-017 --section software  its installed software
  rollcall device LAB1-017 --history 100       its timeline
  rollcall device LAB1-017 --health month      processor, memory, disk, temperature over 30 days
  rollcall device rescan LAB1-017              have it re-read everything now
  rollcall device -- rescan                    a machine that is called like an action"
)]
pub struct Device {
    #[command(subcommand)]
    action: Option<Action>,
    /// Its tag, name, serial, MAC or id
    #[arg(required = true, value_name = "NAME|TAG|SERIAL|MAC")]
    name: Option<String>,
    /// Only this section: system, os, processors, memory, storage, network, battery, displays, software, health …
    #[arg(long, value_name = "SECTION", conflicts_with = "history")]
    section: Option<String>,
    /// Only its timeline, newest first
    #[arg(long, value_name = "LINES", num_args = 0..=1, default_missing_value = "50")]
    history: Option<u32>,
    /// Only what it measured of itself: over an hour, a day, a month or a year
    #[arg(long, value_name = "RANGE", num_args = 0..=1, default_missing_value = "day", conflicts_with_all = ["section", "history"],
        value_parser = ["hour", "day", "month", "year"])]
    health: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Have it re-read its hardware and software now
    Rescan {
        /// Its tag, name, serial or MAC
        name: String,
        /// Only this section; may be given several times
        #[arg(long = "section", value_name = "SECTION")]
        sections: Vec<String>,
    },
    /// Take its certificate back: it may not speak any more
    Revoke {
        /// Its tag, name, serial or MAC
        name: String,
    },
    /// Move it to another room and seat
    Move {
        /// Its tag, name, serial or MAC
        name: String,
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
    /// Allow the next enrolment with its tag to take its place, for an hour
    Rebind {
        /// Its tag, name, serial or MAC
        name: String,
    },
}

impl Ask for Device {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match (self.action, self.name) {
            (Some(action), _) => action.run(client, out).await,
            (None, Some(name)) if self.health.is_some() => {
                device_health::show(client, out, &name, self.health.as_deref().unwrap_or("day")).await
            }
            (None, Some(name)) => device_page::show(client, out, &name, self.section.as_deref(), self.history).await,
            (None, None) => Err(Failure::Usage("which device? Give its tag, name, serial or MAC".to_owned())),
        }
    }
}

impl Action {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self {
            Self::Rescan { name, sections } => {
                let page = client.wait(&["devices", &name, "rescan"], json!({ "sections": sections })).await?;
                let tag = text_at(&page, "tag");
                Ok(out.said(&page, &format!("{tag} has re-read everything asked; its last change is in `rollcall device {tag} --history`")))
            }
            Self::Revoke { name } => {
                let answer = client.post(&["devices", &name, "revoke"], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} is revoked; to let the machine in again, enrol it with a new token")))
            }
            Self::Move { name, room, seat, nowhere: _ } => {
                let asset = client.post(&["devices", &name, "move"], json!({ "room": room, "seat": seat })).await?;
                Ok(out.said(&asset, &asset::moved(&asset)))
            }
            Self::Rebind { name } => {
                let answer = client.post(&["devices", &name, "rebind"], json!({})).await?;
                let tag = text_at(&answer, "tag");
                Ok(out.said(&answer, &format!("for an hour, a machine that enrols with --tag {tag} takes its place")))
            }
        }
    }
}
