//! `rollcall baseline waive|waivers|unwaive`: exceptions, with an owner, a reason and an end.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use clap::Args;
use serde_json::{Value, json};

/// Let a machine or a room be without something for a time
#[derive(Debug, Args)]
#[command(
    override_usage = "rollcall baseline waive TAG TITLE --until DATE --reason TEXT\n       rollcall baseline waive --room ROOM TITLE --until DATE --reason TEXT",
    after_help = "Examples:
  rollcall baseline waive LAB1-017 \"steam*\" --until 30d --reason \"robotics club\" --owner \"Ms. Ito\"
  rollcall baseline waive --room \"Lab 1\" firewall --until 2026-12-18 --reason \"the exam server pushes files\"

The title is what the finding names: a title or package, a setting such as firewall, or os. When the time is up, what was
waived is found again by itself."
)]
pub(super) struct Waive {
    /// The machine's tag, unless --room is given; then what is waived
    #[arg(value_name = "TAG TITLE", required = true, num_args = 1..=2)]
    what: Vec<String>,
    /// For every machine of a room
    #[arg(long)]
    room: Option<String>,
    /// When it ends: 30d, 2w, a day as 2026-12-18
    #[arg(long, value_name = "DATE|DAYS")]
    until: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// Who answers for it; default: you
    #[arg(long)]
    owner: Option<String>,
    /// Only of this baseline; default: of every one
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
}

const WAIVERS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("tag", "tag"),
    Column::text("room", "room"),
    Column::text("title", "title"),
    Column::moment("until", "until"),
    Column::text("owner", "owner").from(80),
    Column::text("reason", "reason").from(100),
    Column::text("baseline", "baseline").from(110),
    Column::text("in use on", "used").from(110),
    Column::text("state", "state").from(90),
];

impl Waive {
    /// Makes the waiver.
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let (tag, title) = match (self.what.as_slice(), &self.room) {
            ([title], Some(_)) => (None, title),
            ([tag, title], None) => (Some(tag), title),
            ([_], None) => return Err(Failure::Usage("say for which machine, as TAG TITLE, or for which room with --room".to_owned())),
            _ => return Err(Failure::Usage("a waiver is for one tag, or for one room with --room, not for both".to_owned())),
        };
        let body = json!({
            "tag": tag, "room": self.room, "title": title, "until": self.until, "reason": self.reason, "owner": self.owner,
            "baseline": self.baseline,
        });
        let row = client.post(&["waivers"], body).await?;
        let end = client.when(field(&row, "until"));
        Ok(out.said(&row, &format!("waiver {}: {} is waived on {} until {end}", text_at(&row, "id"), text_at(&row, "title"), place(&row))))
    }
}

/// The tag, or else the room.
fn place(row: &Value) -> String {
    let tag = text_at(row, "tag");
    if tag.is_empty() { text_at(row, "room") } else { tag }
}

/// Lists the waivers.
pub(super) async fn list(client: &Client, out: &Out, all: bool) -> Result<Exit, Failure> {
    let rows = client.get(&["waivers"], &[("all", all.then(|| "true".to_owned()))]).await?;
    Ok(out.rows(WAIVERS, &rows, "no waivers; make one with `rollcall baseline waive TAG TITLE --until 30d --reason TEXT`"))
}

/// Ends a waiver.
pub(super) async fn end(client: &Client, out: &Out, number: u64) -> Result<Exit, Failure> {
    let row = client.post(&["waivers", &number.to_string(), "end"], json!({})).await?;
    Ok(out.said(&row, &format!("waiver {number} is over: {} is found again on {}", text_at(&row, "title"), place(&row))))
}
