//! `rollcall check`: may it be lent? GO, CHECK or STOP for a scanned tag.

use crate::cli::client::{Client, Query};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, text_at};
use crate::cli::way::Ask;
use clap::Args;
use rollcall_site::verdict::Awaits;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// May it be lent? GO, CHECK or STOP for a scanned tag.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall check LAP-042                       scan the tag
  rollcall check LAP-042 --for 100231          and the card of who wants it
  rollcall check LAP-042 --wait                boot it now: waits for its report, then answers

Exit codes: 0 GO · 1 CHECK, or no such tag · 3 STOP")]
pub struct Check {
    /// The tag, as scanned
    tag: String,
    /// Who wants to borrow it, by the id on the card
    #[arg(long = "for", value_name = "PERSON")]
    person: Option<String>,
    /// Boot it now: wait until the machine is here and has reported, for 300 s unless other seconds are given
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "300")]
    wait: Option<u64>,
}

/// How often is looked again while a machine is awaited.
const AGAIN: Duration = Duration::from_millis(500);

impl Ask for Check {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let query = [("person", self.person)];
        let mut check = client.get(&["check", &self.tag], &query).await?;
        if let Some(seconds) = self.wait {
            check = awaited(client, out, check, &query, Duration::from_secs(seconds)).await?;
        }
        if out.is_json() {
            out.json(&check);
        } else {
            show(out, &check);
        }
        Ok(exit(&text_at(&check, "verdict")))
    }
}

/// Looks again until the machine is here and has reported, or until nobody waits any more.
async fn awaited(client: &Client, out: &Out, first: Value, query: Query<'_>, patience: Duration) -> Result<Value, Failure> {
    let tag = text_at(&first, "tag");
    let until = Instant::now() + patience;
    let (mut check, mut said) = (first, String::new());
    loop {
        let awaits = text_at(&check, "awaits");
        if awaits.is_empty() {
            return Ok(check);
        }
        if Instant::now() >= until {
            out.note(&format!("{tag} did not report within {} s", patience.as_secs()));
            return Ok(check);
        }
        if awaits != said {
            out.note(&format!("waiting for {tag}: {}", what_to_do(&awaits)));
            said = awaits;
        }
        tokio::time::sleep(AGAIN).await;
        check = client.get(&["check", &tag], query).await?;
    }
}

fn what_to_do(awaits: &str) -> &'static str {
    match awaits {
        "start" => Awaits::Start,
        "report" => Awaits::Report,
        _ => Awaits::Rescan,
    }
    .words()
}

/// Says the verdict and why; the remedies stand under what they cure.
fn show(out: &Out, check: &Value) {
    let title = text_at(check, "title");
    out.line(
        &text_at(check, "verdict"),
        &format!("  {}{}", text_at(check, "tag"), if title.is_empty() { title } else { format!("  {title}") }),
    );
    reasons(out, check);
}

/// Says the reasons of a verdict.
pub(super) fn reasons(out: &Out, check: &Value) {
    for reason in field(check, "reasons").as_array().into_iter().flatten() {
        let verdict = text_at(reason, "verdict");
        out.line(&verdict, &format!("{:pad$}{}", "", text_at(reason, "text"), pad = 7_usize.saturating_sub(verdict.len())));
        let remedy = text_at(reason, "remedy");
        if !remedy.is_empty() {
            out.print(&format!("       {remedy}"));
        }
    }
}

fn exit(verdict: &str) -> Exit {
    match verdict {
        "GO" => Exit::Done,
        "CHECK" => Exit::Found,
        _ => Exit::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_verdict() {
        assert_eq!([exit("GO"), exit("CHECK"), exit("STOP")].map(|exit| exit as u8), [0, 1, 3]);
    }
}
