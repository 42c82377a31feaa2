//! `rollcall channel …`: where alerts go.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// Where alerts go.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall channel set webhook https://chat.school.example/hook/42
  rollcall channel test")]
pub struct Channel {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set or replace where a channel's messages go; prints the secret that signs them
    Set {
        /// The channel
        #[arg(value_parser = ["webhook"])]
        name: String,
        /// Its address
        url: String,
    },
    /// Stop telling a channel
    Remove {
        /// The channel
        name: String,
    },
    /// List the channels
    List,
    /// Send a message that says that it is a test
    Test {
        /// The channel
        #[arg(default_value = "webhook")]
        name: String,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("channel", "name"),
    Column::text("address", "url"),
    Column::text("delivered up to", "delivered"),
    Column::moment("set", "set_at"),
];

impl Ask for Channel {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Set { name, url } => {
                let answer = client.send(Method::PUT, &["channels", &name], json!({ "url": url })).await?;
                if out.is_json() {
                    out.json(&answer);
                } else {
                    out.note(&format!("{name} is told of every alert from now on, signed with this secret:"));
                    out.print(&text_at(&answer, "secret"));
                }
                Ok(Exit::Done)
            }
            Action::Remove { name } => {
                let answer = client.send(Method::DELETE, &["channels", &name], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} is told nothing any more")))
            }
            Action::Test { name } => {
                let answer = client.wait(&["channels", &name, "test"], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} has taken a test message")))
            }
            Action::List => {
                let rows = client.get(&["channels"], &[]).await?;
                Ok(out.rows(
                    COLUMNS,
                    &rows,
                    "no channels; alerts are seen at the desk only. Set one with `rollcall channel set webhook URL`",
                ))
            }
        }
    }
}
