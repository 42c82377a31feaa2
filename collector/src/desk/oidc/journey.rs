//! One sign-in on its way to the provider and back: what the browser carries meanwhile, and what only this desk can make of it.
//!
//! The cookie holds a fresh secret, where the sign-in leads and since when it is under way, under this process's own key: nothing is
//! remembered here, so that nobody can fill anything. State, nonce and verifier are made of the secret under that key: the browser
//! that comes back is the one that went, and neither it nor the provider can make another's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The cookie: it must come back from another site's page by a link, so that it is `Lax`; the session's own stays `Strict`.
const COOKIE: &str = "__Host-rollcall-oidc";
/// How long somebody may take at the provider, seconds.
const PATIENCE: i64 = 600;

/// What is signed and derived with; it ends with the process.
pub(super) struct JourneyKey([u8; 32]);

impl fmt::Debug for JourneyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JourneyKey(…)")
    }
}

/// A sign-in on its way.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Journey {
    secret: [u8; 32],
    /// Since when, seconds since 1970.
    pub begun: i64,
    /// Whether the provider is to ask for the password again.
    pub asks: Asks,
    /// Where it leads.
    pub next: String,
}

/// Whether the provider is to ask for the password even where it knows somebody already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desk) enum Asks {
    /// It need not.
    AsItLikes,
    /// It must.
    Again,
}

impl JourneyKey {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    fn made(&self, what: &str, of: &[u8]) -> String {
        let message = [what.as_bytes(), b"\0", of].concat();
        URL_SAFE_NO_PAD.encode(blake3::keyed_hash(&self.0, &message).as_bytes())
    }
}

impl Journey {
    /// Sets out.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn begin(now: i64, asks: Asks, next: &str) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self { secret, begun: now, asks, next: next.to_owned() })
    }

    /// What comes back with the answer.
    pub fn state(&self, key: &JourneyKey) -> String {
        key.made("state", &self.secret)
    }

    /// What stands in the token.
    pub fn nonce(&self, key: &JourneyKey) -> String {
        key.made("nonce", &self.secret)
    }

    /// What proves to the provider that it is the same desk that asks (PKCE).
    pub fn verifier(&self, key: &JourneyKey) -> String {
        key.made("verifier", &self.secret)
    }

    /// The verifier's hash, which the browser carries.
    pub fn challenge(&self, key: &JourneyKey) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier(key)))
    }

    /// The whole `Set-Cookie` header.
    pub fn cookie(&self, key: &JourneyKey) -> String {
        let text = self.text();
        let mac = key.made("cookie", text.as_bytes());
        format!("{COOKIE}={text}.{mac}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={PATIENCE}")
    }

    fn text(&self) -> String {
        let asks = if self.asks == Asks::Again { "again" } else { "any" };
        format!("{}.{}.{asks}.{}", URL_SAFE_NO_PAD.encode(self.secret), self.begun, URL_SAFE_NO_PAD.encode(&self.next))
    }

    /// The journey that a `Cookie` header names and that came back with `state`, in time.
    pub fn back(key: &JourneyKey, header: &str, state: &str, now: i64) -> Option<Self> {
        let value = header.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
        let (text, mac) = value.rsplit_once('.')?;
        let whole = bool::from(key.made("cookie", text.as_bytes()).as_bytes().ct_eq(mac.as_bytes()));
        let mut parts = text.split('.');
        let (secret, begun, asks, next) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let asks = if asks == "again" { Asks::Again } else { Asks::AsItLikes };
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(next).ok()?).ok()?;
        let journey = Self { secret: URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?, begun: begun.parse().ok()?, asks, next };
        let same = bool::from(journey.state(key).as_bytes().ct_eq(state.as_bytes()));
        let in_time = journey.begun <= now && now < journey.begun + PATIENCE;
        (whole && same && in_time).then_some(journey)
    }
}

/// The header that takes the cookie away.
pub(in crate::desk) fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_comes_back_to_the_browser_that_began_it_and_to_no_other() {
        let (key, other) = (JourneyKey::fresh().unwrap(), JourneyKey::fresh().unwrap());
        let journey = Journey::begin(1_000, Asks::Again, "/lab/Lab%20118").unwrap();
        let header = journey.cookie(&key);
        for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
            assert!(header.contains(part), "{header}");
        }
        let cookie = format!("other=1; {}", header.split(';').next().unwrap());
        let (state, stranger) = (journey.state(&key), Journey::begin(1_000, Asks::Again, "/").unwrap());
        let back = |key: &JourneyKey, cookie: &str, state: &str, now| Journey::back(key, cookie, state, now);
        assert!(back(&key, &cookie, &state, 1_599).is_some_and(|back| back == journey));
        assert!(back(&key, &cookie, &state, 1_600).is_none(), "too late");
        assert!(back(&key, &cookie, &state, 999).is_none(), "before it began");
        assert!(back(&other, &cookie, &state, 1_001).is_none(), "another process");
        assert!(back(&key, &cookie, &stranger.state(&key), 1_001).is_none(), "another's answer in this browser");
        assert!(back(&key, stranger.cookie(&key).split(';').next().unwrap(), &state, 1_001).is_none(), "this answer in another browser");
        assert!(back(&key, "", &state, 1_001).is_none() && back(&key, &cookie, "", 1_001).is_none());
        let longer = cookie.replace(".1000.", ".9000.");
        assert!(longer != cookie && back(&key, &longer, &state, 9_001).is_none(), "nobody makes it last");
        let elsewhere = cookie.replace(&URL_SAFE_NO_PAD.encode("/lab/Lab%20118"), &URL_SAFE_NO_PAD.encode("//evil.example"));
        assert!(elsewhere != cookie && back(&key, &elsewhere, &state, 1_001).is_none(), "nobody leads it elsewhere");
    }

    #[test]
    fn what_is_told_to_others_is_not_what_is_kept() {
        let key = JourneyKey::fresh().unwrap();
        let journey = Journey::begin(0, Asks::AsItLikes, "/").unwrap();
        let said = [journey.state(&key), journey.nonce(&key), journey.verifier(&key), journey.challenge(&key)];
        assert!(said.iter().all(|one| one.len() == 43 && said.iter().filter(|other| *other == one).count() == 1), "{said:?}");
        let cookie = journey.cookie(&key);
        assert!(said.iter().all(|one| !cookie.contains(one)), "the browser can make none of them");
    }
}
