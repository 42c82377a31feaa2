//! The parts that an asset was accepted with, and what of them is missing now.
//!
//! The first inventory is taken as right. A part that is added inside the case joins by itself; one that is missing or another stays a
//! finding until it is back, or until somebody accepts the asset as it is. Only what differs is written down: of nearly all assets nothing.

use crate::asset::{Asset, AssetKind};
use crate::content::Content;
use crate::device::Device;
use crate::fingerprint::{Fingerprint, Likeness, fact};
use crate::inventory::Profile;
use crate::record::{Record, Rest, Table};
use crate::rule::Facts;
use crate::{AssetId, Refusal, Site, Working, alert, asset, words};
use jiff::Timestamp;
use rollcall_proto::v1::{Battery, Disk, Display, GraphicsCard, MemoryModule, SoundCard};
use rollcall_proto::{Digest, Section};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parts that an asset was accepted with, where it reports others now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// The asset.
    pub asset: AssetId,
    /// Since when something differs.
    pub since: Timestamp,
    /// The sections as they were accepted, by name; one that is not here is right as it is.
    pub sections: BTreeMap<String, Digest>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Accepted {
    type Key = AssetId;
    const KIND: &'static str = "accepted";
    fn key(&self) -> AssetId {
        self.asset
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.accepted
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.accepted
    }
}

/// The sections whose parts are looked after, alphabetical.
const SECTIONS: &[&str] = &["battery", "cameras", "displays", "graphics", "memory", "sound", "storage"];
/// Of those, the ones whose parts sit inside the case and join by themselves, alphabetical: what hangs on a cable comes and goes.
const INSIDE: &[&str] = &["battery", "graphics", "memory", "storage"];
/// Parts of one section that are told from each other: a server has some dozens of modules and disks. Each is compared with each.
pub(crate) const MOST: usize = 128;
/// Connectors of a laptop's own screen begin so.
const OWN_SCREEN: [&str; 3] = ["DSI", "LVDS", "eDP"];

/// One part of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// What it is told from others by.
    key: String,
    /// Where it sits.
    place: String,
    /// What it is, in words.
    what: String,
}

/// A part that was accepted and is not there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// What it is told from others by, short enough for a subject.
    pub(crate) key: String,
    /// What it is, in words.
    pub(crate) what: String,
    /// What is in its place, in words.
    pub(crate) instead: Option<String>,
}

/// The parts of `name` that the machine was accepted with and has no more; empty when nothing is known of them now.
pub(crate) fn lost(facts: &Facts<'_>, name: &'static str) -> Vec<Lost> {
    let Some((accepted, held)) = accepted_and_held(facts.site, facts.asset, facts.machine(), name) else { return Vec::new() };
    if accepted == held {
        return Vec::new();
    }
    let before = facts.site.content(name, &accepted).and_then(Content::section);
    before.zip(facts.section(name)).map_or_else(Vec::new, |(before, after)| difference(facts.asset, &before, &after).0)
}

/// The parts that one section of an asset lists and a later one does not.
pub(crate) fn lost_between(asset: &Asset, before: &Section, after: &Section) -> Vec<Lost> {
    difference(asset, before, after).0
}

/// The digests of a section as accepted and as last measured.
fn accepted_and_held(site: &Site, asset: &Asset, device: Option<&Device>, name: &str) -> Option<(Digest, Digest)> {
    let accepted = site.accepted.get(&asset.id)?.sections.get(name)?;
    let held = site.profiles.get(&device?.id)?.sections.get(name).filter(|held| held.not_measured.is_none())?;
    Some((*accepted, held.digest?))
}

/// What is lost and what is new from one section to the other.
fn difference(asset: &Asset, before: &Section, after: &Section) -> (Vec<Lost>, Vec<Part>) {
    if let (Section::Memory(before), Section::Memory(after)) = (before, after)
        && !(before.slots_known && after.slots_known)
    {
        return (less_memory(before.total_bytes, after.total_bytes), Vec::new());
    }
    let mut new = parts(asset, after);
    let mut gone = Vec::new();
    for part in parts(asset, before) {
        match new.iter().position(|other| other.key == part.key) {
            Some(place) => drop(new.swap_remove(place)),
            None => gone.push(part),
        }
    }
    let lost = gone.into_iter().map(|part| {
        let place = new.iter().position(|other| other.place == part.place);
        let instead = place.map(|place| new.swap_remove(place).what);
        Lost { key: words::cut(part.key, 60), what: part.what, instead }
    });
    (lost.collect(), new)
}

/// Where no slot is known, the sum tells: firmware and graphics take a little of it now and then, and no module is that small.
fn less_memory(before: u64, after: u64) -> Vec<Lost> {
    let less = before.saturating_sub(after);
    if after == 0 || less < before / 8 || less < 256 << 20 {
        return Vec::new();
    }
    let what = format!("{} of its {} of memory", words::memory(less), words::memory(before));
    vec![Lost { key: "all".to_owned(), what, instead: None }]
}

/// The parts that a section lists, without what is only plugged in; the first of them, if it lists more than any machine has.
fn parts(asset: &Asset, section: &Section) -> Vec<Part> {
    listed(asset.kind == AssetKind::Laptop, section).take(MOST).collect()
}

fn listed(portable: bool, section: &Section) -> Box<dyn Iterator<Item = Part> + '_> {
    match section {
        Section::Batteries(section) => Box::new(section.batteries.iter().map(battery)),
        Section::Cameras(section) => Box::new(section.cameras.iter().map(|camera| named(&camera.name, format!("camera {}", camera.name)))),
        Section::Displays(section) => {
            let own = move |display: &&Display| !portable || OWN_SCREEN.iter().any(|start| display.connector.starts_with(start));
            Box::new(section.displays.iter().filter(own).map(display))
        }
        Section::Graphics(section) => Box::new(section.cards.iter().map(card)),
        Section::Memory(section) => Box::new(section.modules.iter().filter(|module| module.bytes > 0).map(module)),
        Section::SoundCards(section) => {
            let own = move |card: &&SoundCard| card.capture && !(portable && card.driver.to_lowercase().contains("usb"));
            Box::new(section.cards.iter().filter(own).map(|card| named(&card.name, format!("microphone of {}", card.name))))
        }
        Section::Storage(section) => {
            let own = |disk: &&Disk| !disk.removable && disk.bus != "usb";
            Box::new(section.disks.iter().filter(own).map(disk))
        }
        _ => Box::new(std::iter::empty()),
    }
}

fn named(name: &str, what: String) -> Part {
    Part { key: name.to_owned(), place: name.to_owned(), what }
}

/// The serial where it says anything, else what there is.
fn key(serial: &str, or: String) -> String {
    fact(serial).map_or(or, |_| serial.to_owned())
}

fn battery(battery: &Battery) -> Part {
    let what = format!("battery {} {} (serial {})", battery.manufacturer, battery.model, said(&battery.serial));
    Part { key: key(&battery.serial, format!("{} {}", battery.model, battery.design_mwh)), place: battery.name.clone(), what }
}

fn display(display: &Display) -> Part {
    let product = asset::product(&display.manufacturer, &display.model);
    let what = format!("display {product} (serial {}) at {}", said(&display.serial), display.connector);
    Part { key: key(&display.serial, product), place: display.connector.clone(), what }
}

fn card(card: &GraphicsCard) -> Part {
    let what = format!("graphics card {}", asset::product(&card.maker, &card.model));
    Part { key: card.id.clone(), place: card.slot.clone(), what }
}

fn module(module: &MemoryModule) -> Part {
    let what = format!("{} {} module of {} (serial {})", words::memory(module.bytes), module.kind, module.slot, said(&module.serial));
    Part { key: key(&module.serial, format!("{} {}", module.slot, module.bytes)), place: module.slot.clone(), what }
}

fn disk(disk: &Disk) -> Part {
    let what = format!("disk {} of {} (serial {})", disk.model, words::disk(disk.bytes), said(&disk.serial));
    Part { key: key(&disk.serial, format!("{} {}", disk.model, disk.bytes)), place: disk.name.clone(), what }
}

fn said(serial: &str) -> &str {
    if serial.is_empty() { "not said" } else { serial }
}

/// What a report did to the parts of an asset.
#[derive(Default)]
struct Kept {
    sections: BTreeMap<String, Digest>,
    added: Vec<String>,
}

/// After a report: `before` is the profile that it changed. What is missed now is remembered, what was added inside the case joins.
pub(crate) fn keep(w: &mut Working, device: &Device, before: Option<&Profile>) {
    let Some(asset) = w.site.assets.get(&device.asset).cloned() else { return };
    let accepted = w.site.accepted.get(&asset.id).cloned();
    let sections = accepted.as_deref().map(|accepted| accepted.sections.clone()).unwrap_or_default();
    let mut kept = Kept { sections, added: Vec::new() };
    for name in SECTIONS {
        let old = before.and_then(|profile| profile.sections.get(*name)?.digest);
        if let Some(now) = measured(&w.site, device, name) {
            keep_section(&w.site, &asset, &mut kept, name, old, now);
        }
    }
    write(w, &asset, accepted.as_deref(), kept.sections);
    if !kept.added.is_empty() {
        let text = format!("{} has another part, which belongs to it from now on: {}", asset.tag, words::first(kept.added, 5).join(", "));
        w.event("asset.part-added", text).about(&asset);
    }
}

fn keep_section(site: &Site, asset: &Asset, kept: &mut Kept, name: &str, old: Option<Digest>, now: Digest) {
    let Some(accepted) = kept.sections.get(name).copied().or(old) else { return };
    if accepted == now {
        kept.sections.remove(name);
    }
    if accepted == now || old == Some(now) {
        return;
    }
    let [was, is] = [accepted, now].map(|digest| site.content(name, &digest).and_then(Content::section));
    let Some((lost, new)) = was.zip(is).map(|(was, is)| difference(asset, &was, &is)) else { return };
    let inside = INSIDE.contains(&name);
    if lost.is_empty() && (inside || new.is_empty()) {
        kept.sections.remove(name);
        kept.added.extend(new.into_iter().map(|part| part.what));
    } else {
        kept.sections.insert(name.to_owned(), accepted);
    }
}

/// Another agent takes the place of `old` on an asset: on the same hardware the asset has the parts that it was accepted with, as before;
/// other hardware is right as it comes.
pub(crate) fn take_over(w: &mut Working, asset: &Asset, old: &Device, hardware: &Fingerprint) {
    let accepted = w.site.accepted.get(&asset.id).cloned();
    let mut sections = BTreeMap::new();
    if old.fingerprint.likeness(hardware) != Likeness::Other {
        sections.extend(SECTIONS.iter().filter_map(|name| Some(((*name).to_owned(), measured(&w.site, old, name)?))));
        sections.extend(accepted.iter().flat_map(|accepted| accepted.sections.clone()));
    }
    write(w, asset, accepted.as_deref(), sections);
}

fn write(w: &mut Working, asset: &Asset, before: Option<&Accepted>, sections: BTreeMap<String, Digest>) {
    match before {
        Some(_) if sections.is_empty() => w.remove::<Accepted>(&asset.id),
        Some(before) if before.sections != sections => drop(w.put(Accepted { sections, ..before.clone() })),
        None if !sections.is_empty() => drop(w.put(Accepted { asset: asset.id, since: w.now, sections, rest: Rest::new() })),
        _ => {}
    }
}

fn measured(site: &Site, device: &Device, name: &str) -> Option<Digest> {
    site.profiles.get(&device.id)?.sections.get(name).filter(|held| held.not_measured.is_none())?.digest
}

/// Somebody says that an asset is right as it is now: its parts are those that it last reported.
///
/// # Errors
/// No such asset, or its parts are those that it was accepted with.
pub fn accept(w: &mut Working, id: AssetId) -> Result<Arc<Asset>, Refusal> {
    let asset = Arc::clone(asset::get(&w.site, id)?);
    let Some(accepted) = w.site.accepted.get(&id).cloned() else {
        return Err(Refusal::conflict(format!("{} has the parts that it was accepted with, as far as it reports them", asset.tag)));
    };
    w.remove::<Accepted>(&id);
    let what: Vec<&str> = accepted.sections.keys().map(String::as_str).collect();
    w.event("asset.accepted", format!("{} is accepted with the parts that it has now: {}", asset.tag, what.join(", ")))
        .about(&asset)
        .with(serde_json::json!({ "before": accepted.sections }));
    alert::judge(w, id);
    Ok(asset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tag;
    use rollcall_proto::v1::{Displays, Memory, Storage};

    fn asset(kind: AssetKind) -> Asset {
        Asset { kind, ..Asset::new(AssetId(uuid::Uuid::nil()), Tag::parse("PC1").unwrap()) }
    }

    #[track_caller]
    fn check(kind: AssetKind, before: &Section, after: &Section, lost: &[&str], new: &[&str]) {
        let (gone, come) = difference(&asset(kind), before, after);
        let gone: Vec<String> =
            gone.into_iter().map(|lost| lost.instead.map_or(lost.key.clone(), |instead| format!("{}: {instead}", lost.key))).collect();
        assert_eq!(gone, lost);
        assert_eq!(come.iter().map(|part| part.key.as_str()).collect::<Vec<_>>(), new);
    }

    fn memory(modules: &[(&str, u64, &str)]) -> Section {
        let module = |(slot, gigabytes, serial): &(&str, u64, &str)| MemoryModule {
            slot: (*slot).to_owned(),
            bytes: gigabytes << 30,
            kind: "DDR4".to_owned(),
            serial: (*serial).to_owned(),
            ..MemoryModule::default()
        };
        let total_bytes = modules.iter().map(|(_, gigabytes, _)| gigabytes << 30).sum();
        Section::Memory(Memory { total_bytes, slots_known: true, modules: modules.iter().map(module).collect() })
    }

    #[test]
    fn a_module_is_known_by_its_serial_and_else_by_its_slot() {
        let pc = AssetKind::Pc;
        let two = memory(&[("A1", 8, "11AA"), ("B1", 8, "22BB")]);
        check(pc, &two, &memory(&[("A1", 8, "11AA"), ("B1", 0, "")]), &["22BB"], &[]);
        check(pc, &two, &memory(&[("A2", 8, "22BB"), ("B2", 8, "11AA")]), &[], &[]);
        check(pc, &two, &memory(&[("A1", 8, "11AA"), ("B1", 4, "33CC")]), &["22BB: 4 GB DDR4 module of B1 (serial 33CC)"], &[]);
        check(pc, &two, &memory(&[("A1", 8, "11AA"), ("B1", 8, "22BB"), ("B2", 8, "44DD")]), &[], &["44DD"]);
        let nameless = memory(&[("A1", 8, "00000000"), ("B1", 8, "00000000")]);
        check(pc, &nameless, &memory(&[("A1", 8, "00000000")]), &["B1 8589934592"], &[]);
    }

    #[test]
    fn a_section_of_more_parts_than_any_machine_has_costs_no_more_for_it() {
        let rows: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        let many = |mark: &str| {
            let disks = rows.iter().map(|n| Disk { name: n.clone(), serial: format!("{mark}{n}"), ..Disk::default() }).collect();
            Section::Storage(Storage { disks, file_systems: Vec::new() })
        };
        let (lost, new) = difference(&asset(AssetKind::Pc), &many("A"), &many("B"));
        assert_eq!((lost.len(), new.len()), (MOST, 0));
    }

    #[test]
    fn where_no_slot_is_known_the_sum_tells() {
        let sum = |megabytes: u64| Section::Memory(Memory { total_bytes: megabytes << 20, ..Memory::default() });
        check(AssetKind::Pc, &sum(16_000), &sum(8_000), &["all"], &[]);
        check(AssetKind::Pc, &sum(16_000), &sum(15_500), &[], &[]);
        check(AssetKind::Pc, &sum(8_000), &sum(16_000), &[], &[]);
        check(AssetKind::Pc, &memory(&[("A1", 8, "11AA"), ("B1", 8, "22BB")]), &sum(8_000), &["all"], &[]);
    }

    #[test]
    fn what_hangs_on_a_laptop_is_no_part_of_it() {
        let display = |connector: &str, serial: &str| Display { connector: connector.into(), serial: serial.into(), ..Display::default() };
        let both = Section::Displays(Displays { displays: vec![display("eDP-1", "E7"), display("HDMI-A-1", "H7")] });
        let own = Section::Displays(Displays { displays: vec![display("eDP-1", "E7")] });
        check(AssetKind::Laptop, &both, &own, &[], &[]);
        check(AssetKind::Pc, &both, &own, &["H7"], &[]);
        let disk = |serial: &str, bus: &str| Disk { serial: serial.into(), bus: bus.into(), ..Disk::default() };
        let storage = |disks| Section::Storage(Storage { disks, file_systems: Vec::new() });
        let stick = storage(vec![disk("D1", "nvme"), disk("U1", "usb")]);
        check(AssetKind::Pc, &stick, &storage(vec![disk("D1", "nvme")]), &[], &[]);
        check(AssetKind::Pc, &stick, &storage(vec![]), &["D1"], &[]);
    }
}
