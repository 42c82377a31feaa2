//! Takes back an asset that was added by mistake: a wrong scan leaves nothing behind but its events.

use super::{Asset, get, kit_of};
use crate::reservation::Wanted;
use crate::{AssetId, Refusal, Site, Working, ticket};
use std::sync::Arc;

/// Takes back an asset that nothing has happened to since it was added: its record goes, its tag is free again.
///
/// # Errors
/// No such asset; it has an agent, a loan, a charge, a ticket, an alert or a kit: retire it instead.
pub fn take_back(w: &mut Working, id: AssetId) -> Result<Arc<Asset>, Refusal> {
    let asset = Arc::clone(get(&w.site, id)?);
    if let Some(why) = used(&w.site, id) {
        let tag = &asset.tag;
        return Err(Refusal::conflict(format!(
            "{tag} can't be taken back, for it {why}: retire it with `rollcall asset retire {tag}` instead"
        )));
    }
    w.remove::<Asset>(&id);
    w.event("asset.removed", format!("{} taken back: it was added by mistake", asset.tag)).about(&asset);
    if let Some(at) = asset.came_by() {
        crate::order::settle(w, at.order);
    }
    Ok(asset)
}

/// Whether something has happened to an asset, and how that is said.
type Use = (fn(&Site, AssetId) -> bool, &'static str);

/// What may have happened to an asset: what an index knows first, for whatever goes through all records takes longer.
const USES: [Use; 11] = [
    (|site, id| site.assets.get(&id).is_some_and(|asset| asset.device.is_some()), "has an agent"),
    (|site, id| site.loans_of(id).next().is_some() || site.open_loan(id).is_some(), "was lent"),
    (|site, id| ticket::all_of(site, id).next().is_some(), "has a ticket"),
    (|site, id| site.live_alerts(Some(id)).next().is_some(), "has an alert"),
    (|site, id| kit_of(site, id).next().is_some(), "has a kit"),
    (|site, id| site.devices.values().any(|device| device.asset == id), "has an agent"),
    (|site, id| site.charges.values().any(|charge| charge.asset == id), "has a charge"),
    (|site, id| site.reservations.values().any(|kept| kept.of == Wanted::Asset(id)), "is kept for somebody"),
    (
        |site, id| site.orders.values().flat_map(|order| &order.lines).any(|line| line.replaces.contains(&id)),
        "is to be replaced by an order",
    ),
    (|site, id| site.loans.values().any(|loan| loan.parts.contains(&id)), "was lent with a kit"),
    (|site, id| site.tickets.values().any(|ticket| ticket.loaner.as_ref().is_some_and(|spare| spare.asset == id)), "stood in for another"),
];

/// What happened to an asset since it was added.
fn used(site: &Site, id: AssetId) -> Option<&'static str> {
    USES.into_iter().find(|(is, _)| is(site, id)).map(|(_, why)| why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{AssetFacts, AssetStatus, add};
    use crate::event::Actor;
    use crate::loan::Loan;
    use crate::ticket::{InPlace, Loaner, Ticket};
    use crate::{RoomId, Tag};
    use jiff::Timestamp;
    use uuid::Uuid;

    fn id(number: u128) -> AssetId {
        AssetId(Uuid::from_u128(number))
    }

    fn begin() -> Working {
        let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
        for number in 1..=3 {
            add(&mut w, id(number), Tag::parse(&format!("A-{number}")).unwrap(), AssetFacts::default()).unwrap();
        }
        w
    }

    fn why(w: &mut Working, number: u128) -> String {
        take_back(w, id(number)).unwrap_err().text
    }

    #[test]
    fn what_left_with_another_asset_or_has_work_is_not_taken_back() {
        let mut w = begin();
        let loan = serde_json::json!({
            "id": 1, "asset": id(1), "parts": [id(2)], "person": "S1", "out_at": w.now, "in_at": w.now, "by": "anna", "frozen": {},
        });
        w.put(serde_json::from_value::<Loan>(loan).unwrap());
        assert!(why(&mut w, 2).contains("was lent with a kit: retire it with `rollcall asset retire A-2`"));
        let new = |asset| ticket::NewTicket { title: "Lid".to_owned(), asset, ..ticket::NewTicket::default() };
        let mut w = begin();
        let work = ticket::open(&mut w, new(Some(id(1)))).unwrap();
        let place = InPlace::Seat { room: RoomId::parse("Lab").unwrap(), seat: None, home: None, home_seat: None };
        let spare = Loaner { asset: id(3), place, since: w.now, back_at: Some(w.now), was: AssetStatus::InService };
        w.put(Ticket { others: vec![id(2)], loaner: Some(Box::new(spare)), ..(*work).clone() });
        assert!(why(&mut w, 1).contains("has a ticket"));
        assert!(why(&mut w, 2).contains("has a ticket"), "it is among the others of one");
        assert!(why(&mut w, 3).contains("stood in for another"), "though it came back");
        w.remove::<Ticket>(&work.id);
        take_back(&mut w, id(2)).unwrap();
    }
}
