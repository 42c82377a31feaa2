//! `rollcall baseline drift`: what machines lost and gained against their baselines.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::Column;
use clap::Args;

/// What machines lost and gained against their baselines, newest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall baseline drift                      the whole site
  rollcall baseline drift --room \"Lab 1\"
  rollcall baseline drift LAB1-017 --limit 20

The number of a sweep says which roll call of the room was the last before the change.")]
pub(super) struct Drift {
    /// Only this machine, by its tag
    #[arg(conflicts_with = "room")]
    tag: Option<String>,
    /// Only the machines of this room
    #[arg(long)]
    room: Option<String>,
    /// So many changes at most
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

const CHANGES: &[Column] = &[
    Column::moment("when", "at"),
    Column::text("tag", "tag"),
    Column::text("room", "room").from(90),
    Column::text("change", "change"),
    Column::text("what", "text"),
    Column::text("by", "by").from(110),
    Column::text("since sweep", "since_sweep").from(100),
];

impl Drift {
    /// Lists the changes.
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let limit = self.limit.map(|limit| limit.to_string());
        let rows = client.get(&["drift"], &[("tag", self.tag), ("room", self.room), ("limit", limit)]).await?;
        Ok(out.rows(CHANGES, &rows, "nothing was lost or gained against a baseline"))
    }
}
