//! `rollcall software`: which machines have a title.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::Column;
use crate::cli::way::Ask;
use clap::Args;

/// Which machines have a title.
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:
  rollcall software vlc
  rollcall software 'libreoffice*'             any ending
  rollcall software firefox-esr --version '< 128'"
)]
pub struct Software {
    /// The package's name; * at the end stands for any ending
    title: String,
    /// Only these versions: '>= 2.1, < 3'
    #[arg(long, value_name = "RANGE")]
    version: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column::text("title", "title"),
    Column::text("version", "version"),
    Column::text("tag", "tag"),
    Column::text("device", "device"),
    Column::text("room", "room"),
    Column::text("architecture", "architecture").from(110),
    Column::text("source", "source").from(120),
];

impl Ask for Software {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let empty =
            format!("no machine has {:?}; `rollcall software '{}*'` looks for longer names", self.title, self.title.trim_end_matches('*'));
        let rows = client.get(&["software"], &[("title", Some(self.title)), ("version", self.version)]).await?;
        Ok(out.rows(COLUMNS, &rows, &empty))
    }
}
