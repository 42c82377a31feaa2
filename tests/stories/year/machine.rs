//! One machine of the year: what it is made of, and what its agent would say of it.

use rollcall_proto::{Section, v1};
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::{AssetId, DeviceId};
use std::collections::BTreeSet;
use uuid::Uuid;

use super::school::{Place, REQUIRED};

/// A file system must be emptier than its percent by more than this before the figure goes down, permille: as at the collector's door.
const EMPTIER: u32 = 15;

#[derive(Clone, Debug)]
pub struct Machine {
    pub room: usize,
    pub laptop: bool,
    pub tag: String,
    pub device: DeviceId,
    pub asset: AssetId,
    pub on: bool,
    pub asleep: bool,
    pub cabled: bool,
    pub lent: bool,
    /// Nobody switches it on before this.
    pub broken_until: i64,
    /// The stream that the collector has of it.
    pub line: Option<u64>,
    /// It can't speak on its stream since; heard last then.
    pub cut: Option<i64>,
    pub boot: u64,
    pub hellos: u64,
    pub reports: u64,
    pub nonce: String,
    /// The nonce of the image that a restored machine starts from.
    pub frozen: Option<String>,
    pub software: BTreeSet<&'static str>,
    pub version: u32,
    pub restart_needed: bool,
    pub pending_since: Option<i64>,
    /// When the collector heard it last before it went down.
    pub broke_at: Option<i64>,
    /// It went down without a shutdown.
    pub crashed: bool,
    pub modules: u32,
    pub disk: u32,
    pub disk_step: u32,
    /// Permille that it fills in a day, times ten.
    pub fills: u32,
    /// Battery's capacity, permille of its design.
    pub battery: u32,
    /// Seconds that its clock is fast, and gains in ten days.
    pub off: i64,
    pub gains: i64,
    /// When it started, and whether it had crashed.
    pub boots: Vec<(i64, bool)>,
}

impl Machine {
    pub fn new(number: usize, room: usize, place: &Place, seat: usize) -> Self {
        let laptop = place.name.starts_with("Cart") || place.name == "Library" && seat % 5 >= 2;
        let letters: String = place.name.split(' ').map(|word| word.get(..3).unwrap_or(word).to_uppercase()).collect();
        Self {
            room,
            laptop,
            tag: format!("{letters}-{seat:02}"),
            device: DeviceId(Uuid::from_u128(number as u128 + 1)),
            asset: AssetId(Uuid::from_u128(number as u128 + 1001)),
            on: false,
            asleep: false,
            cabled: true,
            lent: false,
            broken_until: 0,
            line: None,
            cut: None,
            boot: 0,
            hellos: 0,
            reports: 0,
            nonce: String::new(),
            frozen: None,
            software: REQUIRED.into_iter().collect(),
            version: 1,
            restart_needed: false,
            pending_since: None,
            broke_at: None,
            crashed: false,
            modules: 2,
            disk: 400,
            disk_step: 40,
            fills: 0,
            battery: 900,
            off: 0,
            gains: 0,
            boots: Vec::new(),
        }
    }

    pub fn works(&self) -> bool {
        self.on && !self.asleep
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let serial = format!("serial-{}", self.tag);
        let (uuid, disk) = (self.device.0.to_string(), format!("disk-{}", self.tag));
        Fingerprint {
            system_uuid: uuid,
            system_serial: serial.clone(),
            board_serial: serial,
            disk_serials: vec![disk],
            ..Fingerprint::default()
        }
    }

    /// The disk's reading, in the steps of the collector's door.
    pub fn measure_disk(&mut self, wavers: u32) {
        let permille = (self.disk + wavers).min(1000);
        let stays = permille < self.disk_step * 10 && permille + EMPTIER > self.disk_step * 10;
        self.disk_step = if stays { self.disk_step } else { permille / 10 };
    }

    pub fn sections(&self) -> Vec<Section> {
        let mut all = vec![self.list(), self.memory(), self.updates(), self.restarts()];
        if self.laptop {
            all.push(self.batteries());
        }
        all
    }

    pub fn list(&self) -> Section {
        let package = |name: &&str| v1::Package {
            name: (*name).into(),
            version: format!("{}.0", self.version),
            source: "dpkg".into(),
            ..Default::default()
        };
        Section::Software(v1::Software { packages: self.software.iter().map(package).collect() })
    }

    pub fn memory(&self) -> Section {
        let module = |slot: u32| {
            let (slot, serial) = (format!("DIMM {slot}"), format!("{}-{slot}", self.tag));
            v1::MemoryModule { slot, bytes: 8 << 30, kind: "DDR4".into(), serial, ..Default::default() }
        };
        let modules = (0..self.modules).map(module).collect();
        Section::Memory(v1::Memory { total_bytes: u64::from(self.modules) * (8 << 30), modules, slots_known: true })
    }

    pub fn updates(&self) -> Section {
        let restart_for = if self.restart_needed { vec!["linux-image".to_owned()] } else { Vec::new() };
        Section::Updates(v1::Updates { restart_needed: self.restart_needed, restart_for, counted: true, ..Default::default() })
    }

    fn restarts(&self) -> Section {
        let from = self.boots.len().saturating_sub(12);
        let restart = |(at_s, crashed): &(i64, bool)| v1::Restart {
            at_s: *at_s,
            before: if *crashed { "crash" } else { "shutdown" }.into(),
            ..Default::default()
        };
        Section::Restarts(v1::Restarts { restarts: self.boots[from..].iter().map(restart).collect() })
    }

    fn batteries(&self) -> Section {
        let (serial, full_mwh) = (format!("bat-{}", self.tag), u64::from(self.battery / 10) * 500);
        let battery = v1::Battery { name: "BAT0".into(), serial, design_mwh: 50_000, full_mwh, ..Default::default() };
        Section::Batteries(v1::Batteries { batteries: vec![battery] })
    }

    /// When the third last of its crashes is a day old.
    pub fn calm_from(&self, now: i64) -> Option<i64> {
        let third = self.boots.iter().rev().filter(|(_, crashed)| *crashed).nth(2)?;
        (now - third.0 <= 86_400).then_some(third.0 + 86_401)
    }

    /// Whether it has crashed three times within a day, or started five times within an hour.
    pub fn restarts_again_and_again(&self, now: i64) -> bool {
        let crashes = self.boots.iter().filter(|(at, crashed)| *crashed && now - at <= 86_400).count();
        let starts = self.boots.iter().filter(|(at, _)| now - at <= 3_600).count();
        crashes >= 3 || starts >= 5
    }
}
