//! The memory: how much the system sees, and module by slot where the firmware's tables can be read.

use super::smbios::{MemoryDevice, memory_devices};
use super::{Found, Measured, text};
use crate::host::{Host, Unread};
use rollcall_proto::Section;
use rollcall_proto::v1::{Memory, MemoryModule};

const TABLES: &str = "/sys/firmware/dmi/tables/DMI";
const TABLES_LIMIT: usize = 1024 * 1024;
const MEMINFO: &str = "/proc/meminfo";

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let total = host.text(MEMINFO, 64 * 1024).map_err(|why| why.to_string()).map(|text| total_bytes(&text));
    let tables = host.read(TABLES, TABLES_LIMIT);
    let mut problems = Vec::new();
    let modules = match tables {
        Ok(bytes) => modules(memory_devices(&bytes)),
        Err(Unread::Absent { .. }) => {
            problems.push(format!("modules by slot: this machine has no SMBIOS tables ({TABLES} is absent)"));
            Vec::new()
        }
        Err(why) => {
            problems.push(format!("modules by slot: {why}"));
            Vec::new()
        }
    };
    if problems.is_empty() && modules.is_empty() {
        problems.push("modules by slot: the SMBIOS tables name no memory slot".to_owned());
    }
    let slots_known = !modules.is_empty();
    let total_bytes = match total {
        Ok(Some(bytes)) => bytes,
        Ok(None) if slots_known => missing(&mut problems, format!("{MEMINFO} has no MemTotal")),
        Err(why) if slots_known => missing(&mut problems, why),
        Ok(None) => return Err(format!("{MEMINFO} has no MemTotal")),
        Err(why) => return Err(why),
    };
    Ok(Found { section: Section::Memory(Memory { total_bytes, modules, slots_known }), problems })
}

fn missing(problems: &mut Vec<String>, why: String) -> u64 {
    problems.push(format!("total: {why}"));
    0
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let kib = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")).and_then(text::number)?;
    kib.checked_mul(1024)
}

/// Every slot by name; slots of one name (some firmwares) stay in the firmware's order.
fn modules(devices: Vec<MemoryDevice>) -> Vec<MemoryModule> {
    let mut modules: Vec<_> = devices.into_iter().map(module).collect();
    modules.sort_by(|a, b| a.slot.cmp(&b.slot));
    modules
}

fn module(device: MemoryDevice) -> MemoryModule {
    MemoryModule {
        slot: device.slot,
        bytes: device.bytes,
        kind: device.kind.to_owned(),
        mts: device.mts,
        manufacturer: device.manufacturer,
        part: device.part,
        serial: device.serial,
    }
}

#[cfg(test)]
mod tests {
    use super::super::smbios::tests::device;
    use super::*;
    use proptest::prelude::*;

    fn machine(tables: Option<Vec<u8>>, manifest: &str) -> Measured {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("proc")).unwrap();
        std::fs::write(dir.path().join("proc/meminfo"), "MemTotal:       16318480 kB\nMemFree: 1 kB\n").unwrap();
        std::fs::write(dir.path().join("host.json"), manifest).unwrap();
        if let Some(tables) = tables {
            std::fs::create_dir_all(dir.path().join("sys/firmware/dmi/tables")).unwrap();
            std::fs::write(dir.path().join("sys/firmware/dmi/tables/DMI"), tables).unwrap();
        }
        read(&Host::recorded(dir.path()).unwrap())
    }

    fn memory(measured: Measured) -> (Memory, Vec<String>) {
        let found = measured.unwrap();
        let Section::Memory(memory) = found.section else { panic!() };
        (memory, found.problems)
    }

    #[test]
    fn modules_are_listed_by_slot_with_the_empty_ones() {
        let tables = [device(8192, 0, &["DIMM2"]), device(0, 0, &["DIMM1"])].concat();
        let (memory, problems) = memory(machine(Some(tables), "{}"));
        assert_eq!(memory.modules.iter().map(|m| (m.slot.as_str(), m.bytes >> 20)).collect::<Vec<_>>(), [("DIMM1", 0), ("DIMM2", 8192)]);
        assert_eq!((memory.total_bytes, memory.slots_known, problems.len()), (16_318_480 * 1024, true, 0));
    }

    #[test]
    fn without_tables_the_slots_are_unknown_and_the_reason_is_named() {
        let denied = format!(r#"{{"refused":{{"{TABLES}":"denied"}}}}"#);
        for (manifest, word) in [("{}", "absent"), (denied.as_str(), "only root")] {
            let (memory, problems) = memory(machine(None, manifest));
            assert!(!memory.slots_known && memory.modules.is_empty() && memory.total_bytes > 0);
            assert!(problems[0].contains(word), "{problems:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(MemTotal:)?.{0,100}") {
            total_bytes(&text);
        }
    }
}
