//! Versions, compared by the rules of the packaging that they come from, and ranges of them.

mod apk;
mod debian;
mod dotted;
mod range;
mod rpm;
mod semantic;

pub use range::Range;

use std::cmp::Ordering;

/// By whose rules versions are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Alpine's apk.
    Apk,
    /// Debian's dpkg; of unknown origin too, as it orders dotted and semantic versions well.
    Debian,
    /// Fields between dots: Windows programs, and systems themselves.
    Dotted,
    /// Arch's pacman.
    Pacman,
    /// Fedora's, Red Hat's and SUSE's rpm.
    Rpm,
    /// SemVer 2.0: snaps and flatpaks.
    Semantic,
}

impl Scheme {
    /// The order of the packages of a source ("dpkg", "rpm", "registry" …).
    pub fn of(source: &str) -> Self {
        match source {
            "apk" => Self::Apk,
            "pacman" => Self::Pacman,
            "registry" => Self::Dotted,
            "rpm" => Self::Rpm,
            "flatpak" | "snap" => Self::Semantic,
            _ => Self::Debian,
        }
    }

    /// Compares two versions.
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        match self {
            Self::Apk => apk::compare(a, b),
            Self::Debian => debian::compare(a, b),
            Self::Dotted => dotted::compare(a, b),
            Self::Pacman => rpm::compare_pacman(a, b),
            Self::Rpm => rpm::compare(a, b),
            Self::Semantic => semantic::compare(a, b),
        }
    }

    /// The version as its makers count it: without what the packaging adds.
    pub fn upstream(self, version: &str) -> &str {
        match self {
            Self::Apk => apk::upstream(version),
            Self::Debian => debian::upstream(version),
            Self::Dotted => version,
            Self::Pacman | Self::Rpm => rpm::upstream(version),
            Self::Semantic => semantic::upstream(version),
        }
    }

    /// Whether a bound names what the packaging adds, so that a whole version is compared with it.
    fn is_whole(self, bound: &str) -> bool {
        self.upstream(bound) != bound
    }
}

/// Compares two versions by Debian's rules.
pub fn compare(a: &str, b: &str) -> Ordering {
    Scheme::Debian.compare(a, b)
}

/// Digits of any length, without leading zeros.
fn number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Scheme; 6] = [Scheme::Apk, Scheme::Debian, Scheme::Dotted, Scheme::Pacman, Scheme::Rpm, Scheme::Semantic];

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

    proptest! {
        #[test]
        fn any_two_texts_compare_both_ways(a in "\\PC{0,20}", b in "\\PC{0,20}", c in "[0-9a-c.~^_+-]{0,8}", d in "[0-9a-c.~^_+-]{0,8}") {
            for scheme in ALL {
                prop_assert_eq!(scheme.compare(&a, &b), scheme.compare(&b, &a).reverse(), "{:?}", scheme);
                prop_assert_eq!(scheme.compare(&c, &d), scheme.compare(&d, &c).reverse(), "{:?}", scheme);
                prop_assert_eq!(scheme.compare(&a, &a), Ordering::Equal);
                scheme.upstream(&a);
            }
        }
    }
}
