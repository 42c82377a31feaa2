//! Values of a row, each read or said to be wrong.

use super::table::{Column, Row};
use jiff::civil::Date;
use rollcall_site::ClassId;
use rollcall_site::person::LONGEST;
use rollcall_site::roster::{Bad, Mode, RosterRole, RowStatus};

/// What is wrong with a row: the column, and what.
pub(super) type Wrong = (&'static str, String);

/// The longest key, characters.
const LONGEST_KEY: usize = 255;

/// Most schools of one person: a district's office is at all of them.
const MOST_KEYS: usize = 500;

/// A row with the columns that are looked for, and how its file is to be taken.
pub(super) struct Fields<'a, 'b> {
    pub(super) row: &'b Row<'a>,
    pub(super) columns: &'static [Column],
    pub(super) mode: Mode,
}

impl<'a> Fields<'a, '_> {
    /// The value of a column; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &'a str {
        self.columns.iter().position(|column| column.name == name).map_or("", |place| self.row.get(place))
    }

    /// A key: never empty.
    pub(super) fn key(&self, name: &'static str) -> Result<String, Wrong> {
        let text = self.get(name);
        let fits = !text.is_empty() && text.chars().count() <= LONGEST_KEY && !text.chars().any(char::is_control);
        if fits { Ok(text.to_owned()) } else { Err((name, wrong(text, "a key of 1 to 255 characters"))) }
    }

    /// A text on one line that may be empty.
    pub(super) fn text(&self, name: &'static str) -> Result<String, Wrong> {
        let text = self.get(name);
        let fits = text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
        if fits { Ok(text.to_owned()) } else { Err((name, format!("it has more than {LONGEST} characters, or control characters"))) }
    }

    /// The row's status; in a file that is everything it may be left out.
    pub(super) fn status(&self) -> Result<RowStatus, Wrong> {
        match self.get("status").to_ascii_lowercase().as_str() {
            "active" => Ok(RowStatus::Active),
            "" if self.mode == Mode::Bulk => Ok(RowStatus::Active),
            "tobedeleted" => Ok(RowStatus::ToBeDeleted),
            other => Err(("status", wrong(other, "active or tobedeleted"))),
        }
    }

    /// A role.
    pub(super) fn role(&self) -> Result<RosterRole, Wrong> {
        let text = self.get("role");
        match text.to_ascii_lowercase().as_str() {
            "student" => Ok(RosterRole::Student),
            "administrator"
            | "aide"
            | "counselor"
            | "districtadministrator"
            | "principal"
            | "proctor"
            | "siteadministrator"
            | "systemadministrator"
            | "teacher" => Ok(RosterRole::Staff),
            "guardian" | "parent" | "relative" => Ok(RosterRole::Family),
            _ => Err(("role", wrong(text, "a role that OneRoster names"))),
        }
    }

    /// A class.
    pub(super) fn class(&self, name: &'static str) -> Result<ClassId, Wrong> {
        ClassId::parse(self.get(name)).map_err(|_| (name, wrong(self.get(name), "a key of 1 to 255 characters")))
    }

    /// A day that may be left out.
    pub(super) fn day(&self, name: &'static str) -> Result<Option<Date>, Wrong> {
        let text = self.get(name);
        // Some write a time behind it.
        let day = text.get(..10).unwrap_or(text);
        if text.is_empty() { Ok(None) } else { day.parse().map(Some).map_err(|_| (name, wrong(text, "a day as 2026-11-28"))) }
    }

    /// What is wrong with the row as a whole.
    pub(super) fn whole(&self) -> Result<(), Wrong> {
        self.row.odd.map_or(Ok(()), |(has, named)| {
            Err(("", format!("it has {has} values and the heading names {named}; a value with a comma stands between quotes")))
        })
    }

    /// The row among those that can't be used.
    pub(super) fn bad(&self, file: &str, (column, what): Wrong) -> Bad {
        Bad { file: file.to_owned(), line: self.row.line, column: column.to_owned(), what }
    }
}

fn wrong(text: &str, want: &str) -> String {
    let text: String = text.chars().take(60).collect();
    if text.is_empty() { format!("it is empty: {want} is wanted") } else { format!("{text:?} is not {want}") }
}

/// The first id of `{type:id},{type:id}`.
pub(super) fn first_user_id(text: &str) -> String {
    let first = text.split(',').next().unwrap_or_default().trim().trim_start_matches('{').trim_end_matches('}');
    first.split_once(':').map_or("", |(_, id)| id.trim()).chars().take(LONGEST_KEY).collect()
}

/// Grades as people say them: "09" is 9; several are named one after another.
pub(super) fn grades(text: &str) -> String {
    let one = |grade: &str| {
        let bare = grade.trim().trim_start_matches('0');
        if bare.is_empty() { grade.trim().to_owned() } else { bare.to_owned() }
    };
    text.split(',').filter(|grade| !grade.trim().is_empty()).map(one).collect::<Vec<_>>().join(", ")
}

/// The keys of a list.
pub(super) fn keys(text: &str) -> Result<Vec<String>, String> {
    let keys: Vec<&str> = text.split(',').map(str::trim).filter(|key| !key.is_empty()).take(MOST_KEYS + 1).collect();
    let fits = keys.len() <= MOST_KEYS && keys.iter().all(|key| key.chars().count() <= LONGEST_KEY);
    let wrong = || format!("it has more than {MOST_KEYS} keys, or one of more than {LONGEST_KEY} characters");
    if fits { Ok(keys.into_iter().map(str::to_owned).collect()) } else { Err(wrong()) }
}
