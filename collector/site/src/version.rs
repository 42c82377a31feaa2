//! Versions compared by Debian's rules, which order dotted and semantic versions too, and ranges of them.

use std::cmp::Ordering;

/// Compares two versions by Debian's rules (Debian Policy 5.6.12): epoch, upstream, revision; `~` sorts before the end.
pub fn compare(a: &str, b: &str) -> Ordering {
    let _ = (a, b);
    todo!()
}

/// A range of versions: ">= 2.1, < 3", "= 1.2"; a bare version means that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range(Vec<(&'static str, String)>);

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// `Invalid`: what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, crate::Refusal> {
        let _ = text;
        todo!()
    }

    /// Whether `version` is in it.
    pub fn holds(&self, version: &str) -> bool {
        self.0.iter().all(|_| compare(version, "") == Ordering::Equal)
    }
}
