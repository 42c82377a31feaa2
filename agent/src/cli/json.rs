//! The answers as JSON: field names are those of the wire, sizes in bytes, times RFC 3339.

use super::inventory::{Inventory, Shown};
use crate::identity::Identity;
use crate::status::Status;
use jiff::Timestamp;
use rollcall_proto::Section;
use serde_json::{Map, Value, json};

/// Everything that is collected.
pub(super) fn inventory(inventory: &Inventory) -> serde_json::Result<String> {
    let by_name = |value: fn(&Shown) -> Option<Value>| -> Map<String, Value> {
        inventory.sections.iter().filter_map(|shown| Some((shown.name.to_owned(), value(shown)?))).collect()
    };
    let health = inventory.health;
    let fingerprint = &inventory.fingerprint;
    pretty(&json!({
        "at": inventory.at.to_string(),
        "agent_version": env!("CARGO_PKG_VERSION"),
        "sections": by_name(|shown| shown.content.as_ref().ok().map(section)),
        "not_measured": by_name(|shown| shown.content.as_ref().err().map(|why| json!(why))),
        "problems": by_name(|shown| (!shown.problems.is_empty()).then(|| json!(shown.problems))),
        "health": {
            "cpu_permille": health.cpu_permille,
            "memory_permille": health.memory_permille,
            "disk_permille": health.disk_permille,
            "temperature_decidegrees": health.temperature_decidegrees,
            "load_centi": health.load_centi,
            "uptime_s": health.uptime_s,
            "battery_permille": health.battery_permille,
            "network_errors": health.network_errors,
        },
        "fingerprint": {
            "system_uuid": fingerprint.system_uuid,
            "system_serial": fingerprint.system_serial,
            "board_serial": fingerprint.board_serial,
            "chassis_serial": fingerprint.chassis_serial,
            "macs": fingerprint.macs,
            "disk_serials": fingerprint.disk_serials,
            "machine_id": fingerprint.machine_id,
        },
    }))
}

/// How the agent stands.
pub(super) fn status(identity: Option<&Identity>, running: bool, status: Option<&Status>) -> serde_json::Result<String> {
    let connected = status.filter(|status| running && status.standing == crate::session::Standing::Connected);
    pretty(&json!({
        "enrolled": identity.is_some(),
        "site": identity.map(|identity| &identity.site),
        "device": identity.map(|identity| &identity.device),
        "tag": identity.map(|identity| &identity.tag),
        "addresses": identity.map(|identity| &identity.addresses),
        "running": running,
        "connected_since": connected.map(|status| status.since.to_string()),
        "last": status.map(serde_json::to_value).transpose()?,
    }))
}

fn pretty(value: &Value) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}

fn array<T>(items: &[T], item: impl Fn(&T) -> Value) -> Value {
    items.iter().map(item).collect()
}

fn section(section: &Section) -> Value {
    match section {
        Section::Batteries(s) => json!({ "batteries": array(&s.batteries, |b| json!({
            "name": b.name, "manufacturer": b.manufacturer, "model": b.model, "serial": b.serial,
            "chemistry": b.chemistry, "design_mwh": b.design_mwh, "full_mwh": b.full_mwh, "cycles": b.cycles,
        })) }),
        Section::Displays(s) => json!({ "displays": array(&s.displays, |d| json!({
            "connector": d.connector, "manufacturer": d.manufacturer, "model": d.model, "serial": d.serial,
            "year": d.year, "width_mm": d.width_mm, "height_mm": d.height_mm,
        })) }),
        Section::Memory(s) => json!({
            "total_bytes": s.total_bytes, "slots_known": s.slots_known,
            "modules": array(&s.modules, |m| json!({
                "slot": m.slot, "bytes": m.bytes, "kind": m.kind, "mts": m.mts,
                "manufacturer": m.manufacturer, "part": m.part, "serial": m.serial,
            })),
        }),
        Section::Network(s) => json!({
            "domain": s.domain,
            "interfaces": array(&s.interfaces, |i| json!({
                "name": i.name, "mac": i.mac, "kind": i.kind, "driver": i.driver, "is_virtual": i.is_virtual,
            })),
        }),
        Section::OperatingSystem(s) => json!({
            "name": s.name, "version": s.version, "id": s.id, "kernel": s.kernel,
            "architecture": s.architecture, "pretty": s.pretty,
        }),
        Section::Processors(s) => json!({ "processors": array(&s.processors, |p| json!({
            "model": p.model, "vendor": p.vendor, "cores": p.cores, "threads": p.threads, "mhz": p.mhz,
        })) }),
        Section::Software(s) => json!({ "packages": array(&s.packages, |p| json!({
            "name": p.name, "version": p.version, "architecture": p.architecture,
            "publisher": p.publisher, "source": p.source,
        })) }),
        Section::SoftwareDates(s) => json!({ "dates": array(&s.dates, |d| json!({
            "name": d.name, "installed": Timestamp::from_second(d.installed_s).ok().map(|at| at.to_string()),
        })) }),
        Section::Storage(s) => json!({
            "disks": array(&s.disks, |d| json!({
                "name": d.name, "model": d.model, "serial": d.serial, "firmware": d.firmware,
                "bytes": d.bytes, "bus": d.bus, "medium": d.medium, "removable": d.removable,
            })),
            "file_systems": array(&s.file_systems, |f| json!({
                "mount": f.mount, "device": f.device, "kind": f.kind, "bytes": f.bytes,
            })),
        }),
        Section::System(s) => json!({
            "manufacturer": s.manufacturer, "model": s.model, "serial": s.serial, "uuid": s.uuid,
            "chassis": s.chassis, "firmware_vendor": s.firmware_vendor, "firmware_version": s.firmware_version,
            "firmware_date": s.firmware_date, "board": s.board, "board_serial": s.board_serial,
            "asset_tag": s.asset_tag, "host_name": s.host_name,
        }),
    }
}
