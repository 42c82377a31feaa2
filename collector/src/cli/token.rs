//! `rollcall token …`: lets machines in.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use std::net::IpAddr;

/// Let machines in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall token new                                      one machine, within 7 days
  rollcall token new --room \"Lab 1\" --count 30 --expires 2d
  rollcall token list")]
pub struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token; prints the line to paste on the other machine
    New {
        /// The room that the machines go to
        #[arg(long, value_name = "ROOM")]
        room: Option<String>,
        /// How many machines it lets in
        #[arg(long, value_name = "N", default_value_t = 1)]
        count: u32,
        /// Until when: 30m, 12h, 7d, 2w, a day as 2026-12-01, or a time
        #[arg(long, value_name = "SPAN", default_value = "7d")]
        expires: String,
    },
    /// List the tokens; their secrets are not kept
    List,
    /// Take a token back; machines that it let in stay
    Revoke {
        /// Its number
        id: u64,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("room", "room"),
    Column::text("uses left", "uses_left"),
    Column::text("of", "uses"),
    Column::moment("made", "made_at"),
    Column::moment("ends", "expires_at"),
    Column::yes_no("revoked", "revoked"),
];

impl Ask for Token {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::New { room, count, expires } => {
                let token = client.post(&["tokens"], json!({ "room": room, "count": count, "expires": expires })).await?;
                if out.is_json() {
                    out.json(&token);
                    return Ok(Exit::Done);
                }
                let uses = field(&token, "uses").as_u64().unwrap_or(1);
                let (number, ends) = (text_at(&token, "id"), client.when(field(&token, "expires_at")));
                let machines = words::count(uses, "machine", "machines");
                out.note(&format!("token {number} lets {machines} in and ends {ends}; on each, as root:"));
                out.print(&text_at(&token, "command"));
                out.note(&after(&text_at(&token, "enroll")));
                Ok(Exit::Done)
            }
            Action::List => {
                let rows = client.get(&["tokens"], &[]).await?;
                Ok(out.rows(COLUMNS, &rows, "no tokens; make one with `rollcall token new --room ROOM --count N`"))
            }
            Action::Revoke { id } => {
                let answer = client.send(Method::DELETE, &["tokens", &id.to_string()], json!({})).await?;
                Ok(out.said(&answer, &format!("token {id} lets nobody in any more")))
            }
        }
    }
}

/// What to do on the machine once it is enrolled, and what would keep it from getting there.
fn after(enroll: &str) -> String {
    let run =
        "then start its agent: `systemctl enable --now rollcall-agent`, or by hand `rollcall-agent run --state /var/lib/rollcall-agent`";
    let host = enroll.rsplit_once(':').map_or(enroll, |(host, _)| host).trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !loopback {
        return run.to_owned();
    }
    format!(
        "{run}\n{enroll} is this machine itself: other machines can't enrol there. \
         For them, serve with --enroll and --agents on 0.0.0.0, and name the address that they reach with --reach"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_do_not_reach_is_told() {
        for (enroll, told) in [("127.0.0.1:7444", true), ("[::1]:7444", true), ("localhost:7444", true), ("10.0.0.5:7444", false)] {
            assert_eq!(after(enroll).contains("other machines can't"), told, "{enroll}");
            assert!(after(enroll).contains("rollcall-agent run"));
        }
    }
}
