//! PCs that exist only as their sections: made of a number, so that the same number is the same PC in every run.

use rollcall_agent::source::{Facts, Machine};
use rollcall_agent::survey::Content;
use rollcall_proto::Section;
use rollcall_proto::v1::{
    Batteries, Battery, Disk, Displays, Fan, FileSystem, FileSystemUse, Fingerprint, Health, HealthDetail, Interface, Memory, MemoryModule,
    Network, OperatingSystem, Package, Processor, Processors, Sensor, Software, SoftwareDates, Storage, System,
};
use rollcall_site::fingerprint::Fingerprint as Evidence;

/// What a school buys by the dozen.
pub struct Model {
    /// Maker.
    pub maker: &'static str,
    /// Model.
    pub name: &'static str,
    /// "desktop", "laptop".
    pub chassis: &'static str,
    /// Processor.
    pub processor: &'static str,
    /// Modules of 8 GiB.
    pub modules: u64,
}

/// The models of a simulated school.
pub const MODELS: [Model; 3] = [
    Model {
        maker: "Dell Inc.",
        name: "OptiPlex 7090",
        chassis: "desktop",
        processor: "Intel(R) Core(TM) i5-10505 CPU @ 3.20GHz",
        modules: 2,
    },
    Model { maker: "HP", name: "HP ProDesk 400 G7", chassis: "desktop", processor: "Intel(R) Core(TM) i3-10100 CPU @ 3.60GHz", modules: 1 },
    Model { maker: "LENOVO", name: "ThinkPad L14 Gen 2", chassis: "laptop", processor: "AMD Ryzen 5 PRO 5650U", modules: 2 },
];

/// What makes one PC differ from the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pc {
    /// Makes the serial numbers and addresses.
    pub number: u64,
    /// The host name.
    pub name: String,
    /// The place in [`MODELS`].
    pub model: usize,
}

/// A title and its version.
pub type Title<'a> = (&'a str, &'a str);

/// The software list of `titles`, as dpkg would give it.
pub fn software(titles: &[Title<'_>]) -> Content {
    let package = |(name, version): &Title<'_>| Package {
        name: (*name).to_owned(),
        version: (*version).to_owned(),
        architecture: "amd64".to_owned(),
        publisher: "Debian Maintainers".to_owned(),
        source: "dpkg".to_owned(),
    };
    let mut packages: Vec<Package> = titles.iter().map(package).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Content::of(&Section::Software(Software { packages }))
}

impl Pc {
    /// PC `number`, called `name`, of the model that comes with that number.
    pub fn new(number: u64, name: &str) -> Self {
        Self { number, name: name.to_owned(), model: number as usize % MODELS.len() }
    }

    fn kind(&self) -> &'static Model {
        MODELS.get(self.model).unwrap_or(&MODELS[0])
    }

    /// The serial number.
    pub fn serial(&self) -> String {
        format!("SIM{:06}", self.number)
    }

    /// The permanent address of its network interface.
    pub fn mac(&self) -> String {
        let [.., a, b, c] = self.number.to_be_bytes();
        format!("02:5c:00:{a:02x}:{b:02x}:{c:02x}")
    }

    /// What it says of itself, with `software` installed.
    pub fn machine(&self, software: Content) -> Machine {
        let mut machine = Machine::default();
        machine.facts = Facts {
            fingerprint: self.fingerprint(),
            host_name: self.name.clone(),
            boot: format!("00000000-0000-4000-8000-{:012x}", self.number),
            asset_tag: String::new(),
        };
        machine.health = self.health();
        machine.detail = self.detail();
        for section in self.sections() {
            machine.put(section.name(), Content::of(&section));
        }
        machine.put("software", software);
        machine
    }

    fn detail(&self) -> HealthDetail {
        let busy = |thread: u64| ((self.number * 31 + thread * 47) % 300) as u32;
        let sensor = |name: &str, decidegrees: u64| Sensor { name: name.to_owned(), decidegrees: decidegrees as i32 };
        HealthDetail {
            core_permille: (0..4).map(busy).collect(),
            file_systems: vec![
                FileSystemUse { mount: "/".to_owned(), permille: 420 },
                FileSystemUse { mount: "/boot/efi".to_owned(), permille: 12 },
            ],
            temperatures: vec![sensor("coretemp Core 0", 390 + self.number % 120), sensor("coretemp Core 1", 410 + self.number % 120)],
            fans: vec![Fan { name: "dell_smm Processor Fan".to_owned(), rpm: 1200 }],
            load_5_centi: Some(24),
            load_15_centi: Some(31),
        }
    }

    fn health(&self) -> Health {
        Health {
            cpu_permille: Some(35 + (self.number % 200) as u32),
            memory_permille: Some(300 + (self.number % 300) as u32),
            disk_permille: Some(420),
            temperature_decidegrees: Some(410 + (self.number % 120) as i32),
            uptime_s: Some(3600),
            ..Health::default()
        }
    }

    /// The hardware facts.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            system_uuid: format!("5c5c0000-0000-4000-8000-{:012x}", self.number),
            system_serial: self.serial(),
            board_serial: format!("BRD{:06}", self.number),
            chassis_serial: self.serial(),
            macs: vec![self.mac()],
            disk_serials: vec![format!("DSK{:06}", self.number)],
            machine_id: format!("{:032x}", self.number),
        }
    }

    /// The hardware facts as a collector keeps them.
    pub fn evidence(&self) -> Evidence {
        let said = self.fingerprint();
        Evidence {
            system_uuid: said.system_uuid,
            system_serial: said.system_serial,
            board_serial: said.board_serial,
            chassis_serial: said.chassis_serial,
            macs: said.macs,
            disk_serials: said.disk_serials,
            machine_id: said.machine_id,
        }
    }

    /// Every section but the software, as this PC has it.
    fn sections(&self) -> Vec<Section> {
        vec![
            self.batteries(),
            Section::Displays(Displays::default()),
            self.memory(),
            self.network(),
            operating_system(),
            self.processors(),
            Section::SoftwareDates(SoftwareDates::default()),
            self.storage(),
            self.system(),
        ]
    }

    fn system(&self) -> Section {
        let model = self.kind();
        Section::System(System {
            manufacturer: model.maker.to_owned(),
            model: model.name.to_owned(),
            serial: self.serial(),
            uuid: self.fingerprint().system_uuid,
            chassis: model.chassis.to_owned(),
            firmware_vendor: model.maker.to_owned(),
            firmware_version: "1.21.0".to_owned(),
            firmware_date: "2024-03-11".to_owned(),
            host_name: self.name.clone(),
            ..System::default()
        })
    }

    fn memory(&self) -> Section {
        let module = |slot: u64| MemoryModule {
            slot: format!("DIMM{slot}"),
            bytes: 8 << 30,
            kind: "DDR4".to_owned(),
            mts: 3200,
            manufacturer: "Kingston".to_owned(),
            part: "KVR32N22S8/8".to_owned(),
            serial: format!("M{:06}{slot}", self.number),
        };
        let modules: Vec<MemoryModule> = (1..=self.kind().modules).map(module).collect();
        Section::Memory(Memory { total_bytes: self.kind().modules * (8 << 30), modules, slots_known: true })
    }

    fn processors(&self) -> Section {
        let model = self.kind().processor.to_owned();
        Section::Processors(Processors { processors: vec![Processor { model, vendor: String::new(), cores: 4, threads: 8, mhz: 3200 }] })
    }

    fn storage(&self) -> Section {
        let disk = Disk {
            name: "nvme0n1".to_owned(),
            model: "KIOXIA EXCERIA 500GB".to_owned(),
            serial: format!("DSK{:06}", self.number),
            bytes: 500_107_862_016,
            bus: "nvme".to_owned(),
            medium: "ssd".to_owned(),
            ..Disk::default()
        };
        let root =
            FileSystem { mount: "/".to_owned(), device: "/dev/nvme0n1p2".to_owned(), kind: "ext4".to_owned(), bytes: 490_000_000_000 };
        Section::Storage(Storage { disks: vec![disk], file_systems: vec![root] })
    }

    fn network(&self) -> Section {
        let interface = Interface {
            name: "enp1s0".to_owned(),
            mac: self.mac(),
            kind: "ethernet".to_owned(),
            driver: "e1000e".to_owned(),
            is_virtual: false,
        };
        Section::Network(Network { interfaces: vec![interface], domain: "school.example".to_owned() })
    }

    fn batteries(&self) -> Section {
        let battery = Battery {
            name: "BAT0".to_owned(),
            manufacturer: "SMP".to_owned(),
            model: "5B10W51827".to_owned(),
            serial: format!("{:06}", self.number),
            chemistry: "Li-ion".to_owned(),
            design_mwh: 45_000,
            full_mwh: 41_400,
            cycles: 120,
        };
        let batteries = if self.kind().chassis == "laptop" { vec![battery] } else { Vec::new() };
        Section::Batteries(Batteries { batteries })
    }
}

fn operating_system() -> Section {
    Section::OperatingSystem(OperatingSystem {
        name: "Debian GNU/Linux".to_owned(),
        version: "12".to_owned(),
        id: "debian".to_owned(),
        kernel: "6.1.0-31-amd64".to_owned(),
        architecture: "x86_64".to_owned(),
        pretty: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        ..OperatingSystem::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_the_same_pc_and_another_is_not() {
        let (one, again, other) = (Pc::new(7, "lab1-07"), Pc::new(7, "lab1-07"), Pc::new(8, "lab1-08"));
        assert_eq!(one.fingerprint(), again.fingerprint());
        assert_ne!(one.fingerprint().system_uuid, other.fingerprint().system_uuid);
        assert_ne!(one.mac(), other.mac());
    }

    #[test]
    fn identical_lists_are_one_content() {
        let one = software(&[("bash", "5.2"), ("apt", "2.6")]);
        let other = software(&[("apt", "2.6"), ("bash", "5.2")]);
        assert_eq!(one.digest, other.digest);
    }
}
