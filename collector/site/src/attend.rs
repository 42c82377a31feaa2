//! What a device says on its stream, and what that changes: hello, reports, goodbye, silence.

use crate::fingerprint::Fingerprint;
use crate::{DeviceId, Refusal, Working};
use jiff::Timestamp;
use rollcall_proto::{Digest, Section};
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
    let _ = (w, device, certificate, hello, nonce);
    todo!()
}

/// Two live streams speak for one device at once: it is quarantined.
///
/// # Errors
/// No such device.
pub fn overlap(w: &mut Working, device: DeviceId, other: Fingerprint) -> Result<(), Refusal> {
    let _ = (w, device, other);
    todo!()
}

/// Takes a report in and says up to which number the session is durable. A report that was taken in before changes nothing.
/// The bytes of every content named must be durable; those that the site does not hold yet come along in `contents`.
///
/// # Errors
/// No such device, it may not speak, or it names a content that nobody holds (`Invalid`).
pub fn report(w: &mut Working, device: DeviceId, report: Report, contents: Vec<(Digest, Arc<Section>)>) -> Result<u64, Refusal> {
    let _ = (w, device, report, contents);
    todo!()
}

/// It said goodbye.
///
/// # Errors
/// No such device.
pub fn goodbye(w: &mut Working, device: DeviceId, why: Goodbye) -> Result<(), Refusal> {
    let _ = (w, device, why);
    todo!()
}

/// It was last heard at `heard` and is not heard any more, without a goodbye. Changes nothing if it is not here.
///
/// # Errors
/// No such device.
pub fn silent(w: &mut Working, device: DeviceId, heard: Timestamp) -> Result<(), Refusal> {
    let _ = (w, device, heard);
    todo!()
}

/// Writes down when devices were last heard: every 5 minutes, all at once. Makes no event.
pub fn checkpoint(w: &mut Working, heard: &[(DeviceId, Timestamp)]) {
    let _ = (w, heard);
    todo!()
}
