//! The site's collector: agents report to it, people and scripts ask it.

pub mod clock;
pub mod keeper;
pub mod store;
