//! Presence: where a machine is for the roll call.

use crate::asset::{Asset, AssetStatus};
use crate::device::{Device, DeviceState};
use crate::{DeviceId, Site, calendar};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a machine is. Judged by the site; "late" is seen only live, at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Connected and heard.
    Here,
    /// Connected, and a heartbeat is overdue.
    Late,
    /// Gone without a word.
    Silent,
    /// It said that it sleeps or shuts down.
    Asleep,
    /// On loan.
    Away,
    /// Outside its expected hours.
    Resting,
    /// Out of the inventory.
    Retired,
}

/// The note of a machine that said that it shuts down.
pub const SWITCHED_OFF: &str = "switched off";
/// The note of a silent machine that answers a neighbour on its network.
pub const AGENT_STOPPED: &str = "agent stopped";
/// The note of a silent machine that answers no neighbour.
pub const OFF_THE_NETWORK: &str = "off the network";

impl Presence {
    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::Asleep => "asleep",
            Self::Away => "away",
            Self::Resting => "resting",
            Self::Retired => "retired",
        }
    }
}

/// The devices that are connected now, with when each was last heard: the live half of presence, kept by the agents' door.
pub type Heard = imbl::HashMap<DeviceId, Timestamp>;

/// Where a machine is, since when, and what is known beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// Where.
    pub presence: Presence,
    /// Since when.
    pub since: Timestamp,
    /// "switched off", "quarantined: …"; empty: nothing to add.
    pub note: String,
}

/// Where the machine of a device is now: what is stored, and what the door hears.
pub fn of(site: &Site, heard: &Heard, asset: &Asset, device: &Device, now: Timestamp) -> Whereabouts {
    let at = |presence, since, note: &str| Whereabouts { presence, since, note: note.to_owned() };
    if is_retired(asset, device) {
        return at(Presence::Retired, device.since, if device.note.is_empty() { "retired" } else { &device.note });
    }
    if let Some(heard) = heard.get(&device.id).filter(|_| device.state == DeviceState::Active) {
        let patience = 2 * i128::from(crate::room::heartbeat_of(site, asset));
        let late = now.duration_since(*heard).as_millis() > patience;
        if device.off_site {
            let ago = crate::words::ago(*heard, now);
            let lent = site.open_loan(asset.id).map_or_else(String::new, |loan| format!("lent to {}, ", loan.person));
            return at(Presence::Away, device.since, &format!("{lent}off site, heard {ago} ago"));
        }
        return if late { at(Presence::Late, *heard, "") } else { at(Presence::Here, device.since, "") };
    }
    match (site.open_loan(asset.id), device.presence) {
        (Some(loan), Presence::Silent | Presence::Asleep) => at(Presence::Away, loan.out_at, &format!("lent to {}", loan.person)),
        (_, Presence::Here) => at(Presence::Late, crate::heard::last(site, device), "its connection was just lost"),
        (_, presence) => rest(site, asset, device, now).unwrap_or_else(|| at(presence, device.since, &device.note)),
    }
}

/// Whether a device is out of use for good: nobody looks for it.
pub fn is_retired(asset: &Asset, device: &Device) -> bool {
    asset.status.is_gone() || matches!(device.state, DeviceState::Retired | DeviceState::Revoked)
}

/// Outside its expected hours a machine that is not here rests: since it went, or since the hours ended.
fn rest(site: &Site, asset: &Asset, device: &Device, now: Timestamp) -> Option<Whereabouts> {
    if device.state != DeviceState::Active || asset.status != AssetStatus::InService {
        return None;
    }
    let expectation = calendar::expected(site, asset, now);
    if expectation.expected {
        return None;
    }
    let gone = if device.presence == Presence::Silent { "fell silent" } else { device.note.as_str() };
    let note = if gone.is_empty() { expectation.why.to_string() } else { format!("{gone}; {}", expectation.why) };
    let since = expectation.since.map_or(device.since, |since| since.max(device.since));
    Some(Whereabouts { presence: Presence::Resting, since, note })
}
