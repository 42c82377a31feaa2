//! What a device is made of: its sections by digest, and what could not be measured.

use crate::asset::AssetKind;
use crate::attend::{Report, Reported};
use crate::device::{Device, DeviceState};
use crate::record::{Record, Rest, Table};
use crate::{DeviceId, Refusal, Site, Working, diff};
use core::net::IpAddr;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Digest, SECTIONS, Section};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a device is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The device.
    pub device: DeviceId,
    /// Its sections by name.
    pub sections: BTreeMap<String, Held>,
    /// When the last report was taken in.
    pub reported_at: Timestamp,
    /// The addresses of its interfaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// Since when a restart is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_since: Option<Timestamp>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Profile {
    type Key = DeviceId;
    const KIND: &'static str = "profile";
    fn key(&self) -> DeviceId {
        self.device
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.profiles
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.profiles
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        for (address, device) in old.into_iter().flat_map(Self::addressed) {
            site.by_address.remove(&(address, device));
        }
        site.by_address.extend(new.into_iter().flat_map(Self::addressed));
        let (old, new) = (old.and_then(Self::listed), new.and_then(Self::listed));
        if old == new {
            return;
        }
        old.map(|listed| site.by_list.remove(&listed));
        let speaks = |listed: &(_, DeviceId)| site.devices.get(&listed.1).is_some_and(|device| device.state == DeviceState::Active);
        if let Some(listed) = new.filter(speaks) {
            site.by_list.insert(listed);
        }
    }
}

impl Profile {
    /// The profile of a device that has not reported yet.
    pub fn new(device: DeviceId, now: Timestamp) -> Self {
        Self { device, sections: BTreeMap::new(), reported_at: now, addresses: Vec::new(), restart_since: None, rest: Rest::new() }
    }

    /// Its addresses, with the device.
    fn addressed(&self) -> impl Iterator<Item = (IpAddr, DeviceId)> {
        self.addresses.iter().map(|address| (*address, self.device))
    }

    /// The digest of its list of software, with the device.
    pub(crate) fn listed(&self) -> Option<([u8; 32], DeviceId)> {
        Some((*self.sections.get("software")?.digest?.as_bytes(), self.device))
    }
}

/// What is held of one section. Exactly one of `digest` and `not_measured` is set, or both after a section that was
/// once measured could not be read: the digest is then the last known content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The content, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Why it could not be measured the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
    /// Values that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Since when the content is so.
    pub since: Option<Timestamp>,
}

impl Profile {
    /// The digests of what is held, with the section's name.
    pub fn digests(&self) -> impl Iterator<Item = (&str, Digest)> {
        self.sections.iter().filter_map(|(name, held)| held.digest.map(|digest| (name.as_str(), digest)))
    }
}

/// A report that says nothing new is written down again after this, so that its age is true to so much.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Whether a report says anything that the profile does not.
pub(crate) fn is_news(profile: &Profile, report: &Report, now: Timestamp) -> bool {
    let same = |reported: &Reported| {
        let Some(held) = profile.sections.get(&reported.name) else { return false };
        let content = match &reported.content {
            Ok(digest) => held.digest == Some(*digest) && held.not_measured.is_none(),
            Err(why) => held.not_measured.as_ref() == Some(why),
        };
        content && held.problems == reported.problems
    };
    let mut known = report.sections.iter().filter(|reported| SECTIONS.contains(&reported.name.as_str()));
    let all = !report.full || known.clone().count() == profile.sections.len();
    now.duration_since(profile.reported_at).abs() >= FRESH || !all || !known.all(same)
}

/// Takes a report into the device's profile, tells what changed, and keeps the asset's maker, model and serial true.
///
/// # Errors
/// It names a content that the site does not hold.
pub(crate) fn take_in(w: &mut Working, device: &Device, report: &Report) -> Result<(), Refusal> {
    let before = w.site.profiles.get(&device.id).cloned();
    let mut profile = before.as_deref().cloned().unwrap_or_else(|| Profile::new(device.id, w.now));
    profile.reported_at = w.now;
    let known = report.sections.iter().filter(|reported| SECTIONS.contains(&reported.name.as_str()));
    if report.full {
        let listed: BTreeSet<&str> = known.clone().map(|reported| reported.name.as_str()).collect();
        profile.sections.retain(|name, _| listed.contains(name.as_str()));
    }
    let mut told = Vec::new();
    for reported in known {
        let held = profile.sections.entry(reported.name.clone()).or_default();
        told.extend(take_in_section(&w.site, held, reported, report.at)?);
    }
    note_state(&w.site, &mut profile, report.at);
    w.put(profile);
    tell(w, device.asset, before.is_none(), told, report.at);
    name_asset(w, device);
    Ok(())
}

/// A machine has started anew: it waits for no restart until it says so again.
pub(crate) fn started(w: &mut Working, device: DeviceId) {
    if let Some(profile) = w.site.profiles.get(&device).filter(|profile| profile.restart_since.is_some()).cloned() {
        w.put(Profile { restart_since: None, ..(*profile).clone() });
    }
}

/// What is asked of a profile too often to read its sections each time, or is told by none of them.
fn note_state(site: &Site, profile: &mut Profile, at: Timestamp) {
    let now = |name: &str| {
        let held = profile.sections.get(name).filter(|held| held.not_measured.is_none())?;
        site.content(name, &held.digest?)?.section()
    };
    let addresses = match now("links") {
        Some(Section::Links(links)) => crate::address::of_links(&links),
        _ => Vec::new(),
    };
    let restart_since = match now("updates") {
        Some(Section::Updates(updates)) => updates.restart_needed.then(|| profile.restart_since.unwrap_or(at)),
        _ => profile.restart_since,
    };
    (profile.addresses, profile.restart_since) = (addresses, restart_since);
}

/// What a section's report changed: an event's kind, its words, and the section's name.
type Told = (&'static str, String, String);

fn take_in_section(site: &Site, held: &mut Held, reported: &Reported, at: Timestamp) -> Result<Option<Told>, Refusal> {
    held.problems.clone_from(&reported.problems);
    let name = &reported.name;
    match &reported.content {
        Err(why) => {
            let fresh = held.not_measured.as_ref() != Some(why) && held.digest.is_some();
            held.not_measured = Some(why.clone());
            Ok(fresh.then(|| ("section.unmeasured", format!("{name} could not be measured: {why}"), name.clone())))
        }
        Ok(digest) => {
            held.not_measured = None;
            let after = site
                .content(name, digest)
                .ok_or_else(|| Refusal::invalid(format!("section {name} names the content {digest}, which nobody holds")))?;
            let old = held.digest.replace(*digest);
            if old == Some(*digest) {
                return Ok(None);
            }
            held.since = Some(at);
            let Some(old) = old else { return Ok(Some(("section.first", format!("{name} measured for the first time"), name.clone()))) };
            let changes = site.content(name, &old).map_or_else(|| vec![format!("{name} changed")], |before| diff::changes(before, after));
            Ok((!changes.is_empty()).then(|| ("section.changed", changes.join("; "), name.clone())))
        }
    }
}

/// A report that is older than this when it comes is told with its own time.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// The first inventory is one event; later each section's change is one.
fn tell(w: &mut Working, asset: crate::AssetId, first: bool, told: Vec<Told>, at: Timestamp) {
    let Some(asset) = w.site.assets.get(&asset).cloned() else { return };
    if first {
        let count = told.iter().filter(|(kind, ..)| *kind == "section.first").count();
        w.event("section.first", format!("{}: first inventory, {}", asset.tag, crate::words::count(count, "section", "sections")))
            .about(&asset);
        return;
    }
    // A report that waited in the spool tells when it was noticed, not only when it came.
    let noticed = if w.now.duration_since(at) > LATE { format!(" (noticed {})", at.strftime("%F %H:%M UTC")) } else { String::new() };
    for (kind, text, section) in told {
        let text = format!("{text}{noticed}");
        let data = serde_json::json!({ "section": section, "noticed_at": at });
        w.event(kind, format!("{}: {text}", asset.tag)).about(&asset).with(data);
    }
}

/// Maker, model and serial of an asset are what its machine says of itself, where it says something.
fn name_asset(w: &mut Working, device: &Device) {
    let Some(asset) = w.site.assets.get(&device.asset).cloned() else { return };
    let Some(Section::System(system)) = w.site.section(device.id, "system") else { return };
    let mut named = (*asset).clone();
    for (field, said) in [(&mut named.maker, &system.manufacturer), (&mut named.model, &system.model), (&mut named.serial, &system.serial)]
    {
        if !said.is_empty() {
            *field = said.chars().filter(|c| !c.is_control()).take(120).collect();
        }
    }
    if named.kind == AssetKind::Pc && ["laptop", "notebook", "convertible", "tablet"].iter().any(|word| system.chassis.contains(word)) {
        named.kind = AssetKind::Laptop;
    }
    if named != *asset {
        w.put(named);
    }
}

impl Site {
    /// A section's content of a device, as last measured.
    pub fn section(&self, device: DeviceId, name: &str) -> Option<Section> {
        let digest = self.profiles.get(&device)?.sections.get(name)?.digest?;
        self.content(name, &digest)?.section()
    }
}
