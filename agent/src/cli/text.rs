//! The answers as plain text, for a technician who stands before the machine.

use super::inventory::{Inventory, Shown};
use super::page::{Page, counted};
use super::sections;
use crate::identity::Identity;
use crate::session::Standing;
use crate::status::Status;
use jiff::Timestamp;
use rollcall_proto::Section;
use rollcall_proto::v1::{Health, HealthDetail, Software, SoftwareDates};
use std::collections::BTreeMap;

/// In which order the sections are read best; the long one last.
const ORDER: [&str; 21] = [
    "system",
    "os",
    "updates",
    "settings",
    "processors",
    "memory",
    "storage",
    "disk-health",
    "graphics",
    "displays",
    "network",
    "links",
    "battery",
    "cameras",
    "sound",
    "usb",
    "pci",
    "printers",
    "services",
    "restarts",
    "software",
];

/// Everything that is collected.
pub(super) fn inventory(inventory: &Inventory) -> String {
    let mut page = Page::default();
    for shown in ORDER.iter().filter_map(|name| inventory.sections.iter().find(|shown| shown.name == *name)) {
        page.title(shown.name);
        match (&shown.content, dates(&inventory.sections)) {
            (Ok(Section::Software(software)), dates) => packages(&mut page, software, dates),
            (Ok(content), _) => sections::write(&mut page, content),
            (Err(why), _) => page.line(&format!("not measured: {why}")),
        }
        page.problems(&shown.problems);
        if shown.name == "restarts" {
            health(&mut page, &inventory.health, &inventory.detail);
        }
    }
    page.text
}

fn dates(sections: &[Shown]) -> Result<BTreeMap<&str, i64>, &str> {
    let shown = sections.iter().find(|shown| shown.name == "software-dates");
    match shown.map(|shown| &shown.content) {
        Some(Ok(Section::SoftwareDates(SoftwareDates { dates, .. }))) => {
            Ok(dates.iter().map(|d| (d.name.as_str(), d.installed_s)).collect())
        }
        Some(Err(why)) => Err(why),
        _ => Err("there was no answer"),
    }
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

fn health(page: &mut Page, health: &Health, detail: &HealthDetail) {
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
        ("swap", &health.swap_permille.map_or(String::new(), |swap| percent(Some(swap)))),
        ("network errors", &number(health.network_errors.map(|errors| errors.to_string()))),
        ("disk errors", &number(health.io_errors.map(|errors| errors.to_string()))),
        (
            "out of memory",
            &number(health.oom_kills.map(|kills| format!("{} ended", counted(u32::try_from(kills).unwrap_or(u32::MAX), "program")))),
        ),
        ("hardware", &number(health.hardware_errors.map(|errors| format!("{errors} errors")))),
        ("too hot", &health.throttled.map_or(String::new(), |times| format!("slowed {times} times"))),
        ("name servers", health.dns_failing.map_or("", |failing| if failing { "none answers" } else { "answer" })),
        ("link changes", &number(health.link_changes.map(|changes| changes.to_string()))),
    ]);
    page.table(&detail.file_systems, |f| vec![f.mount.clone(), percent(Some(f.permille))]);
    page.table(&detail.temperatures, |t| vec![t.name.clone(), format!("{:.1} °C", f64::from(t.decidegrees) / 10.0)]);
    page.table(&detail.fans, |f| vec![f.name.clone(), format!("{} turns a minute", f.rpm)]);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_enrolled_says_what_to_do() {
        assert!(status(None, false, None).contains("rollcall-agent enroll"));
    }
}
