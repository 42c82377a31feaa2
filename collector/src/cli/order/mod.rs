//! `rollcall order …`: requisitions, orders, and receiving what comes.

mod facts;
mod receive;
mod show;

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use facts::{LineFacts, OrderFacts};
use reqwest::Method;
use serde_json::{Value, json};

/// Requisitions, orders, and receiving what comes. ORDER is the number on the purchase order, or #N for ours.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall order draft \"Chromebooks for grade 7\" --vendor CDW --funding \"Title I\"
  rollcall order line 1 --kind chromebook --maker Lenovo --model 300e --count 30 --price 349 --warranty-months 36 --room \"Cart 2\"
  rollcall order file 1 requisition.pdf              to be printed and signed; .csv for other systems
  rollcall order place 1 --number PO-4711 --expected 2026-12-15
  rollcall order line PO-4711 --line 1 --serials serials.txt   what the vendor has sent, one serial a line
  rollcall order receive PO-4711 --tag CB-101 --serial PF-AAA1
  rollcall order receive PO-4711 --scan              serial, label, serial, label …
  rollcall order list --overdue
  rollcall order end PO-4711                         nothing more comes

A machine whose serial is expected is received by its first boot: enrol it with a token of the line's room.")]
pub struct Order {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Begin a requisition: an order that nobody has ordered yet
    Draft {
        /// What it is for, in one line
        title: String,
        #[command(flatten)]
        facts: OrderFacts,
    },
    /// Change what is said of it
    Set {
        /// The order
        order: String,
        /// What it is for
        #[arg(long)]
        title: Option<String>,
        #[command(flatten)]
        facts: OrderFacts,
    },
    /// Add a line, or change one
    Line {
        /// The order
        order: String,
        /// Change this line, instead of adding one
        #[arg(long, value_name = "N")]
        line: Option<u16>,
        /// Take that line out of the requisition
        #[arg(long, requires = "line")]
        remove: bool,
        #[command(flatten)]
        facts: Box<LineFacts>,
    },
    /// Say that a requisition is ordered
    Place {
        /// The requisition
        order: String,
        #[command(flatten)]
        facts: OrderFacts,
    },
    /// Receive what came, by the scan of its label
    Receive(receive::Receive),
    /// Nothing more comes of it; or drop a requisition
    End {
        /// The order
        order: String,
    },
    /// List them: overdue ones first
    List {
        /// Only those that should be here
        #[arg(long)]
        overdue: bool,
        /// Those that are over too
        #[arg(long, conflicts_with = "overdue")]
        all: bool,
    },
    /// Show one with its lines
    Show {
        /// The order
        order: String,
    },
    /// Write it to a file: .pdf to be printed and signed, .csv for other systems
    File {
        /// The order
        order: String,
        /// The file; its ending says the form
        file: std::path::PathBuf,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("number", "number"),
    Column::state("state", "standing"),
    Column::text("what", "title"),
    Column::text("vendor", "vendor").from(90),
    Column::text("expected", "expected_on"),
    Column::text("here", "received"),
    Column::text("of", "ordered"),
    Column::text("cost", "total").from(100),
];

impl Ask for Order {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Draft { title, facts } => {
                let order = client.post(&["orders"], facts.json(Some(title))).await?;
                let id = text_at(&order, "id");
                Ok(out.said(
                    &order,
                    &format!("requisition {id} is begun; add to it with `rollcall order line {id} --kind laptop --count 30`"),
                ))
            }
            Action::Set { order, title, facts } => {
                let body = facts.json(title);
                if body.as_object().is_some_and(serde_json::Map::is_empty) {
                    return Err(Failure::Usage("nothing was said: `rollcall order set --help` names what can be".to_owned()));
                }
                let order = client.send(Method::PATCH, &["orders", &order], body).await?;
                Ok(out.said(&order, &format!("order #{}: {}", text_at(&order, "id"), text_at(&order, "title"))))
            }
            Action::Line { order, line, remove, facts } => self::line(client, out, &order, line, (remove, &facts)).await,
            Action::Place { order, facts } => {
                let order = client.post(&["orders", &order, "place"], facts.json(None)).await?;
                let expected = Some(text_at(&order, "expected_on")).filter(|day| !day.is_empty());
                let expected = expected.map_or_else(String::new, |day| format!(", expected {day}"));
                Ok(out.said(
                    &order,
                    &format!(
                        "order #{} is ordered: {} for {}{expected}",
                        text_at(&order, "id"),
                        text_at(&order, "ordered"),
                        text_at(&order, "total")
                    ),
                ))
            }
            Action::Receive(receive) => receive.run(client, out).await,
            Action::End { order } => {
                let order = client.post(&["orders", &order, "end"], json!({})).await?;
                let (here, all) = (text_at(&order, "received"), text_at(&order, "ordered"));
                Ok(out.said(&order, &format!("order #{} is over: {here} of {all} came", text_at(&order, "id"))))
            }
            Action::List { overdue, all } => {
                let yes = |is: bool| is.then(|| "true".to_owned());
                let rows = client.get(&["orders"], &[("overdue", yes(overdue)), ("all", yes(all))]).await?;
                let none =
                    if overdue { "no order is overdue" } else { "no orders; begin a requisition with `rollcall order draft \"what for\"`" };
                Ok(out.rows(COLUMNS, &rows, none))
            }
            Action::Show { order } => show::show(client, out, &order).await,
            Action::File { order, file } => show::file(client, out, &order, &file).await,
        }
    }
}

async fn line(client: &Client, out: &Out, order: &str, line: Option<u16>, (remove, facts): (bool, &LineFacts)) -> Result<Exit, Failure> {
    let number = line.map(|line| line.to_string());
    let order = match &number {
        Some(number) if remove => client.send(Method::DELETE, &["orders", order, "lines", number], json!({})).await?,
        Some(number) => client.send(Method::PATCH, &["orders", order, "lines", number], facts.json()?).await?,
        None => client.post(&["orders", order, "lines"], facts.json()?).await?,
    };
    Ok(out.said(&order, &lines_in_words(&order)))
}

/// The lines of an order, in one sentence.
fn lines_in_words(order: &Value) -> String {
    let lines = order.get("lines").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let each: Vec<String> =
        lines.iter().map(|line| format!("{}: {} × {}", text_at(line, "number"), text_at(line, "count"), text_at(line, "title"))).collect();
    let each = if each.is_empty() { "no lines".to_owned() } else { each.join("; ") };
    format!("order #{}: {each}; {} in all", text_at(order, "id"), text_at(order, "total"))
}
