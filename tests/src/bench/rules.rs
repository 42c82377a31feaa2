//! What it costs to judge one changed device by all rules: the recorded laptop, with the software of a lab and a baseline.

use crate::meter::median;
use crate::school::{pc, readings};
use crate::table::Figure;
use anyhow::Context;
use rollcall_agent::host::Host;
use rollcall_agent::source::Source;
use rollcall_agent::survey::Reading;
use rollcall_proto::v1::{self, DiskCondition, DiskHealth, FailedServices, Link, Links, Restart, Restarts, Updates};
use rollcall_proto::{Digest, SECTIONS, Section};
use rollcall_site::asset::{self, Asset, AssetFacts};
use rollcall_site::attend::{Report, Reported, report};
use rollcall_site::content::Content;
use rollcall_site::device::Device;
use rollcall_site::event::Actor;
use rollcall_site::presence::Presence;
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::vitals::{self, Reading as Vitals};
use rollcall_site::{AssetId, DeviceId, RoomId, Site, Tag, Working, alert, baseline};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Times that a device is judged before the median is taken.
const TIMES: usize = 2_000;

/// Measures it.
///
/// # Errors
/// The machine that is measured on can't be made.
pub async fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut w = Working::begin(Site::default(), "2026-11-23T09:00:00Z".parse()?, Actor::Rollcall);
    let id = machine(&mut w).await?;
    let once = |w: &mut Working| {
        let begun = Instant::now();
        alert::judge(w, id);
        begun.elapsed()
    };
    let took: Vec<Duration> = (0..TIMES).map(|_| once(&mut w)).collect();
    Ok(vec![Figure::within("all rules for one changed device".to_owned(), median(took), Duration::from_micros(50))])
}

/// The laptop of the agent's own tests.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../agent/tests/machines/laptop");
/// What its room must and must not have.
const BASELINE: &str = "name = \"lab\"\nrooms = [\"Lab 1\"]\nforbidden = [\"steam*\", \"minecraft\"]\n[settings]\nfirewall = \"on\"\n\
    [[required]]\ntitle = \"libgtk-000\"\nversion = \">= 1\"\n[[required]]\ntitle = \"libqt-001\"\n[[required]]\ntitle = \"vlc\"\n";

/// A PC that has measured every section.
async fn machine(w: &mut Working) -> anyhow::Result<AssetId> {
    let (id, device) = (AssetId(Uuid::nil()), DeviceId(Uuid::nil()));
    room::add(w, RoomId::parse("Lab 1")?, RoomFacts::default())?;
    let added = asset::add(w, id, Tag::parse("PC1")?, AssetFacts { room: Some("Lab 1".to_owned()), ..AssetFacts::default() })?;
    w.put(Asset { device: Some(device), ..(*added).clone() });
    w.put(Device { presence: Presence::Here, session: "s".to_owned(), ..Device::new(device, id, w.now) });
    let recorded = Source::Host(Host::recorded(Path::new(RECORDED))?).survey(&[]).await;
    let lab = readings(&pc(1), 0).await;
    let software = |reading: &&Reading| reading.name.starts_with("software");
    let all: Vec<&Reading> = lab.iter().filter(software).chain(recorded.iter().filter(|reading| !software(reading))).collect();
    let measured =
        |name: &str| all.iter().find(|reading| reading.name == name)?.content.as_ref().ok().map(|content| content.bytes.to_vec());
    let (mut sections, mut contents) = (Vec::new(), Vec::new());
    for name in SECTIONS {
        let bytes = measured(name).or_else(|| extra(name).map(|section| section.encode()));
        let bytes = bytes.with_context(|| format!("the laptop has no section {name}"))?;
        let section = Section::decode(name, &bytes).context("an unknown section")??;
        let digest = Digest::of(&section.encode());
        contents.push((digest, Content::of(&section, w.site.packages())));
        sections.push(Reported { name: (*name).to_owned(), content: Ok(digest), problems: Vec::new() });
    }
    report(w, device, Report { session: "s".to_owned(), number: 1, at: w.now, full: true, sections }, contents)?;
    let disks = [("/".to_owned(), 42), ("/boot/efi".to_owned(), 1)].into();
    baseline::apply(w, baseline::parse(BASELINE)?)?;
    vitals::take(w, device, Vitals { disks, hottest: Some(45), io_errors: Some(0), ..Vitals::default() })?;
    Ok(id)
}

/// Sections that the laptop was not recorded with.
fn extra(name: &str) -> Option<Section> {
    let disk = DiskCondition { name: "nvme0n1".to_owned(), verdict: "passed".to_owned(), hours: 6_000, ..DiskCondition::default() };
    let link = Link {
        name: "eth0".to_owned(),
        state: "up".to_owned(),
        mbit: 1_000,
        duplex: "full".to_owned(),
        addresses: vec!["10.20.3.17/24".to_owned()],
    };
    let restart = |n: i64| Restart { at_s: 1_790_000_000 + n * 86_400, kernel: "6.1.0-31-amd64".to_owned(), before: "clean".to_owned() };
    Some(match name {
        "disk-health" => Section::DiskHealth(DiskHealth { disks: vec![disk] }),
        "links" => Section::Links(Links { links: vec![link], gateway: "10.20.3.1".to_owned(), name_servers: vec!["10.20.0.2".to_owned()] }),
        "restarts" => Section::Restarts(Restarts { restarts: (0..12).map(restart).collect() }),
        "services" => Section::FailedServices(FailedServices::default()),
        "sound" => Section::SoundCards(v1::SoundCards::default()),
        "updates" => Section::Updates(Updates { restart_needed: true, restart_for: vec!["dbus".to_owned()], ..Updates::default() }),
        _ => return None,
    })
}
