//! `rollcall baseline …`: what software the machines of a room must and must not have.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The largest baseline file, bytes.
const LARGEST: u64 = 1024 * 1024;

/// What software the machines of a room must and must not have.
#[derive(Debug, Args)]
#[command(after_help = "A file:
  name = \"Exam lab\"
  rooms = [\"Lab 1\"]
  [[required]]
  title = \"firefox-esr\"
  version = \">= 128\"
  [[forbidden]]
  title = \"steam*\"

Examples:
  rollcall baseline plan exam.toml             whom it would fail, without applying it
  rollcall baseline apply exam.toml

rooms = [\"*\"] stands for every room. A title may end in *; versions are ranges such as \">= 2.1, < 3\".")]
pub struct Baseline {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply a file: it replaces the baseline of the same name
    Apply {
        /// The TOML file
        file: PathBuf,
    },
    /// See whom a file would fail, without applying it
    Plan {
        /// The TOML file
        file: PathBuf,
    },
    /// Remove one: its machines need not meet it any more
    Remove {
        /// Its name
        name: String,
    },
    /// List the baselines with how the machines stand
    List,
    /// Show one, with every machine that does not meet it
    Show {
        /// Its name
        name: String,
    },
}

const LIST: &[Column] = &[
    Column::text("name", "name"),
    Column::text("rooms", "rooms"),
    Column::text("machines", "plan.devices"),
    Column::text("meet it", "plan.meet"),
    Column::text("version", "version").from(90),
    Column::moment("applied", "applied_at"),
];

const FAIL: &[Column] = &[Column::text("tag", "tag"), Column::text("room", "room"), Column::text("wrong", "wrong")];

impl Ask for Baseline {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Apply { file } => {
                let plan = client.post(&["baselines"], body(&file)?).await.map_err(|failure| failure.of(file.display()))?;
                told(out, &plan, Holds::Now)
            }
            Action::Plan { file } => {
                let plan = client.post(&["baselines", "plan"], body(&file)?).await.map_err(|failure| failure.of(file.display()))?;
                told(out, &plan, if field(&plan, "applied") == true { Holds::Now } else { Holds::NotYet })
            }
            Action::Remove { name } => {
                let answer = client.send(Method::DELETE, &["baselines", &name], json!({})).await?;
                Ok(out.said(&answer, &format!("baseline {name} is removed; nothing has to meet it any more")))
            }
            Action::List => {
                let rows = client.get(&["baselines"], &[]).await?;
                Ok(out.rows(
                    LIST,
                    &rows,
                    "no baselines yet; write a file as `rollcall baseline --help` shows, then `rollcall baseline apply FILE`",
                ))
            }
            Action::Show { name } => {
                let baseline = client.get(&["baselines", &name], &[]).await?;
                if out.is_json() {
                    out.json(&baseline);
                    return Ok(Exit::Done);
                }
                out.print(&text_lines(&baseline));
                told(out, field(&baseline, "plan"), Holds::Now)
            }
        }
    }
}

/// The file as it was given, its lines made harmless.
fn text_lines(baseline: &Value) -> String {
    let text = field(baseline, "text").as_str().unwrap_or_default();
    text.lines().map(words::harmless).collect::<Vec<_>>().join("\n")
}

fn body(file: &Path) -> Result<Value, Failure> {
    let failed = |error| Failure::here(file.display(), &error);
    if std::fs::metadata(file).map_err(failed)?.len() > LARGEST {
        return Err(Failure::Usage(format!("{}: too large for a baseline, more than {}", file.display(), words::disk(LARGEST))));
    }
    Ok(json!({ "text": std::fs::read_to_string(file).map_err(failed)? }))
}

/// Whether a baseline holds now just so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Now,
    NotYet,
}

fn headline(plan: &Value, holds: Holds) -> String {
    let (meet, machines) = (number_at(plan, "meet"), count_at(plan, "devices", "machine", "machines"));
    let meets = if meet == 1 { "meets" } else { "meet" };
    let unread = match number_at(plan, "unmeasured") {
        0 => String::new(),
        unread => format!("; the software of {unread} was never read"),
    };
    match holds {
        Holds::Now => format!("{} is applied: {meet} of {machines} {meets} it{unread}", text_at(plan, "baseline")),
        Holds::NotYet => format!("{} is not applied so: {meet} of {machines} would meet it{unread}", text_at(plan, "baseline")),
    }
}

/// What a plan says; machines that don't meet it are the problems found.
fn told(out: &Out, plan: &Value, holds: Holds) -> Result<Exit, Failure> {
    let fail = field(plan, "fail");
    let failing = fail.as_array().map_or(0, Vec::len);
    if out.is_json() {
        out.json(plan);
    } else {
        out.remark(&headline(plan, holds));
        if failing > 0 {
            out.rows(FAIL, fail, "");
        }
    }
    Ok(if failing > 0 { Exit::Found } else { Exit::Done })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_and_what_would_be_are_told_apart() {
        let plan = json!({"baseline": "Exam lab", "devices": 2, "meet": 1, "unmeasured": 0});
        assert_eq!(headline(&plan, Holds::Now), "Exam lab is applied: 1 of 2 machines meets it");
        let plan = json!({"baseline": "Exam lab", "devices": 1, "meet": 0, "unmeasured": 1});
        assert_eq!(
            headline(&plan, Holds::NotYet),
            "Exam lab is not applied so: 0 of 1 machine would meet it; the software of 1 was never read"
        );
    }
}
