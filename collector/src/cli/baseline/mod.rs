//! `rollcall baseline …`: what software and settings the machines of a room must, may and must not have.

mod drift;
mod told;
mod waive;

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use told::{Holds, told};

/// The largest baseline file, bytes.
const LARGEST: u64 = 1024 * 1024;

/// What software and settings the machines of a room must, may and must not have.
#[derive(Debug, Args)]
#[command(after_help = "A file:
  name = \"Exam lab\"
  rooms = [\"Lab 1\"]                            or tags = [\"LAB1-*\"]; rooms = [\"*\"] is every room
  forbidden = [\"steam*\"]
  [[required]]
  title = \"firefox\"                            whatever a package manager calls it
  version = \">= 128\"
  [os]
  debian = \">= 12\"
  [settings]
  firewall = \"on\"

Examples:
  rollcall baseline capture --from LAB1-001 > exam.toml
  rollcall baseline plan exam.toml             whom it would fail, without applying it
  rollcall baseline apply exam.toml
  rollcall baseline score                      how well each room meets its baselines
  rollcall baseline drift --room \"Lab 1\"       what was lost and gained, and when
  rollcall baseline waive LAB1-017 \"steam*\" --until 30d --reason \"robotics club\"
  rollcall baseline restore \"Exam lab\" --version 2

A title may end in *; versions are ranges such as \">= 2.1, < 3\", compared as the package manager compares them.")]
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
        /// Only say whom it would fail, as `plan` does
        #[arg(long)]
        dry_run: bool,
    },
    /// See whom a file would fail, without applying it
    Plan {
        /// The TOML file
        file: PathBuf,
    },
    /// Write a file from a machine that is as all should be
    Capture {
        /// Its tag
        #[arg(long, value_name = "TAG")]
        from: String,
        /// The baseline's name; default: "Like TAG"
        #[arg(long)]
        name: Option<String>,
        /// The room it is for; default: the machine's own
        #[arg(long)]
        room: Option<String>,
        /// Which versions it demands
        #[arg(long, value_enum, default_value_t = Versions::AtLeast)]
        versions: Versions,
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
        /// The text of an earlier version
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
    /// List the versions of one: when they were applied, and by whom
    History {
        /// Its name
        name: String,
    },
    /// Apply an earlier version again
    Restore {
        /// Its name
        name: String,
        /// The version
        #[arg(long, value_name = "N")]
        version: u32,
    },
    /// Let a machine or a room be without something for a time
    Waive(waive::Waive),
    /// List the waivers
    Waivers {
        /// Those that are over too
        #[arg(long)]
        all: bool,
    },
    /// End a waiver before its time
    Unwaive {
        /// Its number
        number: u64,
    },
    /// What machines lost and gained against their baselines, newest first
    Drift(drift::Drift),
    /// How well each room meets its baselines
    Score {
        /// Only this room
        #[arg(long)]
        room: Option<String>,
    },
    /// Seats that were bought, and machines that have the title
    Licences,
}

/// Which versions a captured file demands.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Versions {
    /// The machine's, or newer ones
    AtLeast,
    /// The machine's own
    Exactly,
    /// Any
    Any,
}

const LIST: &[Column] = &[
    Column::text("name", "name"),
    Column::text("rooms", "rooms"),
    Column::text("tags", "tags").from(110),
    Column::text("machines", "plan.devices"),
    Column::text("meet it", "plan.meet"),
    Column::text("version", "version").from(90),
    Column::moment("applied", "applied_at"),
    Column::text("by", "applied_by").from(120),
];

const VERSIONS: &[Column] =
    &[Column::text("version", "version"), Column::moment("applied", "at"), Column::text("by", "by"), Column::mark("holds now", "applied")];

const SCORES: &[Column] = &[
    Column::text("room", "room"),
    Column::text("score %", "percent"),
    Column::text("machines", "devices"),
    Column::text("meet all", "meet"),
    Column::text("checks", "checks").from(90),
    Column::text("met", "met").from(90),
    Column::text("waived", "waived").from(100),
    Column::text("not measured", "unmeasured").from(100),
    Column::text("baselines", "baselines").from(110),
];

const LICENCES: &[Column] = &[
    Column::text("title", "title"),
    Column::text("seats", "seats"),
    Column::text("installed", "installed"),
    Column::text("baseline", "baseline").from(80),
];

const NONE_YET: &str = "no baselines yet; write a file as `rollcall baseline --help` shows, then `rollcall baseline apply FILE`";

impl Ask for Baseline {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Apply { file, dry_run: false } => {
                let plan = client.post(&["baselines"], body(&file)?).await.map_err(|failure| failure.of(file.display()))?;
                told(out, &plan, Holds::Now)
            }
            Action::Plan { file } | Action::Apply { file, dry_run: true } => {
                let plan = client.post(&["baselines", "plan"], body(&file)?).await.map_err(|failure| failure.of(file.display()))?;
                told(out, &plan, if field(&plan, "applied") == true { Holds::Now } else { Holds::NotYet })
            }
            Action::Remove { name } => {
                let answer = client.send(Method::DELETE, &["baselines", &name], json!({})).await?;
                Ok(out.said(&answer, &format!("baseline {name} is removed; nothing has to meet it any more")))
            }
            Action::List => Ok(out.rows(LIST, &client.get(&["baselines"], &[]).await?, NONE_YET)),
            Action::Show { name, version: None } => {
                let baseline = client.get(&["baselines", &name], &[]).await?;
                if out.is_json() {
                    out.json(&baseline);
                    return Ok(Exit::Done);
                }
                out.print(&text_lines(&baseline));
                told(out, field(&baseline, "plan"), Holds::Now)
            }
            Action::Show { name, version: Some(version) } => {
                Ok(printed(out, &client.get(&["baselines", &name, "versions", &version.to_string()], &[]).await?))
            }
            Action::History { name } => Ok(out.rows(VERSIONS, &client.get(&["baselines", &name, "versions"], &[]).await?, "no versions")),
            Action::Restore { name, version } => {
                let plan = client.post(&["baselines", &name, "versions", &version.to_string(), "restore"], json!({})).await?;
                told(out, &plan, Holds::Now)
            }
            Action::Capture { from, name, room, versions } => capture(client, out, &from, name, room, versions).await,
            Action::Waive(waive) => waive.run(client, out).await,
            Action::Waivers { all } => waive::list(client, out, all).await,
            Action::Unwaive { number } => waive::end(client, out, number).await,
            Action::Drift(drift) => drift.run(client, out).await,
            Action::Score { room } => Ok(out.rows(SCORES, &client.get(&["scores"], &[("room", room)]).await?, NONE_YET)),
            Action::Licences => licences(client, out).await,
        }
    }
}

async fn capture(
    client: &Client,
    out: &Out,
    tag: &str,
    name: Option<String>,
    room: Option<String>,
    versions: Versions,
) -> Result<Exit, Failure> {
    let versions = versions.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let query = [("versions", Some(versions)), ("name", name), ("room", room)];
    Ok(printed(out, &client.get(&["devices", tag, "baseline"], &query).await?))
}

/// A file's text, as it is.
fn printed(out: &Out, answer: &Value) -> Exit {
    if out.is_json() {
        out.json(answer);
    } else {
        out.print(&text_lines(answer));
    }
    Exit::Done
}

/// Titles that more machines have than seats were bought are the problems found.
async fn licences(client: &Client, out: &Out) -> Result<Exit, Failure> {
    let rows = client.get(&["licences"], &[]).await?;
    let over = |row: &Value| field(row, "installed").as_u64() > field(row, "seats").as_u64();
    let is_over = rows.as_array().is_some_and(|rows| rows.iter().any(over));
    let exit = out.rows(LICENCES, &rows, "no baseline names seats; write [[licence]] with title and seats into one");
    Ok(if is_over { Exit::Found } else { exit })
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
