//! Semantic versions (SemVer 2.0), and what snaps and flatpaks write that is almost one.

use super::number;
use std::cmp::Ordering;

/// Compares by precedence: numbers, then what comes before the release; what stands after `+` says nothing.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let ((a_core, a_before), (b_core, b_before)) = (parts(a), parts(b));
    core(a_core, b_core).then_with(|| match (a_before, b_before) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => names(a, b),
    })
}

/// The version without a revision of its packaging: snaps write "128.0-2" for the second build of 128.0. A word after the dash
/// ("-rc.1") comes before the release and stays.
pub(super) fn upstream(version: &str) -> &str {
    version.split_once('-').filter(|(_, after)| after.starts_with(|c: char| c.is_ascii_digit())).map_or(version, |(upstream, _)| upstream)
}

fn parts(version: &str) -> (&str, Option<&str>) {
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    version.split_once('-').map_or((version, None), |(core, before)| (core, Some(before)))
}

/// Fields between dots; those that are left out are nought.
fn core(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (one, two) => field(one.unwrap_or("0"), two.unwrap_or("0")),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Names before the release: more of them are later.
fn names(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(two)) => field(one, two),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Numbers by size, words by their letters, a number before a word.
fn field(a: &str, b: &str) -> Ordering {
    let is_number = |field: &str| field.bytes().all(|b| b.is_ascii_digit());
    match (is_number(a), is_number(b)) {
        (true, true) => number(a, b),
        (false, false) => a.cmp(b),
        (a, b) => b.cmp(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_that_of_the_standard() {
        let sorted = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "2.0",
            "2.1.0",
            "2.1.1",
            "2.10",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} against {b}");
            }
        }
        assert_eq!(compare("1.0.0+5", "v1.0"), Ordering::Equal);
        assert_eq!((upstream("128.0-2"), upstream("1.0-rc.1")), ("128.0", "1.0-rc.1"));
    }
}
