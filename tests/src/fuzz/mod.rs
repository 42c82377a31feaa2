//! Every parser and door fed with mutated inputs: the one list of all crates, and the one mutator.
//!
//! In short form in `tests/run`; `tests/mutate` is the long form, and `tests/fuzz/run` the search that coverage guides.

mod fields;
mod mutate;
#[cfg(test)]
mod tests;

pub use fields::fields;
pub use mutate::{Mutator, Random};

use rollcall_proto::fuzz::Target;

/// Every parser and door of the project, by name.
pub fn targets() -> Vec<Target> {
    let mut all: Vec<Target> = rollcall_proto::fuzz::targets();
    all.extend(rollcall_agent::fuzz::targets());
    all.extend(rollcall::fuzz::targets());
    all.sort_by_key(|target| target.name);
    all
}
