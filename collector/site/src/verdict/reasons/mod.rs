//! The reasons of a verdict, each a file: one concern as data and a pure function.

mod accessories;
mod alerts;
mod baseline;
mod battery;
mod borrower;
mod device;
mod disk;
mod kit;
mod limits;
mod loan;
mod restart;
mod returned;
mod seen;
mod status;
mod tickets;

use super::policy::Colour;
use super::subject::Subject;

/// Every concern, alphabetical: adding a reason is a file and a line.
pub const REASONS: &[Concern] = &[
    accessories::CONCERN,
    alerts::HIGH,
    alerts::OTHER,
    baseline::CONCERN,
    battery::CHARGE,
    battery::WORN,
    borrower::BLOCKED,
    borrower::LEFT,
    borrower::PROVISIONAL,
    borrower::UNKNOWN,
    device::CONCERN,
    disk::CONCERN,
    kit::CONCERN,
    limits::AGREEMENT,
    limits::CHARGES,
    limits::LIMIT,
    limits::OVERDUE,
    limits::RESERVED,
    loan::CONCERN,
    restart::CONCERN,
    returned::CONCERN,
    seen::IDENTITY,
    seen::REPORT,
    status::CONCERN,
    tickets::OPEN,
    tickets::PRESSING,
];

/// One thing that is looked at before an asset leaves.
pub struct Concern {
    /// Its name in policies and answers; never reused.
    pub code: &'static str,
    /// The word for it on a page.
    pub word: &'static str,
    /// What is wrong where it is not well, in a few words.
    pub title: &'static str,
    /// What that comes to where no policy says otherwise.
    pub usual: Colour,
    /// The mildest that a policy may make of it.
    pub least: Colour,
    pub(super) check: fn(&Subject<'_>) -> Vec<Said>,
}

/// What a concern says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is well.
    Well(String),
    /// It is not.
    Wrong {
        /// What, with when and how much.
        text: String,
        /// What to do.
        remedy: String,
    },
}

impl Said {
    fn well(text: impl Into<String>) -> Self {
        Self::Well(text.into())
    }

    fn wrong(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Wrong { text: text.into(), remedy: remedy.into() }
    }
}
