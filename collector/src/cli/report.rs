//! `rollcall report`: what a site asks once a term, as sheets.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text, text_at};
use crate::cli::way::Ask;
use clap::Args;
use serde_json::Value;

/// What a site asks once a term: inventory, ages and warranties, loans, losses, alerts, charges.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall report                                   which there are
  rollcall report inventory
  rollcall report loans --from 2026-08-01 --to 2026-12-18
  rollcall report ages --sheet 3 --csv > warranties.csv

Without days, the school year so far: since the last first of August. No report names a person.")]
pub struct Report {
    /// Which one; none: lists them
    report: Option<String>,
    /// The first day that counts
    #[arg(long, value_name = "DAY", requires = "report")]
    from: Option<String>,
    /// The last day that counts
    #[arg(long, value_name = "DAY", requires = "report")]
    to: Option<String>,
    /// Only this sheet of it, by its number
    #[arg(long, value_name = "N", requires = "report")]
    sheet: Option<usize>,
}

const LIST: &[Column] = &[Column::text("report", "code"), Column::text("tells", "what")];

impl Ask for Report {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let Some(code) = self.report else {
            return Ok(out.rows(LIST, &client.get(&["reports"], &[]).await?, "no reports"));
        };
        let report = client.get(&["reports", &code], &[("from", self.from), ("to", self.to)]).await?;
        let all = field(&report, "sheets").as_array().map(Vec::as_slice).unwrap_or_default();
        let chosen = match self.sheet {
            Some(number) => all.get(number.wrapping_sub(1)..number).ok_or_else(|| none_such(&code, all))?,
            None => all,
        };
        if out.is_json() {
            out.json(if let ([one], Some(_)) = (chosen, self.sheet) { one } else { &report });
            return Ok(Exit::Done);
        }
        for sheet in chosen {
            out.heading(&text_at(sheet, "title"));
            out.sheet(&texts(field(sheet, "columns"), "name"), &rows(sheet));
        }
        Ok(Exit::Done)
    }
}

fn none_such(code: &str, all: &[Value]) -> Failure {
    let titles = all.iter().enumerate().map(|(place, sheet)| format!("{} {}", place + 1, text_at(sheet, "title")));
    Failure::Usage(format!("{code} has no such sheet; it has {}", titles.collect::<Vec<_>>().join(", ")))
}

fn texts(list: &Value, at: &str) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|item| text_at(item, at)).collect()
}

fn rows(sheet: &Value) -> Vec<Vec<String>> {
    let rows = field(sheet, "rows").as_array().into_iter().flatten();
    rows.map(|row| row.as_array().into_iter().flatten().map(text).collect()).collect()
}
