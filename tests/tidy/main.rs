//! The rules of the house, held as tests: what the code must look like, checked on its text.

mod dependencies;
mod layers;
mod lists;
mod samples;
mod spelling;
mod templates;
mod top;
mod tree;
mod wire;
