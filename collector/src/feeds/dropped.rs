//! The folder where the student information system puts its deliveries: each is taken when it is whole, and applied when nothing is suspicious.

use crate::Collector;
use crate::feeds::oneroster::{self, LARGEST};
use crate::feeds::roster::{self as service, Accepted, name_of};
use jiff::Timestamp;
use rollcall_site::event::Actor;
use rollcall_site::roster::{self, Delivery, Guard, Mode, Origin, Plan, Roster, Terms, Waiting, settings};
use rollcall_site::words::count;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most deliveries that are read at once; there are more only where nobody looked for weeks.
const MOST_AT_ONCE: usize = 64;
/// Most entries of the folder that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// What tells that a file is still as it was: whoever writes it changes one of these.
pub(super) type Face = (PathBuf, u64, u64, SystemTime);

/// A delivery in the folder.
pub struct Dropped {
    /// The zip.
    pub path: PathBuf,
    /// Its name, its bytes' hash, and when it was written.
    pub origin: Origin,
    /// What it says, or why it can't be read.
    pub delivery: Result<Delivery, String>,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is none.
    Nothing,
    /// It was applied before, or waits already.
    Known,
    /// It was applied.
    Applied,
    /// A person must look at it.
    Waits,
}

/// The zips of the folder, the oldest first; without those that were written at `taken` or before.
///
/// # Errors
/// In words: the folder can't be read.
pub(super) fn newer(folder: &Path, taken: Option<Timestamp>) -> Result<Vec<Face>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("the folder can't be read: {error}"))?;
    let mut found: Vec<Face> = Vec::new();
    for entry in entries.take(MOST_ENTRIES).flatten() {
        let name = entry.file_name();
        let is_zip = name.to_str().is_some_and(|name| !name.starts_with('.') && name.to_ascii_lowercase().ends_with(".zip"));
        let face = Some(entry.path()).filter(|_| is_zip).and_then(|path| face(&path));
        found.extend(face.filter(|face| taken.is_none_or(|taken| written(face).is_none_or(|at| at > taken))));
    }
    found.sort_by(|a, b| a.3.cmp(&b.3).then_with(|| a.0.cmp(&b.0)));
    Ok(found)
}

fn written(face: &Face) -> Option<Timestamp> {
    face.3.try_into().ok()
}

fn face(path: &Path) -> Option<Face> {
    let is: Metadata = path.symlink_metadata().ok().filter(Metadata::is_file)?;
    Some((path.to_owned(), is.ino(), is.len(), is.modified().ok()?))
}

/// Reads a delivery of the folder.
///
/// # Errors
/// In words: the file can't be opened, or is too large.
pub fn take(path: &Path) -> Result<Dropped, String> {
    let failed = |error: io::Error| format!("{} can't be read: {error}", name_of(path));
    let written_at = path.symlink_metadata().and_then(|is| is.modified()).map_err(failed)?.try_into().ok();
    let bytes = bytes(path).map_err(failed)?;
    let origin = Origin { file: name_of(path), digest: blake3::hash(&bytes).to_hex().to_string(), written_at };
    Ok(Dropped { path: path.to_owned(), origin, delivery: service::read(&bytes).map_err(|error| error.to_string()) })
}

/// The deliveries that are to be taken, the oldest first: from the last full roster on, for it says all that came before it.
///
/// # Errors
/// The file that can't be read, and why.
fn pending(faces: &[Face]) -> Result<Vec<Dropped>, (PathBuf, String)> {
    let mut pending = Vec::new();
    for face in faces.iter().rev().take(MOST_AT_ONCE) {
        let dropped = take(&face.0).map_err(|why| (face.0.clone(), why))?;
        let is_full = dropped.delivery.as_ref().is_ok_and(|delivery| delivery.users.mode == Mode::Bulk);
        pending.push(dropped);
        if is_full {
            break;
        }
    }
    pending.reverse();
    Ok(pending)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST { Err(io::Error::other("it is too large for a roster")) } else { Ok(bytes) }
}

/// Looks at deliveries that are whole, one after another: applies each, or lets it wait for a person, and those after it with it.
pub(super) async fn consider(collector: &Collector, faces: &[Face]) -> Outcome {
    let faces = faces.to_vec();
    let read = tokio::task::spawn_blocking(move || pending(&faces)).await;
    let pending = match read.unwrap_or_else(|_| Err((PathBuf::new(), "reading it broke off".to_owned()))) {
        Ok(pending) => pending,
        Err((path, why)) => return wait(collector, name_of(&path), String::new(), why).await,
    };
    let mut outcome = Outcome::Nothing;
    for dropped in pending {
        outcome = one(collector, dropped).await;
        if matches!(outcome, Outcome::Nothing | Outcome::Waits) {
            break;
        }
    }
    outcome
}

async fn one(collector: &Collector, dropped: Dropped) -> Outcome {
    let roster = settings(&collector.keeper.view());
    let digest = dropped.origin.digest.clone();
    if roster.waiting.as_ref().is_some_and(|waiting| waiting.digest == digest) {
        return Outcome::Waits;
    }
    if roster.last.as_ref().is_some_and(|last| last.digest == digest) {
        return known(collector, &roster, &digest).await;
    }
    let planned = planned(collector, &dropped, Terms::default()).await;
    let why = planned.as_ref().map_or_else(Clone::clone, doubts);
    let Some(plan) = planned.ok().filter(|_| why.is_empty()) else {
        return wait(collector, dropped.origin.file, digest, why).await;
    };
    match service::apply(collector, &Actor::Rollcall, Accepted { plan, origin: dropped.origin }, |_, _| {}).await {
        Ok(plan) => {
            tracing::info!(people = plan.steps.len(), "a delivery of the roster was applied");
            Outcome::Applied
        }
        Err(error) => {
            tracing::error!(%error, "a delivery of the roster could not be applied; it is tried again");
            Outcome::Nothing
        }
    }
}

/// A delivery that was applied already lies there again, or still: none waits any more that came between.
async fn known(collector: &Collector, roster: &Roster, digest: &str) -> Outcome {
    let is_over = roster.waiting.as_ref().is_some_and(|waiting| waiting.digest != digest);
    if is_over && let Err(error) = collector.keeper.change(Actor::Rollcall, |w| Ok(roster::waits(w, None))).await {
        tracing::error!(%error, "it could not be said that no delivery of the roster waits any more");
    }
    Outcome::Known
}

/// The plan of a delivery of the folder.
///
/// # Errors
/// In words: it can't be read, or is not for this school.
pub async fn planned(collector: &Collector, dropped: &Dropped, terms: Terms) -> Result<Plan, String> {
    let delivery = dropped.delivery.clone()?;
    let asked = collector.clone();
    let plan = tokio::task::spawn_blocking(move || service::plan(&asked, &delivery, &terms)).await;
    plan.map_err(|_| "planning it broke off".to_owned())?.map_err(|refusal| refusal.text)
}

/// The delivery that waits, as long as the same one still lies there.
///
/// # Errors
/// In words: none waits, or another one lies there by now.
pub fn waiting(roster: &Roster) -> Result<Dropped, String> {
    let waiting = roster.waiting.as_ref().ok_or("no delivery waits")?;
    let watch = roster.watch.as_ref().ok_or("no folder is watched")?;
    let dropped = take(&Path::new(&watch.dir).join(&waiting.file))?;
    if dropped.origin.digest != waiting.digest {
        return Err("another delivery lies there by now; it is looked at within the next minutes".to_owned());
    }
    Ok(dropped)
}

/// How a delivery is taken that a person has said yes to.
pub fn said_yes() -> Terms {
    Terms { leaving: Guard::Off, cards: Guard::Off, ..Terms::default() }
}

/// Why a plan is not applied by itself; nothing that the file says is in it, for that may be a name.
fn doubts(plan: &Plan) -> String {
    let bad = plan.bad.first().map(|first| {
        let column = if first.column.is_empty() { String::new() } else { format!(", column {}", first.column) };
        let rows = count(plan.bad.len(), "row", "rows");
        format!("{rows} can't be used, the first in {}, line {}{column}", first.file, first.line)
    });
    plan.suspicious.iter().cloned().chain(bad).collect::<Vec<_>>().join("; ")
}

pub(super) async fn wait(collector: &Collector, file: String, digest: String, why: String) -> Outcome {
    let waiting = Waiting { file, digest, why, since: collector.keeper.clock().now() };
    let told = collector.keeper.change(Actor::Rollcall, move |w| Ok(roster::waits(w, Some(waiting)))).await;
    if let Err(error) = told {
        tracing::error!(%error, "it could not be said that a delivery of the roster waits");
    }
    Outcome::Waits
}

/// Packs the known files of a folder as a delivery; for tests and for whoever has a folder.
///
/// # Errors
/// The folder can't be read.
pub fn packed(folder: &Path) -> Result<Vec<u8>, oneroster::Unreadable> {
    oneroster::of_folder(folder).and_then(|files| oneroster::pack(&files))
}
