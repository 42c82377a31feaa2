//! What a device says on its stream, and what that changes: hello, reports, goodbye, silence.

use crate::content::Content;
use crate::device::{self, Device, DeviceState};
use crate::fingerprint::{Fingerprint, Likeness};
use crate::off_site::Side;
use crate::presence::{self, Presence};
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, Working, address, alert, inventory, outage, parts, return_diff, room, words};
use core::net::IpAddr;
use jiff::Timestamp;
use rollcall_proto::Digest;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The first thing a device says.
#[derive(Clone, Debug, Default)]
pub struct Hello {
    /// The agent's session.
    pub session: String,
    /// The kernel's boot id.
    pub boot: String,
    /// The lineage nonce that it holds, hexadecimal digits; empty: none.
    pub nonce: String,
    /// Number of the oldest entry that it will send.
    pub next: u64,
    /// Hardware facts weighed together.
    pub fingerprint: Fingerprint,
    /// The machine's own name.
    pub host_name: String,
    /// The agent's version.
    pub agent_version: String,
    /// The machine's clock, milliseconds since 1970 UTC.
    pub clock_ms: i64,
    /// The site epoch that it has re-based to.
    pub epoch: u64,
    /// From which side it calls.
    pub side: Side,
}

/// What the hello came to. Both are changes that are committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// It may speak.
    Welcome(Greeting),
    /// The same key on other hardware: quarantined, with the reason for the agent's log.
    Clone(String),
}

/// What the door tells a device that may speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Entries of its session up to here are durable.
    pub acknowledged: u64,
    /// Heartbeat of its room, milliseconds.
    pub heartbeat_ms: u32,
    /// The site's epoch.
    pub epoch: u64,
}

/// One numbered report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The agent's session.
    pub session: String,
    /// Its number within the session, from 1.
    pub number: u64,
    /// When it was noticed, by the agent's clock corrected to the collector's.
    pub at: Timestamp,
    /// Lists every section.
    pub full: bool,
    /// The sections that it speaks of.
    pub sections: Vec<Reported>,
}

/// What a report says of one section.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The section's name.
    pub name: String,
    /// Its content, or why it was not measured.
    pub content: Result<Digest, String>,
    /// Values that could not be read.
    pub problems: Vec<String>,
}

/// Why a device stops speaking on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goodbye {
    /// The machine shuts down.
    Shutdown,
    /// The machine sleeps.
    Suspend,
    /// Only the agent stops.
    Stopped,
}

/// A device has said hello with `certificate`; `nonce` is the one that it gets now.
///
/// # Errors
/// No such device, or it may not speak: revoked, retired, quarantined (the kind is `Forbidden`).
pub fn hello(w: &mut Working, device: DeviceId, certificate: &str, hello: &Hello, nonce: String) -> Result<Met, Refusal> {
    let before = device::speaking(&w.site, device)?;
    if before.fingerprint.likeness(&hello.fingerprint) == Likeness::Other {
        let why = format!("the same key on other hardware: {}", hello.host_name);
        quarantine(w, &before, why.clone(), hello.fingerprint.clone());
        return Ok(Met::Clone(why));
    }
    let rolled_back = is_rolled_back(&before, hello);
    // The newest nonce, or the one before when the last welcome was lost on its way to the same running machine.
    let holds = before.nonces.first() == Some(&hello.nonce) || (before.boot == hello.boot && before.nonces.contains(&hello.nonce));
    let goes_on = before.session == hello.session && !rolled_back && holds;
    let mut after = (*before).clone();
    if before.certificate == certificate {
        after.certificate_before = None;
    }
    // A session that begins, and a disk that was rolled back, are taken at their own count: a report says what is so now.
    let sent_before = hello.next.saturating_sub(1);
    after.acknowledged = if goes_on { before.acknowledged.max(sent_before) } else { sent_before };
    after.session.clone_from(&hello.session);
    after.boot.clone_from(&hello.boot);
    after.host_name.clone_from(&hello.host_name);
    after.agent_version.clone_from(&hello.agent_version);
    after.clock_off_ms = hello.clock_ms.saturating_sub(w.now.as_millisecond());
    after.epoch = w.site.epoch();
    after.rolled_back_at = if rolled_back { Some(w.now) } else { after.rolled_back_at };
    after.nonces.insert(0, nonce);
    after.nonces.truncate(2);
    after.fingerprint = before.fingerprint.merged(&hello.fingerprint);
    (after.presence, after.last_heard) = (Presence::Here, w.now);
    after.off_site = hello.side == Side::Outside;
    if before.presence != Presence::Here || before.off_site != after.off_site {
        after.since = w.now;
        after.note = String::new();
    }
    w.put(after);
    if before.boot != hello.boot {
        inventory::started(w, device);
    }
    say_hello(w, &before, hello, rolled_back);
    judge(w, &before, &[]);
    let heartbeat_ms = w.site.assets.get(&before.asset).map_or(room::HEARTBEAT_MS, |asset| room::heartbeat_of(&w.site, asset));
    let acknowledged = w.site.devices.get(&device).map_or(0, |device| device.acknowledged);
    Ok(Met::Welcome(Greeting { acknowledged, heartbeat_ms, epoch: w.site.epoch() }))
}

/// Whether a device's disk is in an earlier state than the one it last spoke from: it shows a nonce older than the last
/// two; or, after a new start of the machine, not the last one, or numbers that were used before.
fn is_rolled_back(before: &Device, hello: &Hello) -> bool {
    let is_older = before.nonces.len() > 1 && !before.nonces.contains(&hello.nonce);
    let is_second = before.nonces.get(1) == Some(&hello.nonce);
    let counts_again = before.session == hello.session && hello.next <= before.acknowledged;
    is_older || (before.boot != hello.boot && (is_second || counts_again))
}

/// The events of a hello that is worth telling.
fn say_hello(w: &mut Working, before: &Device, hello: &Hello, rolled_back: bool) {
    let Some(asset) = w.site.assets.get(&before.asset).cloned() else { return };
    if rolled_back {
        w.event(
            "device.rolled-back",
            format!("{}: its disk was rolled back to an earlier state; it reports anew and loses nothing", asset.tag),
        )
        .about(&asset);
    }
    let drift = before.fingerprint.drift(&hello.fingerprint);
    if !drift.is_empty() {
        let text = format!("{} has other parts than before: {}", asset.tag, drift.join("; "));
        w.event("device.drifted", text).about(&asset).with(serde_json::json!({ "before": before.fingerprint, "now": hello.fingerprint }));
    }
    if !before.boot.is_empty() && hello.epoch != 0 && hello.epoch != w.site.epoch() {
        w.event("device.rebased", format!("{} announces everything again after the collector's restore", asset.tag)).about(&asset);
    }
    if hello.side == Side::Outside {
        if before.presence != Presence::Here || !before.off_site {
            w.event("device.off-site", format!("{} reports from off site", asset.tag)).about(&asset);
        }
        return;
    }
    if before.presence == Presence::Here && !before.off_site {
        return;
    }
    let away = words::ago(before.since, w.now);
    let text = match (before.boot.is_empty(), before.presence, before.boot == hello.boot) {
        (true, ..) => format!("{} is here for the first time", asset.tag),
        (_, Presence::Silent, true) => format!("{} is back after {away} of silence", asset.tag),
        (_, Presence::Silent, false) => format!("{} is back after {away} of silence; it was restarted", asset.tag),
        (.., true) => format!("{} is here again", asset.tag),
        (.., false) => format!("{} is here: started", asset.tag),
    };
    w.event("device.here", text).about(&asset);
}

/// Two live streams speak for one device at once: it is quarantined.
///
/// # Errors
/// No such device.
pub fn overlap(w: &mut Working, device: DeviceId, other: Fingerprint) -> Result<(), Refusal> {
    let device = Arc::clone(device::get(&w.site, device)?);
    if device.state == DeviceState::Active {
        quarantine(w, &device, "two machines spoke with the same key at the same time".to_owned(), other);
    }
    Ok(())
}

fn quarantine(w: &mut Working, device: &Device, why: String, other: Fingerprint) {
    w.put(Device {
        state: DeviceState::Quarantined { why: why.clone(), other },
        presence: Presence::Silent,
        since: w.now,
        note: format!("quarantined: {why}"),
        ..device.clone()
    });
    if let Some(asset) = w.site.assets.get(&device.asset).cloned() {
        w.event("device.cloned", format!("{} is quarantined: {why}", asset.tag)).about(&asset);
    }
    alert::judge(w, device.asset);
}

/// Takes a report in and says up to which number the session is durable. A report that was taken in before changes nothing.
/// The bytes of every content named must be put, so that they are durable with this change at the latest; those that the site does not hold
/// yet come along in `contents`.
///
/// # Errors
/// No such device, it may not speak, or it names a content that nobody holds (`Invalid`).
pub fn report(w: &mut Working, device: DeviceId, report: Report, contents: Vec<(Digest, Content)>) -> Result<u64, Refusal> {
    let before = device::speaking(&w.site, device)?;
    if report.session == before.session && report.number <= before.acknowledged {
        return Ok(before.acknowledged);
    }
    if report.session == before.session && !is_news(&w.site, device, &report, w.now) {
        return Ok(report.number);
    }
    for (digest, content) in contents {
        w.hold(digest, content);
    }
    let profile = w.site.profiles.get(&device).cloned();
    inventory::take_in(w, &before, &report)?;
    parts::keep(w, &before, profile.as_deref());
    w.put(Device { session: report.session.clone(), acknowledged: report.number, ..(*before).clone() });
    judge(w, &before, profile.as_ref().map(|profile| profile.addresses.as_slice()).unwrap_or_default());
    return_diff::reported(w, before.asset, &report);
    Ok(report.number)
}

/// Whether a report of a device that may speak says anything that is not written down: another content or problem, or that it was looked
/// at again after [`inventory::FRESH`], or that a return waits for it. What says nothing new is acknowledged without a write: were it lost, nothing would be.
pub fn is_news(site: &Site, device: DeviceId, report: &Report, now: Timestamp) -> bool {
    let speaks = |device: &&Arc<Device>| device.state == DeviceState::Active && device.session == report.session;
    let profile = site.devices.get(&device).filter(speaks).and_then(|device| site.profiles.get(&device.id));
    let held = |reported: &Reported| reported.content.as_ref().map_or(true, |digest| site.holds(&reported.name, digest));
    let awaited = || site.devices.get(&device).is_some_and(|device| return_diff::awaited(site, device.asset).is_some());
    profile.is_none_or(|profile| inventory::is_news(profile, report, now)) || !report.sections.iter().all(held) || awaited()
}

/// The machine's clock was set while it was here: clock of the machine minus clock of the collector, milliseconds.
///
/// # Errors
/// No such device.
pub fn clock(w: &mut Working, device: DeviceId, off_ms: i64) -> Result<(), Refusal> {
    let before = Arc::clone(device::get(&w.site, device)?);
    w.put(Device { clock_off_ms: off_ms, ..(*before).clone() });
    alert::judge(w, before.asset);
    Ok(())
}

/// A device came, went, or reported: its asset is judged, and those that have an address of it or of those that it had `before`.
fn judge(w: &mut Working, device: &Device, before: &[IpAddr]) {
    alert::judge(w, device.asset);
    address::judge_sharers(w, device.id, before);
}

/// It said goodbye.
///
/// # Errors
/// No such device.
pub fn goodbye(w: &mut Working, device: DeviceId, why: Goodbye) -> Result<(), Refusal> {
    let before = Arc::clone(device::get(&w.site, device)?);
    if before.state != DeviceState::Active || before.presence != Presence::Here {
        return Ok(());
    }
    let (kind, presence, note, text) = match why {
        Goodbye::Shutdown => ("device.asleep", Presence::Asleep, presence::SWITCHED_OFF, "was switched off"),
        Goodbye::Suspend => ("device.asleep", Presence::Asleep, "asleep", "went to sleep"),
        Goodbye::Stopped => ("device.stopped", Presence::Asleep, "agent stopped", "stopped its agent; the machine may be running"),
    };
    w.put(Device { presence, since: w.now, last_heard: w.now, note: note.to_owned(), ..(*before).clone() });
    if let Some(asset) = w.site.assets.get(&before.asset).cloned() {
        w.event(kind, format!("{} {text}", asset.tag)).about(&asset);
    }
    judge(w, &before, &[]);
    Ok(())
}

/// It was last heard at `heard` and is not heard any more, without a goodbye. Changes nothing if it is not here.
///
/// # Errors
/// No such device.
pub fn silent(w: &mut Working, device: DeviceId, heard: Timestamp) -> Result<(), Refusal> {
    device::get(&w.site, device)?;
    silent_all(w, [(device, heard)]);
    Ok(())
}

/// [`silent`] for several at once: their rooms are looked at before they are judged one by one, so that an outage is told as one.
/// Devices that are not in the records are passed over.
pub fn silent_all(w: &mut Working, fell: impl IntoIterator<Item = (DeviceId, Timestamp)>) {
    let fell: Vec<(DeviceId, AssetId)> =
        fell.into_iter().filter_map(|(device, heard)| Some((device, fall_silent(w, device, heard)?))).collect();
    let rooms: BTreeSet<RoomId> = fell.iter().filter_map(|(_, asset)| w.site.assets.get(asset)?.room.clone()).collect();
    for room in rooms {
        outage::look(w, &room);
    }
    for (device, asset) in fell {
        alert::judge(w, asset);
        address::judge_sharers(w, device, &[]);
    }
}

fn fall_silent(w: &mut Working, device: DeviceId, heard: Timestamp) -> Option<AssetId> {
    let before = Arc::clone(w.site.devices.get(&device)?);
    if before.state != DeviceState::Active || before.presence != Presence::Here {
        return None;
    }
    w.put(Device { presence: Presence::Silent, since: heard, last_heard: heard, note: String::new(), ..(*before).clone() });
    if let Some(asset) = w.site.assets.get(&before.asset).cloned() {
        w.event("device.silent", format!("{} fell silent", asset.tag)).about(&asset);
    }
    Some(before.asset)
}

/// What a neighbour's fresh address resolution says of a silent machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The machine answers on its network: only its agent has stopped.
    Answers,
    /// Nobody answers under its address, or another machine does.
    Quiet,
}

/// A neighbour was asked whether a silent machine is still on its network. Changes nothing once the machine is not silent any more.
///
/// # Errors
/// No such device.
pub fn checked(w: &mut Working, device: DeviceId, by: DeviceId, said: Checked) -> Result<(), Refusal> {
    let before = Arc::clone(device::get(&w.site, device)?);
    let (note, text) = match said {
        Checked::Answers => (presence::AGENT_STOPPED, "is silent and answers on the network: its agent stopped"),
        Checked::Quiet => (presence::OFF_THE_NETWORK, "is off the network"),
    };
    if before.state != DeviceState::Active || before.presence != Presence::Silent || before.note == note {
        return Ok(());
    }
    w.put(Device { note: note.to_owned(), ..(*before).clone() });
    let asked = w.site.devices.get(&by).and_then(|device| w.site.assets.get(&device.asset)).map(|asset| asset.tag.to_string());
    if let Some(asset) = w.site.assets.get(&before.asset).cloned() {
        let by = asked.map(|tag| format!(" (asked {tag})")).unwrap_or_default();
        w.event("device.checked", format!("{} {text}{by}", asset.tag)).about(&asset);
    }
    alert::judge(w, before.asset);
    Ok(())
}
