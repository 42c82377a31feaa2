//! `rollcall loan class-set`: tags from a scanner, one a line, all to one borrower.

use super::told::borrower;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{number_at, text_at};
use clap::Args;
use serde_json::{Value, json};
use std::io::{self, BufRead};

#[derive(Debug, Args)]
pub(super) struct ClassSet {
    /// Who borrows them, by id; default: the teacher of the class
    #[arg(long, required_unless_present = "class")]
    person: Option<String>,
    /// The class that they are for
    #[arg(long)]
    class: Option<String>,
    /// Due back: "end of period 4", 5d, a day; default: as the policy says
    #[arg(long, value_name = "WHEN")]
    due: Option<String>,
    /// Lend those whose verdict is STOP too; the reason is recorded
    #[arg(long = "override", value_name = "REASON")]
    override_reason: Option<String>,
}

impl ClassSet {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        out.note("scan one after the other; an empty line or the end of the input ends the set");
        let (mut lent, mut refused): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
        let mut broke_off = None;
        for line in io::stdin().lock().lines() {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    broke_off = Some(Failure::here("standard input", &error));
                    break;
                }
            };
            let tag = line.trim();
            if tag.is_empty() {
                break;
            }
            match client.post(&["loans"], self.body(tag, lent.first())).await {
                Ok(row) => {
                    if !out.is_json() {
                        out.print(&format!("{:>3}  {}  {}", lent.len() + 1, text_at(&row, "tag"), text_at(&row, "title")));
                    }
                    lent.push(row);
                }
                // One that can't be lent keeps no other from the set; a collector that is gone does.
                Err(Failure::Answered { status, detail }) if status < 500 => {
                    out.note(&format!("not lent: {detail}"));
                    refused.push(json!({ "tag": tag, "why": detail }));
                }
                Err(failure) => {
                    broke_off = Some(failure);
                    break;
                }
            }
        }
        match broke_off {
            None => Ok(say(out, &lent, &refused)),
            Some(failure) if lent.is_empty() && refused.is_empty() => Err(failure),
            // What was lent is said all the same: whoever undoes it needs the set's number.
            Some(failure) => {
                say(out, &lent, &refused);
                Err(failure)
            }
        }
    }

    fn body(&self, tag: &str, first: Option<&Value>) -> Value {
        let batch = first.map_or_else(|| "new".to_owned(), |first| number_at(first, "id").to_string());
        json!({
            "tag": tag, "person": self.person, "class": self.class, "due": self.due, "override": self.override_reason, "batch": batch,
        })
    }
}

fn say(out: &Out, lent: &[Value], refused: &[Value]) -> Exit {
    let Some(first) = lent.first() else {
        out.said(&json!({ "set": null, "lent": [], "refused": refused }), "nothing was lent");
        return if refused.is_empty() { Exit::Found } else { Exit::Refused };
    };
    let set = number_at(first, "id");
    let not = if refused.is_empty() { String::new() } else { format!(", {} refused", refused.len()) };
    let words = format!("class set {set}: {} lent to {}{not}; `rollcall loan undo {set}` undoes it", lent.len(), borrower(first));
    out.said(&json!({ "set": set, "lent": lent, "refused": refused }), &words);
    if refused.is_empty() { Exit::Done } else { Exit::Found }
}
