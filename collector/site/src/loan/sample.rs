//! A loan desk in memory, for tests.

use super::policy::Said;
use super::{Loan, NewLoan};
use crate::asset::{self, Asset, AssetFacts, AssetKind};
use crate::event::{Actor, Event};
use crate::money::Money;
use crate::person::{Person, PersonRole};
use crate::presence::Heard;
use crate::room::{self, RoomFacts};
use crate::{About, AssetId, PersonId, Refusal, RoomId, Site, SiteId, Tag, Working};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A site of which only lending matters, at noon of a Tuesday in UTC.
pub(crate) struct LoanDesk {
    pub site: Site,
    pub now: Timestamp,
    pub events: Vec<Event>,
}

impl LoanDesk {
    pub fn new() -> Self {
        let mut desk = Self { site: Site::default(), now: "2026-11-24T12:00:00Z".parse().unwrap(), events: Vec::new() };
        desk.must(|w| {
            let (id, rules, rest) = (SiteId::parse("main").unwrap(), Default::default(), Default::default());
            w.put(About { id, name: "Lincoln".into(), time_zone: "UTC".into(), epoch: 1, rules, rest });
            for (id, role) in [("ana", PersonRole::Student), ("ben", PersonRole::Student), ("ms-lee", PersonRole::Staff)] {
                w.put(Person { role, ..Person::new(person(id), "Somebody".into()) });
            }
            room::add(w, cart(), RoomFacts::default())
        });
        desk
    }

    pub fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::User("lib".into()));
        let answer = change(&mut w)?;
        let finished = w.finish();
        (self.site, self.now) = (finished.site, self.now);
        self.events.extend(finished.events);
        Ok(answer)
    }

    #[track_caller]
    pub fn must<T>(&mut self, change: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> T {
        self.change(change).unwrap()
    }

    /// What a change is refused with.
    #[track_caller]
    pub fn refused<T>(&mut self, change: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> String {
        self.change(change).err().expect("it is not refused").text
    }

    pub fn hours(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    /// Cameras: no agent belongs on one, so that the verdict is GO.
    pub fn cameras(&mut self, tags: &[&str]) {
        for text in tags {
            let id = AssetId(uuid::Uuid::from_u128(1 + self.site.assets.len() as u128));
            let facts = AssetFacts { kind: Some(AssetKind::Camera), room: Some(cart().to_string()), ..AssetFacts::default() };
            self.must(|w| asset::add(w, id, tag(text), facts));
        }
    }

    /// Writes an asset over.
    pub fn write(&mut self, text: &str, over: impl FnOnce(&mut Asset)) {
        let mut asset = (**self.site.asset_by_tag(&tag(text)).unwrap()).clone();
        over(&mut asset);
        self.must(|w| Ok(w.put(asset)));
    }

    /// It cost so much, and was bought then.
    pub fn bought(&mut self, text: &str, price: u64, day: &str) {
        let bought = Some(day.parse().unwrap());
        self.write(text, |asset| {
            asset.purchase = Some(Box::new(asset::Purchase { price: Some(Money(price * 100)), bought, ..asset::Purchase::default() }));
        });
    }

    #[track_caller]
    pub fn lend(&mut self, text: &str, to: &str) -> Arc<Loan> {
        self.must(|w| super::out(w, &Heard::new(), NewLoan::new(tag(text), person(to))))
    }

    pub fn policy(&mut self, said: Said) {
        self.must(|w| super::policy::set(w, &said));
    }

    /// The words of the last event.
    pub fn last(&self) -> &str {
        self.events.last().map_or("", |event| &event.text)
    }
}

pub(crate) fn cart() -> RoomId {
    RoomId::parse("Cart A").unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}
