//! What an import would do, in figures and line by line.

use crate::csv_file::Wrong;
use rollcall_site::Tag;
use rollcall_site::intake::Step;
use serde::Serialize;

/// Most lines that are shown of what it does.
pub(super) const MOST_STEPS: usize = 200;
/// Most lines that are shown of what is wrong.
pub(super) const MOST_WRONG: usize = 100;

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// The form of the list: "Snipe-IT".
    pub format: &'static str,
    /// The encoding, where it had to be guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<&'static str>,
    /// Rows with something in them.
    pub rows: usize,
    /// Assets that are new.
    pub added: usize,
    /// Assets of which something changes.
    pub changed: usize,
    /// Assets that stay as they are.
    pub same: usize,
    /// Rooms that are made.
    pub rooms: Vec<String>,
    /// Columns that are left out, by their headings.
    pub left_out: Vec<String>,
    /// Rows with a place that is no room here, which is kept as the field "location".
    pub no_room: usize,
    /// The first of those places.
    pub places: Vec<String>,
    /// Rows that say that somebody has the asset.
    pub lent: usize,
    /// Loans that are made of them.
    pub loans: usize,
    /// Loans that should be made and can't be.
    pub discrepancies: usize,
    /// The first of them.
    pub unlent: Vec<Discrepancy>,
    /// The first lines that do something.
    pub steps: Vec<Shown>,
    /// Lines in which something is wrong: with any, nothing is taken in.
    pub wrong_count: usize,
    /// The first of them.
    pub wrong: Vec<Wrong>,
    /// The hash of all that it would do.
    pub digest: String,
    /// The inventory has changed since it was shown first.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub anew: bool,
}

/// A line that does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The line.
    pub line: u64,
    /// What it does.
    #[serde(flatten)]
    pub step: Step,
}

/// A loan that a list names and that is not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discrepancy {
    /// The line.
    pub line: u64,
    /// The asset.
    pub tag: Tag,
    /// Why.
    pub why: String,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Assets that are new.
    pub added: usize,
    /// Assets of which something changed.
    pub changed: usize,
    /// Assets that stayed as they were.
    pub same: usize,
    /// Loans that were made.
    pub loans: usize,
}
