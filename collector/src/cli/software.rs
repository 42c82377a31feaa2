//! `rollcall software`: which machines have a title.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::Args;
use serde_json::Value;

/// Which machines have a title.
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:
  rollcall software vlc
  rollcall software 'libreoffice*'             any ending
  rollcall software firefox-esr --version '< 128'
  rollcall software vlc --limit 0              which versions, no machines"
)]
pub struct Software {
    /// The package's name; * at the end stands for any ending
    title: String,
    /// Only these versions: '>= 2.1, < 3'
    #[arg(long, value_name = "RANGE")]
    version: Option<String>,
    /// So many rows at most; the rest is counted
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "all")]
    limit: usize,
    /// Every row
    #[arg(long)]
    all: bool,
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

/// Most versions in the summary.
const MOST: usize = 20;

impl Ask for Software {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let limit = if self.all { usize::MAX } else { self.limit };
        let ask = |version: Option<String>, limit: usize| {
            [("title", Some(self.title.clone())), ("version", version), ("limit", Some(limit.to_string()))]
        };
        let found = client.get(&["software"], &ask(self.version.clone(), limit)).await?;
        let rows = number_at(&found, "row_count");
        if out.is_json() {
            out.json(&found);
            return Ok(if rows == 0 { Exit::Found } else { Exit::Done });
        }
        let empty = match &self.version {
            Some(range) if rows == 0 => self.not_in(range, &client.get(&["software"], &ask(None, 0)).await?),
            _ => self.nowhere(),
        };
        let versions = summary(&found, MOST).join("\n");
        if rows > 0 && limit == 0 {
            out.print(&versions);
            return Ok(Exit::Done);
        }
        if rows > 1 && out.terminal.is_some() {
            out.print(&format!("{versions}\n"));
        }
        let exit = out.rows(COLUMNS, field(&found, "rows"), &empty);
        let left = rows.saturating_sub(limit as u64);
        if left > 0 {
            out.note(&format!("and {}; --all shows them", words::count(left, "more row", "more rows")));
        }
        Ok(exit)
    }
}

impl Software {
    fn nowhere(&self) -> String {
        format!("no machine has {:?}; `rollcall software '{}*'` looks for longer names", self.title, self.title.trim_end_matches('*'))
    }

    /// Nothing is in the range; what there is outside of it.
    fn not_in(&self, range: &str, any: &Value) -> String {
        match number_at(any, "machines") {
            0 => self.nowhere(),
            machines => {
                let have = if machines == 1 { "has" } else { "have" };
                let machines = words::count(machines, "machine", "machines");
                format!("{machines} {have} {:?}, none of them in {range}: {}", self.title, summary(any, 5).join(", "))
            }
        }
    }
}

/// How many machines have which version, the commonest first: "40 × gimp 2.10.34".
fn summary(found: &Value, most: usize) -> Vec<String> {
    let versions = found["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let line = |of: &Value| format!("{} × {} {}", number_at(of, "machines"), text_at(of, "title"), text_at(of, "version"));
    let mut lines: Vec<String> = versions.iter().take(most).map(line).collect();
    let more = number_at(found, "version_count").saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_are_counted() {
        let version = |version: &str, machines: u64| json!({"title": "gimp", "version": version, "machines": machines});
        let found = json!({"machines": 3, "version_count": 2, "versions": [version("2.10", 2), version("2.8", 1)]});
        assert_eq!(summary(&found, 9), ["2 × gimp 2.10", "1 × gimp 2.8"]);
        assert_eq!(summary(&found, 1), ["2 × gimp 2.10", "and 1 more"]);
        let gimp = Software { title: "gimp".to_owned(), version: None, limit: 9, all: false };
        let want = "3 machines have \"gimp\", none of them in < 1: 2 × gimp 2.10, 1 × gimp 2.8";
        assert_eq!(gimp.not_in("< 1", &found), want);
        assert!(gimp.not_in("< 1", &json!({"machines": 0})).starts_with("no machine has"));
    }
}
