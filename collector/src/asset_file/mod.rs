//! Lists of assets in files: Rollcall's own, Snipe-IT's and Google Admin's, told apart by their heading; read row by row, and written.
//!
//! Adding a format is one file and one line in [`FORMATS`].

mod formats;
mod google;
mod own;
mod read;
mod snipe;
#[cfg(test)]
mod tests;
mod texts;
mod write;

pub use formats::{FORMATS, Format};
pub use read::{Borrower, Entry, Options, Reader};
pub use write::write;
