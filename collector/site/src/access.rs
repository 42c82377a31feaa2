//! Who may use the desk, and keys for scripts. Hashes of passwords live in the sealed file, not here.

use crate::record::{Record, Rest, Table};
use crate::{ApiKeyId, Refusal, Site, UserName, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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

/// What somebody may do, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Sees, lends, acknowledges, changes.
    Technician,
    /// Everything, users and tokens among it.
    Admin,
}

impl Role {
    /// As it stands in files and on pages.
    pub fn word(self) -> &'static str {
        match self {
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
    let user = w.put(User { name, role, added_at: w.now, rest: Rest::new() });
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

/// Makes a key for scripts; only the secret's hash comes here.
///
/// # Errors
/// The name is empty, or ended already.
pub fn make_key(w: &mut Working, name: &str, role: Role, hash: String, expires_at: Option<Timestamp>) -> Result<Arc<ApiKey>, Refusal> {
    let refused = || Refusal::invalid("say in 1 to 60 characters what the key is for: that name stands in the audit");
    let name = crate::facts_text::says(name, 60).ok_or_else(refused)?;
    if expires_at.is_some_and(|end| end <= w.now) {
        return Err(Refusal::invalid("the key would be over already: give a time to come"));
    }
    // Counted by the sequence, so that the number of a key that was taken back is never given again.
    let id = ApiKeyId(w.site.seq + 1);
    let key = w.put(ApiKey { id, name: name.to_owned(), role, hash, made_at: w.now, expires_at, rest: Rest::new() });
    w.event("key.made", format!("Key {id} made for {name} as {}", role.word()));
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

/// Somebody signed in, or was refused: for the audit.
pub fn signed_in(w: &mut Working, name: &str, refused_because: Option<&str>) {
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    match refused_because {
        None => w.event("signin.made", format!("{name} signed in")),
        Some(why) => w.event("signin.refused", format!("{name:?} was not let in: {why}")),
    };
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
