//! What it costs to judge one changed device by all rules.

use crate::meter::median;
use crate::school::{pc, readings};
use crate::table::Figure;
use anyhow::Context;
use rollcall_proto::v1::{self, DiskCondition, DiskHealth, FailedServices, Link, Links, Restart, Restarts, Updates};
use rollcall_proto::{Digest, SECTIONS, Section};
use rollcall_site::asset::{self, Asset, AssetFacts};
use rollcall_site::attend::{Report, Reported, report};
use rollcall_site::content::Content;
use rollcall_site::device::Device;
use rollcall_site::event::Actor;
use rollcall_site::presence::Presence;
use rollcall_site::vitals::{self, Reading};
use rollcall_site::{AssetId, DeviceId, Site, Tag, Working, alert};
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

/// A PC that has measured every section.
async fn machine(w: &mut Working) -> anyhow::Result<AssetId> {
    let (id, device) = (AssetId(Uuid::nil()), DeviceId(Uuid::nil()));
    let added = asset::add(w, id, Tag::parse("PC1")?, AssetFacts::default())?;
    w.put(Asset { device: Some(device), ..(*added).clone() });
    w.put(Device { presence: Presence::Here, session: "s".to_owned(), ..Device::new(device, id, w.now) });
    let readings = readings(&pc(1), 0).await;
    let of_pc =
        |name: &str| readings.iter().find(|reading| reading.name == name)?.content.as_ref().ok().map(|content| content.bytes.to_vec());
    let (mut sections, mut contents) = (Vec::new(), Vec::new());
    for name in SECTIONS {
        let bytes = extra(name).map(|section| section.encode()).or_else(|| of_pc(name)).unwrap_or_default();
        let section = Section::decode(name, &bytes).context("an unknown section")??;
        let digest = Digest::of(&section.encode());
        contents.push((digest, Content::of(&section, w.site.packages())));
        sections.push(Reported { name: (*name).to_owned(), content: Ok(digest), problems: Vec::new() });
    }
    report(w, device, Report { session: "s".to_owned(), number: 1, at: w.now, full: true, sections }, contents)?;
    let disks = [("/".to_owned(), 42), ("/boot/efi".to_owned(), 1)].into();
    vitals::take(w, device, Reading { disks, hottest: Some(45), io_errors: Some(0), ..Reading::default() })?;
    Ok(id)
}

/// Sections that the PCs of the tests do not have.
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
