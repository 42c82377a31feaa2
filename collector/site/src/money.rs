//! Amounts of money, in the smallest unit of the site's one currency; no fractions of it, no rounding, never below zero.

use crate::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An amount in hundredths: cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub u64);

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an amount: write 349 or 349.00")]
pub struct BadMoney(String);

/// The largest amount that is read: a billion.
const MOST: u64 = 100_000_000_000;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// This share of it, in parts of `whole`, rounded down; all of it when `part` is more.
    #[must_use]
    pub fn share(self, part: u64, whole: u64) -> Self {
        if whole == 0 || part >= whole {
            return self;
        }
        Self(u64::try_from(u128::from(self.0) * u128::from(part) / u128::from(whole)).unwrap_or(self.0))
    }

    /// So many of it.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(u64::from(count)))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl From<BadMoney> for Refusal {
    fn from(bad: BadMoney) -> Self {
        Self::invalid(bad.to_string())
    }
}

impl FromStr for Money {
    type Err = BadMoney;

    /// Reads "349", "349.5", "349.00", "1,349.00" and "$349.00", as people and spreadsheets write them.
    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let bad = || BadMoney(text.chars().take(40).collect());
        let plain = text.trim().trim_start_matches(['$', '€', '£']).trim();
        let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let whole = grouped(whole).filter(|whole| !whole.is_empty() && digits(whole)).ok_or_else(bad)?;
        if part.len() > 2 || !digits(part) {
            return Err(bad());
        }
        let cents: u64 = format!("{part:0<2}").parse().map_err(|_| bad())?;
        let whole: u64 = whole.parse().map_err(|_| bad())?;
        whole.checked_mul(100).map(|hundredths| hundredths + cents).filter(|all| *all <= MOST).map(Self).ok_or_else(bad)
    }
}

/// A whole number without its commas, where they stand before every third digit.
fn grouped(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let fits = rest.is_empty() || ((1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3));
    fits.then(|| format!("{first}{}", rest.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let good =
            [("349", 34_900), ("349.5", 34_950), (" $1,349.00 ", 134_900), ("0.07", 7), ("€ 12.30", 1230), ("1,000,000", 100_000_000)];
        for (text, want) in good {
            assert_eq!(text.parse(), Ok(Money(want)), "{text}");
        }
        for bad in ["", ".", ".5", "-3", "3.456", "1,23", "12,34", "a", "1e3", "99999999999999999999", "1,0000", "1.2.3"] {
            assert!(bad.parse::<Money>().is_err(), "{bad:?}");
        }
        assert_eq!(Money(34_907).to_string(), "349.07");
    }

    #[test]
    fn a_share_is_never_more_than_the_whole() {
        assert_eq!(Money(100).share(1, 3), Money(33));
        assert_eq!(Money(100).share(5, 3), Money(100));
        assert_eq!(Money(100).share(5, 0), Money(100));
        assert_eq!(Money(u64::MAX).share(1, 2), Money(u64::MAX / 2));
    }
}
