//! The order of Alpine's apk: numbers, a letter, suffixes such as _rc1 and _p2, and the packaging's revision.

use super::number;
use std::cmp::Ordering;

/// Suffixes before the release itself, then those after it, each in order.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
/// So many of them come before the release.
const BEFORE: usize = 4;

/// One piece of a version. What is declared first beats what is declared later, and the end loses to all.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Number(&'a str),
    Letter(char),
    Suffix(usize, &'a str),
    Revision(&'a str),
}

impl Piece<'_> {
    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 4,
            Self::Letter(_) => 3,
            Self::Suffix(..) => 2,
            Self::Revision(_) => 1,
        }
    }

    fn is_before(&self) -> bool {
        matches!(self, Self::Suffix(place, _) if *place < BEFORE)
    }
}

/// Compares two versions.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (pieces(a).into_iter(), pieces(b).into_iter());
    let mut first = true;
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), None) => {
                if a.is_before() {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (None, Some(b)) => {
                if b.is_before() {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (Some(a), Some(b)) => both(&a, &b, first),
        };
        if order.is_ne() {
            return order;
        }
        first = false;
    }
}

fn both(a: &Piece<'_>, b: &Piece<'_>, first: bool) -> Ordering {
    match (a, b) {
        // After the first, a number that begins with nought is a fraction: 1.09 is before 1.1.
        (Piece::Number(a), Piece::Number(b)) if !first && (a.starts_with('0') || b.starts_with('0')) => a.cmp(b),
        (Piece::Number(a), Piece::Number(b)) | (Piece::Revision(a), Piece::Revision(b)) => number(a, b),
        (Piece::Letter(a), Piece::Letter(b)) => a.cmp(b),
        (Piece::Suffix(a, a_number), Piece::Suffix(b, b_number)) => a.cmp(b).then_with(|| number(a_number, b_number)),
        (a, b) if a.is_before() != b.is_before() => b.is_before().cmp(&a.is_before()),
        (a, b) => a.rank().cmp(&b.rank()),
    }
}

/// The version without the packaging's revision.
pub(super) fn upstream(version: &str) -> &str {
    let revision = version.rsplit_once("-r").filter(|(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    revision.map_or(version, |(upstream, _)| upstream)
}

/// The pieces of a version; signs that mean nothing part them.
fn pieces(mut rest: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            found.push(Piece::Number(digits(&mut rest)));
        } else if let Some(after) = rest.strip_prefix("-r").filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
            rest = after;
            found.push(Piece::Revision(digits(&mut rest)));
        } else if let Some((place, after)) = suffix(rest) {
            rest = after;
            found.push(Piece::Suffix(place, digits(&mut rest)));
        } else {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            if c.is_ascii_alphabetic() {
                found.push(Piece::Letter(c));
            }
        }
    }
    found
}

fn suffix(rest: &str) -> Option<(usize, &str)> {
    let word = rest.strip_prefix('_')?;
    // "pre" before "p": the longest that fits.
    let fits = SUFFIXES.iter().enumerate().filter_map(|(place, suffix)| Some((place, suffix.len(), word.strip_prefix(suffix)?)));
    fits.max_by_key(|(_, length, _)| *length).map(|(place, _, after)| (place, after))
}

fn digits<'a>(rest: &mut &'a str) -> &'a str {
    let (taken, left) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    *rest = left;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_apk_sorts_them() {
        // From the tests of apk-tools.
        let sorted = [
            "0.1_alpha",
            "0.1_alpha1",
            "0.1_beta",
            "0.1_pre2",
            "0.1_rc1",
            "0.1",
            "0.1-r1",
            "0.1-r10",
            "0.1_p1",
            "0.1a",
            "0.1.1",
            "0.2",
            "1.09",
            "1.1",
            "1.10",
            "2",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} against {b}");
            }
        }
        assert_eq!((upstream("1.36.1-r5"), upstream("1.2_rc1")), ("1.36.1", "1.2_rc1"));
    }
}
