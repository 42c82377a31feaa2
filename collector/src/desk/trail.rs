//! The audit trail read back from any event: who changed what, of one thing, by one person, in a span of days. The trail is the ledger's
//! own events; nothing is kept beside them.

use super::look::Look;
use super::trouble::Trouble;
use crate::store::Store;
use jiff::Timestamp;
use jiff::civil::Date;
use rollcall_site::event::{Actor, Event, KINDS};
use rollcall_site::{AlertId, AssetId, PersonId, Refusal, RoomId, Site, Tag, TicketId};
use serde::Deserialize;

/// Events that are read in one go.
const CHUNK: u64 = 2_000;
/// Kinds that are shown whoever did them: what was refused to strangers is written down by Rollcall.
const ALWAYS: &[&str] = &["access.refused", "signin.refused"];

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ask {
    /// By whom: part of a name.
    pub who: String,
    /// The first word of the kinds, or one kind.
    pub kind: String,
    /// About what: "asset:PC-1", "ticket:12", or any text.
    pub thing: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Whether what machines and Rollcall did is shown, too; empty: it is not.
    pub all: String,
    /// Only what came before the event with this number.
    pub before: Option<u64>,
}

/// About what.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Thing {
    Alert(AlertId),
    Asset(AssetId, Tag),
    Person(PersonId),
    Room(RoomId),
    Ticket(TicketId),
    /// A word that the text has: a rule's code, an account's name, a tag that is no more.
    Word(String),
}

/// What is wanted of the trail.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    who: String,
    kind: String,
    thing: Option<Thing>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    all: bool,
}

/// A part of the trail, newest first.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The events.
    pub events: Vec<Event>,
    /// There may be more before the event with this number.
    pub older: Option<u64>,
}

/// How much of the trail is read for one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most events of the answer.
    pub most: usize,
    /// Most events that are looked at.
    pub looked_at: u64,
}

/// The first words of the kinds.
pub(super) fn kinds() -> Vec<&'static str> {
    let mut words: Vec<&str> = KINDS.iter().filter_map(|kind| kind.split('.').next()).collect();
    words.dedup();
    words
}

impl Wanted {
    /// What an address asks for.
    ///
    /// # Errors
    /// A day is none.
    pub fn of(look: &Look, ask: &Ask) -> Result<Self, Refusal> {
        let short = |text: &str| text.trim().chars().take(100).collect::<String>();
        let day = |text: &str| -> Result<Option<Date>, Refusal> {
            let text = text.trim();
            let wrong = |_| Refusal::invalid(format!("{:?} is no day: write 2026-11-28", short(text)));
            if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
        };
        let start = |day: Date| day.to_zoned_datetime(look.zone.clone()).ok().map(|start| start.timestamp());
        Ok(Self {
            who: short(&ask.who).to_lowercase(),
            kind: short(&ask.kind),
            thing: Some(short(&ask.thing)).filter(|thing| !thing.is_empty()).map(|thing| Thing::parse(&look.site, &thing)),
            from: day(&ask.from)?.and_then(start),
            to: day(&ask.to)?.and_then(|day| look.end_of(day)),
            all: !ask.all.is_empty(),
        })
    }

    fn fits(&self, event: &Event) -> bool {
        let by_people = !matches!(event.actor, Actor::Rollcall | Actor::Device(_));
        (self.all || by_people || ALWAYS.contains(&event.kind.as_str()))
            && (self.who.is_empty() || event.actor.words().to_lowercase().contains(&self.who))
            && (self.kind.is_empty() || event.kind == self.kind || event.kind.split('.').next() == Some(&self.kind))
            && self.to.is_none_or(|to| event.at <= to)
            && self.thing.as_ref().is_none_or(|thing| thing.is_in(event))
    }
}

impl Thing {
    fn parse(site: &Site, text: &str) -> Self {
        let word = || Self::Word(text.to_lowercase());
        let Some((what, name)) = text.split_once(':') else { return Self::guess(site, text) };
        let (name, number) = (name.trim(), name.trim().parse::<u64>().ok());
        match (what, number) {
            ("alert", Some(number)) => Self::Alert(AlertId(number)),
            ("ticket", Some(number)) => Self::Ticket(TicketId(number)),
            ("asset", _) => Self::asset(site, name).unwrap_or_else(|| Self::Word(name.to_lowercase())),
            ("person", _) => PersonId::parse(name).map_or_else(|_| word(), Self::Person),
            ("room", _) => RoomId::parse(name).map_or_else(|_| word(), Self::Room),
            ("account" | "key" | "rule" | "word", _) => Self::Word(name.to_lowercase()),
            _ => word(),
        }
    }

    /// A text that does not say what it is.
    fn guess(site: &Site, text: &str) -> Self {
        let person = || PersonId::parse(text).ok().filter(|id| site.persons.contains_key(id)).map(Self::Person);
        let room = || RoomId::parse(text).ok().filter(|id| site.rooms.contains_key(id)).map(Self::Room);
        Self::asset(site, text).or_else(person).or_else(room).unwrap_or_else(|| Self::Word(text.to_lowercase()))
    }

    fn asset(site: &Site, tag: &str) -> Option<Self> {
        let tag = Tag::parse(tag).ok()?;
        site.asset_by_tag(&tag).map(|asset| Self::Asset(asset.id, tag))
    }

    fn is_in(&self, event: &Event) -> bool {
        match self {
            Self::Alert(id) => event.alert == Some(*id),
            Self::Asset(id, tag) => event.asset == Some(*id) || has_word(&event.text, &tag.as_str().to_lowercase()),
            Self::Person(id) => event.person.as_ref() == Some(id),
            Self::Room(id) => event.room.as_ref() == Some(id),
            Self::Ticket(id) => event.ticket == Some(*id),
            Self::Word(word) => has_word(&event.text, word),
        }
    }
}

/// Whether a text has these words, whole; `words` is in small letters.
fn has_word(text: &str, words: &str) -> bool {
    let text = text.to_lowercase();
    let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(words).any(|(at, found)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + found.len()..).unwrap_or_default());
        !before.ends_with(inside) && !after.starts_with(inside)
    })
}

/// Reads the trail back from `before`, or from its end.
///
/// # Errors
/// Damage or the disk's own error.
pub(super) fn read(store: &dyn Store, last: u64, wanted: &Wanted, before: Option<u64>, limits: Limits) -> Result<Part, Trouble> {
    let mut part = Part::default();
    // The number before which everything is still to be looked at.
    let mut end = before.unwrap_or(u64::MAX).min(last.saturating_add(1));
    let mut left = limits.looked_at;
    while end > 1 {
        if left == 0 {
            part.older = Some(end);
            break;
        }
        let begin = end.saturating_sub(CHUNK.min(left)).max(1);
        left = left.saturating_sub(end - begin);
        let chunk = store.events(begin - 1, usize::try_from(end - begin).unwrap_or(usize::MAX))?;
        let mut looked_at = false;
        for event in chunk.into_iter().rev().filter(|event| event.seq < end) {
            looked_at = true;
            // Not the end: a clock that was behind for a while wrote such a time between later ones.
            if wanted.from.is_some_and(|from| event.at < from) {
                continue;
            }
            if wanted.fits(&event) {
                if part.events.len() == limits.most {
                    part.older = Some(event.seq + 1);
                    return Ok(part);
                }
                part.events.push(event);
            }
        }
        // What is older was let go of by policy.
        if !looked_at {
            break;
        }
        end = begin;
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole() {
        let check = |text, word, want| assert_eq!(has_word(text, word), want, "{word} in {text}");
        check("User bo added as viewer", "bo", true);
        check("User bobby added as viewer", "bo", false);
        check("PC-1 was moved", "pc-1", true);
        check("PC-12 was moved", "pc-1", false);
        check("Rule clock-skewed for the whole site: off", "clock-skewed", true);
        check("é-bo", "bo", false);
        check("moved to Lab 118, seat 3", "lab 118", true);
    }

    #[test]
    fn the_kinds_are_named_once() {
        let kinds = kinds();
        assert!(kinds.is_sorted() && kinds.contains(&"asset") && !kinds.contains(&"asset.added"), "{kinds:?}");
    }
}
