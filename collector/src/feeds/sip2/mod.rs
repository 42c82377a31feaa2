//! The library system of the school, spoken to as a self-check machine does: SIP2.

mod answer;
mod connect;
mod frame;
pub(crate) mod fuzz;
mod mirror;
mod request;
mod session;
mod tell;
#[cfg(test)]
mod tests;

pub(crate) use mirror::run;

use crate::Collector;
use crate::secrets::{Secrets, SecretsError};
use answer::{ItemState, Said};
use rollcall_site::library::{self, Checked, Library};
use serde::Serialize;

/// The name of the password among the secrets.
const PASSWORD: &str = "library.password";

/// Seals the password, or forgets it where there is no login any more.
///
/// # Errors
/// The sealed file could not be written.
pub fn keep(secrets: &Secrets, checked: &Checked) -> Result<(), SecretsError> {
    match &checked.password {
        Some(password) => secrets.set(PASSWORD, password.as_bytes()),
        None if checked.user.is_empty() => forget(secrets),
        None => Ok(()),
    }
}

/// Forgets the password.
///
/// # Errors
/// The sealed file could not be written.
pub fn forget(secrets: &Secrets) -> Result<(), SecretsError> {
    if secrets.get(PASSWORD).is_some() { secrets.remove(PASSWORD) } else { Ok(()) }
}

/// Whether a password is kept.
pub fn has_password(secrets: &Secrets) -> bool {
    secrets.get(PASSWORD).is_some()
}

fn password(secrets: &Secrets) -> Option<String> {
    secrets.get(PASSWORD).and_then(|secret| String::from_utf8(secret).ok())
}

/// What a library system said when it was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// Its name; empty: not said.
    pub name: String,
    /// Its institution; empty: not said.
    pub institution: String,
    /// Whether it takes what is lent.
    pub takes_checkouts: bool,
    /// Whether it takes what is back.
    pub takes_checkins: bool,
    /// Whether it lets loans be renewed.
    pub renews: bool,
    /// How an item stands there, if one was asked for.
    pub item: Option<&'static str>,
    /// How a person stands there, if one was asked for.
    pub person: Option<&'static str>,
}

/// Signs in, asks how the library system is, and how an item and a patron stand where they are named. Changes nothing there.
///
/// # Errors
/// It can't be reached or does not answer as it should: in words for who asked.
pub async fn test(collector: &Collector, library: &Library, item: Option<&str>, patron: Option<&str>) -> Result<Tried, String> {
    let mut listener = mirror::open(collector, library).await?;
    let now = collector.keeper.clock().now();
    let mut tried = Tried {
        name: listener.status.name.clone(),
        institution: listener.status.institution.clone(),
        takes_checkouts: listener.status.checkout == Said::Yes,
        takes_checkins: listener.status.checkin == Said::Yes,
        renews: listener.status.renewal == Said::Yes,
        item: None,
        person: None,
    };
    if let Some(item) = item {
        let state = listener.item(item, now).await.map_err(|failure| failure.to_string())?.state;
        tried.item = Some(match state {
            ItemState::Out => "it is lent there",
            ItemState::In => "it is there, and not lent",
            ItemState::Unknown => "it is not known there",
        });
    }
    if let Some(patron) = patron {
        let patron = listener.patron(patron, now).await.map_err(|failure| failure.to_string())?;
        tried.person = Some(match (patron.valid, patron.may_borrow) {
            (Said::No, _) => "they are not known there",
            (Said::Yes, Said::No) => "they are known there, and may not borrow",
            (Said::Yes, Said::Yes) => "they are known there, and may borrow",
        });
    }
    Ok(tried)
}

/// The item id that the library system knows an asset by.
pub fn item_id(library: &Library, tag: &rollcall_site::Tag) -> String {
    format!("{}{tag}", library.prefix)
}

/// The library system, if one is set.
pub fn of(collector: &Collector) -> Option<std::sync::Arc<Library>> {
    library::of(&collector.keeper.view()).cloned()
}
