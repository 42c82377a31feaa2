//! What the policy has against a loan: limits, overdue items, charges, the agreement, somebody else's reservation.

use super::{agreement, policy, tag_of};
use crate::asset::Asset;
use crate::charge::{self, ChargeState};
use crate::money::Money;
use crate::person::Person;
use crate::{Site, reservation, words};
use jiff::Timestamp;

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

/// What the policy has against lending this asset to this person now; nothing: it may be lent.
pub fn objections(site: &Site, asset: &Asset, person: &Person, now: Timestamp) -> Vec<Objection> {
    let found = [
        limit(site, asset, person),
        overdue(site, asset, person, now),
        charges(site, person),
        agreed(site, asset, person, now),
        reserved(site, asset, person, now),
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

/// By the length that the policy gives, for when it comes back is said only when it is lent.
fn reserved(site: &Site, asset: &Asset, person: &Person, now: Timestamp) -> Option<Objection> {
    let days = policy::of(site).terms(person.role, asset.kind).days;
    let until = now.saturating_add(jiff::SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(now);
    let other = reservation::conflicting(site, asset, now, until, &person.id)?;
    let text = format!("it is reserved for {} from {} to {}", other.holder(), words::utc(other.from), words::utc(other.until));
    let remedy = format!("Lend another one; or cancel it with `rollcall reserve cancel {}`.", other.id);
    Some(Objection { code: "reserved", text, remedy })
}
