//! `rollcall reserve …`: what is kept for somebody.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// Keep an asset, or so many of a kind, for somebody.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall reserve add T12 --tag PRJ-3 --from \"tomorrow period 1\" --until \"tomorrow period 2\"
  rollcall reserve add T12 --count 10 --kind laptop --room \"Cart A\" --from 2026-12-01 --until 2026-12-03 --class \"Biology 3\"
  rollcall reserve list
  rollcall reserve cancel 4

More than there are is never reserved. What is reserved is lent to nobody else without a reason.")]
pub struct Reserve {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Reserve
    Add {
        /// For whom, by id
        person: String,
        /// This asset
        #[arg(long, required_unless_present = "kind", conflicts_with_all = ["kind", "count", "room"])]
        tag: Option<String>,
        /// How many
        #[arg(long, requires = "kind")]
        count: Option<u16>,
        /// Of this kind
        #[arg(long)]
        kind: Option<String>,
        /// That belongs in this room or cart; default: anywhere
        #[arg(long)]
        room: Option<String>,
        /// The class that it is for: whoever is in it may fetch it
        #[arg(long)]
        class: Option<String>,
        /// From when: a day, "period 3", "tomorrow period 1", 2h; default: now
        #[arg(long, value_name = "WHEN")]
        from: Option<String>,
        /// Until when: the same
        #[arg(long, value_name = "WHEN")]
        until: String,
    },
    /// Cancel one
    Cancel {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
    },
    /// List what is reserved
    List {
        /// Those that are over too
        #[arg(long)]
        all: bool,
        /// Of this person
        #[arg(long)]
        person: Option<String>,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("what", "what"),
    Column::text("to fetch", "left").from(80),
    Column::text("name", "person_name"),
    Column::text("person", "person").from(100),
    Column::text("class", "class").from(90),
    Column::moment("from", "from"),
    Column::moment("until", "until"),
    Column::state("state", "standing"),
    Column::text("by", "by").from(120),
];

impl Ask for Reserve {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Add { person, tag, count, kind, room, class, from, until } => {
                let body = json!({
                    "tag": tag, "count": count, "kind": kind, "room": room, "person": person, "class": class, "from": from, "until": until,
                });
                let row = client.post(&["reservations"], body).await?;
                let (at, when) = (|name| text_at(&row, name), |name| client.when(field(&row, name)));
                let words =
                    format!("reservation {}: {} for {} from {} to {}", at("id"), at("what"), at("person"), when("from"), when("until"));
                Ok(out.said(&row, &words))
            }
            Action::Cancel { id } => {
                let row = client.send(Method::DELETE, &["reservations", &id.to_string()], json!({})).await?;
                Ok(out.said(&row, &format!("reservation {id} is cancelled: {} is free again", text_at(&row, "what"))))
            }
            Action::List { all, person } => {
                let query = [("all", all.then(|| "true".to_owned())), ("person", person)];
                let rows = client.get(&["reservations"], &query).await?;
                Ok(out.rows(COLUMNS, &rows, "nothing is reserved; reserve with `rollcall reserve add PERSON --tag TAG --until WHEN`"))
            }
        }
    }
}
