//! The agents' door fed with hostile bytes: the same functions as the conversation calls, one after another, over a site of one device.

use crate::agents::attend::names;
use crate::agents::authority::Authority;
use crate::agents::enroll::enrolment;
use crate::agents::intake::open;
use crate::agents::listen::neighbourhood;
use crate::agents::pending::Pending;
use crate::agents::renew::{Challenges, is_signed};
use crate::agents::token::hash_of;
use crate::agents::translate::{self, Times};
use crate::secrets::Secrets;
use crate::store::fuzz::Scratch;
use crate::tls::validity;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use rollcall_proto::fuzz::{Feed, Target};
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::{Digest, SECTIONS, pack, v1};
use rollcall_site::content::Content;
use rollcall_site::event::Actor;
use rollcall_site::off_site::Side;
use rollcall_site::{About, AssetId, DeviceId, Refusal, Site, SiteId, Working};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use uuid::Uuid;

const SESSION: &str = "0190a3c4-0000-7000-8000-000000000001";
/// 2026-09-01T08:00:00Z.
const NOW_S: i64 = 1_788_249_600;

/// Everything that an agent, or who plays one, may say.
pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("agent-address", &[b"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"], address),
        Target::new("certificate", &[b"\x30\x03\x02\x01\x00"], certificate),
        Target::with_state("enrol", &[], || feed(|ear, bytes| ear.enrol(bytes))).and(vec![asks().encode_to_vec()]).of("EnrollRequest"),
        Target::new("enrol-token", &[b"rc1.main.c2VjcmV0.cGlu"], token),
        Target::with_state("from-agent", &[], || feed(|ear, bytes| ear.hear(bytes))).and(words()).of("FromAgent"),
        Target::with_state("renew", &[], renew).and(vec![v1::RenewRequest::default().encode_to_vec()]).of("RenewRequest"),
        Target::new("section", &[b"\x0e\x0a\x06\x0a\x04bash", b"\x08\x0a\x06Debian"], section),
        Target::new("section-packed", &[], packed).and(vec![pack(b"").unwrap_or_default()]),
    ]
}

/// What hears an agent.
struct Ear {
    site: Site,
    device: DeviceId,
    authority: Authority,
    now: Timestamp,
    _scratch: Scratch,
}

/// A door with an ear behind it.
fn feed(hear: impl Fn(&Ear, &[u8]) + 'static) -> Feed {
    let ear = Ear::new();
    assert!(ear.is_some(), "the authority can't be made");
    Box::new(move |bytes| ear.iter().for_each(|ear| hear(ear, bytes)))
}

impl Ear {
    fn new() -> Option<Self> {
        let (scratch, now) = (Scratch::new(), Timestamp::from_second(NOW_S).ok()?);
        let id = SiteId::parse("main").ok()?;
        let authority = Authority::open(&Secrets::open(scratch.dir()).ok()?, &id, now).ok()?;
        let mut ear = Self { site: Site::default(), device: DeviceId(Uuid::from_u128(1)), authority, now, _scratch: scratch };
        let ends = now + SignedDuration::from_hours(1);
        ear.change(|w| {
            w.put(About {
                id,
                name: "School".into(),
                time_zone: "UTC".into(),
                epoch: 1,
                rules: Default::default(),
                rest: Default::default(),
            });
            rollcall_site::token::make(w, "hash".into(), None, 10_000, ends).ok()
        })?;
        let said = v1::EnrollRequest { host_name: "pc".into(), ..Default::default() };
        let request = enrolment(said, "hash".into(), ear.device, "cert".into(), ends);
        ear.change(|w| rollcall_site::enroll::enroll(w, request).ok())?;
        Some(ear)
    }

    /// A change that stays.
    fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> T) -> T {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::Rollcall);
        let answer = change(&mut w);
        self.site = w.finish().site;
        answer
    }

    /// A change that is looked at and dropped: what it would write is bounded.
    fn try_out<T>(&self, change: impl FnOnce(&mut Working) -> T) -> T {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::Rollcall);
        let answer = change(&mut w);
        let finished = w.finish();
        for event in &finished.events {
            assert!(event.text.chars().count() < 60_000 && event.text.chars().all(translate::shows), "{}", event.text);
        }
        let bytes: usize = finished.written.iter().filter_map(|written| written.body.as_ref()).map(Vec::len).sum();
        assert!(bytes < 512 * 1024, "{bytes} bytes are written for one message");
        // What is written down is taken up again, by this version and by replay.
        let mut replayed = self.site.clone();
        for written in &finished.written {
            assert!(replayed.restore(written).is_ok(), "{} {} is not taken up again", written.kind, written.key);
        }
        answer
    }

    fn hear(&self, bytes: &[u8]) {
        let Ok(word) = v1::FromAgent::decode(bytes) else { return };
        let times = Times { off_ms: 5, now: self.now };
        match word.message {
            Some(Said::Hello(hello)) => {
                let Ok(hello) = translate::hello(hello) else { return };
                let met = self.try_out(|w| rollcall_site::attend::hello(w, self.device, "cert", &hello, "n".into()));
                assert!(met.is_ok(), "an active device may say hello");
            }
            Some(Said::Entry(entry)) => self.entry(entry, times),
            Some(Said::Section(said)) => {
                if let Some(digest) = Digest::from_wire(&said.digest) {
                    SECTIONS.iter().for_each(|name| drop(open(&digest, &[(*name).to_owned()], &said.zstd, &Arc::default())));
                }
            }
            Some(Said::Heartbeat(heartbeat)) => {
                let health = heartbeat.health.map(|health| translate::health(health, times));
                assert!(health.is_none_or(|health| health.at_ms <= self.now.as_millisecond()));
                let detail = heartbeat.detail.map(translate::detail);
                assert!(detail.is_none_or(|detail| detail.encoded_len() < 32 * 1024));
            }
            Some(Said::Goodbye(goodbye)) => {
                let said = self.try_out(|w| rollcall_site::attend::goodbye(w, self.device, translate::goodbye(goodbye)));
                assert!(said.is_ok());
            }
            Some(Said::Renewal(request)) => self.sign(&request.csr_der),
            Some(Said::Done(done)) => assert!(translate::sentence(&done.problem).chars().count() <= 300),
            Some(Said::Step(step)) => self.step(&step),
            // Its filler is counted and nobody looks at it.
            Some(Said::Echo(_)) | None => {}
        }
    }

    /// A step of a diagnosis that goes on.
    fn step(&self, step: &v1::DiagnosisStep) {
        let Some(ended) = translate::step(step, Side::Inside, self.now) else { return };
        assert!(ended.found.chars().count() <= 300 && ended.found.chars().all(translate::shows));
        let heard = [(self.device, self.now)].into_iter().collect();
        let done = self.try_out(|w| {
            let of = rollcall_site::diagnosis::begin(w, self.device, &heard)?;
            rollcall_site::diagnosis::step_ended(w, &of, ended);
            Ok::<_, Refusal>(rollcall_site::diagnosis::finish(w, &of, String::new()))
        });
        assert!(done.is_ok_and(|done| done.ended.len() == 1));
    }

    fn entry(&self, entry: v1::Entry, times: Times) {
        let Ok(report) = translate::report(entry, SESSION, times) else { return };
        assert!(report.at <= self.now && report.sections.len() <= SECTIONS.len());
        let mut pending = Pending::default();
        let asked = pending.push(report.clone(), self.now, |_, _| false);
        assert!(asked.is_ok_and(|asked| asked.len() <= SECTIONS.len()), "one report is never too much");
        assert!(pending.pop(self.now, |_, _| true).is_some(), "a report whose contents are held is ready");
        drop(self.try_out(|w| rollcall_site::attend::report(w, self.device, report, Vec::new())));
    }

    /// Nothing of a request but its key gets into a certificate.
    fn sign(&self, csr: &[u8]) {
        if let Ok(issued) = self.authority.sign(csr, self.device, self.now) {
            assert!(issued.der.len() < 4096 && validity(&issued.der).is_some_and(|(from, to)| from < NOW_S && to > NOW_S));
        }
    }

    fn enrol(&self, bytes: &[u8]) {
        let Ok(said) = v1::EnrollRequest::decode(bytes) else { return };
        self.sign(&said.csr_der);
        let request = enrolment(said, "hash".into(), DeviceId(Uuid::from_u128(2)), "c".into(), self.now);
        assert!(request.asset != AssetId(Uuid::nil()));
        drop(self.try_out(|w| rollcall_site::enroll::enroll(w, request)));
    }
}

/// One valid message of each kind.
fn words() -> Vec<Vec<u8>> {
    let state = v1::SectionState { name: "os".into(), digest: vec![3; 32], ..Default::default() };
    let unread = v1::SectionState { name: "memory".into(), not_measured: "needs root".into(), ..Default::default() };
    let says = [
        Said::Hello(v1::Hello { session: SESSION.into(), next: 1, fingerprint: Some(fingerprint()), ..Default::default() }),
        Said::Entry(v1::Entry { session: SESSION.into(), number: 1, sections: vec![state, unread], ..Default::default() }),
        Said::Section(v1::SectionBytes { digest: Digest::of(b"").as_bytes().to_vec(), zstd: pack(b"").unwrap_or_default() }),
        Said::Heartbeat(v1::Heartbeat { health: Some(v1::Health::default()), ..Default::default() }),
        Said::Goodbye(v1::Goodbye { reason: 1 }),
        Said::Done(v1::CommandDone::default()),
        Said::Renewal(v1::CertificateRequest::default()),
    ];
    says.into_iter().map(|message| v1::FromAgent { message: Some(message) }.encode_to_vec()).collect()
}

fn fingerprint() -> v1::Fingerprint {
    v1::Fingerprint { system_uuid: "u".into(), system_serial: "5CG1".into(), macs: vec!["02:00:00:00:00:01".into()], ..Default::default() }
}

fn asks() -> v1::EnrollRequest {
    v1::EnrollRequest {
        fingerprint: Some(fingerprint()),
        host_name: "pc".into(),
        tag: "LAB1-01".into(),
        seat: "1".into(),
        ..Default::default()
    }
}

fn address(bytes: &[u8]) {
    let Some(bits) = bytes.first_chunk::<16>() else { return };
    let address = neighbourhood(IpAddr::V6(Ipv6Addr::from(*bits)));
    assert_eq!(neighbourhood(address), address);
}

fn certificate(bytes: &[u8]) {
    let named = names(bytes, "rollcall://main/device/made-up");
    assert!(!named || validity(bytes).is_some(), "only a certificate names a device");
}

fn token(bytes: &[u8]) {
    let (Ok(site), text) = (SiteId::parse("main"), String::from_utf8_lossy(bytes)) else { return };
    if let Some(hash) = hash_of(&text, &site) {
        assert!(hash.len() == 64 && text.trim().starts_with("rc1.main."));
    }
}

fn renew() -> Feed {
    let challenges = Challenges::new().ok();
    Box::new(move |bytes| {
        let (Ok(said), Ok(now), Some(challenges)) = (v1::RenewRequest::decode(bytes), Timestamp::from_second(NOW_S), &challenges) else {
            return;
        };
        assert!(!challenges.is_good(&said.nonce, now), "nobody guesses a challenge");
        assert!(!is_signed(&said), "nobody guesses a signature");
    })
}

/// The first byte picks the section; the rest comes as its bytes, packed as an agent would.
fn section(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let Some(name) = SECTIONS.get(usize::from(*first) % SECTIONS.len()) else { return };
    let Ok(packed) = pack(bytes) else { return };
    if let Ok((sections, opened)) = open(&Digest::of(bytes), &[(*name).to_owned()], &packed, &Arc::default()) {
        assert_eq!(opened, bytes.len());
        for section in sections.iter().filter_map(Content::section) {
            assert!(section.name() == *name && crate::agents::text::odd(&section).is_none());
            let plain = |c: char| translate::shows(c) || c == '\u{0}';
            assert!(section.to_json().to_string().chars().all(plain), "{name}");
        }
    }
}

/// The bytes come as a packed section, whose digest is right where they unpack.
fn packed(bytes: &[u8]) {
    let digest = rollcall_proto::unpack(bytes).map_or_else(|_| Digest::of(b"x"), |plain| Digest::of(&plain));
    for name in SECTIONS {
        drop(open(&digest, &[(*name).to_owned()], bytes, &Arc::default()));
    }
}
