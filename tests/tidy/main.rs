//! The rules of the house, held as tests: what the code must look like, checked on its text.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check that can't go on ends there, and says where")]

mod dependencies;
mod layers;
mod lists;
mod readme;
mod samples;
mod spelling;
mod templates;
mod top;
mod tree;
mod wire;
