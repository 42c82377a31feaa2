//! The school's collector in a week: the real keeper over the real store, and power cuts that keep of a write that was not answered
//! whatever a disk may keep.

use jiff::{SignedDuration, Timestamp};
use rollcall::clock::Clock;
use rollcall::fuzz::Rehearsal;
use rollcall::keeper::Keeper;
use rollcall::store::{Folder, Store};
use rollcall_site::enroll::Enrolment;
use rollcall_site::event::{Actor, Event};
use rollcall_site::{About, RoomId, SiteId};
use rollcall_tests::fuzz::Random;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::machine::{Machine, uuid};

/// How long those who were here have to come back after a start, as in `rollcall serve`.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// What a disk writes at least, bytes.
const SECTOR: usize = 512;
/// So many zeros behind the last whole sector tell the ledger that it was never written, bytes.
const LEAST: usize = 4;

/// How a collector ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is told to, and writes a snapshot.
    InOrder,
    /// The power goes while it writes.
    PowerCut,
}

/// What is durable and was said, when the power begins to fail: every later answer is lost on its way.
struct Doomed {
    segment: PathBuf,
    length: u64,
    seq: u64,
}

/// The collector of one school, running or not.
pub struct School {
    pub clock: Clock,
    dir: PathBuf,
    door: Option<Rehearsal>,
    doomed: Option<Doomed>,
}

impl School {
    /// Founded, with these machines enrolled in one room.
    pub fn found(dir: &Path, start: Timestamp, machines: &[Machine]) -> Self {
        let mut school = Self { clock: Clock::manual(start), dir: dir.to_owned(), door: None, doomed: None };
        school.start();
        let door = school.door().unwrap();
        let ends = start + SignedDuration::from_hours(24 * 400);
        door.change(Actor::Rollcall, move |w| {
            let id = SiteId::parse("main").unwrap();
            w.put(About {
                id,
                name: "School".into(),
                time_zone: "UTC".into(),
                epoch: 1,
                rules: rollcall_site::rule::Settings::new(),
                rest: Default::default(),
            });
            let room = rollcall_site::room::add(w, RoomId::parse("Lab 1").unwrap(), Default::default())?;
            rollcall_site::token::make(w, "hash".into(), Some(room.id.clone()), 100, ends)
        })
        .unwrap();
        for machine in machines {
            let request = Enrolment {
                token_hash: "hash".into(),
                device: machine.device,
                asset: rollcall_site::AssetId(uuid(4, machine.pc.number)),
                fingerprint: machine.pc.evidence(),
                host_name: machine.pc.name.clone(),
                tag: machine.tag.clone(),
                seat: String::new(),
                agent_version: "week".into(),
                certificate: machine.certificate.clone(),
                certificate_ends: ends,
            };
            door.change(Actor::Rollcall, move |w| rollcall_site::enroll::enroll(w, request)).unwrap();
        }
        school
    }

    /// It starts on what there is.
    pub fn start(&mut self) {
        let folder = Folder::open(&self.dir).unwrap_or_else(|error| panic!("a start is refused: {error}"));
        assert_eq!(folder.verify().unwrap().damage, Vec::<String>::new());
        let keeper = Keeper::open(Arc::new(folder), self.clock.clone()).unwrap();
        self.door = Some(Rehearsal::open(keeper, GRACE).unwrap());
    }

    /// The door, while it runs.
    pub fn door(&mut self) -> Option<&mut Rehearsal> {
        self.door.as_mut()
    }

    pub fn runs(&self) -> bool {
        self.door.is_some()
    }

    /// From now on nothing that it says arrives: what it writes may be lost.
    pub fn doom(&mut self) {
        let Some(door) = &self.door else { return };
        let segment = self.last_segment();
        let length = std::fs::metadata(&segment).unwrap().len();
        self.doomed = Some(Doomed { segment, length, seq: door.keeper().view().seq });
    }

    pub fn is_doomed(&self) -> bool {
        self.doomed.is_some()
    }

    /// It ends. Gives the number of the last event that must be there when it starts again.
    pub fn end(&mut self, how: End, random: &mut Random) -> u64 {
        let door = self.door.take().unwrap();
        let seq = door.keeper().view().seq;
        if how == End::InOrder {
            door.keeper().stop();
            self.doomed = None;
            return seq;
        }
        drop(door);
        let doomed = self.doomed.take().unwrap();
        // The last write that nobody was told of: all of it, a prefix, or sectors that were never written.
        if self.last_segment() == doomed.segment {
            let mut bytes = std::fs::read(&doomed.segment).unwrap();
            let kept = (doomed.length + random.below(bytes.len() as u64 - doomed.length + 1)) as usize;
            match random.below(3) {
                0 => {}
                1 => bytes.truncate(kept),
                // What was written of a sector is there whole; the ledger can't tell the first bytes of one from a packed end.
                _ => match kept.next_multiple_of(SECTOR) {
                    kept if kept + LEAST <= bytes.len() => bytes[kept..].fill(0),
                    _ => {}
                },
            }
            std::fs::write(&doomed.segment, bytes).unwrap();
        }
        doomed.seq
    }

    fn last_segment(&self) -> PathBuf {
        let mut names: Vec<PathBuf> = std::fs::read_dir(self.dir.join("ledger")).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
        names.sort();
        names.pop().unwrap()
    }

    /// Every event that was ever committed.
    pub fn events(&mut self) -> Vec<Event> {
        self.door().unwrap().keeper().store().events(0, usize::MAX / 2).unwrap()
    }

    /// The site's hash as it is, and as a start from the ledger alone makes it; the collector is over then.
    pub fn hashes(mut self) -> (String, String) {
        let lived = self.door.take().unwrap().keeper().view().state_hash();
        std::fs::remove_dir_all(self.dir.join("snapshot")).ok();
        std::fs::remove_dir_all(self.dir.join("shelf")).ok();
        (lived, Folder::open(&self.dir).unwrap().load().unwrap().state_hash())
    }
}
