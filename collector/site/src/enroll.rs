//! How a machine becomes a device of the site, and how a device is bound anew, moved, revoked or retired.

use crate::asset::{self, Asset};
use crate::device::{self, Device, DeviceState};
use crate::fingerprint::{self, Fingerprint, Likeness};
use crate::presence::Presence;
use crate::token::{self, Token};
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, Tag, Working, order, parts, words};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What a machine says when it enrols, with the certificate that the door has made for it.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// BLAKE3 of the token's secret, 64 hexadecimal digits.
    pub token_hash: String,
    /// The id that stands in the certificate: new.
    pub device: DeviceId,
    /// The id of the asset, should it be a new one.
    pub asset: AssetId,
    /// Hardware facts weighed together.
    pub fingerprint: Fingerprint,
    /// The machine's own name.
    pub host_name: String,
    /// The tag that was asked for; empty: made of the host name.
    pub tag: String,
    /// The seat that was asked for; empty: none.
    pub seat: String,
    /// The agent's version; the school simulator's begins with "school".
    pub agent_version: String,
    /// SHA-256 of the certificate, 64 hexadecimal digits.
    pub certificate: String,
    /// When the certificate ends.
    pub certificate_ends: Timestamp,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The new device.
    pub device: DeviceId,
    /// The asset it is bound to.
    pub asset: AssetId,
    /// The asset's tag.
    pub tag: Tag,
}

/// Whether a token may enrol a machine now: asked before a certificate is made.
///
/// # Errors
/// Unknown, spent, ended or taken back.
pub fn admit(site: &Site, token_hash: &str, now: Timestamp) -> Result<(), Refusal> {
    token::good(site, token_hash, now).map(|_| ())
}

/// Enrols a machine and spends one use of the token.
///
/// # Errors
/// The token is no longer good; the tag belongs to an asset that already has a device and no technician has allowed it.
pub fn enroll(w: &mut Working, request: Enrolment) -> Result<Enrolled, Refusal> {
    let token = Arc::clone(token::good(&w.site, &request.token_hash, w.now)?);
    let Placed { asset, before, expected } = place(w, &request, &token)?;
    if let Some(old) = before {
        parts::take_over(w, &asset, &old, &request.fingerprint);
        w.put(Device { state: DeviceState::Retired, presence: Presence::Retired, since: w.now, ..(*old).clone() });
        w.event("device.rebound", format!("{} is taken over by a newly enrolled agent", asset.tag)).about(&asset);
    }
    w.put(Token { uses_left: token.uses_left - 1, ..(*token).clone() });
    w.put(asset.clone());
    w.put(new_device(w.now, asset.id, &request));
    let place = match (&asset.room, &asset.seat) {
        (Some(room), Some(seat)) => format!(" in {room}, seat {seat}"),
        (Some(room), None) => format!(" in {room}"),
        (None, _) => String::new(),
    };
    let twin = twin(&w.site, &request)
        .map_or_else(String::new, |twin| format!("; the same hardware is enrolled as {twin} too: retire one if it is one machine"));
    let data = serde_json::json!({ "device": request.device, "token": token.id, "host_name": request.host_name });
    w.event("device.enrolled", format!("{} enrolled as {}{place} with token {}{twin}", request.host_name, asset.tag, token.id))
        .about(&asset)
        .with(data);
    if let Some(expected) = expected {
        expected.came(w, &asset);
    }
    crate::alert::judge(w, asset.id);
    Ok(Enrolled { device: request.device, asset: asset.id, tag: asset.tag })
}

/// What a machine becomes.
struct Placed {
    /// Its asset.
    asset: Asset,
    /// The device that it takes over from.
    before: Option<Arc<Device>>,
    /// The order line that waited for it.
    expected: Option<order::Expected>,
}

/// What a machine becomes: the asset whose tag it asks for, else the one that waits for its serial, else a new one.
fn place(w: &Working, request: &Enrolment, token: &Token) -> Result<Placed, Refusal> {
    let asked = if request.tag.trim().is_empty() { None } else { Some(Tag::parse(&request.tag)?) };
    let known = asked.or_else(|| waiting(&w.site, &request.fingerprint, token));
    let made = known.is_none();
    let tag = known.unwrap_or_else(|| made_tag(&w.site, &request.host_name, token));
    let (mut asset, before) = match w.site.asset_by_tag(&tag) {
        Some(asset) => (may_bind(w, asset, token)?, w.site.device_of(asset).cloned()),
        None => (Asset::new(request.asset, tag), None),
    };
    asset.device = Some(request.device);
    asset.rebind_until = None;
    asset.simulated = request.agent_version.starts_with("school");
    if asset.name.is_empty() {
        asset.name.clone_from(&request.host_name);
    }
    asset.room = asset.room.take().or_else(|| token.room.clone());
    if !request.seat.trim().is_empty() {
        asset.seat = Some(request.seat.trim().chars().filter(|c| !c.is_control()).take(40).collect());
    }
    asset::free_seat(&w.site, &asset)?;
    let expected = order::expected_by_boot(&w.site, &request.fingerprint, token.room.as_ref()).filter(|_| asset.came_by().is_none());
    if let Some(expected) = expected {
        asset = order::first_boot(&w.site, &asset, expected, &request.fingerprint, w.today()).unwrap_or(asset);
        if made {
            asset.details.get_or_insert_default().tag_wanted = Some(w.now);
        }
    }
    Ok(Placed { asset, before: before.filter(|device| device.state != DeviceState::Retired), expected })
}

/// Whether a machine may become this asset.
fn may_bind(w: &Working, asset: &Asset, token: &Token) -> Result<Asset, Refusal> {
    let tag = &asset.tag;
    if asset.status.is_gone() {
        return Err(Refusal::conflict(format!("{tag} is retired: give the machine another tag, or put {tag} back in service")));
    }
    if let (Some(wanted), Some(room)) = (&token.room, &asset.room)
        && wanted != room
    {
        return Err(Refusal::conflict(format!(
            "{tag} belongs in {room}, and the token is for {wanted}: move {tag}, or use a token for {room}"
        )));
    }
    let speaks =
        w.site.device_of(asset).is_some_and(|device| matches!(device.state, DeviceState::Active | DeviceState::Quarantined { .. }));
    if speaks && asset.rebind_until.is_none_or(|until| until < w.now) {
        return Err(Refusal::conflict(format!(
            "{tag} already has an agent: if this machine replaces it, run `rollcall device rebind {tag}` on the collector first"
        )));
    }
    Ok(asset.clone())
}

/// The tag of the one asset that waits in the token's room for a machine with this system serial.
fn waiting(site: &Site, fingerprint: &Fingerprint, token: &Token) -> Option<Tag> {
    let (serial, room) = (fingerprint::fact(&fingerprint.system_serial)?, token.room.as_ref()?);
    let waits = |asset: &&Arc<Asset>| {
        asset.device.is_none() && !asset.status.is_gone() && fingerprint::fact(&asset.serial).is_some_and(|own| own == serial)
    };
    let mut found = site.assets_in(room).filter(waits);
    let asset = found.next()?;
    found.next().is_none().then(|| asset.tag.clone())
}

/// A tag made of a host name; numbered when it is in use by an asset that this machine can't become.
fn made_tag(site: &Site, host_name: &str, token: &Token) -> Tag {
    let plain: String = host_name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).take(34).collect();
    let stem = if plain.is_empty() { "PC".to_owned() } else { plain };
    let waits = |tag: &Tag| {
        site.asset_by_tag(tag).is_none_or(|asset| {
            let here = asset.room.is_none() || token.room.is_none() || asset.room == token.room;
            asset.device.is_none() && !asset.status.is_gone() && here
        })
    };
    let numbered = (2..=u32::MAX).map(|n| format!("{stem}-{n}"));
    let mut tags = std::iter::once(stem.clone()).chain(numbered).filter_map(|text| Tag::parse(&text).ok());
    tags.find(waits).unwrap_or_else(Tag::unnamed)
}

/// The tag of another active device on the same hardware.
fn twin(site: &Site, request: &Enrolment) -> Option<Tag> {
    let hashes = request.fingerprint.hashes();
    let alike =
        hashes.iter().flat_map(|hash| site.by_hardware.range((*hash, DeviceId(uuid::Uuid::nil()))..=(*hash, DeviceId(uuid::Uuid::max()))));
    let same = |device: &&Arc<Device>| {
        device.id != request.device
            && device.state == DeviceState::Active
            && device.fingerprint.likeness(&request.fingerprint) == Likeness::Same
    };
    let device = alike.filter_map(|(_, id)| site.devices.get(id)).find(same)?;
    site.assets.get(&device.asset).map(|asset| asset.tag.clone())
}

fn new_device(now: Timestamp, asset: AssetId, request: &Enrolment) -> Device {
    Device {
        certificate: request.certificate.clone(),
        certificate_ends: request.certificate_ends,
        host_name: request.host_name.clone(),
        agent_version: request.agent_version.clone(),
        fingerprint: request.fingerprint.clone(),
        ..Device::new(request.device, asset, now)
    }
}

/// Allows the next enrolment with this tag to take the asset over, for an hour; a quarantined device is retired at once.
///
/// # Errors
/// No such asset.
pub fn allow_rebind(w: &mut Working, asset: AssetId) -> Result<(), Refusal> {
    let asset = Arc::clone(asset::get(&w.site, asset)?);
    let asset = w.put(Asset { rebind_until: Some(w.now + SignedDuration::from_hours(1)), ..(*asset).clone() });
    if let Some(device) = w.site.device_of(&asset).cloned().filter(|device| matches!(device.state, DeviceState::Quarantined { .. })) {
        w.put(Device { state: DeviceState::Retired, presence: Presence::Retired, since: w.now, ..(*device).clone() });
    }
    w.event("device.rebind-allowed", format!("{} may be taken over by the next machine that enrols with its tag, for an hour", asset.tag))
        .about(&asset);
    crate::alert::judge(w, asset.id);
    Ok(())
}

/// Takes a device's certificate back; the door closes its live stream.
///
/// # Errors
/// No such device.
pub fn revoke(w: &mut Working, device: DeviceId) -> Result<(), Refusal> {
    let device = Arc::clone(device::get(&w.site, device)?);
    if device.state == DeviceState::Revoked {
        return Ok(());
    }
    w.put(Device {
        state: DeviceState::Revoked,
        since: w.now,
        presence: Presence::Retired,
        note: "revoked".to_owned(),
        ..(*device).clone()
    });
    if let Some(asset) = w.site.assets.get(&device.asset).cloned() {
        w.event("device.revoked", format!("The certificate of {} was taken back", asset.tag)).about(&asset);
    }
    crate::alert::judge(w, device.asset);
    Ok(())
}

/// A new certificate was made for a device that showed the one with the SHA-256 `held`: that one is accepted until the new one is used.
///
/// # Errors
/// No such device, or it may not speak.
pub fn renewed(w: &mut Working, device: DeviceId, held: &str, certificate: String, ends: Timestamp) -> Result<(), Refusal> {
    let device = device::speaking(&w.site, device)?;
    w.put(Device { certificate_before: Some(held.to_owned()), certificate, certificate_ends: ends, ..(*device).clone() });
    if let Some(asset) = w.site.assets.get(&device.asset).cloned() {
        let until = ends.strftime("%F");
        let text = match device.lapsed(w.now) {
            Some(ago) => format!(
                "The certificate of {} had lapsed {} ago; it proved its key and has a new one until {until}",
                asset.tag,
                words::span(ago)
            ),
            None => format!("{} has a new certificate until {until}", asset.tag),
        };
        w.event("device.renewed", text).about(&asset);
    }
    Ok(())
}

/// Whether a device whose certificate has lapsed may still renew it by its key alone: `within` this time.
///
/// # Errors
/// No such device, it may not speak, or it was away for longer (`Forbidden`).
pub fn may_renew(site: &Site, device: DeviceId, within: SignedDuration, now: Timestamp) -> Result<(), Refusal> {
    match device::speaking(site, device)?.lapsed(now) {
        Some(ago) if ago > within => {
            let (ago, within) = (words::span(ago), words::span(within));
            Err(Refusal::forbidden(format!(
                "the certificate lapsed {ago} ago, and only within {within} may a machine renew it by itself: enrol it anew with a token"
            )))
        }
        _ => Ok(()),
    }
}

/// Takes a quarantined device back whose disk sits in other hardware now: the same asset with a new board.
///
/// # Errors
/// No such device; it is not quarantined; its disks are not those of the other hardware (`Conflict`).
pub fn accept_hardware(w: &mut Working, device: DeviceId) -> Result<(), Refusal> {
    let device = Arc::clone(device::get(&w.site, device)?);
    let asset = Arc::clone(asset::get(&w.site, device.asset)?);
    let Some(other) = device.moved_disk() else {
        return Err(Refusal::conflict(format!(
            "{} can't be accepted on other hardware: only a quarantined device can, and only if the other hardware has its disk; \
             to let another machine take its place run `rollcall device rebind {}`",
            asset.tag, asset.tag
        )));
    };
    let text = format!("{} is the same asset with a new board: {}", asset.tag, device.fingerprint.drift(other).join("; "));
    let data = serde_json::json!({ "before": device.fingerprint, "now": other });
    w.put(Device {
        state: DeviceState::Active,
        fingerprint: device.fingerprint.merged(other),
        presence: Presence::Asleep,
        since: w.now,
        note: "accepted on its new board, and not yet heard".to_owned(),
        ..(*device).clone()
    });
    w.event("device.accepted", text).about(&asset).with(data);
    crate::alert::judge(w, asset.id);
    Ok(())
}

/// Moves an asset to a room and a seat (each `None`: nowhere).
///
/// # Errors
/// No such asset or room; the seat is taken.
pub fn relocate(w: &mut Working, asset: AssetId, room: Option<RoomId>, seat: Option<String>) -> Result<(), Refusal> {
    let text = |room: Option<RoomId>| Some(room.map_or_else(String::new, |room| room.to_string()));
    let facts = asset::AssetFacts { room: text(room), seat: Some(seat.unwrap_or_default()), ..asset::AssetFacts::default() };
    asset::set(w, asset, facts).map(|_| ())
}
