//! The settings that an agent proves, against what a baseline wants: one that is not measured is not known, never a failure.

use super::judge::{Judged, Kind, Wrong};
use super::record::{Baseline, SETTINGS};
use crate::Site;
use crate::device::Device;
use rollcall_proto::{Section, v1};

/// How a setting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    On,
    Off,
    NotKnown,
}

impl State {
    /// As a baseline says it; nothing where it is not known.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::NotKnown => "",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "on" => Self::On,
            "off" => Self::Off,
            _ => Self::NotKnown,
        }
    }
}

/// The settings of a device, in the order of [`SETTINGS`].
pub(super) fn of(site: &Site, device: &Device) -> Vec<(&'static str, State)> {
    let secure_boot = match measured(site, device, "system") {
        Some(Section::System(system)) => State::of(&system.secure_boot),
        _ => State::NotKnown,
    };
    let settings = match measured(site, device, "settings") {
        Some(Section::Settings(settings)) => settings,
        _ => v1::Settings::default(),
    };
    let state = |name: &str| match name {
        "antivirus" => antivirus(&settings.antivirus),
        "automatic_updates" => State::of(&settings.automatic_updates),
        "disk_encryption" => State::of(&settings.disk_encryption),
        "firewall" => State::of(&settings.firewall),
        "screen_lock" => State::of(&settings.screen_lock),
        _ => secure_boot,
    };
    SETTINGS.iter().map(|name| (*name, state(name))).collect()
}

/// One that is on is enough. None at all proves nothing: the agent does not know every one.
fn antivirus(known: &[v1::Antivirus]) -> State {
    let states: Vec<State> = known.iter().map(|one| State::of(&one.state)).collect();
    let has = |state| states.contains(&state);
    if has(State::On) {
        State::On
    } else if has(State::Off) && !has(State::NotKnown) {
        State::Off
    } else {
        State::NotKnown
    }
}

/// A section as the last report has it.
fn measured(site: &Site, device: &Device, name: &str) -> Option<Section> {
    let held = site.profiles.get(&device.id)?.sections.get(name)?;
    held.not_measured.is_none().then_some(())?;
    site.content(name, &held.digest?)?.section()
}

/// Judges a device's settings; the first check has this number.
pub(super) fn judge(site: &Site, baseline: &Baseline, first_check: usize, device: &Device, judged: &mut Judged) {
    for (place, (name, state)) in of(site, device).into_iter().enumerate() {
        let Some(want) = baseline.settings.get(name) else { continue };
        if state == State::NotKnown {
            judged.unknown.push(name);
            continue;
        }
        judged.checks += 1;
        if state.word() != want {
            let text = format!("has {} {}, needs it {want}", spoken(name), state.word());
            let wants = format!("wants {} {want}", spoken(name));
            judged.wrong.push(Wrong { kind: Kind::Setting, check: first_check + place, subject: name.to_owned(), text, wants });
        }
    }
}

/// "automatic updates".
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}
