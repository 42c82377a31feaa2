//! What is different between two contents of a section, in words: the timeline's and the sweep's sentences.

use crate::content::Content;
use crate::packages::Package;
use crate::words;
use rollcall_proto::{Section, v1};
use serde_json::Value;
use std::collections::BTreeMap;

/// Sentences that a change of one section is told in, at most; the rest is counted.
const MOST: usize = 12;
/// Characters of one sentence, at most: an agent's text is somebody else's.
const LONGEST: usize = 200;

/// What changed from `before` to `after`, one sentence each, in the section's own order; empty when nothing that counts did.
pub fn changes(before: &Content, after: &Content) -> Vec<String> {
    let sentences = if before.is_list() && after.is_list() {
        software(before, after)
    } else {
        before.section().zip(after.section()).map(|(before, after)| of_sections(&before, &after)).unwrap_or_default()
    };
    words::first(sentences, MOST).into_iter().map(|sentence| words::cut(sentence, LONGEST)).collect()
}

fn of_sections(before: &Section, after: &Section) -> Vec<String> {
    match (before, after) {
        (Section::Memory(before), Section::Memory(after)) => memory(before, after),
        (Section::Storage(before), Section::Storage(after)) => storage(before, after),
        (Section::SoftwareDates(_), Section::SoftwareDates(_)) => Vec::new(),
        (Section::DiskHealth(before), Section::DiskHealth(after)) => disk_health(before, after),
        (Section::FailedServices(before), Section::FailedServices(after)) => services(before, after),
        (Section::Restarts(before), Section::Restarts(after)) => restarts(before, after),
        (Section::Settings(before), Section::Settings(after)) => settings(before, after),
        (Section::Updates(before), Section::Updates(after)) => updates(before, after),
        (Section::UsbDevices(before), Section::UsbDevices(after)) => usb(before, after),
        _ => fields(&before.to_json(), &after.to_json()),
    }
}

/// What is on both lists is no matter: of several versions of a title, only those that came or went are told.
fn software(before: &Content, after: &Content) -> Vec<String> {
    let key = |package: Package<'_>| ((package.name.to_owned(), package.architecture.to_owned()), package.version.to_owned());
    let (gone, new) = (before.without(after).map(key).collect(), after.without(before).map(key).collect());
    pairs(gone, new, |(name, _), before: Option<String>, after| match (before, after) {
        (Some(before), Some(after)) => format!("{name} {before} → {after}"),
        (Some(before), None) => format!("{name} {before} removed"),
        (None, after) => format!("{name} {} installed", after.unwrap_or_default()),
    })
}

fn memory(before: &v1::Memory, after: &v1::Memory) -> Vec<String> {
    let slots = |memory: &v1::Memory| memory.modules.iter().map(|m| (m.slot.clone(), module(m))).collect::<BTreeMap<_, _>>();
    let mut sentences = Vec::new();
    // The system's own figure wanders by what the firmware keeps; a module is at least 256 MB.
    if before.total_bytes.abs_diff(after.total_bytes) >= 256 << 20 {
        sentences.push(format!("memory {} → {}", words::memory(before.total_bytes), words::memory(after.total_bytes)));
    }
    if before.slots_known && after.slots_known {
        sentences.extend(pairs(slots(before), slots(after), |slot, before, after| {
            format!("{slot}: {} → {}", before.as_deref().unwrap_or("no slot"), after.as_deref().unwrap_or("no slot"))
        }));
    }
    sentences
}

fn module(module: &v1::MemoryModule) -> String {
    if module.bytes == 0 {
        return "empty".to_owned();
    }
    let mut text = format!("{} {} {}", words::memory(module.bytes), module.kind, module.manufacturer).trim().to_owned();
    if !module.serial.is_empty() {
        text.push_str(&format!(", serial {}", module.serial));
    }
    text
}

fn storage(before: &v1::Storage, after: &v1::Storage) -> Vec<String> {
    let key = |disk: &v1::Disk| if disk.serial.is_empty() { disk.name.clone() } else { disk.serial.clone() };
    let fixed = |storage: &v1::Storage| {
        let disks = storage.disks.iter().filter(|disk| !disk.removable);
        disks.map(|disk| (key(disk), format!("{} {}", disk.model, words::disk(disk.bytes)))).collect::<BTreeMap<_, _>>()
    };
    let mounts = |storage: &v1::Storage| {
        let systems = storage.file_systems.iter();
        systems.map(|fs| (fs.mount.clone(), format!("{} {}", fs.kind, words::disk(fs.bytes)))).collect::<BTreeMap<_, _>>()
    };
    let mut sentences = pairs(fixed(before), fixed(after), |serial, before, after| match (before, after) {
        (Some(before), Some(after)) => format!("disk {serial}: {before} → {after}"),
        (Some(before), None) => format!("disk {before} (serial {serial}) gone"),
        (None, after) => format!("disk {} (serial {serial}) added", after.unwrap_or_default()),
    });
    sentences.extend(pairs(mounts(before), mounts(after), |mount, before, after| {
        format!("file system {mount}: {} → {}", before.as_deref().unwrap_or("none"), after.as_deref().unwrap_or("none"))
    }));
    sentences
}

/// How a disk does, told without the hours that only rise.
fn disk_health(before: &v1::DiskHealth, after: &v1::DiskHealth) -> Vec<String> {
    let ageless = |health: &v1::DiskHealth| {
        let disks = health.disks.iter().map(|disk| v1::DiskCondition { hours: 0, ..disk.clone() });
        Section::DiskHealth(v1::DiskHealth { disks: disks.collect() }).to_json()
    };
    fields(&ageless(before), &ageless(after))
}

fn services(before: &v1::FailedServices, after: &v1::FailedServices) -> Vec<String> {
    let failed = |services: &v1::FailedServices| services.failed.iter().map(|s| (s.unit.clone(), ())).collect::<BTreeMap<_, _>>();
    pairs(failed(before), failed(after), |unit, _, after| match after {
        Some(()) => format!("service {unit} failed"),
        None => format!("service {unit} is no longer failed"),
    })
}

fn restarts(before: &v1::Restarts, after: &v1::Restarts) -> Vec<String> {
    let last = before.restarts.iter().map(|restart| restart.at_s).max().unwrap_or(i64::MIN);
    let new = after.restarts.iter().filter(|restart| restart.at_s > last);
    let sentence = |restart: &v1::Restart| match restart.before.as_str() {
        "clean" => "started after a shutdown".to_owned(),
        "crash" => "started without a shutdown before: power lost, or it crashed".to_owned(),
        _ => "started".to_owned(),
    };
    new.map(sentence).collect()
}

/// What protects the machine, told without the day of the definitions, which only rises.
fn settings(before: &v1::Settings, after: &v1::Settings) -> Vec<String> {
    let dayless = |settings: &v1::Settings| {
        let antivirus = settings.antivirus.iter().map(|program| v1::Antivirus { definitions_s: 0, ..program.clone() });
        Section::Settings(v1::Settings { antivirus: antivirus.collect(), ..settings.clone() }).to_json()
    };
    fields(&dayless(before), &dayless(after))
}

fn updates(before: &v1::Updates, after: &v1::Updates) -> Vec<String> {
    let mut sentences = Vec::new();
    match (before.restart_needed, after.restart_needed) {
        (false, true) => {
            sentences.push(format!("restart needed for {}", after.restart_for.join(", ")).trim_end_matches(" for ").to_owned())
        }
        (true, false) => sentences.push("restart no longer needed".to_owned()),
        _ => {}
    }
    if before.security == 0 && after.security > 0 {
        sentences.push(format!("{} security updates wait", after.security));
    }
    sentences
}

fn usb(before: &v1::UsbDevices, after: &v1::UsbDevices) -> Vec<String> {
    let name = |device: &v1::UsbDevice| {
        let name = format!("{} {}", device.maker, device.model);
        if name.trim().is_empty() { device.id.clone() } else { name.trim().to_owned() }
    };
    let plugged = |usb: &v1::UsbDevices| {
        usb.devices
            .iter()
            .map(|device| ((device.id.clone(), device.serial.clone(), device.port.clone()), name(device)))
            .collect::<BTreeMap<_, _>>()
    };
    pairs(plugged(before), plugged(after), |(_, _, port), before, after| match (before, after) {
        (Some(name), None) => format!("{name} unplugged from port {port}"),
        (_, name) => format!("{} plugged in at port {port}", name.unwrap_or_default()),
    })
}

/// One sentence for each key whose value differs between two lists.
fn pairs<K: Ord + Clone, V: PartialEq>(
    before: BTreeMap<K, V>,
    mut after: BTreeMap<K, V>,
    say: impl Fn(&K, Option<V>, Option<V>) -> String,
) -> Vec<String> {
    let mut sentences = BTreeMap::new();
    for (key, old) in before {
        let new = after.remove(&key);
        if new.as_ref() != Some(&old) {
            sentences.insert(key.clone(), say(&key, Some(old), new));
        }
    }
    for (key, new) in after {
        sentences.insert(key.clone(), say(&key, None, Some(new)));
    }
    sentences.into_values().collect()
}

/// Field by field, for sections whose fields speak for themselves; items of a list are matched by their first field.
fn fields(before: &Value, after: &Value) -> Vec<String> {
    let flat = |value: &Value| {
        let mut facts = BTreeMap::new();
        flatten("", value, &mut facts);
        facts
    };
    pairs(flat(before), flat(after), |name, before, after| {
        let say = |value: Option<String>| value.filter(|text| !text.is_empty()).unwrap_or_else(|| "none".to_owned());
        format!("{name} {} → {}", say(before), say(after))
    })
}

fn flatten(name: &str, value: &Value, facts: &mut BTreeMap<String, String>) {
    let below = |key: &str| if name.is_empty() { key.replace('_', " ") } else { format!("{name} {}", key.replace('_', " ")) };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(&below(key), value, facts)),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let label =
                    ["name", "connector", "slot"].iter().find_map(|key| item.get(key)?.as_str()).map_or(place.to_string(), str::to_owned);
                let singular =
                    name.strip_suffix("ies").map(|stem| format!("{stem}y")).or_else(|| name.strip_suffix('s').map(str::to_owned));
                flatten(&format!("{} {label}", singular.as_deref().unwrap_or(name)), item, facts);
            }
        }
        Value::String(text) => drop(facts.insert(name.to_owned(), text.clone())),
        other => drop(facts.insert(name.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn changes(before: &Section, after: &Section) -> Vec<String> {
        let packages = Arc::default();
        super::changes(&Content::of(before, &packages), &Content::of(after, &packages))
    }

    fn package(name: &str, version: &str) -> v1::Package {
        v1::Package { name: name.into(), version: version.into(), architecture: "amd64".into(), ..v1::Package::default() }
    }

    #[test]
    fn software_is_told_by_title() {
        let before = Section::Software(v1::Software { packages: vec![package("geogebra", "6.0.848"), package("vlc", "3.0.18")] });
        let after = Section::Software(v1::Software { packages: vec![package("geogebra", "6.0.850"), package("zoom", "6.1")] });
        assert_eq!(changes(&before, &after), ["geogebra 6.0.848 → 6.0.850", "vlc 3.0.18 removed", "zoom 6.1 installed"]);
        assert!(changes(&before, &before).is_empty());
    }

    #[test]
    fn memory_is_told_by_slot() {
        let slot =
            |name: &str, bytes: u64| v1::MemoryModule { slot: name.into(), bytes, kind: "DDR4".into(), ..v1::MemoryModule::default() };
        let memory = |b2: u64| {
            let modules = vec![slot("DIMM_A1", 8 << 30), slot("DIMM_B2", b2)];
            Section::Memory(v1::Memory { total_bytes: (8 << 30) + b2, modules, slots_known: true })
        };
        assert_eq!(changes(&memory(8 << 30), &memory(0)), ["memory 16 GB → 8 GB", "DIMM_B2: 8 GB DDR4 → empty"]);
    }

    #[test]
    fn a_swapped_disk_is_two_sentences_and_a_usb_stick_none() {
        let disk = |serial: &str, removable| v1::Disk {
            name: "sda".into(),
            serial: serial.into(),
            model: "KBG40".into(),
            bytes: 256_000_000_000,
            removable,
            ..v1::Disk::default()
        };
        let storage = |disks| Section::Storage(v1::Storage { disks, file_systems: vec![] });
        let before = storage(vec![disk("D1", false)]);
        assert_eq!(
            changes(&before, &storage(vec![disk("D2", false)])),
            ["disk KBG40 256 GB (serial D1) gone", "disk KBG40 256 GB (serial D2) added"]
        );
        assert!(changes(&before, &storage(vec![disk("D1", false), disk("U", true)])).is_empty());
    }

    #[test]
    fn state_is_told_as_what_happened() {
        let check = |before: Section, after: Section, wanted: &[&str]| assert_eq!(changes(&before, &after), wanted);
        let disk = |verdict: &str, hours| {
            let disk = v1::DiskCondition { name: "sda".into(), verdict: verdict.into(), hours, ..v1::DiskCondition::default() };
            Section::DiskHealth(v1::DiskHealth { disks: vec![disk] })
        };
        check(disk("passed", 500), disk("passed", 1000), &[]);
        check(disk("passed", 500), disk("failing", 1000), &["disk sda verdict passed → failing"]);
        let services = |units: &[&str]| {
            let failed = units.iter().map(|unit| v1::FailedService { unit: (*unit).into(), ..v1::FailedService::default() });
            Section::FailedServices(v1::FailedServices { failed: failed.collect() })
        };
        check(services(&["a"]), services(&["cups"]), &["service a is no longer failed", "service cups failed"]);
        let restarts = |at: &[(i64, &str)]| {
            let restarts = at.iter().map(|(at_s, before)| v1::Restart { at_s: *at_s, before: (*before).into(), ..v1::Restart::default() });
            Section::Restarts(v1::Restarts { restarts: restarts.collect() })
        };
        let crashed = "started without a shutdown before: power lost, or it crashed";
        check(restarts(&[(1, ""), (2, "clean")]), restarts(&[(2, "clean"), (3, "crash")]), &[crashed]);
        let usb = |ports: &[&str]| {
            let device = |port: &&str| v1::UsbDevice { port: (*port).into(), model: "Keyboard".into(), ..v1::UsbDevice::default() };
            Section::UsbDevices(v1::UsbDevices { devices: ports.iter().map(device).collect() })
        };
        check(usb(&["1-1"]), usb(&["1-2"]), &["Keyboard unplugged from port 1-1", "Keyboard plugged in at port 1-2"]);
        let settings = |firewall: &str, definitions_s| {
            let antivirus = v1::Antivirus { name: "ClamAV".into(), state: "on".into(), definitions_s };
            Section::Settings(v1::Settings { firewall: firewall.into(), antivirus: vec![antivirus], ..v1::Settings::default() })
        };
        check(settings("on", 86_400), settings("off", 172_800), &["firewall on → off"]);
        check(settings("on", 86_400), settings("on", 172_800), &[]);
        let waits = |restart_needed| Section::Updates(v1::Updates { restart_needed, ..v1::Updates::default() });
        check(waits(false), waits(true), &["restart needed"]);
        check(waits(true), waits(false), &["restart no longer needed"]);
    }

    #[test]
    fn other_sections_are_told_by_field() {
        let os = |kernel: &str| Section::OperatingSystem(v1::OperatingSystem { kernel: kernel.into(), ..v1::OperatingSystem::default() });
        assert_eq!(changes(&os("6.1.0-18"), &os("6.1.0-21")), ["kernel 6.1.0-18 → 6.1.0-21"]);
        let display = |serial: &str| {
            Section::Displays(v1::Displays {
                displays: vec![v1::Display { connector: "DP-1".into(), serial: serial.into(), ..v1::Display::default() }],
            })
        };
        assert_eq!(changes(&display("7Q2M"), &display("")), ["display DP-1 serial 7Q2M → none"]);
    }
}
