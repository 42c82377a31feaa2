//! What a form says of an asset, and what a form is filled with: the facts, each as one text.

use rollcall_site::asset::{Asset, AssetFacts, FACTS};
use rollcall_site::{Refusal, Site};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The most bytes that one field brings.
const LONGEST: usize = 20_000;

/// What a form says, by the names of the facts; a field that is not there changes nothing.
pub(super) fn read(fields: &BTreeMap<String, String>, before: Option<&Asset>) -> Result<AssetFacts, Refusal> {
    let mut facts = Map::new();
    for (name, text) in fields {
        if text.len() > LONGEST {
            return Err(Refusal::invalid(format!(
                "the field {name} brings {} bytes, at most {LONGEST} are read: make it shorter",
                text.len()
            )));
        }
        match name.as_str() {
            "custom" => drop(facts.insert(name.clone(), custom(text, before)?)),
            "tag" if !text.trim().is_empty() => drop(facts.insert(name.clone(), text.trim().into())),
            known if FACTS.contains(&known) => drop(facts.insert(name.clone(), text.trim().into())),
            _ => {}
        }
    }
    // A choice that is not made leaves what is so.
    for chosen in ["kind", "status"] {
        if facts.get(chosen).is_some_and(|text| text == "") {
            facts.remove(chosen);
        }
    }
    serde_json::from_value(facts.into()).map_err(|bad| Refusal::invalid(bad.to_string()))
}

/// Fields of the site's own, "name: text" line by line; those that are not there any more go.
fn custom(text: &str, before: Option<&Asset>) -> Result<Value, Refusal> {
    let had = before.and_then(|asset| asset.details.as_deref()).into_iter().flat_map(|details| details.custom.keys());
    let mut fields: BTreeMap<String, String> = had.map(|name| (name.clone(), String::new())).collect();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, text) = line.split_once(':').ok_or_else(|| Refusal::invalid(format!("{line:?}: write each field as \"name: text\"")))?;
        fields.insert(name.trim().to_owned(), text.trim().to_owned());
    }
    Ok(json!(fields))
}

/// What fills the fields of a form, by name.
pub(super) fn filled(site: &Site, asset: &Asset) -> BTreeMap<&'static str, String> {
    let said = json!(AssetFacts::of(site, asset));
    let text = |name: &str| match said.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(Value::Object(fields)) => {
            let line = |(name, text): (&String, &Value)| format!("{name}: {}", text.as_str().unwrap_or_default());
            fields.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    };
    FACTS.iter().map(|name| (*name, text(name))).collect()
}

/// The fields with which a form says again what is so now.
pub(super) fn again(site: &Site, asset: &Asset) -> Vec<(&'static str, String)> {
    filled(site, asset).into_iter().chain([("tag", asset.tag.to_string())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::event::Actor;
    use rollcall_site::{AssetId, Tag, Working, asset};

    #[test]
    fn a_form_says_what_it_was_filled_with() {
        let mut w = Working::begin(Site::default(), jiff::Timestamp::UNIX_EPOCH, Actor::Rollcall);
        let facts = json!({
            "kind": "laptop", "maker": "HP", "price": "349", "accessories": ["charger", "case"], "custom": {"PO": "1", "Colour": "red"},
            "life_months": 48, "notes": "one\ntwo"
        });
        let id = AssetId(uuid::Uuid::from_u128(1));
        let facts: AssetFacts = serde_json::from_value(facts).unwrap();
        let made = asset::add(&mut w, id, Tag::parse("LAP-1").unwrap(), facts).unwrap();
        let fields: BTreeMap<String, String> = again(&w.site, &made).into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        assert_eq!(fields["custom"], "Colour: red\nPO: 1");
        let same = asset::set(&mut w, id, read(&fields, Some(&made)).unwrap()).unwrap();
        assert_eq!(same, made);
        let less = BTreeMap::from([("custom".to_owned(), "Colour: blue".to_owned()), ("price".to_owned(), String::new())]);
        let less = asset::set(&mut w, id, read(&less, Some(&made)).unwrap()).unwrap();
        assert_eq!(less.details.as_ref().unwrap().custom, BTreeMap::from([("Colour".to_owned(), "blue".to_owned())]));
        let long = BTreeMap::from([("notes".to_owned(), "x".repeat(LONGEST + 1))]);
        assert!(read(&long, None).unwrap_err().text.contains("notes brings 20001 bytes"));
        let bad = BTreeMap::from([("custom".to_owned(), "no colon".to_owned())]);
        assert!(read(&bad, None).unwrap_err().text.contains("name: text"));
    }
}
