//! Reads and checks every byte of the truth: ledger, snapshots, section contents, health samples.

use super::ledger::frame::Place;
use super::ledger::replay::replay;
use super::ledger::segment::Segment;
use super::ledger::verify::{Said, lying, segments as check};
use super::people::People;
use super::signed::{self, CHECKPOINTS};
use super::{StoreError, Verified, blobs, health, people, snapshot};
use rollcall_site::Site;
use std::fmt::Write;
use std::path::Path;

/// Checks the folder of a collector that is not running, damaged or not; changes nothing.
///
/// # Errors
/// The folder can't be read at all; damage is in the answer.
pub fn verify_folder(dir: &Path) -> Result<Verified, StoreError> {
    Ok(lying_folder(dir, "")?.verified)
}

/// As [`verify_folder`], held to the checkpoints in `against`, with the hash over all records that the next start will have, or why there would be none.
///
/// # Errors
/// The folder can't be read at all; damage is in the answer.
pub fn verify_and_replay(dir: &Path, against: &str) -> Result<(Verified, Result<String, StoreError>), StoreError> {
    let (verified, loaded) = verify_and_load(dir, against)?;
    Ok((verified, loaded.map(|site| site.state_hash())))
}

/// As [`verify_and_replay`], with all records; contents are not taken up.
pub(super) fn verify_and_load(dir: &Path, against: &str) -> Result<(Verified, Result<Site, StoreError>), StoreError> {
    let Read { verified, segments, end } = lying_folder(dir, against)?;
    let loaded = People::lying(dir).and_then(|people| {
        let (place, mut site) = snapshot::newest(&dir.join("snapshot"), &people)?;
        replay(segments, &place, &end, &people, &mut site)?;
        Ok(site)
    });
    Ok((verified, loaded))
}

/// What was read.
pub(super) struct Read {
    pub(super) verified: Verified,
    /// The ledger's.
    segments: Vec<Segment>,
    /// Where the ledger ends.
    end: Place,
}

fn lying_folder(dir: &Path, against: &str) -> Result<Read, StoreError> {
    everything(dir, None, against, |damage| lying(&dir.join("ledger"), damage))
}

/// Checks the folder, and of the ledger the segments that `ledger` gives, as far as they are durable. Checkpoints and snapshots are read
/// before it is asked, so that none is ahead of a ledger that grows meanwhile. With `key` every checkpoint must be signed by that; else by
/// that of the checkpoints in `against`, which were kept elsewhere and to which the ledger is held, too.
pub(super) fn everything(
    dir: &Path,
    key: Option<&str>,
    against: &str,
    ledger: impl FnOnce(&mut Vec<String>) -> Result<Vec<Segment>, StoreError>,
) -> Result<Read, StoreError> {
    let mut verified = Verified::default();
    let mut said = signed::read(&dir.join(CHECKPOINTS), &mut verified.damage);
    let kept = signed::among(against, &mut verified.damage);
    let key = key.map(str::to_owned).or_else(|| kept.first().map(|statement| statement.key().to_owned()));
    // The last of a group counts.
    said.extend(kept);
    people::verify(dir, &mut verified.damage);
    let mut stands = Vec::new();
    for (_, path) in snapshot::list(&dir.join("snapshot"))? {
        match snapshot::check(&path) {
            Ok((_, place, _)) => stands.push((place.group, path)),
            Err(error) => note(error, &mut verified.damage),
        }
    }
    let segments = ledger(&mut verified.damage)?;
    let mut said = Said::of(&dir.join(CHECKPOINTS), said, key.as_deref(), &mut verified);
    let end = check(&segments, &mut said, &mut verified);
    said.beyond(&end, &mut verified.damage);
    end.head.iter().for_each(|byte| write!(verified.head, "{byte:02x}").unwrap_or_default());
    for (group, path) in stands.into_iter().filter(|(group, _)| *group > end.group) {
        verified.damage.push(format!(
            "{} at byte 0: it stands at group {group}, and the ledger ends with group {}",
            path.display(),
            end.group
        ));
    }
    verified.blobs = blobs::verify(&dir.join("blobs"), &mut verified.damage)?;
    health::verify(&dir.join("health"), &mut verified.damage)?;
    Ok(Read { verified, segments, end })
}

/// What went away while it was read was replaced by something newer.
fn note(error: StoreError, damage: &mut Vec<String>) {
    let gone = matches!(&error, StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound);
    if !gone {
        damage.push(error.to_string());
    }
}
