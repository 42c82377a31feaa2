//! The store's files fed with hostile bytes: what a disk, a restore or a hand may have left there.
//!
//! Each is fed twice: as the whole file, and as its content under right checksums, which only a fault of our own could write.

mod ledger;
mod nowhere;
mod pieces;
mod scratch;

pub(crate) use nowhere::Nowhere;
pub(crate) use scratch::Scratch;

use super::Entry;
use jiff::Timestamp;
use rollcall_proto::fuzz::Target;
use rollcall_site::event::Actor;
use rollcall_site::person::Person;
use rollcall_site::{About, PersonId, Site, SiteId, Working};

/// Every file of the store.
pub(crate) fn targets() -> Vec<Target> {
    ledger::targets().into_iter().chain(pieces::targets()).collect()
}

/// A change as the store keeps it: records of several kinds, one that is gone, and events.
fn life() -> Option<Entry> {
    let mut w = Working::begin(Site::default(), Timestamp::from_second(1_800_000_000).ok()?, Actor::Rollcall);
    let id = SiteId::parse("main").ok()?;
    w.put(About { id, name: "School".into(), time_zone: "UTC".into(), epoch: 1, rules: Default::default(), rest: Default::default() });
    let person = PersonId::parse("20431").ok()?;
    w.put(Person::new(person.clone(), "Ada Lund".to_owned()));
    rollcall_site::token::make(&mut w, "hash".into(), None, 10, Timestamp::MAX).ok()?;
    w.event("person.imported", "Ada was named").person = Some(person.clone());
    w.remove::<Person>(&person);
    let finished = w.finish();
    Some(Entry { records: finished.written, events: finished.events })
}
