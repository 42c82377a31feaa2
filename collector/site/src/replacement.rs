//! Replacement: which assets are near the end of their life, or cost more in repairs than they are worth, and a requisition for others.

use crate::asset::{Asset, AssetKind};
use crate::money::Money;
use crate::order::{self, LineFacts, Order, OrderFacts};
use crate::{AssetId, Refusal, RoomId, Site, Tag, Working, ticket};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The part of the price, percent, that repairs may come to before another one is the better buy.
const REPAIRS_PERCENT: u64 = 50;
/// The most assets that one requisition replaces.
pub const MOST_CHOSEN: usize = 2000;

/// Which assets are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Which {
    /// Those whose time comes within so many months; `None`: 12.
    pub within_months: Option<u16>,
    /// Only those of this room.
    pub room: Option<RoomId>,
    /// Only those of this kind.
    pub kind: Option<AssetKind>,
}

/// Why an asset should be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Its life is over.
    LifeOver,
    /// Its life is over before long.
    LifeEnds,
    /// Its repairs have come to a large part of what it cost.
    Repairs,
}

impl Reason {
    /// As people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LifeOver => "its life is over",
            Self::LifeEnds => "its life ends soon",
            Self::Repairs => "repairs cost half its price",
        }
    }
}

/// An asset that should be replaced.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The asset.
    pub id: AssetId,
    /// Its tag.
    pub tag: Tag,
    /// What it is.
    pub kind: AssetKind,
    /// Maker and model.
    pub title: String,
    /// Where it belongs.
    pub room: Option<RoomId>,
    /// When it was bought.
    pub bought: Option<Date>,
    /// Whole months since then.
    pub age_months: Option<u16>,
    /// When its life ends.
    pub life_ends: Option<Date>,
    /// Whether that follows from the usual life of its kind, for none of its own is known.
    pub usual_life: bool,
    /// The last day of its warranty.
    pub warranty_until: Option<Date>,
    /// What it cost.
    pub price: Option<Money>,
    /// What its repairs cost.
    pub repairs: Money,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What should be replaced, what is most pressing first, and of how many assets nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// The assets.
    pub candidates: Vec<Candidate>,
    /// Assets of which it is not known when they were bought.
    pub unknown: usize,
    /// What others would cost, at the prices of these, as far as they are known.
    pub cost: Money,
}

/// How long an asset of a kind usually lasts, months, where nothing is said of it.
pub const fn usual_life(kind: AssetKind) -> u16 {
    match kind {
        AssetKind::Chromebook | AssetKind::Headset | AssetKind::Hotspot | AssetKind::Laptop | AssetKind::Phone | AssetKind::Tablet => 48,
        AssetKind::AccessPoint | AssetKind::DocumentCamera | AssetKind::Monitor | AssetKind::Router | AssetKind::Switch => 84,
        AssetKind::Cart | AssetKind::InteractiveBoard | AssetKind::Speaker | AssetKind::Television => 96,
        _ => 60,
    }
}

/// What should be replaced within the time that is asked for.
pub fn plan(site: &Site, which: &Which, today: Date) -> Plan {
    let horizon = today.checked_add(i32::from(which.within_months.unwrap_or(12)).months()).unwrap_or(Date::MAX);
    let assets: Box<dyn Iterator<Item = &Arc<Asset>>> = match &which.room {
        Some(room) => Box::new(site.assets_in(room)),
        None => Box::new(site.assets.values()),
    };
    let asked = assets.filter(|asset| !asset.status.is_gone() && which.kind.is_none_or(|kind| asset.kind == kind));
    let (repairs, mut plan) = (repairs(site), Plan::default());
    for asset in asked {
        let spent = repairs.get(&asset.id).copied().unwrap_or_default();
        let candidate = judge(asset, spent, today, horizon);
        plan.unknown += usize::from(candidate.bought.is_none());
        if !candidate.reasons.is_empty() {
            plan.cost = plan.cost.plus(candidate.price.unwrap_or_default());
            plan.candidates.push(candidate);
        }
    }
    plan.candidates.sort_by(|a, b| (a.due(), &a.tag).cmp(&(b.due(), &b.tag)));
    plan
}

impl Candidate {
    /// When it should be replaced: what costs more than it is worth, at once.
    fn due(&self) -> Date {
        if self.reasons.contains(&Reason::Repairs) { Date::MIN } else { self.life_ends.unwrap_or(Date::MAX) }
    }
}

/// What each asset's repairs cost.
fn repairs(site: &Site) -> BTreeMap<AssetId, Money> {
    let mut sums: BTreeMap<AssetId, Money> = BTreeMap::new();
    for (asset, ticket) in site.tickets.values().filter_map(|ticket| Some((ticket.asset?, ticket))) {
        let sum = sums.entry(asset).or_default();
        *sum = sum.plus(ticket::cost(site, ticket));
    }
    sums
}

/// What is known of an asset's end.
fn judge(asset: &Asset, repairs: Money, today: Date, horizon: Date) -> Candidate {
    let purchase = asset.purchase.as_deref().cloned().unwrap_or_default();
    let own = purchase.life_months;
    let life_ends = purchase.bought.and_then(|day| day.checked_add(i32::from(own.unwrap_or(usual_life(asset.kind))).months()).ok());
    let price = purchase.price.filter(|price| *price > Money::ZERO);
    let reasons = [
        life_ends.filter(|day| *day <= today).map(|_| Reason::LifeOver),
        life_ends.filter(|day| *day > today && *day <= horizon).map(|_| Reason::LifeEnds),
        price.filter(|price| repairs >= price.share(REPAIRS_PERCENT, 100) && repairs > Money::ZERO).map(|_| Reason::Repairs),
    ];
    Candidate {
        id: asset.id,
        tag: asset.tag.clone(),
        kind: asset.kind,
        title: asset.title(),
        room: asset.room.clone(),
        bought: purchase.bought,
        age_months: purchase.bought.and_then(|day| months_between(day, today)),
        life_ends,
        usual_life: own.is_none() && life_ends.is_some(),
        warranty_until: purchase.warranty_until,
        price: purchase.price,
        repairs,
        reasons: reasons.into_iter().flatten().collect(),
    }
}

/// Whole months from one day to another.
fn months_between(from: Date, to: Date) -> Option<u16> {
    let span = from.until((jiff::Unit::Month, to)).ok()?;
    u16::try_from(span.get_months()).ok()
}

/// Drafts a requisition for others in the place of these: one line for each kind, maker and model, at the price that the last one cost.
///
/// # Errors
/// None is named, too many are, one is not there or gone; the draft says not what it is for.
pub fn requisition(w: &mut Working, facts: OrderFacts, tags: &[Tag]) -> Result<Arc<Order>, Refusal> {
    if tags.is_empty() || tags.len() > MOST_CHOSEN {
        return Err(Refusal::invalid(format!("name 1 to {MOST_CHOSEN} assets that are to be replaced")));
    }
    let mut lines: BTreeMap<(AssetKind, String, String), Vec<Arc<Asset>>> = BTreeMap::new();
    for tag in tags {
        let asset = crate::asset::tagged(&w.site, tag)?;
        if asset.status.is_gone() {
            return Err(Refusal::conflict(format!("{tag} is {}: it needs no other in its place", asset.status.word())));
        }
        let group = lines.entry((asset.kind, asset.maker.clone(), asset.model.clone())).or_default();
        if !group.iter().any(|other| other.id == asset.id) {
            group.push(Arc::clone(asset));
        }
    }
    let mut order = order::open(w, facts)?;
    for ((kind, maker, model), group) in lines {
        let facts = LineFacts {
            kind: Some(kind),
            maker: Some(maker),
            model: Some(model),
            count: u32::try_from(group.len()).ok(),
            price: last_price(&group).map(crate::asset::Entry::Is),
            room: one_room(&group).map(|room| room.to_string()),
            replaces: Some(group.iter().map(|asset| asset.tag.clone()).collect()),
            ..LineFacts::default()
        };
        order = order::add_line(w, order.id, facts)?;
    }
    Ok(order)
}

/// What the one that was bought last cost.
fn last_price(group: &[Arc<Asset>]) -> Option<Money> {
    let bought = group.iter().filter_map(|asset| asset.purchase.as_deref());
    bought.filter(|purchase| purchase.price.is_some()).max_by_key(|purchase| purchase.bought)?.price
}

/// The room that all of them are in.
fn one_room(group: &[Arc<Asset>]) -> Option<RoomId> {
    let room = group.first()?.room.clone()?;
    group.iter().all(|asset| asset.room.as_ref() == Some(&room)).then_some(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{self, AssetFacts};
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn today() -> Date {
        "2026-11-28".parse().unwrap()
    }

    fn begin(assets: &[(&str, Value)]) -> Working {
        let mut w = Working::begin(Site::default(), "2026-11-28T10:00:00Z".parse().unwrap(), crate::event::Actor::Rollcall);
        for room in ["Lab 118", "Library"] {
            crate::room::add(&mut w, RoomId::parse(room).unwrap(), Default::default()).unwrap();
        }
        for ((tag, facts), number) in assets.iter().zip(1..) {
            let facts: AssetFacts = serde_json::from_value(facts.clone()).unwrap();
            asset::add(&mut w, AssetId(Uuid::from_u128(number)), Tag::parse(tag).unwrap(), facts).unwrap();
        }
        w
    }

    fn laptop(bought: &str, more: &[(&str, &str)]) -> Value {
        let mut facts = json!({"kind": "laptop", "maker": "HP", "model": "G8", "price": "400", "bought": bought});
        more.iter().for_each(|(name, text)| facts[*name] = (*text).into());
        facts
    }

    #[test]
    fn what_ends_first_comes_first() {
        let w = begin(&[
            ("NEW", laptop("2026-08-01", &[])),
            ("SOON", laptop("2023-08-01", &[("room", "Library")])),
            ("OVER", laptop("2022-08-01", &[])),
            ("LONG", laptop("2022-08-01", &[("life_months", "120")])),
            ("GONE", laptop("2012-08-01", &[("status", "retired")])),
            ("WHO-KNOWS", json!({"kind": "projector"})),
        ]);
        let check = |which: &Which, want: &[(&str, &[Reason])]| {
            let plan = plan(&w.site, which, today());
            let found: Vec<_> = plan.candidates.iter().map(|row| (row.tag.as_str(), row.reasons.as_slice())).collect();
            assert_eq!(found, want, "{which:?}");
        };
        check(&Which::default(), &[("OVER", &[Reason::LifeOver]), ("SOON", &[Reason::LifeEnds])]);
        check(&Which { within_months: Some(0), ..Which::default() }, &[("OVER", &[Reason::LifeOver])]);
        check(&Which { room: RoomId::parse("Library").ok(), ..Which::default() }, &[("SOON", &[Reason::LifeEnds])]);
        check(&Which { kind: Some(AssetKind::Projector), ..Which::default() }, &[]);
        let all = plan(&w.site, &Which::default(), today());
        assert_eq!((all.unknown, all.cost), (1, Money(80_000)));
        let over = &all.candidates[0];
        assert_eq!((over.age_months, over.life_ends, over.usual_life), (Some(51), "2026-08-01".parse().ok(), true));
    }

    #[test]
    fn what_costs_more_than_it_is_worth_is_judged_by_its_price() {
        let w = begin(&[("LAP-1", laptop("2026-08-01", &[]))]);
        let asset = w.site.assets.values().next().unwrap();
        let check = |spent: u64, want: &[Reason]| assert_eq!(judge(asset, Money(spent), today(), today()).reasons, want, "{spent}");
        check(0, &[]);
        check(19_999, &[]);
        check(20_000, &[Reason::Repairs]);
    }

    #[test]
    fn a_requisition_has_a_line_for_each_model_and_names_what_it_replaces() {
        let mut w = begin(&[
            ("A-1", laptop("2022-08-01", &[("room", "Lab 118")])),
            ("A-2", laptop("2023-08-01", &[("room", "Lab 118"), ("price", "450")])),
            ("P-1", json!({"kind": "projector", "maker": "Epson"})),
        ]);
        let tags: Vec<Tag> = ["P-1", "A-1", "A-2", "A-1"].iter().map(|tag| Tag::parse(tag).unwrap()).collect();
        let facts = OrderFacts { title: Some("Summer 2027".to_owned()), ..OrderFacts::default() };
        let draft = requisition(&mut w, facts.clone(), &tags).unwrap();
        let lines: Vec<_> = draft.lines.iter().map(|line| (line.title(), line.count, line.price, line.replaces.len())).collect();
        assert_eq!(lines, [("HP G8".to_owned(), 2, Some(Money(45_000)), 2), ("Epson".to_owned(), 1, None, 1)]);
        assert_eq!(draft.lines[0].room, RoomId::parse("Lab 118").ok());
        assert!(requisition(&mut w, facts, &[]).unwrap_err().text.contains("name 1 to"));
    }
}
