//! The story of a ticket: what people said of it and what was done, a record each.

use super::{TEXT, Ticket, get, tell, text};
use crate::record::{Record, Rest, Table};
use crate::{Refusal, Site, TicketId, Working, words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Most comments of one ticket: past it, another ticket is clearer.
const MOST_COMMENTS: usize = 500;
/// Most lines of one ticket's story, comments among them.
const MOST: usize = 1_000;

/// So much of a comment stands in the timeline, characters.
const SHOWN: usize = 160;

/// Which line of which ticket's story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId {
    /// The ticket.
    pub ticket: TicketId,
    /// The line, from 1.
    pub number: u32,
}

/// A line of a ticket's story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which it is.
    pub id: EntryId,
    /// What kind of line.
    pub kind: EntryKind,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What was said or done; names people by id only.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What kind of line of a story it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// Somebody did something to the ticket.
    Change,
    /// Somebody said something.
    Comment,
}

impl Record for Entry {
    type Key = EntryId;
    const KIND: &'static str = "ticket-entry";
    fn key(&self) -> EntryId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.ticket_entries
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.ticket_entries
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ticket, self.number)
    }
}

impl FromStr for EntryId {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parts = text.split_once('-').and_then(|(ticket, number)| Some((ticket.parse().ok()?, number.parse().ok()?)));
        let (ticket, number) = parts.ok_or_else(|| Refusal::invalid("a line of a ticket is called 12-3"))?;
        Ok(Self { ticket, number })
    }
}

impl TryFrom<String> for EntryId {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.to_string()
    }
}

/// The story of a ticket, oldest line first.
pub fn entries(site: &Site, ticket: TicketId) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
    let all = EntryId { ticket, number: 0 }..=EntryId { ticket, number: u32::MAX };
    site.ticket_entries.range(all).map(|(_, entry)| entry)
}

/// Adds a line to a ticket's story; a story that is too long takes up no more of what was done, which the events have.
pub(super) fn add(w: &mut Working, ticket: TicketId, kind: EntryKind, text: String) -> Option<Arc<Entry>> {
    let number = entries(&w.site, ticket).next_back().map_or(1, |last| last.id.number + 1);
    if number as usize > MOST {
        return None;
    }
    Some(w.put(Entry { id: EntryId { ticket, number }, kind, at: w.now, by: w.actor.words(), text, rest: Rest::new() }))
}

/// Says something of a ticket.
///
/// # Errors
/// No such ticket, the text is empty or too long, or too much was said already.
pub fn comment(w: &mut Working, id: TicketId, said: &str) -> Result<Arc<Ticket>, Refusal> {
    let ticket = Arc::clone(get(&w.site, id)?);
    let said = text("a comment", said, TEXT)?;
    if said.is_empty() {
        return Err(Refusal::invalid("say something: what was seen, done, or answered"));
    }
    let full = || Refusal::conflict(format!("ticket {id} has {MOST_COMMENTS} comments already: open another one and link it"));
    if entries(&w.site, id).filter(|entry| entry.kind == EntryKind::Comment).count() >= MOST_COMMENTS {
        return Err(full());
    }
    add(w, id, EntryKind::Comment, said.clone()).ok_or_else(full)?;
    let first = said.lines().next().unwrap_or_default().to_owned();
    tell(w, &ticket, "ticket.commented", &words::cut(first, SHOWN));
    Ok(ticket)
}
