//! What both agents' doors share: the collector, the authority, and where agents reach this machine.

use crate::agents::authority::Authority;
use crate::agents::claims::Claims;
use crate::agents::diagnosis::Measuring;
use crate::agents::listen::Caller;
use crate::agents::pace::Paces;
use crate::agents::roll::Roll;
use crate::store::Store;
use crate::{Collector, clock::Clock};
use jiff::SignedDuration;
use rollcall_site::{Site, SiteId};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Sections that are unpacked and decoded at once: each may take 8 MiB and as much again decoded.
const UNPACKERS: usize = 4;

/// Where the doors really listen.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The attendance door.
    pub attendance: SocketAddr,
    /// The enrolment door.
    pub enrolment: SocketAddr,
}

/// What both doors share. One per site.
pub struct Door {
    /// The collector.
    pub collector: Collector,
    /// The site's name, as it stands in certificates.
    pub site: SiteId,
    /// The agents' CA.
    pub authority: Arc<Authority>,
    /// Where the doors really listen.
    pub places: Places,
    /// How long after its certificate lapsed a device may renew it by its key alone.
    pub renew_within: SignedDuration,
    /// Set when the collector stops: every stream is told.
    pub stop: CancellationToken,
    /// Every conversation: the collector waits for them when it stops.
    pub tasks: TaskTracker,
    pub(super) claims: Claims,
    pub(super) measuring: Measuring,
    pub(super) paces: Paces,
    pub(super) unpackers: Arc<Semaphore>,
}

impl Door {
    /// A door to `collector`.
    pub fn new(
        collector: Collector,
        site: SiteId,
        authority: Arc<Authority>,
        places: Places,
        renew_within: SignedDuration,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            collector,
            site,
            authority,
            places,
            renew_within,
            stop,
            tasks,
            claims: Claims::default(),
            measuring: Measuring::default(),
            paces: Paces::default(),
            unpackers: Arc::new(Semaphore::new(UNPACKERS)),
        })
    }

    /// The site as last committed.
    pub(super) fn view(&self) -> Arc<Site> {
        self.collector.keeper.view()
    }

    /// The durable place.
    pub(super) fn store(&self) -> &Arc<dyn Store> {
        self.collector.keeper.store()
    }

    /// The live streams.
    pub(super) fn roll(&self) -> &Roll {
        &self.collector.roll
    }

    /// The clock.
    pub(super) fn clock(&self) -> &Clock {
        self.collector.keeper.clock()
    }

    /// HOST:PORT of the attendance door as this caller reaches it, best first: what the settings say, else the address
    /// under which the caller reached this machine, else this machine's own; the outside address is the last.
    pub(super) fn addresses(&self, caller: &Caller) -> Vec<String> {
        let mut all = addresses(&self.collector.settings.reach, self.places.attendance, caller, own_address());
        all.extend(self.collector.settings.outside.iter().map(|outside| outside.address.clone()));
        all
    }

    /// HOST:PORT of the enrolment door as this caller reaches it, best first.
    pub(super) fn enrolment_addresses(&self, caller: &Caller) -> Vec<String> {
        let hosts: Vec<String> = self.collector.settings.reach.iter().map(|reach| without_port(reach).to_owned()).collect();
        addresses(&hosts, self.places.enrolment, caller, own_address())
    }
}

/// The address of this machine towards the rest of the world. Connecting a datagram socket sends nothing.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?; // an address of the documentation's, never routed
    Some(socket.local_addr().ok()?.ip())
}

/// A host alone, of "host" or "host:port": the ports that the settings name are those of the attendance door.
fn without_port(reach: &str) -> &str {
    match reach.rsplit_once(':') {
        Some((host, digits)) if !host.contains(':') && digits.parse::<u16>().is_ok() => host,
        Some((host, _)) if host.starts_with('[') && host.ends_with(']') => host.trim_matches(['[', ']']),
        _ => reach,
    }
}

fn addresses(reach: &[String], attendance: SocketAddr, caller: &Caller, own: Option<IpAddr>) -> Vec<String> {
    let port = attendance.port();
    let with_port = |host: &String| match host.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') && digits.parse::<u16>().is_ok() => host.clone(),
        _ if host.parse::<std::net::Ipv6Addr>().is_ok() => format!("[{host}]:{port}"),
        _ => format!("{host}:{port}"),
    };
    let socket = |ip: IpAddr| SocketAddr::new(ip.to_canonical(), port).to_string();
    let everywhere = attendance.ip().is_unspecified();
    let mut all = Vec::new();
    if everywhere && caller.address.ip().to_canonical().is_loopback() {
        all.push(socket(caller.reached.ip()));
    }
    match (reach.is_empty(), everywhere) {
        (false, _) => all.extend(reach.iter().map(with_port)),
        (true, true) => all.extend([Some(caller.reached.ip()), own].into_iter().flatten().map(socket)),
        (true, false) => all.push(socket(attendance.ip())),
    }
    let mut seen = BTreeSet::new();
    all.retain(|address| seen.insert(address.clone()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::off_site::Side;

    #[track_caller]
    fn check(reach: &[&str], attendance: &str, caller: &str, reached: &str, want: &[&str]) {
        let reach: Vec<String> = reach.iter().map(|text| (*text).to_owned()).collect();
        let caller = Caller { address: caller.parse().unwrap(), reached: reached.parse().unwrap(), certificate: None, side: Side::Inside };
        assert_eq!(addresses(&reach, attendance.parse().unwrap(), &caller, Some("10.0.0.2".parse().unwrap())), want);
    }

    #[test]
    fn a_caller_is_told_how_to_come_back() {
        check(&[], "0.0.0.0:7443", "10.0.0.9:5", "10.0.0.2:7444", &["10.0.0.2:7443"]);
        check(&[], "0.0.0.0:7443", "10.1.0.9:5", "10.1.0.2:7444", &["10.1.0.2:7443", "10.0.0.2:7443"]);
        check(&[], "0.0.0.0:7443", "127.0.0.1:5", "127.0.0.1:7444", &["127.0.0.1:7443", "10.0.0.2:7443"]);
        check(&[], "127.0.0.1:9", "127.0.0.1:5", "127.0.0.1:7444", &["127.0.0.1:9"]);
        check(
            &["roll.example", "out.example:443", "fe80::1"],
            "0.0.0.0:7443",
            "10.0.0.9:5",
            "10.0.0.2:1",
            &["roll.example:7443", "out.example:443", "[fe80::1]:7443"],
        );
        for (reach, want) in [("out.example:443", "out.example"), ("roll", "roll"), ("fe80::1", "fe80::1"), ("[fe80::1]:9", "fe80::1")] {
            assert_eq!(without_port(reach), want);
        }
        check(&["roll.example"], "0.0.0.0:7443", "127.0.0.1:5", "127.0.0.1:1", &["127.0.0.1:7443", "roll.example:7443"]);
    }
}
