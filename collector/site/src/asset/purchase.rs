//! How an asset was bought, and how long it is to last.

use crate::money::Money;
use crate::order::OrderLine;
use crate::record::Rest;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How an asset was bought, and how long it is to last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Purchase {
    /// From whom.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// Of which money: a grant, a fund.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub funding: String,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought: Option<Date>,
    /// The last day of its warranty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warranty_until: Option<Date>,
    /// How long it is to last, months from the day that it was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_months: Option<u16>,
    /// The line of the order that it came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderLine>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Purchase {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The day on which its life is over, where it is known when it was bought and how long it is to last.
    pub fn life_ends(&self) -> Option<Date> {
        self.bought?.checked_add(i32::from(self.life_months?).months()).ok()
    }
}
