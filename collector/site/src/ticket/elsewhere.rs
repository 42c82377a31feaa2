//! The same ticket in another system: the district's, a vendor's.

use super::line;
use crate::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest address, characters.
const LONGEST: usize = 500;

/// The same ticket in another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Which system: "district", "Dell".
    pub system: String,
    /// Its number or name there.
    pub id: String,
    /// Where it is seen there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebAddress>,
}

impl Elsewhere {
    /// One whose texts fit.
    ///
    /// # Errors
    /// A text is missing or too long, or the address is none.
    pub fn new(system: &str, id: &str, url: &str) -> Result<Self, Refusal> {
        let (system, id) = (line("a system's name", system, 60)?, line("a ticket's number there", id, 80)?);
        if system.is_empty() || id.is_empty() {
            return Err(Refusal::invalid("name the system, and the ticket's number there"));
        }
        let url = Some(url.trim()).filter(|url| !url.is_empty()).map(str::parse).transpose()?;
        Ok(Self { system, id, url })
    }
}

/// An address that a browser opens: http or https, and nothing else that a link could do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(String);

impl WebAddress {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebAddress {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let bad =
            || Refusal::invalid("an address begins with https:// or http:// and a host, without spaces, and has at most 500 characters");
        let text = text.trim();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(bad)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_graphic() && !"\"'<>\\^`{|}".contains(c);
        let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
        if is_host && text.len() <= LONGEST && text.chars().all(plain) { Ok(Self(text.to_owned())) } else { Err(bad()) }
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for WebAddress {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<WebAddress> for String {
    fn from(address: WebAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_a_browser_opens() {
        for good in ["https://help.district.example/t/4711?x=1#c", "http://10.0.0.1:8080/a", "https://[2001:db8::1]/x"] {
            assert!(good.parse::<WebAddress>().is_ok(), "{good}");
        }
        let long = format!("https://a/{}", "x".repeat(LONGEST));
        for bad in
            ["", "javascript:alert(1)", "https://", "https:///x", "ftp://a/b", "https://a b/c", "https://u:p@host/", "https://a/\"x", &long]
        {
            assert!(bad.parse::<WebAddress>().is_err(), "{bad}");
        }
    }
}
