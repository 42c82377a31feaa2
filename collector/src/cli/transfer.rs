//! `rollcall transfers`, `rollcall transfer …`: files that must come, and how they stand.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Files that must come, and how they stand: good, late, short, malformed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall transfers
  rollcall transfers --now            looks at them first
  rollcall transfers --json           for scripts

Each is looked at every minute; what is late, short or malformed is an alert. Watch one with `rollcall transfer watch`.")]
pub struct Transfers {
    /// Look at them now
    #[arg(long)]
    now: bool,
}

/// Watch a file that must come.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall transfer watch grades /srv/exports/grades.csv --age 26h --least-rows 100 --columns student_id,grade
  rollcall transfer watch menu '/srv/exports/menu-*.csv' --age 26h --school-days
  rollcall transfer remove grades

The path is on the collector's machine; a * in the file's name means the newest of these files. Links are not followed.")]
pub struct Transfer {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Watch a file, or expect something else of one that is watched
    Watch(Watch),
    /// Watch it no more
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
struct Watch {
    /// What you call it
    name: String,
    /// The file
    path: PathBuf,
    /// How old it may be: 26h, 8d
    #[arg(long, value_name = "SPAN")]
    age: String,
    /// Days on which the school is closed don't count for its age
    #[arg(long)]
    school_days: bool,
    /// Its least size, bytes
    #[arg(long, default_value_t = 0, value_name = "BYTES")]
    least_size: u64,
    /// The least number of rows, without the heading
    #[arg(long, default_value_t = 0, value_name = "ROWS")]
    least_rows: u64,
    /// The columns that its heading must have, parted by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    columns: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column::text("name", "name"),
    Column::state("state", "state"),
    Column::moment("came", "came_at"),
    Column::text("bytes", "size"),
    Column::text("rows", "rows"),
    Column::text("what is wrong", "words"),
    Column::text("expected", "wants").from(120),
];

impl Ask for Transfers {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let mut rows =
            if self.now { client.wait(&["transfers", "look"], json!({})).await? } else { client.get(&["transfers"], &[]).await? };
        let list = rows.as_array_mut().map(Vec::as_mut_slice).unwrap_or_default();
        let is_wrong = list.iter().any(|row| !field(row, "wrong").as_array().is_none_or(Vec::is_empty));
        if !out.is_json() {
            list.iter_mut().for_each(in_words);
        }
        let exit = out.rows(COLUMNS, &rows, "no file is watched; watch one with `rollcall transfer watch NAME PATH --age 26h`");
        Ok(if is_wrong { Exit::Found } else { exit })
    }
}

fn in_words(row: &mut Value) {
    let wrong = field(row, "wrong").as_array().into_iter().flatten();
    let words: Vec<String> = wrong.map(|wrong| text_at(wrong, "text")).collect();
    if let Some(row) = row.as_object_mut() {
        row.insert("words".to_owned(), words.join("; ").into());
    }
}

impl Ask for Transfer {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Watch(watch) => {
                let body = json!({
                    "path": watch.path.display().to_string(), "age": watch.age, "school_days": watch.school_days,
                    "least_size": watch.least_size, "least_rows": watch.least_rows, "columns": watch.columns,
                });
                let row = client.send(Method::PUT, &["transfers", &watch.name], body).await?;
                Ok(out.said(&row, &format!("{} is watched: {}; now it is {}", watch.name, text_at(&row, "wants"), text_at(&row, "state"))))
            }
            Action::Remove { name } => {
                let gone = client.send(Method::DELETE, &["transfers", &name], json!({})).await?;
                Ok(out.said(&gone, &format!("{name} is watched no more")))
            }
        }
    }
}
