//! Flags a machine whose display is gone or another one.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::parts;

pub(super) const RULE: Rule = Rule {
    code: "display-missing",
    title: "A display is missing or another one",
    severity: Severity::Low,
    settle: Settle::Minutes(60),
    cause: "Its cable is loose, it is switched off at its button, or somebody took or swapped it.",
    remedy: "Look whether it is there, has power and its cable. If it is meant to be so, run `rollcall asset accept TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let told = |lost: parts::Lost| match lost.instead {
        Some(instead) => {
            Finding::of(lost.key, "has another display", format!("it was accepted with the {}; now there is the {instead}", lost.what))
        }
        None => Finding::of(lost.key, "lacks its display", format!("it was accepted with the {}; now it is not seen", lost.what)),
    };
    parts::lost(facts, "displays").into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::asset::AssetKind;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{Display, Displays};

    fn displays(rows: &[(&str, &str)]) -> Section {
        let display = |(connector, serial): &(&str, &str)| Display {
            connector: (*connector).to_owned(),
            model: "P2419H".to_owned(),
            serial: (*serial).to_owned(),
            ..Display::default()
        };
        Section::Displays(Displays { displays: rows.iter().map(display).collect() })
    }

    #[test]
    fn a_display_is_missed_by_its_serial_wherever_it_is_plugged_in() {
        let check = |now: &[(&str, &str)], want: &[&str]| {
            Sample::new().accepted_with(displays(&[("DP-1", "7Q2M")])).has(displays(now)).check(&RULE, want);
        };
        check(&[], &["lacks its display"]);
        check(&[("DP-1", "9XX1")], &["has another display"]);
        check(&[("DP-2", "7Q2M")], &[]);
        check(&[("DP-1", "7Q2M"), ("DP-2", "9XX1")], &[]);
    }

    #[test]
    fn a_projector_is_no_part_of_a_laptop() {
        let laptop = Sample::new().edit_asset(|asset| asset.kind = AssetKind::Laptop);
        let docked = laptop.accepted_with(displays(&[("eDP-1", "1"), ("HDMI-A-1", "BEAMER9")]));
        docked.has(displays(&[("eDP-1", "1")])).check(&RULE, &[]);
    }
}
