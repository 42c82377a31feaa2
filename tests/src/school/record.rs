//! What a run came to: one line of JSON.

use super::scenario::storm::Storm;
use serde::Serialize;

/// So much of what is wrong is listed; the rest is counted.
const LISTED: usize = 100;

/// What a run came to.
#[derive(Debug, Default, Serialize)]
pub struct Record {
    /// What happened.
    pub scenario: String,
    /// PCs that were to take part.
    pub pcs: usize,
    /// Enrolled in this run; the others were known.
    pub new: usize,
    /// Refused for good at the start: revoked, retired or quarantined. They take no part.
    pub refused: usize,
    /// Different software lists.
    pub lists: usize,
    /// Connected when everybody should have been.
    pub connected: usize,
    /// From the start until then, milliseconds.
    pub connected_ms: u128,
    /// PCs whose first report was acknowledged.
    pub acknowledged: usize,
    /// Back after they were away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<usize>,
    /// From the end of what kept them away until then, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned_ms: Option<u128>,
    /// remove-package: the tags of the PCs that lost the title.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_on: Vec<String>,
    /// Reports that were acknowledged while something happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reports: Option<u64>,
    /// The longest that a PC on an unharmed line waited for one of them, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_ms: Option<u128>,
    /// hostile: attacks that were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attacks: Option<usize>,
    /// What differs from the simulator's own record; nothing when nobody was asked to judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Verdict>,
    /// The whole run, seconds.
    pub seconds: u64,
}

/// How the collector's record compares with the simulator's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Facts that were compared.
    pub checked: usize,
    /// What is wrong, in words that name the PC and the place.
    pub wrong: Vec<String>,
}

impl Record {
    /// Adds a verdict to those before.
    pub fn judge(&mut self, verdict: Verdict) {
        let all = self.judged.get_or_insert_default();
        all.checked += verdict.checked;
        all.wrong.extend(verdict.wrong);
        let more = all.wrong.len().saturating_sub(LISTED);
        if more > 0 {
            all.wrong.truncate(LISTED);
            all.wrong.push(format!("and {more} more"));
        }
    }

    /// Adds what a storm came to.
    pub fn add(&mut self, storm: Storm) {
        *self.reports.get_or_insert_default() += storm.reports;
        let longest = self.longest_ms.get_or_insert_default();
        *longest = (*longest).max(storm.longest.as_millis());
    }

    /// Whether nothing was found wrong.
    pub fn holds(&self) -> bool {
        self.judged.as_ref().is_none_or(|verdict| verdict.wrong.is_empty())
    }
}

impl Verdict {
    /// Compares one fact; `wrong` says what is wrong if it is not so.
    pub fn check(&mut self, is_so: bool, wrong: impl FnOnce() -> String) {
        self.checked += 1;
        if !is_so {
            self.wrong.push(wrong());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_add_up_and_a_long_list_ends() {
        let mut record = Record::default();
        assert!(record.holds(), "nobody judged");
        record.judge(Verdict { checked: 3, wrong: vec![] });
        assert!(record.holds());
        let mut verdict = Verdict::default();
        (0..150).for_each(|n| verdict.check(n < 0, || format!("PC {n} is wrong")));
        record.judge(verdict);
        let judged = record.judged.as_ref().unwrap();
        assert_eq!((judged.checked, judged.wrong.len()), (153, LISTED + 1));
        assert_eq!(judged.wrong.last().unwrap(), "and 50 more");
        assert!(!record.holds());
    }
}
