//! Sign-in at the school's own provider (OpenID Connect): which provider that is, and whom it brings in with which role.
//!
//! Somebody comes in who was invited by an administrator, or whose group is mapped to a role; nobody else. Once somebody came in, the
//! provider's own name of them (the subject) is what counts: an address or a user name may be given to somebody else, or be chosen.

use crate::access::{self, Role, User};
use crate::record::{Record, Rest, Table};
use crate::{Refusal, Site, UserName, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most groups that are mapped.
const MOST: usize = 100;
/// Longest text of a setting, characters.
const LONGEST: usize = 300;

/// The provider: at most one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// Its key: there is one.
    pub id: u8,
    /// What is set of it.
    pub facts: ProviderFacts,
    /// Since when.
    pub set_at: Timestamp,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is set of the provider. Its client secret is kept elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderFacts {
    /// Its own name: an https address without a slash at its end, as it stands in what it signs.
    pub issuer: String,
    /// How it knows this desk.
    pub client: String,
    /// What the button says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What is asked for beside "openid profile email", where the provider has it: "groups".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scopes: String,
    /// The claim that lists somebody's groups.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub groups: String,
    /// Which groups come in, and as what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub map: Vec<Mapping>,
    /// The authorities that its certificate hangs on, PEM; empty: those of the system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ca: String,
    /// The desk's address as the provider knows it, `https://rollcall.school.example:8443`.
    pub desk: String,
}

/// A group that comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// As the provider writes it.
    pub group: String,
    /// As what.
    pub role: Role,
}

impl Record for Provider {
    type Key = u8;
    const KIND: &'static str = "oidc-provider";
    fn key(&self) -> u8 {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.oidc
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.oidc
    }
}

/// Somebody of the provider, as an account remembers them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The provider.
    pub issuer: String,
    /// Its own name of them, which never goes to somebody else.
    pub subject: String,
    /// Whether their groups say what they may do; else an administrator does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mapped: bool,
}

/// What the provider says of somebody, its signature checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Who says it.
    pub issuer: String,
    /// Its own name of them.
    pub subject: String,
    /// What they call themselves there; only to name a new account.
    pub name: String,
    /// Their address, if the provider says that it is theirs.
    pub mail: Option<String>,
    /// Their groups.
    pub groups: Vec<String>,
}

/// The provider, if one is set.
pub fn of(site: &Site) -> Option<&Arc<Provider>> {
    site.oidc.values().next()
}

/// Sets the provider.
///
/// # Errors
/// An address is not https, or something is missing or too long.
pub fn set(w: &mut Working, facts: ProviderFacts) -> Result<Arc<Provider>, Refusal> {
    let facts = check(facts)?;
    let said = format!("Sign-in at {} set, {} groups mapped", facts.issuer, facts.map.len());
    let provider = w.put(Provider { id: 0, facts, set_at: w.now, rest: Rest::new() });
    w.event("oidc.set", said);
    Ok(provider)
}

/// What is said of a provider, as it is kept.
///
/// # Errors
/// What does not fit, and what would.
pub fn check(mut facts: ProviderFacts) -> Result<ProviderFacts, Refusal> {
    for text in [&mut facts.issuer, &mut facts.client, &mut facts.title, &mut facts.scopes, &mut facts.groups, &mut facts.desk] {
        *text = text.trim().to_owned();
        if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err(Refusal::invalid(format!("a text of at most {LONGEST} characters without control characters, please")));
        }
    }
    for (what, address) in [("the issuer", &facts.issuer), ("the desk's address", &facts.desk)] {
        let host = address.strip_prefix("https://").unwrap_or_default();
        if host.is_empty() || host.starts_with('/') || address.contains(['?', '#', ' ', '@']) {
            return Err(Refusal::invalid(format!("{what} is an address that begins https://, not {address:?}")));
        }
    }
    let path = facts.desk.trim_start_matches("https://").contains('/');
    if path {
        return Err(Refusal::invalid("the desk's address has no path: write https://HOST:PORT"));
    }
    if facts.client.is_empty() {
        return Err(Refusal::invalid("say how the provider knows this desk: its client id"));
    }
    if facts.groups.is_empty() {
        "groups".clone_into(&mut facts.groups);
    }
    if facts.map.len() > MOST || facts.map.iter().any(|mapping| mapping.group.trim().is_empty()) {
        return Err(Refusal::invalid(format!("map at most {MOST} groups, each with a name")));
    }
    Ok(facts)
}

/// Nobody signs in at a provider any more; accounts stay.
///
/// # Errors
/// None is set.
pub fn remove(w: &mut Working) -> Result<(), Refusal> {
    let provider = of(&w.site).cloned();
    let provider = provider.ok_or_else(|| Refusal::not_found("no provider is set; `rollcall oidc set` sets one"))?;
    w.remove::<Provider>(&provider.id);
    w.event("oidc.removed", format!("Sign-in at {} removed", provider.facts.issuer));
    Ok(())
}

/// Invites somebody: whoever the provider says this address belongs to comes in as `name`, once; from then on it is them.
///
/// # Errors
/// There is one of that name, the address is none, or somebody else has been invited with it.
pub fn invite(w: &mut Working, name: UserName, role: Role, mail: &str) -> Result<Arc<User>, Refusal> {
    let mail = mail.trim().to_lowercase();
    let is_address = mail.split_once('@').is_some_and(|(own, host)| !own.is_empty() && host.contains('.'));
    if !is_address || mail.len() > 200 || mail.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Refusal::invalid("an invitation goes to a mail address, as the provider knows it"));
    }
    if let Some(other) = w.site.users.values().find(|user| user.invited.as_deref() == Some(&mail)) {
        return Err(Refusal::conflict(format!("{} is invited with that address already", other.name)));
    }
    let user = access::add_user(w, name, role)?;
    Ok(w.put(User { invited: Some(mail), ..(*user).clone() }))
}

impl Provider {
    /// What the button says that leads there.
    pub fn button(&self) -> &str {
        if self.facts.title.is_empty() { "Sign in with the school’s account" } else { &self.facts.title }
    }

    /// What somebody of these groups may do: the most that one of them is mapped to.
    fn role(&self, groups: &[String]) -> Option<Role> {
        self.facts.map.iter().filter(|mapping| groups.contains(&mapping.group)).map(|mapping| mapping.role).max()
    }
}

/// Lets somebody in whom the provider vouches for, or refuses.
///
/// # Errors
/// They were not invited and none of their groups is mapped; or an account of their name is somebody else's.
pub fn admit(w: &mut Working, who: &Identity) -> Result<Arc<User>, Refusal> {
    let provider = of(&w.site).filter(|provider| provider.facts.issuer == who.issuer).cloned();
    let provider = provider.ok_or_else(|| Refusal::forbidden("Nobody signs in there any more."))?;
    let is_theirs = |user: &&Arc<User>| user.bound.as_ref().is_some_and(|bound| bound.issuer == who.issuer && bound.subject == who.subject);
    let (known, role) = (w.site.users.values().find(is_theirs).cloned(), provider.role(&who.groups));
    match (known, role) {
        (Some(user), role) if user.bound.as_ref().is_some_and(|bound| bound.mapped) => {
            let gone = || Refusal::forbidden("You may no longer come in: none of your groups is let in. Ask an administrator of the site.");
            access::change_role(w, &user.name, role.ok_or_else(gone)?)
        }
        (Some(user), _) => Ok(user),
        (None, role) => match (invited(&w.site, who), role) {
            (Some(user), _) => Ok(bind(w, &user, Bound { mapped: false, ..bound(who) })),
            (None, Some(role)) => {
                let name = free_name(&w.site, who)?;
                let user = access::add_user(w, name, role)?;
                Ok(bind(w, &user, Bound { mapped: true, ..bound(who) }))
            }
            (None, None) => Err(Refusal::forbidden(
                "You are not let in here: nobody has invited you, and none of your groups is let in. Ask an administrator of the site.",
            )),
        },
    }
}

fn bound(who: &Identity) -> Bound {
    Bound { issuer: who.issuer.clone(), subject: who.subject.clone(), mapped: false }
}

fn bind(w: &mut Working, user: &User, bound: Bound) -> Arc<User> {
    let user = w.put(User { bound: Some(bound), invited: None, ..user.clone() });
    w.event("user.bound", format!("User {} came in from the provider for the first time", user.name));
    user
}

/// The account that awaits them.
fn invited(site: &Site, who: &Identity) -> Option<Arc<User>> {
    let mail = who.mail.as_ref()?.to_lowercase();
    site.users.values().find(|user| user.bound.is_none() && user.invited.as_ref() == Some(&mail)).cloned()
}

/// The name of a new account. One that somebody has is nobody else's, whatever the provider says.
fn free_name(site: &Site, who: &Identity) -> Result<UserName, Refusal> {
    let own = who.name.split('@').next().unwrap_or_default().to_lowercase();
    let plain: String = own.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).take(40).collect();
    let name = UserName::parse(&plain)
        .map_err(|_| Refusal::forbidden("The provider gives no name that an account can have. Ask an administrator of the site."))?;
    if site.users.contains_key(&name) {
        return Err(Refusal::forbidden(format!(
            "There is an account {name} already, and it is not yours. Ask an administrator to invite you under another name."
        )));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
