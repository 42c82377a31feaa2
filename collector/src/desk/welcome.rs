//! Links that work once: the first makes the administrator's account while there is none, others let an account choose a password.

use super::names::Names;
use super::password::Passwords;
use super::session;
use crate::Collector;
use crate::secrets::{Secrets, SecretsError};
use jiff::{SignedDuration, Timestamp};
use rollcall_site::access::{Role, User};
use rollcall_site::{Site, UserName, oidc};
use std::net::SocketAddr;
use std::sync::Arc;
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

/// A new link with which `user` chooses a password, good once and for a day; an older one ends with it. It is as good as the account.
///
/// # Errors
/// The sealed file can't be written, or the system gives no randomness.
pub(super) fn user_link(collector: &Collector, user: &UserName) -> Result<String, String> {
    let secret = session::secret().ok_or("the system gives no randomness for a link")?;
    let link = Link { hash: hash(&secret), until: collector.keeper.clock().now() + GOOD_FOR };
    let kept = serde_json::to_vec(&link).map_err(|error| error.to_string())?;
    collector.secrets.set(&place(user), &kept).map_err(|error| super::trouble::chain(&error))?;
    let settings = &collector.settings;
    Ok(format!("https://{}:{}/welcome/{secret}", Names::of(settings).best(settings), settings.desk.port()))
}

/// Whether nobody can sign in who may do everything: there is no administrator, or none with a password or for whom the school's provider
/// has vouched.
pub(super) fn nobody(site: &Site, secrets: &Secrets) -> bool {
    let provided = oidc::of(site).is_some();
    let comes_in = |user: &User| Passwords::known(secrets, &user.name) || (provided && user.bound.is_some());
    !site.users.values().any(|user| user.role == Role::Admin && comes_in(user))
}

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// The administrator's account.
    First,
    /// The password of this account.
    User(UserName),
}

/// What a link with this secret is for; `None`: it is not good now.
pub(super) fn is_for(collector: &Collector, secret: &str) -> Option<For> {
    let (view, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let good = |place: &str| {
        let kept = collector.secrets.get(place).and_then(|bytes| serde_json::from_slice::<Link>(&bytes).ok());
        kept.filter(|link| bool::from(link.hash.as_bytes().ct_eq(hash(secret).as_bytes())) && now < link.until)
    };
    if good(PLACE).is_some() && nobody(&view, &collector.secrets) {
        return Some(For::First);
    }
    // A link is not for a later account of the same name.
    let own = |user: &&Arc<User>| good(&place(&user.name)).is_some_and(|link| link.until >= user.added_at + GOOD_FOR);
    view.users.values().find(own).map(|user| For::User(user.name.clone()))
}

/// The link was used.
pub(super) fn used(secrets: &Secrets, what: &For) -> Result<(), SecretsError> {
    match what {
        For::First => secrets.remove(PLACE),
        For::User(user) => secrets.remove(&place(user)),
    }
}

fn place(user: &UserName) -> String {
    format!("desk-link.{user}")
}

fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}
