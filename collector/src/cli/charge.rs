//! `rollcall charge …`: what people are asked to pay.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// What people are asked to pay for what is lost, damaged, or came back without a part.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall charge list
  rollcall charge list --person 100231 --all
  rollcall charge confirm 7                    what was proposed is owed now
  rollcall charge confirm 7 --amount 120
  rollcall charge waive 7 \"insurance\"
  rollcall charge pay 7
  rollcall charge new 100231 LAP-042 25 \"a key is missing\"

Rollcall proposes charges; nobody owes one before it is confirmed.")]
pub struct Charge {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what is proposed or owed
    List {
        /// Paid and waived ones too
        #[arg(long)]
        all: bool,
        /// Of this person
        #[arg(long)]
        person: Option<String>,
    },
    /// Confirm what was proposed: it is owed now
    Confirm {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
        /// Of another amount
        #[arg(long)]
        amount: Option<String>,
    },
    /// Change the amount
    Change {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
        /// The new amount: 120, or 120.50
        amount: String,
        /// Why
        reason: String,
    },
    /// Let go of it
    Waive {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
        /// Why
        reason: String,
    },
    /// It is paid
    Pay {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
    },
    /// Propose one
    New {
        /// Who is to pay, by id
        person: String,
        /// For which asset, by tag
        tag: String,
        /// How much: 120, or 120.50
        amount: String,
        /// Why; no names of people
        why: String,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("sum", "sum"),
    Column::state("state", "standing"),
    Column::text("name", "person_name"),
    Column::text("person", "person").from(100),
    Column::text("tag", "tag"),
    Column::text("why", "why").from(80),
    Column::text("note", "note").from(120),
    Column::moment("since", "since").from(100),
];

impl Ask for Charge {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let turn = async |id: u64, what: &str, body: Value| client.post(&["charges", &id.to_string(), what], body).await;
        let row = match self.action {
            Action::List { all, person } => {
                let query = [("all", all.then(|| "true".to_owned())), ("person", person)];
                let rows = client.get(&["charges"], &query).await?;
                return Ok(out.rows(COLUMNS, &rows, "nobody is asked to pay anything"));
            }
            Action::Confirm { id, amount } => turn(id, "confirm", json!({ "amount": amount })).await?,
            Action::Change { id, amount, reason } => turn(id, "change", json!({ "amount": amount, "reason": reason })).await?,
            Action::Waive { id, reason } => turn(id, "waive", json!({ "reason": reason })).await?,
            Action::Pay { id } => turn(id, "pay", json!({})).await?,
            Action::New { person, tag, amount, why } => {
                client.post(&["charges"], json!({ "person": person, "tag": tag, "amount": amount, "why": why })).await?
            }
        };
        let at = |name| text_at(&row, name);
        Ok(out.said(&row, &format!("charge {} of {} is {}: {}, for {}", at("id"), at("sum"), at("standing"), at("why"), at("person"))))
    }
}
