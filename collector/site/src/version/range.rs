//! Ranges of versions, as people write them.

use super::Scheme;
use crate::Refusal;

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

    /// Whether `version` is in it, in Debian's order. A bound without a revision speaks of the upstream version only: "= 3.0.18"
    /// holds 3.0.18-0+deb12u1.
    pub fn holds(&self, version: &str) -> bool {
        self.holds_by(Scheme::Debian, version)
    }

    /// Whether `version` is in it, in the order of its packaging.
    pub fn holds_by(&self, scheme: Scheme, version: &str) -> bool {
        self.0.iter().all(|(bound, wanted)| {
            let version = if scheme.is_whole(wanted) { version } else { scheme.upstream(version) };
            let order = scheme.compare(version, wanted);
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

    #[test]
    fn ranges_hold_what_they_say() {
        let check = |scheme: Scheme, range: &str, version: &str, want: bool| {
            assert_eq!(Range::parse(range).unwrap().holds_by(scheme, version), want, "{version} in {range}, {scheme:?}");
        };
        check(Scheme::Debian, ">= 2.1, < 3", "2.1", true);
        check(Scheme::Debian, ">= 2.1, < 3", "3.0", false);
        check(Scheme::Debian, "= 3.0.18", "3.0.18-0+deb12u1", true);
        check(Scheme::Debian, "3.0.18", "3.0.19-1", false);
        check(Scheme::Debian, "<= 1:9.2", "1:9.2-2+deb12u2", false);
        check(Scheme::Debian, ">1", "2:0.9-1", false);
        check(Scheme::Rpm, "= 5.2.26", "5.2.26-3.fc40", true);
        check(Scheme::Rpm, ">= 5.2.26-4", "5.2.26-3.fc40", false);
        check(Scheme::Rpm, "< 2", "1:1.9-1", true);
        check(Scheme::Apk, "= 1.36.1", "1.36.1-r5", true);
        check(Scheme::Apk, ">= 1.36.1-r6", "1.36.1-r5", false);
        check(Scheme::Pacman, ">= 1.0", "1.0rc1-1", false);
        check(Scheme::Semantic, ">= 128", "128.0-2", true);
        check(Scheme::Semantic, ">= 1.0", "1.0-rc.1", false);
        check(Scheme::Dotted, ">= 6.0.848", "6.0.848.0", true);
        check(Scheme::Dotted, "= 23.1", "23.01", true);
        for bad in ["", ">=", "2.1 3", ">> 2", "1,,2"] {
            assert!(Range::parse(bad).is_err(), "{bad:?}");
        }
    }
}
