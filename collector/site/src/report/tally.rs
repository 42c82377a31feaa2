//! Counts by name, written as the rows of a sheet.

use std::collections::BTreeMap;

/// Counts of `N` things for each name.
pub(super) struct Tally<const N: usize>(BTreeMap<String, [u64; N]>);

impl<const N: usize> Default for Tally<N> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<const N: usize> Tally<N> {
    /// The counts of a name.
    pub(super) fn of(&mut self, name: impl Into<String>) -> &mut [u64; N] {
        self.0.entry(name.into()).or_insert([0; N])
    }

    /// One more of the thing at this place.
    pub(super) fn count(&mut self, name: impl Into<String>, place: usize) {
        self.add(name, place, 1);
    }

    /// So many more of the thing at this place.
    pub(super) fn add(&mut self, name: impl Into<String>, place: usize, many: u64) {
        if let Some(count) = self.of(name).get_mut(place) {
            *count = count.saturating_add(many);
        }
    }

    /// A row for each name, in their order, and under several of them one for all.
    pub(super) fn rows(self) -> Vec<Vec<String>> {
        let mut all = [0u64; N];
        for counts in self.0.values() {
            all.iter_mut().zip(counts).for_each(|(all, count)| *all = all.saturating_add(*count));
        }
        let several = self.0.len() > 1;
        let mut rows: Vec<_> = self.0.into_iter().map(|(name, counts)| row(name, counts)).collect();
        if several {
            rows.push(row("all".to_owned(), all));
        }
        rows
    }
}

fn row<const N: usize>(name: String, counts: [u64; N]) -> Vec<String> {
    std::iter::once(name).chain(counts.iter().map(ToString::to_string)).collect()
}
