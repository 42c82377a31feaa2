//! The manifest: which version it is, and whether each file is everything or what has changed.

use super::table::{self, Column, Table};
use super::{Files, NAMES, Unreadable};
use rollcall_site::roster::Mode;
use std::collections::BTreeMap;

/// What the manifest says.
pub(super) struct Manifest {
    /// "1.1", "1.2".
    pub(super) version: String,
    /// The system that made it.
    pub(super) system: String,
    /// By file.
    modes: BTreeMap<&'static str, Mode>,
}

pub(super) const FILE: &str = "manifest.csv";
const COLUMNS: &[Column] = &[Column::needed("propertyName"), Column::needed("value")];

impl Manifest {
    pub(super) fn read(files: &Files) -> Result<Self, Unreadable> {
        let bytes = files.get(FILE).ok_or_else(|| {
            Unreadable::new(FILE, "it is missing: without it nobody knows whether the other files are everything or what has changed")
        })?;
        let mut manifest = Self { version: String::new(), system: String::new(), modes: BTreeMap::new() };
        let table = Table::of(FILE, bytes, COLUMNS)?;
        table.each(|row| {
            let row = row?;
            let [name, value] = [row.get(0), row.get(1)];
            match name {
                "oneroster.version" => manifest.version = shown(value),
                "source.systemName" => manifest.system = value.chars().filter(|c| !c.is_control()).take(100).collect(),
                _ => {
                    if let Some(file) = name.strip_prefix("file.") {
                        let what = || format!("{} is {:?}: it must be absent, bulk or delta", shown(name), shown(value));
                        let mode = mode(value).ok_or_else(|| wrong(row.line, what()))?;
                        // Others are never asked for.
                        if let Some(known) = NAMES.iter().find(|known| known.strip_suffix(".csv") == Some(file)) {
                            manifest.modes.insert(known, mode);
                        }
                    }
                }
            }
            Ok(())
        })?;
        if !["1.1", "1.2"].contains(&manifest.version.as_str()) {
            let what = format!("oneroster.version is {:?}: 1.1 and 1.2 are read", manifest.version);
            return Err(Unreadable::new(FILE, what));
        }
        Ok(manifest)
    }

    /// Whether it says that the files of people, classes and who is in them are all everything; from 1.2 on those of roles too.
    pub(super) fn is_whole(&self) -> bool {
        let is_bulk = |name: &str| self.modes.get(name) == Some(&Mode::Bulk);
        let has_roles = self.version == "1.1" || is_bulk("roles.csv");
        ["classes.csv", "enrollments.csv", "users.csv"].into_iter().all(is_bulk) && has_roles
    }

    /// A file that it names, and how it is to be taken; none where it says that it is absent.
    pub(super) fn file<'a>(&self, files: &'a Files, name: &'static str) -> Result<Option<(Mode, &'a [u8])>, Unreadable> {
        match (self.modes.get(name).copied().unwrap_or_default(), files.get(name)) {
            (Mode::Absent, _) => Ok(None),
            (_, None) => Err(Unreadable::new(name, "the manifest names it, and it is not there")),
            (mode, Some(bytes)) => Ok(Some((mode, bytes))),
        }
    }
}

/// As much of a text as is repeated in a message.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

fn mode(text: &str) -> Option<Mode> {
    match text.to_ascii_lowercase().as_str() {
        "absent" => Some(Mode::Absent),
        "bulk" => Some(Mode::Bulk),
        "delta" => Some(Mode::Delta),
        _ => None,
    }
}

fn wrong(line: u64, what: String) -> Unreadable {
    table::at(FILE, line, what)
}
