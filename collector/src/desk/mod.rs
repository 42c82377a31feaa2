//! The people's door: pages, the REST interface, and who may ask.

pub mod api;
pub mod keys;
pub mod socket;
pub mod who;
