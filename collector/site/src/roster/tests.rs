//! The roster: what deliveries do to people, one by one, and at random against a small model.

use super::*;
use crate::asset::{self, AssetFacts};
use crate::event::Actor;
use crate::money::Money;
use crate::person::{self, NewPerson, Person, PersonRole, Standing};
use crate::presence::Heard;
use crate::{About, AssetId, ChargeId, ClassId, PersonId, Site, SiteId, Tag, Working, charge, class, loan};
use jiff::Timestamp;
use jiff::civil::Date;

mod cases;
mod model;

fn now() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().unwrap()
}

fn today() -> Date {
    "2026-11-23".parse().unwrap()
}

fn id(text: &str) -> PersonId {
    PersonId::parse(text).unwrap()
}

fn class_id(text: &str) -> ClassId {
    ClassId::parse(text).unwrap()
}

/// A site, and what is done to it.
struct School(Site);

impl School {
    fn new() -> Self {
        let mut school = Self(Site::default());
        school.change(|w| {
            let rules = crate::rule::Settings::new();
            w.put(About {
                id: SiteId::parse("main").unwrap(),
                name: "L".into(),
                time_zone: "UTC".into(),
                epoch: 1,
                rules,
                rest: Default::default(),
            });
        });
        school
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> T) -> T {
        self.at(now(), change)
    }

    fn at<T>(&mut self, at: Timestamp, change: impl FnOnce(&mut Working) -> T) -> T {
        let mut w = Working::begin(self.0.clone(), at, Actor::Rollcall);
        let answer = change(&mut w);
        self.0 = w.finish().site;
        answer
    }

    fn plan(&self, delivery: &Delivery, terms: &Terms) -> Plan {
        plan(&self.0, delivery, terms, today()).unwrap()
    }

    /// Plans and does it; nothing of it is suspicious.
    #[track_caller]
    fn take(&mut self, delivery: &Delivery, terms: &Terms) -> Plan {
        let plan = self.plan(delivery, terms);
        assert!(plan.suspicious.is_empty(), "{:?}", plan.suspicious);
        self.change(|w| {
            for some in plan.steps.chunks(2) {
                let applied = apply(w, some);
                assert_eq!(applied.skipped, 0);
            }
            apply_classes(w, &plan.classes);
            finish(w, &plan, Origin { file: "roster.zip".into(), ..Origin::default() });
        });
        plan
    }

    fn lend(&mut self, number: u128, person: &str) {
        let tag = Tag::parse(&format!("LT-{number}")).unwrap();
        self.change(|w| {
            asset::add(w, AssetId(uuid::Uuid::from_u128(number)), tag.clone(), AssetFacts::default()).unwrap();
            let lent = loan::NewLoan { override_reason: Some("the story needs it".to_owned()), ..loan::NewLoan::new(tag, id(person)) };
            loan::out(w, &Heard::new(), lent).unwrap();
        });
    }

    fn person(&self, text: &str) -> &Person {
        &self.0.persons[&id(text)]
    }

    /// Who is enrolled, by card.
    fn here(&self) -> Vec<&str> {
        self.0.persons.values().filter(|person| person.standing == Standing::Enrolled).map(|person| person.id.as_str()).collect()
    }
}

fn user(source: &str, card: &str, name: &str) -> UserRow {
    let (source, identifier, name) = (source.to_owned(), card.to_owned(), name.to_owned());
    UserRow { line: 2, source, identifier, name, role: Some(RosterRole::Student), orgs: vec!["org-1".into()], ..UserRow::default() }
}

fn of(mode: Mode, rows: Vec<UserRow>) -> Delivery {
    Delivery { users: Part { mode, rows }, ..Delivery::default() }
}

fn bulk(rows: Vec<UserRow>) -> Delivery {
    of(Mode::Bulk, rows)
}

fn delta(rows: Vec<UserRow>) -> Delivery {
    of(Mode::Delta, rows)
}

fn gone(source: &str) -> UserRow {
    UserRow { status: RowStatus::ToBeDeleted, ..user(source, "", "") }
}
