//! What is said of an asset: the one way of saying changes, for the REST interface, the command line, pages and imports.

use super::kind::AssetKind;
use super::purchase::Purchase;
use super::status::AssetStatus;
use super::{Asset, Details};
use crate::money::Money;
use crate::{Site, Tag};
use jiff::civil::Date;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

/// What is said of an asset: absent fields stay as they are, in a new one they are empty. An empty text takes a fact away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssetFacts {
    /// What it is; read in any case, with spaces or hyphens.
    #[serde(deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub kind: Option<AssetKind>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Where it belongs; an empty text: nowhere. Another room takes its seat away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Its seat there; an empty text: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    /// Where it stands in its life; `Disposed` is refused here: [`super::dispose`] says how.
    #[serde(deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub status: Option<AssetStatus>,
    /// Another tag for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// What belongs to it without a tag of its own, all of it: a list, or one text parted by commas.
    #[serde(deserialize_with = "listed", skip_serializing_if = "Option::is_none")]
    pub accessories: Option<Vec<String>>,
    /// The tag of the asset whose kit it belongs to; an empty text: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// From whom it was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Of which money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funding: Option<String>,
    /// What it cost, as a text: "349.00".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Entry<Money>>,
    /// When it was bought: "2026-08-01".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought: Option<Entry<Date>>,
    /// The last day of its warranty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warranty_until: Option<Entry<Date>>,
    /// How long it is to last, months from the day that it was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_months: Option<Entry<u16>>,
    /// Anything else, for people to read; no names of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Fields of the site's own, by name; only those that are named change, and one with an empty text goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<BTreeMap<String, String>>,
}

/// The names of [`AssetFacts`], as an import writes them; alphabetical. Another tag is given one at a time.
pub const FACTS: &[&str] = &[
    "accessories",
    "bought",
    "custom",
    "funding",
    "kind",
    "life_months",
    "maker",
    "model",
    "name",
    "notes",
    "part_of",
    "price",
    "room",
    "seat",
    "serial",
    "status",
    "vendor",
    "warranty_until",
];

impl AssetFacts {
    /// Everything that is said of an asset, in the form in which it may be said again; its tag stands beside.
    pub fn of(site: &Site, asset: &Asset) -> Self {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let purchase = asset.purchase.as_deref().cloned().unwrap_or_default();
        let Purchase { vendor, funding, price, bought, warranty_until, life_months, order: _, rest: _ } = purchase;
        Self {
            kind: Some(asset.kind),
            name: said(&asset.name),
            maker: said(&asset.maker),
            model: said(&asset.model),
            serial: said(&asset.serial),
            room: asset.room.as_ref().map(ToString::to_string),
            seat: asset.seat.clone(),
            status: Some(asset.status),
            tag: None,
            accessories: Some(asset.accessories.clone()).filter(|list| !list.is_empty()),
            part_of: asset.part_of.and_then(|id| site.assets.get(&id)).map(|whole| whole.tag.to_string()),
            vendor: said(&vendor),
            funding: said(&funding),
            price: price.map(Entry::Is),
            bought: bought.map(Entry::Is),
            warranty_until: warranty_until.map(Entry::Is),
            life_months: life_months.map(Entry::Is),
            notes: said(asset.notes()),
            custom: asset.details.as_deref().map(|details: &Details| details.custom.clone()).filter(|custom| !custom.is_empty()),
        }
    }
}

/// A fact that may be taken away; written as a text, which is empty then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<T> {
    /// It is not known any more.
    Cleared,
    /// It is this.
    Is(T),
}

impl<T> Entry<T> {
    /// What it is, if anything.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Cleared => None,
            Self::Is(value) => Some(value),
        }
    }
}

impl<T: FromStr> FromStr for Entry<T> {
    type Err = T::Err;
    fn from_str(text: &str) -> Result<Self, T::Err> {
        let text = text.trim();
        if text.is_empty() { Ok(Self::Cleared) } else { text.parse().map(Self::Is) }
    }
}

impl<T: Display> Serialize for Entry<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Cleared => serializer.serialize_str(""),
            Self::Is(value) => serializer.collect_str(value),
        }
    }
}

/// What a number in JSON means for a fact; amounts are kept in hundredths, so that a bare number would be read in two ways.
pub trait Plain: FromStr<Err: Display> {
    /// What a text must look like.
    const WANT: &'static str;
    /// The fact that a number says, if it says one.
    fn of_number(number: u64) -> Option<Self>;
}

impl Plain for Money {
    const WANT: &'static str = "an amount as a text: \"349.00\"";
    fn of_number(_: u64) -> Option<Self> {
        None
    }
}

impl Plain for Date {
    const WANT: &'static str = "a day as a text: \"2026-08-01\"";
    fn of_number(_: u64) -> Option<Self> {
        None
    }
}

impl Plain for u16 {
    const WANT: &'static str = "a whole number of months: 48";
    fn of_number(number: u64) -> Option<Self> {
        number.try_into().ok()
    }
}

impl<'de, T: Plain> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts<T>(PhantomData<T>);
        impl<T: Plain> Visitor<'_> for Texts<T> {
            type Value = Entry<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::WANT)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Entry<T>, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Entry<T>, E> {
                T::of_number(number).map(Entry::Is).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
        }
        deserializer.deserialize_any(Texts(PhantomData))
    }
}

fn word<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
}

fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a list of texts, or one text parted by commas")]
    enum Names {
        List(Vec<String>),
        Text(String),
    }
    Ok(Option::<Names>::deserialize(deserializer)?.map(|names| match names {
        Names::List(names) => names,
        Names::Text(text) => parted(&text),
    }))
}

/// The names in a text that is parted by commas or semicolons.
pub fn parted(text: &str) -> Vec<String> {
    text.split([',', ';']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(facts: Value) -> Result<AssetFacts, String> {
        serde_json::from_value(facts).map_err(|error| error.to_string())
    }

    #[test]
    fn facts_are_read_from_texts() {
        let all = json!({
            "kind": "Document camera", "status": "In repair", "accessories": "charger, case;", "price": "$349.50", "bought": "2026-08-01",
            "warranty_until": "", "life_months": "48", "custom": {"colour": "red"}
        });
        let facts = read(all).unwrap();
        assert_eq!((facts.kind, facts.status), (Some(AssetKind::DocumentCamera), Some(AssetStatus::InRepair)));
        assert_eq!(facts.accessories.as_deref(), Some(["charger".to_owned(), "case".to_owned()].as_slice()));
        assert_eq!(
            (facts.price, facts.warranty_until, facts.life_months),
            (Some(Entry::Is(Money(34_950))), Some(Entry::Cleared), Some(Entry::Is(48)))
        );
        assert_eq!(read(json!({"life_months": 48, "accessories": ["charger", "case"]})).unwrap().accessories, facts.accessories);
    }

    #[test]
    fn facts_that_mean_nothing_are_refused_in_words() {
        let check = |facts: Value, want: &str| {
            let refused = read(facts).unwrap_err();
            assert!(refused.contains(want), "{refused}");
        };
        check(json!({"kind": "fridge"}), "no kind of asset; the kinds are access-point");
        check(json!({"status": "broken"}), "no status");
        check(json!({"price": 349}), "an amount as a text");
        check(json!({"price": "cheap"}), "an amount as a text");
        check(json!({"bought": "yesterday"}), "a day as a text");
        check(json!({"life_months": 70000}), "a whole number of months");
        check(json!({"life_months": -1}), "a whole number of months");
        check(json!({"colour": "red"}), "unknown field");
    }

    #[test]
    fn the_names_of_the_facts_are_sorted_and_every_one_is_there() {
        assert!(FACTS.is_sorted());
        let facts = FACTS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect::<serde_json::Map<_, _>>();
        assert_eq!(read(facts.into()).unwrap(), AssetFacts::default());
    }
}
