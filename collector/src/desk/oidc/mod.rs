//! Sign-in at the school's own provider (OpenID Connect): authorization code with PKCE, state and nonce; the issuer is the one that is set.
//!
//! Architecture invariant: nothing here decides who comes in. [`rollcall_site::oidc::admit`] does, from what was checked here.

mod journey;
mod remote;
mod token;

use crate::desk::Desk;
use crate::secrets::{Secrets, SecretsError};
pub(super) use journey::{Asks, no_cookie};
use journey::{Journey, JourneyKey};
use remote::{Known, Remote};
use rollcall_site::oidc::{self, Identity, Provider, ProviderFacts};
use serde_json::{Map, Value};
use std::sync::Arc;
use token::{BadToken, Expected};

/// The place of the client secret in the sealed file.
const SECRET: &str = "oidc-secret";
/// Where the provider leads back to.
const BACK: &str = "/sign-in/oidc/back";
/// Most groups of one person that are looked at.
const MOST_GROUPS: usize = 1_000;

/// Sign-in at the provider.
pub(super) struct Oidc {
    key: Option<JourneyKey>,
    remote: Remote,
}

impl Default for Oidc {
    fn default() -> Self {
        Self { key: JourneyKey::fresh().ok(), remote: Remote::default() }
    }
}

/// Why a sign-in at the provider came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoEntry {
    /// No provider is set.
    #[error("nobody signs in at a provider here")]
    Unset,
    /// The answer is not to a sign-in that this browser began, or too late.
    #[error("this sign-in was begun elsewhere, or too long ago")]
    NotBegun,
    /// The provider says no.
    #[error("the provider let nobody in: {0}")]
    Denied(String),
    /// The answer is another provider's.
    #[error("the answer is not the provider's")]
    OtherIssuer,
    /// The provider can't be reached, or what it says can't be used.
    #[error("the provider can't be used: {0}")]
    Provider(String),
    /// Its token is not believed.
    #[error(transparent)]
    Token(#[from] BadToken),
}

/// What the provider sends the browser back with.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Returned {
    code: String,
    state: String,
    iss: Option<String>,
    error: Option<String>,
}

/// Somebody whom the provider vouches for.
pub(super) struct Arrived {
    pub identity: Identity,
    pub next: String,
    pub asks: Asks,
}

/// Keeps the client secret, or forgets it.
///
/// # Errors
/// The sealed file can't be written.
pub(super) fn keep_secret(secrets: &Secrets, secret: Option<&str>) -> Result<(), SecretsError> {
    match secret {
        Some(secret) => secrets.set(SECRET, secret.as_bytes()),
        None if secrets.get(SECRET).is_some() => secrets.remove(SECRET),
        None => Ok(()),
    }
}

/// Whether a client secret is kept.
pub(super) fn has_secret(secrets: &Secrets) -> bool {
    secrets.get(SECRET).is_some()
}

/// Asks a provider what it publishes: what is said of it.
///
/// # Errors
/// In words.
pub(super) async fn try_out(facts: ProviderFacts, now: i64) -> Result<String, String> {
    let known = Known::ask(facts, now).await?;
    Ok(known.discovery.authorization_endpoint)
}

/// The address that the provider must know, to which it leads back.
pub(super) fn back_to(facts: &ProviderFacts) -> String {
    format!("{}{BACK}", facts.desk.trim_end_matches('/'))
}

impl Desk {
    /// The provider, if one is set.
    pub(super) fn provider(&self) -> Option<Arc<Provider>> {
        oidc::of(&self.collector.keeper.view()).cloned()
    }

    /// Begins a sign-in: where the browser goes, and the cookie that it carries.
    pub(super) async fn set_out(&self, asks: Asks, next: &str) -> Result<(String, String), NoEntry> {
        let (provider, now) = (self.provider().ok_or(NoEntry::Unset)?, self.seconds());
        let facts = &provider.facts;
        let known = self.oidc.remote.known(facts, now).await.map_err(NoEntry::Provider)?;
        let no_bytes = || NoEntry::Provider("the system gives no random bytes".to_owned());
        let key = self.oidc.key.as_ref().ok_or_else(no_bytes)?;
        let journey = Journey::begin(now, asks, next).map_err(|_| no_bytes())?;
        let (back, state, nonce, challenge) = (back_to(facts), journey.state(key), journey.nonce(key), journey.challenge(key));
        let scopes = format!("openid profile email {}", facts.scopes);
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &facts.client),
            ("redirect_uri", &back),
            ("scope", scopes.trim_end()),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if asks == Asks::Again {
            fields.extend([("prompt", "login"), ("max_age", "0")]);
        }
        let query = serde_urlencoded::to_string(&fields).map_err(|error| NoEntry::Provider(error.to_string()))?;
        let place = &known.discovery.authorization_endpoint;
        let joint = if place.contains('?') { '&' } else { '?' };
        Ok((format!("{place}{joint}{query}"), journey.cookie(key)))
    }

    /// Takes what the provider sent the browser back with; gives who it is.
    pub(super) async fn arrive(&self, cookie: &str, returned: &Returned) -> Result<Arrived, NoEntry> {
        let (provider, now) = (self.provider().ok_or(NoEntry::Unset)?, self.seconds());
        let facts = &provider.facts;
        let key = self.oidc.key.as_ref().ok_or(NoEntry::NotBegun)?;
        let journey = Journey::back(key, cookie, &returned.state, now).ok_or(NoEntry::NotBegun)?;
        let known = self.oidc.remote.known(facts, now).await.map_err(NoEntry::Provider)?;
        let is_other = match &returned.iss {
            Some(issuer) => *issuer != facts.issuer,
            None => known.discovery.authorization_response_iss_parameter_supported,
        };
        if is_other {
            return Err(NoEntry::OtherIssuer);
        }
        if let Some(error) = &returned.error {
            return Err(NoEntry::Denied(error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect()));
        }
        let secret = self.collector.secrets.get(SECRET).and_then(|bytes| String::from_utf8(bytes).ok());
        let tokens = known.tokens(&returned.code, &journey.verifier(key), &back_to(facts), secret.as_deref()).await;
        let tokens = tokens.map_err(NoEntry::Provider)?;
        let nonce = journey.nonce(key);
        let fresh_since = (journey.asks == Asks::Again).then_some(journey.begun);
        let expected = Expected { issuer: &facts.issuer, client: &facts.client, nonce: &nonce, now, fresh_since };
        let claims = match token::check(&tokens.id_token, &known.keys, &expected) {
            Err(BadToken::NoKey) => {
                let newer = self.oidc.remote.newer_keys(&known, now).await.map_err(NoEntry::Provider)?;
                token::check(&tokens.id_token, &newer.keys, &expected)?
            }
            checked => checked?,
        };
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut said = known.more(&tokens, &subject).await.map_err(NoEntry::Provider)?;
        // What is signed counts before what is said beside it.
        said.extend(claims);
        Ok(Arrived { identity: identity(facts, subject, &said), next: journey.next, asks: journey.asks })
    }

    fn seconds(&self) -> i64 {
        self.collector.keeper.clock().now().as_second()
    }
}

/// What is said of somebody, as far as it is of use here.
fn identity(facts: &ProviderFacts, subject: String, said: &Map<String, Value>) -> Identity {
    let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
    // An address counts only where the provider says that it is theirs.
    let proven = said.get("email_verified").is_some_and(|said| *said == Value::Bool(true) || said == "true");
    let mail = text("email");
    let groups = match said.get(&facts.groups) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(MOST_GROUPS).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let name = text("preferred_username").or_else(|| mail.clone()).unwrap_or_default();
    Identity { issuer: facts.issuer.clone(), subject, name, mail: mail.filter(|_| proven), groups }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_counts_where_it_is_proven_and_groups_may_be_one_or_many() {
        let facts = ProviderFacts { groups: "roles".to_owned(), ..ProviderFacts::default() };
        let read = |said: Value| identity(&facts, "s1".to_owned(), said.as_object().unwrap());
        let found = read(json!({ "email": "a@b.example", "email_verified": true, "roles": ["x", 7, "y"], "preferred_username": "ann" }));
        assert_eq!(
            (found.mail.as_deref(), found.name.as_str(), found.groups),
            (Some("a@b.example"), "ann", vec!["x".to_owned(), "y".to_owned()])
        );
        for unproven in [
            json!({ "email": "a@b.example" }),
            json!({ "email": "a@b.example", "email_verified": false }),
            json!({ "email": "a@b.example", "email_verified": "no" }),
        ] {
            assert_eq!(read(unproven).mail, None);
        }
        assert_eq!(read(json!({ "roles": "x", "groups": ["admins"] })).groups, ["x"]);
        assert_eq!(read(json!({ "email": "a@b.example" })).name, "a@b.example");
    }
}
