//! A person's own data, sealed under a key of that person wherever it is stored; forgetting a person destroys the key.
//!
//! A record of kind "person" goes to ledger and snapshot as `{"id":…,"sealed":…}`: base64 of the key's id (8 bytes), a nonce (12) and the
//! document under ChaCha20-Poly1305, bound to the record's kind and key. A clear one, of an earlier version, is read as it is.
//! ```text
//! DIR/people.keys   PERSON <tab> KEY'S ID <tab> KEY     one line each, replaced as a whole
//! DIR/forgotten     KEY'S ID <tab> WHEN                 the keys that are destroyed for good: whoever brings one back is refused
//! ```
//! Both end with the hash of their lines. A record whose key is on the list of the forgotten reads as gone; one whose key is merely missing
//! is damage. Somebody who comes back to the roster later gets another key.

use super::disk::{at, damaged, read_lines, write_lines};
use super::out::{Out, sync_dir};
use super::{Entry, StoreError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use jiff::Timestamp;
use rollcall_site::person::Person;
use rollcall_site::record::Record;
use rollcall_site::{PersonId, Written};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The keys' file.
pub(super) const KEYS: &str = "people.keys";
/// The list of the forgotten.
pub(super) const FORGOTTEN: &str = "forgotten";

type KeyId = [u8; 8];

/// The keys of one site's people.
pub(super) struct People {
    dir: PathBuf,
    held: Mutex<Held>,
}

#[derive(Clone, Default)]
struct Held {
    /// By person.
    keys: BTreeMap<String, (KeyId, [u8; 32])>,
    /// By key, when it was destroyed.
    forgotten: BTreeMap<KeyId, String>,
    /// Who was forgotten since the folder was opened: a view of before, of which a snapshot is being written, still holds them.
    gone: BTreeSet<String>,
    /// A key was given since the folder was opened.
    is_used: bool,
}

/// The stored form.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    sealed: Cow<'a, str>,
}

impl People {
    /// Reads the keys of `dir`, and destroys those on the list of the forgotten: a crash, or a restore, may have left them.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let people = Self { dir: dir.to_owned(), held: Mutex::new(read(dir)?) };
        people.destroy(|held| held.keys.values().map(|(id, _)| *id).filter(|id| held.forgotten.contains_key(id)).collect())?;
        Ok(people)
    }

    /// The keys of a folder that is not open, as its next start will have them; changes nothing.
    pub(super) fn lying(dir: &Path) -> Result<Self, StoreError> {
        let Held { mut keys, forgotten, .. } = read(dir)?;
        keys.retain(|_, (id, _)| !forgotten.contains_key(id));
        Ok(Self { dir: dir.to_owned(), held: Mutex::new(Held { keys, forgotten, ..Held::default() }) })
    }

    /// The group with every person's own data sealed; new people get their keys first, durable.
    pub(super) fn seal<'a>(&self, group: &'a [Entry]) -> Result<Cow<'a, [Entry]>, StoreError> {
        let mut held = self.lock();
        held.is_used = true;
        let own = |record: &&Written| record.kind == Person::KIND && record.body.is_some();
        let people: BTreeSet<&str> = group.iter().flat_map(|entry| &entry.records).filter(own).map(|record| &*record.key).collect();
        if people.is_empty() {
            return Ok(Cow::Borrowed(group));
        }
        self.give_keys(&mut held, people.iter().copied())?;
        held.gone.retain(|person| !people.contains(person.as_str()));
        let mut group = group.to_vec();
        for record in group.iter_mut().flat_map(|entry| &mut entry.records).filter(|record| own(&&**record)) {
            self.seal_record(&held, record)?;
        }
        Ok(Cow::Owned(group))
    }

    /// Gives everybody a key who has none and was not forgotten meanwhile: those of a store in clear, of an earlier version.
    pub(super) fn admit(&self, people: impl Iterator<Item = String>) -> Result<(), StoreError> {
        let mut held = self.lock();
        let known: Vec<String> = people.filter(|person| !held.gone.contains(person)).collect();
        self.give_keys(&mut held, known)
    }

    fn give_keys(&self, held: &mut Held, people: impl IntoIterator<Item = impl Into<String>>) -> Result<(), StoreError> {
        let new: Vec<String> = people.into_iter().map(Into::into).filter(|person| !held.keys.contains_key(person)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut next = held.clone();
        for person in new {
            next.keys.insert(person, (self.random()?, self.random()?));
        }
        self.write_keys(&next)?;
        *held = next;
        Ok(())
    }

    /// A record for a snapshot, sealed when it is a person's own; `None`: of a person who was forgotten since the view was taken.
    pub(super) fn sealed(&self, mut record: Written) -> Result<Option<Written>, StoreError> {
        if record.kind == Person::KIND {
            let held = self.lock();
            if held.gone.contains(&record.key) && !held.keys.contains_key(&record.key) {
                return Ok(None);
            }
            self.seal_record(&held, &mut record)?;
        }
        Ok(Some(record))
    }

    /// A record as it was before it was sealed; gone, when its person is forgotten.
    pub(super) fn open_record(&self, mut record: Written) -> Result<Written, StoreError> {
        let sealed = record.body.as_deref().filter(|_| record.kind == Person::KIND);
        let Some(sealed) = sealed.and_then(|body| serde_json::from_slice::<Sealed<'_>>(body).ok()) else { return Ok(record) };
        let bytes = STANDARD_NO_PAD.decode(sealed.sealed.as_bytes()).unwrap_or_default();
        let wrong =
            |what: &str| damaged(&self.dir.join(KEYS), 0, format!("{what} of person {}; bring the file back from a backup", record.key));
        let mut rest = bytes.as_slice();
        let (id, nonce) =
            super::disk::take::<8>(&mut rest).zip(super::disk::take::<12>(&mut rest)).ok_or_else(|| wrong("no key fits the record"))?;
        let held = self.lock();
        record.body = match held.keys.get(&record.key).filter(|(kept, _)| *kept == id) {
            Some((_, key)) => Some(unseal(key, &nonce, rest, &record).ok_or_else(|| wrong("the key does not open the record"))?),
            None if held.forgotten.contains_key(&id) => None,
            // An earlier record of somebody who was forgotten and came back: the later one has another key.
            None => return Err(wrong("there is no key for the record")),
        };
        drop(held);
        Ok(record)
    }

    /// Destroys the key of a person, for good; whether there was one.
    pub(super) fn forget(&self, person: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.lock().gone.insert(person.to_owned());
        self.forget_all(|held| held.keys.get(person).map(|(id, _)| *id).into_iter().collect(), now)
    }

    /// Destroys the keys of these people, for good; whether there was one.
    pub(super) fn forget_these(&self, people: &BTreeSet<PersonId>, now: Timestamp) -> Result<bool, StoreError> {
        self.lock().gone.extend(people.iter().map(ToString::to_string));
        self.forget_all(|held| people.iter().filter_map(|person| held.keys.get(person.as_str())).map(|(id, _)| *id).collect(), now)
    }

    /// Destroys the keys of everybody whom `site` does not hold: a crash came in the middle of forgetting. Only before anything is stored.
    pub(super) fn forget_others(&self, site: &rollcall_site::Site, now: Timestamp) -> Result<bool, StoreError> {
        let is_known = |person: &str| person.parse().is_ok_and(|id: PersonId| site.persons.contains_key(&id));
        let others = |held: &Held| held.keys.iter().filter(|(person, _)| !is_known(person)).map(|(_, (id, _))| *id).collect();
        if self.lock().is_used { Ok(false) } else { self.forget_all(others, now) }
    }

    /// The list of the forgotten goes first, so that a crash forgets nobody by halves.
    fn forget_all(&self, which: impl Fn(&Held) -> Vec<KeyId>, now: Timestamp) -> Result<bool, StoreError> {
        let mut held = self.lock();
        let gone = which(&held);
        if gone.is_empty() {
            return Ok(false);
        }
        let mut next = held.clone();
        next.forgotten.extend(gone.iter().map(|id| (*id, now.to_string())));
        write_lines(&self.dir.join(FORGOTTEN), &next.list())?;
        *held = next;
        drop(held);
        self.destroy(|_| gone.clone())?;
        Ok(true)
    }

    /// Takes keys out of the file, and writes over the bytes of the one before it.
    fn destroy(&self, which: impl Fn(&Held) -> Vec<KeyId>) -> Result<(), StoreError> {
        let mut held = self.lock();
        let gone: BTreeSet<_> = which(&held).into_iter().collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut next = held.clone();
        next.keys.retain(|_, (id, _)| !gone.contains(id));
        let path = self.dir.join(KEYS);
        let before = Out::open(&path, 0).and_then(|file| file.file_length().map(|length| (file, length)));
        self.write_keys(&next)?;
        *held = next;
        if let Ok((mut file, length)) = before {
            let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
            file.write_unnamed(&zeros).map_err(at("write over the keys that are destroyed", &path))?;
        }
        Ok(())
    }

    fn write_keys(&self, held: &Held) -> Result<(), StoreError> {
        let mut lines = String::new();
        for (person, (id, key)) in &held.keys {
            writeln!(lines, "{person}\t{}\t{}", hex(id), hex(key)).unwrap_or_default();
        }
        write_lines(&self.dir.join(KEYS), &lines)?;
        sync_dir(&self.dir)
    }

    fn seal_record(&self, held: &Held, record: &mut Written) -> Result<(), StoreError> {
        let (Some(body), Some((id, key))) = (&record.body, held.keys.get(&record.key)) else { return Ok(()) };
        let nonce: [u8; 12] = self.random()?;
        let bound = bound(record);
        let sealed = ChaCha20Poly1305::new(key.into()).encrypt((&nonce).into(), Payload { msg: body, aad: &bound });
        let sealed = sealed.map_err(|_| StoreError::TooLarge { bytes: body.len() })?;
        let text = STANDARD_NO_PAD.encode([&id[..], &nonce, &sealed].concat());
        record.body = Some(serde_json::to_vec(&Sealed { id: Cow::Borrowed(&record.key), sealed: text.into() }).unwrap_or_default());
        Ok(())
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        let filled = getrandom::fill(&mut bytes).map_err(std::io::Error::other);
        filled.map_err(at("ask the system for a key", &self.dir.join(KEYS)))?;
        Ok(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn list(&self) -> String {
        self.forgotten.iter().map(|(id, when)| format!("{}\t{when}\n", hex(id))).collect()
    }
}

/// Adds the list of the forgotten in `from`, where there is one, to that of the folder `into`, which no collector has open.
pub(super) fn take_over_forgotten(from: &Path, into: &Path) -> Result<(), StoreError> {
    let mut held = Held { forgotten: read_forgotten(&into.join(FORGOTTEN))?, ..Held::default() };
    let more = read_forgotten(from)?;
    if !more.is_empty() {
        held.forgotten.extend(more);
        write_lines(&into.join(FORGOTTEN), &held.list())?;
    }
    Ok(())
}

/// Brings the list of the forgotten of the data folder `data` into the folder `to`, beside the backups there: a restore looks for it.
///
/// # Errors
/// The disk is full or failed.
pub fn copy_forgotten(data: &Path, to: &Path) -> Result<(), StoreError> {
    take_over_forgotten(&data.join(FORGOTTEN), to)
}

/// Names what is wrong with the two files in `dir`.
pub(super) fn verify(dir: &Path, damage: &mut Vec<String>) {
    damage.extend(read(dir).err().map(|error| error.to_string()));
}

fn read(dir: &Path) -> Result<Held, StoreError> {
    let path = dir.join(KEYS);
    let mut keys = BTreeMap::new();
    for line in read_lines(&path)?.lines() {
        let parts: Vec<_> = line.split('\t').collect();
        let key = if let [person, id, key] = parts[..] { unhex(id).zip(unhex(key)).map(|key| (person.to_owned(), key)) } else { None };
        let (person, key) = key.ok_or_else(|| damaged(&path, 0, "a line is not a person and a key"))?;
        keys.insert(person, key);
    }
    Ok(Held { keys, forgotten: read_forgotten(&dir.join(FORGOTTEN))?, ..Held::default() })
}

fn read_forgotten(path: &Path) -> Result<BTreeMap<KeyId, String>, StoreError> {
    let lines = read_lines(path)?;
    let read = lines.lines().map(|line| line.split_once('\t').and_then(|(id, when)| Some((unhex(id)?, when.to_owned()))));
    read.collect::<Option<_>>().ok_or_else(|| damaged(path, 0, "a line is not a key's id and a time"))
}

fn unseal(key: &[u8; 32], nonce: &[u8; 12], sealed: &[u8], record: &Written) -> Option<Vec<u8>> {
    ChaCha20Poly1305::new(key.into()).decrypt(nonce.into(), Payload { msg: sealed, aad: &bound(record) }).ok()
}

/// What a sealed document is bound to.
fn bound(record: &Written) -> Vec<u8> {
    [record.kind.as_bytes(), b"\t", record.key.as_bytes()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes().chunks_exact(2).filter(|_| text.len() == 2 * N);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{entry, noon, person};

    fn stored(people: &People, id: &str, name: &str) -> Written {
        people.seal(&[entry(1, id, name)]).unwrap().into_owned().remove(0).records.remove(0)
    }

    #[test]
    fn what_is_stored_holds_no_name_and_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let people = People::open(dir.path()).unwrap();
        let sealed = stored(&people, "20431", "Ada Lund");
        let text = String::from_utf8(sealed.body.clone().unwrap()).unwrap();
        assert!(text.starts_with("{\"id\":\"20431\",\"sealed\":") && !text.contains("Ada"), "{text}");
        let again = People::open(dir.path()).unwrap();
        assert_eq!(again.open_record(sealed).unwrap(), person("20431", "Ada Lund"));
        assert_eq!(
            again.open_record(person("1", "In clear, of an earlier version")).unwrap(),
            person("1", "In clear, of an earlier version")
        );
    }

    #[test]
    fn who_is_forgotten_stays_forgotten_and_may_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let people = People::open(dir.path()).unwrap();
        let (ada, bo) = (stored(&people, "1", "Ada"), stored(&people, "2", "Bo"));
        let keys = std::fs::read(dir.path().join(KEYS)).unwrap();
        assert!(people.forget("1", noon()).unwrap() && !people.forget("1", noon()).unwrap());
        assert_eq!(people.open_record(ada.clone()).unwrap().body, None);
        assert_eq!(people.open_record(bo).unwrap(), person("2", "Bo"));
        let back = stored(&people, "1", "Ada again");
        // A backup brings the old keys, and the list goes over them.
        std::fs::write(dir.path().join(KEYS), keys).unwrap();
        let restored = People::open(dir.path()).unwrap();
        assert_eq!(restored.open_record(ada).unwrap().body, None);
        assert!(restored.open_record(back).is_err(), "its key is in no backup yet");
        assert_eq!(std::fs::read_to_string(dir.path().join(KEYS)).unwrap().matches('\t').count(), 2);
    }

    #[test]
    fn a_snapshot_of_an_older_view_keeps_nobody_who_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let people = People::open(dir.path()).unwrap();
        stored(&people, "1", "Ada");
        people.admit(["1".to_owned()].into_iter()).unwrap();
        people.forget("1", noon()).unwrap();
        assert_eq!(people.sealed(person("1", "Ada")).unwrap(), None, "nor in clear");
        people.admit(["1".to_owned()].into_iter()).unwrap();
        assert!(!std::fs::read_to_string(dir.path().join(KEYS)).unwrap().contains('\t'), "nor under another key");
        stored(&people, "1", "Ada again");
        assert!(people.sealed(person("1", "Ada again")).unwrap().is_some_and(|record| record != person("1", "Ada again")));
    }

    #[test]
    fn a_missing_or_changed_key_is_damage_and_forgets_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let people = People::open(dir.path()).unwrap();
        let sealed = stored(&people, "1", "Ada");
        let good = std::fs::read(dir.path().join(KEYS)).unwrap();
        std::fs::remove_file(dir.path().join(KEYS)).unwrap();
        let error = People::open(dir.path()).unwrap().open_record(sealed).unwrap_err().to_string();
        assert!(error.contains("people.keys at byte 0: there is no key for the record of person 1"), "{error}");
        for position in 0..good.len() {
            let mut changed = good.clone();
            changed[position] ^= 2;
            std::fs::write(dir.path().join(KEYS), changed).unwrap();
            assert!(People::open(dir.path()).is_err(), "byte {position}");
        }
    }
}
