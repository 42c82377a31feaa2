//! Tests that no order of loans, returns, kits, losses, reservations and charges makes an illegal state, and that power which goes at any
//! step of the disk leaves a state that was reached: by a small reference model.
//!
//! In short form by default; `ROLLCALL_LOAN_STEPS=N` sets the number of steps, `ROLLCALL_LOAN_SEED=N` another order (tests/loans).

mod model;
mod seen;
mod steps;

use super::contract::noon;
use super::simulated::{Broken, Random, Simulated};
use super::{Entry, Folder, Store, signed};
use model::{Model, Said};
use rollcall_site::asset::{self, AssetFacts, AssetKind, Purchase};
use rollcall_site::event::Actor;
use rollcall_site::money::Money;
use rollcall_site::person::Person;
use rollcall_site::record::Rest;
use rollcall_site::room::{self, RoomFacts, RoomKind};
use rollcall_site::{About, AssetId, PersonId, RoomId, Site, SiteId, Tag, Working};
use seen::{history, indexes, seen};
use std::path::Path;
use steps::{ASSETS, KITS, PEOPLE, Step, at, cart_of};
use uuid::Uuid;

/// Steps of a trial that is run each time.
const SHORT: u64 = 3_000;
/// Where the order of a trial begins.
const ORDER: u64 = 0x51a7_c0de_2026_1128;

fn tag(asset: usize) -> Tag {
    Tag::parse(&format!("CAM-{asset}")).unwrap()
}

fn asset_id(asset: usize) -> AssetId {
    AssetId(Uuid::from_u128(asset as u128 + 1))
}

fn person_id(person: usize) -> PersonId {
    PersonId::parse(&format!("P{person}")).unwrap()
}

fn room_id(cart: usize) -> RoomId {
    RoomId::parse(&format!("Cart {cart}")).unwrap()
}

fn found(w: &mut Working) {
    let (id, name, rest) = (SiteId::parse("main").unwrap(), "Lincoln".to_owned(), Rest::new());
    w.put(About { id, name, time_zone: "UTC".to_owned(), epoch: 1, rules: Default::default(), rest });
    (0..PEOPLE).for_each(|person| drop(w.put(Person::new(person_id(person), "Somebody".to_owned()))));
    for cart in 0..2 {
        room::add(w, room_id(cart), RoomFacts { kind: Some(RoomKind::Cart), ..RoomFacts::default() }).unwrap();
    }
    for number in 0..ASSETS {
        let facts = AssetFacts { kind: Some(AssetKind::Camera), room: Some(room_id(cart_of(number)).to_string()), ..AssetFacts::default() };
        let made = asset::add(w, asset_id(number), tag(number), facts).unwrap();
        let purchase = Purchase { price: Some(Money(100_000)), ..Purchase::default() };
        w.put(asset::Asset { accessories: vec!["charger".to_owned()], purchase: Some(Box::new(purchase)), ..(*made).clone() });
    }
    for (part, whole) in KITS {
        asset::set(w, asset_id(part), AssetFacts { part_of: Some(tag(whole).to_string()), ..AssetFacts::default() }).unwrap();
    }
}

/// The reference of what was founded.
fn founded() -> Model {
    let mut whole = vec![None; ASSETS];
    KITS.iter().for_each(|(part, of)| whole[*part] = Some(*of));
    Model::new(whole)
}

/// A loan desk on a disk, and the reference of each state since what is acknowledged.
struct Trial {
    folder: Folder,
    site: Site,
    model: Model,
    /// The states that may be found after a cut, by the number of their last event.
    since: Vec<(u64, Model)>,
    group: Vec<Entry>,
    taken: u64,
    refused: u64,
}

impl Trial {
    fn begin(dir: &Path) -> Self {
        let folder = open(dir);
        let mut w = Working::begin(folder.load().unwrap(), at(0), Actor::Rollcall);
        found(&mut w);
        let finished = w.finish();
        folder.commit(&[Entry { records: finished.written, events: finished.events }]).unwrap();
        let (model, site) = (founded(), finished.site);
        Self { since: vec![(site.seq, model.clone())], folder, site, model, group: Vec::new(), taken: 0, refused: 0 }
    }

    /// Takes one step at the site and in the reference; both agree.
    fn step(&mut self, step: &Step) {
        let mut after = self.model.clone();
        let said = after.take(step);
        let mut w = Working::begin(self.site.clone(), at(after.now), Actor::User("lib".to_owned()));
        let answer = step.at(&mut w);
        match (&answer, said) {
            (Ok(()), Said::Yes | Said::Unsure) => {
                let finished = w.finish();
                if !finished.events.is_empty() || !finished.written.is_empty() {
                    self.group.push(Entry { records: finished.written, events: finished.events });
                }
                (self.site, self.model) = (finished.site, after);
                self.taken += 1;
            }
            (Err(_), Said::No | Said::Unsure) => self.refused += 1,
            (Ok(()), Said::No) => panic!("{step:?} is taken, and must not be: {:#?}", self.model),
            (Err(refusal), Said::Yes) => panic!("{step:?} is refused: {refusal}; {:#?}", self.model),
        }
        self.model.tidy();
        self.since.push((self.site.seq, self.model.clone()));
        self.compare(step);
    }

    /// What is open at the site is what is open in the reference.
    fn compare(&self, step: &Step) {
        let seen = seen(&self.site, &self.model);
        let differs = format!("after {step:?}");
        assert_eq!(seen.assets, self.model.assets, "{differs}");
        assert_eq!(seen.whole, self.model.whole, "{differs}");
        assert_eq!(seen.loans, self.model.loans, "{differs}");
        assert_eq!(seen.past, self.model.past, "{differs}");
        assert_eq!(seen.charges, self.model.charges, "{differs}");
        assert_eq!((seen.kept, seen.made), (self.model.kept.clone(), self.model.made), "{differs}");
    }

    /// Makes what was done durable; whether the disk took it.
    fn commit(&mut self) -> bool {
        let group = std::mem::take(&mut self.group);
        if !group.is_empty() && self.folder.commit(&group).is_err() {
            return false;
        }
        self.since.drain(..self.since.len() - 1);
        true
    }

    /// The power is cut: what is found afterwards is a state that was reached, and nothing that was acknowledged is gone.
    fn cut(self, disk: &Simulated, to: &Path, random: &mut Random) -> Self {
        disk.cut_power(to, random);
        let (taken, refused, since) = (self.taken, self.refused, self.since);
        drop(self.folder);
        let folder = open(to);
        let site = folder.load().unwrap();
        let reached = since.iter().rev().find(|(seq, _)| *seq == site.seq);
        let model = reached.unwrap_or_else(|| panic!("a state was found that never was: {} of {since:?}", site.seq)).1.clone();
        let trial = Self { since: vec![(site.seq, model.clone())], folder, site, model, group: Vec::new(), taken, refused };
        trial.compare(&Step::Wait(0));
        indexes(&trial.site, &trial.model);
        history(&trial.site);
        trial
    }
}

fn open(dir: &Path) -> Folder {
    let folder = Folder::open(dir).unwrap();
    folder.sign_with(signed::tests::signer());
    folder
}

#[test]
fn no_order_of_steps_and_no_power_cut_makes_an_illegal_state() {
    let asked = |name: &str| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    let (steps, seed) = (asked("ROLLCALL_LOAN_STEPS").unwrap_or(SHORT), asked("ROLLCALL_LOAN_SEED").unwrap_or_default());
    let scratch = tempfile::tempdir().unwrap();
    let mut random = Random(ORDER.wrapping_add(seed));
    let mut dir = scratch.path().join("0");
    let mut trial = Trial::begin(&dir);
    let (mut cuts, mut done) = (0_u64, 0_u64);
    while done < steps {
        let disk = Simulated::under(&dir);
        disk.fail_after(20 + random.below(800), 5, Broken::ForGood);
        loop {
            for _ in 0..=random.below(12) {
                let step = Step::any(&mut random, &trial.model);
                trial.step(&step);
                done += 1;
            }
            if !trial.commit() {
                break;
            }
            if random.below(200) == 0 && trial.folder.snapshot(&trial.site).is_err() {
                break;
            }
            if done >= steps {
                break;
            }
        }
        cuts += 1;
        let after = scratch.path().join(cuts.to_string());
        trial = trial.cut(&disk, &after, &mut random);
        drop(disk);
        std::fs::remove_dir_all(&dir).unwrap();
        dir = after;
    }
    println!("seed {seed}: {done} steps, {} taken, {} refused, {cuts} power cuts", trial.taken, trial.refused);
    assert!(trial.taken > done / 4 && trial.refused > done / 20 && cuts > 0);
}
