//! The agents' door: enrolment on its own listener, attendance over mutual TLS. It translates and calls the site; it decides nothing.

pub mod authority;
pub mod roll;
pub mod token;
