//! `rollcall ticket policy`: when tickets are due, and what an hour of work costs.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{number_at, text_at};
use clap::Args;
use reqwest::Method;
use rollcall_site::money::Money;
use serde_json::{Map, Value};

/// When tickets are due, and what an hour of work costs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall ticket policy                         as it is
  rollcall ticket policy --urgent 2 --high 8     hours of school time from the moment that it is opened
  rollcall ticket policy --labour 35.00          what an hour of work costs

School time is what `rollcall calendar hours` says, without closed days; where nothing is said, every hour counts.
Tickets that are open keep the time by which they are due.")]
pub(super) struct Policy {
    /// Hours until an urgent one is due
    #[arg(long, value_name = "HOURS")]
    urgent: Option<u32>,
    /// Hours until one of high priority is due
    #[arg(long, value_name = "HOURS")]
    high: Option<u32>,
    /// Hours until a normal one is due
    #[arg(long, value_name = "HOURS")]
    normal: Option<u32>,
    /// Hours until one of low priority is due
    #[arg(long, value_name = "HOURS")]
    low: Option<u32>,
    /// What an hour of work costs, like 35.00; 0: work is not counted in money
    #[arg(long, value_name = "AMOUNT")]
    labour: Option<String>,
}

impl Policy {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let hours = [("urgent_h", self.urgent), ("high_h", self.high), ("normal_h", self.normal), ("low_h", self.low)];
        let hours = hours.into_iter().filter_map(|(name, hours)| Some((name.to_owned(), Value::from(hours?))));
        let labour = self.labour.map(|amount| ("labour_hour".to_owned(), Value::from(amount)));
        let body: Map<String, Value> = hours.chain(labour).collect();
        let policy = if body.is_empty() {
            client.get(&["ticket-policy"], &[]).await?
        } else {
            client.send(Method::PUT, &["ticket-policy"], body.into()).await?
        };
        if out.is_json() {
            out.json(&policy);
            return Ok(Exit::Done);
        }
        let due = |name| format!("due after {} h of school time", text_at(&policy, name));
        let labour = match number_at(&policy, "labour_hour") {
            0 => "not counted in money".to_owned(),
            hundredths => format!("{} an hour", Money(hundredths)),
        };
        out.facts(&[
            ("urgent", due("urgent_h")),
            ("high", due("high_h")),
            ("normal", due("normal_h")),
            ("low", due("low_h")),
            ("work", labour),
        ]);
        Ok(Exit::Done)
    }
}
