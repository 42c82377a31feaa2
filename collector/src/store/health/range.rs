//! Health over a stretch of time: how long, in how many steps, and what stands in each: mean, least and most of every field.

use super::rows::Row;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A stretch of time that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Range {
    /// The last hour, by the minute.
    Hour,
    /// The last 24 hours, by 5 minutes.
    Day,
    /// The last 30 days, by 3 hours.
    Month,
    /// The last 365 days, by 2 days.
    Year,
}

impl Range {
    /// How long it is.
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Month => 24 * 30,
            Self::Year => 24 * 365,
        })
    }

    /// How long a step is: no range has more than 290.
    pub fn step(self) -> SignedDuration {
        SignedDuration::from_mins(match self {
            Self::Hour => 1,
            Self::Day => 5,
            Self::Month => 180,
            Self::Year => 2880,
        })
    }

    /// When it begins.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.length()).unwrap_or(Timestamp::MIN)
    }
}

/// What was measured in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When the step begins.
    pub at: Timestamp,
    /// By the number of the field on the wire, in that field's unit. What was not measured is not there.
    pub values: BTreeMap<u32, Spread>,
}

/// What a field was in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The mean, rounded.
    pub mean: i64,
    /// The least.
    pub min: i64,
    /// The most.
    pub max: i64,
}

/// Values on their way into a spread.
#[derive(Clone, Copy, Debug)]
struct Gathered {
    sum: i128,
    count: i128,
    min: i64,
    max: i64,
}

impl Gathered {
    fn take(into: &mut Option<Self>, value: Spread) {
        let old = into.unwrap_or(Self { sum: 0, count: 0, min: i64::MAX, max: i64::MIN });
        let (sum, count) = (old.sum + i128::from(value.mean), old.count + 1);
        *into = Some(Self { sum, count, min: old.min.min(value.min), max: old.max.max(value.max) });
    }

    fn spread(self) -> Spread {
        let half = self.count / 2 * self.sum.signum();
        let mean = (self.sum + half).checked_div(self.count).and_then(|mean| i64::try_from(mean).ok());
        Spread { mean: mean.unwrap_or_default(), min: self.min, max: self.max }
    }
}

/// Readings by step, being gathered.
pub(super) struct Steps {
    step_ms: i64,
    steps: BTreeMap<i64, BTreeMap<u32, Option<Gathered>>>,
}

impl Steps {
    /// Steps of so many milliseconds.
    pub(super) fn of(step: SignedDuration) -> Self {
        Self { step_ms: i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1), steps: BTreeMap::new() }
    }

    /// Takes what was measured at a time.
    pub(super) fn take(&mut self, at_ms: i64, values: impl Iterator<Item = (u32, Spread)>) {
        let step = self.steps.entry(at_ms.div_euclid(self.step_ms)).or_default();
        values.for_each(|(field, value)| Gathered::take(step.entry(field).or_default(), value));
    }

    /// Takes a sample.
    pub(super) fn take_row(&mut self, row: &Row) {
        self.take(row.at_ms, row.values.iter().map(|(field, value)| (*field, Spread { mean: *value, min: *value, max: *value })));
    }

    /// The readings, oldest first.
    pub(super) fn readings(self) -> Vec<Reading> {
        let Self { step_ms, steps } = self;
        let reading = |(step, values): (i64, BTreeMap<u32, Option<Gathered>>)| {
            let at = Timestamp::from_millisecond(step.checked_mul(step_ms)?).ok()?;
            Some(Reading { at, values: values.into_iter().filter_map(|(field, value)| Some((field, value?.spread()))).collect() })
        };
        steps.into_iter().filter_map(reading).collect()
    }
}

/// An hour as a row of a table: field f stands as its mean at 4f, its least at 4f + 1, its most at 4f + 2.
pub(super) fn hour_row(reading: &Reading) -> Row {
    let each = |(field, value): (&u32, &Spread)| [(field * 4, value.mean), (field * 4 + 1, value.min), (field * 4 + 2, value.max)];
    Row { at_ms: reading.at.as_millisecond(), values: reading.values.iter().flat_map(each).collect() }
}

/// What an hour's row says.
pub(super) fn of_hour_row(row: &Row) -> impl Iterator<Item = (u32, Spread)> {
    let fields = row.values.iter().filter(|(key, _)| *key % 4 == 0);
    fields.filter_map(|(key, mean)| {
        let (min, max) = (*row.values.get(&(key + 1))?, *row.values.get(&(key + 2))?);
        Some((key / 4, Spread { mean: *mean, min, max }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_range_has_more_steps_than_a_chart_shows() {
        for range in [Range::Hour, Range::Day, Range::Month, Range::Year] {
            let steps = range.length().as_secs() / range.step().as_secs();
            assert!((60..300).contains(&steps), "{range:?}: {steps}");
        }
    }

    #[test]
    fn a_step_has_mean_least_and_most_and_an_hour_keeps_them() {
        let mut steps = Steps::of(SignedDuration::from_hours(1));
        for (at_ms, value) in [(0, -3), (60_000, -4), (3_599_999, 9), (3_600_000, 5)] {
            steps.take_row(&Row { at_ms, values: BTreeMap::from([(5, value)]) });
        }
        let readings = steps.readings();
        let want = [Spread { mean: 1, min: -4, max: 9 }, Spread { mean: 5, min: 5, max: 5 }];
        assert_eq!(readings.iter().map(|reading| reading.values[&5]).collect::<Vec<_>>(), want);
        let row = hour_row(&readings[0]);
        assert_eq!(of_hour_row(&row).collect::<Vec<_>>(), [(5, want[0])]);
    }
}
