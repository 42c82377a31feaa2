//! A machine that says anything: one source of a recorded machine is replaced, and the probe that reads it is asked.

use crate::fingerprint;
use crate::host::{Given, Host};
use crate::probe::{PROBES, health, text};
use prost::Message;
use rollcall_proto::fuzz::{Feed, Target};
use rollcall_proto::{MAX_SECTION, Section};
use serde_json::Value;
use std::path::Path;

/// The recorded machine that stands behind each source.
const MACHINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machines/laptop");
/// What problems and reasons of one section may take together, bytes: an entry with all sections fits into a message.
const MOST_WORDS: usize = 64 * 1024;

/// One source of a machine.
pub(super) struct Source {
    /// Its name in the list of targets.
    pub(super) name: &'static str,
    /// The section whose probe reads it; "health" and "fingerprint" for those that are no sections.
    pub(super) read_by: &'static str,
    /// Where it is, as [`Given::host`] says.
    pub(super) at: &'static str,
    /// What the machine must have beside it: a manifest's JSON.
    pub(super) beside: &'static str,
    /// An input to begin with, where the recorded machine has none.
    pub(super) seed: &'static [u8],
}

/// The source as a target.
pub(super) fn target(source: &'static Source) -> Target {
    let recorded = std::fs::read(format!("{MACHINE}{}", source.at)).ok();
    Target::with_state(source.name, &[source.seed], move || begin(source)).and(recorded.into_iter().collect())
}

fn begin(source: &'static Source) -> Feed {
    let given = Given::open(Path::new(MACHINE), source.beside);
    assert!(given.is_ok(), "{MACHINE}: {:?}", given.err());
    Box::new(move |bytes| {
        let Ok(given) = &given else { return };
        ask(&given.host(source.at, bytes), source.read_by);
        if let Some(sealed) = sealed(source.at, bytes) {
            ask(&given.host(source.at, &sealed), source.read_by);
        }
    })
}

/// The bytes with a right checksum, where a parser would look no further without one.
fn sealed(at: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut block = bytes.get(..128).filter(|_| at.ends_with("/edid"))?.to_vec();
    let (last, rest) = block.split_last_mut()?;
    *last = rest.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte));
    Some(block)
}

fn ask(host: &Host, read_by: &str) {
    match read_by {
        "health" => {
            let (health, detail) = health::read(host, 0);
            assert!(health.encoded_len() + detail.encoded_len() < 256 * 1024, "a heartbeat stays small");
            is_plain(&serde_json::to_value(&detail).unwrap_or_default());
        }
        "fingerprint" => {
            let said = fingerprint::read(host);
            assert!(said.encoded_len() < rollcall_proto::MAX_ENROLL_MESSAGE, "{} bytes", said.encoded_len());
        }
        section => {
            let probe = PROBES.iter().find(|probe| probe.section == section);
            assert!(probe.is_some(), "there is no probe {section}");
            if let Some(probe) = probe {
                measured(section, (probe.read)(host).map(|found| (found.section, found.problems)));
            }
        }
    }
}

/// What a probe says is what a collector takes: it reads back, its texts are short and plain, its words are few.
fn measured(name: &str, measured: Result<(Section, Vec<String>), String>) {
    let (words, section) = match measured {
        Ok((section, problems)) => (problems.iter().map(String::len).sum(), Some(section)),
        Err(why) => (why.len(), None),
    };
    assert!(words < MOST_WORDS, "{name}: {words} bytes of words");
    if let Some(section) = section {
        assert_eq!(section.name(), name);
        let bytes = section.encode();
        assert!(bytes.len() <= MAX_SECTION + bytes.len() / 2, "{name}");
        let read = Section::decode(name, &bytes).and_then(Result::ok);
        assert_eq!(read.as_ref(), Some(&section), "{name}: what is sent reads back");
        is_plain(&section.to_json());
    }
}

fn is_plain(value: &Value) {
    match value {
        Value::String(said) => {
            assert!(said.chars().count() <= text::LONGEST, "{} characters: {said:.80}", said.chars().count());
            assert_eq!(&text::clean(said), said, "a text that was not cleaned");
        }
        Value::Array(values) => values.iter().for_each(is_plain),
        Value::Object(fields) => fields.values().for_each(is_plain),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
