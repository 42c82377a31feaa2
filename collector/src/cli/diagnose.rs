//! `rollcall diagnose`: a machine looks at its network and at itself, and says each step as it ends.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, moment, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::Args;
use serde_json::{Value, json};

/// Have a machine look at its network, its disks, camera, microphone and clock, now.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall diagnose LAB1-017                   each step as it ends, and what to do where one is not well
  rollcall diagnose LAB1-017 --last            what came of the last time; asks nothing of the machine
  rollcall diagnose LAB1-017 --json | jq '.steps[] | select(.needs_look)'

Exit codes: 0 all is well · 1 something needs a look, or it did not come to its end")]
pub struct Diagnose {
    /// Its tag, name, serial or MAC
    name: String,
    /// Only show the last diagnosis
    #[arg(long)]
    last: bool,
}

impl Ask for Diagnose {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let path = ["devices", self.name.as_str(), "diagnose"];
        let page = if self.last {
            let page = client.get(&path, &[]).await?;
            if !out.is_json() {
                let steps = field(&page, "steps").as_array().into_iter().flatten();
                steps.filter(|step| !field(step, "outcome").is_null()).for_each(|step| say(out, step));
            }
            page
        } else {
            client.work(&path, json!({}), |progress| progressed(out, &self.name, progress)).await?
        };
        Ok(told(out, &page))
    }
}

/// Says the step that has ended; before the first one, that it has begun.
fn progressed(out: &Out, name: &str, progress: &Value) {
    match progress.get("step").filter(|step| !step.is_null()) {
        Some(step) if !out.is_json() => say(out, step),
        Some(_) => {}
        None => out.note(&format!("{name} looks at itself; this takes up to a minute")),
    }
}

/// One step: how it is, what it found, and under it what to do.
fn say(out: &Out, step: &Value) {
    let word = word(step);
    out.line(
        word,
        &format!("{:pad$}{:<23}{}", "", text_at(step, "title"), text_at(step, "found"), pad = 14_usize.saturating_sub(word.len())),
    );
    let remedy = text_at(step, "remedy");
    if field(step, "needs_look") == &Value::Bool(true) && !remedy.is_empty() {
        out.print(&format!("{:14}{remedy}", ""));
    }
}

fn word(step: &Value) -> &'static str {
    match text_at(step, "outcome").as_str() {
        "well" => "well",
        "absent" if field(step, "needs_look") == &Value::Bool(true) => "missing",
        "absent" => "none",
        "unreadable" => "not measured",
        "wrong" => "wrong",
        _ => "waiting",
    }
}

/// What came of it.
fn told(out: &Out, page: &Value) -> Exit {
    if out.is_json() {
        out.json(page);
    } else {
        let when = moment(field(page, "began_at")).map(|at| words::ago(at, out.now)).unwrap_or_default();
        out.print(&words::harmless(&format!("{}, {when} by {}: {}", text_at(page, "tag"), text_at(page, "by"), text_at(page, "summary"))));
    }
    let well = number_at(page, "to_look_at") == 0 && text_at(page, "problem").is_empty();
    if well { Exit::Done } else { Exit::Found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Wanted;

    #[test]
    fn the_exit_code_says_whether_somebody_has_to_look() {
        let out = Out::to_scripts(Wanted::Words, "2026-11-24T18:00:00Z".parse().unwrap());
        assert_eq!(told(&out, &json!({"to_look_at": 0, "problem": ""})), Exit::Done);
        assert_eq!(told(&out, &json!({"to_look_at": 1, "problem": ""})), Exit::Found);
        assert_eq!(told(&out, &json!({"to_look_at": 0, "problem": "this agent is too old"})), Exit::Found);
    }

    #[test]
    fn none_missing_and_not_measured_are_three_words() {
        let of = |outcome: &str, needs_look: bool| word(&json!({"outcome": outcome, "needs_look": needs_look}));
        assert_eq!([of("absent", false), of("absent", true), of("unreadable", true)], ["none", "missing", "not measured"]);
        assert_eq!([of("well", false), of("wrong", true), word(&json!({}))], ["well", "wrong", "waiting"]);
    }
}
