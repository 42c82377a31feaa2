//! Where bytes enter that somebody else wrote: every parser and door of the collector, called by the tests and by the fuzzer.
//!
//! Not part of the interface: it may change at any time.

pub use crate::agents::rehearsal::{Answer, Rehearsal};

use crate::{agents, cli, desk, feeds, secrets, store, tickets};
use rollcall_proto::fuzz::Target;

/// Every parser and door of the collector.
pub fn targets() -> Vec<Target> {
    let parts =
        [agents::fuzz::targets(), cli::fuzz::targets(), desk::fuzz::targets(), feeds::oneroster::fuzz::targets(), store::fuzz::targets()];
    parts.into_iter().flatten().chain([feeds::sip2::fuzz::target(), secrets::fuzz::target(), tickets::fuzz::target()]).collect()
}
