//! Who may use the desk, and keys for scripts. Hashes of passwords live in the sealed file, not here.

use crate::oidc::Bound;
use crate::record::{Record, Rest, Table};
use crate::scope::{Does, Scope};
use crate::{ApiKeyId, Refusal, Site, UserName, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Somebody who signs in at the desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The name to sign in with.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub added_at: Timestamp,
    /// Whom of the provider it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// The address, in small letters, of whom of the provider it awaits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for User {
    type Key = UserName;
    const KIND: &'static str = "user";
    fn key(&self) -> UserName {
        self.name.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.users
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.users
    }
}

/// A key for scripts and for the command line from elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its number.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// BLAKE3 of the secret, 64 hexadecimal digits.
    pub hash: String,
    /// Since when.
    pub made_at: Timestamp,
    /// Until when; `None`: no end.
    pub expires_at: Option<Timestamp>,
    /// The nouns of the interface that it is limited to; none: everything that its role allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Scope>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for ApiKey {
    type Key = ApiKeyId;
    const KIND: &'static str = "api-key";
    fn key(&self) -> ApiKeyId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.keys
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.keys
    }
}

impl ApiKey {
    /// Whether its limits let it do this to a noun; what its role allows is asked beside that.
    pub fn covers(&self, noun: &str, does: Does) -> bool {
        self.only.is_empty() || self.only.iter().any(|scope| scope.covers(noun, does))
    }

    /// Its limits as people read them.
    pub fn limits(&self) -> String {
        let only: Vec<String> = self.only.iter().map(ToString::to_string).collect();
        if only.is_empty() { "everything".to_owned() } else { only.join(", ") }
    }
}

/// What somebody may do, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees whether the labs are ready, and reports problems; no personal data.
    Teacher,
    /// Sees.
    Viewer,
    /// Sees, lends, acknowledges, changes.
    Technician,
    /// Everything, users and tokens among it.
    Admin,
}

impl Role {
    /// All of them, least first.
    pub const ALL: [Self; 4] = [Self::Teacher, Self::Viewer, Self::Technician, Self::Admin];

    /// As it stands in files and on pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Viewer => "viewer",
            Self::Technician => "technician",
            Self::Admin => "admin",
        }
    }
}

/// Adds somebody who may sign in; the password's hash is kept elsewhere.
///
/// # Errors
/// There is one of that name.
pub fn add_user(w: &mut Working, name: UserName, role: Role) -> Result<Arc<User>, Refusal> {
    if w.site.users.contains_key(&name) {
        return Err(Refusal::conflict(format!("there is a user {name} already")));
    }
    let user = w.put(User { name, role, added_at: w.now, bound: None, invited: None, rest: Rest::new() });
    w.event("user.added", format!("User {} added as {}", user.name, role.word()));
    Ok(user)
}

/// Gives an account another role.
///
/// # Errors
/// There is none of that name, or it is the last admin.
pub fn change_role(w: &mut Working, name: &UserName, role: Role) -> Result<Arc<User>, Refusal> {
    let user = user(&w.site, name)?;
    if user.role == role {
        return Ok(user);
    }
    not_the_last_admin(&w.site, &user)?;
    let changed = w.put(User { role, ..(*user).clone() });
    w.event("user.changed", format!("User {name}: {} → {}", user.role.word(), role.word()));
    Ok(changed)
}

/// Removes an account.
///
/// # Errors
/// There is none of that name, or it is the last admin.
pub fn remove_user(w: &mut Working, name: &UserName) -> Result<(), Refusal> {
    not_the_last_admin(&w.site, &*user(&w.site, name)?)?;
    w.remove::<User>(name);
    w.event("user.removed", format!("User {name} removed"));
    Ok(())
}

/// An account has a new password; its hash is kept elsewhere.
///
/// # Errors
/// There is none of that name.
pub fn password_set(w: &mut Working, name: &UserName) -> Result<(), Refusal> {
    let user = user(&w.site, name)?;
    w.event("user.password", format!("User {} has a new password", user.name));
    Ok(())
}

/// The account of this name.
///
/// # Errors
/// There is none.
pub(crate) fn user(site: &Site, name: &UserName) -> Result<Arc<User>, Refusal> {
    let user = site.users.get(name).cloned();
    user.ok_or_else(|| Refusal::not_found(format!("there is no user {name}; `rollcall user list` shows them")))
}

fn not_the_last_admin(site: &Site, user: &User) -> Result<(), Refusal> {
    let another = site.users.values().any(|other| other.role == Role::Admin && other.name != user.name);
    if user.role != Role::Admin || another {
        return Ok(());
    }
    Err(Refusal::conflict(format!("{} is the last admin: make somebody else an admin first, or nobody could let people in", user.name)))
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Until when; `None`: no end.
    pub expires_at: Option<Timestamp>,
    /// What it is limited to; none: nothing.
    pub only: Vec<Scope>,
}

impl NewKey {
    /// A key without end and limits.
    pub fn new(name: &str, role: Role) -> Self {
        Self { name: name.to_owned(), role, expires_at: None, only: Vec::new() }
    }
}

/// Makes a key for scripts; only the secret's hash comes here.
///
/// # Errors
/// The name is empty, or ended already.
pub fn make_key(w: &mut Working, new: NewKey, hash: String) -> Result<Arc<ApiKey>, Refusal> {
    let NewKey { name, role, expires_at, only } = new;
    let refused = || Refusal::invalid("say in 1 to 60 characters what the key is for: that name stands in the audit");
    let name = crate::facts_text::says(&name, 60).ok_or_else(refused)?;
    if expires_at.is_some_and(|end| end <= w.now) {
        return Err(Refusal::invalid("the key would be over already: give a time to come"));
    }
    // Counted by the sequence, so that the number of a key that was taken back is never given again.
    let id = ApiKeyId(w.site.seq + 1);
    let key = w.put(ApiKey { id, name: name.to_owned(), role, hash, made_at: w.now, expires_at, only, rest: Rest::new() });
    let limits = if key.only.is_empty() { String::new() } else { format!(", for {} only", key.limits()) };
    w.event("key.made", format!("Key {id} made for {name} as {}{limits}", role.word()));
    Ok(key)
}

/// Takes a key back.
///
/// # Errors
/// No such key.
pub fn revoke_key(w: &mut Working, id: ApiKeyId) -> Result<(), Refusal> {
    let key =
        w.site.keys.get(&id).cloned().ok_or_else(|| Refusal::not_found(format!("there is no key {id}; `rollcall key list` shows them")))?;
    w.remove::<ApiKey>(&id);
    w.event("key.revoked", format!("Key {id} ({}) taken back", key.name));
    Ok(())
}

/// Somebody signed in: for the audit.
pub fn signed_in(w: &mut Working, name: &UserName) {
    w.event("signin.made", format!("{name} signed in"));
}

/// Somebody was not let in as `name`, which is their own word; `more` such refusals before it were only counted. For the audit.
pub fn sign_in_refused(w: &mut Working, name: &str, why: &str, from: &str, more: u64) {
    w.event("signin.refused", format!("{name:?} was not let in: {why}, from {from}{}", and_more(more)))
        .with(json!({ "name": name, "from": from, "more": more }));
}

/// Something was refused to the actor, or to nobody known; `more` refusals before it were only counted. For the audit.
pub fn refused(w: &mut Working, what: &str, why: &str, from: &str, more: u64) {
    w.event("access.refused", format!("{what} was refused: {why}; from {from}{}", and_more(more)))
        .with(json!({ "what": what, "from": from, "more": more }));
}

/// So many refusals to `of` were only counted. For the audit.
pub fn more_refused(w: &mut Working, of: &str, more: u64) {
    w.event("access.refused", format!("{more} more refusals to {of} were counted and not written down one by one"))
        .with(json!({ "of": of, "more": more }));
}

fn and_more(more: u64) -> String {
    if more == 0 { String::new() } else { format!("; {more} more before it were only counted") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Actor;

    #[test]
    fn the_last_admin_stays_whatever_is_asked() {
        let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
        let [ana, bo] = ["ana", "bo"].map(|name| UserName::parse(name).unwrap());
        add_user(&mut w, ana.clone(), Role::Admin).unwrap();
        add_user(&mut w, bo.clone(), Role::Viewer).unwrap();
        assert!(change_role(&mut w, &ana, Role::Technician).unwrap_err().text.contains("last admin"));
        assert!(remove_user(&mut w, &ana).unwrap_err().text.contains("last admin"));
        assert_eq!(change_role(&mut w, &ana, Role::Admin).unwrap().role, Role::Admin, "as it is");
        change_role(&mut w, &bo, Role::Admin).unwrap();
        password_set(&mut w, &bo).unwrap();
        remove_user(&mut w, &ana).unwrap();
        assert!(remove_user(&mut w, &ana).is_err() && password_set(&mut w, &ana).is_err());
        let kinds: Vec<_> = w.finish().events.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, ["user.added", "user.added", "user.changed", "user.password", "user.removed"]);
    }
}
