//! What is set of the roster, and how the last one came.

use super::plan::Counts;
use crate::record::{Record, Rest, Table};
use crate::rule::{self, Finding, Rule};
use crate::{Refusal, Site, Working, alert};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long who left is kept where nobody says otherwise, days: a school year and a summer.
pub const KEEP_DAYS: u32 = 400;
/// The rule of deliveries that wait.
const RULE: &str = "roster-waiting";

/// The one record of kind "roster".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Roster {
    /// Its key: there is one.
    pub id: u8,
    /// What is on the cards; none: no roster came yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardSource>,
    /// The schools whose people are taken in, by their keys; none: everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schools: Vec<String>,
    /// The folder where deliveries are put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// How long who left is kept, days; none: [`KEEP_DAYS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// The last delivery that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Taken>,
    /// When the newest delivery of the folder that was applied was written: those after it are still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_at: Option<Timestamp>,
    /// A delivery that a person must look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Which column of the people's file stands on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardSource {
    /// `identifier`.
    Identifier,
    /// `username`.
    Username,
    /// `sourcedId`.
    SourcedId,
    /// The first of `userIds`.
    UserIds,
}

impl CardSource {
    /// The column.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Username => "username",
            Self::SourcedId => "sourcedId",
            Self::UserIds => "userIds",
        }
    }
}

/// A folder where deliveries are put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Its path on the collector's machine.
    pub dir: String,
    /// How often it is looked at, seconds.
    pub every_s: u32,
}

/// A delivery that was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The file's name.
    pub file: String,
    /// BLAKE3 of its bytes; empty: it did not come by the folder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// What it came to.
    pub counts: Counts,
}

/// Where a delivery came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file's name.
    pub file: String,
    /// BLAKE3 of its bytes; empty: it did not come by the folder.
    pub digest: String,
    /// When it was written, where it came by the folder.
    pub written_at: Option<Timestamp>,
}

/// A delivery that a person must look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The file's name.
    pub file: String,
    /// BLAKE3 of its bytes.
    pub digest: String,
    /// Why it was not applied by itself; no text of the file is in it, for that may be a name.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
}

impl Record for Roster {
    type Key = u8;
    const KIND: &'static str = "roster";
    fn key(&self) -> u8 {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.roster
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.roster
    }
}

impl Roster {
    /// How long who left is kept, days.
    pub fn kept_days(&self) -> u32 {
        self.keep_days.unwrap_or(KEEP_DAYS)
    }
}

/// What is set of the roster; the defaults before anything was said.
pub fn settings(site: &Site) -> Arc<Roster> {
    site.roster.get(&0).cloned().unwrap_or_default()
}

pub(super) fn change(w: &mut Working, change: impl FnOnce(&mut Roster)) -> Arc<Roster> {
    let mut roster = (*settings(&w.site)).clone();
    change(&mut roster);
    w.put(roster)
}

/// Chooses what is on the cards and whose people are taken in; what is absent stays.
pub fn choose(w: &mut Working, card: Option<CardSource>, schools: Option<Vec<String>>) -> Arc<Roster> {
    let before = settings(&w.site);
    let (card, schools) = (card.or(before.card), schools.unwrap_or_else(|| before.schools.clone()));
    if before.card == card && before.schools == schools {
        return before;
    }
    let said = if schools.is_empty() { "everybody is taken in".to_owned() } else { format!("taken in: {}", schools.join(", ")) };
    let on_card = card.map_or_else(String::new, |card| format!("on the card is {}, ", card.column()));
    w.event("roster.set", format!("The roster: {on_card}{said}"));
    change(w, |roster| (roster.card, roster.schools) = (card, schools))
}

/// Watches a folder for deliveries.
///
/// # Errors
/// The path is not absolute, or the time between two looks makes no sense.
pub fn watch(w: &mut Working, watch: Watch) -> Result<Arc<Roster>, Refusal> {
    if !watch.dir.starts_with('/') || watch.dir.len() > 1_000 || watch.dir.chars().any(char::is_control) {
        return Err(Refusal::invalid(format!("{:?}: name the folder by its whole path, as /srv/roster", watch.dir)));
    }
    if !(60..=86_400).contains(&watch.every_s) {
        return Err(Refusal::invalid("look every minute at most, and once a day at least: `--every 15m`"));
    }
    w.event("roster.set", format!("Deliveries of the roster are taken from {} from now on", watch.dir));
    let is_new = settings(&w.site).watch.as_ref().is_none_or(|before| before.dir != watch.dir);
    Ok(change(w, |roster| {
        if is_new {
            roster.folder_at = None;
        }
        roster.watch = Some(watch);
    }))
}

/// Watches the folder no more.
///
/// # Errors
/// None is watched.
pub fn unwatch(w: &mut Working) -> Result<Arc<Roster>, Refusal> {
    let watched = settings(&w.site).watch.clone().ok_or_else(|| Refusal::conflict("no folder is watched for deliveries"))?;
    w.event("roster.set", format!("Deliveries of the roster are taken from {} no more", watched.dir));
    let roster = change(w, |roster| (roster.watch, roster.waiting) = (None, None));
    judge(w);
    Ok(roster)
}

/// Says how long who left is kept before it is proposed to forget them.
///
/// # Errors
/// It is less than a day or more than thirty years.
pub fn keep_for(w: &mut Working, days: u32) -> Result<Arc<Roster>, Refusal> {
    if !(1..=11_000).contains(&days) {
        return Err(Refusal::invalid("keep who left for 1 to 11000 days"));
    }
    w.event("roster.set", format!("Who left is proposed to be forgotten after {days} days"));
    Ok(change(w, |roster| roster.keep_days = Some(days)))
}

/// A delivery waits for a person, or none does any more.
pub fn waits(w: &mut Working, waiting: Option<Waiting>) -> Arc<Roster> {
    let before = settings(&w.site);
    let is_same = match (&before.waiting, &waiting) {
        (Some(before), Some(now)) => before.digest == now.digest && before.why == now.why,
        (None, None) => true,
        _ => false,
    };
    if is_same {
        return before;
    }
    if let Some(waiting) = &waiting {
        w.event("roster.waiting", format!("{} waits for a person: {}", waiting.file, waiting.why));
    }
    let roster = change(w, |roster| roster.waiting = waiting);
    judge(w);
    roster
}

/// Raises or ends the alert of a delivery that waits.
pub(super) fn judge(w: &mut Working) {
    let Some(rule) = Rule::of(RULE) else { return };
    let waiting = settings(&w.site).waiting.clone().filter(|_| rule::holds(&w.site, None, rule));
    let finding = waiting.map(|waiting| Finding {
        subject: "roster".to_owned(),
        title: format!("A delivery of the roster waits: {}", waiting.why),
        evidence: format!("{}, in the watched folder since {}", waiting.file, crate::words::utc(waiting.since)),
    });
    alert::judge_site(w, rule, finding.into_iter().collect());
}
