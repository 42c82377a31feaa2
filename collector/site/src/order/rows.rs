//! Orders as rows and pages of facts.

use super::progress::{Standing, left, progress, received_of, standing, total};
use super::{Line, Order, OrderLine, OrderState};
use crate::{OrderId, Site, Tag};
use jiff::civil::Date;
use serde::Serialize;

/// Assets of a line that its page names.
const MOST_NAMED: usize = 200;

/// Which orders are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrdersShown {
    /// Those that are not over: overdue first, then by the day on which they are expected; drafts last.
    #[default]
    Open,
    /// Those that should be here.
    Overdue,
    /// Every one, newest first.
    All,
}

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderRow {
    /// Our number.
    pub id: OrderId,
    /// What it is for.
    pub title: String,
    /// Their number.
    pub number: String,
    /// From whom.
    pub vendor: String,
    /// Of which money.
    pub funding: String,
    /// Where it stands.
    pub standing: Standing,
    /// When it was ordered.
    pub ordered_on: Option<Date>,
    /// When it is expected.
    pub expected_on: Option<Date>,
    /// How many things were ordered.
    pub ordered: u64,
    /// How many are here.
    pub received: u64,
    /// What it costs as far as prices are known, "2498.00".
    pub total: String,
}

/// An order with its lines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderPage {
    /// The row.
    #[serde(flatten)]
    pub row: OrderRow,
    /// For people to read.
    pub notes: String,
    /// Who made it.
    pub by: String,
    /// The lines.
    pub lines: Vec<LineRow>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineRow {
    /// Its number, from 1.
    pub number: u16,
    /// What one is: maker and model, or the kind.
    pub title: String,
    /// What is said of it.
    #[serde(flatten)]
    pub line: Line,
    /// How many are here.
    pub received: u32,
    /// How many have not come.
    pub left: u32,
    /// What the line costs, "698.00"; empty where no price is known.
    pub cost: String,
    /// The tags of those that are here, 200 at most.
    pub tags: Vec<Tag>,
    /// The tags of the assets that they replace.
    pub replaced: Vec<Tag>,
}

/// The orders that are asked for.
pub fn rows(site: &Site, shown: OrdersShown, today: Date) -> Vec<OrderRow> {
    let open = |order: &Order| matches!(order.state, OrderState::Draft | OrderState::Ordered);
    let wanted = site.orders.values().rev().filter(|order| shown == OrdersShown::All || open(order));
    let mut rows: Vec<OrderRow> = wanted.map(|order| row(site, order, today)).collect();
    if shown == OrdersShown::Overdue {
        rows.retain(|row| row.standing == Standing::Overdue);
    }
    if shown != OrdersShown::All {
        let draft = |row: &OrderRow| row.standing == Standing::Draft;
        rows.sort_by_key(|row| (draft(row), row.standing != Standing::Overdue, row.expected_on.unwrap_or(Date::MAX), row.id));
    }
    rows
}

/// One order as a row.
pub fn row(site: &Site, order: &Order, today: Date) -> OrderRow {
    let done = progress(site, order);
    OrderRow {
        id: order.id,
        title: order.title.clone(),
        number: order.number.clone(),
        vendor: order.vendor.clone(),
        funding: order.funding.clone(),
        standing: standing(site, order, today),
        ordered_on: order.ordered_on,
        expected_on: order.expected_on,
        ordered: done.ordered,
        received: done.received,
        total: total(order).to_string(),
    }
}

/// One order with its lines.
pub fn page(site: &Site, order: &Order, today: Date) -> OrderPage {
    let lines = (1u16..).zip(&order.lines).map(|(number, line)| {
        let left = left(site, order, number);
        let here = received_of(site, OrderLine { order: order.id, line: number });
        let replaced = line.replaces.iter().filter_map(|id| site.assets.get(id));
        LineRow {
            number,
            title: line.title(),
            received: line.count.saturating_sub(left),
            left,
            cost: line.price.map(|price| price.times(line.count).to_string()).unwrap_or_default(),
            tags: here.take(MOST_NAMED).map(|asset| asset.tag.clone()).collect(),
            replaced: replaced.map(|asset| asset.tag.clone()).collect(),
            line: line.clone(),
        }
    });
    OrderPage { row: row(site, order, today), notes: order.notes.clone(), by: order.by.clone(), lines: lines.collect() }
}
