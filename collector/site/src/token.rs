//! Enrolment tokens: site, room, number of uses, expiry. Only a hash of the secret is kept.

use crate::record::{Record, Rest, Table};
use crate::{Refusal, RoomId, Site, TokenId, Working, words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An enrolment token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// BLAKE3 of the secret, 64 hexadecimal digits.
    pub hash: String,
    /// The room that machines go to; `None`: none yet.
    pub room: Option<RoomId>,
    /// How many more machines it enrols.
    pub uses_left: u32,
    /// How many it was made for.
    pub uses: u32,
    /// Since when.
    pub made_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// Taken back.
    pub revoked: bool,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Token {
    type Key = TokenId;
    const KIND: &'static str = "token";
    fn key(&self) -> TokenId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.tokens
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.tokens
    }
}

/// Makes a token; the secret stays outside, only its hash comes here.
///
/// # Errors
/// No such room; no uses; ended already.
pub fn make(w: &mut Working, hash: String, room: Option<RoomId>, uses: u32, expires_at: Timestamp) -> Result<Arc<Token>, Refusal> {
    if let Some(room) = &room {
        crate::room::get(&w.site, room)?;
    }
    if !(1..=10_000).contains(&uses) {
        return Err(Refusal::invalid(format!("a token enrols 1 to 10,000 machines, not {uses}")));
    }
    if expires_at <= w.now {
        return Err(Refusal::invalid(format!("{} is over already: give a time to come", words::utc(expires_at))));
    }
    let id = TokenId(w.site.tokens.get_max().map_or(1, |(id, _)| id.0 + 1));
    let token = w.put(Token { id, hash, room, uses_left: uses, uses, made_at: w.now, expires_at, revoked: false, rest: Rest::new() });
    let place = token.room.as_ref().map_or_else(String::new, |room| format!(" into {room}"));
    let machines = words::count(uses, "machine", "machines");
    let event = w.event("token.made", format!("Token {id} made: {machines}{place}, until {}", words::utc(expires_at)));
    event.room.clone_from(&token.room);
    Ok(token)
}

/// Takes a token back.
///
/// # Errors
/// No such token.
pub fn revoke(w: &mut Working, id: TokenId) -> Result<(), Refusal> {
    let token = w
        .site
        .tokens
        .get(&id)
        .cloned()
        .ok_or_else(|| Refusal::not_found(format!("there is no token {id}; `rollcall token list` shows them")))?;
    if !token.revoked {
        w.put(Token { revoked: true, ..(*token).clone() });
        w.event("token.revoked", format!("Token {id} taken back"));
    }
    Ok(())
}

/// The token whose secret has this hash, if it may enrol a machine now.
///
/// # Errors
/// Unknown, spent, ended or taken back.
pub fn good<'a>(site: &'a Site, hash: &str, now: Timestamp) -> Result<&'a Arc<Token>, Refusal> {
    let token = site.tokens.values().find(|token| token.hash == hash);
    let token = token.ok_or_else(|| Refusal::forbidden("this collector does not know the token: make one with `rollcall token new`"))?;
    let why = match () {
        () if token.revoked => "was taken back".to_owned(),
        () if token.uses_left == 0 => format!("is spent: it was made for {}", words::count(token.uses, "machine", "machines")),
        () if token.expires_at <= now => format!("ended at {}", words::utc(token.expires_at)),
        () => return Ok(token),
    };
    Err(Refusal::forbidden(format!("token {} {why}: make another with `rollcall token new`", token.id)))
}
