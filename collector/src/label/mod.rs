//! Labels: an asset's tag as bars, as a square code and in letters, on the sheets and tapes that people have.
//!
//! Everything is placed in millimetres. The codes hold the tag and nothing else, so that any scanner that types what it reads will do.

mod code;
mod drawing;
mod sheet;
mod stock;
#[cfg(test)]
mod tests;

pub use drawing::{Content, Label};
pub use sheet::{Job, MOST, Printed, print, test_page};
pub use stock::{STOCKS, Stock, stock};
