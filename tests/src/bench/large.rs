//! A very large site: its start, its answers, and what a report costs there against a small one.

use crate::baseline;
use crate::meter::{Process, median};
use crate::peer::Peer;
use crate::school::{LABS, ONE_IN, RARE, pc, readings};
use crate::table::{Figure, tell};
use anyhow::{Context, ensure};
use rollcall::clock::Clock;
use rollcall::store::{Entry, Folder, Store};
use rollcall_proto::Section;
use rollcall_site::asset::{self, Asset, AssetFacts};
use rollcall_site::attend::{Report, Reported, report};
use rollcall_site::content::Content;
use rollcall_site::device::{Device, DeviceState};
use rollcall_site::event::Actor;
use rollcall_site::presence::Presence;
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::{AssetId, DeviceId, RoomId, Site, Tag, Working};
use rollcall_tests::process::{CollectorProcess, Ports};
use serde_json::Map;
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Devices of the small site.
const SMALL: u64 = 1000;
/// Devices that are written down in one go.
const GROUP: u64 = 500;
/// How often a question is asked.
const ASKED: usize = 21;
/// Agents that report, and how often each.
const REPORTING: u64 = 64;
const REPORTS: u64 = 60;

/// Measures a site of `devices` with its data in `folder`.
///
/// # Errors
/// It can't be written, or does not start.
pub async fn measure(folder: &Path, devices: u64) -> anyhow::Result<Vec<Figure>> {
    let small = site(&folder.join("small"), SMALL).await?;
    let large = site(&folder.join("large"), devices).await?;
    let mut figures = Vec::new();
    let of = |what: &str| format!("{what}, {devices} devices");
    figures.push(Figure::within(of("collector started → it answers"), large.start, Duration::from_secs(15)));
    figures.push(Figure::within(of("`rollcall device TAG`"), large.device, Duration::from_millis(20)));
    figures.push(Figure::within(of("`rollcall software TITLE`, which a few have"), large.rare, Duration::from_millis(50)));
    figures.push(Figure::words(
        of("`rollcall software TITLE`, which all have"),
        format!("{:.0} ms", large.software.as_secs_f64() * 1000.0),
        "",
        true,
    ));
    let ratio = large.report.as_secs_f64() / small.report.as_secs_f64().max(1e-9);
    let costs = format!("CPU per changed report, {:.0} µs against {:.0} µs with {SMALL}", micros(large.report), micros(small.report));
    figures.push(Figure::at_most(of(&costs), ratio, 1.3, "×"));
    figures.push(Figure::words(of("memory"), format!("{:.0} MB", large.memory_kb / 1000.0), "", true));
    figures.extend(large.baselines);
    Ok(figures)
}

/// What was measured on one site.
struct Measured {
    start: Duration,
    device: Duration,
    /// A title that everybody has.
    software: Duration,
    /// A title of one in two thousand.
    rare: Duration,
    report: Duration,
    memory_kb: f64,
    /// What new baselines cost.
    baselines: Vec<Figure>,
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

async fn site(data: &Path, devices: u64) -> anyhow::Result<Measured> {
    write_down(data, devices).await?;
    tell(&format!("a site of {devices} devices is written"));
    let began = Instant::now();
    let collector = CollectorProcess::start(data, Ports::free()?).await?;
    let start = began.elapsed();
    let process = Process(collector.id()?);
    let desk = collector.desk()?;
    let (mut device, mut software, mut rare) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..ASKED as u64 {
        let tag = pc(at * devices / ASKED as u64).name;
        let asked = Instant::now();
        let ran = desk.run(&["device", &tag]).await?;
        ensure!(ran.code <= 1 && ran.out.contains(&tag), "{ran:?}");
        device.push(asked.elapsed());
        let title = format!("libperl-{:03}", at * 40 / 5 * 5 + 2);
        let asked = Instant::now();
        let ran = desk.run(&["software", &title]).await?;
        ensure!(ran.code <= 1 && ran.out.contains(&title), "{ran:?}");
        software.push(asked.elapsed());
        let asked = Instant::now();
        let ran = desk.run(&["software", RARE]).await?;
        ensure!(ran.code <= 1 && (ran.out.contains(RARE) || devices < ONE_IN), "{ran:?}");
        rare.push(asked.elapsed());
    }
    let (report, peers) = reports(&collector, process, devices).await?;
    let memory_kb = process.rss_kb()?;
    let baselines = baseline::measure(&collector, devices, peers).await?;
    collector.stop().await?;
    Ok(Measured { start, device: median(device), software: median(software), rare: median(rare), report, memory_kb, baselines })
}

/// Processor time of one changed report, and who reported.
async fn reports(collector: &CollectorProcess, process: Process, devices: u64) -> anyhow::Result<(Duration, Vec<Peer>)> {
    let token = collector.desk()?.token("Lab 0", REPORTING as usize).await?;
    let door = collector.ports.enroll.to_string();
    let mut peers = Vec::new();
    for number in 0..REPORTING {
        let mut peer = Peer::enroll(&door, &token, pc(devices + number)).await?;
        peer.connect().await?;
        peer.report_all(readings(&peer.pc, 0).await).await?;
        peers.push(peer);
    }
    let cpu = process.cpu()?;
    for change in 1..=REPORTS {
        let some = peers.drain(..).map(|mut peer| async move {
            let mut readings = readings(&peer.pc, change).await;
            readings.retain(|reading| reading.name == "software");
            peer.report(&readings, false).await.map(|_| peer)
        });
        peers = futures_util::future::join_all(some).await.into_iter().collect::<anyhow::Result<_>>()?;
    }
    Ok(((process.cpu()? - cpu) / u32::try_from(REPORTING * REPORTS)?, peers))
}

/// Writes a site of `devices` that have reported and are switched off.
///
/// # Errors
/// The store can't be written.
pub(crate) async fn write_down(data: &Path, devices: u64) -> anyhow::Result<()> {
    // A collector makes the secrets and the site.
    CollectorProcess::start(data, Ports::free()?).await?.stop().await?;
    let store = Folder::open(data)?;
    let now = Clock::system().now();
    let mut site = store.load()?;
    let commit = |site: Site, run: &mut dyn FnMut(&mut Working) -> anyhow::Result<()>| -> anyhow::Result<Site> {
        let mut working = Working::begin(site, now, Actor::Rollcall);
        run(&mut working)?;
        let finished = working.finish();
        store.commit(&[Entry { records: finished.written, events: finished.events }])?;
        Ok(finished.site)
    };
    site = commit(site, &mut |w| {
        for lab in 0..LABS {
            room::add(w, RoomId::parse(&format!("Lab {lab}"))?, RoomFacts::default())?;
        }
        Ok(())
    })?;
    for group in 0..devices.div_ceil(GROUP) {
        let numbers: Vec<u64> = (group * GROUP..devices.min((group + 1) * GROUP)).collect();
        let mut all = Vec::new();
        for number in numbers {
            all.push((number, readings(&pc(number), 0).await));
        }
        site = commit(site, &mut |w| {
            for (number, readings) in &all {
                add(w, &store, *number, readings)?;
            }
            Ok(())
        })?;
    }
    store.snapshot(&site)?;
    Ok(())
}

fn add(w: &mut Working, store: &Folder, number: u64, readings: &[rollcall_agent::survey::Reading]) -> anyhow::Result<()> {
    let pc = pc(number);
    let (asset_id, device_id) = (AssetId(Uuid::from_u128(u128::from(number) + 1)), DeviceId(Uuid::from_u128(u128::from(number) + 1)));
    let facts = AssetFacts { room: Some(format!("Lab {}", number % LABS)), ..AssetFacts::default() };
    let added = asset::add(w, asset_id, Tag::parse(&pc.name)?, facts)?;
    w.put(Asset { device: Some(device_id), ..(*added).clone() });
    w.put(Device {
        id: device_id,
        asset: asset_id,
        state: DeviceState::Active,
        certificate: format!("{number:064x}"),
        certificate_before: None,
        certificate_ends: w.now + jiff::SignedDuration::from_hours(24 * 400),
        enrolled_at: w.now,
        presence: Presence::Asleep,
        since: w.now,
        note: "switched off".to_owned(),
        last_heard: w.now,
        host_name: pc.name.clone(),
        agent_version: "bench".to_owned(),
        fingerprint: pc.evidence(),
        nonces: vec![format!("{number:032x}"); 2],
        session: format!("{number:032x}"),
        acknowledged: 0,
        boot: "boot".to_owned(),
        epoch: 0,
        clock_off_ms: 0,
        rolled_back_at: None,
        off_site: false,
        rest: Map::new(),
    });
    let (mut sections, mut contents) = (Vec::new(), Vec::new());
    for reading in readings {
        let content = reading.content.as_ref().map_err(|why| anyhow::anyhow!("{why}"))?;
        if !w.site.holds(reading.name, &content.digest) {
            // Quickly: an agent would take its time.
            store.put_blobs(&[(content.digest, zstd::bulk::compress(&content.bytes, 1)?)])?;
            let section = Section::decode(reading.name, &content.bytes).context("an unknown section")??;
            contents.push((content.digest, Content::of(&section, w.site.packages())));
        }
        sections.push(Reported { name: reading.name.to_owned(), content: Ok(content.digest), problems: Vec::new() });
    }
    let said = Report { session: format!("{number:032x}"), number: 1, at: w.now, full: true, sections };
    report(w, device_id, said, contents)?;
    Ok(())
}
