//! What is said of an asset on the command line.

use clap::Args;
use clap::builder::PossibleValuesParser;
use rollcall_site::asset::{AssetKind, AssetStatus};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is said of an asset.
#[derive(Debug, Default, Args, Serialize)]
pub(super) struct Facts {
    /// What it is
    #[arg(long, value_parser = kinds())]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// What people call it
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Maker
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    maker: Option<String>,
    /// Model
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Serial number
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    /// Where it belongs; "" for nowhere
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    /// Its seat there; "" for none
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<String>,
    /// Where it stands in its life
    #[arg(long, value_parser = ["in-service", "in-repair", "lost", "stolen", "retired"])]
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// All that belongs to it without a tag of its own, parted by commas: "charger, case"
    #[arg(long, value_name = "NAMES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    accessories: Option<String>,
    /// The asset in whose kit it is lent; "" for none
    #[arg(long, value_name = "TAG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<String>,
    /// From whom it was bought
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<String>,
    /// Of which money: a grant, a fund
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    funding: Option<String>,
    /// What it cost: 349.00
    #[arg(long, value_name = "AMOUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    /// When it was bought
    #[arg(long, value_name = "DAY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    bought: Option<String>,
    /// The last day of its warranty
    #[arg(long, value_name = "DAY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    warranty_until: Option<String>,
    /// How long it is to last from the day that it was bought
    #[arg(long, value_name = "MONTHS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    life_months: Option<String>,
    /// Anything else, for people to read; no names of people
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    /// A field of the site's own; NAME= takes it away. May be given several times
    #[arg(long, value_name = "NAME=TEXT", value_parser = field)]
    #[serde(skip)]
    custom: Vec<(String, String)>,
}

impl Facts {
    /// As the collector takes them.
    pub(super) fn json(&self) -> Value {
        let mut body = json!(self);
        if let Some(fields) = body.as_object_mut().filter(|_| !self.custom.is_empty()) {
            let custom: BTreeMap<&String, &String> = self.custom.iter().map(|(name, text)| (name, text)).collect();
            fields.insert("custom".to_owned(), json!(custom));
        }
        body
    }

    /// With one more.
    pub(super) fn with(&self, name: &str, text: String) -> Value {
        let mut body = self.json();
        if let Some(fields) = body.as_object_mut() {
            fields.insert(name.to_owned(), text.into());
        }
        body
    }
}

/// The words of every status.
pub(super) fn statuses() -> PossibleValuesParser {
    PossibleValuesParser::new(AssetStatus::ALL.map(AssetStatus::code))
}

/// The words of every kind.
pub(in crate::cli) fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(AssetKind::ALL.map(AssetKind::word))
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "write NAME=TEXT, as in --custom \"Colour=red\"".to_owned())?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::asset::AssetFacts;

    #[test]
    fn what_is_said_is_what_the_collector_reads() {
        let facts = Facts {
            accessories: Some("charger, case".to_owned()),
            price: Some("349".to_owned()),
            life_months: Some("48".to_owned()),
            warranty_until: Some(String::new()),
            custom: vec![("Colour".to_owned(), "red".to_owned())],
            ..Facts::default()
        };
        let read: AssetFacts = serde_json::from_value(facts.json()).unwrap();
        let again = json!(read);
        assert_eq!(again["price"], "349.00");
        assert_eq!((&again["warranty_until"], &again["custom"]["Colour"]), (&json!(""), &json!("red")));
    }
}
