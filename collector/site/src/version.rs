//! Versions compared by Debian's rules, which order dotted and semantic versions too, and ranges of them.

use crate::Refusal;
use std::cmp::Ordering;

/// Compares two versions by Debian's rules (Debian Policy 5.6.12): epoch, upstream, revision; `~` sorts before the end.
pub fn compare(a: &str, b: &str) -> Ordering {
    let ((a_epoch, a), (b_epoch, b)) = (epoch(a), epoch(b));
    let ((a_upstream, a_revision), (b_upstream, b_revision)) = (revision(a), revision(b));
    number(a_epoch, b_epoch).then_with(|| part(a_upstream, b_upstream)).then_with(|| part(a_revision, b_revision))
}

fn epoch(version: &str) -> (&str, &str) {
    version.split_once(':').unwrap_or(("0", version))
}

fn revision(version: &str) -> (&str, &str) {
    version.rsplit_once('-').unwrap_or((version, "0"))
}

/// Compares runs of non-digits and runs of digits in turn.
fn part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (a_text, a_rest) = a.split_at(a.find(|c: char| c.is_ascii_digit()).unwrap_or(a.len()));
        let (b_text, b_rest) = b.split_at(b.find(|c: char| c.is_ascii_digit()).unwrap_or(b.len()));
        let (a_digits, a_next) = a_rest.split_at(a_rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(a_rest.len()));
        let (b_digits, b_next) = b_rest.split_at(b_rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(b_rest.len()));
        let order = text(a_text, b_text).then_with(|| number(a_digits, b_digits));
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_next, b_next);
    }
    Ordering::Equal
}

/// Non-digits: `~` before the end, the end before letters, letters before the rest.
fn text(a: &str, b: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => (0, 0),
        None => (1, 0),
        Some(c) if c.is_ascii_alphabetic() => (2, u32::from(c)),
        Some(c) => (3, u32::from(c)),
    };
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        let (x, y) = (a.next(), b.next());
        let order = weight(x).cmp(&weight(y));
        if order.is_ne() || (x.is_none() && y.is_none()) {
            return order;
        }
    }
}

/// Digits of any length, without leading zeros.
fn number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// A range of versions: ">= 2.1, < 3", "= 1.2"; a bare version means that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range(Vec<(Bound, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    AtLeast,
    AtMost,
    Above,
    Below,
    Exactly,
}

/// The longest sign first, so that ">=" is not read as ">".
const BOUNDS: &[(&str, Bound)] = &[
    (">=", Bound::AtLeast),
    ("<=", Bound::AtMost),
    ("==", Bound::Exactly),
    (">", Bound::Above),
    ("<", Bound::Below),
    ("=", Bound::Exactly),
    ("", Bound::Exactly),
];

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// `Invalid`: what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::invalid(format!("{text:?} is not a range of versions: write it like \">= 2.1, < 3\""));
        let one = |part: &str| {
            let part = part.trim();
            let (sign, bound) = BOUNDS.iter().find(|(sign, _)| part.starts_with(sign)).ok_or_else(bad)?;
            let version = part.strip_prefix(sign).unwrap_or(part).trim();
            let fits = version.starts_with(|c: char| c.is_ascii_alphanumeric())
                && !version.contains(|c: char| c.is_whitespace() || "<>=".contains(c));
            if fits { Ok((*bound, version.to_owned())) } else { Err(bad()) }
        };
        text.split(',').map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Whether `version` is in it. A bound without a Debian revision speaks of the upstream version only: "= 3.0.18"
    /// holds 3.0.18-0+deb12u1.
    pub fn holds(&self, version: &str) -> bool {
        self.0.iter().all(|(bound, wanted)| {
            let whole = wanted.contains('-') || wanted.contains(':');
            let version = if whole { version } else { revision(epoch(version).1).0 };
            let order = compare(version, wanted);
            match bound {
                Bound::AtLeast => order.is_ge(),
                Bound::AtMost => order.is_le(),
                Bound::Above => order.is_gt(),
                Bound::Below => order.is_lt(),
                Bound::Exactly => order.is_eq(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_sort_as_dpkg_sorts_them() {
        let sorted = ["1.0~rc1", "1.0", "1.0-1", "1.0-1+deb12u1", "1.0a", "1.0+b", "1.2", "1.10", "2", "1:0.1"];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} against {b}");
            }
        }
        assert_eq!(compare("1.02", "1.2"), Ordering::Equal);
        assert_eq!(compare("6.0.848.0", "6.0.850.0"), Ordering::Less);
    }

    #[test]
    fn ranges_hold_what_they_say() {
        let check =
            |range: &str, version: &str, want: bool| assert_eq!(Range::parse(range).unwrap().holds(version), want, "{version} in {range}");
        check(">= 2.1, < 3", "2.1", true);
        check(">= 2.1, < 3", "3.0", false);
        check("= 3.0.18", "3.0.18-0+deb12u1", true);
        check("3.0.18", "3.0.19-1", false);
        check("<= 1:9.2", "1:9.2-2+deb12u2", false);
        check(">1", "2:0.9-1", false);
        for bad in ["", ">=", "2.1 3", ">> 2", "1,,2"] {
            assert!(Range::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_two_texts_compare_both_ways(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        }
    }
}
