//! The agent of Rollcall: reads a PC's hardware, software and health, and answers the roll call of its site.

#![forbid(unsafe_code)]

pub mod host;
pub mod probe;
pub mod survey;
pub mod watch;

pub mod fingerprint;
pub mod source;
