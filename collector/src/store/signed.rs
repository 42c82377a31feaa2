//! Signed statements about the ledger: checkpoints say where it stood, and the anchor says where it begins since retention removed the rest.
//!
//! `DIR/checkpoints` holds one statement a line, in words that go into a mail as they are, and the hash of the lines in the last of them:
//! ```text
//! checkpoint group=8 event=12 head=<64 hex> at=2026-11-24T08:00:00Z key=<64 hex> signature=<128 hex>
//! anchor group=4 …     the groups up to here were removed by policy
//! ```
//! The Ed25519 signature covers "rollcall " and the line up to ` signature=`. The newest [`KEPT`] checkpoints and the last anchor are kept.

use super::StoreError;
use super::disk::{damaged, read_lines, write_lines};
use super::ledger::frame::Place;
use jiff::Timestamp;
use rustls::pki_types::alg_id;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The file's name.
pub(super) const CHECKPOINTS: &str = "checkpoints";
/// Checkpoints that are kept: six weeks of hours.
const KEPT: usize = 1000;

/// Signs bytes; `None`: it can't.
pub type Sign = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

/// What signs for the site: the secret half stays with whoever made it.
pub struct Signer {
    /// The public key, 32 bytes of Ed25519.
    pub key: Vec<u8>,
    /// Signs; `None`: it can't.
    pub sign: Box<Sign>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key", &hex(&self.key)).finish_non_exhaustive()
    }
}

/// What a statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The ledger stood here.
    Checkpoint,
    /// The groups up to here were removed by policy.
    Anchor,
}

/// One signed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// What it says.
    pub(super) says: Says,
    /// Of which place.
    pub(super) place: Place,
    /// When it was signed.
    pub(super) at: Timestamp,
    /// The line.
    line: String,
}

impl Statement {
    fn sign(says: Says, place: Place, at: Timestamp, signer: &Signer) -> Option<Self> {
        let word = if says == Says::Checkpoint { "checkpoint" } else { "anchor" };
        let Place { group, seq, head } = place;
        let text = format!("{word} group={group} event={seq} head={} at={at} key={}", hex(&head), hex(&signer.key));
        let signature = (signer.sign)(format!("rollcall {text}").as_bytes())?;
        Some(Self { says, place, at, line: format!("{text} signature={}", hex(&signature)) })
    }

    /// Reads a line; `None` when it is none, or its signature is not by the key that it names.
    pub(super) fn read(line: &str) -> Option<Self> {
        let (text, signature) = line.rsplit_once(" signature=")?;
        let mut words = text.split(' ');
        let says = match words.next()? {
            "checkpoint" => Says::Checkpoint,
            "anchor" => Says::Anchor,
            _ => return None,
        };
        let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
        let (group, seq) = (value("group")?.parse().ok()?, value("event")?.parse().ok()?);
        let head = unhex(value("head")?)?.try_into().ok()?;
        let (at, key) = (value("at")?.parse().ok()?, unhex(value("key")?)?);
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
        let ed25519 = algorithms.iter().find(|found| found.signature_alg_id() == alg_id::ED25519)?;
        ed25519.verify_signature(&key, format!("rollcall {text}").as_bytes(), &unhex(signature)?).ok()?;
        Some(Self { says, place: Place { group, seq, head }, at, line: line.to_owned() })
    }

    /// The key that signed it, 64 hexadecimal digits.
    pub(super) fn key(&self) -> &str {
        let key = self.line.split(" key=").nth(1).and_then(|rest| rest.split(' ').next());
        key.unwrap_or_default()
    }
}

/// The statements of one folder.
pub(super) struct Signed {
    path: PathBuf,
    signer: OnceLock<Signer>,
    lines: Mutex<Vec<Statement>>,
}

impl Signed {
    /// Reads the statements in `dir`; a damaged file is set aside, for the ledger proves itself without them.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(CHECKPOINTS);
        let mut damage = Vec::new();
        let lines = read(&path, &mut damage);
        if let Some(first) = damage.first() {
            tracing::error!(damage = %first, "the signed checkpoints are damaged; they are set aside, and new ones are written");
            let aside = path.with_extension("damaged");
            super::out::rename(&path, &aside).map_err(super::disk::at("set the damaged checkpoints aside", &path))?;
        }
        Ok(Self { path, signer: OnceLock::new(), lines: Mutex::new(lines) })
    }

    /// Signs with `signer` from now on; the first one counts.
    pub(super) fn sign_with(&self, signer: Signer) {
        drop(self.signer.set(signer));
    }

    /// Writes a statement down, durable; whether it could be signed. A checkpoint of the place of the last one is not written again.
    pub(super) fn say(&self, says: Says, place: Place, at: Timestamp) -> Result<bool, StoreError> {
        let Some(signer) = self.signer.get() else { return Ok(false) };
        let mut lines = self.lock();
        if lines.iter().rev().find(|line| line.says == says).is_some_and(|last| last.place == place) {
            return Ok(true);
        }
        let Some(statement) = Statement::sign(says, place, at, signer) else { return Ok(false) };
        let mut next = lines.clone();
        if says == Says::Anchor {
            next.retain(|line| line.says != Says::Anchor && line.place.group >= place.group);
        }
        next.push(statement);
        let checkpoints = next.iter().filter(|line| line.says == Says::Checkpoint).count();
        let mut old = checkpoints.saturating_sub(KEPT);
        next.retain(|line| {
            let is_old = line.says == Says::Checkpoint && old > 0;
            old -= usize::from(is_old);
            !is_old
        });
        write_lines(&self.path, &next.iter().map(|line| format!("{}\n", line.line)).collect::<String>())?;
        *lines = next;
        Ok(true)
    }

    /// The last statement of a kind.
    pub(super) fn last(&self, says: Says) -> Option<Statement> {
        self.lock().iter().rev().find(|line| line.says == says).cloned()
    }

    /// The last checkpoint as it goes into a mail.
    pub(super) fn text(&self) -> Option<String> {
        self.last(Says::Checkpoint).map(|statement| statement.line)
    }

    /// The public key of the signer, 64 hexadecimal digits.
    pub(super) fn key(&self) -> Option<String> {
        self.signer.get().map(|signer| hex(&signer.key))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Statement>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The statements in a file; what is wrong with it is added to `damage`.
pub(super) fn read(path: &Path, damage: &mut Vec<String>) -> Vec<Statement> {
    let lines = match read_lines(path) {
        Ok(lines) => lines,
        Err(error) => {
            damage.push(error.to_string());
            return Vec::new();
        }
    };
    let mut statements = Vec::new();
    let mut offset = 0;
    for line in lines.lines() {
        match Statement::read(line) {
            Some(statement) => statements.push(statement),
            None => damage.push(damaged(path, offset, "the line is no signed statement, or its signature is not by its key").to_string()),
        }
        offset += line.len() as u64 + 1;
    }
    statements
}

/// The checkpoints in a text that was kept elsewhere, a mail perhaps; a text without one is told in `damage`.
pub(super) fn among(text: &str, damage: &mut Vec<String>) -> Vec<Statement> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for part in text.split("checkpoint group=").skip(1) {
        let signed = part.split_once(" signature=").and_then(|(_, rest)| {
            let digits = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
            part.get(..part.len() - rest.len() + digits)
        });
        let statement = signed.and_then(|part| Statement::read(&format!("checkpoint group={part}")));
        match statement {
            Some(statement) => found.push(statement),
            None => damage.push("a checkpoint that was given is not as it was signed: copy its whole line".to_owned()),
        }
    }
    if found.is_empty() && damage.is_empty() && !text.is_empty() {
        damage.push("what was given has no signed checkpoint: it begins `checkpoint group=`".to_owned());
    }
    found
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::store::contract::noon;
    use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};

    /// Signs with a new key.
    pub(in crate::store) fn signer() -> Signer {
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        Signer { key: pair.der_bytes().to_vec(), sign: Box::new(move |text| pair.sign(text).ok()) }
    }

    fn place(group: u64) -> Place {
        Place { group, seq: group * 2, head: [7; 32] }
    }

    fn count(signed: &Signed) -> usize {
        signed.lock().len()
    }

    #[test]
    fn statements_read_back_and_one_by_another_hand_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let signed = Signed::open(dir.path()).unwrap();
        assert!(!signed.say(Says::Checkpoint, place(1), noon()).unwrap(), "nobody signs yet");
        signed.sign_with(signer());
        for group in [1, 2, 2, 3] {
            assert!(signed.say(Says::Checkpoint, place(group), noon()).unwrap());
        }
        let text = signed.text().unwrap();
        assert!(text.starts_with("checkpoint group=3 event=6 head=0707") && text.contains(" at=2027-01-15T"), "{text}");
        let again = Signed::open(dir.path()).unwrap();
        assert_eq!((count(&again), again.text()), (3, Some(text.clone())));
        assert_eq!(Some(again.last(Says::Checkpoint).unwrap().key().to_owned()), signed.key());
        for (from, to) in
            [("group=3", "group=4"), ("event=6", "event=5"), ("head=07", "head=17"), ("2027-", "2028-"), ("checkpoint", "anchor")]
        {
            assert_eq!(Statement::read(&text.replacen(from, to, 1)), None, "{from}");
        }
    }

    #[test]
    fn an_anchor_replaces_what_is_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let signed = Signed::open(dir.path()).unwrap();
        signed.sign_with(signer());
        for group in 1..=KEPT as u64 + 5 {
            let statement = Statement::sign(Says::Checkpoint, place(group), noon(), signed.signer.get().unwrap()).unwrap();
            signed.lock().push(statement);
        }
        signed.say(Says::Anchor, place(900), noon()).unwrap();
        signed.say(Says::Anchor, place(950), noon()).unwrap();
        let again = Signed::open(dir.path()).unwrap();
        assert_eq!((count(&again), again.last(Says::Anchor).unwrap().place), (57, place(950)));
    }

    #[test]
    fn a_damaged_file_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(CHECKPOINTS);
        std::fs::write(&path, "garbage").unwrap();
        let signed = Signed::open(dir.path()).unwrap();
        assert!(signed.text().is_none() && !path.exists() && path.with_extension("damaged").exists());
    }
}
