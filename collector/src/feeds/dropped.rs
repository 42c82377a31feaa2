//! The folder where the student information system puts its deliveries: each is taken when it is whole, and applied when nothing is suspicious.

use crate::Collector;
use crate::feeds::oneroster::{self, LARGEST};
use crate::feeds::roster::{self as service, Accepted, name_of};
use rollcall_site::event::Actor;
use rollcall_site::roster::{self, Delivery, Guard, Plan, Roster, Terms, Waiting, settings};
use rollcall_site::words::count;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most entries of the folder that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// What tells that a file is still as it was: whoever writes it changes one of these.
pub(super) type Face = (PathBuf, u64, u64, SystemTime);

/// A delivery in the folder.
pub struct Dropped {
    /// The zip.
    pub path: PathBuf,
    /// BLAKE3 of its bytes.
    pub digest: String,
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

/// The newest zip of the folder, and what tells it from others.
///
/// # Errors
/// In words: the folder can't be read.
pub(super) fn newest(folder: &Path) -> Result<Option<Face>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("the folder can't be read: {error}"))?;
    let mut newest: Option<Face> = None;
    for entry in entries.take(MOST_ENTRIES).flatten() {
        let name = entry.file_name();
        let is_zip = name.to_str().is_some_and(|name| !name.starts_with('.') && name.to_ascii_lowercase().ends_with(".zip"));
        let Some(face) = Some(entry.path()).filter(|_| is_zip).and_then(|path| face(&path)) else { continue };
        if newest.as_ref().is_none_or(|before| face.3 > before.3) {
            newest = Some(face);
        }
    }
    Ok(newest)
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
    let bytes = bytes(path).map_err(|error| format!("{} can't be read: {error}", name_of(path)))?;
    let digest = blake3::hash(&bytes).to_hex().to_string();
    Ok(Dropped { path: path.to_owned(), digest, delivery: service::read(&bytes).map_err(|error| error.to_string()) })
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST { Err(io::Error::other("it is too large for a roster")) } else { Ok(bytes) }
}

/// Looks at a delivery that is whole: applies it, or lets it wait for a person.
pub async fn consider(collector: &Collector, path: &Path) -> Outcome {
    let roster = settings(&collector.keeper.view());
    let file = path.to_owned();
    let taken = tokio::task::spawn_blocking(move || take(&file)).await.unwrap_or_else(|_| Err("reading it broke off".to_owned()));
    let dropped = match taken {
        Ok(dropped) if is_known(&roster, &dropped.digest) => return known(collector, &roster, &dropped.digest).await,
        Ok(dropped) => dropped,
        Err(why) => return wait(collector, path, String::new(), why).await,
    };
    let planned = planned(collector, &dropped, Terms::default()).await;
    let why = planned.as_ref().map_or_else(Clone::clone, |plan| doubts(plan));
    let Ok(plan) = planned.map_err(drop).and_then(|plan| if why.is_empty() { Ok(plan) } else { Err(()) }) else {
        return wait(collector, path, dropped.digest, why).await;
    };
    let accepted = Accepted { plan, file: name_of(path), digest: dropped.digest.clone() };
    match service::apply(collector, &Actor::Rollcall, accepted, |_, _| {}).await {
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
    if dropped.digest != waiting.digest {
        return Err("another delivery lies there by now; it is looked at within the next minutes".to_owned());
    }
    Ok(dropped)
}

/// How a delivery is taken that a person has said yes to.
pub fn said_yes() -> Terms {
    Terms { leaving: Guard::Off, cards: Guard::Off, ..Terms::default() }
}

fn is_known(roster: &Roster, digest: &str) -> bool {
    let last = roster.last.as_ref().is_some_and(|last| last.digest == digest);
    last || roster.waiting.as_ref().is_some_and(|waiting| waiting.digest == digest)
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

pub(super) async fn wait(collector: &Collector, path: &Path, digest: String, why: String) -> Outcome {
    let waiting = Waiting { file: name_of(path), digest, why, since: collector.keeper.clock().now() };
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
