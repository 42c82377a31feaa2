//! The first sign-in: while nobody can sign in, a link that works once makes the administrator's account.

use super::names::Names;
use super::password::Passwords;
use super::session;
use crate::Collector;
use crate::secrets::{Secrets, SecretsError};
use jiff::{SignedDuration, Timestamp};
use rollcall_site::Site;
use std::net::SocketAddr;
use subtle::ConstantTimeEq;

/// The place of the link in the sealed file: only the hash of its secret.
const PLACE: &str = "desk-welcome";
/// How long a link is good.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

#[derive(serde::Serialize, serde::Deserialize)]
struct Link {
    /// BLAKE3 of the secret, 64 hexadecimal digits.
    hash: String,
    /// Until when.
    until: Timestamp,
}

/// While nobody can sign in: a new link to make the administrator's account, good once and for a day. An older one ends with it.
/// `desk` is where the desk listens.
pub fn first_link(collector: &Collector, desk: SocketAddr) -> Option<String> {
    let secret = session::secret().filter(|_| nobody(&collector.keeper.view(), &collector.secrets))?;
    let link = Link { hash: hash(&secret), until: collector.keeper.clock().now() + GOOD_FOR };
    if let Err(error) = collector.secrets.set(PLACE, &serde_json::to_vec(&link).ok()?) {
        tracing::error!(desk.welcome = %error, "no link for the first account: the sealed file can't be written");
        return None;
    }
    let host = Names::of(&collector.settings).best(&collector.settings);
    Some(format!("https://{host}:{}/welcome/{secret}", desk.port()))
}

/// Whether nobody can sign in: there is no account, or none with a password.
pub(super) fn nobody(site: &Site, secrets: &Secrets) -> bool {
    !site.users.keys().any(|user| Passwords::known(secrets, user))
}

/// Whether a link with this secret is good now.
pub(super) fn is_good(collector: &Collector, secret: &str) -> bool {
    let kept = collector.secrets.get(PLACE).and_then(|bytes| serde_json::from_slice::<Link>(&bytes).ok());
    let fits = |link: Link| bool::from(link.hash.as_bytes().ct_eq(hash(secret).as_bytes())) && collector.keeper.clock().now() < link.until;
    kept.is_some_and(fits) && nobody(&collector.keeper.view(), &collector.secrets)
}

/// The link was used.
pub(super) fn used(secrets: &Secrets) -> Result<(), SecretsError> {
    secrets.remove(PLACE)
}

fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}
