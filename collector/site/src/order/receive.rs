//! Receiving: by a scan of its tag, or by its first boot, when its serial is one that the vendor has told.

use super::change::no_line;
use super::progress::{get, left, progress, received_of};
use super::{Line, Order, OrderLine, OrderState};
use crate::asset::{self, Asset, AssetFacts, Purchase};
use crate::fingerprint::{self, Fingerprint};
use crate::{AssetId, OrderId, Refusal, RoomId, Site, Tag, Working, words};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is scanned of one thing that came.
#[derive(Clone, Debug, PartialEq)]
pub struct Receiving {
    /// The order.
    pub order: OrderId,
    /// Its line; `None`: the one that expects the serial, or else the only one that is open.
    pub line: Option<u16>,
    /// The label that it gets.
    pub tag: Tag,
    /// Its serial number; empty where it has none.
    pub serial: String,
    /// The room, where it is another one than the line says.
    pub room: Option<String>,
    /// Which serials are taken.
    pub serials: Serials,
}

/// Which serials are taken where the vendor has told some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serials {
    /// Those that are expected.
    #[default]
    Expected,
    /// Any: the vendor's list is wrong.
    Any,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Received {
    /// The asset.
    pub asset: Arc<Asset>,
    /// The line.
    pub line: u16,
    /// How many of the line have not come yet.
    pub left: u32,
    /// Whether everything that was ordered is here.
    pub complete: bool,
}

/// An order line that waits for a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected(OrderLine);

/// Receives one thing: makes the asset, with what the order knows of it; its warranty begins today.
///
/// # Errors
/// No such order or line; it is not ordered, or all of the line is here; the tag or the serial is in use; the serial is not expected.
pub fn receive(w: &mut Working, id: AssetId, what: Receiving) -> Result<Received, Refusal> {
    let order = Arc::clone(get(&w.site, what.order)?);
    if order.state != OrderState::Ordered {
        let how = match order.state {
            OrderState::Draft => format!(" only: say that it is ordered with `rollcall order place {}`", order.id),
            _ => " already".to_owned(),
        };
        return Err(Refusal::conflict(format!("{} is {}{how}", order.name(), order.state.word())));
    }
    let number = which_line(&w.site, &order, &what)?;
    let line = order.line(number).ok_or_else(|| no_line(&order, number))?;
    fits(&w.site, &order, number, &what)?;
    let said = AssetFacts {
        kind: Some(line.kind),
        maker: Some(line.maker.clone()),
        model: Some(line.model.clone()),
        serial: Some(what.serial.clone()),
        room: what.room.or_else(|| line.room.as_ref().map(ToString::to_string)),
        ..AssetFacts::default()
    };
    let at = OrderLine { order: order.id, line: number };
    let added = asset::add(w, id, what.tag, said)?;
    let asset = bought(&added, &order, line, at, w.today());
    let asset = w.put(asset);
    told(w, &order, at, &asset, "received");
    settle(w, order.id);
    let complete = get(&w.site, order.id)?.state == OrderState::Received;
    Ok(Received { left: left(&w.site, &order, number), line: number, asset, complete })
}

fn which_line(site: &Site, order: &Order, what: &Receiving) -> Result<u16, Refusal> {
    let numbered = || (1u16..).zip(&order.lines);
    if let Some(number) = what.line {
        return Ok(number);
    }
    if let Some((number, _)) = numbered().find(|(_, line)| line.expects(&what.serial)) {
        return Ok(number);
    }
    let open: Vec<u16> = numbered().map(|(number, _)| number).filter(|number| left(site, order, *number) > 0).collect();
    match open.as_slice() {
        [one] => Ok(*one),
        [] => Err(Refusal::conflict(format!("everything of {} is here already", order.name()))),
        several => {
            let names: Vec<String> =
                several.iter().filter_map(|number| Some(format!("{number} ({})", order.line(*number)?.title()))).collect();
            Err(Refusal::invalid(format!("{} has several lines: say which with --line: {}", order.name(), names.join(", "))))
        }
    }
}

/// Whether one more of a line, with this serial, may come.
fn fits(site: &Site, order: &Order, number: u16, what: &Receiving) -> Result<(), Refusal> {
    let line = order.line(number).ok_or_else(|| no_line(order, number))?;
    if left(site, order, number) == 0 {
        let all = words::count(line.count, "is", "are");
        return Err(Refusal::conflict(format!(
            "all of line {number} is here already ({all} {}): raise its count if more came",
            line.title()
        )));
    }
    if let Some(other) = asset::with_serial(site, &what.serial).next() {
        return Err(Refusal::conflict(format!("the serial {} is that of {} already", what.serial.trim(), other.tag)));
    }
    let strange = what.serials == Serials::Expected && !line.expects(&what.serial);
    if strange && told_and_missing(site, OrderLine { order: order.id, line: number }, line) >= left(site, order, number) {
        let said = match what.serial.trim() {
            "" => format!("line {number} expects certain serial numbers, and none was scanned"),
            serial => format!("the serial {serial} is not one that line {number} expects"),
        };
        return Err(Refusal::conflict(format!("{said}; if the vendor's list is wrong, receive it with --any-serial")));
    }
    Ok(())
}

/// How many of a line's serials the vendor has told and are not here: the rest of the line may have any.
fn told_and_missing(site: &Site, at: OrderLine, line: &Line) -> u32 {
    let here: BTreeSet<String> = received_of(site, at).filter_map(|asset| fingerprint::fact(&asset.serial)).collect();
    let missing = line.serials.iter().filter_map(|serial| fingerprint::fact(serial)).filter(|serial| !here.contains(serial));
    u32::try_from(missing.count()).unwrap_or(u32::MAX)
}

/// An asset with what the order knows of it; its warranty begins on `today`, unless it is known already.
fn bought(asset: &Asset, order: &Order, line: &Line, at: OrderLine, today: Date) -> Asset {
    let mut purchase = asset.purchase.clone().unwrap_or_default();
    let text = |own: String, other: &str| if own.is_empty() { other.to_owned() } else { own };
    *purchase = Purchase {
        vendor: text(std::mem::take(&mut purchase.vendor), &order.vendor),
        funding: text(std::mem::take(&mut purchase.funding), &order.funding),
        price: purchase.price.or(line.price),
        bought: purchase.bought.or(order.ordered_on).or(Some(today)),
        warranty_until: purchase.warranty_until.or_else(|| covered(today, line.warranty_months?)),
        life_months: purchase.life_months.or(line.life_months),
        order: Some(at),
        rest: std::mem::take(&mut purchase.rest),
    };
    Asset { purchase: Some(purchase), ..asset.clone() }
}

/// The last day of a warranty that begins on `first`.
fn covered(first: Date, months: u16) -> Option<Date> {
    first.checked_add(i32::from(months).months()).ok()?.yesterday().ok()
}

fn told(w: &mut Working, order: &Order, at: OrderLine, asset: &Asset, how: &str) {
    let (line, left) = (at.line, left(&w.site, order, at.line));
    let rest = if left == 0 { "nothing of the line is left".to_owned() } else { format!("{left} of the line are to come") };
    let warranty = asset.purchase.as_deref().and_then(|purchase| purchase.warranty_until);
    let warranty = warranty.map_or_else(String::new, |day| format!("; warranty until {day}"));
    let text = format!("{} {how}: line {line} of {}; {rest}{warranty}", asset.tag, order.name());
    w.event("order.received", text).about(asset);
}

/// An order is received when everything is here, and ordered again when something was taken back.
pub(crate) fn settle(w: &mut Working, id: OrderId) {
    let Some(order) = w.site.orders.get(&id).cloned() else { return };
    let done = progress(&w.site, &order);
    let state = match order.state {
        OrderState::Ordered if done.received >= done.ordered => OrderState::Received,
        OrderState::Received if done.received < done.ordered => OrderState::Ordered,
        same => same,
    };
    if state != order.state {
        w.put(Order { state, ..(*order).clone() });
        let text = match state {
            OrderState::Received => format!("Everything of {} is here", order.name()),
            _ => format!("{} waits again: {} of {} are here", order.name(), done.received, done.ordered),
        };
        w.event("order.changed", text);
    }
}

/// The order line that waits for a machine with this serial, in the room of its token; a line without a room waits in any.
pub(crate) fn expected_by_boot(site: &Site, machine: &Fingerprint, room: Option<&RoomId>) -> Option<Expected> {
    let (serial, room) = (fingerprint::fact(&machine.system_serial)?, room?);
    let hash = fingerprint::hash(serial.clone());
    let first = OrderLine { order: OrderId(0), line: 0 };
    let waiting = site.expected_serials.range((hash, first)..).take_while(|(other, _)| *other == hash);
    let came = |at: OrderLine| received_of(site, at).any(|asset| fingerprint::fact(&asset.serial).is_some_and(|own| own == serial));
    let fits = |at: &OrderLine| {
        let Some(order) = site.orders.get(&at.order) else { return false };
        let Some(line) = order.line(at.line) else { return false };
        let here = line.room.as_ref().is_none_or(|wanted| wanted == room);
        here && line.expects(&serial) && left(site, order, at.line) > 0 && !came(*at)
    };
    let mut found = waiting.map(|(_, at)| *at).filter(fits);
    let at = found.next()?;
    found.next().is_none().then_some(Expected(at))
}

/// A machine that an order line waited for boots for the first time: the asset with what the order knows of it.
pub(crate) fn first_boot(site: &Site, asset: &Asset, Expected(at): Expected, machine: &Fingerprint, today: Date) -> Option<Asset> {
    let order = site.orders.get(&at.order)?;
    let line = order.line(at.line)?;
    let text = |own: &str, other: &str| if own.is_empty() { other.to_owned() } else { own.to_owned() };
    let known = Asset {
        kind: line.kind,
        maker: text(&asset.maker, &line.maker),
        model: text(&asset.model, &line.model),
        serial: text(&asset.serial, machine.system_serial.trim()),
        ..asset.clone()
    };
    Some(bought(&known, order, line, at, today))
}

impl Expected {
    /// Says that the machine is received; its asset is put.
    pub(crate) fn came(self, w: &mut Working, asset: &Asset) {
        let Self(at) = self;
        if let Some(order) = w.site.orders.get(&at.order).cloned() {
            told(w, &order, at, asset, "received by its first boot");
            settle(w, at.order);
        }
    }
}
