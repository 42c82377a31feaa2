//! Enrolment: trades a token for a certificate, with the collector's CA pinned by the token.

use crate::fingerprint::Evidence;
use crate::identity::{BadCertificate, Identity, Key, NoKey};
use crate::link::{self, CallError};
use crate::source::Facts;
use crate::tls::{self, Pin, ServerTime};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollcall_proto::MAX_ENROLL_MESSAGE;
use rollcall_proto::v1::enrollment_client::EnrollmentClient;
use rollcall_proto::v1::{EnrollRequest, EnrollResponse};
use std::fmt;
use std::time::Duration;

/// Port of the enrolment door when none is named.
pub const ENROLL_PORT: u16 = 7444;
/// Port of the attendance door when the collector names no address.
const ATTEND_PORT: u16 = 7443;
/// How long the collector may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// Longest token text, characters.
const TOKEN_LIMIT: usize = 512;

/// An enrolment token, as `rollcall token new` prints it: `rc1.<site>.<secret>.<pin>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    site: String,
    pin: Pin,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("site", &self.site).finish_non_exhaustive()
    }
}

/// What is wrong with the text of a token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// Not four parts behind `rc1`.
    #[error("this is not an enrolment token: it must look like rc1.SITE.SECRET.PIN; copy the whole line that `rollcall token new` printed")]
    Shape,
    /// A site's name that cannot be.
    #[error("the token's site {0:?} is not a site's name; copy the whole line that `rollcall token new` printed")]
    Site(String),
    /// The end is missing or mistyped.
    #[error("the token's last part is not whole; copy the whole line that `rollcall token new` printed")]
    Pin,
    /// The secret is missing or mistyped.
    #[error("the token's third part is not whole; copy the whole line that `rollcall token new` printed")]
    Secret,
}

impl Token {
    /// Reads a token; blanks around it don't matter.
    ///
    /// # Errors
    /// [`BadToken`], which says what part is wrong.
    pub fn parse(text: &str) -> Result<Self, BadToken> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('.').collect();
        let (["rc1", site, secret, pin], true) = (parts.as_slice(), text.len() <= TOKEN_LIMIT) else { return Err(BadToken::Shape) };
        let letters = site.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if site.is_empty() || site.len() > 63 || !letters || site.starts_with('-') || site.ends_with('-') {
            return Err(BadToken::Site((*site).to_owned()));
        }
        URL_SAFE_NO_PAD.decode(secret).ok().filter(|secret| !secret.is_empty()).ok_or(BadToken::Secret)?;
        let pin = URL_SAFE_NO_PAD.decode(pin).ok().and_then(|pin| Pin::try_from(pin).ok()).ok_or(BadToken::Pin)?;
        Ok(Self { text: text.to_owned(), site: (*site).to_owned(), pin })
    }

    /// The site it enrols into.
    pub fn site(&self) -> &str {
        &self.site
    }
}

/// What to enrol.
#[derive(Debug)]
pub struct Enrolment<'a> {
    /// HOST:PORT of the enrolment door; the port may be left out.
    pub collector: &'a str,
    /// The token.
    pub token: &'a Token,
    /// What the machine says of itself.
    pub facts: &'a Facts,
    /// The asset's tag; empty: the firmware's asset tag, else what the collector decides.
    pub tag: &'a str,
    /// The seat; empty: none.
    pub seat: &'a str,
    /// The program that asks, with its version: the simulator says that it is one.
    pub version: &'a str,
}

/// Why a machine was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The address cannot be one.
    #[error("{0:?} is not the address of a collector; write HOST or HOST:PORT, for example collector.school.example:{ENROLL_PORT}")]
    Address(String),
    /// Nobody there.
    #[error(
        "{address}: the collector cannot be reached: {why}; is it running, is this its enrolment address (port {ENROLL_PORT}), does a firewall block it?"
    )]
    Unreachable {
        /// The address.
        address: String,
        /// In words.
        why: String,
    },
    /// The CA on the other side is another.
    #[error(
        "{address}: this is not the collector that made the token: its CA is another one. Either the token is from another collector, or somebody stands between; nothing was sent"
    )]
    WrongPin {
        /// The address.
        address: String,
    },
    /// The other side is the right collector for another site, or its certificate does not hold.
    #[error(
        "{address}: the collector's certificate does not hold for site {site:?}: {why}; is this its enrolment address (port {ENROLL_PORT}), is the clock of one of the two wrong by years?"
    )]
    Untrusted {
        /// The address.
        address: String,
        /// The token's site.
        site: String,
        /// In words.
        why: String,
    },
    /// The collector said no.
    #[error("the collector refused: {0}")]
    Refused(String),
    /// The answer is not what it must be.
    #[error("the collector's answer does not hold: {0}; nothing was kept")]
    BadAnswer(String),
    /// No key.
    #[error(transparent)]
    NoKey(#[from] NoKey),
}

impl From<BadCertificate> for EnrollError {
    fn from(bad: BadCertificate) -> Self {
        Self::BadAnswer(bad.to_string())
    }
}

/// Enrols and gives the identity; keeping it is the caller's.
///
/// # Errors
/// [`EnrollError`], in words for the person who runs it.
pub async fn enroll(enrolment: &Enrolment<'_>) -> Result<Identity, EnrollError> {
    let (address, host) = address(enrolment.collector)?;
    let key = Key::generate()?;
    let request = EnrollRequest {
        token: enrolment.token.text.clone(),
        csr_der: key.request()?,
        fingerprint: Some(enrolment.facts.fingerprint.clone()),
        host_name: enrolment.facts.host_name.clone(),
        tag: if enrolment.tag.is_empty() { enrolment.facts.asset_tag.clone() } else { enrolment.tag.to_owned() },
        seat: enrolment.seat.to_owned(),
        agent_version: enrolment.version.to_owned(),
    };
    let token = enrolment.token;
    let config = tls::enrolment(token.pin, ServerTime::said(0)).map_err(|error| EnrollError::BadAnswer(error.to_string()))?;
    let server_name = format!("enroll.{}.rollcall.internal", token.site);
    let channel = link::channel(std::slice::from_ref(&address), &server_name, config).await;
    let (channel, _) = channel.map_err(|error| call_error(error, &address, token))?;
    let mut client = EnrollmentClient::new(channel).max_decoding_message_size(MAX_ENROLL_MESSAGE);
    let answer = tokio::time::timeout(ANSWER, client.enroll(request)).await;
    let unreachable = |why: String| EnrollError::Unreachable { address: address.clone(), why };
    let answer = answer.map_err(|_| unreachable(format!("no answer within {} s", ANSWER.as_secs())))?;
    let answer = answer.map_err(|status| match status.code() {
        tonic::Code::Unavailable | tonic::Code::DeadlineExceeded | tonic::Code::Unknown | tonic::Code::Cancelled => {
            unreachable(link::status_words(&status))
        }
        _ => EnrollError::Refused(crate::probe::text::clean(status.message())),
    })?;
    let identity = identity(answer.into_inner(), &key, token, &host)?;
    let bound = Evidence::of(&enrolment.facts.fingerprint, &identity.device);
    Ok(Identity { bound: Some(bound), ..identity })
}

pub(crate) fn identity(answer: EnrollResponse, key: &Key, token: &Token, host: &str) -> Result<Identity, EnrollError> {
    if tls::pin(&answer.ca_der) != token.pin {
        return Err(EnrollError::BadAnswer("its CA is not the one in the token".to_owned()));
    }
    if answer.site != token.site {
        return Err(EnrollError::BadAnswer(format!("it speaks for site {:?}, the token for {:?}", answer.site, token.site)));
    }
    if rustls::pki_types::ServerName::try_from(answer.server_name.as_str()).is_err() {
        return Err(EnrollError::BadAnswer(format!("{:?} is not a server's name", answer.server_name)));
    }
    key.check(&answer.certificate_der, &answer.ca_der)?;
    let addresses = if answer.addresses.is_empty() { vec![with_port(host, ATTEND_PORT)] } else { answer.addresses };
    Ok(Identity {
        site: answer.site,
        device: answer.device,
        tag: answer.tag,
        server_name: answer.server_name,
        addresses,
        key_der: key.to_der(),
        certificate_der: answer.certificate_der,
        ca_der: answer.ca_der,
        bound: None,
    })
}

fn call_error(error: CallError, address: &str, token: &Token) -> EnrollError {
    let address = address.to_owned();
    match error {
        CallError::Handshake { source, .. } if tls::is_wrong_pin(&source) => EnrollError::WrongPin { address },
        CallError::Handshake { source, .. } if source.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            EnrollError::Untrusted { address, site: token.site.clone(), why: source.to_string() }
        }
        other => EnrollError::Unreachable { address, why: other.words() },
    }
}

/// The address with a port, and the host alone.
pub(crate) fn address(text: &str) -> Result<(String, String), EnrollError> {
    let text = text.trim();
    let bad = || EnrollError::Address(text.to_owned());
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']' | '%');
    if text.is_empty() || text.len() > 255 || !text.chars().all(fits) {
        return Err(bad());
    }
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<std::net::Ipv6Addr>() {
        return Ok((with_port(&address.to_string(), ENROLL_PORT), address.to_string()));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => {
            let port: u16 = port.parse().map_err(|_| bad())?;
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            // Only an address of IPv6 has colons; what follows its % names an interface.
            let six = || host.split('%').next().is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
            let fits = !host.is_empty() && !host.contains(['[', ']']) && (!host.contains(':') || six());
            if fits { Ok((with_port(host, port), host.to_owned())) } else { Err(bad()) }
        }
        None if text.contains(['[', ']']) => Err(bad()),
        None => Ok((with_port(text, ENROLL_PORT), text.to_owned())),
    }
}

fn with_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_is_wrong_with_it() {
        let pin = URL_SAFE_NO_PAD.encode([7; 32]);
        let token = Token::parse(&format!(" rc1.main.c2VjcmV0.{pin}\n")).unwrap();
        assert_eq!((token.site(), token.pin), ("main", [7; 32]));
        assert!(!format!("{token:?}").contains("c2VjcmV0"));
        for (text, bad) in [
            ("", BadToken::Shape),
            ("rc1.main.c2VjcmV0", BadToken::Shape),
            ("rc2.main.a.b", BadToken::Shape),
            (&format!("rc1.Main.c2VjcmV0.{pin}"), BadToken::Site("Main".into())),
            (&format!("rc1.main.!!.{pin}"), BadToken::Secret),
            ("rc1.main.c2VjcmV0.short", BadToken::Pin),
        ] {
            assert_eq!(Token::parse(text), Err(bad), "{text}");
        }
    }

    #[test]
    fn addresses_may_leave_the_port_out() {
        for (text, expected) in [
            ("collector.school", "collector.school:7444"),
            ("10.0.0.5:9", "10.0.0.5:9"),
            ("[fd00::1]:9", "[fd00::1]:9"),
            ("fd00::1", "[fd00::1]:7444"),
            ("[fd00::1]", "[fd00::1]:7444"),
        ] {
            assert_eq!(address(text).unwrap().0, expected);
        }
        for bad in ["", "https://x", "x:port", ":7444", "a b", "a\0b", "a:b:9", "[x", "x]:9", "[a[b]:9"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
