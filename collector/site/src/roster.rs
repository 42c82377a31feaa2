//! The roster: who is at the school, as the student information system says it. Read elsewhere; planned, guarded and applied here.

mod apply;
mod cards;
mod check;
mod delivery;
mod fate;
mod guard;
mod members;
mod plan;
mod settings;
#[cfg(test)]
mod tests;
mod title;

pub use apply::{Applied, apply, apply_classes, finish};
pub use check::{Discrepancy, Doubt, discrepancies, to_forget};
pub use delivery::{Bad, ClassRow, Delivery, EnrollmentRow, MOST_BAD, Mode, Org, Part, RoleRow, RosterRole, RowStatus, UserRow};
pub use plan::{ClassStep, Counts, Entry, Guard, LeftOut, Plan, Step, StepKind, Terms, plan};
pub use settings::{CardSource, KEEP_DAYS, Origin, Roster, Taken, Waiting, Watch, choose, keep_for, settings, unwatch, waits, watch};
