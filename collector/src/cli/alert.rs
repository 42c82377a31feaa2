//! `rollcall alerts`, `rollcall alert …`: what needs a person.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::several::each;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// What needs a person.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall alerts                              raised and acknowledged ones, worst first
  rollcall alert ack 12                        you take care of it
  rollcall alerts --all --json

Exit codes, as of every list: 0 there are some · 1 there are none")]
pub struct Alerts {
    /// Settling, snoozed and resolved ones too, newest first
    #[arg(long)]
    all: bool,
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::state("severity", "severity"),
    Column::text("tag", "tag"),
    Column::text("device", "device").from(120),
    Column::text("room", "room").from(90),
    Column::text("what", "title"),
    Column::moment("since", "since"),
    Column::state("state", "state"),
    Column::text("told", "times").from(150),
    Column::text("try first", "remedy").from(140),
    Column::text("rule", "rule").from(180),
];

impl Ask for Alerts {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let shown = if self.all { "all" } else { "open" };
        let rows = client.get(&["alerts"], &[("shown", Some(shown.to_owned()))]).await?;
        Ok(out.rows(COLUMNS, &rows, "no alerts: nothing needs a person now"))
    }
}

/// Take care of alerts.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall alert ack 12                        you take care of it
  rollcall alert snooze 12 --for 2h            nobody hears of it until then
  rollcall alert resolve 12 13 17              they are over
  rollcall alert reopen 12                     take back what was said of it

With --json, one number gives the alert, several give a list. Those that are refused are told; the others are done.")]
pub struct Alert {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say that you take care of them
    Ack {
        /// Their numbers
        #[arg(required = true, value_name = "N")]
        ids: Vec<u64>,
    },
    /// Say that nobody wants to hear of them until then; what still holds is raised again
    Snooze {
        /// Their numbers
        #[arg(required = true, value_name = "N")]
        ids: Vec<u64>,
        /// How long: 30m, 2h, 5d, a day as 2026-12-01, or a time
        #[arg(long = "for", visible_alias = "until", value_name = "SPAN")]
        until: String,
    },
    /// Take back that they are over, put off or taken care of
    Reopen {
        /// Their numbers
        #[arg(required = true, value_name = "N")]
        ids: Vec<u64>,
    },
    /// Say that it is over; one that still holds stays quiet until it has passed once
    Resolve {
        /// Their numbers
        #[arg(required = true, value_name = "N")]
        ids: Vec<u64>,
    },
}

impl Ask for Alert {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let (ids, verb, body) = match self.action {
            Action::Ack { ids } => (ids, "acknowledge", json!({})),
            Action::Snooze { ids, until } => (ids, "snooze", json!({ "until": until })),
            Action::Reopen { ids } => (ids, "reopen", json!({})),
            Action::Resolve { ids } => (ids, "resolve", json!({})),
        };
        let ask = async |id: &str| client.post(&["alerts", id, verb], body.clone()).await;
        each(out, &ids, ask, |row| told(client, row)).await
    }
}

fn told(client: &Client, row: &Value) -> String {
    let state = match text_at(row, "state").as_str() {
        "snoozed" => format!("put off until {}", client.when(field(row, "until"))),
        state => state.to_owned(),
    };
    format!("alert {} is {state}: {}", text_at(row, "id"), text_at(row, "title"))
}
