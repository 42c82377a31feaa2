//! The school's library system, into which loans are mirrored, and how it is set. Its password lives in the sealed file, never here.

mod owe;
mod queue;
mod read;
#[cfg(test)]
mod tests;

pub use owe::{follow, is_lent_there, renumbered};
pub(crate) use queue::refused;
pub use queue::{Mirroring, Outcome, Step, drop_one, get, is_news, judge, next, retry, settle, without_names};
pub use read::{Checked, LibraryFacts, check};

use crate::asset::AssetKind;
use crate::channel::Trouble;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, LoanId, PersonId, Refusal, Site, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where loans are mirrored to: the one record of kind "library".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Library {
    /// Its key: there is one.
    pub id: u8,
    /// Its address: "sip2://koha.school.example:6001", "sip2s://…" over TLS.
    pub url: String,
    /// The login that it knows; empty: it wants none.
    pub user: String,
    /// What it calls the institution (AO).
    pub institution: String,
    /// What it calls this place (CP and AP); empty: not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub location: String,
    /// The kinds of assets whose loans are mirrored, sorted by their words.
    pub kinds: Vec<AssetKind>,
    /// What stands before every tag in its item ids.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// How it writes letters.
    pub letters: Letters,
    /// Whether it may refuse what is done already.
    pub may: May,
    /// Certificates of the authorities that it is trusted by, PEM; empty: those of the system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ca: String,
    /// When it was set.
    pub set_at: Timestamp,
    /// Loans that began earlier are not mirrored.
    pub since: Timestamp,
    /// Number of the last event that was looked at: the durable cursor.
    pub seq: u64,
    /// The last number that something owed was given.
    pub numbered: u64,
    /// When it last took something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<Timestamp>,
    /// Why something waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How a library system writes letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Letters {
    /// Plain letters alone; others become question marks.
    Ascii,
    /// One byte for a letter of western Europe.
    Latin1,
    /// Unicode.
    #[default]
    Utf8,
}

/// Whether a library system may refuse a loan that has begun already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum May {
    /// It judges it by its own rules; what it refuses is shown.
    #[default]
    Refuse,
    /// It is told that the loan is done already ("no block"), with our due date.
    NotRefuse,
}

impl Record for Library {
    type Key = u8;
    const KIND: &'static str = "library";
    fn key(&self) -> u8 {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.libraries
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.libraries
    }
}

/// What the library system was last told, or is still owed, of an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mirrored {
    /// The asset.
    pub asset: AssetId,
    /// Its last loan that is mirrored.
    pub loan: LoanId,
    /// When that began: the number of a loan that was undone may be given again.
    pub out_at: Timestamp,
    /// Who has it, as the library system is told.
    pub person: PersonId,
    /// The item id that the library system is told.
    pub item: String,
    /// When it is due, as the library system is told.
    pub due: Option<Timestamp>,
    /// Whether its return was told, or is owed; what is lost is not, until it is found.
    pub back: bool,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Mirrored {
    type Key = AssetId;
    const KIND: &'static str = "mirrored";
    fn key(&self) -> AssetId {
        self.asset
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.mirrored
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.mirrored
    }
}

/// The library system, if one is set.
pub fn of(site: &Site) -> Option<&Arc<Library>> {
    site.libraries.values().next()
}

/// Sets the library system, or changes how it is reached: what is owed stays owed. It begins with loans from now on.
pub fn set(w: &mut Working, checked: &Checked) -> Arc<Library> {
    let before = of(&w.site).cloned();
    let Checked { url, user, institution, location, kinds, prefix, letters, may, ca, .. } = checked.clone();
    let library = w.put(Library {
        id: 0,
        url,
        user,
        institution,
        location,
        kinds,
        prefix,
        letters,
        may,
        ca,
        set_at: w.now,
        since: before.as_ref().map_or(w.now, |before| before.since),
        seq: before.as_ref().map_or(w.site.seq, |before| before.seq),
        numbered: before.as_ref().map_or(0, |before| before.numbered),
        arrived_at: before.as_ref().and_then(|before| before.arrived_at),
        trouble: None,
        rest: before.map(|before| before.rest.clone()).unwrap_or_default(),
    });
    let kinds: Vec<&str> = library.kinds.iter().map(|kind| kind.word()).collect();
    w.event("library.set", format!("Loans of {} are mirrored into the library system at {}", kinds.join(", "), library.url));
    library
}

/// Mirrors no more; what was owed is forgotten.
///
/// # Errors
/// There is no library system.
pub fn remove(w: &mut Working) -> Result<(), Refusal> {
    let library = there(&w.site)?.clone();
    let owed: Vec<_> = w.site.mirrorings.keys().copied().collect();
    owed.iter().for_each(|id| w.remove::<Mirroring>(id));
    let told: Vec<AssetId> = w.site.mirrored.keys().copied().collect();
    told.iter().for_each(|id| w.remove::<Mirrored>(id));
    w.remove::<Library>(&0);
    let left = if owed.is_empty() { String::new() } else { format!("; {} that it was not told were dropped", owed.len()) };
    w.event("library.removed", format!("Loans are no longer mirrored into the library system at {}{left}", library.url));
    queue::judge_all(w);
    Ok(())
}

/// The library system.
///
/// # Errors
/// None is set.
pub fn there(site: &Site) -> Result<&Arc<Library>, Refusal> {
    of(site).ok_or_else(|| Refusal::not_found("no library system is set; `rollcall library set sip2://HOST:6001 …` sets one"))
}

/// Something is wrong, so that what is owed waits; nothing changes when the library system was set anew meanwhile. Makes no event.
pub fn troubled(w: &mut Working, set_at: Timestamp, why: &str) {
    let Some(library) = of(&w.site).filter(|library| library.set_at == set_at).cloned() else { return };
    let since = library.trouble.as_ref().map_or(w.now, |before| before.since);
    let trouble = Some(Trouble { since, text: queue::shortened(why) });
    if library.trouble != trouble {
        w.put(Library { trouble, ..(*library).clone() });
    }
}
