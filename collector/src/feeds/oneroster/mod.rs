//! Reads a delivery as `OneRoster` 1.1 and 1.2 have it: CSV files in one zip or folder, by the names of their columns.
//!
//! Only what lending needs is read. Absent is: `demographics.csv`, and the columns `password`, `sms` and `phone`.

mod archive;
mod fields;
pub(crate) mod fuzz;
mod manifest;
mod rows;
mod table;

pub use archive::{LARGEST, of_folder, of_zip, pack};

use manifest::Manifest;
use rollcall_site::roster::Delivery;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Why nothing of a delivery can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Unreadable {
    /// The file, with the line where that is known.
    pub place: String,
    /// What is wrong, and what to do. What was put together may repeat what the file says; a text of ours alone never does.
    pub what: Cow<'static, str>,
}

impl Unreadable {
    fn new(place: impl Into<String>, what: impl Into<Cow<'static, str>>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    /// In words that may be stored and sent: nothing of what stands in the file, for that may be a name.
    pub fn without_content(&self) -> String {
        match &self.what {
            Cow::Borrowed(ours) => format!("{}: {ours}", self.place),
            Cow::Owned(_) => format!("{}: it can't be read as a roster; `rollcall roster accept` says why", self.place),
        }
    }
}

/// The files of a delivery by name, as they were found.
pub type Files = BTreeMap<&'static str, Vec<u8>>;

/// The files that are read, alphabetical.
const NAMES: &[&str] = &["classes.csv", "enrollments.csv", "manifest.csv", "orgs.csv", "roles.csv", "users.csv"];

/// Most rows of all files: four times those of a district of 100,000 people, and some hundred MB of memory.
const MOST_ROWS: usize = 2_000_000;

/// Reads the files of a delivery.
///
/// # Errors
/// Something is wrong with the whole: no manifest, a file that it names is not there, a column is missing, or it is not UTF-8.
pub fn read(files: &Files) -> Result<Delivery, Unreadable> {
    let manifest = Manifest::read(files)?;
    let mut delivery = Delivery { system: manifest.system.clone(), version: manifest.version.clone(), ..Delivery::default() };
    if let Some((mode, text)) = manifest.file(files, "orgs.csv")? {
        delivery.orgs.mode = mode;
        rows::orgs(&mut delivery, text)?;
    }
    if let Some((mode, text)) = manifest.file(files, "users.csv")? {
        delivery.users.mode = mode;
        rows::users(&mut delivery, text)?;
    }
    if let Some((mode, text)) = manifest.file(files, "roles.csv")? {
        delivery.roles.mode = mode;
        rows::roles(&mut delivery, text)?;
    }
    if let Some((mode, text)) = manifest.file(files, "classes.csv")? {
        delivery.classes.mode = mode;
        rows::classes(&mut delivery, text)?;
    }
    if let Some((mode, text)) = manifest.file(files, "enrollments.csv")? {
        delivery.enrollments.mode = mode;
        rows::enrollments(&mut delivery, text)?;
    }
    Ok(delivery)
}

/// Whether a delivery says all that there is, by its manifest: then none that came before it says anything more.
pub fn is_whole(zip: &[u8]) -> bool {
    let manifest = archive::some_of_zip(zip, &[manifest::FILE]).and_then(|files| Manifest::read(&files));
    manifest.is_ok_and(|manifest| manifest.is_whole())
}

#[cfg(test)]
mod tests;
