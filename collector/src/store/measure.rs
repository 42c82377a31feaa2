//! Measures the store: commits, replay, a start from a snapshot of 100,000 devices, commits while a snapshot is written.
//!
//! `cargo test --release -p rollcall --lib store::measure -- --ignored --nocapture`

use super::contract::{asset, entry_about, noon, person};
use super::{Entry, Folder, Store};
use rollcall_site::device::{Device, DeviceState};
use rollcall_site::event::Actor;
use rollcall_site::{AssetId, DeviceId, Site, Working};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

fn say(what: &str, count: usize, begun: Instant) {
    let time = begun.elapsed();
    println!("{what}: {:.2} s, {:.0} per second", time.as_secs_f64(), count as f64 / time.as_secs_f64());
}

fn device(n: u128) -> Device {
    Device {
        id: DeviceId(Uuid::from_u128(n)),
        asset: AssetId(Uuid::from_u128(n)),
        state: DeviceState::Active,
        certificate: format!("{n:064x}"),
        certificate_before: None,
        certificate_ends: noon(),
        enrolled_at: noon(),
        presence: rollcall_site::presence::Presence::Here,
        since: noon(),
        note: String::new(),
        last_heard: noon(),
        host_name: format!("lab-{n}"),
        agent_version: "0.1.0".to_owned(),
        fingerprint: rollcall_site::fingerprint::Fingerprint { system_serial: format!("SN{n}"), ..Default::default() },
        nonces: vec![format!("{n:032x}"); 2],
        session: format!("{n:032x}"),
        acknowledged: 7,
        boot: format!("{n:032x}"),
        epoch: 1,
        clock_off_ms: 3,
        rolled_back_at: None,
        off_site: false,
        rest: serde_json::Map::new(),
    }
}

/// A change of each of `devices`, with an event each.
fn change(site: &Site, devices: std::ops::Range<u128>) -> (Site, Entry) {
    let mut working = Working::begin(site.clone(), noon(), Actor::Rollcall);
    for n in devices {
        working.put(device(n));
        working.event("device.here", format!("device {n} is here")).asset = Some(AssetId(Uuid::from_u128(n)));
    }
    let finished = working.finish();
    (finished.site, Entry { records: finished.written, events: finished.events })
}

#[test]
#[ignore = "a measurement, not a test"]
fn measure() {
    let dir = tempfile::tempdir_in(std::env::var("ROLLCALL_MEASURE_IN").unwrap_or_else(|_| ".".to_owned())).unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let mut site = Site::default();
    let begun = Instant::now();
    for group in 0..400 {
        let (next, entry) = change(&site, group * 250..(group + 1) * 250);
        site = next;
        folder.commit(&[entry]).unwrap();
    }
    say("100,000 changes in groups of 250", 100_000, begun);
    let begun = Instant::now();
    for n in 0..1000 {
        let (next, entry) = change(&site, n..n + 1);
        site = next;
        folder.commit(&[entry]).unwrap();
    }
    say("1,000 changes one by one", 1000, begun);
    let begun = Instant::now();
    assert_eq!(folder.load().unwrap().seq, site.seq);
    say("replay of 101,000 changes", 101_000, begun);
    while_a_snapshot_is_written(&folder, &mut site);
    drop(folder);
    let begun = Instant::now();
    let folder = Folder::open(dir.path()).unwrap();
    let loaded = folder.load().unwrap();
    say("start from the snapshot with 100,000 devices", 100_000, begun);
    assert_eq!(loaded.devices.len(), 100_000);
    let begun = Instant::now();
    let verified = folder.verify().unwrap();
    say("verify", usize::try_from(verified.entries).unwrap(), begun);
    let begun = Instant::now();
    let people: Vec<_> = (0..3000).map(|n| person(&format!("P{n}"), "Ada Lund")).collect();
    let events = entry_about(loaded.seq + 1, asset(1)).events;
    folder.commit(&[Entry { records: people, events }]).unwrap();
    say("3,000 people imported, sealed", 3000, begun);
}

/// How long commits take meanwhile.
fn while_a_snapshot_is_written(folder: &Folder, site: &mut Site) {
    let (done, view) = (AtomicBool::new(false), site.clone());
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let begun = Instant::now();
        scope.spawn(|| {
            folder.snapshot(&view).unwrap();
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            let (next, entry) = change(site, 5..6);
            *site = next;
            let asked = Instant::now();
            folder.commit(&[entry]).unwrap();
            times.push(asked.elapsed());
        }
        say("snapshot of 100,000 devices, commits meanwhile", times.len(), begun);
    });
    times.sort();
    let at = |permille: usize| times.get(times.len() * permille / 1000).copied().unwrap_or(Duration::ZERO).as_secs_f64() * 1000.0;
    println!("  a commit meanwhile: {:.1} ms at the median, {:.1} ms at p99, {:.1} ms at most", at(500), at(990), at(999));
}
