//! What comes from other systems of the school, and goes to them: each feed is a folder.

pub mod sip2;
