//! `rollcall software`: which machines have a title.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::Args;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

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

/// Most versions in the summary.
const MOST: usize = 20;

impl Ask for Software {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let ask = |version: Option<String>| [("title", Some(self.title.clone())), ("version", version)];
        let rows = client.get(&["software"], &ask(self.version.clone())).await?;
        let list = rows.as_array().map(Vec::as_slice).unwrap_or_default();
        let empty = match &self.version {
            Some(range) if list.is_empty() => self.not_in(range, &client.get(&["software"], &ask(None)).await?),
            _ => self.nowhere(),
        };
        if out.terminal.is_some() && !out.is_json() && list.len() > 1 {
            out.print(&format!("{}\n", summary(list, MOST).join("\n")));
        }
        Ok(out.rows(COLUMNS, &rows, &empty))
    }
}

impl Software {
    fn nowhere(&self) -> String {
        format!("no machine has {:?}; `rollcall software '{}*'` looks for longer names", self.title, self.title.trim_end_matches('*'))
    }

    /// Nothing is in the range; what there is outside of it.
    fn not_in(&self, range: &str, any: &Value) -> String {
        match any.as_array().map(Vec::as_slice) {
            None | Some([]) => self.nowhere(),
            Some(rows) => {
                let machines: BTreeSet<String> = rows.iter().map(|row| text_at(row, "tag")).collect();
                let have = if machines.len() == 1 { "has" } else { "have" };
                let machines = words::count(machines.len(), "machine", "machines");
                format!("{machines} {have} {:?}, none of them in {range}: {}", self.title, summary(rows, 5).join(", "))
            }
        }
    }
}

/// How often there is which version, the commonest first: "40 × gimp 2.10.34".
fn summary(rows: &[Value], most: usize) -> Vec<String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(format!("{} {}", text_at(row, "title"), text_at(row, "version"))).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let more = counts.len().saturating_sub(most);
    let mut lines: Vec<String> = counts.into_iter().take(most).map(|(what, count)| format!("{count} × {what}")).collect();
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
        let row = |tag: &str, version: &str| json!({"title": "gimp", "version": version, "tag": tag});
        let rows = json!([row("A", "2.8"), row("B", "2.10"), row("C", "2.10")]);
        assert_eq!(summary(rows.as_array().unwrap(), 9), ["2 × gimp 2.10", "1 × gimp 2.8"]);
        assert_eq!(summary(rows.as_array().unwrap(), 1), ["2 × gimp 2.10", "and 1 more"]);
        let gimp = Software { title: "gimp".to_owned(), version: None };
        let want = "3 machines have \"gimp\", none of them in < 1: 2 × gimp 2.10, 1 × gimp 2.8";
        assert_eq!(gimp.not_in("< 1", &rows), want);
        assert!(gimp.not_in("< 1", &json!([])).starts_with("no machine has"));
    }
}
