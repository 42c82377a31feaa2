//! Whether the machine's word can be trusted, and how old its last report is.

use super::{Concern, Said};
use crate::device::{Device, DeviceState};
use crate::inventory::Profile;
use crate::presence::{self, Presence};
use crate::verdict::Colour;
use crate::verdict::shelf;
use crate::verdict::subject::Subject;
use crate::words;

pub(super) const IDENTITY: Concern = Concern {
    code: "identity",
    word: "Agent",
    title: "its identity is quarantined",
    usual: Colour::Stop,
    least: Colour::Check,
    check: identity,
};
pub(super) const REPORT: Concern =
    Concern { code: "seen", word: "Seen", title: "it did not report lately", usual: Colour::Check, least: Colour::Off, check: report };

const SWITCH_ON: &str = "Switch it on, on the school's network, and check again.";

fn identity(subject: &Subject<'_>) -> Vec<Said> {
    match subject.facts.device.map(|device| &device.state) {
        Some(DeviceState::Quarantined { why, .. }) => {
            vec![Said::wrong(format!("its identity is quarantined: {why}"), "Enrol it anew, then check again.")]
        }
        _ => Vec::new(),
    }
}

fn report(subject: &Subject<'_>) -> Vec<Said> {
    let Some(device) = subject.facts.device else { return Vec::new() };
    match device.state {
        DeviceState::Active => vec![of_active(subject, device)],
        DeviceState::Quarantined { .. } => Vec::new(),
        DeviceState::Revoked | DeviceState::Retired => {
            vec![Said::wrong("its agent may no longer report", "Enrol it anew, then check again.")]
        }
    }
}

/// Whether its machine said that it goes, and that it was the machine that went.
fn said_goodbye(device: &Device) -> bool {
    device.presence == Presence::Asleep && device.note != presence::AGENT_STOPPED
}

fn of_active(subject: &Subject<'_>, device: &Device) -> Said {
    if let Some(ago) = device.lapsed(subject.now()) {
        let text = format!("its certificate lapsed {} ago, so it can't report", words::span(ago));
        return Said::wrong(text, "Switch it on, on the school's network: it renews the certificate by itself.");
    }
    match subject.profile() {
        None => Said::wrong("it has never reported", SWITCH_ON),
        Some(profile) => reported(subject, device, profile),
    }
}

fn reported(subject: &Subject<'_>, device: &Device, profile: &Profile) -> Said {
    let place = subject.whereabouts(device);
    let age = words::ago(profile.reported_at, subject.now());
    match place.presence {
        Presence::Late => Said::wrong("it is late: its connection is being lost", "Wait a moment, and check again."),
        Presence::Here if subject.is_fresh(profile) => Said::well(format!("it is here, and its last report is {age} old")),
        Presence::Here => Said::wrong(format!("it is here, but its last report is {age} old"), "Rescan it."),
        _ if said_goodbye(device) && subject.is_fresh(profile) => {
            Said::well(format!("it is {}; its last report is {age} old", device.note))
        }
        other => {
            if let Some(on_the_shelf) = shelf::silence(subject) {
                return Said::well(on_the_shelf);
            }
            let silent = words::ago(crate::heard::last(subject.site(), device), subject.now());
            Said::wrong(format!("it is {}: last heard {silent} ago", other.word()), SWITCH_ON)
        }
    }
}
