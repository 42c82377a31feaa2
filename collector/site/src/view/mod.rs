//! Questions to a site, answered as rows and pages of facts.

mod assets;
mod loans;
mod rows;
mod search;
mod software;
mod tickets;
mod titles;
mod wanted;

pub use assets::{AssetFilter, Labels, asset_row, assets, some_assets};
pub use loans::{LoanFilter, Moved, Movement, Overdue, due_first, ended, held, loan_row, loans, loans_where, moved};
pub use rows::{
    AlertRow, AlertsShown, AssetRow, DeviceFilter, DevicePage, DeviceRow, Ended, LoanRow, Retired, RoomRow, SectionView, SoftwareRow,
};

pub use search::{Found, Hits, TitleHit, search};
pub(crate) use software::with_list;
pub use software::{Installed, MOST_VERSIONS, VersionCount, software};
pub use tickets::{Late, Stand, TicketFilter, TicketPage, TicketRow, ticket_page, ticket_row, tickets};
pub use titles::{TitleRow, titles};

use crate::alert::{Alert, AlertState};
use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::presence::{self, Heard, Presence};
use crate::room::Room;
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, Tag, natural, sweep, ticket};
use jiff::Timestamp;
use rollcall_proto::Section;
use std::cmp::Ordering;
use std::sync::Arc;
use wanted::Wanted;

/// The devices, by room, seat and tag. Retired and revoked ones only when their state is asked for.
pub fn devices(site: &Site, heard: &Heard, filter: &DeviceFilter, now: Timestamp) -> Vec<DeviceRow> {
    some_devices(site, heard, filter, now, 0..usize::MAX).0
}

/// Some of the devices, as [`devices`] gives them, and how many there are in all: only what is shown is made a row of.
pub fn some_devices(
    site: &Site,
    heard: &Heard,
    filter: &DeviceFilter,
    now: Timestamp,
    part: std::ops::Range<usize>,
) -> (Vec<DeviceRow>, usize) {
    let wanted = filter.text.as_deref().and_then(Wanted::of);
    let stands = |asset: &Asset, device: &Device| match filter.presence {
        Some(wanted) => presence::of(site, heard, asset, device, now).presence == wanted,
        None => !presence::is_retired(asset, device),
    };
    let fits = |asset: &Asset, device: &Device| {
        wanted.as_ref().is_none_or(|text| text.is_of(site, asset) || text.is_of_device(site, device)) && stands(asset, device)
    };
    let found = assets_of(site, filter.room.as_ref()).filter_map(|asset| Some((asset, site.device_of(asset)?)));
    let found: Vec<(&Arc<Asset>, &Arc<Device>)> = found.filter(|(asset, device)| fits(asset, device)).collect();
    let all = found.len();
    let shown = ordered(found, &part, |(a, _), (b, _)| by_place(a, b));
    (shown.map(|(asset, device)| row(site, heard, asset, device, now)).collect(), all)
}

fn assets_of<'a>(site: &'a Site, room: Option<&RoomId>) -> Box<dyn Iterator<Item = &'a Arc<Asset>> + 'a> {
    match room {
        Some(room) => Box::new(site.assets_in(room)),
        None => Box::new(site.assets.values()),
    }
}

/// Room by room, seat by seat; what has no seat comes last.
fn by_place(a: &Asset, b: &Asset) -> Ordering {
    let by_seat = || match (&a.seat, &b.seat) {
        (Some(a), Some(b)) => natural::compare(a, b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    };
    a.room.cmp(&b.room).then_with(by_seat).then_with(|| natural::compare(a.tag.as_str(), b.tag.as_str()))
}

/// Puts in order what a part of a list shows, and nothing else: of a hundred thousand, a page shows a hundred.
fn ordered<T>(mut found: Vec<T>, part: &std::ops::Range<usize>, compare: impl Fn(&T, &T) -> Ordering) -> impl Iterator<Item = T> {
    let end = part.end.min(found.len());
    if end < found.len() {
        found.select_nth_unstable_by(end, &compare);
        found.truncate(end);
    }
    found.sort_unstable_by(compare);
    found.into_iter().skip(part.start)
}

/// Whether a fact holds a text, which is in small letters; nothing holds an empty one.
fn holds(fact: &str, text: &str) -> bool {
    // Most facts are plain letters: no small copy is made of them.
    if !fact.is_ascii() || !text.is_ascii() {
        return !text.is_empty() && fact.to_lowercase().contains(text);
    }
    let first = text.bytes().next();
    let begins = |part: &[u8]| part.first().map(u8::to_ascii_lowercase) == first && part.eq_ignore_ascii_case(text.as_bytes());
    fact.as_bytes().windows(text.len().max(1)).any(begins)
}

/// Whether one of a device's own addresses fits.
fn has_mac(site: &Site, device: &Device, fits: impl Fn(&str) -> bool) -> bool {
    match site.section(device.id, "network") {
        Some(Section::Network(network)) => network.interfaces.iter().any(|i| !i.is_virtual && !i.mac.is_empty() && fits(&i.mac)),
        _ => false,
    }
}

/// A device as a row.
fn row(site: &Site, heard: &Heard, asset: &Asset, device: &Device, now: Timestamp) -> DeviceRow {
    let place = presence::of(site, heard, asset, device, now);
    let (os, memory_bytes, macs) = facts(site, device);
    DeviceRow {
        id: device.id,
        asset: asset.id,
        tag: asset.tag.clone(),
        name: device.host_name.clone(),
        room: asset.room.clone(),
        seat: asset.seat.clone(),
        presence: place.presence,
        since: place.since,
        note: place.note,
        kind: asset.kind,
        maker: asset.maker.clone(),
        model: asset.model.clone(),
        serial: asset.serial.clone(),
        os,
        memory_bytes,
        last_report: site.profiles.get(&device.id).map(|profile| profile.reported_at),
        last_heard: heard.get(&device.id).copied().unwrap_or_else(|| crate::heard::last(site, device)),
        macs,
        alerts: site.live_alerts(Some(asset.id)).filter(|alert| alert.is_told()).count(),
        on_loan_to: site.open_loan(asset.id).map(|loan| loan.person.clone()),
        simulated: asset.simulated,
    }
}

/// Operating system, memory and addresses, as last measured.
fn facts(site: &Site, device: &Device) -> (String, Option<u64>, Vec<String>) {
    let os = match site.section(device.id, "os") {
        Some(Section::OperatingSystem(os)) if !os.pretty.is_empty() => os.pretty,
        Some(Section::OperatingSystem(os)) => format!("{} {}", os.name, os.version).trim().to_owned(),
        _ => String::new(),
    };
    let memory = match site.section(device.id, "memory") {
        Some(Section::Memory(memory)) if memory.total_bytes > 0 => Some(memory.total_bytes),
        _ => None,
    };
    let macs = match site.section(device.id, "network") {
        Some(Section::Network(network)) => {
            network.interfaces.into_iter().filter(|i| !i.is_virtual && !i.mac.is_empty()).map(|i| i.mac).collect()
        }
        _ => Vec::new(),
    };
    (os, memory, macs)
}

/// Characters of an address: "00:11:22:33:44:55".
const MAC: usize = 17;

/// The one device called `text`: its tag, name, serial, MAC, or id, without regard to case; a tag wins.
///
/// # Errors
/// None or several: the text says which.
pub fn find_device(site: &Site, text: &str) -> Result<DeviceId, Refusal> {
    let text = text.trim();
    if let Some(device) = Tag::parse(text).ok().and_then(|tag| site.asset_by_tag(&tag)).and_then(|asset| site.device_of(asset)) {
        return Ok(device.id);
    }
    let mac = as_mac(text);
    let called = |asset: &Asset, device: &Device| {
        let names = [device.host_name.as_str(), asset.name.as_str(), asset.serial.as_str()];
        names.into_iter().any(|name| !name.is_empty() && name.eq_ignore_ascii_case(text))
            || device.id.to_string().eq_ignore_ascii_case(text)
            || (mac.len() == MAC && has_mac(site, device, |own| own.eq_ignore_ascii_case(&mac)))
    };
    let bound = site.assets.values().filter_map(|asset| Some((asset, site.device_of(asset)?)));
    let found: Vec<_> = bound.filter(|(asset, device)| called(asset, device)).take(6).collect();
    match found.as_slice() {
        [(_, device)] => Ok(device.id),
        [] => Err(Refusal::not_found(format!("no device is called {text:?}: `rollcall devices` lists them by tag and name"))),
        several => {
            let tags: Vec<_> = several.iter().map(|(asset, _)| asset.tag.as_str()).collect();
            Err(Refusal::invalid(format!("several devices are called {text:?}: name one by its tag ({})", tags.join(", "))))
        }
    }
}

/// The one asset that bears this: its tag, or its serial number, with an agent or without. Both are looked up, nothing is walked over.
///
/// # Errors
/// Several have that serial.
pub fn labelled<'a>(site: &'a Site, text: &str) -> Result<Option<&'a Arc<Asset>>, Refusal> {
    let text = text.trim();
    if let Some(asset) = Tag::parse(text).ok().and_then(|tag| site.asset_by_tag(&tag)) {
        return Ok(Some(asset));
    }
    let mut alike = crate::asset::with_serial(site, text);
    match (alike.next(), alike.next()) {
        (Some(one), Some(other)) => {
            Err(Refusal::invalid(format!("{} and {} both have the serial {text}: name one by its tag", one.tag, other.tag)))
        }
        (one, _) => Ok(one),
    }
}

/// The one asset called `text`: its tag or serial, what [`find_device`] finds, or a tag that it had before.
///
/// # Errors
/// None or several.
pub fn find_asset(site: &Site, text: &str) -> Result<AssetId, Refusal> {
    let text = text.trim();
    if let Some(asset) = labelled(site, text)? {
        return Ok(asset.id);
    }
    let found = find_device(site, text);
    if let Some(asset) = Tag::parse(text).ok().filter(|_| found.is_err()).and_then(|tag| crate::asset::former(site, &tag)) {
        return Ok(asset.id);
    }
    Ok(crate::device::get(site, found?)?.asset)
}

/// A MAC as labels and tools write it ("00-1A-2B…", "001a2b…", "001a.2b3c…") in the form that machines report.
fn as_mac(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(|c| !"-:.".contains(*c)).collect();
    if digits.len() != 12 || !digits.iter().all(char::is_ascii_hexdigit) {
        return text.to_lowercase();
    }
    digits.chunks(2).map(|pair| pair.iter().collect::<String>().to_lowercase()).collect::<Vec<_>>().join(":")
}

/// Everything that is known of a device.
///
/// # Errors
/// No such device.
pub fn device(site: &Site, heard: &Heard, id: DeviceId, now: Timestamp) -> Result<DevicePage, Refusal> {
    let device = crate::device::get(site, id)?;
    let asset = crate::asset::get(site, device.asset)?;
    let profile = site.profiles.get(&id);
    let sections = profile.into_iter().flat_map(|profile| profile.sections.iter()).map(|(name, held)| {
        let content = held.digest.and_then(|digest| site.content(name, &digest)?.section()).map(|section| section.to_json());
        let view = SectionView { content, not_measured: held.not_measured.clone(), problems: held.problems.clone(), since: held.since };
        (name.clone(), view)
    });
    Ok(DevicePage {
        row: row(site, heard, asset, device, now),
        sections: sections.collect(),
        open_alerts: site.live_alerts(Some(asset.id)).filter(|alert| alert.is_told()).map(|alert| alert_row(site, alert)).collect(),
        loan: site.open_loan(asset.id).map(|loan| loan_row(site, loan, now)),
    })
}

/// Alerts that a list of all shows, newest first.
const MOST_ALERTS: usize = 1_000;

/// The alerts: worst first, then oldest; all of them newest first.
pub fn alerts(site: &Site, shown: AlertsShown) -> Vec<AlertRow> {
    if shown == AlertsShown::All {
        return site.alerts.values().rev().take(MOST_ALERTS).map(|alert| alert_row(site, alert)).collect();
    }
    let live = site.live_alerts.iter().filter_map(|(_, id)| site.alerts.get(id));
    let wanted = live.filter(|alert| alert.is_pressing() || (shown == AlertsShown::Live && alert.is_open()));
    let mut rows: Vec<AlertRow> = wanted.map(|alert| alert_row(site, alert)).collect();
    // Worst first, then oldest by the minute; what came together stands together, in the order of tags.
    let minute = |row: &AlertRow| row.since.as_second() / 60;
    rows.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then(minute(a).cmp(&minute(b)))
            .then_with(|| (&a.rule, &a.room, &a.tag, a.id).cmp(&(&b.rule, &b.room, &b.tag, b.id)))
    });
    rows
}

/// One alert as a row.
pub fn alert_row(site: &Site, alert: &Alert) -> AlertRow {
    let asset = alert.asset.and_then(|id| site.assets.get(&id));
    let (state, by) = match &alert.state {
        AlertState::Settling { .. } => ("settling", None),
        AlertState::Raised => ("raised", None),
        AlertState::Acknowledged { by, .. } => ("acknowledged", Some(by.clone())),
        AlertState::Snoozed { by, .. } => ("snoozed", Some(by.clone())),
        AlertState::Resolved { by, .. } => ("resolved", Some(by.clone())),
    };
    AlertRow {
        id: alert.id,
        rule: alert.rule.clone(),
        severity: alert.severity,
        device: asset.map_or_else(String::new, |asset| asset.name.clone()),
        tag: asset.map(|asset| asset.tag.clone()),
        room: alert.room.clone(),
        title: alert.title.clone(),
        evidence: alert.evidence.clone(),
        cause: alert.cause.clone(),
        remedy: alert.remedy.clone(),
        since: alert.since,
        raised_at: alert.raised_at,
        state,
        by,
        until: match alert.state {
            AlertState::Settling { until } | AlertState::Snoozed { until, .. } => Some(until),
            _ => None,
        },
        times: alert.times.max(1),
        holds: alert.holds,
        ticket: ticket::of_alert(site, alert.id).find(|ticket| ticket.is_open()).map(|ticket| ticket.id),
    }
}

/// The rooms, by name.
pub fn rooms(site: &Site, heard: &Heard, now: Timestamp) -> Vec<RoomRow> {
    site.rooms.values().map(|room| room_row(site, heard, room, now)).collect()
}

/// One room.
///
/// # Errors
/// There is none of this name.
pub fn room(site: &Site, heard: &Heard, now: Timestamp, id: &RoomId) -> Result<RoomRow, Refusal> {
    Ok(room_row(site, heard, crate::room::get(site, id)?, now))
}

fn room_row(site: &Site, heard: &Heard, room: &Room, now: Timestamp) -> RoomRow {
    let mut row = RoomRow { room: room.clone(), assets: 0, devices: 0, here: 0, alerts: 0, last_sweep: None };
    row.alerts += site.live_alerts(None).filter(|alert| alert.room.as_ref() == Some(&room.id) && alert.is_told()).count();
    for asset in site.assets_in(&room.id).filter(|asset| !asset.status.is_gone()) {
        row.assets += 1;
        row.alerts += site.live_alerts(Some(asset.id)).filter(|alert| alert.is_told()).count();
        if let Some(device) = site.device_of(asset).filter(|device| device.state != DeviceState::Revoked) {
            row.devices += 1;
            row.here += usize::from(presence::of(site, heard, asset, device, now).presence == Presence::Here);
        }
    }
    row.last_sweep = sweep::last_of(site, &room.id).and_then(|sweep| Some((sweep.id, sweep.finished_at?)));
    row
}
