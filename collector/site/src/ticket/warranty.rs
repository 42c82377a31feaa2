//! Warranty: whether an asset is under it, and what was claimed.

use super::{Ticket, Tier, get, line, write};
use crate::asset::Asset;
use crate::{Refusal, TicketId, Working, asset};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Whether an asset is under warranty on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", content = "until", rename_all = "kebab-case")]
pub enum Warranty {
    /// Nobody wrote down until when.
    Unknown,
    /// It is, until that day.
    Holds(Date),
    /// It was, until that day.
    Over(Date),
}

impl fmt::Display for Warranty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("nobody wrote down until when its warranty holds"),
            Self::Holds(until) => write!(f, "under warranty until {until}"),
            Self::Over(until) => write!(f, "its warranty ended on {until}"),
        }
    }
}

/// Whether an asset is under warranty on a day of the site.
pub fn of(asset: &Asset, today: Date) -> Warranty {
    match asset.purchase.as_ref().and_then(|purchase| purchase.warranty_until) {
        None => Warranty::Unknown,
        Some(until) if until >= today => Warranty::Holds(until),
        Some(until) => Warranty::Over(until),
    }
}

/// What was claimed under warranty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// From whom.
    pub vendor: String,
    /// Their number of it.
    pub reference: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The last day of the warranty, as it was known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warranty_until: Option<Date>,
}

/// Claims a repair from the vendor: the ticket is theirs then. Without a name, from whom the asset was bought, or its maker.
///
/// # Errors
/// No such ticket, it is about no asset, no reference, or nobody knows the vendor.
pub fn claim(w: &mut Working, id: TicketId, vendor: &str, reference: &str) -> Result<Arc<Ticket>, Refusal> {
    let ticket = Arc::clone(get(&w.site, id)?);
    let of_none = || Refusal::invalid(format!("ticket {id} is about no asset: say which with `rollcall ticket set {id} --asset TAG`"));
    let asset = Arc::clone(asset::get(&w.site, ticket.asset.ok_or_else(of_none)?)?);
    let bought_from = asset.purchase.as_ref().map(|purchase| purchase.vendor.clone());
    let named = [line("a vendor's name", vendor, 120)?, bought_from.unwrap_or_default(), asset.maker.clone()];
    let vendor = named.into_iter().find(|name| !name.is_empty());
    let vendor = vendor.ok_or_else(|| Refusal::invalid(format!("say from whom: {} has no vendor and no maker", asset.tag)))?;
    let reference = line("a reference", reference, 80)?;
    if reference.is_empty() {
        return Err(Refusal::invalid("give the vendor's reference: by it they find the claim again"));
    }
    let warranty = of(&asset, w.today());
    let said = format!("claimed from {vendor} as {reference}: {warranty}");
    let warranty_until = asset.purchase.as_ref().and_then(|purchase| purchase.warranty_until);
    let claim = Claim { vendor, reference, at: w.now, by: w.actor.words(), warranty_until };
    Ok(write(w, Ticket { claim: Some(claim), tier: Tier::Vendor, ..(*ticket).clone() }, "ticket.changed", &said))
}
