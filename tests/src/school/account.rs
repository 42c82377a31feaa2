//! What the simulator itself knows of one PC: what was acknowledged to its agent, and what the collector must have made of it.

use jiff::Timestamp;

/// Whether something must be so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// It must not be.
    #[default]
    Never,
    /// It may be or not.
    Either,
    /// It must be.
    Surely,
}

impl Wanted {
    /// Whether it is as wanted.
    pub fn holds(self, is_so: bool) -> bool {
        match self {
            Self::Never => !is_so,
            Self::Either => true,
            Self::Surely => is_so,
        }
    }
}

/// One PC's page in the simulator's own record.
#[derive(Clone, Debug)]
pub struct Account {
    /// What the collector must say of where it is: "here", "asleep", "silent".
    pub presence: &'static str,
    /// It fell silent.
    pub silent: Wanted,
    /// It was quarantined as a clone.
    pub cloned: Wanted,
    /// Its disk was rolled back.
    pub rolled_back: Wanted,
    /// Its clock is told of.
    pub skewed: Wanted,
    /// Changes of its software that were acknowledged, in order, in the words of the timeline.
    pub told: Vec<String>,
    /// A change that is not acknowledged yet.
    pub telling: Option<String>,
    /// What was acknowledged before this is of no account.
    pub since: Timestamp,
    /// Everything that its agent had to tell was acknowledged.
    pub settled: bool,
}

impl Account {
    /// Of a PC that is about to report since `now`.
    pub fn begin(now: Timestamp) -> Self {
        let never = Wanted::Never;
        Self {
            presence: "here",
            silent: never,
            cloned: never,
            rolled_back: never,
            skewed: never,
            told: Vec::new(),
            telling: None,
            since: now,
            settled: false,
        }
    }

    /// From `now` on its agent has something to tell; `change` is what the timeline must say of it, if anything.
    pub fn expect(&mut self, change: Option<String>, now: Timestamp) {
        (self.since, self.settled) = (now, false);
        if change.is_some() {
            self.telling = change;
        }
    }

    /// The agent had everything acknowledged.
    pub fn settle(&mut self) {
        self.settled = true;
        self.told.extend(self.telling.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_acknowledged_counts_as_told() {
        let mut account = Account::begin(Timestamp::UNIX_EPOCH);
        account.expect(Some("gimp 2.10 removed".to_owned()), Timestamp::MAX);
        assert!(account.told.is_empty() && !account.settled);
        account.expect(None, Timestamp::MAX);
        account.settle();
        assert_eq!((account.told.as_slice(), account.settled), (&["gimp 2.10 removed".to_owned()][..], true));
        account.settle();
        assert_eq!(account.told.len(), 1);
    }

    #[test]
    fn what_may_be_either_way_is_never_wrong() {
        let table = [(Wanted::Never, false, true), (Wanted::Either, true, true), (Wanted::Surely, true, false)];
        for (wanted, when_so, when_not) in table {
            assert_eq!((wanted.holds(true), wanted.holds(false)), (when_so, when_not), "{wanted:?}");
        }
    }
}
