//! Reads and checks every byte of the ledger, and goes on behind damage as far as the chain lets it.

use super::frame::{Place, SEGMENT_HEAD};
use super::segment::{Reader, Segment};
use super::walk::{Walk, follows};
use super::{is_stillborn, tail};
use crate::store::disk::{numbered, read_from};
use crate::store::signed::{Says, Statement};
use crate::store::{StoreError, Verified};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the signed statements say of the ledger.
pub(in crate::store) struct Said {
    path: PathBuf,
    anchor: Option<Place>,
    /// By group, with the time of signing.
    checkpoints: BTreeMap<u64, (Place, Timestamp)>,
}

impl Said {
    /// What the statements of `path` say. With `key`, one that another key signed is damage.
    pub(in crate::store) fn of(path: &Path, said: Vec<Statement>, key: Option<&str>, verified: &mut Verified) -> Self {
        let mut found = Self { path: path.to_owned(), anchor: None, checkpoints: BTreeMap::new() };
        for statement in said {
            if let Some(key) = key.filter(|key| *key != statement.key()) {
                verified.damage.push(format!(
                    "{}: a statement of {} is signed with {}, not {key}",
                    path.display(),
                    statement.at,
                    statement.key()
                ));
                continue;
            }
            statement.key().clone_into(&mut verified.key);
            match statement.says {
                Says::Anchor => found.anchor = Some(statement.place),
                Says::Checkpoint => drop(found.checkpoints.insert(statement.place.group, (statement.place, statement.at))),
            }
        }
        verified.checkpoints = found.checkpoints.len() as u64;
        found
    }

    /// What is wrong with the place where the ledger begins: only an anchor explains missing groups.
    fn may_begin(&self, segment: &Segment) -> Option<String> {
        let (begins, path) = (segment.before, segment.path.display());
        match self.anchor {
            _ if begins.group == 0 => None,
            Some(anchor) if begins.group < anchor.group || begins == anchor => None,
            Some(anchor) => {
                Some(format!("{path} at byte 0: it begins behind group {}, and the signed anchor at group {}", begins.group, anchor.group))
            }
            None => Some(format!("{path} at byte 0: groups 1 to {} are missing before it", begins.group)),
        }
    }

    /// Holds the ledger to the checkpoint at `place`.
    fn hold(&mut self, place: &Place, segment: &Segment, offset: u64, damage: &mut Vec<String>) {
        if let Some((_, at)) = self.checkpoints.remove(&place.group).filter(|(signed, _)| signed != place) {
            let path = segment.path.display();
            damage.push(format!("{path} at byte {offset}: the chain at group {} is not the one that was signed at {at}", place.group));
        }
    }

    /// Whether a checkpoint stands behind `place`: then nothing there is an unfinished write.
    fn reach_beyond(&self, place: &Place) -> bool {
        self.checkpoints.range(place.group + 1..).next().is_some()
    }

    /// Names the checkpoints that stand behind the ledger's end.
    pub(in crate::store) fn beyond(&self, end: &Place, damage: &mut Vec<String>) {
        if let Some((group, (_, at))) = self.checkpoints.range(end.group + 1..).next_back() {
            let (path, last) = (self.path.display(), end.group);
            damage.push(format!("{path}: the checkpoint signed at {at} stands at group {group}, and the ledger ends with group {last}"));
        }
    }
}

/// The segments in `dir` as they lie there, for a store that is not open; what is wrong with a head is added to `damage`.
pub(in crate::store) fn lying(dir: &Path, damage: &mut Vec<String>) -> Result<Vec<Segment>, StoreError> {
    let files = numbered(dir, "log")?;
    let last = files.last().map(|(first, _)| *first);
    let mut segments = Vec::new();
    for (first, path) in files {
        match Segment::open(first, &path)? {
            Some(segment) => segments.push(segment),
            None if Some(first) == last && is_stillborn(&path)? => {}
            None => damage.push(format!("{} at byte 0: the segment's head is not as it was written", path.display())),
        }
    }
    Ok(segments)
}

/// Checks every byte of `segments` into `verified`; gives the place where they end. An unfinished write at the very end is no damage.
pub(in crate::store) fn segments(segments: &[Segment], said: &mut Said, verified: &mut Verified) -> Place {
    let mut end: Option<(Place, &Segment)> = None;
    let mut reached = Place::default();
    for (number, segment) in segments.iter().enumerate() {
        match &end {
            Some((place, before)) => note(follows(segment, place, &before.path), verified),
            None if number == 0 => verified.damage.extend(said.may_begin(segment)),
            None => {}
        }
        let (place, whole) = one(segment, number + 1 == segments.len(), said, verified);
        reached = place;
        // Behind a damaged head the rest of the segment can't be read, and what the next one must follow is not known.
        end = whole.then_some((place, segment));
    }
    reached
}

/// Checks one segment; gives the place reached, and whether that is its end.
fn one(segment: &Segment, is_last: bool, said: &mut Said, verified: &mut Verified) -> (Place, bool) {
    let mut good = (SEGMENT_HEAD as u64, segment.before);
    let mut walk = match Reader::open(segment) {
        Ok(reader) => Walk::new(reader, Vec::new()),
        Err(error) => {
            verified.damage.push(error.to_string());
            return (good.1, false);
        }
    };
    loop {
        let group = walk.head().and_then(|frame| frame.map(|frame| walk.entries(&frame).map(|entries| (frame, entries))).transpose());
        match group {
            Ok(Some((frame, entries))) => {
                let events = entries.iter().map(|entry| entry.events.len() as u64).sum::<u64>();
                if entries.len() as u64 != u64::from(frame.entries) || good.1.seq + events != frame.after.seq {
                    verified.damage.push(format!("{} at byte {}: the frame's counts don't fit its group", segment.path.display(), good.0));
                }
                verified.entries += u64::from(frame.entries);
                verified.events += events;
                good = (walk.file().1, walk.place());
                said.hold(&good.1, segment, good.0, &mut verified.damage);
            }
            Ok(None) => return (good.1, true),
            Err(error) => {
                let unfinished = is_last
                    && !said.reach_beyond(&good.1)
                    && read_from(&segment.path, good.0).is_ok_and(|rest| tail::is_unfinished(&rest, good.0, &good.1));
                if !unfinished {
                    verified.damage.push(error.to_string());
                }
                // A damaged payload leaves head and chain whole: what follows it can still be checked.
                if walk.place() == good.1 {
                    return (good.1, false);
                }
                good = (walk.file().1, walk.place());
            }
        }
    }
}

fn note(result: Result<(), StoreError>, verified: &mut Verified) {
    verified.damage.extend(result.err().map(|error| error.to_string()));
}
