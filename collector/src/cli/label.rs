//! `rollcall label`: labels of assets as a PDF.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::way::Ask;
use crate::cli::words;
use crate::desk::api::labels::{LABELS_HEADER, NO_BARS_HEADER, PAGES_HEADER};
use crate::label::STOCKS;
use clap::Args;
use reqwest::header::HeaderMap;
use serde_json::json;
use std::path::PathBuf;

/// Print labels: a PDF at exact millimetres, with the tag as bars, as a square code and in letters.
#[derive(Debug, Args)]
#[command(
    override_usage = "rollcall label TAG... [--sheet SHEET] --out FILE\n       rollcall label --room ROOM | --order N | --new DAYS | --test --out FILE",
    after_help = "Examples:
  rollcall label LAP-042 PRJ-003 --out labels.pdf
  rollcall label --room \"Lab 118\" --sheet l7160 --start 5 --out labels.pdf    the first four are used already
  rollcall label --order 12 --sheet dymo-30252 --out labels.pdf              what came by an order
  rollcall label --new 1 --sheet brother-24 --content qr --out labels.pdf    what was added since yesterday
  rollcall label --test --sheet avery-5160 --out test.pdf                    outlines, to hold a sheet against
  rollcall label LAP-042 --offset-x 0.5 --offset-y -1 --out labels.pdf       where the printer is off, mm

Print at 100 %, not \"fit to page\". Sheets: avery-5160, brother-24, dymo-30252, l7160."
)]
pub struct Labels {
    /// Their tags
    #[arg(required_unless_present_any = ["room", "order", "new", "test"])]
    tags: Vec<String>,
    /// Everything that belongs in this room
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Everything that came by this order
    #[arg(long, value_name = "N")]
    order: Option<String>,
    /// Everything that was added in the last so many days
    #[arg(long, value_name = "DAYS", visible_alias = "all-new", num_args = 0..=1, default_missing_value = "1")]
    new: Option<u32>,
    /// What they are printed on
    #[arg(long, default_value = "avery-5160", value_parser = clap::builder::PossibleValuesParser::new(STOCKS.iter().map(|stock| stock.name)))]
    sheet: String,
    /// The place of the first label, from 1
    #[arg(long, default_value_t = 1)]
    start: usize,
    /// Which codes
    #[arg(long, default_value = "both", value_parser = ["both", "code128", "qr", "report"])]
    content: String,
    /// Move everything to the right, millimetres
    #[arg(long, value_name = "MM", default_value_t = 0.0, allow_negative_numbers = true)]
    offset_x: f64,
    /// Move everything down, millimetres
    #[arg(long, value_name = "MM", default_value_t = 0.0, allow_negative_numbers = true)]
    offset_y: f64,
    /// The outlines of one sheet instead, to hold it against
    #[arg(long)]
    test: bool,
    /// The PDF to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Ask for Labels {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let body = json!({
            "tags": self.tags.join(" "),
            "room": self.room.unwrap_or_default(),
            "order": self.order.unwrap_or_default(),
            "days": self.new.map(|days| days.to_string()).unwrap_or_default(),
            "sheet": self.sheet,
            "content": self.content,
            "start": self.start.to_string(),
            "offset_x": self.offset_x.to_string(),
            "offset_y": self.offset_y.to_string(),
            "test": if self.test { "1" } else { "" },
        });
        let (headers, bytes) = client.bytes(&["labels"], body).await?;
        std::fs::write(&self.out, &bytes).map_err(|error| Failure::here(self.out.display(), &error))?;
        let (labels, pages) = (number(&headers, LABELS_HEADER), number(&headers, PAGES_HEADER));
        let without = headers.get(NO_BARS_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !without.is_empty() {
            out.note(&format!("too long for bars here, a square code alone: {}", without.replace(' ', ", ")));
        }
        let place = self.out.display();
        let said = if self.test {
            format!("{place}: print it at 100 %, hold it against a sheet, and give what it is off by with --offset-x and --offset-y")
        } else {
            let (labels, pages) = (words::count(labels, "label", "labels"), words::count(pages, "page", "pages"));
            format!("{place}: {labels} on {pages}; print at 100 %")
        };
        let report =
            json!({ "file": self.out, "labels": labels, "pages": pages, "without_bars": without.split_whitespace().collect::<Vec<_>>() });
        Ok(out.said(&report, &said))
    }
}

fn number(headers: &HeaderMap, name: &str) -> u64 {
    headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}
