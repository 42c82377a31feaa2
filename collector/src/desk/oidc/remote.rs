//! The provider over the network: what it publishes of itself, its keys, the token for a code, what it says of somebody. Only over TLS,
//! never by a redirect, never more than is expected.

use super::token::Keys;
use crate::desk::trouble::chain;
use crate::notify;
use reqwest::{Client, RequestBuilder, redirect};
use rollcall_site::oidc::ProviderFacts;
use rustls::ClientConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The provider has this long to take the connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The provider has this long for everything.
const WHOLE: Duration = Duration::from_secs(10);
/// Longest answer that is read, bytes.
const LONGEST: usize = 256 * 1024;
/// How long what it publishes serves, seconds.
const GOOD: i64 = 3600;
/// How long it is not asked again after it could not be used, seconds.
const AGAIN: i64 = 5;
/// How often its keys are asked for again at most, because a token names one that is not known, seconds.
const KEYS_AGAIN: i64 = 60;

/// What the provider publishes of itself (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    /// Where somebody is sent.
    pub authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether its answer names it, so that one provider's answer is never taken for another's.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// What is known of the provider.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// As it was set when this was asked.
    of: ProviderFacts,
    client: Client,
    /// What it publishes.
    pub discovery: Discovery,
    /// Its keys.
    pub keys: Keys,
    at: i64,
    keys_at: i64,
}

/// What is known of the provider, asked when it is first needed.
#[derive(Default)]
pub(super) struct Remote {
    asked: Mutex<Asked>,
    /// Held while it is asked: strangers who press the button together ask it once.
    asking: tokio::sync::Mutex<()>,
}

/// What came of asking it last.
#[derive(Default)]
enum Asked {
    #[default]
    Never,
    Known(Arc<Known>),
    /// It could not be used: since when, and why. It is not asked again at once, whoever presses the button.
    Failed(Box<ProviderFacts>, i64, String),
}

/// What came of a code.
#[derive(Deserialize)]
pub(super) struct Tokens {
    /// Who it is, signed.
    pub id_token: String,
    /// With which the provider says more of them.
    access_token: Option<String>,
}

impl Remote {
    /// What is known of the provider; asked anew when it is old or was set otherwise.
    ///
    /// # Errors
    /// It can't be reached, or what it publishes is not right: in words.
    pub async fn known(&self, facts: &ProviderFacts, now: i64) -> Result<Arc<Known>, String> {
        if let Some(answer) = self.of_late(facts, now) {
            return answer;
        }
        let _one = self.asking.lock().await;
        if let Some(answer) = self.of_late(facts, now) {
            return answer;
        }
        match Known::ask(facts.clone(), now).await {
            Ok(known) => {
                let known = Arc::new(known);
                *self.lock() = Asked::Known(Arc::clone(&known));
                Ok(known)
            }
            Err(why) => {
                *self.lock() = Asked::Failed(Box::new(facts.clone()), now, why.clone());
                Err(why)
            }
        }
    }

    /// What came of asking it, while that is good.
    fn of_late(&self, facts: &ProviderFacts, now: i64) -> Option<Result<Arc<Known>, String>> {
        match &*self.lock() {
            Asked::Known(known) if known.of == *facts && (known.at..known.at + GOOD).contains(&now) => Some(Ok(Arc::clone(known))),
            Asked::Failed(of, at, why) if **of == *facts && (*at..at + AGAIN).contains(&now) => Some(Err(why.clone())),
            _ => None,
        }
    }

    /// The same with newer keys, where they were not asked for just now.
    ///
    /// # Errors
    /// As [`Remote::known`].
    pub async fn newer_keys(&self, known: &Arc<Known>, now: i64) -> Result<Arc<Known>, String> {
        if now < known.keys_at + KEYS_AGAIN {
            return Ok(Arc::clone(known));
        }
        let keys = fetch(known.client.get(&known.discovery.jwks_uri), "its keys").await?;
        let newer = Arc::new(Known { keys, keys_at: now, ..(**known).clone() });
        *self.lock() = Asked::Known(Arc::clone(&newer));
        Ok(newer)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Asks the provider for everything that it publishes.
    ///
    /// # Errors
    /// As [`Remote::known`].
    pub async fn ask(facts: ProviderFacts, now: i64) -> Result<Self, String> {
        let tls: ClientConfig = (*notify::tls_client(&facts.ca)?).clone();
        let builder = Client::builder().tls_backend_preconfigured(tls).https_only(true).redirect(redirect::Policy::none());
        let client = builder.connect_timeout(CONNECT).timeout(WHOLE).build().map_err(|error| chain(&error))?;
        let place = format!("{}/.well-known/openid-configuration", facts.issuer.trim_end_matches('/'));
        let discovery: Discovery = fetch(client.get(place), "what it publishes of itself").await?;
        if discovery.issuer != facts.issuer {
            let said: String = discovery.issuer.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(format!("it calls itself {said:?}, and {:?} is set: the two must be the same, letter by letter", facts.issuer));
        }
        let own = [&discovery.authorization_endpoint, &discovery.token_endpoint, &discovery.jwks_uri];
        if let Some(open) = own.into_iter().chain(&discovery.userinfo_endpoint).find(|address| !address.starts_with("https://")) {
            return Err(format!("it publishes an address that is not https: {open:?}"));
        }
        let keys = fetch(client.get(&discovery.jwks_uri), "its keys").await?;
        Ok(Self { of: facts, client, discovery, keys, at: now, keys_at: now })
    }

    /// The tokens for a code.
    ///
    /// # Errors
    /// It can't be reached, or gives none.
    pub async fn tokens(&self, code: &str, verifier: &str, back: &str, secret: Option<&str>) -> Result<Tokens, String> {
        let client = self.of.client.as_str();
        let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back), ("code_verifier", verifier)];
        let ways = &self.discovery.token_endpoint_auth_methods_supported;
        let by_post = !ways.is_empty() && !ways.iter().any(|way| way == "client_secret_basic");
        let request = self.client.post(&self.discovery.token_endpoint);
        let request = match secret {
            Some(secret) if by_post => {
                form.extend([("client_id", client), ("client_secret", secret)]);
                request
            }
            // Both are form-encoded first (RFC 6749, 2.3.1).
            Some(secret) => request.basic_auth(encoded(client), Some(encoded(secret))),
            None => {
                form.push(("client_id", client));
                request
            }
        };
        let body = serde_urlencoded::to_string(&form).map_err(|error| error.to_string())?;
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("accept", "application/json");
        fetch(request.body(body), "a token for the code").await
    }

    /// What the provider says of somebody beside the token; nothing where it has no place for that.
    ///
    /// # Errors
    /// It can't be reached, or speaks of somebody else.
    pub async fn more(&self, tokens: &Tokens, subject: &str) -> Result<Map<String, Value>, String> {
        let (Some(place), Some(token)) = (&self.discovery.userinfo_endpoint, &tokens.access_token) else { return Ok(Map::new()) };
        let said: Map<String, Value> = fetch(self.client.get(place).bearer_auth(token), "what it says of somebody").await?;
        if said.get("sub").and_then(Value::as_str) == Some(subject) { Ok(said) } else { Err("it speaks of somebody else".to_owned()) }
    }
}

fn encoded(text: &str) -> String {
    serde_urlencoded::to_string([("", text)]).unwrap_or_default().trim_start_matches('=').to_owned()
}

/// Sends a request and reads a JSON document of bounded length.
async fn fetch<T: DeserializeOwned>(request: RequestBuilder, what: &str) -> Result<T, String> {
    let mut answer = request.send().await.map_err(|error| format!("it gives no answer for {what}: {}", chain(&error.without_url())))?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(part) =
        answer.chunk().await.map_err(|error| format!("its answer for {what} broke off: {}", chain(&error.without_url())))?
    {
        if body.len() + part.len() > LONGEST {
            return Err(format!("its answer for {what} is longer than {LONGEST} bytes"));
        }
        body.extend_from_slice(&part);
    }
    if !status.is_success() {
        let word = serde_json::from_slice::<Value>(&body).ok().and_then(|said| Some(said.get("error")?.as_str()?.to_owned()));
        let word: String = word.unwrap_or_default().chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
        return Err(format!("it answers {} for {what} {word}", status.as_u16()).trim_end().to_owned());
    }
    serde_json::from_slice(&body).map_err(|error| format!("its answer for {what} can't be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_encoded_before_it_is_sent() {
        assert_eq!(encoded("a:b c/ü=&"), "a%3Ab+c%2F%C3%BC%3D%26");
    }

    #[test]
    fn what_a_provider_publishes_is_read() {
        let text = r#"{"issuer":"https://id.example","authorization_endpoint":"https://id.example/auth","token_endpoint":"https://id.example/token",
            "jwks_uri":"https://id.example/jwks","claims_supported":["sub"],"authorization_response_iss_parameter_supported":true}"#;
        let read: Discovery = serde_json::from_str(text).unwrap();
        assert!(read.authorization_response_iss_parameter_supported && read.userinfo_endpoint.is_none());
    }
}
