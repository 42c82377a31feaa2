//! The folder where the student information system puts its deliveries: each is taken when it is whole, and applied when nothing is suspicious.

use crate::Collector;
use crate::feeds::oneroster::{self, LARGEST, Unreadable};
use crate::feeds::plain_file::{self, Face};
use crate::feeds::roster::{self as service, Accepted, Turn, name_of};
use jiff::{SignedDuration, Timestamp};
use rollcall_site::Refusal;
use rollcall_site::event::Actor;
use rollcall_site::roster::{self, Delivery, Guard, Origin, Plan, Roster, Terms, Waiting, settings};
use rollcall_site::words::count;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Most deliveries that are taken at one look; there are more only where nobody looked for weeks, and the next look goes on.
const MOST_AT_ONCE: usize = 64;
/// Most entries of the folder that are looked at: a delivery a day for 27 years.
const MOST_ENTRIES: usize = 10_000;
/// So far may the clock of whoever writes the files be ahead of ours.
const MOST_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// A delivery in the folder.
pub struct Dropped {
    /// Its name, its bytes' hash, and when it was written.
    pub origin: Origin,
    /// What it says, or why it can't be read.
    pub delivery: Result<Arc<Delivery>, Unreadable>,
}

/// Why there is no plan of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPlanned {
    /// It can't be read. The words may repeat what the file says, so they are for an answer, never for what is stored.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It is not for this school; the same goes for these words.
    #[error("{}", .0.text)]
    Refused(Refusal),
    /// Planning it broke off.
    #[error("planning it broke off")]
    BrokeOff,
}

impl NotPlanned {
    /// In words that may be stored: they name the place, and nothing that stands there.
    fn stored(&self) -> String {
        match self {
            Self::Unreadable(bad) => bad.without_content(),
            Self::Refused(_) => "it does not fit what was chosen for this school; `rollcall roster accept` says why".to_owned(),
            Self::BrokeOff => self.to_string(),
        }
    }
}

impl From<NotPlanned> for Refusal {
    fn from(error: NotPlanned) -> Self {
        Self::invalid(error.to_string())
    }
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
    for (number, entry) in entries.flatten().enumerate() {
        if number >= MOST_ENTRIES {
            return Err(format!(
                "the folder has more than {MOST_ENTRIES} entries, and the newest may be among the rest: move old ones away"
            ));
        }
        let name = entry.file_name();
        let is_zip = name.to_str().is_some_and(|name| !name.starts_with('.') && name.to_ascii_lowercase().ends_with(".zip"));
        let face = Some(entry.path()).filter(|_| is_zip).and_then(|path| plain_file::face(&path).ok().flatten());
        found.extend(face.filter(|face| is_newer(face, taken)));
    }
    found.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.path.cmp(&b.path)));
    Ok(found)
}

fn written(face: &Face) -> Option<Timestamp> {
    face.at.try_into().ok()
}

fn is_newer(face: &Face, taken: Option<Timestamp>) -> bool {
    taken.is_none_or(|taken| written(face).is_none_or(|at| at > taken))
}

/// A file from the time to come: taken now, it would come once more after each that is written meanwhile, and undo it.
pub(super) fn ahead(faces: &[Face], now: Timestamp) -> Option<&Face> {
    faces.iter().find(|face| written(face).is_none_or(|at| at.duration_since(now) > MOST_AHEAD))
}

/// Reads a delivery of the folder.
///
/// # Errors
/// In words: the file can't be opened, or is too large.
fn take(path: &Path) -> Result<Dropped, String> {
    let failed = |error: io::Error| format!("{} can't be read: {error}", name_of(path));
    let (bytes, written_at) = bytes(path).map_err(failed)?;
    let origin = Origin { file: name_of(path), digest: blake3::hash(&bytes).to_hex().to_string(), written_at };
    Ok(Dropped { origin, delivery: service::read(&bytes).map(Arc::new) })
}

/// What lies there, and when it was written.
fn bytes(path: &Path) -> io::Result<(Vec<u8>, Option<Timestamp>)> {
    let file = plain_file::open(path)?;
    let written_at = file.metadata()?.modified()?.try_into().ok();
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST { Err(io::Error::other("it is too large for a roster")) } else { Ok((bytes, written_at)) }
}

/// The deliveries that are to be taken at this look, the oldest first: from the last whole roster on, for it says all that came before it.
fn due(mut faces: Vec<Face>) -> Vec<Face> {
    let whole = |face: &Face| bytes(&face.path).is_ok_and(|(zip, _)| oneroster::is_whole(&zip) && service::read(&zip).is_ok());
    // Nothing comes before the first, whatever it is.
    let from = faces.iter().enumerate().skip(1).rev().take(MOST_AT_ONCE).find(|(_, face)| whole(face)).map_or(0, |(place, _)| place);
    let mut due = faces.split_off(from);
    // What was written in the same moment goes with them: the next look asks for what is newer.
    if let Some(last) = due.get(MOST_AT_ONCE - 1).map(|face| face.at) {
        due.retain(|face| face.at <= last);
    }
    due
}

/// Looks at deliveries that are whole, one after another: applies each, or lets it wait for a person, and those after it with it.
pub(super) async fn consider(collector: &Collector, faces: &[Face]) -> Outcome {
    let turn = service::turn().await;
    // Somebody else may have taken some of them while we waited.
    let taken = settings(&collector.keeper.view()).folder_at;
    let faces: Vec<Face> = faces.iter().filter(|face| is_newer(face, taken)).cloned().collect();
    let mut outcome = if faces.is_empty() { Outcome::Known } else { Outcome::Nothing };
    for face in tokio::task::spawn_blocking(move || due(faces)).await.unwrap_or_default() {
        let file = name_of(&face.path);
        let read = tokio::task::spawn_blocking(move || take(&face.path)).await;
        outcome = match read.unwrap_or_else(|_| Err("reading it broke off".to_owned())) {
            Ok(dropped) => one(collector, &turn, dropped).await,
            Err(why) => wait(collector, file, String::new(), why).await,
        };
        if matches!(outcome, Outcome::Nothing | Outcome::Waits) {
            break;
        }
    }
    outcome
}

async fn one(collector: &Collector, turn: &Turn, dropped: Dropped) -> Outcome {
    let roster = settings(&collector.keeper.view());
    let digest = dropped.origin.digest.clone();
    if roster.waiting.as_ref().is_some_and(|waiting| waiting.digest == digest) {
        return Outcome::Waits;
    }
    if roster.last.as_ref().is_some_and(|last| last.digest == digest) {
        return known(collector, &roster, &digest).await;
    }
    let planned = planned(collector, &dropped, Terms::default()).await;
    let why = planned.as_ref().map_or_else(NotPlanned::stored, doubts);
    let Some(plan) = planned.ok().filter(|_| why.is_empty()) else {
        return wait(collector, dropped.origin.file, digest, why).await;
    };
    match service::apply(collector, turn, &Actor::Rollcall, Accepted { plan, origin: dropped.origin }, |_, _| {}).await {
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
/// [`NotPlanned`].
pub async fn planned(collector: &Collector, dropped: &Dropped, terms: Terms) -> Result<Plan, NotPlanned> {
    let delivery = dropped.delivery.clone()?;
    let asked = collector.clone();
    let plan = tokio::task::spawn_blocking(move || service::plan(&asked, &delivery, &terms)).await;
    plan.map_err(|_| NotPlanned::BrokeOff)?.map_err(NotPlanned::Refused)
}

/// The delivery that waits, as long as the same one still lies there.
///
/// # Errors
/// In words: none waits, or another one lies there by now.
pub fn waiting(roster: &Roster) -> Result<Dropped, String> {
    let waiting = roster.waiting.as_ref().ok_or("no delivery waits")?;
    let watch = roster.watch.as_ref().ok_or("no folder is watched")?;
    // It was not even read.
    if waiting.digest.is_empty() {
        return Err(format!("{}: {}", waiting.file, waiting.why));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::plain_file::tests::pipe;
    use std::time::{Duration, SystemTime};

    const START: u64 = 1_800_000_000;

    /// Puts a delivery there that was written so many minutes after the start.
    fn put(folder: &Path, minute: u64, manifest: &str) {
        let manifest = format!("propertyName,value\noneroster.version,1.1\n{manifest}");
        let text = |text: &str| text.as_bytes().to_vec();
        let files = oneroster::Files::from([
            ("manifest.csv", text(&manifest)),
            ("users.csv", text("sourcedId,status,role,givenName,familyName\n")),
            ("classes.csv", text("sourcedId,status,title,location\n")),
            ("enrollments.csv", text("sourcedId,status,classSourcedId,userSourcedId\n")),
        ]);
        write(folder, minute, &oneroster::pack(&files).unwrap());
    }

    fn write(folder: &Path, minute: u64, bytes: &[u8]) {
        let path = folder.join(format!("{minute}.zip"));
        fs::write(&path, bytes).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(START + 60 * minute);
        fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    }

    const CHANGES: &str = "file.users,delta\nfile.classes,delta\nfile.enrollments,delta\n";
    const WHOLE: &str = "file.users,bulk\nfile.classes,bulk\nfile.enrollments,bulk\n";
    const PEOPLE: &str = "file.users,bulk\nfile.classes,absent\nfile.enrollments,absent\n";

    /// The minutes of the deliveries that are due.
    fn minutes(folder: &Path) -> Vec<String> {
        due(newer(folder, None).unwrap()).iter().map(|face| name_of(&face.path).replace(".zip", "")).collect()
    }

    #[test]
    fn no_delivery_is_passed_over_but_those_before_a_whole_one() {
        let dir = tempfile::tempdir().unwrap();
        (0..70).for_each(|minute| put(dir.path(), minute, CHANGES));
        let first = minutes(dir.path());
        assert_eq!(
            (first.len(), first[0].as_str(), first[63].as_str()),
            (64, "0", "63"),
            "the oldest first; the rest is for the next look"
        );
        put(dir.path(), 66, PEOPLE);
        assert_eq!(minutes(dir.path())[0], "0", "its classes are as those before it say");
        put(dir.path(), 66, WHOLE);
        assert_eq!(minutes(dir.path()), ["66", "67", "68", "69"]);
        write(dir.path(), 66, b"PK and then nothing");
        assert_eq!(minutes(dir.path())[0], "0");
    }

    #[test]
    fn a_pipe_in_the_folder_is_passed_over_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), 1, CHANGES);
        pipe(&dir.path().join("2.zip"));
        assert_eq!(minutes(dir.path()), ["1"]);
        assert!(take(&dir.path().join("2.zip")).err().unwrap().contains("no plain file"), "it became one this moment");
    }

    #[test]
    fn a_file_from_the_time_to_come_is_told() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), 1, CHANGES);
        put(dir.path(), 60, CHANGES);
        let faces = newer(dir.path(), None).unwrap();
        let at = |minute: i64| Timestamp::from_second(i64::try_from(START).unwrap() + 60 * minute).unwrap();
        assert!(ahead(&faces, at(56)).is_none(), "a clock may be some minutes ahead");
        assert_eq!(ahead(&faces, at(54)).map(|face| name_of(&face.path)).as_deref(), Some("60.zip"));
    }

    #[test]
    fn what_is_stored_of_a_delivery_repeats_nothing_of_it() {
        let text = format!("propertyName,value\noneroster.version,1.1\nfile.Maya Torres,{}\n", "x".repeat(100_000));
        let bad = |files: &[(&'static str, &str)]| {
            let files = files.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect();
            oneroster::read(&files).unwrap_err()
        };
        let named = bad(&[("manifest.csv", &text)]);
        assert!(named.to_string().contains("Maya Torres") && named.to_string().len() < 250, "{named}");
        let stored = NotPlanned::from(named).stored();
        assert!(stored.starts_with("manifest.csv, line 3: ") && !stored.contains("Maya"), "{stored}");
        let heading =
            bad(&[("manifest.csv", &format!("propertyName,value\noneroster.version,1.1\n{PEOPLE}")), ("users.csv", "Maya Torres,20431\n")]);
        assert!(heading.to_string().contains("Torres"), "{heading}");
        let stored = NotPlanned::from(heading).stored();
        assert!(stored.starts_with("users.csv, line 1: ") && !stored.contains("Torres"), "{stored}");
        let refused = NotPlanned::Refused(Refusal::invalid("there is no school \"Maya Torres\""));
        assert!(!refused.stored().contains("Maya"));
        assert_eq!(NotPlanned::from(bad(&[])).stored(), bad(&[]).to_string(), "our own words are stored as they are");
    }
}
