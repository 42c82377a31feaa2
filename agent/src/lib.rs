//! The agent of Rollcall: reads a PC's hardware, software and health, and answers the roll call of its site.
//!
//! ```text
//! host ─▶ probe ─▶ survey ─▶ source ─┐
//!                            watch ──┼─▶ run ⇄ session (what to say, when)
//!                                    │    ├─▶ spool, state (what must outlive a crash)
//!                                    │    └─▶ link, tls ─▶ collector
//! ```
//!
//! Invariants, as absences: no port is opened; no program is started but the closed list of `host/ask.rs`; nothing but the sections, the health, the
//! fingerprint and, when somebody asks, the findings of a diagnosis leave the machine; no root of the system is trusted; outside `host` nothing knows the operating system.

#![forbid(unsafe_code)]

mod clock;
pub mod host;
pub mod probe;
pub mod survey;
pub mod watch;

pub mod diagnose;
pub mod fingerprint;
pub mod resolve;
pub mod source;

pub mod enroll;
pub mod identity;
pub mod link;
pub mod tls;

pub mod renew;
pub mod run;
pub mod session;
pub mod spool;
pub mod state;
pub mod status;

pub mod cli;

#[doc(hidden)]
pub mod fuzz;

pub use run::{Agent, Ended, Keeping, RunError, run};
pub use source::{Facts, Machine, Simulated, Source};
pub use survey::Content;
