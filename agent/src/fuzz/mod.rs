//! Where bytes enter that somebody else wrote: every parser and door of the agent, called by the tests and by the fuzzer.
//!
//! Not part of the interface: it may change at any time.

mod machine;
mod sources;
mod talk;
mod words;

use rollcall_proto::fuzz::Target;

/// Every parser and door of the agent.
pub fn targets() -> Vec<Target> {
    sources::SOURCES.iter().map(machine::target).chain(words::targets()).chain([talk::target()]).collect()
}
