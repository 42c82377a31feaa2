//! The machine itself: maker, model, serial, firmware, from what the firmware says (DMI) or the device tree.

use super::{Found, Measured, firmware, text};
use crate::host::{Host, Keys, Unread};
use rollcall_proto::Section;
use rollcall_proto::v1::System;

const DMI: &str = "/sys/class/dmi/id";
/// Where Windows keeps the same.
const BIOS_KEY: &str = r"HARDWARE\DESCRIPTION\System\BIOS";
const NAME_KEY: &str = r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName";

/// What the firmware says, one value per file, and what it would not.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Dmi {
    /// Maker.
    pub manufacturer: String,
    /// Model, for the maker's computers.
    pub model: String,
    /// Version of the model; Lenovo writes the name people know here.
    pub version: String,
    /// System serial; root only.
    pub serial: String,
    /// System UUID; root only.
    pub uuid: String,
    /// Chassis type, a number.
    pub chassis_type: String,
    /// Chassis serial; root only.
    pub chassis_serial: String,
    /// Asset tag in the firmware.
    pub asset_tag: String,
    /// Firmware vendor.
    pub firmware_vendor: String,
    /// Firmware version.
    pub firmware_version: String,
    /// Firmware date.
    pub firmware_date: String,
    /// Board maker and name.
    pub board: String,
    /// Board serial; root only.
    pub board_serial: String,
    /// What could not be read, in words.
    pub problems: Vec<String>,
}

impl Dmi {
    /// Reads every value that the firmware gives.
    pub fn read(host: &Host) -> Self {
        if let Ok(text) = host.registry(BIOS_KEY) {
            return Self::registry(&Keys::parse(&text));
        }
        if !host.exists(DMI) {
            return Self::device_tree(host);
        }
        let mut problems = Vec::new();
        let mut value = |file: &str, what: &str| match host.value(&format!("{DMI}/{file}")) {
            Ok(value) => text::given(&value),
            Err(Unread::Absent { .. }) => String::new(),
            Err(why) => {
                problems.push(format!("{what}: {why}"));
                String::new()
            }
        };
        let mut dmi = Self {
            manufacturer: value("sys_vendor", "maker"),
            model: value("product_name", "model"),
            version: value("product_version", "model version"),
            serial: value("product_serial", "serial number"),
            uuid: value("product_uuid", "system UUID").to_lowercase(),
            chassis_type: value("chassis_type", "chassis"),
            chassis_serial: value("chassis_serial", "chassis serial number"),
            asset_tag: value("chassis_asset_tag", "asset tag"),
            firmware_vendor: value("bios_vendor", "firmware vendor"),
            firmware_version: value("bios_version", "firmware version"),
            firmware_date: value("bios_date", "firmware date"),
            board: text::clean(&format!("{} {}", value("board_vendor", "board maker"), value("board_name", "board"))),
            board_serial: value("board_serial", "board serial number"),
            problems: Vec::new(),
        };
        dmi.problems = problems;
        dmi
    }

    /// What Windows keeps of the SMBIOS tables at its start; serial numbers are not among it.
    fn registry(keys: &Keys<'_>) -> Self {
        let value = |name: &str| text::given(keys.value("", name));
        Self {
            manufacturer: value("SystemManufacturer"),
            model: value("SystemProductName"),
            version: value("SystemVersion"),
            chassis_type: value("EnclosureType"),
            firmware_vendor: value("BIOSVendor"),
            firmware_version: value("BIOSVersion"),
            firmware_date: value("BIOSReleaseDate"),
            board: text::clean(&format!("{} {}", value("BaseBoardManufacturer"), value("BaseBoardProduct"))),
            problems: vec!["serial numbers and UUID: the registry does not hold them".to_owned()],
            ..Self::default()
        }
    }

    /// Boards without SMBIOS (most ARM ones) describe themselves in the device tree.
    fn device_tree(host: &Host) -> Self {
        let value = |file: &str| host.value(&format!("/proc/device-tree/{file}")).map(|value| text::given(&value)).unwrap_or_default();
        let (model, serial) = (value("model"), value("serial-number"));
        let mut problems = Vec::new();
        if model.is_empty() {
            problems.push(format!("maker, model and serial number: this machine has no SMBIOS tables ({DMI} is absent)"));
        }
        Self { model, serial, problems, ..Self::default() }
    }
}

/// The asset tag kept in the firmware; empty when there is none.
pub fn asset_tag(host: &Host) -> String {
    Dmi::read(host).asset_tag
}

/// The machine's name, as the kernel or Windows has it.
///
/// # Errors
/// [`Unread`] of the kernel's value.
pub fn host_name(host: &Host) -> Result<String, Unread> {
    let kernel = host.value("/proc/sys/kernel/hostname").map(|name| text::clean(&name));
    kernel.or_else(|why| host.registry(NAME_KEY).map(|text| text::clean(Keys::parse(&text).value("", "ComputerName"))).map_err(|_| why))
}

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let hypervisor = host.text("/proc/cpuinfo", 4 * 1024 * 1024).is_ok_and(|text| has_hypervisor(&text));
    let host_name = host_name(host);
    let mut dmi = Dmi::read(host);
    let mut problems = std::mem::take(&mut dmi.problems);
    problems.extend(host_name.as_ref().err().map(|why| format!("host name: {why}")));
    let secure_boot = firmware::secure_boot(host);
    problems.extend(secure_boot.as_ref().err().cloned());
    let system = System {
        firmware_mode: firmware::mode(host, host.exists(DMI)).to_owned(),
        secure_boot: secure_boot.unwrap_or_default().to_owned(),
        tpm: firmware::tpm(host),
        ..system(dmi, hypervisor, host_name.unwrap_or_default())
    };
    Ok(Found { section: Section::System(system), problems })
}

fn system(dmi: Dmi, hypervisor: bool, host_name: String) -> System {
    let chassis = if hypervisor || is_virtual(&dmi) { "virtual machine" } else { chassis(&dmi.chassis_type) };
    let model = if dmi.manufacturer.eq_ignore_ascii_case("lenovo") && !dmi.version.is_empty() {
        format!("{} ({})", dmi.version, dmi.model)
    } else {
        dmi.model
    };
    System {
        manufacturer: dmi.manufacturer,
        model,
        serial: dmi.serial,
        uuid: dmi.uuid,
        chassis: chassis.to_owned(),
        firmware_vendor: dmi.firmware_vendor,
        firmware_version: dmi.firmware_version,
        firmware_date: dmi.firmware_date,
        board: dmi.board,
        board_serial: dmi.board_serial,
        asset_tag: dmi.asset_tag,
        host_name,
        ..System::default()
    }
}

fn is_virtual(dmi: &Dmi) -> bool {
    let makers = ["QEMU", "VMware", "innotek GmbH", "Xen", "Bochs", "Parallels"];
    makers.iter().any(|maker| dmi.manufacturer.starts_with(maker)) || dmi.model.contains("Virtual Machine") || dmi.model == "KVM"
}

/// Whether the processor says that it is a guest's.
fn has_hypervisor(cpuinfo: &str) -> bool {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags"));
    flags.is_some_and(|line| line.split_whitespace().any(|flag| flag == "hypervisor"))
}

/// The SMBIOS chassis type in a technician's words.
fn chassis(code: &str) -> &'static str {
    match text::number(code).unwrap_or(0) {
        3..=7 | 15 | 16 | 24 | 34 | 36 => "desktop",
        8..=10 | 14 => "laptop",
        11 => "hand held",
        12 => "docking station",
        13 => "all in one",
        17 | 23 | 25 | 28 | 29 => "server",
        30 => "tablet",
        31 | 32 => "convertible",
        33 | 35 => "mini PC",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dmi(manufacturer: &str, model: &str, version: &str, chassis_type: &str) -> Dmi {
        Dmi {
            manufacturer: manufacturer.into(),
            model: model.into(),
            version: version.into(),
            chassis_type: chassis_type.into(),
            ..Dmi::default()
        }
    }

    #[test]
    fn models_and_chassis_read_as_people_know_them() {
        let check = |dmi, hypervisor, model: &str, chassis: &str| {
            let system = system(dmi, hypervisor, "pc".into());
            assert_eq!((system.model.as_str(), system.chassis.as_str()), (model, chassis));
        };
        check(dmi("Dell Inc.", "OptiPlex 7090", "", "3"), false, "OptiPlex 7090", "desktop");
        check(dmi("LENOVO", "20L5S00000", "ThinkPad T480", "10"), false, "ThinkPad T480 (20L5S00000)", "laptop");
        check(dmi("QEMU", "Standard PC", "pc-q35", "1"), false, "Standard PC", "virtual machine");
        check(dmi("", "", "", ""), true, "", "virtual machine");
        check(dmi("X", "Y", "", "rubbish"), false, "Y", "");
    }

    #[test]
    fn what_only_root_may_read_is_a_problem_and_not_an_empty_value() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("sys/class/dmi/id");
        std::fs::create_dir_all(&at).unwrap();
        std::fs::write(at.join("sys_vendor"), "HP\n").unwrap();
        std::fs::write(dir.path().join("host.json"), r#"{"refused":{"/sys/class/dmi/id/product_serial":"denied"}}"#).unwrap();
        let found = read(&Host::recorded(dir.path()).unwrap()).unwrap();
        assert!(
            found.problems.contains(
                &"serial number: only root may read /sys/class/dmi/id/product_serial (rollcall-agent-facts.timer writes it down)"
                    .to_owned()
            ),
            "{:?}",
            found.problems
        );
        let Section::System(system) = found.section else { panic!() };
        assert_eq!((system.manufacturer.as_str(), system.serial.as_str()), ("HP", ""));
    }

    #[test]
    fn windows_tells_the_same_in_its_registry() {
        let text = "[]\nSystemManufacturer=Dell Inc.\nSystemProductName=OptiPlex 7090\nEnclosureType=3\nBIOSVersion=1.21.0\nBaseBoardProduct=0F71\n";
        let name = "[]\nComputerName=LAB2-017\n";
        let (_dir, host) = crate::probe::machine(
            "{}",
            &[
                ("registry/HARDWARE/DESCRIPTION/System/BIOS.txt", text),
                ("registry/SYSTEM/CurrentControlSet/Control/ComputerName/ComputerName.txt", name),
            ],
        );
        let Section::System(system) = read(&host).unwrap().section else { panic!() };
        let facts = [&system.manufacturer, &system.model, &system.chassis, &system.firmware_version, &system.board, &system.host_name];
        assert_eq!(facts, ["Dell Inc.", "OptiPlex 7090", "desktop", "1.21.0", "0F71", "LAB2-017"]);
    }

    proptest! {
        #[test]
        fn no_cpuinfo_makes_it_panic(text in ".{0,300}") {
            has_hypervisor(&text);
            chassis(&text);
        }
    }
}
