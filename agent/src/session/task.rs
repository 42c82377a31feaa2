//! What a session asks to be done.

use super::Lineage;
use crate::survey::Contents;
use rollcall_proto::v1::{Certificate, Entry, Hello};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Something to do.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Call the collector; this is the greeting.
    Connect(Box<Hello>),
    /// Close the connection.
    Disconnect,
    /// Send no report for this long; heartbeats go on, or the machine would count as silent.
    Hold(Duration),
    /// Read sections, and bring them as [`super::Event::Surveyed`].
    Survey(Vec<&'static str>),
    /// Read the health.
    ReadHealth,
    /// Ask on the own link for this address and bring who answers, with the command's number, as [`super::Event::Resolved`].
    Resolve(u64, Ipv4Addr, String),
    /// Make the look of the step at this place of [`crate::diagnose::STEPS`] for this command, and bring it as [`super::Event::Looked`].
    Look(u64, usize),
    /// Make these durable.
    Keep(Entry, Contents),
    /// Forget entries up to the number, and all bytes but these.
    Forget(u64, Contents),
    /// Begin the spool anew under this session, with these entries.
    BeginAnew(String, Vec<Entry>),
    /// Keep what the next greeting shows.
    Remember(Lineage),
    /// Keep where the collector can be reached, best first.
    Addresses(Vec<String>),
    /// Make a new key and a request for its certificate.
    MakeRequest,
    /// Renew the lapsed certificate at the first of these enrolment doors that answers, and bring it as [`super::Event::Installed`].
    RenewLapsed(Vec<String>),
    /// Put the new certificate in place of the old one.
    Install(Certificate),
    /// Forget key and certificate for good.
    Retire,
    /// Stop, when what is to be sent is sent.
    Finish,
}
