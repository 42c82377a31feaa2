//! Versions of Windows programs and of systems: fields between dots, those that are left out are nought.

use super::number;
use std::cmp::Ordering;

/// Words that say that a version comes before the one they stand with, in order.
const BEFORE: [&str; 6] = ["dev", "alpha", "beta", "preview", "pre", "rc"];

/// One run of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run<'a> {
    Before(usize),
    End,
    Word(&'a str),
    Number(&'a str),
}

impl Run<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::Before(_) => 0,
            Self::End => 1,
            Self::Word(_) => 2,
            Self::Number(_) => 3,
        }
    }
}

/// Compares two versions without regard to case.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (mut a, mut b) = (runs(&a), runs(&b));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (one, two) => both(one.unwrap_or(Run::End), two.unwrap_or(Run::End)),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn both(a: Run<'_>, b: Run<'_>) -> Ordering {
    match (a, b) {
        (Run::Number(a), Run::Number(b)) => number(a, b),
        // 6.0 is 6, and 6.0.0 too.
        (Run::Number(one), Run::End) | (Run::End, Run::Number(one)) if one.bytes().all(|b| b == b'0') => Ordering::Equal,
        (Run::Before(a), Run::Before(b)) => a.cmp(&b),
        (Run::Word(a), Run::Word(b)) => a.cmp(b),
        (a, b) => a.rank().cmp(&b.rank()),
    }
}

/// The runs of digits and of letters; noughts before a word or the end are as if they were not there, so that 1.0b is 1b.
fn runs(version: &str) -> impl Iterator<Item = Run<'_>> {
    let mut all = Vec::new();
    let mut rest = version;
    while let Some(c) = rest.chars().next() {
        let fits: fn(char) -> bool = if c.is_ascii_digit() { |c| c.is_ascii_digit() } else { |c| c.is_alphabetic() };
        if !c.is_ascii_digit() && !c.is_alphabetic() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (run, left) = rest.split_at(rest.find(|c| !fits(c)).unwrap_or(rest.len()));
        rest = left;
        if c.is_ascii_digit() {
            all.push(Run::Number(run));
        } else {
            drop_noughts(&mut all);
            all.push(BEFORE.iter().position(|word| *word == run).map_or(Run::Word(run), Run::Before));
        }
    }
    drop_noughts(&mut all);
    all.into_iter()
}

fn drop_noughts(runs: &mut Vec<Run<'_>>) {
    while matches!(runs.last(), Some(Run::Number(digits)) if digits.bytes().all(|b| b == b'0')) {
        runs.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_numbers_and_those_left_out_are_nought() {
        let sorted = [
            "1.0 beta 2",
            "1.0 rc1",
            "1.0",
            "1.0.1",
            "1.1.1k",
            "1.1.1w",
            "1.2",
            "1.10",
            "6.0.848.0",
            "6.0.850",
            "10.0.19045",
            "10.0.22631",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} against {b}");
            }
        }
        for (a, b) in [("6.0", "6"), ("6.0.848.0", "6.0.848"), ("23.01", "23.1"), ("1.0B", "1b"), ("", "0")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
