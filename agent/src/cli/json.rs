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
    let fingerprint = &inventory.fingerprint;
    pretty(&json!({
        "at": inventory.at.to_string(),
        "agent_version": env!("CARGO_PKG_VERSION"),
        "sections": by_name(|shown| shown.content.as_ref().ok().map(section)),
        "not_measured": by_name(|shown| shown.content.as_ref().err().map(|why| json!(why))),
        "problems": by_name(|shown| (!shown.problems.is_empty()).then(|| json!(shown.problems))),
        "health": inventory.health,
        "health_detail": inventory.detail,
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

/// A section with its times as people and scripts read them: `installed_s` becomes `installed`, RFC 3339.
fn section(section: &Section) -> Value {
    let mut value = section.to_json();
    if let (Section::SoftwareDates(_), Value::Object(fields)) = (section, &mut value) {
        fields.retain(|name, _| name == "dates");
    }
    with_times(&mut value);
    value
}

fn with_times(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(with_times),
        Value::Object(fields) => {
            for (seconds, name) in [("at_s", "at"), ("installed_s", "installed")] {
                let at = fields.remove(seconds).and_then(|at| at.as_i64());
                let at = at.map(|at| Timestamp::from_second(at).ok().filter(|_| at > 0).map(|at| at.to_string()));
                fields.extend(at.map(|at| (name.to_owned(), json!(at))));
            }
            fields.values_mut().for_each(with_times);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_times() {
        let mut value = json!({ "dates": [{ "name": "bash", "installed_s": 1_700_000_000 }], "installed_s": 0 });
        with_times(&mut value);
        assert_eq!(value, json!({ "dates": [{ "name": "bash", "installed": "2023-11-14T22:13:20Z" }], "installed": null }));
    }
}
