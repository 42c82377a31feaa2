//! Enrolment tokens: site, room, number of uses, expiry. Only a hash of the secret is kept.

use crate::record::{Record, Rest, Table};
use crate::{RoomId, Site, TokenId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
