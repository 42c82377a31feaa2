//! How a machine becomes a device of the site, and how a device is bound anew, moved, revoked or retired.

use crate::fingerprint::Fingerprint;
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, Tag, Working};
use jiff::Timestamp;

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
    let _ = (site, token_hash, now);
    todo!()
}

/// Enrols a machine and spends one use of the token.
///
/// # Errors
/// The token is no longer good; the tag belongs to an asset that already has a device and no technician has allowed it.
pub fn enroll(w: &mut Working, request: Enrolment) -> Result<Enrolled, Refusal> {
    let _ = (w, request);
    todo!()
}

/// Allows the next enrolment with this tag to take the asset over, for an hour; also lifts a quarantine: the device is retired.
///
/// # Errors
/// No such asset.
pub fn allow_rebind(w: &mut Working, asset: AssetId) -> Result<(), Refusal> {
    let _ = (w, asset);
    todo!()
}

/// Takes a device's certificate back; the door closes its live stream.
///
/// # Errors
/// No such device.
pub fn revoke(w: &mut Working, device: DeviceId) -> Result<(), Refusal> {
    let _ = (w, device);
    todo!()
}

/// A new certificate was made for a device; the old one is accepted until the new one is used.
///
/// # Errors
/// No such device, or it may not speak.
pub fn renewed(w: &mut Working, device: DeviceId, certificate: String, ends: Timestamp) -> Result<(), Refusal> {
    let _ = (w, device, certificate, ends);
    todo!()
}

/// Moves an asset to a room and a seat (each `None`: nowhere).
///
/// # Errors
/// No such asset or room; the seat is taken.
pub fn relocate(w: &mut Working, asset: AssetId, room: Option<RoomId>, seat: Option<String>) -> Result<(), Refusal> {
    let _ = (w, asset, room, seat);
    todo!()
}
