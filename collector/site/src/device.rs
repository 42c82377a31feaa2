//! Devices: enrolled agent identities, each bound to one asset.

use crate::fingerprint::{Fingerprint, Likeness};
use crate::presence::Presence;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, DeviceId, Refusal, Site};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An enrolled agent identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Its id, in its certificate.
    pub id: DeviceId,
    /// The asset it is bound to.
    pub asset: AssetId,
    /// Whether it may speak.
    pub state: DeviceState,
    /// SHA-256 of its certificate, 64 hexadecimal digits.
    pub certificate: String,
    /// SHA-256 of the certificate before, accepted until the new one was used.
    pub certificate_before: Option<String>,
    /// When its certificate ends.
    pub certificate_ends: Timestamp,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// Where the machine is now, for the roll call.
    pub presence: Presence,
    /// Since when.
    pub since: Timestamp,
    /// What is known beside the presence: "switched off", "agent stopped".
    pub note: String,
    /// When it was last heard for this record to change; ask [`crate::heard::last`].
    pub last_heard: Timestamp,
    /// The machine's own name.
    pub host_name: String,
    /// The agent's version.
    pub agent_version: String,
    /// Hardware facts weighed together.
    pub fingerprint: Fingerprint,
    /// The lineage nonces given last, newest first, at most two, as hexadecimal digits.
    pub nonces: Vec<String>,
    /// The agent's session.
    pub session: String,
    /// Entries of the session up to here are durable.
    pub acknowledged: u64,
    /// The boot id last seen.
    pub boot: String,
    /// The site epoch that it has re-based to.
    pub epoch: u64,
    /// Clock of the machine minus clock of the collector when last seen, milliseconds.
    pub clock_off_ms: i64,
    /// When its disk was last found rolled back to an earlier state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_at: Option<Timestamp>,
    /// It last said hello from outside the site.
    #[serde(default, skip_serializing_if = "is_inside")]
    pub off_site: bool,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

fn is_inside(off_site: &bool) -> bool {
    !*off_site
}

impl Record for Device {
    type Key = DeviceId;
    const KIND: &'static str = "device";
    fn key(&self) -> DeviceId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.devices
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.devices
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        for certificate in old.into_iter().flat_map(Self::certificates) {
            site.by_certificate.remove(certificate);
        }
        for certificate in new.into_iter().flat_map(Self::certificates) {
            site.by_certificate.insert(certificate.to_owned(), new.map_or(DeviceId(uuid::Uuid::nil()), |device| device.id));
        }
        let [spoke, speaks] = [old, new].map(|device| device.is_some_and(|device| device.state == DeviceState::Active));
        let profile = old.or(new).filter(|_| spoke != speaks).and_then(|device| site.profiles.get(&device.id));
        if let Some(listed) = profile.and_then(|profile| profile.listed()) {
            if speaks {
                site.by_list.insert(listed)
            } else {
                site.by_list.remove(&listed)
            };
        }
        if old.map(|device| &device.fingerprint) == new.map(|device| &device.fingerprint) {
            return;
        }
        for (hash, device) in old.into_iter().flat_map(|device| device.fingerprint.hashes().into_iter().map(|hash| (hash, device.id))) {
            site.by_hardware.remove(&(hash, device));
        }
        site.by_hardware.extend(new.into_iter().flat_map(|device| device.fingerprint.hashes().into_iter().map(|hash| (hash, device.id))));
    }
}

/// Whether a device may speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum DeviceState {
    /// It may.
    Active,
    /// Two machines hold its key: nobody speaks for it until a technician decides.
    Quarantined {
        /// The evidence, in words.
        why: String,
        /// The other machine's hardware facts.
        other: Fingerprint,
    },
    /// Its certificate was taken back.
    Revoked,
    /// Retired with its asset, or replaced by a newer enrolment.
    Retired,
}

impl Device {
    /// The certificates that speak for it: the current one, and the one before until the new one was used.
    pub fn certificates(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.certificate.as_str()).chain(self.certificate_before.as_deref())
    }

    /// How long ago its certificate ended; `None`: it has not.
    pub fn lapsed(&self, now: Timestamp) -> Option<SignedDuration> {
        Some(now.duration_since(self.certificate_ends)).filter(SignedDuration::is_positive)
    }

    /// The other hardware, if this device is quarantined because its disk sits in it now: a repaired machine, not a copy.
    pub fn moved_disk(&self) -> Option<&Fingerprint> {
        match &self.state {
            DeviceState::Quarantined { other, .. } => {
                let moved = self.fingerprint.likeness(other) == Likeness::Other && self.fingerprint.shares_a_disk(other);
                moved.then_some(other)
            }
            _ => None,
        }
    }
}

impl Site {
    /// The device whose certificate has this SHA-256 (64 hexadecimal digits).
    pub fn device_by_certificate(&self, sha256: &str) -> Option<&Arc<Device>> {
        self.by_certificate.get(sha256).and_then(|id| self.devices.get(id))
    }

    /// The device of an asset.
    pub fn device_of(&self, asset: &crate::asset::Asset) -> Option<&Arc<Device>> {
        asset.device.as_ref().and_then(|id| self.devices.get(id))
    }
}

/// The device with this id.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: DeviceId) -> Result<&Arc<Device>, Refusal> {
    site.devices.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no device {id}")))
}

/// The device with this id, if it may speak.
///
/// # Errors
/// There is none, or it is revoked, retired or quarantined (`Forbidden`).
pub fn speaking(site: &Site, id: DeviceId) -> Result<Arc<Device>, Refusal> {
    let device = get(site, id)?;
    match &device.state {
        DeviceState::Active => Ok(Arc::clone(device)),
        DeviceState::Quarantined { why, .. } => {
            Err(Refusal::forbidden(format!("this identity is quarantined until a technician decides: {why}")))
        }
        DeviceState::Revoked => Err(Refusal::forbidden("this device's certificate was taken back: enrol it anew if it belongs here")),
        DeviceState::Retired => Err(Refusal::forbidden("this device is retired: enrol it anew if it belongs here")),
    }
}

impl Device {
    /// A device that was just enrolled: active, and not yet heard.
    pub fn new(id: DeviceId, asset: AssetId, now: Timestamp) -> Self {
        Self {
            id,
            asset,
            state: DeviceState::Active,
            certificate: String::new(),
            certificate_before: None,
            certificate_ends: now,
            enrolled_at: now,
            presence: Presence::Asleep,
            since: now,
            note: "enrolled, and not yet heard".to_owned(),
            last_heard: now,
            host_name: String::new(),
            agent_version: String::new(),
            fingerprint: Fingerprint::default(),
            nonces: Vec::new(),
            session: String::new(),
            acknowledged: 0,
            boot: String::new(),
            epoch: 0,
            clock_off_ms: 0,
            rolled_back_at: None,
            off_site: false,
            rest: Rest::new(),
        }
    }
}
