//! The text of an enrolment token: `rc1.SITE.SECRET.PIN`. The site keeps a hash of the secret, never the text.

use crate::agents::authority::Authority;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollcall_site::SiteId;

/// Longest token that is looked at, characters: 40 of the site, 70 of secret and pin, dots.
const LONGEST: usize = 160;
/// Random bytes of a secret: 160 bits can't be guessed.
const SECRET: usize = 20;

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness(#[from] getrandom::Error);

/// Makes a token for `site`: the text to show once, and the hash to keep.
///
/// # Errors
/// The system gives no random bytes.
pub fn make_token(site: &SiteId, authority: &Authority) -> Result<(String, String), NoRandomness> {
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret)?;
    let secret = URL_SAFE_NO_PAD.encode(secret);
    let text = format!("rc1.{site}.{secret}.{}", URL_SAFE_NO_PAD.encode(authority.pin()));
    Ok((text, hash(&secret)))
}

/// The hash that is kept of a token's secret: BLAKE3 over its text, 64 hexadecimal digits. `None`: not a token of `site`.
pub fn hash_of(text: &str, site: &SiteId) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let mut parts = text.split('.');
    let (version, of, secret, pin) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && version == "rc1" && of == site.as_str() && !secret.is_empty() && !pin.is_empty();
    whole.then(|| hash(secret))
}

fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::secrets::Secrets;

    #[test]
    fn a_token_names_site_and_pin_and_hashes_to_what_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let site = SiteId::parse("main").unwrap();
        let authority = Authority::open(&Secrets::open(dir.path()).unwrap(), &site, Clock::system().now()).unwrap();
        let (text, kept) = make_token(&site, &authority).unwrap();
        assert_eq!(hash_of(&format!(" {text}\n"), &site), Some(kept));
        assert_eq!(text.rsplit('.').next(), Some(URL_SAFE_NO_PAD.encode(authority.pin()).as_str()));
        assert_eq!(hash_of(&text, &SiteId::parse("other").unwrap()), None);
        for bad in ["", "rc1.main", "rc2.main.a.b", "rc1.main..b", "rc1.main.a.b.c", &format!("rc1.main.{}.b", "a".repeat(200))] {
            assert_eq!(hash_of(bad, &site), None, "{bad:?}");
        }
    }
}
