//! What a key may touch beside what its role allows: nouns of the interface, each to read only or to change as well.

use crate::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Nouns that a limited key may not change: with them it could make itself another key or account without limits.
const NEVER: &[&str] = &["keys", "oidc", "users"];

/// One noun with what may be done to it: "assets:read", or "loans" for everything. A text of a newer version allows nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(String);

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It looks.
    Read,
    /// It may change something.
    Write,
}

impl Scope {
    /// Reads "assets", "assets:write" (the same) or "assets:read"; `nouns` are those that there are.
    ///
    /// # Errors
    /// There is no such noun, or it may not be given away.
    pub fn parse(text: &str, nouns: &[&str]) -> Result<Self, Refusal> {
        let text = text.trim();
        let (noun, does) = text.split_once(':').unwrap_or((text, "write"));
        if !nouns.contains(&noun) {
            let shown: String = noun.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(Refusal::invalid(format!("the interface has no {shown:?}; it has {}", nouns.join(", "))));
        }
        match does {
            "read" => Ok(Self(format!("{noun}:read"))),
            "write" if NEVER.contains(&noun) => Err(Refusal::invalid(format!(
                "a limited key can't change {noun}: it could make itself one without limits; write {noun}:read"
            ))),
            "write" => Ok(Self(noun.to_owned())),
            _ => Err(Refusal::invalid(format!("write {noun}, or {noun}:read for looking only"))),
        }
    }

    /// Whether it covers what a request does to a noun.
    pub fn covers(&self, noun: &str, does: Does) -> bool {
        match self.0.split_once(':') {
            None => self.0 == noun,
            Some((own, "read")) => own == noun && does == Does::Read,
            Some(_) => false,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Several scopes, each once, in order.
///
/// # Errors
/// As [`Scope::parse`]; none at all, which would be a key without limits.
pub fn all<'a>(texts: impl IntoIterator<Item = &'a str>, nouns: &[&str]) -> Result<Vec<Scope>, Refusal> {
    let mut scopes = texts.into_iter().map(|text| Scope::parse(text, nouns)).collect::<Result<Vec<_>, _>>()?;
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() { Err(Refusal::invalid("say what the key is limited to, such as loans,assets:read")) } else { Ok(scopes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOUNS: &[&str] = &["assets", "keys", "loans", "users"];

    #[test]
    fn a_scope_covers_its_noun_and_no_other() {
        let check =
            |text: &str, noun: &str, does, want| assert_eq!(Scope::parse(text, NOUNS).unwrap().covers(noun, does), want, "{text} {noun}");
        check("loans", "loans", Does::Read, true);
        check("loans", "loans", Does::Write, true);
        check("loans:write", "loans", Does::Write, true);
        check("loans:read", "loans", Does::Read, true);
        check("loans:read", "loans", Does::Write, false);
        check("loans", "assets", Does::Read, false);
        check("loans", "", Does::Read, false);
        check("keys:read", "keys", Does::Read, true);
    }

    #[test]
    fn what_is_no_scope_is_refused_and_a_strange_one_allows_nothing() {
        let check = |text: &str, words: &str| {
            let error = Scope::parse(text, NOUNS).unwrap_err().text;
            assert!(error.contains(words), "{text}: {error}");
        };
        check("loan", "it has assets, keys, loans, users");
        check("", "has no");
        check("loans:all", "write loans, or loans:read");
        check("loans:", "write loans, or loans:read");
        check("keys", "without limits");
        check("users:write", "without limits");
        let newer: Scope = serde_json::from_str("\"loans:lend\"").unwrap();
        assert!(!newer.covers("loans", Does::Read) && !newer.covers("loans:lend", Does::Write));
        assert!(all([], NOUNS).is_err());
        let kept = all(["loans", " assets:read", "loans:write"], NOUNS).unwrap();
        assert_eq!(serde_json::to_string(&kept).unwrap(), r#"["assets:read","loans"]"#);
    }
}
