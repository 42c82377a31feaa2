//! What people change of orders: drafts, lines, placing them, ending them.

use super::progress::{get, left, progress};
use super::{Line, Order, OrderLine, OrderState};
use crate::asset::{self, AssetKind, Entry, lasting, likely};
use crate::facts_text::{lines, short};
use crate::money::Money;
use crate::record::Rest;
use crate::{AssetId, OrderId, Refusal, RoomId, Site, Tag, Working, fingerprint, words};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most lines of an order.
const MOST_LINES: usize = 100;
/// The most of one line.
const MOST_COUNT: u32 = 10_000;
/// The most characters of notes.
const MOST_NOTES: usize = 2000;

/// What is said of an order: absent fields stay as they are, an empty text takes one away.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrderFacts {
    /// What it is for, in one line.
    pub title: Option<String>,
    /// Their number.
    pub number: Option<String>,
    /// From whom.
    pub vendor: Option<String>,
    /// Of which money.
    pub funding: Option<String>,
    /// When it was ordered.
    pub ordered_on: Option<Entry<Date>>,
    /// When it is expected.
    pub expected_on: Option<Entry<Date>>,
    /// For people to read.
    pub notes: Option<String>,
}

/// What is said of a line: absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineFacts {
    /// What it is.
    pub kind: Option<AssetKind>,
    /// Maker.
    pub maker: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// How many.
    pub count: Option<u32>,
    /// What one costs, as a text.
    pub price: Option<Entry<Money>>,
    /// Warranty, months.
    pub warranty_months: Option<Entry<u16>>,
    /// How long one is to last, months.
    pub life_months: Option<Entry<u16>>,
    /// Where they go; an empty text: nowhere yet.
    pub room: Option<String>,
    /// The serial numbers that are expected, all of them.
    pub serials: Option<Vec<String>>,
    /// The tags of the assets that they are to replace, all of them.
    pub replaces: Option<Vec<Tag>>,
}

/// Opens a draft.
///
/// # Errors
/// It says not what it is for; a text is too long.
pub fn open(w: &mut Working, facts: OrderFacts) -> Result<Arc<Order>, Refusal> {
    let order = Order {
        id: OrderId(w.site.orders.get_max().map_or(1, |(id, _)| id.0 + 1)),
        title: String::new(),
        number: String::new(),
        vendor: String::new(),
        funding: String::new(),
        state: OrderState::Draft,
        ordered_on: None,
        expected_on: None,
        lines: Vec::new(),
        notes: String::new(),
        made_at: w.now,
        by: w.actor.words(),
        rest: Rest::new(),
    };
    let order = lay(&w.site, order, facts)?;
    let order = w.put(order);
    w.event("order.drafted", format!("Requisition {} drafted: {}", order.id, order.title));
    Ok(order)
}

/// Changes what is said of an order.
///
/// # Errors
/// No such order; it is over; a text is too long; the number is in use.
pub fn set(w: &mut Working, id: OrderId, facts: OrderFacts) -> Result<Arc<Order>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    not_over(&before)?;
    let after = lay(&w.site, (*before).clone(), facts)?;
    if after == *before {
        return Ok(before);
    }
    let order = w.put(after);
    w.event("order.changed", format!("{} changed: {}", capital(&order), order.title));
    Ok(order)
}

/// Says that a draft is ordered.
///
/// # Errors
/// No such order; it is no draft; it has no lines; the number is in use, or the days are not in order.
pub fn place(w: &mut Working, id: OrderId, facts: OrderFacts) -> Result<Arc<Order>, Refusal> {
    let draft = Arc::clone(get(&w.site, id)?);
    if draft.state != OrderState::Draft {
        return Err(Refusal::conflict(format!("{} is {} already", draft.name(), draft.state.word())));
    }
    if draft.lines.is_empty() {
        return Err(Refusal::conflict(format!(
            "requisition {id} has no lines: `rollcall order line {id} --kind laptop --count 30` adds one"
        )));
    }
    let mut order = lay(&w.site, (*draft).clone(), facts)?;
    order.ordered_on = order.ordered_on.or(Some(w.today()));
    order.state = OrderState::Ordered;
    in_order(&order)?;
    let order = w.put(order);
    let until = order.expected_on.map_or_else(String::new, |day| format!(", expected {day}"));
    let things = words::count(progress(&w.site, &order).ordered, "thing", "things");
    w.event("order.placed", format!("{} is ordered: {things}{until}", capital(&order)));
    Ok(order)
}

/// Ends an order of which nothing more comes, or drops a draft.
///
/// # Errors
/// No such order; it is over.
pub fn end(w: &mut Working, id: OrderId) -> Result<Arc<Order>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    not_over(&before)?;
    let order = w.put(Order { state: OrderState::Ended, ..(*before).clone() });
    let text = match (before.state, progress(&w.site, &order)) {
        (OrderState::Draft, _) => format!("{} dropped", capital(&before)),
        (_, done) => format!("{} ended: {} of {} came", capital(&order), done.received, done.ordered),
    };
    w.event("order.ended", text);
    Ok(order)
}

/// Adds a line.
///
/// # Errors
/// No such order; it is over; too many lines; what is said of the line is not right.
pub fn add_line(w: &mut Working, id: OrderId, facts: LineFacts) -> Result<Arc<Order>, Refusal> {
    let mut order = (**get(&w.site, id)?).clone();
    not_over(&order)?;
    if order.lines.len() >= MOST_LINES {
        return Err(Refusal::conflict(format!("{} has {MOST_LINES} lines already, which is the most: begin another", order.name())));
    }
    let number = u16::try_from(order.lines.len() + 1).unwrap_or(u16::MAX);
    let line = lay_line(&w.site, OrderLine { order: id, line: number }, empty_line(), facts)?;
    let text = format!("{}, line {number}: {} × {}", capital(&order), line.count, line.title());
    order.lines.push(line);
    let order = w.put(order);
    w.event("order.changed", text);
    Ok(order)
}

/// Changes a line.
///
/// # Errors
/// No such order or line; it is over; what is said is not right; fewer than have come.
pub fn set_line(w: &mut Working, at: OrderLine, facts: LineFacts) -> Result<Arc<Order>, Refusal> {
    let before = Arc::clone(get(&w.site, at.order)?);
    not_over(&before)?;
    let line = before.line(at.line).cloned().ok_or_else(|| no_line(&before, at.line))?;
    let here = line.count.saturating_sub(left(&w.site, &before, at.line));
    let line = lay_line(&w.site, at, line, facts)?;
    if line.count < here {
        return Err(Refusal::conflict(format!("{here} of line {} have come already: its count can't be {}", at.line, line.count)));
    }
    let mut order = (*before).clone();
    let text = format!("{}, line {}: {} × {}", capital(&order), at.line, line.count, line.title());
    if let Some(place) = order.lines.get_mut(usize::from(at.line) - 1) {
        *place = line;
    }
    if order == *before {
        return Ok(before);
    }
    w.put(order);
    w.event("order.changed", text);
    super::settle(w, at.order);
    get(&w.site, at.order).cloned()
}

/// Takes a line out of a draft.
///
/// # Errors
/// No such order or line; it is ordered already.
pub fn drop_line(w: &mut Working, at: OrderLine) -> Result<Arc<Order>, Refusal> {
    let mut order = (**get(&w.site, at.order)?).clone();
    if order.state != OrderState::Draft {
        return Err(Refusal::conflict(format!("{} is ordered already: give the line a smaller count instead", order.name())));
    }
    let line = order.line(at.line).cloned().ok_or_else(|| no_line(&order, at.line))?;
    order.lines.remove(usize::from(at.line) - 1);
    let text = format!("{}, line {} taken out: {} × {}", capital(&order), at.line, line.count, line.title());
    let order = w.put(order);
    w.event("order.changed", text);
    Ok(order)
}

pub(super) fn no_line(order: &Order, number: u16) -> Refusal {
    Refusal::not_found(format!("{} has no line {number}: it has {}", order.name(), words::count(order.lines.len(), "line", "lines")))
}

fn not_over(order: &Order) -> Result<(), Refusal> {
    match order.state {
        OrderState::Draft | OrderState::Ordered => Ok(()),
        state => Err(Refusal::conflict(format!("{} is {}: it is not changed any more", order.name(), state.word()))),
    }
}

fn capital(order: &Order) -> String {
    let name = order.name();
    let mut signs = name.chars();
    signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}

/// An order with facts laid over it, checked.
fn lay(site: &Site, mut order: Order, facts: OrderFacts) -> Result<Order, Refusal> {
    let texts = [
        (&mut order.title, facts.title, "what it is for"),
        (&mut order.vendor, facts.vendor, "a vendor"),
        (&mut order.funding, facts.funding, "a funding source"),
        (&mut order.number, facts.number, "an order's number"),
    ];
    for (field, text, what) in texts {
        if let Some(text) = text {
            *field = short(what, &text, 120)?;
        }
    }
    if order.title.is_empty() {
        return Err(Refusal::invalid("say in one line what it is for, as \"Chromebooks for grade 7\""));
    }
    let has_number = |other: &&Arc<Order>| other.id != order.id && other.number.eq_ignore_ascii_case(&order.number);
    if let Some(other) = site.orders.values().filter(|_| !order.number.is_empty()).find(has_number) {
        return Err(Refusal::conflict(format!("the number {} is that of order #{}: {}", order.number, other.id, other.title)));
    }
    if let Some(notes) = facts.notes {
        order.notes = lines("notes", &notes, MOST_NOTES)?;
    }
    for (field, day, what) in
        [(&mut order.ordered_on, facts.ordered_on, "ordered_on"), (&mut order.expected_on, facts.expected_on, "expected_on")]
    {
        if let Some(day) = day {
            *field = day.value().map(|day| likely(what, day)).transpose()?;
        }
    }
    in_order(&order)?;
    Ok(order)
}

fn in_order(order: &Order) -> Result<(), Refusal> {
    match (order.ordered_on, order.expected_on) {
        (Some(ordered), Some(expected)) if expected < ordered => {
            Err(Refusal::invalid(format!("it can't be expected on {expected}, before it was ordered on {ordered}")))
        }
        _ => Ok(()),
    }
}

fn empty_line() -> Line {
    Line {
        kind: AssetKind::default(),
        maker: String::new(),
        model: String::new(),
        count: 1,
        price: None,
        warranty_months: None,
        life_months: None,
        room: None,
        serials: Vec::new(),
        replaces: Vec::new(),
        rest: Rest::new(),
    }
}

/// A line with facts laid over it, checked.
fn lay_line(site: &Site, at: OrderLine, mut line: Line, facts: LineFacts) -> Result<Line, Refusal> {
    line.kind = facts.kind.unwrap_or(line.kind);
    for (field, text) in [(&mut line.maker, facts.maker), (&mut line.model, facts.model)] {
        if let Some(text) = text {
            *field = short("a maker or model", &text, 120)?;
        }
    }
    line.count = facts.count.unwrap_or(line.count);
    if !(1..=MOST_COUNT).contains(&line.count) {
        return Err(Refusal::invalid(format!("a line is of 1 to {MOST_COUNT}, not of {}", line.count)));
    }
    line.price = facts.price.map_or(line.price, Entry::value);
    for (field, months) in [(&mut line.warranty_months, facts.warranty_months), (&mut line.life_months, facts.life_months)] {
        if let Some(months) = months {
            *field = months.value().map(lasting).transpose()?;
        }
    }
    if let Some(room) = facts.room {
        line.room = if room.trim().is_empty() { None } else { Some(crate::room::get(site, &RoomId::parse(&room)?)?.id.clone()) };
    }
    if let Some(serials) = facts.serials {
        line.serials = expected(site, at, serials)?;
    }
    if line.serials.len() > usize::try_from(line.count).unwrap_or(usize::MAX) {
        return Err(Refusal::invalid(format!("{} serials are more than the {} of the line", line.serials.len(), line.count)));
    }
    if let Some(tags) = facts.replaces {
        line.replaces = replaced(site, &tags)?;
    }
    Ok(line)
}

/// The assets with these tags, each once, in the order in which they are named.
fn replaced(site: &Site, tags: &[Tag]) -> Result<Vec<AssetId>, Refusal> {
    if usize::try_from(MOST_COUNT).is_ok_and(|most| tags.len() > most) {
        return Err(Refusal::invalid(format!("a line replaces at most {MOST_COUNT} assets, not {}", tags.len())));
    }
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for tag in tags {
        let id = asset::tagged(site, tag)?.id;
        if seen.insert(id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Serial numbers that may be expected: each identifies something, stands once, and nothing else has it.
fn expected(site: &Site, at: OrderLine, serials: Vec<String>) -> Result<Vec<String>, Refusal> {
    let (mut kept, mut seen) = (Vec::new(), BTreeSet::new());
    for serial in serials {
        let serial = short("a serial number", &serial, 120)?;
        if serial.is_empty() {
            continue;
        }
        let Some(fact) = fingerprint::fact(&serial) else {
            return Err(Refusal::invalid(format!("the serial {serial:?} identifies nothing")));
        };
        if !seen.insert(fact.clone()) {
            continue;
        }
        if let Some(asset) = asset::with_serial(site, &serial).find(|asset| asset.came_by() != Some(at)) {
            return Err(Refusal::conflict(format!("the serial {serial} is that of {} already", asset.tag)));
        }
        let hash = fingerprint::hash(fact);
        let first = OrderLine { order: OrderId(0), line: 0 };
        let others = site.expected_serials.range((hash, first)..).take_while(|(other, _)| *other == hash);
        if let Some((_, other)) = others.into_iter().find(|(_, other)| *other != at) {
            return Err(Refusal::conflict(format!(
                "the serial {serial} is expected by line {} of order #{} already",
                other.line, other.order
            )));
        }
        kept.push(serial);
    }
    Ok(kept)
}
