//! An ID token of the provider: its signature by one of the provider's keys, and that it is for this desk, of now, and for this sign-in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

/// Longest token that is read, bytes.
const LONGEST: usize = 32 * 1024;
/// How far the provider's clock may be off, seconds.
const SKEW: i64 = 60;

/// The provider's keys, as it publishes them (RFC 7517). What is none that we know is passed over.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Keys {
    keys: Vec<PublicKey>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PublicKey {
    kid: Option<String>,
    kty: String,
    #[serde(rename = "use")]
    used_for: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// Who signs.
    pub issuer: &'a str,
    /// For whom.
    pub client: &'a str,
    /// What this sign-in is known by.
    pub nonce: &'a str,
    /// Now, seconds since 1970.
    pub now: i64,
    /// The password must have been given at the provider since then, seconds since 1970.
    pub fresh_since: Option<i64>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::desk) enum BadToken {
    /// It is no token.
    #[error("the provider's token can't be read")]
    Form,
    /// Its signature is made in a way that is not believed.
    #[error("the provider's token is not signed in a way that is believed")]
    Algorithm,
    /// None of the provider's keys is the one that it names.
    #[error("the provider's token is signed with a key that the provider does not publish")]
    NoKey,
    /// The signature is not by that key.
    #[error("the provider's token is not signed by the provider")]
    Signature,
    /// It is somebody else's.
    #[error("the provider's token is not for this desk")]
    NotOurs,
    /// It is of another sign-in.
    #[error("the provider's token is of another sign-in")]
    Nonce,
    /// It is over, or of a time to come.
    #[error("the provider's token is not of now; do the clocks of both agree?")]
    Time,
    /// The provider did not ask for the password again.
    #[error("the provider did not ask for the password again")]
    NotFresh,
}

/// How a signature is made.
#[derive(Clone, Copy)]
enum How {
    Rsa(&'static signature::RsaParameters),
    Curve(&'static dyn signature::VerificationAlgorithm, &'static str),
    Edwards,
}

/// The signatures that are believed: none without a key, and none with a secret that both have.
fn how(algorithm: &str) -> Option<How> {
    Some(match algorithm {
        "RS256" => How::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => How::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => How::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => How::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => How::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => How::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        "ES256" => How::Curve(&signature::ECDSA_P256_SHA256_FIXED, "P-256"),
        "ES384" => How::Curve(&signature::ECDSA_P384_SHA384_FIXED, "P-384"),
        "EdDSA" | "Ed25519" => How::Edwards,
        _ => return None,
    })
}

/// Checks a token; gives what it claims.
///
/// # Errors
/// [`BadToken`]; with [`BadToken::NoKey`] newer keys may be asked for.
pub(super) fn check(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Map<String, Value>, BadToken> {
    let claims = signed(token, keys)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => one == expected.client,
        // For several, it says which of them asked.
        Some(Value::Array(all)) => {
            let ours = all.iter().any(|one| one.as_str() == Some(expected.client));
            ours && (all.len() == 1 || text("azp").is_some())
        }
        _ => false,
    };
    let asked_by_us = text("azp").is_none_or(|by| by == expected.client);
    if text("iss") != Some(expected.issuer) || !audience || !asked_by_us || text("sub").is_none_or(|sub| sub.is_empty() || sub.len() > 255)
    {
        return Err(BadToken::NotOurs);
    }
    let nonce = text("nonce").unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(BadToken::Nonce);
    }
    let lasts = number("exp").is_some_and(|end| expected.now < end.saturating_add(SKEW));
    let begun = [number("iat"), number("nbf").or(Some(0))].iter().all(|at| at.is_some_and(|at| at <= expected.now.saturating_add(SKEW)));
    if !lasts || !begun {
        return Err(BadToken::Time);
    }
    if let Some(since) = expected.fresh_since
        && number("auth_time").is_none_or(|at| at.saturating_add(SKEW) < since)
    {
        return Err(BadToken::NotFresh);
    }
    Ok(claims)
}

/// What a token claims, once its signature was checked.
fn signed(token: &str, keys: &Keys) -> Result<Map<String, Value>, BadToken> {
    if token.len() > LONGEST {
        return Err(BadToken::Form);
    }
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(BadToken::Form);
    };
    let header = object(head)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let algorithm = text("alg").ok_or(BadToken::Algorithm)?;
    let how = how(algorithm).filter(|_| !header.contains_key("crit")).ok_or(BadToken::Algorithm)?;
    let fits = |key: &&PublicKey| key.fits(how, algorithm) && text("kid").is_none_or(|kid| key.kid.as_deref() == Some(kid));
    let signature = bytes(signature).ok_or(BadToken::Form)?;
    let message = token.get(..head.len() + 1 + body.len()).ok_or(BadToken::Form)?;
    // Without a name, any of the keys may be it: a provider that turns its keys has two.
    let mut fitting = keys.keys.iter().filter(fits).peekable();
    fitting.peek().ok_or(BadToken::NoKey)?;
    let is_by = |key: &PublicKey| key.verify(how, message.as_bytes(), &signature).is_some();
    if fitting.any(is_by) { object(body) } else { Err(BadToken::Signature) }
}

impl PublicKey {
    fn fits(&self, how: How, algorithm: &str) -> bool {
        let kind = match how {
            How::Rsa(_) => self.kty == "RSA",
            How::Curve(_, curve) => self.kty == "EC" && self.crv.as_deref() == Some(curve),
            How::Edwards => self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519"),
        };
        kind && self.used_for.as_deref().is_none_or(|used| used == "sig") && self.alg.as_deref().is_none_or(|own| own == algorithm)
    }

    fn verify(&self, how: How, message: &[u8], signed: &[u8]) -> Option<()> {
        let part = |text: &Option<String>| text.as_deref().and_then(bytes);
        match how {
            How::Rsa(parameters) => {
                let (n, e) = (part(&self.n)?, part(&self.e)?);
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signed).ok()
            }
            How::Curve(algorithm, _) => {
                let point = [&[4], part(&self.x)?.as_slice(), part(&self.y)?.as_slice()].concat();
                UnparsedPublicKey::new(algorithm, point).verify(message, signed).ok()
            }
            How::Edwards => UnparsedPublicKey::new(&signature::ED25519, part(&self.x)?).verify(message, signed).ok(),
        }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn object(text: &str) -> Result<Map<String, Value>, BadToken> {
    bytes(text).and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(BadToken::Form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SigningKey};
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;
    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://id.example", client: "desk", nonce: "n-1", now: NOW, fresh_since: None };

    fn b64(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    struct Signer(KeyPair);

    impl Signer {
        fn new() -> Self {
            Self(KeyPair::generate_for(&PKCS_ED25519).unwrap())
        }

        fn keys(&self) -> Keys {
            let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": b64(self.0.der_bytes()), "use": "sig" });
            serde_json::from_value(json!({ "keys": [{ "kty": "oct", "k": "AAAA" }, key] })).unwrap()
        }

        fn token(&self, header: Value, claims: &Value) -> String {
            let message = format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
            format!("{message}.{}", b64(&self.0.sign(message.as_bytes()).unwrap()))
        }
    }

    fn claims() -> Value {
        json!({ "iss": "https://id.example", "aud": "desk", "sub": "s1", "nonce": "n-1", "iat": NOW - 5, "exp": NOW + 300 })
    }

    fn header() -> Value {
        json!({ "alg": "EdDSA", "kid": "k1" })
    }

    #[test]
    fn only_a_token_of_the_provider_for_this_desk_and_this_sign_in_is_believed() {
        let signer = Signer::new();
        let keys = signer.keys();
        let check = |change: fn(&mut Value), want: Option<BadToken>| {
            let mut claims = claims();
            change(&mut claims);
            let found = check(&signer.token(header(), &claims), &keys, &EXPECTED);
            assert_eq!(found.err(), want, "{claims}");
        };
        check(|_| (), None);
        check(|c| c["aud"] = json!(["desk"]), None);
        check(|c| c["aud"] = json!(["desk", "other"]), Some(BadToken::NotOurs));
        check(|c| (c["aud"], c["azp"]) = (json!(["desk", "other"]), json!("desk")), None);
        check(|c| (c["aud"], c["azp"]) = (json!(["desk", "other"]), json!("other")), Some(BadToken::NotOurs));
        check(|c| c["aud"] = json!("desk2"), Some(BadToken::NotOurs));
        check(|c| c["aud"] = json!(null), Some(BadToken::NotOurs));
        check(|c| c["iss"] = json!("https://id.example/"), Some(BadToken::NotOurs));
        check(|c| c["sub"] = json!(""), Some(BadToken::NotOurs));
        check(|c| c["sub"] = json!(7), Some(BadToken::NotOurs));
        check(|c| c["nonce"] = json!("n-2"), Some(BadToken::Nonce));
        check(|c| drop(c.as_object_mut().unwrap().remove("nonce")), Some(BadToken::Nonce));
        check(|c| c["exp"] = json!(NOW - 61), Some(BadToken::Time));
        check(|c| c["exp"] = json!(NOW - 59), None);
        check(|c| drop(c.as_object_mut().unwrap().remove("exp")), Some(BadToken::Time));
        check(|c| c["iat"] = json!(NOW + 61), Some(BadToken::Time));
        check(|c| c["nbf"] = json!(NOW + 61), Some(BadToken::Time));
        check(|c| drop(c.as_object_mut().unwrap().remove("iat")), Some(BadToken::Time));
    }

    #[test]
    fn a_fresh_password_is_one_that_the_provider_says_is_fresh() {
        let signer = Signer::new();
        let fresh = Expected { fresh_since: Some(NOW - 100), ..EXPECTED };
        let check = |at: Value, want: Option<BadToken>| {
            let mut claims = claims();
            claims["auth_time"] = at;
            assert_eq!(check(&signer.token(header(), &claims), &signer.keys(), &fresh).err(), want);
        };
        check(json!(NOW - 10), None);
        check(json!(NOW - 1000), Some(BadToken::NotFresh));
        check(json!(null), Some(BadToken::NotFresh));
    }

    #[test]
    fn a_signature_by_another_hand_or_in_another_way_is_refused() {
        let (signer, other) = (Signer::new(), Signer::new());
        let keys = signer.keys();
        let bad = |token: &str| check(token, &keys, &EXPECTED).unwrap_err();
        assert_eq!(bad(&other.token(header(), &claims())), BadToken::Signature);
        assert_eq!(bad(&signer.token(json!({ "alg": "EdDSA", "kid": "k2" }), &claims())), BadToken::NoKey);
        assert_eq!(bad(&signer.token(json!({ "alg": "none" }), &claims())), BadToken::Algorithm);
        assert_eq!(bad(&signer.token(json!({ "alg": "HS256", "kid": "k1" }), &claims())), BadToken::Algorithm);
        assert_eq!(bad(&signer.token(json!({ "alg": "RS256", "kid": "k1" }), &claims())), BadToken::NoKey, "a key is for its own way");
        assert_eq!(bad(&signer.token(json!({ "alg": "EdDSA", "crit": ["x"] }), &claims())), BadToken::Algorithm);
        let good = signer.token(header(), &claims());
        let (message, signature) = good.rsplit_once('.').unwrap();
        assert_eq!(bad(&format!("{message}.")), BadToken::Signature);
        let forged =
            format!("{}.{}.{signature}", b64(header().to_string().as_bytes()), b64(json!({ "sub": "admin" }).to_string().as_bytes()));
        assert_eq!(bad(&forged), BadToken::Signature);
        for rubbish in ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", &"x".repeat(40_000)] {
            assert_eq!(bad(rubbish), BadToken::Form, "{rubbish:.20}");
        }
        assert!(check(&signer.token(json!({ "alg": "EdDSA" }), &claims()), &keys, &EXPECTED).is_ok(), "a token need not name its key");
    }

    #[test]
    fn a_curves_key_is_read_as_it_is_published() {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let raw = pair.der_bytes();
        let key = json!({ "kty": "EC", "crv": "P-256", "x": b64(&raw[1..33]), "y": b64(&raw[33..65]), "alg": "ES256" });
        let keys: Keys = serde_json::from_value(json!({ "keys": [key] })).unwrap();
        // The signature is not in the form that tokens have: what is tested is that the key is one, and its signature refused as such.
        let token = Signer(pair).token(json!({ "alg": "ES256" }), &claims());
        assert_eq!(check(&token, &keys, &EXPECTED).unwrap_err(), BadToken::Signature);
        assert_eq!(check(&token.replace('.', ".."), &keys, &EXPECTED).unwrap_err(), BadToken::Form);
    }
}
