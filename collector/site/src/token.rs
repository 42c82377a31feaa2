//! Enrolment tokens: site, room, number of uses, expiry. Only a hash of the secret is kept.

use crate::record::{Record, Rest, Table};
use crate::{Refusal, RoomId, Site, TokenId, Working};
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
    let _ = (w, hash, room, uses, expires_at);
    todo!()
}

/// Takes a token back.
///
/// # Errors
/// No such token.
pub fn revoke(w: &mut Working, id: TokenId) -> Result<(), Refusal> {
    let _ = (w, id);
    todo!()
}
