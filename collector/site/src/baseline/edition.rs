//! The versions of baselines: every text that was applied, with when and by whom.

use super::record::Baseline;
use crate::record::{Record, Rest, Table};
use crate::{BaselineId, Refusal, Site, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Versions of one baseline that are kept; older ones go.
const MOST: usize = 200;

/// One version of a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// The baseline's name.
    pub name: BaselineId,
    /// Its number.
    pub version: u32,
    /// When it was applied.
    pub at: Timestamp,
    /// By whom; empty: it was not written down.
    pub by: String,
    /// The file as it was given.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a version is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EditionKey {
    /// The baseline's name.
    pub name: BaselineId,
    /// The number.
    pub version: u32,
}

impl fmt::Display for EditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name has no slash.
        write!(f, "{}/{}", self.name, self.version)
    }
}

impl FromStr for EditionKey {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::invalid(format!("{text:?} is no version of a baseline"));
        let (name, version) = text.rsplit_once('/').ok_or_else(bad)?;
        Ok(Self { name: BaselineId::parse(name)?, version: version.parse().map_err(|_| bad())? })
    }
}

impl Record for Edition {
    type Key = EditionKey;
    const KIND: &'static str = "baseline-edition";
    fn key(&self) -> EditionKey {
        EditionKey { name: self.name.clone(), version: self.version }
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.editions
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.editions
    }
}

impl Edition {
    fn of(baseline: &Baseline) -> Self {
        let Baseline { name, version, applied_at, applied_by, text, .. } = baseline.clone();
        Self { name, version, at: applied_at, by: applied_by, text, rest: Rest::new() }
    }
}

/// The versions of a baseline, newest first; of one that was removed too.
///
/// # Errors
/// There never was one of that name.
pub fn editions(site: &Site, name: &BaselineId) -> Result<Vec<Edition>, Refusal> {
    let mut kept: Vec<Edition> = of(site, name).cloned().collect();
    // One that an earlier version of Rollcall applied is only in its own record.
    if let Some(now) = site.baselines.get(name).filter(|now| kept.last().is_none_or(|last| last.version < now.version)) {
        kept.push(Edition::of(now));
    }
    if kept.is_empty() {
        super::get(site, name)?;
    }
    kept.reverse();
    Ok(kept)
}

/// One version of a baseline.
///
/// # Errors
/// There is no such version any more, or never was.
pub fn edition(site: &Site, name: &BaselineId, version: u32) -> Result<Edition, Refusal> {
    let missing =
        || Refusal::not_found(format!("there is no version {version} of baseline {name}; `rollcall baseline history` lists them"));
    editions(site, name)?.into_iter().find(|edition| edition.version == version).ok_or_else(missing)
}

/// The highest number of a version so far; 0: none.
pub(super) fn latest(site: &Site, name: &BaselineId) -> u32 {
    let applied = site.baselines.get(name).map_or(0, |baseline| baseline.version);
    of(site, name).map(|edition| edition.version).max().unwrap_or(0).max(applied)
}

/// Keeps a version, if it is not kept yet.
pub(super) fn keep(w: &mut Working, baseline: &Baseline) {
    let edition = Edition::of(baseline);
    if !w.site.editions.contains_key(&edition.key()) {
        w.put(edition);
    }
    let kept: Vec<EditionKey> = of(&w.site, &baseline.name).map(Record::key).collect();
    for old in kept.iter().rev().skip(MOST) {
        w.remove::<Edition>(old);
    }
}

fn of<'a>(site: &'a Site, name: &BaselineId) -> impl Iterator<Item = &'a Edition> {
    let (first, last) = (EditionKey { name: name.clone(), version: 0 }, EditionKey { name: name.clone(), version: u32::MAX });
    site.editions.range(first..=last).map(|(_, edition)| &**edition)
}
