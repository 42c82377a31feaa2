//! What a delivery of the student information system says, as it was read: rows, each with its place. No rule of the site is in it.

use crate::ClassId;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeSet;

/// How one of the files is to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It is not there.
    #[default]
    Absent,
    /// It is everything: what is not in it is gone.
    Bulk,
    /// It is what has changed.
    Delta,
}

/// One of the files.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<T> {
    /// How it is to be taken.
    pub mode: Mode,
    /// Its rows, in order.
    pub rows: Vec<T>,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { mode: Mode::Absent, rows: Vec::new() }
    }
}

/// A delivery.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivery {
    /// The name of the system that made it; empty: not said.
    pub system: String,
    /// The version of `OneRoster`, "1.1".
    pub version: String,
    /// Schools and districts.
    pub orgs: Part<Org>,
    /// People.
    pub users: Part<UserRow>,
    /// What people are, and where; from version 1.2 on.
    pub roles: Part<RoleRow>,
    /// Classes.
    pub classes: Part<ClassRow>,
    /// Who is in which class.
    pub enrollments: Part<EnrollmentRow>,
    /// Rows that can't be used.
    pub bad: Vec<Bad>,
    /// Whom rows that can't be used are about: they stay as they are.
    pub unread: BTreeSet<String>,
    /// Rows of people that can't be used and don't say of whom they are: while there is one, nobody is let go.
    pub nameless: usize,
}

/// Most rows that can't be used before the whole is no roster.
pub const MOST_BAD: usize = 5_000;

/// A row that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// The file's name.
    pub file: String,
    /// The line where the row begins, from 1.
    pub line: u64,
    /// The column; empty: the row as a whole.
    pub column: String,
    /// What is wrong, with the text in question.
    pub what: String,
}

/// Whether a row says that something is, or that it is not any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowStatus {
    /// It is.
    #[default]
    Active,
    /// It is to be deleted.
    ToBeDeleted,
}

/// A school, a district, a department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Org {
    /// Its key.
    pub source: String,
    /// Its name.
    pub name: String,
    /// "school", "district" …
    pub kind: String,
}

/// What somebody is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RosterRole {
    /// A student.
    Student,
    /// Works there.
    Staff,
    /// A guardian, parent or other relative: never taken in.
    Family,
}

/// A row of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRow {
    /// Where the row begins.
    pub line: u64,
    /// Their key.
    pub source: String,
    /// Whether they are.
    pub status: RowStatus,
    /// The column `identifier`; empty: nothing.
    pub identifier: String,
    /// The column `username`; empty: nothing.
    pub username: String,
    /// The first id of the column `userIds`; empty: nothing.
    pub user_id: String,
    /// Their name.
    pub name: String,
    /// Their mail address; empty: none.
    pub mail: String,
    /// Their grade; empty: none.
    pub grade: String,
    /// What they are; none where a file of its own says it.
    pub role: Option<RosterRole>,
    /// Where they are, by the keys of orgs; empty where the file of roles says it.
    pub orgs: Vec<String>,
}

/// A row of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    /// Its key.
    pub source: String,
    /// Whether it is.
    pub status: RowStatus,
    /// Whose.
    pub user: String,
    /// What.
    pub role: RosterRole,
    /// Where.
    pub org: String,
    /// The last day of it; none: not said.
    pub ends: Option<Date>,
}

/// A row of classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRow {
    /// Its key.
    pub id: ClassId,
    /// Whether it is.
    pub status: RowStatus,
    /// Its title.
    pub title: String,
    /// Its code; empty: none.
    pub code: String,
    /// Its room; empty: not said.
    pub room: String,
    /// Of which school; empty: not said.
    pub school: String,
}

/// A row of who is in which class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollmentRow {
    /// Whether it is.
    pub status: RowStatus,
    /// In which class.
    pub class: ClassId,
    /// Who.
    pub user: String,
}
