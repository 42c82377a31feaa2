//! Install dates along a software list: one number a package instead of its name once more.

use crate::Digest;
use crate::v1::SoftwareDates;

/// What stands for a date that is not known.
const UNKNOWN: i64 = 0;

impl SoftwareDates {
    /// The dates of the packages of the list with this digest, in the list's order; `None`: not known.
    pub fn along(list: &Digest, dates: impl IntoIterator<Item = Option<i64>>) -> Self {
        let mut last = UNKNOWN;
        let step = |date: Option<i64>| {
            let date = date.unwrap_or(UNKNOWN);
            let step = date.wrapping_sub(last);
            last = date;
            step
        };
        Self { dates: Vec::new(), list: list.to_string(), steps_s: dates.into_iter().map(step).collect() }
    }

    /// Every date by the package's name, seconds since 1970 UTC, for the list with this digest, whose packages have these names;
    /// only those that came with a name when it is not the list that the steps follow.
    pub fn by_name<'a>(&'a self, digest: &Digest, names: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (&'a str, i64)> {
        let steps: &[i64] = if self.list == digest.to_string() { &self.steps_s } else { &[] };
        let dates = steps.iter().scan(UNKNOWN, |last, step| {
            *last = last.wrapping_add(*step);
            Some(*last)
        });
        let along = names.zip(dates).filter(|(_, date)| *date != UNKNOWN);
        self.dates.iter().map(|date| (date.name.as_str(), date.installed_s)).chain(along)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_their_list_and_no_other() {
        let names = || ["a", "b", "c"].into_iter();
        let (own, other) = (Digest::of(b"own"), Digest::of(b"other"));
        let dates = SoftwareDates::along(&own, [Some(1_700_000_000), None, Some(1_700_000_060)]);
        assert_eq!(dates.by_name(&own, names()).collect::<Vec<_>>(), [("a", 1_700_000_000), ("c", 1_700_000_060)]);
        assert_eq!(dates.by_name(&other, names()).count(), 0);
        let odd = SoftwareDates { list: own.to_string(), steps_s: vec![i64::MAX, i64::MAX, 5, 6, 7], ..SoftwareDates::default() };
        assert_eq!(odd.by_name(&own, names()).count(), 3);
    }
}
