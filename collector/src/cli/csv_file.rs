//! Files that people bring to the command line: read, refused line by line, and taken after a yes.

use crate::cli::exit::Failure;
use crate::cli::output::{Answer, Out};
use crate::cli::words;
use std::path::Path;

pub use crate::csv_file::{Sheet, parse};

/// The largest file, bytes: a district's roster has a tenth of it.
const LARGEST: u64 = 6 * 1024 * 1024;
/// Most problems that are told of one file.
const MOST_TOLD: usize = 20;

/// Reads a file.
///
/// # Errors
/// It can't be read, is too large, or is no CSV.
pub fn read(path: &Path) -> Result<Sheet, Failure> {
    parse(&bytes(path, LARGEST)?).map_err(|wrong| refuse(path, &[wrong]))
}

/// All of a file that has no more than so many bytes.
///
/// # Errors
/// It can't be read, or is too large.
pub fn bytes(path: &Path, largest: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::here(path.display(), &error);
    if std::fs::metadata(path).map_err(failed)?.len() > largest {
        return Err(Failure::Usage(format!("{}: larger than {}; split it", path.display(), words::disk(largest))));
    }
    std::fs::read(path).map_err(failed)
}

/// Says what is wrong with a file, line by line; nothing of it was taken.
pub fn refuse(path: &Path, wrong: &[String]) -> Failure {
    let mut told: Vec<&str> = wrong.iter().take(MOST_TOLD).map(String::as_str).collect();
    let more = format!("and {} more", wrong.len().saturating_sub(MOST_TOLD));
    if wrong.len() > MOST_TOLD {
        told.push(&more);
    }
    Failure::Usage(format!("{}: nothing was imported; {}", path.display(), told.join("; ")))
}

/// Asks whether to do what `plan` says an import would do.
///
/// # Errors
/// Somebody said no, or nobody is there to ask.
pub fn confirm(out: &Out, plan: &str) -> Result<(), Failure> {
    match out.ask(&format!("{plan}. Import?")) {
        Some(Answer::Yes) => Ok(()),
        Some(Answer::No) => Err(Failure::Refused("nothing was imported".to_owned())),
        None => Err(Failure::Refused(format!("{plan}; nothing was imported: say --yes to do it"))),
    }
}
