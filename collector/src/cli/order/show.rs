//! `rollcall order show`, `rollcall order file`.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use serde_json::json;
use std::io::Write;
use std::path::Path;

const LINES: &[Column] = &[
    Column::text("line", "number"),
    Column::text("what", "title"),
    Column::text("kind", "kind").from(100),
    Column::text("count", "count"),
    Column::text("here", "received"),
    Column::text("room", "room"),
    Column::text("cost", "cost"),
    Column::text("received as", "tags").from(80),
    Column::text("in place of", "replaced").from(120),
];

/// Shows one with its lines.
pub(super) async fn show(client: &Client, out: &Out, order: &str) -> Result<Exit, Failure> {
    let page = client.get(&["orders", order], &[]).await?;
    if out.is_json() {
        out.json(&page);
        return Ok(Exit::Done);
    }
    let at = |name| text_at(&page, name);
    out.line(&at("standing"), &format!("  #{} {}: {} of {} here", at("id"), at("title"), at("received"), at("ordered")));
    let names = ["number", "vendor", "funding", "ordered_on", "expected_on", "total", "by", "notes"];
    out.facts(&names.map(|name| (name.replace('_', " "), at(name))));
    Ok(out.rows(LINES, field(&page, "lines"), "no lines yet: `rollcall order line N --kind laptop --count 30` adds one"))
}

/// Writes one to a file.
pub(super) async fn file(client: &Client, out: &Out, order: &str, file: &Path) -> Result<Exit, Failure> {
    let form = match file.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("pdf") => "file.pdf",
        Some("csv") => "file.csv",
        _ => return Err(Failure::Usage(format!("{}: end its name with .pdf or .csv", file.display()))),
    };
    let response = client.download(&["orders", order, form]).await?;
    let bytes = response.bytes().await.map_err(|error| client.broke_off(&error))?;
    let failed = |error| Failure::here(file.display(), &error);
    let mut written = std::fs::File::create_new(file).map_err(failed)?;
    written.write_all(&bytes).and_then(|()| written.sync_all()).map_err(failed)?;
    Ok(out.said(&json!({ "file": file, "bytes": bytes.len() }), &format!("{} is written", file.display())))
}
