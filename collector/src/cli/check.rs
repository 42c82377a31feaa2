//! `rollcall check`: may it be lent? GO, CHECK or STOP for a scanned tag.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, text_at};
use crate::cli::way::Ask;
use clap::Args;
use serde_json::Value;

/// May it be lent? GO, CHECK or STOP for a scanned tag.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall check LAP-042                       scan the tag
  rollcall check LAP-042 --for 100231          and the card of who wants it

Exit codes: 0 GO · 1 CHECK, or no such tag · 3 STOP")]
pub struct Check {
    /// The tag, as scanned
    tag: String,
    /// Who wants to borrow it, by the id on the card
    #[arg(long = "for", value_name = "PERSON")]
    person: Option<String>,
}

impl Ask for Check {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let check = client.get(&["check", &self.tag], &[("person", self.person)]).await?;
        if out.is_json() {
            out.json(&check);
        } else {
            show(out, &check);
        }
        Ok(exit(&text_at(&check, "verdict")))
    }
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
