//! Disposals: an asset that is gone for good, how, when, and what became of what was stored on it.

use super::{Asset, AssetStatus, get, kit_of, place_of, retire_device};
use crate::facts_text::short;
use crate::record::Rest;
use crate::{AssetId, Refusal, Working};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How an asset was disposed of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disposal {
    /// When.
    pub on: Date,
    /// How.
    pub method: Method,
    /// How its storage was wiped, or why it was not; empty for what stores nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wiped: String,
    /// To whom, under which number: the recycler, the lot.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who said so.
    pub by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Where an asset went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Destroyed.
    Destroyed,
    /// Given away.
    Donated,
    /// Handed to a recycler.
    Recycled,
    /// Given back to whom it belongs: a lessor, a vendor.
    Returned,
    /// Sold.
    Sold,
    /// Handed to another site or the district.
    Transferred,
}

impl Method {
    /// Every method, in the order of their words.
    pub const ALL: [Self; 6] = [Self::Destroyed, Self::Donated, Self::Recycled, Self::Returned, Self::Sold, Self::Transferred];

    /// As it stands in files and on pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Destroyed => "destroyed",
            Self::Donated => "donated",
            Self::Recycled => "recycled",
            Self::Returned => "returned",
            Self::Sold => "sold",
            Self::Transferred => "transferred",
        }
    }
}

impl FromStr for Method {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let plain = super::word_of(text);
        let words = || Self::ALL.map(Self::word).join(", ");
        let method = Self::ALL.into_iter().find(|method| method.word() == plain);
        method.ok_or_else(|| Refusal::invalid(format!("{plain:?} is no way to dispose of an asset: it is one of {}", words())))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is said of a disposal.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposing {
    /// How.
    pub method: Method,
    /// When; absent: today.
    #[serde(default)]
    pub on: Option<Date>,
    /// How its storage was wiped, or why it was not.
    #[serde(default)]
    pub wiped: String,
    /// To whom, under which number.
    #[serde(default)]
    pub note: String,
}

/// Disposes of an asset: its record stays, its agent may not speak any more, its seat and its kit are free.
///
/// # Errors
/// No such asset; it is out on loan; it is disposed of already; the day is to come; nothing is said of what was stored on it.
pub fn dispose(w: &mut Working, id: AssetId, said: Disposing) -> Result<Arc<Asset>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let tag = &before.tag;
    may_go(w, &before)?;
    let today = w.today();
    let on = said.on.unwrap_or(today);
    if on > today {
        return Err(Refusal::invalid(format!("{on} is to come: dispose of {tag} when it is gone")));
    }
    let on = super::lay::likely("on", on)?;
    let wiped = short("how it was wiped", &said.wiped, 300)?;
    if wiped.is_empty() && before.kind.keeps_data() {
        let kind = before.kind.title();
        return Err(Refusal::invalid(format!(
            "{tag} is a {kind}, on which people's work is stored: say with --wiped how it was wiped, or why not"
        )));
    }
    let note = short("a disposal's note", &said.note, 300)?;
    let disposal = Disposal { on, method: said.method, wiped, note, by: w.actor.words(), rest: Default::default() };
    let text = in_words(&before, &disposal);
    take_apart(w, &before);
    let details = super::Details { disposal: Some(disposal.clone()), ..before.details.as_deref().cloned().unwrap_or_default() };
    let after = Asset {
        status: AssetStatus::Disposed,
        room: None,
        seat: None,
        part_of: None,
        rebind_until: None,
        details: Some(Box::new(details)),
        ..(*before).clone()
    };
    let after = w.put(after);
    w.event("asset.disposed", text).about(&before).with(serde_json::json!({ "disposal": disposal }));
    retire_device(w, &after);
    crate::alert::judge(w, id);
    crate::maintenance::moved(w, id);
    Ok(after)
}

fn may_go(w: &Working, asset: &Asset) -> Result<(), Refusal> {
    let tag = &asset.tag;
    super::not_lent(&w.site, asset)?;
    match asset.details.as_ref().and_then(|details| details.disposal.as_ref()).filter(|_| asset.status == AssetStatus::Disposed) {
        Some(done) => Err(Refusal::conflict(format!("{tag} is disposed of already: {} on {}", done.method, done.on))),
        None => Ok(()),
    }
}

fn in_words(asset: &Asset, disposal: &Disposal) -> String {
    let named = |name: &str, text: &str| if text.is_empty() { String::new() } else { format!("; {name}: {text}") };
    let (tag, method, on) = (&asset.tag, disposal.method, disposal.on);
    let place = format!("; it was in {}", place_of(asset));
    format!("{tag} disposed of: {method} on {on}{}{}{place}", named("wiped", &disposal.wiped), named("note", &disposal.note))
}

/// Frees the parts of a kit whose whole goes.
fn take_apart(w: &mut Working, whole: &Asset) {
    let parts: Vec<Arc<Asset>> = kit_of(&w.site, whole.id).cloned().collect();
    for part in parts {
        let part = w.put(Asset { part_of: None, ..(*part).clone() });
        w.event("asset.changed", format!("{} part of: {} → none, for {} is disposed of", part.tag, whole.tag, whole.tag)).about(&part);
    }
}
