//! The kinds of parts that are compared, with what is asked for one whose price nobody set.

/// A kind of part.
#[derive(Debug)]
pub struct PartKind {
    /// Its word, in policies and findings.
    pub word: &'static str,
    /// The section that lists it.
    pub section: &'static str,
    /// What is asked for one, percent of what the asset is worth, where no price is set.
    pub share: u64,
}

/// Every kind of part, alphabetical.
pub const PARTS: &[PartKind] = &[
    PartKind { word: "battery", section: "battery", share: 15 },
    PartKind { word: "board", section: "system", share: 100 },
    PartKind { word: "disk", section: "storage", share: 20 },
    PartKind { word: "graphics", section: "graphics", share: 30 },
    PartKind { word: "memory", section: "memory", share: 10 },
    PartKind { word: "network", section: "network", share: 5 },
    PartKind { word: "screen", section: "displays", share: 30 },
];

impl PartKind {
    /// The kind with this word.
    pub fn of(word: &str) -> Option<&'static Self> {
        PARTS.iter().find(|part| part.word == word)
    }
}
