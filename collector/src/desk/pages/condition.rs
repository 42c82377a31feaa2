//! How a machine does and what hangs on it, in plain words: the sections beside the hardware proper.

use super::hardware::{Words, first, none_or, prefixed, words};
use crate::desk::look::Look;
use crate::desk::words::{join, memory_size};
use jiff::Timestamp;
use rollcall_proto::{Section, v1};

/// The lines of a section that [`super::hardware`] leaves to this page.
pub(super) fn lines(section: &Section) -> Vec<Words> {
    match section {
        Section::Cameras(cameras) => none_or(cameras.cameras.iter().map(of_camera).collect(), "No camera"),
        Section::DiskHealth(health) => none_or(health.disks.iter().map(of_disk).collect(), "No disk that says how it is"),
        Section::FailedServices(services) => {
            none_or(services.failed.iter().map(|f| words(format!("{} failed", f.unit), f.what.clone())).collect(), "None failed")
        }
        Section::Graphics(graphics) => none_or(graphics.cards.iter().map(of_graphics).collect(), "No graphics card"),
        Section::Links(links) => of_links(links),
        Section::PciDevices(pci) => pci.devices.iter().map(of_pci).collect(),
        Section::Printers(printers) => none_or(printers.printers.iter().map(of_printer).collect(), "No printer is set up"),
        Section::Settings(settings) => of_settings(settings),
        Section::SoundCards(sound) => none_or(sound.cards.iter().map(of_sound).collect(), "No sound device"),
        Section::Updates(updates) => of_updates(updates),
        Section::UsbDevices(usb) => none_or(usb.devices.iter().map(of_usb).collect(), "Nothing"),
        _ => Vec::new(),
    }
}

/// The last starts of the machine, the newest first.
pub(super) fn restarts(look: &Look, restarts: &v1::Restarts) -> Vec<Words> {
    let line = |restart: &v1::Restart| {
        let at = Timestamp::from_second(restart.at_s).map(|at| look.moment(at).words).unwrap_or_else(|_| "at an unknown time".to_owned());
        let before = match restart.before.as_str() {
            "clean" => "after a shutdown",
            "crash" => "without a shutdown before: power lost, or it crashed",
            _ => "",
        };
        words(format!("Started {at}"), join([before, &prefixed("kernel ", &restart.kernel)]))
    };
    none_or(restarts.restarts.iter().rev().map(line).collect(), "No start is recorded")
}

fn of_camera(camera: &v1::Camera) -> Words {
    words(first([&camera.name]), join([&camera.bus.to_uppercase(), &prefixed("driver ", &camera.driver)]))
}

fn of_disk(disk: &v1::DiskCondition) -> Words {
    let verdict = match disk.verdict.as_str() {
        "failing" => "says that it is failing: replace it",
        "passed" => "says that it is well",
        _ => "does not say how it is",
    };
    let count = |number: u64, what: &str| if number == 0 { String::new() } else { format!("{number} {what}") };
    let worn = count(disk.worn_percent.into(), "% of its life used");
    let aside = join([
        &worn,
        &count(disk.reallocated, "sectors replaced"),
        &count(disk.pending, "sectors unreadable"),
        &count(disk.uncorrectable, "errors not corrected"),
        &count(disk.hours, "hours and more"),
    ]);
    words(format!("{} {verdict}", disk.name), aside)
}

fn of_graphics(card: &v1::GraphicsCard) -> Words {
    let memory = if card.memory_bytes == 0 { String::new() } else { memory_size(card.memory_bytes) };
    let name = [card.maker.as_str(), &card.model].join(" ");
    words(first([name.trim(), &card.id]), join([memory.as_str(), &prefixed("driver ", &card.driver)]))
}

fn of_links(links: &v1::Links) -> Vec<Words> {
    let link = |link: &v1::Link| {
        let speed = if link.mbit == 0 { String::new() } else { format!("{} Mbit/s", link.mbit) };
        let duplex = if link.duplex == "half" { "half duplex" } else { "" };
        words(format!("{} {}", link.name, link.state), join([&speed, duplex, &link.addresses.join(" ")]))
    };
    let mut lines: Vec<Words> = links.links.iter().map(link).collect();
    let servers = prefixed("name servers ", &links.name_servers.join(" "));
    lines.extend((!links.gateway.is_empty() || !servers.is_empty()).then(|| words(prefixed("Gateway ", &links.gateway), servers)));
    lines
}

fn of_pci(device: &v1::PciDevice) -> Words {
    let name = [device.maker.as_str(), &device.model].join(" ");
    words(first([name.trim(), &device.id]), join([&device.class, &prefixed("driver ", &device.driver)]))
}

fn of_printer(printer: &v1::Printer) -> Words {
    let default = if printer.is_default { "the default" } else { "" };
    words(first([&printer.name]), join([default, &printer.model, &printer.place, &printer.address]))
}

fn of_settings(settings: &v1::Settings) -> Vec<Words> {
    let set = [
        ("Firewall", &settings.firewall),
        ("Disk encryption", &settings.disk_encryption),
        ("Automatic updates", &settings.automatic_updates),
        ("Screen lock", &settings.screen_lock),
    ];
    let said = |name: &str, word: &str| format!("{name} {}", if word.is_empty() { "not known" } else { word });
    let program = |antivirus: &v1::Antivirus| words(said(&antivirus.name, &antivirus.state), renewed(antivirus.definitions_s));
    let programs = none_or(settings.antivirus.iter().map(program).collect(), "No antivirus");
    set.iter().map(|(name, word)| words(said(name, word), "")).chain(programs).collect()
}

fn renewed(at_s: i64) -> String {
    let day = Timestamp::from_second(at_s).ok().filter(|_| at_s > 0);
    day.map(|at| format!("definitions of {}", at.strftime("%Y-%m-%d"))).unwrap_or_default()
}

fn of_sound(card: &v1::SoundCard) -> Words {
    let can = match (card.playback, card.capture) {
        (true, true) => "plays and hears",
        (true, false) => "plays",
        (false, true) => "hears",
        (false, false) => "",
    };
    words(first([&card.name]), join([can, &prefixed("driver ", &card.driver)]))
}

fn of_updates(updates: &v1::Updates) -> Vec<Words> {
    let mut lines = Vec::new();
    if updates.restart_needed {
        lines.push(words("A restart is needed", prefixed("for ", &updates.restart_for.join(", "))));
    }
    if updates.counted {
        let security = if updates.security == 0 { String::new() } else { format!("{} of them for security", updates.security) };
        lines.push(words(format!("{} updates wait", updates.pending), security));
    }
    none_or(lines, "No restart is needed")
}

fn of_usb(device: &v1::UsbDevice) -> Words {
    let name = [device.maker.as_str(), &device.model].join(" ");
    words(first([name.trim(), &device.id]), join([&device.kind, &prefixed("serial ", &device.serial), &prefixed("port ", &device.port)]))
}

#[cfg(test)]
mod tests {
    use super::super::hardware::says as check;
    use super::*;

    #[test]
    fn a_disk_that_fails_says_what_to_do() {
        let disk = v1::DiskCondition { name: "sda".into(), verdict: "failing".into(), reallocated: 8, hours: 4500, ..Default::default() };
        let wanted = [("sda says that it is failing: replace it", "8 sectors replaced, 4500 hours and more")];
        check(Section::DiskHealth(v1::DiskHealth { disks: vec![disk] }), &wanted);
    }

    #[test]
    fn what_waits_and_what_is_not_there_is_told() {
        let updates = v1::Updates { restart_needed: true, restart_for: vec!["libc6".into()], counted: true, pending: 12, security: 5 };
        check(Section::Updates(updates), &[("A restart is needed", "for libc6"), ("12 updates wait", "5 of them for security")]);
        check(Section::Updates(v1::Updates::default()), &[("No restart is needed", "")]);
        check(Section::Printers(v1::Printers::default()), &[("No printer is set up", "")]);
    }

    #[test]
    fn what_protects_the_machine_is_told_and_what_is_not_known_too() {
        let antivirus = v1::Antivirus { name: "ClamAV".into(), state: "off".into(), definitions_s: 1_732_752_000 };
        let settings = v1::Settings { firewall: "on".into(), antivirus: vec![antivirus], ..Default::default() };
        let unknown = [("Disk encryption not known", ""), ("Automatic updates not known", ""), ("Screen lock not known", "")];
        let wanted = [&[("Firewall on", "")][..], &unknown, &[("ClamAV off", "definitions of 2024-11-28")]].concat();
        check(Section::Settings(settings), &wanted);
        let wanted = [&[("Firewall not known", "")][..], &unknown, &[("No antivirus", "")]].concat();
        check(Section::Settings(v1::Settings::default()), &wanted);
    }

    #[test]
    fn a_link_tells_its_speed_and_addresses() {
        let link =
            v1::Link { name: "enp1s0".into(), state: "up".into(), mbit: 100, addresses: vec!["10.0.0.7/24".into()], ..Default::default() };
        let links = v1::Links { links: vec![link], gateway: "10.0.0.1".into(), name_servers: vec!["10.0.0.2".into()] };
        check(Section::Links(links), &[("enp1s0 up", "100 Mbit/s, 10.0.0.7/24"), ("Gateway 10.0.0.1", "name servers 10.0.0.2")]);
    }
}
