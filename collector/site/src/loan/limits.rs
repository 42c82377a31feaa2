//! What the policy has against a loan: limits, overdue items, charges, the agreement, somebody else's reservation.

use super::{Due, agreement, lending, policy, tag_of};
use crate::asset::{self, Asset};
use crate::charge::{self, ChargeState};
use crate::money::Money;
use crate::person::Person;
use crate::reservation::Reservation;
use crate::{Site, Tag, reservation, words};
use jiff::Timestamp;
use std::sync::Arc;

/// Something that the policy has against a loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// "agreement", "charges", "limit", "overdue", "reserved".
    pub code: &'static str,
    /// In words, with how many and how much.
    pub text: String,
    /// What to do.
    pub remedy: String,
}

/// What the policy has against lending this asset to this person now, until `due`, `without` these parts of its kit; nothing: it may be lent.
pub(crate) fn objections(site: &Site, asset: &Asset, person: &Person, (due, without): (Due, &[Tag]), now: Timestamp) -> Vec<Objection> {
    let found = [
        limit(site, asset, person),
        overdue(site, asset, person, now),
        charges(site, person),
        agreed(site, asset, person, now),
        reserved(site, asset, person, (due, without), now),
    ];
    found.into_iter().flatten().collect()
}

fn limit(site: &Site, asset: &Asset, person: &Person) -> Option<Objection> {
    let policy = policy::of(site);
    let (terms, in_all) = (policy.terms(person.role, asset.kind), policy.of_role(person.role).in_all);
    let (mut same, mut all) = (0_usize, 0_usize);
    for held in site.held_by(&person.id) {
        all += 1;
        same += usize::from(site.assets.get(&held.asset).is_some_and(|other| other.kind == asset.kind));
    }
    let text = if same >= usize::from(terms.at_once) {
        format!("{} has {} of the kind {} out, and may have {} at once", person.id, same, asset.kind.word(), terms.at_once)
    } else if all >= usize::from(in_all) {
        format!("{} has {all} out, and may have {in_all} at once", person.id)
    } else {
        return None;
    };
    Some(Objection { code: "limit", text, remedy: "Take something back first, or lend it with a reason.".to_owned() })
}

fn overdue(site: &Site, asset: &Asset, person: &Person, now: Timestamp) -> Option<Objection> {
    if !policy::of(site).terms(person.role, asset.kind).overdue_blocks {
        return None;
    }
    let late: Vec<String> = site.held_by(&person.id).filter(|loan| loan.is_overdue(now)).map(|loan| tag_of(site, loan.asset)).collect();
    let first = late.first()?;
    let text =
        format!("{} has {} overdue: {}", person.id, words::count(late.len(), "loan", "loans"), words::first(late.clone(), 3).join(", "));
    let remedy = format!("Ask for {first} back first, renew it with `rollcall loan renew {first}`, or lend it with a reason.");
    Some(Objection { code: "overdue", text, remedy })
}

fn charges(site: &Site, person: &Person) -> Option<Objection> {
    let due = charge::open_of(site, &person.id).filter(|charge| charge.state == ChargeState::Due);
    let owed = due.fold(Money::ZERO, |sum, charge| sum.plus(charge.amount));
    let most = policy::of(site).most_owed;
    if owed <= most {
        return None;
    }
    let text = format!("{} owes {owed}, more than {most}", person.id);
    let remedy =
        format!("`rollcall charge list --person {}` shows for what; take the payment, waive it, or lend it with a reason.", person.id);
    Some(Objection { code: "charges", text, remedy })
}

fn agreed(site: &Site, asset: &Asset, person: &Person, now: Timestamp) -> Option<Objection> {
    let needed = policy::of(site).terms(person.role, asset.kind).agreement;
    if !needed || agreement::has_agreed(site, &person.id, now) {
        return None;
    }
    let text = format!("{} has not accepted the loan agreement of this school year", person.id);
    let remedy = format!("Have it signed, then `rollcall person agree {}`.", person.id);
    Some(Objection { code: "agreement", text, remedy })
}

/// Somebody else's reservation of it or of what leaves with it, until it is due.
fn reserved(site: &Site, asset: &Asset, person: &Person, (due, without): (Due, &[Tag]), now: Timestamp) -> Option<Objection> {
    // A date that is refused is refused elsewhere.
    let until = lending::due_of(site, asset, person, due, now).ok().flatten().unwrap_or(Timestamp::MAX);
    let leaves = |part: &&Arc<Asset>| !without.contains(&part.tag) && asset::not_with(site, asset.id, part).is_none();
    let parts = asset::kit_of(site, asset.id).filter(leaves).map(|part| &**part);
    let leaving: Vec<&Asset> = std::iter::once(asset).chain(parts).collect();
    let other = reservation::conflicting(site, &leaving, now, until, &person.id)?;
    let text = format!("{} from {} to {}", taken_from(other, &leaving), words::utc(other.from), words::utc(other.until));
    let remedy = format!("Lend another one; or cancel it with `rollcall reserve cancel {}`.", other.id);
    Some(Objection { code: "reserved", text, remedy })
}

/// Whose reservation of what is in the way: "it is reserved for 20431", "HOT-1 of its kit is reserved for 20431".
pub(super) fn taken_from(other: &Reservation, leaving: &[&Asset]) -> String {
    let part = leaving.iter().position(|asset| other.covers(asset)).filter(|place| *place > 0).and_then(|place| leaving.get(place));
    let what = part.map_or_else(|| "it".to_owned(), |part| format!("{} of its kit", part.tag));
    format!("{what} is reserved for {}", other.holder())
}
