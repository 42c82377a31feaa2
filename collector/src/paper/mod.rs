//! Pages of paper: text, lines and filled areas at exact millimetres, written as PDF, or as SVG to look at first.
//!
//! A place on a page is counted in millimetres from its upper left corner, to the right and down. Nothing here knows what is printed.

mod face;
mod fit;
mod letters;
mod page;
mod pdf;
mod svg;
#[cfg(test)]
mod tests;

pub use face::Face;
pub use fit::{Fitted, fit, wrap};
pub use page::{A4, Align, Area, LETTER, Mark, Page, Print};
pub use pdf::pdf;
pub use svg::svg;

/// Millimetres of one point, the unit in which type is measured.
pub const MM_PER_POINT: f64 = 25.4 / 72.0;
