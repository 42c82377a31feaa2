//! The order of RPM (`rpmvercmp` with tilde and caret) and of pacman, which grew out of it.

use super::number;
use std::cmp::Ordering;

/// Epoch, version, release as rpm orders them; a release counts where both have one.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    by_parts(a, b, rpm_part)
}

/// The same as pacman orders them: there, a letter after a number makes an earlier version.
pub(super) fn compare_pacman(a: &str, b: &str) -> Ordering {
    by_parts(a, b, pacman_part)
}

fn by_parts(a: &str, b: &str, part: fn(&str, &str) -> Ordering) -> Ordering {
    let ((a_epoch, a), (b_epoch, b)) = (epoch(a), epoch(b));
    let ((a_version, a_release), (b_version, b_release)) = (release(a), release(b));
    let releases = || match (a_release, b_release) {
        (Some(a), Some(b)) => part(a, b),
        _ => Ordering::Equal,
    };
    number(a_epoch, b_epoch).then_with(|| part(a_version, b_version)).then_with(releases)
}

/// The version without epoch and release.
pub(super) fn upstream(version: &str) -> &str {
    release(epoch(version).1).0
}

/// An epoch is digits before a colon.
fn epoch(version: &str) -> (&str, &str) {
    version.split_once(':').filter(|(epoch, _)| epoch.bytes().all(|b| b.is_ascii_digit())).unwrap_or(("0", version))
}

fn release(version: &str) -> (&str, Option<&str>) {
    version.rsplit_once('-').map_or((version, None), |(version, release)| (version, Some(release)))
}

fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Takes what comes while `fits`.
fn take<'a>(rest: &mut &'a str, fits: fn(char) -> bool) -> &'a str {
    let (taken, left) = rest.split_at(rest.find(|c| !fits(c)).unwrap_or(rest.len()));
    *rest = left;
    taken
}

/// The next run of digits or letters of `a`, against the run of the same kind of `b`; `None`: they are alike.
fn run(a: &mut &str, b: &mut &str) -> Option<Ordering> {
    if a.starts_with(|c: char| c.is_ascii_digit()) {
        let (one, two) = (take(a, |c| c.is_ascii_digit()), take(b, |c| c.is_ascii_digit()));
        // Numbers are newer than letters.
        let order = if two.is_empty() { Ordering::Greater } else { number(one, two) };
        return Some(order).filter(|order| order.is_ne());
    }
    let (one, two) = (take(a, |c| c.is_ascii_alphabetic()), take(b, |c| c.is_ascii_alphabetic()));
    let order = if two.is_empty() { Ordering::Less } else { one.cmp(two) };
    Some(order).filter(|order| order.is_ne())
}

fn rpm_part(mut a: &str, mut b: &str) -> Ordering {
    let between = |c: char| !is_letter_or_digit(c) && c != '~' && c != '^';
    while !a.is_empty() || !b.is_empty() {
        take(&mut a, between);
        take(&mut b, between);
        match signs(&mut a, &mut b) {
            Signs::Differ(order) => return order,
            Signs::Alike => continue,
            Signs::None => {}
        }
        if a.is_empty() || b.is_empty() {
            break;
        }
        if let Some(order) = run(&mut a, &mut b) {
            return order;
        }
    }
    b.is_empty().cmp(&a.is_empty())
}

/// What tilde and caret at the front of two rests say.
enum Signs {
    None,
    Alike,
    Differ(Ordering),
}

/// A tilde sorts before everything, even the end; a caret after the end and before everything else.
fn signs(a: &mut &str, b: &mut &str) -> Signs {
    for sign in ['~', '^'] {
        match (a.strip_prefix(sign), b.strip_prefix(sign)) {
            (None, None) => {}
            (Some(one), Some(two)) => {
                (*a, *b) = (one, two);
                return Signs::Alike;
            }
            (Some(_), None) => return Signs::Differ(if sign == '^' && b.is_empty() { Ordering::Greater } else { Ordering::Less }),
            (None, Some(_)) => return Signs::Differ(if sign == '^' && a.is_empty() { Ordering::Less } else { Ordering::Greater }),
        }
    }
    Signs::None
}

fn pacman_part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() && !b.is_empty() {
        let (one, two) = (take(&mut a, |c| !is_letter_or_digit(c)), take(&mut b, |c| !is_letter_or_digit(c)));
        if a.is_empty() || b.is_empty() {
            break;
        }
        if one.len() != two.len() {
            return one.len().cmp(&two.len());
        }
        if let Some(order) = run(&mut a, &mut b) {
            return order;
        }
    }
    let is_letter = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic());
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        // Letters that are left over never beat an end: 1.0rc is before 1.0.
        (true, false) => {
            if is_letter(b) {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, _) => {
            if is_letter(a) {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(compare: fn(&str, &str) -> Ordering, sorted: &[&str]) {
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} against {b}");
            }
        }
    }

    #[test]
    fn versions_sort_as_rpm_sorts_them() {
        check(compare, &["1.0~rc1", "1.0~rc2", "1.0", "1.0^git1", "1.0.a", "1.0.1", "1.1", "1.10", "2xyz", "2.0", "1:0.5"]);
        check(compare, &["5.2.26-1.fc40", "5.2.26-3.fc40", "5.2.26-10.fc40", "5.2.27-1"]);
        assert_eq!(compare("1.05", "1.5"), Ordering::Equal);
        assert_eq!(compare("2.0-1", "2.0"), Ordering::Equal, "a release counts where both have one");
        assert_eq!(compare("fc4", "fc.4"), Ordering::Equal);
    }

    #[test]
    fn versions_sort_as_pacman_sorts_them() {
        check(compare_pacman, &["1.0a", "1.0alpha", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0", "1.0.a", "1.0.1", "1:0.1"]);
        check(compare_pacman, &["1.5-1", "1.5-2", "1.5.1-1"]);
        assert_eq!(compare_pacman("1.5", "1.5-1"), Ordering::Equal);
    }
}
