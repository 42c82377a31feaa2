//! The battery: how much of its capacity is left, and how far it is charged.

use super::{Concern, Said};
use crate::presence::Presence;
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use crate::words;
use rollcall_proto::Section;
use rollcall_proto::v1::Battery;

pub(super) const CHARGE: Concern = Concern {
    code: "battery-charge",
    word: "Charge",
    title: "its battery is charged too little",
    usual: Colour::Check,
    least: Colour::Off,
    check: charge,
};
pub(super) const WORN: Concern = Concern {
    code: "battery",
    word: "Battery",
    title: "its battery has lost too much of its capacity",
    usual: Colour::Check,
    least: Colour::Off,
    check: worn,
};

fn worn(subject: &Subject<'_>) -> Vec<Said> {
    let section = subject.facts.section("battery");
    let Some(Section::Batteries(batteries)) = section.as_deref() else { return Vec::new() };
    let share = |battery: &Battery| battery.full_mwh.saturating_mul(100).checked_div(battery.design_mwh);
    let worst = batteries.batteries.iter().filter_map(|battery| Some((share(battery)?, battery))).min_by_key(|(share, _)| *share);
    let Some((share, battery)) = worst else { return Vec::new() };
    let cycles = if battery.cycles > 0 { format!(", {}", words::count(battery.cycles, "cycle", "cycles")) } else { String::new() };
    let text = format!("its battery holds {share} % of its design capacity{cycles}");
    let least = subject.policy.limit("battery_percent");
    if i64::try_from(share).unwrap_or(i64::MAX) >= least {
        return vec![Said::well(text)];
    }
    vec![Said::wrong(text, format!("{least} % are wanted here: lend a charger along, or another one."))]
}

fn charge(subject: &Subject<'_>) -> Vec<Said> {
    let (Some(vitals), Some(device)) = (subject.facts.vitals(), subject.facts.machine()) else { return Vec::new() };
    let Some(percent) = vitals.reading.charge else { return Vec::new() };
    let is_here = subject.whereabouts(device).presence == Presence::Here;
    let silent = subject.now().duration_since(crate::heard::last(subject.site(), device));
    let text = if is_here {
        format!("its battery is charged to about {percent} %")
    } else {
        format!("its battery was charged to about {percent} % when it was last heard, {} ago", words::span(silent))
    };
    if i64::from(percent) >= subject.policy.limit("charge_percent") {
        return vec![Said::well(text)];
    }
    vec![Said::wrong(text, "Charge it first, or hand its charger out with it.")]
}
