//! `rollcall loan …`: lend and take back.

use crate::cli::check;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Lend and take back.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall loan out LAP-042 100231 --due 5d
  rollcall loan out LAP-042 100231 --due 2026-12-18 --override \"the principal asked for it\"
  rollcall loan in LAP-042
  rollcall loan list")]
pub struct Loan {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lend it; refused when the verdict is STOP
    Out {
        /// The tag, as scanned
        tag: String,
        /// Who borrows it, by the id on the card
        person: String,
        /// Due back at the end of that day: 5d, 2w, a day as 2026-12-18, or never; default: in 14 days
        #[arg(long, value_name = "DATE|DAYS|never")]
        due: Option<String>,
        /// Lend it although the verdict is STOP; the reason is recorded
        #[arg(long = "override", value_name = "REASON")]
        override_reason: Option<String>,
    },
    /// Take it back
    In {
        /// The tag, as scanned
        tag: String,
    },
    /// List what is out
    List {
        /// What has come back too
        #[arg(long)]
        all: bool,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("tag", "tag"),
    Column::text("what", "title").from(90),
    Column::text("name", "person_name"),
    Column::text("person", "person").from(100),
    Column::moment("out", "out_at").from(70),
    Column::moment("due", "due"),
    Column::yes_no("overdue", "overdue"),
    Column::moment("back", "in_at").from(80),
    Column::text("by", "by").from(120),
];

impl Ask for Loan {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Out { tag, person, due, override_reason } => {
                let body = json!({ "tag": tag, "person": person, "due": due, "override": override_reason });
                let row = client.post(&["loans"], body).await?;
                let exit = out.said(&row, &format!("{} is out to {}{}", text_at(&row, "tag"), borrower(&row), due_words(&row, client)));
                if !out.is_json() {
                    check::reasons(out, &row);
                }
                Ok(exit)
            }
            Action::In { tag } => {
                let row = client.post(&["loans", "return"], json!({ "tag": tag })).await?;
                Ok(out.said(&row, &format!("{} is back from {}", text_at(&row, "tag"), borrower(&row))))
            }
            Action::List { all } => {
                let rows = client.get(&["loans"], &[("all", all.then(|| "true".to_owned()))]).await?;
                Ok(out.rows(COLUMNS, &rows, "nothing is out; lend with `rollcall loan out TAG PERSON`"))
            }
        }
    }
}

fn borrower(row: &Value) -> String {
    let name = text_at(row, "person_name");
    if name.is_empty() { text_at(row, "person") } else { format!("{name} ({})", text_at(row, "person")) }
}

fn due_words(row: &Value, client: &Client) -> String {
    let due = client.when(field(row, "due"));
    if due.is_empty() { ", without a date".to_owned() } else { format!(", due {due}") }
}
