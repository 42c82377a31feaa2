//! The secrets of channels in the sealed file: what signs, whole addresses, passwords.

use crate::secrets::{Secrets, SecretsError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollcall_site::channel::Checked;

/// The secret that signs a channel's messages; made when there is none yet.
///
/// # Errors
/// The sealed file could not be written, or the system gives no random bytes.
pub fn secret_for(secrets: &Secrets, channel: &str) -> Result<String, SecretsError> {
    let name = signing(channel);
    if let Some(secret) = read(secrets, &name) {
        return Ok(secret);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|why| SecretsError { path: name.clone().into(), what: format!("the system gives no random bytes for a secret: {why}") })?;
    let secret = URL_SAFE_NO_PAD.encode(bytes);
    secrets.set(&name, secret.as_bytes())?;
    Ok(secret)
}

/// Seals what of a channel is a secret, in place of what was sealed of it before; what signs stays.
///
/// # Errors
/// The sealed file could not be written.
pub fn keep(secrets: &Secrets, checked: &Checked) -> Result<(), SecretsError> {
    for (name, secret) in [(whole(&checked.name), &checked.secret_address), (login(&checked.name), &checked.password)] {
        match secret {
            Some(secret) => secrets.set(&name, secret.as_bytes())?,
            None if secrets.get(&name).is_some() => secrets.remove(&name)?,
            None => {}
        }
    }
    Ok(())
}

/// Forgets every secret of a channel.
///
/// # Errors
/// The sealed file could not be written.
pub fn forget(secrets: &Secrets, channel: &str) -> Result<(), SecretsError> {
    [signing(channel), whole(channel), login(channel)]
        .iter()
        .filter(|name| secrets.get(name).is_some())
        .try_for_each(|name| secrets.remove(name))
}

/// The whole address of a channel, where it is a secret.
pub(super) fn address(secrets: &Secrets, channel: &str) -> Option<String> {
    read(secrets, &whole(channel))
}

/// The password of a channel.
pub(super) fn password(secrets: &Secrets, channel: &str) -> Option<String> {
    read(secrets, &login(channel))
}

fn read(secrets: &Secrets, name: &str) -> Option<String> {
    secrets.get(name).and_then(|secret| String::from_utf8(secret).ok())
}

fn signing(channel: &str) -> String {
    format!("channel.{channel}")
}

fn whole(channel: &str) -> String {
    format!("channel.{channel}.address")
}

fn login(channel: &str) -> String {
    format!("channel.{channel}.password")
}
