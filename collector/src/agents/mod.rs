//! The agents' door: enrolment on its own listener, attendance over mutual TLS. It translates and calls the site; it decides nothing.
//!
//! Invariants, as absences: nothing an agent says reaches the site before `translate` has bounded and cleaned it; no
//! acknowledgement before the keeper's commit; no report before the bytes of all its contents are durable; no report
//! overtakes an earlier one; no certificate carries anything of a signing request but its public key; no wait without an
//! end; no caller holds more than its caps; no device is silent because the collector itself was late.

mod asked;
pub mod attend;
pub mod authority;
mod claims;
mod conversation;
mod diagnosis;
pub mod door;
pub mod enroll;
pub mod follow;
pub(crate) mod fuzz;
mod greet;
mod intake;
pub mod listen;
mod neighbours;
mod pace;
mod pauses;
mod pending;
pub(crate) mod rehearsal;
mod renew;
pub mod roll;
mod rounds;
#[cfg(test)]
mod tests;
mod text;
pub mod token;
mod translate;
mod vitals;
pub mod watch;
