//! What lies in files and comes in texts: identity, state, spool, facts, tokens, addresses, words at the bell, the collector's answer.

use crate::enroll::{self, Token};
use crate::host::{facts_answer, manifest_reads_back, means};
use crate::identity::{Identity, Key};
use crate::session::Lineage;
use crate::spool::Spool;
use crate::status::Status;
use crate::{tls, watch};
use prost::Message;
use rollcall_proto::fuzz::{Feed, Target};
use rollcall_proto::v1::{EnrollResponse, Entry, Fingerprint};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

const SESSION: &str = "01890000-0000-7000-8000-000000000001";
const TOKEN: &[u8] = b"rc1.main.c2VjcmV0.BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
const IDENTITY: &[u8] = br#"{"site":"main","device":"d","tag":"T","server_name":"main.rollcall.internal","addresses":["10.0.0.1:7443"],
    "key_der":"AQID","certificate_der":"BA==","ca_der":"BQ==","bound":{"uuid":["00"]}}"#;
const FACTS: &[u8] = br#"{"at_s":7,"files":{"/sys/x":"NUNHMQo="},"answers":{"boots":"[]"},"refused":{"/y":"denied"},"absent":["/z"]}"#;
const STATUS: &[u8] = br#"{"standing":"connected","since":"2026-09-01T08:00:00Z","address":null,"trouble":null,"unacknowledged":0,
    "lost_entries":0,"acknowledged_at":null,"version":"1","pid":7}"#;
const CURRENT: &[u8] = br#"{"session":"01890000-0000-7000-8000-000000000001","boot":"b","acknowledged":1}"#;

/// Every text and file, alphabetical.
pub(super) fn targets() -> Vec<Target> {
    vec![
        Target::new("address", &[b"collector.school:7444", b"[fd00::1]:9"], address),
        Target::new("bell", &[b"suspend", b"resume"], bell),
        Target::with_state("enroll-answer", &[], enroll_answer).and(answers()).of("EnrollResponse"),
        Target::new("facts", &[FACTS], |bytes| assert!(facts_answer(bytes))),
        Target::new("host-json", &[br#"{"architecture":"x86_64","refused":{"/a":{"too-large":4}}}"#], |bytes| {
            assert!(manifest_reads_back(bytes))
        }),
        Target::new("identity", &[IDENTITY], identity),
        Target::new("lineage", &[br#"{"nonce":[1],"epoch":3,"server_ms":5}"#], json::<Lineage>),
        Target::new("locks", &[b"1: POSIX  ADVISORY  WRITE 811 fe:01:1234 0 EOF\n"], locks),
        Target::with_state("spool-current", &[CURRENT], || spool("current")),
        Target::with_state("spool-entry", &[], || spool(&format!("{SESSION}/00000000000000000002"))).and(entries()),
        Target::with_state("spool-names", &[b"00000000000000000001", b"18446744073709551615\n18446744073709551614"], spool_names),
        Target::new("status", &[STATUS], json::<Status>),
        Target::new("token", &[TOKEN], token),
    ]
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn address(bytes: &[u8]) {
    if let Ok((address, host)) = enroll::address(&lossy(bytes)) {
        assert!(address.len() <= 255 + 8 && !host.is_empty(), "{address:?}");
        assert!(enroll::address(&address).is_ok_and(|(again, _)| again == address), "{address:?} is read as something else");
    }
}

fn bell(bytes: &[u8]) {
    if let Some(word) = means(bytes) {
        assert_eq!(bytes.trim_ascii(), word.as_bytes());
    }
}

fn locks(bytes: &[u8]) {
    let table = lossy(bytes);
    assert!(!watch::names_lock(&table) || table.contains("1234"), "{table}");
}

fn token(bytes: &[u8]) {
    if let Ok(token) = Token::parse(&lossy(bytes)) {
        assert!(bytes.len() <= 4096 && token.site().len() <= 63, "{token:?}");
        assert!(rustls::pki_types::ServerName::try_from(format!("enroll.{}.rollcall.internal", token.site())).is_ok(), "{token:?}");
    }
}

/// What is read and written reads the same.
fn json<T: Serialize + DeserializeOwned + PartialEq>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let again = serde_json::to_vec(&read).ok().and_then(|text| serde_json::from_slice::<T>(&text).ok());
    assert!(again.is_some_and(|again| again == read));
}

fn identity(bytes: &[u8]) {
    json::<Identity>(bytes);
    let Ok(identity) = serde_json::from_slice::<Identity>(bytes) else { return };
    let fingerprint = Fingerprint { system_uuid: "u".to_owned(), ..Fingerprint::default() };
    if let Ok(Some(bound)) = identity.recognise(&fingerprint) {
        assert!(bound.recognise(&fingerprint).is_ok_and(|changed| changed.is_none()), "a machine that was recognised is known");
    }
    let usable = identity.sign(b"statement").is_ok();
    assert!(!usable || !identity.key_der.is_empty());
    let connects = tls::attendance(&identity, tls::ServerTime::said(0)).is_ok();
    assert!(!connects || tls::validity(&identity.certificate_der).is_some() || identity.renew_at_ms() == i64::MIN);
    assert!(!format!("{identity:?}").contains("key_der"));
}

fn enroll_answer() -> Feed {
    let (key, token) = (Key::generate().ok(), Token::parse(&lossy(TOKEN)).ok());
    assert!(key.is_some() && token.is_some());
    Box::new(move |bytes| {
        let (Ok(answer), Some(key), Some(token)) = (EnrollResponse::decode(bytes), &key, &token) else { return };
        // Nobody finds a certificate whose hash is the pin.
        assert!(enroll::identity(answer.clone(), key, token, "collector").is_err());
        assert!(key.check(&answer.certificate_der, &answer.ca_der).is_err(), "nobody signed this key");
        let issued = tls::check_issued(&answer.certificate_der, &answer.ca_der).is_ok();
        assert!(!issued || tls::validity(&answer.certificate_der).is_some());
    })
}

fn answers() -> Vec<Vec<u8>> {
    let answer = EnrollResponse { site: "main".to_owned(), certificate_der: vec![0x30, 0x03, 2, 1, 0], ..EnrollResponse::default() };
    vec![answer.encode_to_vec()]
}

fn entries() -> Vec<Vec<u8>> {
    let entry = Entry { session: SESSION.to_owned(), number: 2, ..Entry::default() }.encode_to_vec();
    vec![[rollcall_proto::Digest::of(&entry).as_bytes().as_slice(), &entry].concat()]
}

/// A folder that is gone with what holds it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        // In memory where there is such a place: the spool waits for its disk at every step.
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
        Self(place.join(format!("rollcall-agent-fuzz-{}-{}", std::process::id(), name.replace('/', "-"))))
    }

    /// A spool as a crash may leave it: two of its files, one of them as given.
    fn lay(&self, files: &[(&str, &[u8])]) {
        drop(std::fs::remove_dir_all(&self.0));
        for (name, bytes) in [("current", CURRENT)].iter().chain(files) {
            let path = self.0.join(name);
            let made = path.parent().map(std::fs::create_dir_all);
            let laid = std::fs::write(&path, bytes);
            assert!(made.is_some_and(|made| made.is_ok()) && laid.is_ok(), "{}: {laid:?}", path.display());
        }
    }

    /// Whatever it holds, it opens; what it gives is numbered without a gap, and a second opening gives the same.
    fn opens(&self) {
        let first = Spool::open(&self.0, "b", SESSION.to_owned()).map(|(_, kept)| kept);
        let again = Spool::open(&self.0, "b", SESSION.to_owned()).map(|(_, kept)| kept);
        let opened = first.and_then(|first| again.map(|again| (first, again)));
        assert!(opened.is_ok(), "a damaged spool is refused: {:?}", opened.err());
        if let Ok((first, again)) = opened {
            assert!(first.entries.windows(2).all(|pair| matches!(pair, [a, b] if a.number + 1 == b.number)));
            assert!(first.entries.last().is_none_or(|last| last.number < first.next));
            assert_eq!((first.session, first.next, first.entries), (again.session, again.next, again.entries));
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn spool(file: &str) -> Feed {
    let (scratch, file) = (Scratch::new(file), file.to_owned());
    Box::new(move |bytes| {
        scratch.lay(&[(&file, bytes)]);
        scratch.opens();
        if file != "current" {
            let sealed = [rollcall_proto::Digest::of(bytes).as_bytes().as_slice(), bytes].concat();
            scratch.lay(&[(&file, &sealed)]);
            scratch.opens();
        }
    })
}

fn spool_names() -> Feed {
    let scratch = Scratch::new("names");
    Box::new(move |bytes| {
        let text = lossy(bytes);
        let fits = |name: &&str| !name.is_empty() && name.len() < 100 && !name.contains(['/', '\0']) && !name.starts_with('.');
        let mut files = Vec::new();
        for name in text.lines().filter(fits).take(5) {
            let entry = Entry { session: SESSION.to_owned(), number: name.parse().unwrap_or(1), ..Entry::default() }.encode_to_vec();
            let sealed = [rollcall_proto::Digest::of(&entry).as_bytes().as_slice(), &entry].concat();
            files.push((format!("{SESSION}/{name}"), sealed));
        }
        scratch.lay(&files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect::<Vec<_>>());
        scratch.opens();
    })
}
