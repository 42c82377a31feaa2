//! The closed lists of tickets: categories, tiers, states, priorities, with the words that people read.

use serde::{Deserialize, Serialize};

/// What kind of work it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// A part is broken, missing or worn.
    #[default]
    Hardware,
    /// A program or a setting.
    Software,
    /// Somebody needs an account.
    Account,
    /// A machine needs an address.
    NetworkAddress,
    /// Somebody needs a privilege.
    Access,
    /// Projectors, cameras, sound, conferences.
    AudioVisual,
    /// Printers.
    Printing,
}

/// Who does the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// First level, at the site.
    #[default]
    Tier1,
    /// Second level.
    Tier2,
    /// The maker or a repair shop.
    Vendor,
}

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TicketState {
    /// Proposed by Rollcall; the technician confirms or drops it.
    Draft,
    /// To be done.
    #[default]
    Open,
    /// Being done.
    InProgress,
    /// Waits for a part, a person or a vendor.
    Waiting,
    /// Done.
    Done,
    /// Not done: it was none.
    Dropped,
}

/// How pressing a ticket is, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// Today.
    High,
    /// Now.
    Urgent,
}

/// A closed list whose members are known by one word each.
macro_rules! words {
    ($name:ident: $($variant:ident $word:literal $label:literal),+) => {
        impl $name {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// The word of every one, in order.
            pub const WORDS: &[&'static str] = &[$($word),+];

            /// As it stands in files, addresses and commands.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// As people read it.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
            /// The one with this word.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words!(Category:
    Hardware "hardware" "Hardware", Software "software" "Software", Account "account" "Account",
    NetworkAddress "network-address" "Network address", Access "access" "Access", AudioVisual "audio-visual" "Audio-visual",
    Printing "printing" "Printing");
words!(Tier: Tier1 "tier1" "Tier 1", Tier2 "tier2" "Tier 2", Vendor "vendor" "Vendor");
words!(TicketState:
    Draft "draft" "Draft", Open "open" "Open", InProgress "in-progress" "In progress", Waiting "waiting" "Waiting",
    Done "done" "Done", Dropped "dropped" "Dropped");
words!(Priority: Low "low" "Low", Normal "normal" "Normal", High "high" "High", Urgent "urgent" "Urgent");

impl TicketState {
    /// Whether something is still to be done, or to be confirmed.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_records() {
        fn check<T: Copy + Serialize>(all: &[T], word: fn(T) -> &'static str) {
            for one in all {
                assert_eq!(serde_json::to_value(one).unwrap(), word(*one));
            }
        }
        check(Category::ALL, Category::word);
        check(Tier::ALL, Tier::word);
        check(TicketState::ALL, TicketState::word);
        check(Priority::ALL, Priority::word);
        assert_eq!((Tier::of("vendor"), Tier::of("Vendor")), (Some(Tier::Vendor), None));
    }
}
