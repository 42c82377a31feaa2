//! Flags a disk, graphics card or battery that is gone or another one.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::parts;

pub(super) const RULE: Rule = Rule {
    code: "part-missing",
    title: "A disk, graphics card or battery is missing or another one",
    severity: Severity::High,
    settle: Settle::Minutes(2),
    cause: "It was taken or swapped, its cable came loose, or it failed so far that it is not seen any more.",
    remedy: "Open the case and look. If it was changed on purpose, run `rollcall asset accept TAG`.",
    limits: &[],
    check,
};

/// The sections whose parts this rule speaks of, with what one is called.
const SPEAKS_OF: [(&str, &str); 3] = [("battery", "battery"), ("graphics", "graphics card"), ("storage", "disk")];

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let of = |(section, noun): (&'static str, &str)| {
        let told = |lost: parts::Lost| match lost.instead {
            Some(instead) => Finding::of(
                lost.key,
                format!("has another {noun}"),
                format!("it was accepted with the {}; now there is the {instead}", lost.what),
            ),
            None => {
                Finding::of(lost.key, format!("lacks its {noun}"), format!("it was accepted with the {}; now it is not seen", lost.what))
            }
        };
        parts::lost(facts, section).into_iter().map(told).collect::<Vec<_>>()
    };
    SPEAKS_OF.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{Batteries, Battery, Disk, Graphics, GraphicsCard, Storage};

    fn storage(disks: &[(&str, &str, &str)]) -> Section {
        let disk = |(name, serial, bus): &(&str, &str, &str)| Disk {
            name: (*name).to_owned(),
            model: "KBG40".to_owned(),
            serial: (*serial).to_owned(),
            bus: (*bus).to_owned(),
            ..Disk::default()
        };
        Section::Storage(Storage { disks: disks.iter().map(disk).collect(), file_systems: Vec::new() })
    }

    #[test]
    fn a_disk_is_known_by_its_serial() {
        let check = |now: &[(&str, &str, &str)], want: &[&str]| {
            let accepted = storage(&[("nvme0n1", "S41GNX0K812345", "nvme"), ("sda", "USBSTICK1", "usb")]);
            Sample::new().accepted_with(accepted).has(storage(now)).check(&RULE, want);
        };
        check(&[], &["lacks its disk"]);
        check(&[("nvme0n1", "OTHER77", "nvme")], &["has another disk"]);
        check(&[("nvme1n1", "S41GNX0K812345", "nvme")], &[]);
        check(&[("nvme0n1", "S41GNX0K812345", "nvme"), ("sdb", "NEW1", "sata")], &[]);
    }

    #[test]
    fn a_graphics_card_is_known_by_its_kind_and_a_battery_by_its_serial() {
        let card = |id: &str, driver: &str| {
            let card = GraphicsCard { slot: "0000:01:00.0".into(), id: id.into(), driver: driver.into(), ..GraphicsCard::default() };
            Section::Graphics(Graphics { cards: vec![card] })
        };
        let graphics = || Sample::new().accepted_with(card("10de:1f08", "nouveau"));
        graphics().has(card("10de:0fc6", "nouveau")).check(&RULE, &["has another graphics card"]);
        graphics().has(card("10de:1f08", "nvidia")).check(&RULE, &[]);
        let battery = |serial: &str, full_mwh| {
            let battery = Battery { name: "BAT0".into(), serial: serial.into(), full_mwh, design_mwh: 24_050, ..Battery::default() };
            Section::Batteries(Batteries { batteries: vec![battery] })
        };
        let laptop = || Sample::new().accepted_with(battery("1234", 20_000));
        laptop().has(battery("9876", 24_050)).check(&RULE, &["has another battery"]);
        laptop().has(battery("1234", 17_316)).check(&RULE, &[]);
        laptop().has(Section::Batteries(Batteries::default())).check(&RULE, &["lacks its battery"]);
    }
}
