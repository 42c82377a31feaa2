//! What a machine is made of, in plain words, section by section; what was not measured says why.

use super::condition;
use crate::desk::look::{Look, Moment};
use crate::desk::words::{self, disk_size, join, memory_size};
use rollcall_proto::{Section, v1};
use rollcall_site::content::Content;
use rollcall_site::inventory::{Held, Profile};

/// One section as people read it.
pub(super) struct Part {
    /// What it is.
    pub title: &'static str,
    /// What is there, a line each.
    pub lines: Vec<Words>,
    /// Since when it is so.
    pub since: Option<Moment>,
    /// Why it could not be measured the last time.
    pub not_measured: Option<String>,
    /// Values that could not be read.
    pub problems: Vec<String>,
}

/// A line: what counts, and what is good to know beside it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// What counts.
    pub main: String,
    /// Beside it.
    pub aside: String,
}

/// The sections of hardware in the order in which people ask, with their titles.
const ORDER: &[(&str, &str)] = &[
    ("system", "Machine"),
    ("processors", "Processor"),
    ("memory", "Memory"),
    ("storage", "Storage"),
    ("disk-health", "Disk health"),
    ("network", "Network"),
    ("links", "Connection"),
    ("battery", "Battery"),
    ("displays", "Displays"),
    ("graphics", "Graphics"),
    ("cameras", "Cameras"),
    ("sound", "Sound"),
    ("usb", "Plugged in"),
    ("printers", "Printers"),
    ("pci", "Built in"),
    ("os", "System"),
    ("updates", "Updates"),
    ("settings", "Protection"),
    ("services", "Services"),
    ("restarts", "Restarts"),
];

/// Everything that is known of the hardware and the operating system.
pub(super) fn parts(look: &Look, profile: &Profile) -> Vec<Part> {
    let part = |(name, title): &(&str, &'static str)| {
        let held = profile.sections.get(*name)?;
        let section = content(look, name, held).and_then(|content| content.section());
        Some(Part {
            title,
            lines: match section.as_ref() {
                Some(Section::Restarts(restarts)) => condition::restarts(look, restarts),
                Some(section) => lines(section),
                None => Vec::new(),
            },
            since: held.since.map(|since| look.moment(since)),
            not_measured: held.not_measured.clone(),
            problems: held.problems.clone(),
        })
    };
    ORDER.iter().filter_map(part).collect()
}

/// The content of a section, if one was ever measured.
pub(super) fn content(look: &Look, name: &str, held: &Held) -> Option<Content> {
    held.digest.and_then(|digest| look.site.content(name, &digest).cloned())
}

fn lines(section: &Section) -> Vec<Words> {
    match section {
        Section::System(system) => of_system(system),
        Section::Processors(processors) => processors.processors.iter().map(of_processor).collect(),
        Section::Memory(memory) => of_memory(memory),
        Section::Storage(storage) => storage.disks.iter().map(of_disk).chain(storage.file_systems.iter().map(of_file_system)).collect(),
        Section::Network(network) => network.interfaces.iter().filter(|interface| !interface.is_virtual).map(of_interface).collect(),
        Section::Batteries(batteries) => none_or(batteries.batteries.iter().map(of_battery).collect(), "No battery"),
        Section::Displays(displays) => none_or(displays.displays.iter().map(of_display).collect(), "No display connected"),
        Section::OperatingSystem(os) => {
            vec![words(first([&os.pretty, &os.name]), join([&prefixed("kernel ", &os.kernel), &os.architecture]))]
        }
        other => condition::lines(other),
    }
}

/// A line of these.
pub(super) fn words(main: impl Into<String>, aside: impl Into<String>) -> Words {
    Words { main: main.into(), aside: aside.into() }
}

/// The lines, or one that says that there are none.
pub(super) fn none_or(lines: Vec<Words>, none: &str) -> Vec<Words> {
    if lines.is_empty() { vec![words(none, "")] } else { lines }
}

/// The first text that is not empty.
pub(super) fn first<const N: usize>(texts: [&str; N]) -> &str {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or("not said")
}

/// Text behind a prefix; nothing for nothing.
pub(super) fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{prefix}{text}") }
}

fn of_system(system: &v1::System) -> Vec<Words> {
    let name = rollcall_site::asset::product(&system.manufacturer, &system.model);
    let firmware = join([&[system.firmware_vendor.as_str(), &system.firmware_version].join(" "), &system.firmware_date]);
    let mut lines = vec![match name.trim() {
        "" => words(first([words::sentence(&system.chassis).trim_end_matches('.')]), prefixed("serial ", &system.serial)),
        name => words(name, join([&system.chassis, &prefixed("serial ", &system.serial)])),
    }];
    lines.extend((!firmware.is_empty()).then(|| words("Firmware", firmware)));
    lines.extend((!system.board.is_empty()).then(|| words("Board", join([&system.board, &prefixed("serial ", &system.board_serial)]))));
    lines
}

fn of_processor(processor: &v1::Processor) -> Words {
    let count = |number: u32, one, many| if number == 0 { String::new() } else { words::count(number, one, many) };
    let speed = if processor.mhz == 0 { String::new() } else { format!("{}.{} GHz", processor.mhz / 1000, processor.mhz % 1000 / 100) };
    let (cores, threads) = (count(processor.cores, "core", "cores"), count(processor.threads, "thread", "threads"));
    words(first([&processor.model, &processor.vendor]), join([&cores, &threads, &speed]))
}

fn of_memory(memory: &v1::Memory) -> Vec<Words> {
    let note = if memory.slots_known { "as the system sees it" } else { "the modules could not be read" };
    let mut lines = vec![words(memory_size(memory.total_bytes), note)];
    lines.extend(memory.modules.iter().map(|module| {
        let speed = if module.mts == 0 { module.kind.clone() } else { format!("{}-{}", first([&module.kind, "memory"]), module.mts) };
        let maker = [module.manufacturer.as_str(), &module.part].join(" ");
        match module.bytes {
            0 => words(format!("{}: empty", module.slot), ""),
            bytes => {
                words(format!("{}: {}", module.slot, memory_size(bytes)), join([&speed, &maker, &prefixed("serial ", &module.serial)]))
            }
        }
    }));
    lines
}

fn of_disk(disk: &v1::Disk) -> Words {
    let kind = [disk.bus.as_str(), &disk.medium].join(" ").to_uppercase();
    let removable = if disk.removable { "removable" } else { "" };
    let aside = join([&kind, removable, &disk.name, &prefixed("serial ", &disk.serial), &prefixed("firmware ", &disk.firmware)]);
    words(format!("{} {}", first([&disk.model, &disk.name]), disk_size(disk.bytes)), aside)
}

fn of_file_system(file_system: &v1::FileSystem) -> Words {
    words(format!("{} on {}", file_system.mount, file_system.device), join([&disk_size(file_system.bytes), &file_system.kind]))
}

fn of_interface(interface: &v1::Interface) -> Words {
    let kind = match interface.kind.as_str() {
        "wifi" => "Wi-Fi",
        "ethernet" => "Ethernet",
        other => first([other, "Network"]),
    };
    words(format!("{kind} {}", interface.mac), join([&interface.name, &prefixed("driver ", &interface.driver)]))
}

fn of_battery(battery: &v1::Battery) -> Words {
    let maker = [battery.manufacturer.as_str(), &battery.model].join(" ");
    let aside = join([&maker, &battery.chemistry, &words::count(battery.cycles, "cycle", "cycles"), &prefixed("serial ", &battery.serial)]);
    match (battery.full_mwh * 100).checked_div(battery.design_mwh) {
        Some(percent) => {
            words(format!("{percent} % of its design, {} of {} Wh", battery.full_mwh / 1000, battery.design_mwh / 1000), aside)
        }
        None => words(first([&battery.name, "Battery"]), aside),
    }
}

fn of_display(display: &v1::Display) -> Words {
    let year = if display.year == 0 { String::new() } else { format!("made {}", display.year) };
    let squared = u64::from(display.width_mm).pow(2) + u64::from(display.height_mm).pow(2);
    let size = if squared == 0 { String::new() } else { format!("{} inch", (squared.isqrt() * 10 + 127) / 254) };
    let name = [display.manufacturer.as_str(), &display.model].join(" ");
    words(first([name.trim(), &display.connector]), join([&size, &display.connector, &prefixed("serial ", &display.serial), &year]))
}

/// Holds the lines of a section to these.
#[cfg(test)]
#[track_caller]
pub(super) fn says(section: Section, wanted: &[(&str, &str)]) {
    let said = lines(&section);
    let said: Vec<(&str, &str)> = said.iter().map(|line| (line.main.as_str(), line.aside.as_str())).collect();
    assert_eq!(said, wanted);
}

#[cfg(test)]
mod tests {
    use super::says as check;
    use super::*;

    #[test]
    fn memory_names_every_slot() {
        let module = |slot: &str, bytes| v1::MemoryModule {
            slot: slot.to_owned(),
            bytes,
            kind: "DDR4".to_owned(),
            mts: 2666,
            manufacturer: "SK hynix".to_owned(),
            ..v1::MemoryModule::default()
        };
        let memory =
            v1::Memory { total_bytes: 8 << 30, modules: vec![module("DIMM_A1", 8 << 30), module("DIMM_B2", 0)], slots_known: true };
        check(
            Section::Memory(memory),
            &[("8 GB", "as the system sees it"), ("DIMM_A1: 8 GB", "DDR4-2666, SK hynix"), ("DIMM_B2: empty", "")],
        );
    }

    #[test]
    fn a_battery_says_what_is_left_and_an_odd_one_divides_by_nothing() {
        let battery = v1::Battery { design_mwh: 50_000, full_mwh: 30_500, cycles: 540, ..v1::Battery::default() };
        check(Section::Batteries(v1::Batteries { batteries: vec![battery] }), &[("61 % of its design, 30 of 50 Wh", "540 cycles")]);
        check(Section::Batteries(v1::Batteries { batteries: vec![v1::Battery::default()] }), &[("Battery", "0 cycles")]);
        check(Section::Batteries(v1::Batteries::default()), &[("No battery", "")]);
    }

    #[test]
    fn a_display_is_measured_in_inches() {
        let display = v1::Display {
            manufacturer: "DEL".to_owned(),
            model: "P2419H".to_owned(),
            width_mm: 527,
            height_mm: 296,
            ..v1::Display::default()
        };
        check(Section::Displays(v1::Displays { displays: vec![display] }), &[("DEL P2419H", "24 inch")]);
    }
}
