//! `rollcall route …`: who hears of which alert, and when.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

/// Who hears of which alert, and when.
#[derive(Debug, Args)]
#[command(
    after_help = "Without any route, every channel is told everything at once. With routes, a channel is told what a route leads to it; of
several the most urgent holds. Hours are in the site's time.

Examples:
  rollcall route add nights --to mail-office --quiet 17:00-07:00 --high-at-once
  rollcall route add labs --to chat --room \"Lab 1\" --room \"Lab 2\" --least medium --days mon-fri --hours 07:30-16:00
  rollcall route add daily --to mail-principal --digest             one message every day, at 07:00
  rollcall route add boss --to mail-office --least high --escalate 15 --escalate-to mail-boss
  rollcall route test 12                                           who would hear of alert 12 now, and why"
)]
pub struct Route {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add or replace a route
    Add(Box<Add>),
    /// Remove a route
    Remove {
        /// The route
        name: String,
    },
    /// List the routes
    List,
    /// Say who would hear of an alert if it were raised now, and why
    Test {
        /// The alert's number
        alert: u64,
    },
}

/// A route as it is added.
#[derive(Debug, Args)]
struct Add {
    /// What you call it: a-z, 0-9 and -
    name: String,
    /// The channels that it leads to
    #[arg(long, required = true, value_name = "CHANNEL", value_delimiter = ',')]
    to: Vec<String>,
    /// The least severity
    #[arg(long, value_parser = ["low", "medium", "high"])]
    least: Option<String>,
    /// Only alerts of this room; may be said again
    #[arg(long = "room", value_name = "ROOM")]
    rooms: Vec<String>,
    /// Only alerts of this rule; may be said again
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,
    /// Only alerts raised on these days: mon-fri, or sat,sun
    #[arg(long, value_name = "DAYS")]
    days: Option<String>,
    /// Only alerts raised within these hours: 07:30-16:00
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,
    /// Hold alerts back within these hours, and tell what is left of them in one message when they end
    #[arg(long, value_name = "HOURS")]
    quiet: Option<String>,
    /// In quiet hours too, tell those of high severity at once
    #[arg(long, requires = "quiet")]
    high_at_once: bool,
    /// One message a day, at 07:00, in place of one an alert; also of a day on which nothing happened, with the ledger's checkpoint
    #[arg(long, conflicts_with_all = ["quiet", "escalate"])]
    digest: bool,
    /// When nobody acknowledges an alert for so many minutes …
    #[arg(long, value_name = "MINUTES", requires = "escalate_to")]
    escalate: Option<u32>,
    /// … tell this channel, once
    #[arg(long, value_name = "CHANNEL", requires = "escalate")]
    escalate_to: Option<String>,
}

impl Add {
    fn facts(self) -> Value {
        let high = if self.high_at_once { "at-once" } else { "held" };
        json!({
            "to": self.to,
            "least": self.least,
            "rooms": self.rooms,
            "rules": self.rules,
            "days": self.days,
            "hours": self.hours,
            "told": if self.digest { "digest" } else { "at-once" },
            "quiet": self.quiet.map(|hours| json!({ "hours": hours, "high": high })),
            "escalate": self.escalate.map(|minutes| json!({ "after_min": minutes, "to": self.escalate_to })),
        })
    }
}

const COLUMNS: &[Column] = &[
    Column::text("route", "name"),
    Column::text("to", "to"),
    Column::text("least", "least"),
    Column::text("rooms", "rooms"),
    Column::text("rules", "rules").from(140),
    Column::text("days", "days").from(110),
    Column::text("hours", "hours").from(110),
    Column::text("told", "told"),
    Column::text("quiet", "quiet.hours"),
    Column::text("after min", "escalate.after_min"),
    Column::text("then", "escalate.to"),
];

const ANSWERS: &[Column] = &[
    Column::text("channel", "channel"),
    Column::text("route", "route"),
    Column::text("told", "told"),
    Column::moment("when", "at"),
    Column::text("why", "why"),
];

impl Ask for Route {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Add(add) => {
                let name = add.name.clone();
                let route = client.send(Method::PUT, &["routes", &name], add.facts()).await?;
                Ok(out.said(&route, &format!("{name} leads to {}", text_at(&route, "to"))))
            }
            Action::Remove { name } => {
                let answer = client.send(Method::DELETE, &["routes", &name], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} is removed")))
            }
            Action::List => {
                let rows = client.get(&["routes"], &[]).await?;
                let empty = "no routes: every channel is told everything at once. Add one with `rollcall route add NAME --to CHANNEL`";
                Ok(out.rows(COLUMNS, &rows, empty))
            }
            Action::Test { alert } => {
                let answers = client.get(&["routes", "test"], &[("alert", Some(alert.to_string()))]).await?;
                Ok(out.rows(ANSWERS, &answers, "no channels: nobody elsewhere hears of it. Set one with `rollcall channel set`"))
            }
        }
    }
}
