//! What an asset is worth now, and what is proposed for one that is lost, damaged, or came back without an accessory.

use super::{Condition, policy, tag_of};
use crate::asset::Asset;
use crate::money::Money;
use crate::{AssetId, Site};
use jiff::Timestamp;

/// Words of a charge for something whose price is not known.
const UNPRICED: &str = "its price is not known, set the amount";

/// What is proposed as a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// How much.
    pub amount: Money,
    /// For what, and how it was reckoned.
    pub why: String,
}

/// What an asset is worth now: its price, less an equal share for every month of its life that is over, and never less than the policy's
/// floor. `None`: its price is not known. One whose day of purchase is not known counts as new.
pub fn worth(site: &Site, asset: &Asset, now: Timestamp) -> Option<Money> {
    let charges = &policy::of(site).charges;
    let purchase = asset.purchase.as_ref()?;
    let price = purchase.price?;
    let life = purchase.life_months.or_else(|| charges.life_months.get(&asset.kind).copied()).unwrap_or(48).max(1);
    let age = purchase.bought.map_or(0, |bought| {
        let today = site.day_of(now);
        let months = i32::from(today.year() - bought.year()) * 12 + i32::from(today.month()) - i32::from(bought.month());
        let whole = if today.day() < bought.day() { months - 1 } else { months };
        u16::try_from(whole.max(0)).unwrap_or(u16::MAX)
    });
    let left = price.share(u64::from(life.saturating_sub(age)), u64::from(life));
    Some(left.max(price.share(u64::from(charges.floor_percent), 100)))
}

/// For one that is lost or stolen.
pub(super) fn loss(site: &Site, asset: &Asset, word: &str, now: Timestamp) -> Proposal {
    match worth(site, asset, now) {
        Some(amount) => Proposal { amount, why: format!("{} is {word}; worth {amount} by price and age", asset.tag) },
        None => Proposal { amount: Money::ZERO, why: format!("{} is {word}; {UNPRICED}", asset.tag) },
    }
}

/// For a damage: all that it is worth for one that is broken, a share of it otherwise.
pub(super) fn damage(site: &Site, asset: AssetId, condition: Condition, words: &str, now: Timestamp) -> Proposal {
    let tag = tag_of(site, asset);
    let Some(worth) = site.assets.get(&asset).and_then(|asset| worth(site, asset, now)) else {
        return Proposal { amount: Money::ZERO, why: format!("{tag} came back {}: {words}; {UNPRICED}", condition.word()) };
    };
    let percent = if condition == Condition::Broken { 100 } else { policy::of(site).charges.damage_percent };
    let amount = worth.share(u64::from(percent), 100);
    Proposal { amount, why: format!("{tag} came back {}: {words}; {percent} % of {worth}", condition.word()) }
}

/// For an accessory that did not come back.
pub(super) fn accessory(site: &Site, asset: AssetId, name: &str) -> Proposal {
    let (tag, prices) = (tag_of(site, asset), &policy::of(site).charges.accessories);
    match prices.get(&name.to_lowercase()) {
        Some(price) => Proposal { amount: *price, why: format!("{tag} came back without its {name}") },
        None => Proposal { amount: Money::ZERO, why: format!("{tag} came back without its {name}; {UNPRICED}") },
    }
}
