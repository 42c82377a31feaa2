//! What the disks say of their own health: SMART and NVMe, through smartctl. Figures that rise every day are rounded.

use super::storage::disks;
use super::{Found, Measured, text};
use crate::host::{Ask, Host};
use rollcall_proto::Section;
use rollcall_proto::v1::{Disk, DiskCondition, DiskHealth};
use serde_json::Value;

/// Hours are told in steps of about three weeks: a figure that changes daily is no news.
const HOURS_STEP: u64 = 500;
/// Buses whose disks say nothing of themselves.
const SILENT: [&str; 2] = ["virtio", "mmc"];

/// Reads the section. A machine whose disks can't say anything has an empty one: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let (disks, _) = disks(host)?;
    let (mut conditions, mut problems) = (Vec::new(), Vec::new());
    let speak = |disk: &&Disk| !disk.removable && !SILENT.contains(&disk.bus.as_str());
    for disk in disks.iter().filter(speak) {
        let answer = host.ask(Ask::DiskHealth(&disk.name)).map_err(|why| match why.is_absent() {
            true => "smartctl is not installed; install smartmontools".to_owned(),
            false => why.to_string(),
        });
        match answer.and_then(|answer| parse(&answer)) {
            Ok(condition) => conditions.push(DiskCondition { name: disk.name.clone(), serial: disk.serial.clone(), ..condition }),
            Err(why) => problems.push(format!("{}: {why}", disk.name)),
        }
    }
    if conditions.is_empty() && !problems.is_empty() {
        return Err(problems.join("; "));
    }
    Ok(Found { section: Section::DiskHealth(DiskHealth { disks: conditions }), problems })
}

/// Reads smartctl's JSON.
fn parse(answer: &str) -> Result<DiskCondition, String> {
    let answer: Value = serde_json::from_str(answer).map_err(|error| format!("smartctl's answer cannot be read: {error}"))?;
    let number = |place: &str| answer.pointer(place).and_then(Value::as_u64);
    let attribute = |id: u64| attribute(&answer, id);
    let Some(passed) = answer.pointer("/smart_status/passed").and_then(Value::as_bool) else {
        let said = answer.pointer("/smartctl/messages/0/string").and_then(Value::as_str).unwrap_or("the disk does not say how it is");
        return Err(text::clean(said));
    };
    let log = |name: &str| number(&format!("/nvme_smart_health_information_log/{name}"));
    // Makers count the life that is left, from 100 down.
    let left = [231, 233, 177, 202].into_iter().find_map(|id| attribute(id).map(|(value, _)| value)).filter(|value| *value <= 100);
    let worn = log("percentage_used").or_else(|| number("/endurance_used/current_percent"));
    let raw = |id: u64| attribute(id).map(|(_, raw)| raw);
    Ok(DiskCondition {
        verdict: if passed { "passed" } else { "failing" }.to_owned(),
        worn_percent: small(worn.or_else(|| solid(&answer).then(|| left.map(|left| 100 - left)).flatten())),
        spare_percent: small(log("available_spare")),
        reallocated: raw(5).unwrap_or(0),
        pending: raw(197).unwrap_or(0),
        uncorrectable: log("media_errors").or_else(|| raw(187)).or_else(|| raw(198)).unwrap_or(0),
        hours: number("/power_on_time/hours").unwrap_or(0) / HOURS_STEP * HOURS_STEP,
        warnings: small(log("critical_warning")),
        link_errors: raw(199).unwrap_or(0),
        ..DiskCondition::default()
    })
}

fn small(number: Option<u64>) -> u32 {
    number.map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// Whether the disk does not turn.
fn solid(answer: &Value) -> bool {
    answer.get("rotation_rate").and_then(Value::as_u64) == Some(0)
}

/// A SMART attribute's normalised and raw value. Some makers pack more than a count above the low 32 bits.
fn attribute(answer: &Value, id: u64) -> Option<(u64, u64)> {
    let table = answer.pointer("/ata_smart_attributes/table")?.as_array()?;
    let row = table.iter().find(|row| row.get("id").and_then(Value::as_u64) == Some(id))?;
    Some((row.get("value")?.as_u64()?, row.pointer("/raw/value")?.as_u64()? & 0xffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    const NVME: &str = r#"{"smart_status":{"passed":true},"nvme_smart_health_information_log":{"critical_warning":0,"available_spare":97,
        "percentage_used":12,"media_errors":3},"power_on_time":{"hours":4711},"temperature":{"current":41}}"#;
    const SATA: &str = r#"{"smart_status":{"passed":false},"rotation_rate":0,"ata_smart_attributes":{"table":[
        {"id":5,"value":95,"raw":{"value":64424509448}},{"id":197,"value":100,"raw":{"value":2}},{"id":177,"value":88,"raw":{"value":9}},
        {"id":199,"value":1,"raw":{"value":7}}]},"power_on_time":{"hours":499}}"#;

    #[test]
    fn figures_are_read_and_rounded() {
        let nvme = parse(NVME).unwrap();
        assert_eq!(
            (nvme.verdict.as_str(), nvme.worn_percent, nvme.spare_percent, nvme.uncorrectable, nvme.hours),
            ("passed", 12, 97, 3, 4500)
        );
        let sata = parse(SATA).unwrap();
        assert_eq!((sata.verdict.as_str(), sata.reallocated, sata.pending, sata.worn_percent, sata.hours), ("failing", 8, 2, 12, 0));
        assert_eq!(sata.link_errors, 7);
        let why = parse(r#"{"smartctl":{"messages":[{"string":"Permission denied"}]}}"#);
        assert_eq!(why, Err("Permission denied".to_owned()));
        assert!(parse("rubbish").unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn a_disk_without_an_answer_is_named() {
        let disks = [("sys/block/sda/size", "1000"), ("sys/block/sda/device/serial", "S1"), ("sys/block/sda/device/x", "")];
        let (_dir, host) = machine(r#"{"answers":{"disk-health sda":"{\"smart_status\":{\"passed\":true}}"}}"#, &disks);
        let Section::DiskHealth(section) = read(&host).unwrap().section else { panic!() };
        assert_eq!(section.disks.iter().map(|d| (d.name.as_str(), d.serial.as_str())).collect::<Vec<_>>(), [("sda", "S1")]);
        assert_eq!(read(&machine("{}", &disks).1).unwrap_err(), "sda: smartctl is not installed; install smartmontools");
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(value in any::<u64>(), raw in any::<u64>()) {
            let text = format!(r#"{{"smart_status":{{"passed":true}},"rotation_rate":0,"power_on_time":{{"hours":{raw}}},
                "ata_smart_attributes":{{"table":[{{"id":177,"value":{value},"raw":{{"value":{raw}}}}}]}}}}"#);
            parse(&text).unwrap();
        }
    }
}
