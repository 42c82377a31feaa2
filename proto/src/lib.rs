//! The wire between Rollcall's agents and collector: messages, digests, the list of sections. Nothing else.
//!
//! Invariants, as absences: no socket, no clock, no disk; no `map` field (bytes must be canonical);
//! no command that carries a path, an address, a script or a program.

mod codec;
mod dates;
pub mod digest;
#[doc(hidden)]
pub mod fuzz;
pub mod section;
pub mod software;

pub use digest::{Digest, pack, unpack, unpacked_size};
pub use section::{SECTIONS, Section};

/// The messages of `rollcall.v1`, generated from the `.proto` files beside this crate.
#[allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    let_underscore_drop,
    unused_qualifications,
    reason = "generated; the .proto files are the documentation"
)]
pub mod v1 {
    tonic::include_proto!("rollcall.v1");
}

/// What the old key signs when a certificate is renewed at the enrolment door: for this certificate, this challenge and this request alone.
pub fn renewal_statement(certificate_der: &[u8], nonce: &[u8], csr_der: &[u8]) -> Vec<u8> {
    let mut statement = b"rollcall.v1 renewal".to_vec();
    for part in [certificate_der, nonce, csr_der] {
        statement.extend_from_slice(Digest::of(part).as_bytes());
    }
    statement
}

/// How an agent says that it is too old for a command.
pub const UNKNOWN_COMMAND: &str = "this agent does not know the command; it is older than the collector";
/// Most filler of one echo, bytes.
pub const MAX_FILLER: usize = 64 * 1024;
/// Largest message of the attendance door, bytes on the wire after decoding.
pub const MAX_MESSAGE: usize = 2 * 1024 * 1024;
/// Largest message of the enrolment door, bytes.
pub const MAX_ENROLL_MESSAGE: usize = 16 * 1024;
/// Largest section when unpacked, bytes.
pub const MAX_SECTION: usize = 8 * 1024 * 1024;
