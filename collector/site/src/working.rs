//! A change being made: the site's working copy, what it touched, and why.

use crate::Site;
use crate::content::Content;
use crate::event::{Actor, Event};
use crate::record::{self, Record, Written};
use jiff::Timestamp;
use rollcall_proto::Digest;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a person may be told when a change is refused, with what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// The kind, for exit codes and HTTP.
    pub kind: RefusalKind,
    /// What is wrong, where, and what to do instead.
    pub text: String,
}

/// The closed list of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// There is no such thing.
    NotFound,
    /// It clashes with what is: a tag in use, a laptop already out.
    Conflict,
    /// The input is not what it must be.
    Invalid,
    /// Not allowed: a spent token, a revoked device, a quarantined clone.
    Forbidden,
    /// It was changed since it was read.
    Stale,
}

impl Refusal {
    /// There is no such thing.
    pub fn not_found(text: impl Into<String>) -> Self {
        Self { kind: RefusalKind::NotFound, text: text.into() }
    }
    /// It clashes with what is.
    pub fn conflict(text: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Conflict, text: text.into() }
    }
    /// The input is not what it must be.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Invalid, text: text.into() }
    }
    /// Not allowed.
    pub fn forbidden(text: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Forbidden, text: text.into() }
    }
}

impl From<crate::id::BadId> for Refusal {
    fn from(bad: crate::id::BadId) -> Self {
        Self::invalid(bad.to_string())
    }
}

/// A change being made. The keeper makes one from a clone of its site, runs the change, and either commits
/// what [`Working::finish`] gives or drops it: a refused change leaves no trace.
pub struct Working {
    /// The working copy; read freely, write by [`Working::put`] and [`Working::remove`] only.
    pub site: Site,
    /// When the change is made.
    pub now: Timestamp,
    /// By whom.
    pub actor: Actor,
    written: BTreeMap<(&'static str, String), Written>,
    events: Vec<Event>,
}

/// What a change comes to.
pub struct Finished {
    /// The site after it.
    pub site: Site,
    /// The records that it touched, each once.
    pub written: Vec<Written>,
    /// The events that say why, in order, numbered.
    pub events: Vec<Event>,
}

impl Working {
    /// Begins a change on a copy of the site.
    pub fn begin(site: Site, now: Timestamp, actor: Actor) -> Self {
        Self { site, now, actor, written: BTreeMap::new(), events: Vec::new() }
    }

    /// The day at the site.
    pub fn today(&self) -> jiff::civil::Date {
        self.site.zone().to_datetime(self.now).date()
    }

    /// Writes a record.
    pub fn put<R: Record>(&mut self, record: R) -> Arc<R> {
        let written = record::write(&record);
        self.written.insert((R::KIND, written.key.clone()), written);
        record::put(&mut self.site, record)
    }

    /// Removes a record.
    pub fn remove<R: Record>(&mut self, key: &R::Key) {
        let text = key.to_string();
        self.written.insert((R::KIND, text.clone()), Written { kind: R::KIND.to_owned(), key: text, body: None });
        record::remove::<R>(&mut self.site, key);
    }

    /// Takes up a section's content; its bytes are put, and durable with this change at the latest.
    pub fn hold(&mut self, digest: Digest, content: Content) {
        self.site.hold(digest, content);
    }

    /// Says that something happened: `kind` is one of [`crate::event::KINDS`].
    pub fn event(&mut self, kind: &'static str, text: impl Into<String>) -> &mut Event {
        debug_assert!(crate::event::KINDS.contains(&kind), "{kind} is not in the list of events");
        self.site.seq += 1;
        self.events.push_mut(Event {
            seq: self.site.seq,
            at: self.now,
            actor: self.actor.clone(),
            kind: kind.to_owned(),
            text: text.into(),
            asset: None,
            room: None,
            person: None,
            alert: None,
            ticket: None,
            data: serde_json::Value::Null,
        })
    }

    /// Ends the change.
    pub fn finish(self) -> Finished {
        Finished { site: self.site, written: self.written.into_values().collect(), events: self.events }
    }
}
