//! Reads what is said of a library system: its address, its login, and what is mirrored.

use super::{Letters, May};
use crate::Refusal;
use crate::asset::AssetKind;
use crate::channel::{host_and_port, is_here, shortened};
use serde::Deserialize;

/// The ways to write an address, with the usual port.
const SCHEMES: &[(&str, u16)] = &[("sip2", 6001), ("sip2s", 6443)];
/// Longest name or password, characters.
const LONGEST: usize = 200;

/// What is said of a library system. It holds a password, so it is never written out.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LibraryFacts {
    /// Its address.
    pub url: String,
    /// The login that it knows.
    pub user: String,
    /// The password of that login; empty with a login: the one that is kept stays.
    pub password: String,
    /// What it calls the institution.
    pub institution: String,
    /// What it calls this place.
    pub location: String,
    /// Kinds of assets.
    pub kinds: Vec<String>,
    /// What stands before every tag in its item ids.
    pub prefix: String,
    /// How it writes letters.
    pub letters: Letters,
    /// Whether it may refuse what is done already.
    pub may: May,
    /// Certificates of the authorities to trust, PEM; empty: those of the system.
    pub ca: String,
}

/// A library system that may be set, and its password.
#[derive(Clone)]
pub struct Checked {
    /// Its address.
    pub url: String,
    /// The login that it knows.
    pub user: String,
    /// The password, where one was said.
    pub password: Option<String>,
    /// What it calls the institution.
    pub institution: String,
    /// What it calls this place.
    pub location: String,
    /// Kinds of assets, sorted.
    pub kinds: Vec<AssetKind>,
    /// What stands before every tag.
    pub prefix: String,
    /// How it writes letters.
    pub letters: Letters,
    /// Whether it may refuse.
    pub may: May,
    /// Certificates, PEM.
    pub ca: String,
}

/// Reads what is said of a library system.
///
/// # Errors
/// What does not fit, and what would.
pub fn check(facts: &LibraryFacts) -> Result<Checked, Refusal> {
    let url = address(facts)?;
    for (what, text) in [
        ("login", &facts.user),
        ("password", &facts.password),
        ("institution", &facts.institution),
        ("location", &facts.location),
        ("prefix", &facts.prefix),
    ] {
        if text.chars().count() > LONGEST || text.contains(|c: char| c.is_control() || c == '|') {
            return Err(Refusal::invalid(format!("the {what} is one line of at most {LONGEST} characters, without |")));
        }
    }
    if facts.user.is_empty() && !facts.password.is_empty() {
        return Err(Refusal::invalid("a password belongs to a login: name it too"));
    }
    let good_ca = url.starts_with("sip2s://") && facts.ca.len() <= 256 * 1024 && facts.ca.contains("BEGIN CERTIFICATE");
    if !facts.ca.is_empty() && !good_ca {
        return Err(Refusal::invalid("a CA is a file of certificates (PEM), and belongs to sip2s://"));
    }
    Ok(Checked {
        url,
        user: facts.user.clone(),
        password: Some(facts.password.clone()).filter(|password| !password.is_empty()),
        institution: facts.institution.clone(),
        location: facts.location.clone(),
        kinds: kinds(&facts.kinds)?,
        prefix: facts.prefix.clone(),
        letters: facts.letters,
        may: facts.may,
        ca: facts.ca.clone(),
    })
}

/// SIP2 knows no cipher: a password over a network wants TLS, or a tunnel that ends on this machine; an inside network is said so.
fn address(facts: &LibraryFacts) -> Result<String, Refusal> {
    let (scheme, rest) = facts.url.split_once("://").unwrap_or(("", &facts.url));
    let usual = SCHEMES.iter().find(|(known, _)| *known == scheme).map(|(_, port)| *port);
    let place = usual.and_then(|port| host_and_port(rest, port));
    let (host, port) = place.ok_or_else(|| {
        let text = format!(
            "{:?} can't be a library system's address: write it as sip2://host.school.example:6001, or sip2s:// where it speaks TLS",
            shortened(&facts.url)
        );
        Refusal::invalid(text)
    })?;
    Ok(format!("{scheme}://{host}:{port}"))
}

impl Checked {
    /// Whether its password crosses a network in the clear: SIP2 itself knows no cipher.
    pub fn is_in_the_clear(&self) -> bool {
        !self.user.is_empty() && self.url.strip_prefix("sip2://").is_some_and(|rest| !is_here(rest))
    }
}

fn kinds(words: &[String]) -> Result<Vec<AssetKind>, Refusal> {
    let mut kinds = Vec::new();
    for word in words {
        let kind: AssetKind = serde_json::from_value(word.trim().into())
            .map_err(|why| Refusal::invalid(format!("{:?} is no kind of asset: {why}", shortened(word))))?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        return Err(Refusal::invalid("say which kinds of assets the library system knows, as in --kinds laptop,chromebook"));
    }
    kinds.sort_by_key(|kind| kind.word());
    Ok(kinds)
}
