//! `rollcall key …`: API keys, for scripts and for this command from other machines.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use crate::cli::words::ROLES;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// API keys, for scripts and for this command from other machines.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall key new \"Maria's laptop\" --role technician
  rollcall key new \"library kiosk\" --role technician --only loans,assets:read      loans, and looking up assets; nothing else
  rollcall devices --desk https://collector:8443 --key rk1.…      on the other machine

A key trusts this collector's desk alone, so that nothing else needs to be set up.")]
pub struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key; it is shown once
    New {
        /// What it is for
        name: String,
        /// What it may do
        #[arg(long, value_parser = ROLES)]
        role: String,
        /// Until when: 90d, 52w, or a time; default: no end
        #[arg(long, value_name = "SPAN")]
        expires: Option<String>,
        /// Limit it to some nouns of the interface, each to change or, with `:read`, to look only; default: all that its role may
        #[arg(long, value_name = "NOUN[:read],…", value_delimiter = ',')]
        only: Option<Vec<String>>,
    },
    /// List the keys; their secrets are not kept
    List,
    /// Take a key back
    Revoke {
        /// Its number
        id: u64,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("name", "name"),
    Column::text("role", "role"),
    Column::text("only", "only"),
    Column::moment("made", "made_at"),
    Column::moment("ends", "expires_at"),
];

impl Ask for Key {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::New { name, role, expires, only } => {
                let key = client.post(&["keys"], json!({ "name": name, "role": role, "expires": expires, "only": only })).await?;
                if out.is_json() {
                    out.json(&key);
                } else {
                    out.note("it is shown only now; put it in ~/.config/rollcall/key on the machine that uses it:");
                    out.print(&text_at(&key, "key"));
                }
                Ok(Exit::Done)
            }
            Action::List => {
                let rows = client.get(&["keys"], &[]).await?;
                Ok(out.rows(COLUMNS, &rows, "no keys; make one with `rollcall key new NAME --role ROLE`"))
            }
            Action::Revoke { id } => {
                let answer = client.send(Method::DELETE, &["keys", &id.to_string()], json!({})).await?;
                Ok(out.said(&answer, &format!("key {id} opens nothing any more")))
            }
        }
    }
}
