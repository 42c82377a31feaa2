//! The answers as plain text, for a technician who stands before the machine.

use super::inventory::{Inventory, Shown};
use crate::identity::Identity;
use crate::session::Standing;
use crate::status::Status;
use jiff::Timestamp;
use rollcall_proto::Section;
use rollcall_proto::v1::{Health, Software, SoftwareDates, Storage};
use std::collections::BTreeMap;

/// In which order the sections are read best; the long one last.
const ORDER: [&str; 9] = ["system", "os", "processors", "memory", "storage", "network", "battery", "displays", "software"];

/// Everything that is collected.
pub(super) fn inventory(inventory: &Inventory) -> String {
    let mut page = Page::default();
    for shown in ORDER.iter().filter_map(|name| inventory.sections.iter().find(|shown| shown.name == *name)) {
        page.title(shown.name);
        match (&shown.content, dates(&inventory.sections)) {
            (Ok(Section::Software(software)), dates) => packages(&mut page, software, dates),
            (Ok(content), _) => section(&mut page, content),
            (Err(why), _) => page.line(&format!("not measured: {why}")),
        }
        page.problems(&shown.problems);
        if shown.name == "displays" {
            health(&mut page, &inventory.health);
        }
    }
    page.text
}

fn dates(sections: &[Shown]) -> Result<BTreeMap<&str, i64>, &str> {
    let shown = sections.iter().find(|shown| shown.name == "software-dates");
    match shown.map(|shown| &shown.content) {
        Some(Ok(Section::SoftwareDates(SoftwareDates { dates }))) => Ok(dates.iter().map(|d| (d.name.as_str(), d.installed_s)).collect()),
        Some(Err(why)) => Err(why),
        _ => Err("there was no answer"),
    }
}

fn section(page: &mut Page, section: &Section) {
    match section {
        Section::System(s) => page.facts(&[
            ("maker", &s.manufacturer),
            ("model", &s.model),
            ("serial", &s.serial),
            ("uuid", &s.uuid),
            ("chassis", &s.chassis),
            ("firmware", &[&s.firmware_vendor, &s.firmware_version, &s.firmware_date].map(String::as_str).join(" ")),
            ("board", &s.board),
            ("board serial", &s.board_serial),
            ("asset tag", &s.asset_tag),
            ("host name", &s.host_name),
        ]),
        Section::OperatingSystem(s) => {
            page.facts(&[
                ("name", if s.pretty.is_empty() { &s.name } else { &s.pretty }),
                ("kernel", &s.kernel),
                ("architecture", &s.architecture),
            ]);
        }
        Section::Processors(s) => page.table(&s.processors, |p| {
            vec![p.model.clone(), p.vendor.clone(), counted(p.cores, "core"), counted(p.threads, "thread"), unit(p.mhz.into(), "MHz")]
        }),
        Section::Memory(s) => {
            page.facts(&[("total", &gib(s.total_bytes))]);
            page.table(&s.modules, |m| {
                let size = if m.bytes == 0 { "empty".to_owned() } else { gib(m.bytes) };
                vec![
                    m.slot.clone(),
                    size,
                    m.kind.clone(),
                    unit(m.mts.into(), "MT/s"),
                    m.manufacturer.clone(),
                    m.part.clone(),
                    m.serial.clone(),
                ]
            });
        }
        Section::Storage(s) => storage(page, s),
        Section::Network(s) => {
            page.facts(&[("domain", &s.domain)]);
            page.table(&s.interfaces, |i| {
                vec![
                    i.name.clone(),
                    i.mac.clone(),
                    i.kind.clone(),
                    i.driver.clone(),
                    if i.is_virtual { "virtual".into() } else { String::new() },
                ]
            });
        }
        Section::Batteries(s) => {
            page.none(s.batteries.is_empty(), "no battery");
            page.table(&s.batteries, |b| {
                let percent =
                    b.full_mwh.saturating_mul(100).checked_div(b.design_mwh).map_or(String::new(), |percent| format!("{percent} %, "));
                let health = format!("holds {percent}{} of {} mWh", b.full_mwh, b.design_mwh);
                vec![
                    b.name.clone(),
                    b.manufacturer.clone(),
                    b.model.clone(),
                    b.serial.clone(),
                    b.chemistry.clone(),
                    health,
                    counted(b.cycles, "cycle"),
                ]
            });
        }
        Section::Displays(s) => {
            page.none(s.displays.is_empty(), "no display");
            page.table(&s.displays, |d| {
                let size = if d.width_mm == 0 { String::new() } else { format!("{} × {} mm", d.width_mm, d.height_mm) };
                vec![d.connector.clone(), d.manufacturer.clone(), d.model.clone(), d.serial.clone(), unit(d.year.into(), ""), size]
            });
        }
        Section::Software(_) | Section::SoftwareDates(_) => {}
    }
}

fn storage(page: &mut Page, storage: &Storage) {
    page.none(storage.disks.is_empty(), "no disk");
    page.table(&storage.disks, |d| {
        let removable = if d.removable { "removable" } else { "" };
        let words = [&d.name, &d.model, &d.serial, &d.firmware].map(String::clone);
        [words.to_vec(), vec![gb(d.bytes), d.bus.clone(), d.medium.clone(), removable.to_owned()]].concat()
    });
    page.table(&storage.file_systems, |f| vec![f.mount.clone(), f.device.clone(), f.kind.clone(), gb(f.bytes)]);
}

fn packages(page: &mut Page, software: &Software, dates: Result<BTreeMap<&str, i64>, &str>) {
    page.line(&counted(u32::try_from(software.packages.len()).unwrap_or(u32::MAX), "package"));
    if let Err(why) = dates {
        page.line(&format!("install dates not measured: {why}"));
    }
    let dates = dates.unwrap_or_default();
    let day = |name: &str| dates.get(name).and_then(|at| Timestamp::from_second(*at).ok()).map(|at| at.strftime("%Y-%m-%d").to_string());
    page.table(&software.packages, |p| {
        vec![p.name.clone(), p.version.clone(), p.architecture.clone(), day(&p.name).unwrap_or_default(), p.publisher.clone()]
    });
}

fn health(page: &mut Page, health: &Health) {
    page.title("health");
    let percent = |permille: Option<u32>| permille.map_or("not measured".to_owned(), |p| format!("{:.1} %", f64::from(p) / 10.0));
    let number = |value: Option<String>| value.unwrap_or_else(|| "not measured".to_owned());
    page.facts(&[
        ("processors", &percent(health.cpu_permille)),
        ("memory", &percent(health.memory_permille)),
        ("fullest disk", &percent(health.disk_permille)),
        ("hottest", &number(health.temperature_decidegrees.map(|t| format!("{:.1} °C", f64::from(t) / 10.0)))),
        ("load", &number(health.load_centi.map(|load| format!("{:.2}", f64::from(load) / 100.0)))),
        ("up", &number(health.uptime_s.map(|s| format!("{} h {} min", s / 3600, s / 60 % 60)))),
        ("battery", &percent(health.battery_permille)),
        ("network errors", &number(health.network_errors.map(|errors| errors.to_string()))),
    ]);
}

/// How the agent stands.
pub(super) fn status(identity: Option<&Identity>, running: bool, status: Option<&Status>) -> String {
    let mut page = Page::default();
    let Some(identity) = identity else {
        page.line("not enrolled; run `rollcall-agent enroll --collector HOST:PORT --token TOKEN`");
        return page.text;
    };
    page.facts(&[("enrolled", &format!("in site {} as {}", identity.site, identity.tag)), ("device", &identity.device)]);
    page.facts(&[("collector", &identity.addresses.join(" "))]);
    let Some(status) = status.filter(|_| running) else {
        page.facts(&[("agent", "not running; start it: systemctl start rollcall-agent")]);
        return page.text;
    };
    let since = status.since.strftime("%Y-%m-%d %H:%M:%S UTC");
    let standing = match status.standing {
        Standing::Connected => format!("connected since {since}, to {}", status.address.as_deref().unwrap_or("")),
        Standing::Calling => format!("calling the collector since {since}"),
        Standing::Waiting => format!("not connected since {since}; it calls again by itself"),
        Standing::Refused => format!("refused since {since}; it calls again, slowly"),
    };
    page.facts(&[
        ("agent", &standing),
        ("trouble", status.trouble.as_deref().unwrap_or_default()),
        ("spool", &format!("{} waiting for the collector", counted(u32::try_from(status.unacknowledged).unwrap_or(u32::MAX), "report"))),
        ("lost", &if status.lost_entries == 0 { String::new() } else { format!("{} reports gave way", status.lost_entries) }),
    ]);
    page.text
}

/// Text under construction.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn title(&mut self, name: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.text.push_str(&format!("{gap}{}\n", name.to_uppercase()));
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(&format!("  {text}\n"));
    }

    fn none(&mut self, none: impl Into<bool>, text: &str) {
        if none.into() {
            self.line(text);
        }
    }

    fn problems(&mut self, problems: &[String]) {
        problems.iter().for_each(|problem| self.line(&format!("problem: {problem}")));
    }

    /// Name and value in two columns; values that are not there are left out.
    fn facts(&mut self, facts: &[(&str, &str)]) {
        for (name, value) in facts.iter().filter(|(_, value)| !value.trim().is_empty()) {
            self.line(&format!("{name:<14} {}", value.trim()));
        }
    }

    /// Rows with their columns aligned; columns that are empty in every row are left out.
    fn table<T>(&mut self, items: &[T], row: impl Fn(&T) -> Vec<String>) {
        let rows: Vec<Vec<String>> = items.iter().map(row).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..columns).map(|c| rows.iter().map(|row| cell(row, c).chars().count()).max().unwrap_or(0)).collect();
        for row in &rows {
            let cells = widths.iter().enumerate().filter(|(_, width)| **width > 0).map(|(c, width)| format!("{:<width$}", cell(row, c)));
            let line = cells.collect::<Vec<_>>().join("  ");
            self.line(line.trim_end());
        }
    }
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1u32 << 30))
}

fn gb(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!("{:.1} GB", bytes as f64 / 1e9) }
}

fn unit(value: u64, unit: &str) -> String {
    if value == 0 { String::new() } else { format!("{value} {unit}").trim_end().to_owned() }
}

fn counted(count: u32, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_without_empty_columns() {
        let mut page = Page::default();
        page.table(&[("a", ""), ("long", "")], |(name, none)| vec![(*name).into(), (*none).into(), "x".into()]);
        assert_eq!(page.text, "  a     x\n  long  x\n");
    }

    #[test]
    fn what_is_not_enrolled_says_what_to_do() {
        assert!(status(None, false, None).contains("rollcall-agent enroll"));
    }
}
