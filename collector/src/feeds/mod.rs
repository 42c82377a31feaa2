//! What comes from other systems of the school, and goes to them: rosters, files that must come, the library's circulation.

pub mod dropped;
pub mod eyes;
pub mod oneroster;
mod plain_file;
pub mod roster;
pub mod sip2;
pub mod transfers;
