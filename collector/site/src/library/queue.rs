//! The queue of what the library system is still to be told: in order, and in order for each asset even behind a refusal.

use super::{Library, of, there};
use crate::person::name_words;
use crate::record::{Record, Rest, Table};
use crate::rule::{self, Finding, Rule};
use crate::{AssetId, LoanId, MirroringId, PersonId, Refusal, Site, Working, alert, words};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What the library system is still to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mirroring {
    /// Its number, in the order in which it came.
    pub id: MirroringId,
    /// What.
    pub step: Step,
    /// Of which asset.
    pub asset: AssetId,
    /// Of which loan.
    pub loan: LoanId,
    /// Whose.
    pub person: PersonId,
    /// The item id that the library system knows.
    pub item: String,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// When it happened.
    pub at: Timestamp,
    /// How often it was tried.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub tries: u32,
    /// When it was last tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Timestamp>,
    /// What was last answered, or why nothing was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
    /// Since when it is refused: a person tries it again, or drops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Timestamp>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// It was lent.
    Out,
    /// It is back.
    In,
    /// It is due at another time.
    Renew,
}

impl Step {
    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Out => "check-out",
            Self::In => "check-in",
            Self::Renew => "renewal",
        }
    }
}

impl Record for Mirroring {
    type Key = MirroringId;
    const KIND: &'static str = "mirroring";
    fn key(&self) -> MirroringId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.mirrorings
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.mirrorings
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        old.map(|old| site.asset_mirrorings.remove(&(old.asset, old.id)));
        new.map(|new| site.asset_mirrorings.insert((new.asset, new.id)));
        for (mirroring, is_refused) in [(old, false), (new, true)] {
            let Some(mirroring) = mirroring.filter(|mirroring| mirroring.refused_at.is_some()) else { continue };
            if is_refused {
                site.refused_mirrorings.insert((mirroring.asset, mirroring.id));
            } else {
                site.refused_mirrorings.remove(&(mirroring.asset, mirroring.id));
            }
        }
    }
}

/// The number of one that has none yet.
pub(super) const UNNUMBERED: MirroringId = MirroringId(0);
/// The code of the rule for what waits too long.
const BEHIND: &str = "library-behind";
/// Longest answer that is kept, characters.
const LONGEST_ANSWER: usize = 200;

/// What is refused of an asset.
pub(crate) fn refused(site: &Site, asset: AssetId) -> impl Iterator<Item = &Arc<Mirroring>> {
    let all = site.refused_mirrorings.range((asset, UNNUMBERED)..=(asset, MirroringId(u64::MAX)));
    all.filter_map(|(_, id)| site.mirrorings.get(id))
}

/// What is owed of an asset, in order.
fn of_asset(site: &Site, asset: AssetId) -> impl Iterator<Item = &Arc<Mirroring>> {
    let all = site.asset_mirrorings.range((asset, UNNUMBERED)..=(asset, MirroringId(u64::MAX)));
    all.filter_map(|(_, id)| site.mirrorings.get(id))
}

/// Puts one at the end. A loan that the library system refused to begin is over with no word, and so is a renewal that it refused.
pub(super) fn owe(w: &mut Working, new: Mirroring) {
    let same: Vec<Arc<Mirroring>> = of_asset(&w.site, new.asset).filter(|owed| owed.loan == new.loan).cloned().collect();
    let refused = |step: Step| same.iter().find(|owed| owed.step == step && owed.refused_at.is_some());
    let began = refused(Step::Out);
    match (new.step, began) {
        (Step::In, _) if began.is_some() || refused(Step::Renew).is_some() => {
            let moot = same.iter().filter(|owed| began.is_some() || owed.refused_at.is_some());
            moot.for_each(|owed| forget(w, owed, "it is back, and the library system had refused it"));
            alert::judge(w, new.asset);
            if began.is_some() {
                return;
            }
        }
        (Step::Renew, Some(began)) => {
            w.put(Mirroring { due: new.due, ..(**began).clone() });
            return;
        }
        _ => {}
    }
    let Some(library) = of(&w.site).cloned() else { return };
    let numbered = library.numbered + 1;
    w.put(Library { numbered, ..(*library).clone() });
    w.put(Mirroring { id: MirroringId(numbered), ..new });
}

/// What is told next: the oldest that stands behind no refusal of the same asset.
pub fn next(site: &Site) -> Option<&Arc<Mirroring>> {
    site.mirrorings.values().find(|owed| owed.refused_at.is_none() && !is_behind(site, owed))
}

/// Whether something of the same asset is to be told first.
fn is_behind(site: &Site, owed: &Mirroring) -> bool {
    of_asset(site, owed.asset).next().is_some_and(|first| first.id < owed.id)
}

/// What telling it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The library system has taken it, or had already.
    Taken(String),
    /// It says no, and why.
    Refused(String),
    /// Nobody knows: it is asked before it is told again.
    Unknown(String),
}

/// Writes down what telling one came to. Nothing changes when it is gone, or the library system was set anew meanwhile.
pub fn settle(w: &mut Working, set_at: Timestamp, id: MirroringId, outcome: Outcome) {
    let Some(library) = of(&w.site).filter(|library| library.set_at == set_at).cloned() else { return };
    let Some(owed) = w.site.mirrorings.get(&id).cloned() else { return };
    let tries = owed.tries.saturating_add(1);
    let tried = |answer: &str| Mirroring { tries, tried_at: Some(w.now), answer: shortened(answer), ..(*owed).clone() };
    match outcome {
        Outcome::Taken(answer) => {
            w.remove::<Mirroring>(&id);
            w.put(Library { arrived_at: Some(w.now), trouble: None, ..(*library).clone() });
            about(w, &owed, "library.taken", format!("{} of {} is in the library system{}", owed.step.word(), owed.item, said(&answer)));
        }
        Outcome::Refused(answer) => {
            let refused = Mirroring { refused_at: Some(w.now), ..tried(&answer) };
            w.put(refused);
            w.put(Library { arrived_at: Some(w.now), trouble: None, ..(*library).clone() });
            about(
                w,
                &owed,
                "library.refused",
                format!("The library system refuses the {} of {}{}", owed.step.word(), owed.item, said(&answer)),
            );
            alert::judge(w, owed.asset);
        }
        Outcome::Unknown(why) => {
            let unknown = tried(&why);
            w.put(unknown);
        }
    }
}

/// What the library system said, without the names of people: the borrower's stand there as their id, and so does a whole name of anybody
/// else. It goes through everybody's names: keep it off the threads that others wait for.
pub fn without_names(site: &Site, borrower: &PersonId, said: &str) -> String {
    let said = shortened(said).split_whitespace().collect::<Vec<_>>().join(" ");
    let words: HashSet<String> = name_words(&said).collect();
    let mut whose: HashMap<String, &PersonId> = HashMap::new();
    for (id, person) in &site.persons {
        let found: BTreeSet<String> = name_words(&person.name).filter(|name| words.contains(name)).collect();
        if id == borrower || found.len() > 1 {
            for name in found {
                let first = whose.entry(name).or_insert(id);
                *first = if id == borrower { id } else { first };
            }
        }
    }
    // Whose name stands last, and where it ends: more words of the same name join it.
    let (mut told, mut last) = (String::new(), None);
    for piece in pieces(&said) {
        match (whose.get(&piece.to_lowercase()).copied(), last) {
            (Some(id), Some((same, end))) if id == same => told.truncate(end),
            (Some(id), _) => {
                told.push_str(id.as_str());
                last = Some((id, told.len()));
            }
            (None, _) => {
                told.push_str(piece);
                last = last.filter(|_| !piece.contains(char::is_alphanumeric));
            }
        }
    }
    told
}

/// A text cut where words begin and end.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_word = rest.chars().next()?.is_alphanumeric();
        let (piece, after) = rest.split_at(rest.find(|c: char| c.is_alphanumeric() != is_word).unwrap_or(rest.len()));
        rest = after;
        Some(piece)
    })
}

/// One line of what somebody else's machine said.
pub(super) fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_ANSWER).collect();
    line.trim().to_owned()
}

fn said(answer: &str) -> String {
    let answer = shortened(answer);
    if answer.is_empty() { String::new() } else { format!(": {answer}") }
}

/// Tries one again that was refused.
///
/// # Errors
/// There is none of this number, or it is not refused.
pub fn retry(w: &mut Working, id: MirroringId) -> Result<Arc<Mirroring>, Refusal> {
    let owed = get(&w.site, id)?.clone();
    if owed.refused_at.is_none() {
        return Err(Refusal::conflict(format!("{id} is not refused: it is told as soon as the library system takes it")));
    }
    let owed = w.put(Mirroring { refused_at: None, ..(*owed).clone() });
    about(w, &owed, "library.retried", format!("The library system is told again of the {} of {}", owed.step.word(), owed.item));
    alert::judge(w, owed.asset);
    Ok(owed)
}

/// Drops one: the library system is not told of it.
///
/// # Errors
/// There is none of this number.
pub fn drop_one(w: &mut Working, id: MirroringId) -> Result<Arc<Mirroring>, Refusal> {
    let owed = get(&w.site, id)?.clone();
    forget(w, &owed, "a person dropped it");
    alert::judge(w, owed.asset);
    Ok(owed)
}

/// What is owed under this number.
///
/// # Errors
/// Nothing is, or no library system is set.
pub fn get(site: &Site, id: MirroringId) -> Result<&Arc<Mirroring>, Refusal> {
    there(site)?;
    let missing = || Refusal::not_found(format!("the library system is owed nothing with number {id}; `rollcall library list` shows it"));
    site.mirrorings.get(&id).ok_or_else(missing)
}

fn forget(w: &mut Working, owed: &Mirroring, why: &str) {
    w.remove::<Mirroring>(&owed.id);
    about(w, owed, "library.dropped", format!("The library system is not told of the {} of {}: {why}", owed.step.word(), owed.item));
}

fn about(w: &mut Working, owed: &Mirroring, kind: &'static str, text: String) {
    let asset = w.site.assets.get(&owed.asset).cloned();
    let event = w.event(kind, text);
    if let Some(asset) = asset {
        event.about(&asset);
    }
    event.person = Some(owed.person.clone());
}

/// Whether what waits stands otherwise than the alert says.
pub fn is_news(site: &Site, now: Timestamp) -> bool {
    let told = site.live_alerts(None).any(|alert| alert.rule == BEHIND && alert.holds);
    told != behind(site, now).is_some()
}

/// Judges how long things wait: an alert where that is longer than the site bears.
pub fn judge(w: &mut Working) {
    let found = behind(&w.site, w.now);
    if let Some(rule) = Rule::of(BEHIND) {
        alert::judge_site(w, rule, found.into_iter().collect());
    }
}

/// Judges again after everything that was owed is gone.
pub(super) fn judge_all(w: &mut Working) {
    judge(w);
    let told: Vec<AssetId> = w.site.open_alerts().filter(|alert| alert.rule == "library-refused").filter_map(|alert| alert.asset).collect();
    told.into_iter().for_each(|asset| alert::judge(w, asset));
}

fn behind(site: &Site, now: Timestamp) -> Option<Finding> {
    let rule = Rule::of(BEHIND).filter(|rule| rule::holds(site, None, rule))?;
    let longest = SignedDuration::from_mins(rule::limit_of_site(site, rule, "minutes"));
    let (library, oldest) = (of(site)?, next(site)?);
    if now.duration_since(oldest.at) < longest {
        return None;
    }
    let waiting = site.mirrorings.values().filter(|owed| owed.refused_at.is_none()).count();
    let why = library.trouble.as_ref().map_or_else(|| oldest.answer.clone(), |trouble| trouble.text.clone());
    let because = if why.is_empty() { String::new() } else { format!("; {why}") };
    Some(Finding {
        subject: String::new(),
        title: "The library system is behind: loans wait to be mirrored".to_owned(),
        evidence: format!("{waiting} wait at {}, the oldest since {}{because}", library.url, words::utc(oldest.at)),
    })
}
