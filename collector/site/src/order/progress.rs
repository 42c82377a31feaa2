//! How far an order is: what came of each line, what is late, what it costs.

use super::{Order, OrderLine, OrderState};
use crate::asset::Asset;
use crate::money::Money;
use crate::{AssetId, OrderId, Refusal, Site};
use jiff::civil::Date;
use std::sync::Arc;
use uuid::Uuid;

/// Where an order stands on a day, as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It should be here, and is not.
    Overdue,
    /// Some of it is here, the rest is expected.
    Part,
    /// Expected.
    Expected,
    /// A requisition.
    Draft,
    /// All of it is here.
    Received,
    /// It ended, and some of it never came.
    Short,
    /// A draft that was dropped, or an order of which nothing came.
    Dropped,
}

impl Standing {
    /// As people say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Part => "partly here",
            Self::Expected => "expected",
            Self::Draft => "draft",
            Self::Received => "received",
            Self::Short => "short",
            Self::Dropped => "dropped",
        }
    }
}

/// How much of an order is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// How many were ordered.
    pub ordered: u64,
    /// How many are here.
    pub received: u64,
}

/// The order with this number of ours.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: OrderId) -> Result<&Arc<Order>, Refusal> {
    site.orders.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no order {id}; `rollcall order list --all` shows them")))
}

/// The order that is called `text`: by the number on the purchase order, or by ours; "#7" is always ours.
///
/// # Errors
/// None or several are called so.
pub fn find<'a>(site: &'a Site, text: &str) -> Result<&'a Arc<Order>, Refusal> {
    let text = text.trim();
    let ours = |text: &str| text.parse::<OrderId>().ok().and_then(|id| site.orders.get(&id));
    if let Some(number) = text.strip_prefix('#') {
        return ours(number).ok_or_else(|| none(text));
    }
    let theirs = site.orders.values().filter(|order| !order.number.is_empty() && order.number.eq_ignore_ascii_case(text));
    let mut found: Vec<&Arc<Order>> = theirs.chain(ours(text)).collect();
    found.dedup_by_key(|order| order.id);
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(none(text)),
        several => {
            let names: Vec<String> = several.iter().map(|order| format!("#{}", order.id)).collect();
            Err(Refusal::invalid(format!("several orders are called {text:?}: name one by our number ({})", names.join(", "))))
        }
    }
}

fn none(text: &str) -> Refusal {
    let text: String = text.chars().take(40).collect();
    Refusal::not_found(format!("there is no order {text:?}; `rollcall order list --all` shows them"))
}

/// What came by a line.
pub fn received_of(site: &Site, at: OrderLine) -> impl Iterator<Item = &Arc<Asset>> {
    let assets = site.by_order.range((at, AssetId(Uuid::nil()))..=(at, AssetId(Uuid::max())));
    assets.filter_map(|(_, id)| site.assets.get(id))
}

/// The line that an asset came by, with its order.
pub fn line_of<'a>(site: &'a Site, asset: &Asset) -> Option<(&'a Arc<Order>, u16)> {
    let at = asset.purchase.as_deref()?.order?;
    site.orders.get(&at.order).map(|order| (order, at.line))
}

/// How many of a line have not come.
pub fn left(site: &Site, order: &Order, line: u16) -> u32 {
    let here = received_of(site, OrderLine { order: order.id, line }).count();
    order.line(line).map_or(0, |line| line.count.saturating_sub(u32::try_from(here).unwrap_or(u32::MAX)))
}

/// How much of an order is here.
pub fn progress(site: &Site, order: &Order) -> Progress {
    (1u16..).zip(&order.lines).fold(Progress::default(), |sum, (number, line)| {
        let here = line.count - left(site, order, number).min(line.count);
        Progress { ordered: sum.ordered + u64::from(line.count), received: sum.received + u64::from(here) }
    })
}

/// Where an order stands on a day.
pub fn standing(site: &Site, order: &Order, today: Date) -> Standing {
    match order.state {
        OrderState::Draft => Standing::Draft,
        OrderState::Received => Standing::Received,
        OrderState::Ended if progress(site, order).received == 0 => Standing::Dropped,
        OrderState::Ended => Standing::Short,
        OrderState::Ordered if order.expected_on.is_some_and(|day| day < today) => Standing::Overdue,
        OrderState::Ordered if progress(site, order).received > 0 => Standing::Part,
        OrderState::Ordered => Standing::Expected,
    }
}

/// What an order costs, as far as prices are known.
pub fn total(order: &Order) -> Money {
    order.lines.iter().fold(Money::ZERO, |sum, line| sum.plus(line.price.unwrap_or_default().times(line.count)))
}
