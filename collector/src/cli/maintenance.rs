//! `rollcall maintenance …`: times in which nobody is told.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// Times in which nobody is told of what happens to a room, an asset, or the whole site.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall maintenance start --room \"Lab 1\" --for 2h --reason \"new switch\"
  rollcall maintenance start --tag LAB1-017 --for 5d --reason \"board is being replaced\"
  rollcall maintenance start --from 2026-12-20 --for 2026-12-31 --reason \"the building has no power\"
  rollcall maintenance list
  rollcall maintenance end 3

What still holds when the window ends is told then.")]
pub struct Maintenance {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Open a window, now or later; of the whole site unless a room or a tag is named
    Start {
        /// Of everything in this room
        #[arg(long, conflicts_with = "tag")]
        room: Option<String>,
        /// Of this asset
        #[arg(long)]
        tag: Option<String>,
        /// From when: 2h from now, a day as 2026-12-01, or a time; default: now
        #[arg(long, value_name = "MOMENT")]
        from: Option<String>,
        /// How long from now, or until when: 2h, 5d, a day as 2026-12-01, or a time
        #[arg(long = "for", visible_alias = "until", value_name = "SPAN")]
        until: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// End a window before its time, or take back one to come
    End {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
    },
    /// List the windows of the last 30 days and those to come
    List,
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("of", "what"),
    Column::state("state", "state"),
    Column::moment("from", "from"),
    Column::moment("until", "until"),
    Column::text("why", "reason"),
    Column::text("by", "by").from(100),
];

impl Ask for Maintenance {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Start { room, tag, from, until, reason } => {
                let body = json!({ "room": room, "tag": tag, "from": from, "until": until, "reason": reason });
                let window = client.post(&["maintenance"], body).await?;
                let (at, when) = (|name| text_at(&window, name), |name| client.when(field(&window, name)));
                let words =
                    format!("maintenance {} of {}: nobody is told from {} to {}", at("id"), at("what"), when("from"), when("until"));
                Ok(out.said(&window, &words))
            }
            Action::End { id } => {
                let window = client.send(Method::DELETE, &["maintenance", &id.to_string()], json!({})).await?;
                Ok(out.said(&window, &format!("maintenance {id} is over: what still holds is told when it has settled")))
            }
            Action::List => {
                let rows = client.get(&["maintenance"], &[]).await?;
                Ok(out.rows(COLUMNS, &rows, "no maintenance: people are told of everything"))
            }
        }
    }
}
