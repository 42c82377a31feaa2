//! Orders: what was asked for, what was bought, and what of it is here. A draft is a requisition that nobody has ordered yet.
//!
//! What is received of a line is not written in the order: each asset names the line that it came by, and an index counts them.

mod change;
mod progress;
mod receive;
mod rows;
#[cfg(test)]
mod tests;

pub use change::{LineFacts, OrderFacts, add_line, drop_line, end, open, place, set, set_line};
pub use progress::{Progress, Standing, find, get, left, line_of, progress, received_of, standing, total};
pub(crate) use receive::{Expected, expected_by_boot, first_boot, settle};
pub use receive::{Received, Receiving, Serials, receive};
pub use rows::{LineRow, OrderPage, OrderRow, OrdersShown, page, row, rows};

use crate::asset::AssetKind;
use crate::money::Money;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, OrderId, RoomId, Site, fingerprint};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What was or is to be bought, in lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Our number.
    pub id: OrderId,
    /// What it is for, in one line: "Chromebooks for grade 7".
    pub title: String,
    /// Their number, on the purchase order; empty in a draft.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// From whom.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// Of which money.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub funding: String,
    /// Where it stands.
    pub state: OrderState,
    /// When it was ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_on: Option<Date>,
    /// When it is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
    /// What, in lines that are numbered from 1.
    pub lines: Vec<Line>,
    /// For people to read; no names of people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Since when there is this order or draft.
    pub made_at: Timestamp,
    /// Who made it.
    pub by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Some of one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it is.
    pub kind: AssetKind,
    /// Maker.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub maker: String,
    /// Model.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// How many.
    pub count: u32,
    /// What one costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Warranty from the day on which one is received or first boots, months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warranty_months: Option<u16>,
    /// How long one is to last, months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_months: Option<u16>,
    /// Where they go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// The serial numbers that the vendor has told; those that came stay here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<String>,
    /// The assets that they are to replace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<AssetId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Line {
    /// What one of it is: maker and model, or the kind.
    pub fn title(&self) -> String {
        let product = crate::asset::product(&self.maker, &self.model);
        if product.is_empty() { self.kind.title().to_owned() } else { product }
    }

    /// Whether this serial number is among those that the vendor has told.
    pub fn expects(&self, serial: &str) -> bool {
        let Some(serial) = fingerprint::fact(serial) else { return false };
        self.serials.iter().any(|own| fingerprint::fact(own).is_some_and(|own| own == serial))
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// A requisition: not ordered yet.
    Draft,
    /// Ordered; not everything is here.
    Ordered,
    /// Everything is here.
    Received,
    /// Over: what is not here does not come; or a draft that was dropped.
    Ended,
}

impl OrderState {
    /// As people say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ordered => "ordered",
            Self::Received => "received",
            Self::Ended => "ended",
        }
    }
}

/// The line of an order that an asset came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderLine {
    /// The order.
    pub order: OrderId,
    /// Its line, from 1.
    pub line: u16,
}

impl Record for Order {
    type Key = OrderId;
    const KIND: &'static str = "order";
    fn key(&self) -> OrderId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.orders
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.orders
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        for key in old.into_iter().flat_map(Self::expected) {
            site.expected_serials.remove(&key);
        }
        for key in new.into_iter().flat_map(Self::expected) {
            site.expected_serials.insert(key);
        }
    }
}

impl Order {
    /// The hashes of the serials that are expected, with their lines: of what is ordered only.
    fn expected(&self) -> impl Iterator<Item = (u64, OrderLine)> + '_ {
        let lines = (1u16..).zip(&self.lines).filter(|_| self.state == OrderState::Ordered);
        lines.flat_map(|(number, line)| {
            let at = OrderLine { order: self.id, line: number };
            line.serials.iter().filter_map(|serial| fingerprint::fact(serial)).map(move |serial| (fingerprint::hash(serial), at))
        })
    }

    /// The line with this number, from 1.
    pub fn line(&self, number: u16) -> Option<&Line> {
        self.lines.get(usize::from(number).checked_sub(1)?)
    }

    /// As people name it: "order 7 (PO 4711)".
    pub fn name(&self) -> String {
        match (self.state, self.number.as_str()) {
            (OrderState::Draft, _) => format!("requisition {}", self.id),
            (_, "") => format!("order {}", self.id),
            (_, number) => format!("order {} ({number})", self.id),
        }
    }
}
