//! Mutated messages: every field of every message that an agent may say, at its limits, unknown and torn, through everything
//! that hears it. Nothing panics, and what gets through is bounded.
//!
//! `ROLLCALL_MUTATIONS=10000000 cargo test --release -p rollcall mutated` is the long form.

use crate::agents::authority::Authority;
use crate::agents::enroll::enrolment;
use crate::agents::intake::open;
use crate::agents::pending::Pending;
use crate::agents::translate::{self, Times};
use crate::secrets::Secrets;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::{Digest, SECTIONS, Section, pack, v1};
use rollcall_site::event::Actor;
use rollcall_site::{About, AssetId, DeviceId, Site, SiteId, Working};
use std::path::Path;
use uuid::Uuid;

const SESSION: &str = "0190a3c4-0000-7000-8000-000000000001";

/// Cases of the short form.
const SHORT: u32 = 4_000;

/// Every field below a message, as the bytes that override it in any valid message: a later value wins, and messages merge.
fn overrides(message: &MessageDescriptor, depth: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = message.fields().flat_map(|field| of_field(&field, depth)).collect();
    all.push(tagged(500, WireType::Varint, &varint(7))); // a field of a newer version
    all
}

fn of_field(field: &FieldDescriptor, depth: usize) -> Vec<Vec<u8>> {
    let number = field.number();
    let length = |bytes: &[u8]| tagged(number, WireType::LengthDelimited, &[varint(bytes.len() as u64), bytes.to_vec()].concat());
    match field.kind() {
        Kind::Message(inner) if depth > 0 => overrides(&inner, depth - 1).iter().map(|bytes| length(bytes)).chain([length(&[])]).collect(),
        Kind::Message(_) => vec![length(&[])],
        Kind::String | Kind::Bytes => {
            let texts: [&[u8]; 8] =
                [b"", b"x", &[b'y'; 5000], b"\0\x1b[31m\n", &[0xff; 32], &[0; 32], SESSION.as_bytes(), b"<svg onload=x>"];
            texts.into_iter().map(length).collect()
        }
        _ => [0, 1, 99, u64::from(u32::MAX), i64::MAX as u64, i64::MIN as u64, u64::MAX]
            .map(|value| tagged(number, WireType::Varint, &varint(value)))
            .to_vec(),
    }
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(value, &mut bytes);
    bytes
}

fn tagged(number: u32, wire: WireType, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(number, wire, &mut bytes);
    bytes.extend_from_slice(value);
    bytes
}

fn described(name: &str) -> MessageDescriptor {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    let files = ["attendance", "enrollment", "health", "sections"].map(|name| format!("rollcall/v1/{name}.proto"));
    let pool = DescriptorPool::from_file_descriptor_set(protox::compile(files, [proto]).unwrap()).unwrap();
    pool.get_message_by_name(&format!("rollcall.v1.{name}")).unwrap()
}

/// What hears an agent: the same functions as the doors, one after another.
struct Ear {
    site: Site,
    device: DeviceId,
    authority: Authority,
    now: Timestamp,
    _dir: tempfile::TempDir,
}

impl Ear {
    fn new() -> Self {
        let (dir, now) = (tempfile::tempdir().unwrap(), "2026-09-01T08:00:00Z".parse::<Timestamp>().unwrap());
        let id = SiteId::parse("main").unwrap();
        let authority = Authority::open(&Secrets::open(dir.path()).unwrap(), &id, now).unwrap();
        let mut ear = Self { site: Site::default(), device: DeviceId(Uuid::from_u128(1)), authority, now, _dir: dir };
        let ends = now + SignedDuration::from_hours(1);
        ear.change(|w| {
            w.put(About { id, name: "School".into(), time_zone: "UTC".into(), epoch: 1, rest: Default::default() });
            rollcall_site::token::make(w, "hash".into(), None, 10_000, ends).unwrap();
        });
        let said = v1::EnrollRequest { host_name: "pc".into(), ..Default::default() };
        let request = enrolment(said, "hash".into(), ear.device, "cert".into(), ends);
        ear.change(|w| rollcall_site::enroll::enroll(w, request).unwrap());
        ear
    }

    /// A change that stays.
    fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> T) -> T {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::Rollcall);
        let answer = change(&mut w);
        self.site = w.finish().site;
        answer
    }

    /// A change that is looked at and dropped: what it would write is bounded.
    fn try_out<T>(&self, change: impl FnOnce(&mut Working) -> T) {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::Rollcall);
        drop(change(&mut w));
        let finished = w.finish();
        for event in &finished.events {
            assert!(event.text.chars().count() < 60_000 && !event.text.contains('\u{1b}'), "{}", event.text);
        }
        let bytes: usize = finished.written.iter().filter_map(|written| written.body.as_ref()).map(Vec::len).sum();
        assert!(bytes < 512 * 1024, "{bytes} bytes are written for one message");
    }

    fn hear(&self, bytes: &[u8]) {
        let Ok(word) = v1::FromAgent::decode(bytes) else { return };
        let times = Times { off_ms: 5, now: self.now };
        match word.message {
            Some(Said::Hello(hello)) => {
                let Ok(hello) = translate::hello(hello) else { return };
                self.try_out(|w| rollcall_site::attend::hello(w, self.device, "cert", &hello, "n".into()));
            }
            Some(Said::Entry(entry)) => {
                let Ok(report) = translate::report(entry, SESSION, times) else { return };
                assert!(report.at <= self.now);
                let mut pending = Pending::default();
                drop(pending.push(report.clone(), self.now, |_, _| false));
                drop(pending.pop(self.now, |_, _| true));
                self.try_out(|w| rollcall_site::attend::report(w, self.device, report, Vec::new()));
            }
            Some(Said::Section(section)) => self.section(&section),
            Some(Said::Heartbeat(heartbeat)) => {
                let health = heartbeat.health.map(|health| translate::health(health, times));
                assert!(health.is_none_or(|health| health.at_ms <= self.now.as_millisecond()));
                let detail = heartbeat.detail.map(translate::detail);
                assert!(detail.is_none_or(|detail| detail.encoded_len() < 32 * 1024));
            }
            Some(Said::Goodbye(goodbye)) => self.try_out(|w| rollcall_site::attend::goodbye(w, self.device, translate::goodbye(goodbye))),
            Some(Said::Renewal(request)) => drop(self.authority.sign(&request.csr_der, self.device, self.now)),
            Some(Said::Done(done)) => assert!(translate::sentence(&done.problem).chars().count() <= 300),
            None => {}
        }
    }

    fn section(&self, section: &v1::SectionBytes) {
        let names = SECTIONS.iter().map(|name| (*name).to_owned());
        if let Some(digest) = Digest::from_wire(&section.digest) {
            names.for_each(|name| drop(open(&digest, &[name], &section.zstd)));
        }
    }

    fn enrol(&self, bytes: &[u8]) {
        if let Ok(said) = v1::EnrollRequest::decode(bytes) {
            drop(self.authority.sign(&said.csr_der, self.device, self.now));
            let request = enrolment(said, "hash".into(), DeviceId(Uuid::from_u128(2)), "c".into(), self.now);
            assert!(request.asset != AssetId(Uuid::nil()));
            self.try_out(|w| rollcall_site::enroll::enroll(w, request));
        }
    }
}

/// Valid messages to begin with, one of each kind.
fn valid() -> Vec<Vec<u8>> {
    let state = v1::SectionState { name: "os".into(), digest: vec![3; 32], ..Default::default() };
    let says = [
        Said::Hello(v1::Hello { session: SESSION.into(), next: 1, fingerprint: Some(v1::Fingerprint::default()), ..Default::default() }),
        Said::Entry(v1::Entry { session: SESSION.into(), number: 1, sections: vec![state], ..Default::default() }),
        Said::Section(v1::SectionBytes { digest: Digest::of(b"").as_bytes().to_vec(), zstd: pack(b"").unwrap() }),
        Said::Heartbeat(v1::Heartbeat { health: Some(v1::Health::default()), ..Default::default() }),
        Said::Goodbye(v1::Goodbye { reason: 1 }),
        Said::Done(v1::CommandDone::default()),
        Said::Renewal(v1::CertificateRequest::default()),
    ];
    says.into_iter().map(|message| v1::FromAgent { message: Some(message) }.encode_to_vec()).chain([Vec::new()]).collect()
}

#[test]
fn every_field_at_its_limits_is_refused_or_borne() {
    let ear = Ear::new();
    let (said, asked) = (overrides(&described("FromAgent"), 4), overrides(&described("EnrollRequest"), 3));
    assert!(said.len() > 300 && asked.len() > 60, "{} and {}", said.len(), asked.len());
    for first in valid() {
        for more in &said {
            ear.hear(&[first.as_slice(), more].concat());
        }
    }
    asked.iter().for_each(|bytes| ear.enrol(bytes));
}

#[test]
fn every_field_of_a_section_at_its_limits_is_refused_or_borne() {
    for (name, message) in
        [("software", "Software"), ("storage", "Storage"), ("network", "Network"), ("displays", "Displays"), ("memory", "Memory")]
    {
        for bytes in overrides(&described(message), 3) {
            let digest = Digest::of(&bytes);
            let opened = open(&digest, &[name.to_owned()], &pack(&bytes).unwrap());
            assert!(opened.is_err() || Section::decode(name, &bytes).is_some_and(|section| section.is_ok()), "{name}");
        }
    }
}

#[test]
fn mutated_messages_never_panic() {
    let cases = std::env::var("ROLLCALL_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(SHORT);
    let (ear, valid) = (Ear::new(), valid());
    let (said, asked) = (overrides(&described("FromAgent"), 4), overrides(&described("EnrollRequest"), 3));
    let mutations = (
        0..valid.len(),
        prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        prop::option::weighted(0.2, any::<prop::sample::Index>()),
    );
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 10_000, ..Config::default() };
    let ran = TestRunner::new(config).run(&mutations, |(first, fields, flips, cut)| {
        for (overrides, first, enrols) in [(&said, valid[first].as_slice(), false), (&asked, &[][..], true)] {
            let mut bytes = fields.iter().fold(first.to_vec(), |bytes, field| [&bytes[..], field.get::<Vec<u8>>(overrides)].concat());
            for (at, value) in flips.iter().filter(|_| !bytes.is_empty()).cloned().collect::<Vec<_>>() {
                let at = at.index(bytes.len());
                bytes[at] ^= value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len() + 1));
            }
            if enrols { ear.enrol(&bytes) } else { ear.hear(&bytes) }
        }
        Ok(())
    });
    ran.unwrap();
}
