//! Assets written in Rollcall's own form, which reads back as the same.

use crate::csv_file::Writer;
use rollcall_site::Site;
use rollcall_site::asset::{Asset, AssetFacts, FACTS};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The assets as a file: their tags, each fact, and a column `custom.…` for each field of the site's own that any of them has.
pub fn write(site: &Site, assets: &[Arc<Asset>]) -> Vec<u8> {
    let details = assets.iter().filter_map(|asset| asset.details.as_deref());
    let custom: BTreeSet<&String> = details.flat_map(|details| details.custom.keys()).collect();
    let facts: Vec<&str> = FACTS.iter().copied().filter(|name| *name != "custom").collect();
    let head = std::iter::once("tag".to_owned()).chain(facts.iter().map(|name| (*name).to_owned()));
    let mut out = Writer::for_spreadsheets(head.chain(custom.iter().map(|name| format!("custom.{name}"))));
    for asset in assets {
        let said = match serde_json::to_value(AssetFacts::of(site, asset)) {
            Ok(Value::Object(said)) => said,
            _ => Map::new(),
        };
        let own = said.get("custom").and_then(Value::as_object);
        let cells = facts.iter().map(|name| text(said.get(*name)));
        let fields = custom.iter().map(|name| text(own.and_then(|own| own.get(*name))));
        out.row(std::iter::once(asset.tag.to_string()).chain(cells).chain(fields));
    }
    out.finish()
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}
