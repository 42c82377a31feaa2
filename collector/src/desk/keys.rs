//! API keys: `rk1.<number>.<secret>.<pin>`, kept as a hash, told apart in constant time, turned into who asks at the HTTPS door.

use crate::Collector;
use crate::desk::api::problem::Problem;
use crate::desk::refused::Refused;
use crate::desk::who::Who;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rollcall_site::access::ApiKey;
use rollcall_site::event::Actor;
use rollcall_site::scope::Does;
use rollcall_site::{ApiKeyId, Site};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The longest text that is looked at as a key, bytes; a true one has about 100.
const LONGEST: usize = 200;

/// The nouns of the interface: what a key can be limited to, alphabetical.
pub const NOUNS: &[&str] = &[
    "alerts",
    "assets",
    "backup",
    "baselines",
    "calendar",
    "channels",
    "charges",
    "check",
    "devices",
    "drift",
    "events",
    "imports",
    "keys",
    "labels",
    "ledger",
    "library",
    "licences",
    "loans",
    "maintenance",
    "oidc",
    "orders",
    "persons",
    "replacement",
    "reports",
    "reservations",
    "rooms",
    "roster",
    "routes",
    "rules",
    "scores",
    "software",
    "status",
    "sweeps",
    "ticket-policy",
    "tickets",
    "tokens",
    "transfers",
    "users",
    "verdict",
    "waivers",
];

/// A key as its owner holds it: shown once, never kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its number.
    pub id: ApiKeyId,
    /// 32 random bytes.
    pub secret: Secret,
    /// SHA-256 of the certificate (DER) which the owner trusts alone: the desk's CA, or what the site brought itself.
    pub pin: [u8; 32],
}

/// The secret part of a key. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// Why a text is no key, or one that opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It has not the form of one.
    #[error("this is not an API key: one looks like `rk1.7.….…`; make one on the collector with `rollcall key new NAME --role ROLE`")]
    Form,
    /// It opens nothing.
    #[error("this API key is not known here, was revoked or has ended; make a new one with `rollcall key new NAME --role ROLE`")]
    Unknown,
}

impl Secret {
    /// A new one, or why the system gives no random bytes.
    ///
    /// # Errors
    /// The system's random source failed.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// What is kept of it: BLAKE3, 64 hexadecimal digits.
    pub fn hash(&self) -> String {
        blake3::hash(&self.0).to_hex().to_string()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, …)", self.id)
    }
}

impl Key {
    /// The text that its owner keeps.
    pub fn text(&self) -> String {
        let (secret, pin) = (URL_SAFE_NO_PAD.encode(self.secret.0), URL_SAFE_NO_PAD.encode(self.pin));
        format!("rk1.{}.{secret}.{pin}", self.id)
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`BadKey::Form`].
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        let mut parts = text.split('.');
        let (Some("rk1"), Some(id), Some(secret), Some(pin), None) = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadKey::Form);
        };
        let bytes = |part: &str| -> Option<[u8; 32]> { URL_SAFE_NO_PAD.decode(part).ok()?.try_into().ok() };
        let fits = text.len() <= LONGEST;
        let (Ok(id), Some(secret), Some(pin), true) = (id.parse(), bytes(secret), bytes(pin), fits) else { return Err(BadKey::Form) };
        Ok(Self { id, secret: Secret(secret), pin })
    }
}

/// SHA-256 of a certificate.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate.as_ref()).into()
}

/// Whose key this is, with what is kept of it.
///
/// # Errors
/// [`BadKey`].
pub fn who(site: &Site, text: &str, now: Timestamp) -> Result<(Who, Arc<ApiKey>), BadKey> {
    let key = Key::parse(text)?;
    let kept = site.keys.get(&key.id).ok_or(BadKey::Unknown)?;
    let same = bool::from(key.secret.hash().as_bytes().ct_eq(kept.hash.as_bytes()));
    let live = kept.expires_at.is_none_or(|end| now < end);
    let who = Who { actor: Actor::Key(format!("{} ({})", kept.id, kept.name)), role: kept.role };
    if same && live { Ok((who, Arc::clone(kept))) } else { Err(BadKey::Unknown) }
}

/// What a limited key may not do.
fn beyond(key: &ApiKey, method: &Method, path: &str) -> Option<Problem> {
    let noun = path.strip_prefix("/api/v1").unwrap_or(path).trim_start_matches('/').split('/').next().unwrap_or_default();
    if noun == "openapi.json" {
        return None; // it is there for everybody
    }
    let (does, said) = if matches!(*method, Method::GET | Method::HEAD) { (Does::Read, "to read") } else { (Does::Write, "to change") };
    if key.covers(noun, does) {
        return None;
    }
    let noun = NOUNS.iter().find(|known| **known == noun).unwrap_or(&"this");
    let detail = format!("key {} ({}) is limited to {}; this takes {noun} {said}", key.id, key.name, key.limits());
    Some(Problem::new(StatusCode::FORBIDDEN, detail))
}

/// Middleware of the HTTPS door: a request with `Authorization: Bearer` is its key's, or is refused; one without goes on as it came.
pub async fn bearer(State(collector): State<Collector>, mut request: Request, next: Next) -> Response {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let text = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        match who(&collector.keeper.view(), text, collector.keeper.clock().now()) {
            Ok((who, key)) => {
                let mut answer = match beyond(&key, request.method(), request.uri().path()) {
                    Some(problem) => problem.into_response(),
                    None => {
                        request.extensions_mut().insert(who.clone());
                        next.run(request).await
                    }
                };
                // So that a refusal is written down with who it was.
                answer.extensions_mut().insert(who);
                return answer;
            }
            Err(bad) => {
                let mut answer = Problem::new(StatusCode::UNAUTHORIZED, bad.to_string()).into_response();
                answer.extensions_mut().insert(Refused::because("its API key is none of this site"));
                return answer;
            }
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::Record;
    use rollcall_site::access::Role;
    use rollcall_site::scope;

    fn key() -> Key {
        Key { id: ApiKeyId(7), secret: Secret([3; 32]), pin: [5; 32] }
    }

    fn site(expires_at: Option<Timestamp>) -> Site {
        let kept = ApiKey {
            id: ApiKeyId(7),
            name: "morning report".to_owned(),
            role: Role::Viewer,
            hash: key().secret.hash(),
            made_at: Timestamp::UNIX_EPOCH,
            expires_at,
            only: Vec::new(),
            rest: rollcall_site::record::Rest::new(),
        };
        let mut site = Site::default();
        ApiKey::table_mut(&mut site).insert(kept.id, Arc::new(kept));
        site
    }

    #[test]
    fn a_key_survives_its_text_and_hides_from_logs() {
        let text = key().text();
        assert_eq!(Key::parse(&text), Ok(key()));
        assert!(text.len() <= LONGEST, "{text}");
        assert_eq!(format!("{:?} {:?}", key(), key().secret), "Key(7, …) Secret(…)");
    }

    #[test]
    fn what_has_not_the_form_is_no_key() {
        for bad in ["", "rk1", "rk1.7.x.y", "rk2.7.AAAA.AAAA", &format!("{}.more", key().text()), &format!("rk1.{}7", "0".repeat(300))] {
            assert_eq!(Key::parse(bad), Err(BadKey::Form), "{bad:?}");
        }
    }

    #[test]
    fn only_the_right_secret_opens_and_only_until_its_end() {
        let now: Timestamp = "2026-11-24T18:00:00Z".parse().unwrap();
        let check = |site: &Site, key: &Key, want: Result<Role, BadKey>| assert_eq!(who(site, &key.text(), now).map(|(w, _)| w.role), want);
        check(&site(None), &key(), Ok(Role::Viewer));
        check(&site(Some(now)), &key(), Err(BadKey::Unknown));
        check(&site(None), &Key { secret: Secret([4; 32]), ..key() }, Err(BadKey::Unknown));
        check(&site(None), &Key { id: ApiKeyId(8), ..key() }, Err(BadKey::Unknown));
        assert_eq!(who(&site(None), &key().text(), now).map(|(w, _)| w.actor), Ok(Actor::Key("7 (morning report)".to_owned())));
    }

    #[test]
    fn a_limited_key_does_what_it_is_limited_to_and_no_more() {
        let (_, kept) = who(&site(None), &key().text(), Timestamp::UNIX_EPOCH).unwrap();
        let key = ApiKey { only: scope::all(["loans", "assets:read"], NOUNS).unwrap(), ..(*kept).clone() };
        let check = |method: Method, path: &str, want: bool| assert_eq!(beyond(&key, &method, path).is_none(), want, "{method} {path}");
        check(Method::GET, "/loans", true);
        check(Method::POST, "/loans/lost", true);
        check(Method::GET, "/api/v1/assets/PC-1", true);
        check(Method::HEAD, "/assets", true);
        check(Method::PATCH, "/assets/PC-1", false);
        check(Method::GET, "/persons", false);
        check(Method::GET, "/events", false);
        check(Method::GET, "//persons/loans", false);
        check(Method::GET, "/%6coans", false);
        check(Method::GET, "/loansx", false);
        check(Method::GET, "", false);
        let said = beyond(&key, &Method::GET, "/persons/loans").unwrap().detail;
        assert_eq!(said, "key 7 (morning report) is limited to assets:read, loans; this takes persons to read");
        assert!(beyond(&kept, &Method::DELETE, "/users/ana").is_none(), "a key without limits has its role");
    }
}
