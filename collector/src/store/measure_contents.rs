//! Measures what devices with their section contents cost: memory, a report, a search of all lists, a page of all devices.
//!
//! `DEVICES=10000 cargo test --release -p rollcall --lib store::measure_contents -- --ignored --nocapture`

use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Digest, Section, v1};
use rollcall_site::attend::{self, Hello, Report, Reported};
use rollcall_site::content::Content;
use rollcall_site::enroll::{self, Enrolment};
use rollcall_site::event::Actor;
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::{AssetId, DeviceId, Refusal, Site, Working, diff, token, view};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What the process holds in memory, KiB.
fn resident() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What this thread has computed, to some milliseconds: unlike the time on the wall, the same on a machine that has other work.
fn spent() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(times.split_whitespace().next().unwrap().parse().unwrap())
}

/// 900 packages; in three of ten lists, 20 of them are in versions of their own.
fn list(n: u32) -> Section {
    let package = |p: u32| v1::Package {
        name: format!("package-{p}-of-the-system"),
        version: if n % 10 < 3 && p % 45 == 7 { format!("1.{p}.2-{n}+deb12u1") } else { format!("1.{p}.2-1+deb12u1") },
        architecture: "amd64".into(),
        publisher: format!("Debian Maintainers {0} <team-{0}@lists.debian.org>", p % 90),
        source: "dpkg".into(),
    };
    let own = (n == 20).then(|| v1::Package { name: "geogebra".into(), version: "5.2".into(), source: "dpkg".into(), ..package(0) });
    Section::Software(v1::Software { packages: (0..900).map(package).chain(own).collect() })
}

fn digest(section: &Section) -> Digest {
    Digest::of(&section.encode())
}

/// What a machine reports: about half of it is its own.
fn sections(n: u32) -> Vec<Section> {
    let (list, own) = (list(n), i64::from(if n % 10 < 3 { n } else { 0 }));
    let dates = (0..900).map(|p| Some(1_700_000_000 + own * 77 + p / 30 * 3600 + p % 30));
    let module = |slot: &str| v1::MemoryModule {
        slot: slot.into(),
        bytes: 8 << 30,
        kind: "DDR4".into(),
        manufacturer: "SK hynix".into(),
        part: "HMA81GU6".into(),
        serial: format!("M{n}{slot}"),
        ..Default::default()
    };
    let interface = v1::Interface {
        name: "eno1".into(),
        mac: format!("02:00:00:{:02x}:{:02x}:{:02x}", n >> 16, (n >> 8) & 255, n & 255),
        kind: "ethernet".into(),
        driver: "e1000e".into(),
        ..Default::default()
    };
    let disk = v1::Disk { name: "nvme0n1".into(), model: "KBG40ZNS256G".into(), serial: format!("D{n}"), ..Default::default() };
    let display = v1::Display { connector: "DP-1".into(), serial: format!("7Q{n}"), model: "P2419H".into(), ..Default::default() };
    let processor = v1::Processor { model: "Intel(R) Core(TM) i5-10500".into(), cores: 6, threads: 12, ..Default::default() };
    let restart = |day: i64| v1::Restart { at_s: 1_700_000_000 + own * 7 + day * 86_400, before: "clean".into(), ..Default::default() };
    vec![
        Section::System(v1::System { manufacturer: "Dell Inc.".into(), serial: format!("S{n}"), ..Default::default() }),
        Section::Network(v1::Network { interfaces: vec![interface], ..Default::default() }),
        Section::Memory(v1::Memory { total_bytes: 16 << 30, modules: vec![module("A1"), module("B1")], slots_known: true }),
        Section::OperatingSystem(v1::OperatingSystem { pretty: "Debian GNU/Linux 12 (bookworm)".into(), ..Default::default() }),
        Section::Storage(v1::Storage { disks: vec![disk], ..Default::default() }),
        Section::Restarts(v1::Restarts { restarts: (0..5).map(restart).collect() }),
        Section::Processors(v1::Processors { processors: vec![processor] }),
        Section::Batteries(v1::Batteries::default()),
        Section::Displays(v1::Displays { displays: vec![display] }),
        Section::SoftwareDates(v1::SoftwareDates::along(&digest(&list), dates)),
        list,
    ]
}

fn change<T>(site: &mut Site, run: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> T {
    let mut w = Working::begin(site.clone(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
    let done = run(&mut w).unwrap();
    *site = w.finish().site;
    done
}

/// Machines that one token enrols.
const USES: u32 = 5000;

fn enrol(site: &mut Site, n: u32) {
    let (device, asset) = (DeviceId(Uuid::from_u128(n.into())), AssetId(Uuid::from_u128(u128::from(n) << 32)));
    let hardware = Fingerprint { system_serial: format!("S{n}"), ..Fingerprint::default() };
    let hello = Hello { session: "s".into(), boot: "b".into(), next: 1, fingerprint: hardware.clone(), ..Hello::default() };
    change(site, |w| {
        let token_hash = format!("hash{}", n / USES);
        if n.is_multiple_of(USES) {
            token::make(w, token_hash.clone(), None, USES, w.now + SignedDuration::from_hours(24))?;
        }
        let enrolment = Enrolment {
            token_hash,
            device,
            asset,
            fingerprint: hardware,
            host_name: format!("lab-{n}"),
            tag: format!("LAB-{n}"),
            seat: String::new(),
            agent_version: "0.1.0".into(),
            certificate: format!("{n:064x}"),
            certificate_ends: w.now + SignedDuration::from_hours(24 * 400),
        };
        enroll::enroll(w, enrolment)?;
        attend::hello(w, device, &format!("{n:064x}"), &hello, "n".into())
    });
}

/// The first report of a machine: the time at the door, and that of the writer.
fn report(site: &mut Site, n: u32) -> (Duration, Duration) {
    let sections = sections(n);
    let named = |section: &Section| Reported { name: section.name().into(), content: Ok(digest(section)), problems: Vec::new() };
    let all = sections.iter().map(named).collect();
    let report = Report { session: "s".into(), number: 1, at: Timestamp::UNIX_EPOCH, full: true, sections: all };
    let new: Vec<(Digest, Section)> = sections.into_iter().map(|section| (digest(&section), section)).collect();
    let new: Vec<_> = new.into_iter().filter(|(digest, section)| !site.holds(section.name(), digest)).collect();
    let begun = Instant::now();
    let new = new.iter().map(|(digest, section)| (*digest, Content::of(section, site.packages()))).collect();
    let door = begun.elapsed();
    let begun = Instant::now();
    change(site, |w| attend::report(w, DeviceId(Uuid::from_u128(n.into())), report, new));
    (door, begun.elapsed())
}

/// The time in the middle.
fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn time<T>(what: &str, mut work: impl FnMut() -> T) {
    let timed = |_| {
        let begun = spent();
        drop(work());
        spent() - begun
    };
    println!("{what}: {:?}", middle((0..7).map(timed).collect()));
}

#[test]
#[ignore = "a measurement, not a test"]
fn measure() {
    let count: u32 = std::env::var("DEVICES").map_or(3000, |count| count.parse().unwrap());
    let mut site = Site::default();
    (0..count).for_each(|n| enrol(&mut site, n));
    let before = resident();
    let times: Vec<_> = (0..count).map(|n| report(&mut site, n)).collect();
    let each = f64::from(resident() - before) / f64::from(count);
    println!("{count} devices: {each:.1} KiB for the inventory of each; {} packages", site.packages().count());
    let unique = times.iter().enumerate().filter(|(n, _)| n % 10 < 3).map(|(_, times)| *times);
    let (door, writer): (Vec<_>, Vec<_>) = unique.unzip();
    println!("a first report with its own list: {:?} at the door, {:?} of the writer", middle(door), middle(writer));
    for title in ["package-77-of-the-system", "package-52-of*", "geogebra", "nothing"] {
        time(&format!("software {title}"), || view::software(&site, title, None, 1000));
    }
    let [one, other] = [10, 11].map(|n| site.content("software", &digest(&list(n))).unwrap());
    time("difference of two lists, a thousand times", || (0..1000).map(|_| diff::changes(one, other).len()).sum::<usize>());
    for text in ["", "02:00:00:00:05", "lab-77"] {
        let filter = view::DeviceFilter { text: Some(text.to_owned()), ..Default::default() };
        time(&format!("devices {text:?}"), || view::devices(&site, &Default::default(), &filter, Timestamp::UNIX_EPOCH));
    }
    let mut less = site.clone();
    time("letting go of nothing", || less.release_unused());
    let few: Vec<DeviceId> = less.profiles.keys().skip(10).copied().collect();
    change(&mut less, |w| {
        few.iter().for_each(|device| w.remove::<rollcall_site::inventory::Profile>(device));
        Ok(())
    });
    less.release_unused();
    site = less;
    println!("{} packages and {} KiB are left with 10 devices", site.packages().count(), resident().saturating_sub(before));
}
