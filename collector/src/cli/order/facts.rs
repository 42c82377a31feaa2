//! What is said of an order and of its lines on the command line.

use crate::cli::asset::kinds;
use crate::cli::exit::Failure;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The largest file of serials, bytes: ten thousand of them.
const LARGEST: u64 = 1024 * 1024;

/// What is said of an order.
#[derive(Debug, Default, Args, Serialize)]
pub(super) struct OrderFacts {
    /// The number on the purchase order
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// From whom
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<String>,
    /// Of which money: a grant, a fund
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    funding: Option<String>,
    /// When it was ordered; default, when it is placed: today
    #[arg(long = "ordered", value_name = "DAY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered_on: Option<String>,
    /// When it is expected
    #[arg(long = "expected", value_name = "DAY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_on: Option<String>,
    /// Anything else, for people to read
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

impl OrderFacts {
    /// As the collector takes them.
    pub(super) fn json(&self, title: Option<String>) -> Value {
        let mut body = json!(self);
        if let (Some(title), Some(fields)) = (title, body.as_object_mut()) {
            fields.insert("title".to_owned(), title.into());
        }
        body
    }
}

/// What is said of a line.
#[derive(Debug, Default, Args, Serialize)]
pub(super) struct LineFacts {
    /// What it is
    #[arg(long, value_parser = kinds())]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Maker
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    maker: Option<String>,
    /// Model
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// How many
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    /// What one costs
    #[arg(long, value_name = "AMOUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    /// Warranty from the day on which one is received or first boots
    #[arg(long, value_name = "MONTHS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    warranty_months: Option<String>,
    /// How long one is to last
    #[arg(long, value_name = "MONTHS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    life_months: Option<String>,
    /// Where they go; "" for nowhere yet
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    /// The serial numbers that the vendor has told: a file with one a line, or several times one
    #[arg(long, value_name = "SERIAL|FILE")]
    #[serde(skip)]
    serials: Vec<String>,
}

impl LineFacts {
    /// As the collector takes them.
    ///
    /// # Errors
    /// A file of serials can't be read.
    pub(super) fn json(&self) -> Result<Value, Failure> {
        let mut body = json!(self);
        let mut serials = Vec::new();
        for named in &self.serials {
            match PathBuf::from(named) {
                path if path.is_file() => serials.extend(read(&path)?),
                _ => serials.push(named.clone()),
            }
        }
        if let Some(fields) = body.as_object_mut().filter(|_| !serials.is_empty()) {
            fields.insert("serials".to_owned(), json!(serials));
        }
        Ok(body)
    }
}

fn read(path: &std::path::Path) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::here(path.display(), &error);
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST {
        return Err(Failure::Usage(format!("{}: too large for a list of serials", path.display())));
    }
    let text = String::from_utf8_lossy(&std::fs::read(path).map_err(failed)?).into_owned();
    let lines = text.trim_start_matches('\u{feff}').split(['\n', '\r']).map(str::trim);
    Ok(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_come_from_a_file_or_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("serials.txt");
        std::fs::write(&file, "\u{feff}S1\r\nS2\r\r\n S3 \n").unwrap();
        let facts = LineFacts { serials: vec![file.display().to_string(), "S4".to_owned()], count: Some(4), ..LineFacts::default() };
        let read: rollcall_site::order::LineFacts = serde_json::from_value(facts.json().unwrap()).unwrap();
        assert_eq!(read.serials.unwrap(), ["S1", "S2", "S3", "S4"]);
        assert_eq!(read.count, Some(4));
    }
}
