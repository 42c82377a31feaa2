//! Random deliveries against a small model: nobody is lost, nobody is invented, and what is lent stays with whom it was lent to.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What may happen.
#[derive(Clone, Debug)]
enum Op {
    /// A full roster of these people.
    Bulk(Vec<u8>),
    /// These come or change, those go.
    Delta(Vec<u8>, Vec<u8>),
    /// Somebody gets another card.
    Card(u8),
    /// Somebody is called otherwise.
    Name(u8),
    /// Somebody is added at the desk, under the number that their card will have.
    Provisional(u8),
    /// Something is lent to whoever it is.
    Lend(u8),
    /// A row that can't be used comes with a full roster of these people.
    Broken(Vec<u8>, u8),
}

/// What the student information system knows of somebody, and what the school must.
#[derive(Clone, Debug, Default)]
struct Model {
    card: BTreeMap<u8, u32>,
    name: BTreeMap<u8, u32>,
    /// Who is known, and whether they are here.
    known: BTreeMap<u8, bool>,
    /// Who was added at the desk and is in no roster yet.
    provisional: BTreeMap<u8, ()>,
    /// What everybody has.
    has: BTreeMap<u8, usize>,
}

impl Model {
    fn card(&self, who: u8) -> String {
        format!("{who}-{}", self.card.get(&who).unwrap_or(&0))
    }

    fn row(&self, who: u8) -> UserRow {
        user(&format!("s{who}"), &self.card(who), &format!("Name {who} {}", self.name.get(&who).unwrap_or(&0)))
    }

    fn come(&mut self, who: u8) {
        self.known.insert(who, true);
        self.provisional.remove(&who);
    }
}

fn some() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::btree_set(0_u8..24, 0..24).prop_map(|set| set.into_iter().collect())
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => some().prop_map(Op::Bulk),
        3 => (some(), some()).prop_map(|(come, go)| Op::Delta(come, go)),
        1 => (0_u8..24).prop_map(Op::Card),
        1 => (0_u8..24).prop_map(Op::Name),
        1 => (0_u8..24).prop_map(Op::Provisional),
        2 => (0_u8..24).prop_map(Op::Lend),
        1 => (some(), 0_u8..24).prop_map(|(all, broken)| Op::Broken(all, broken)),
    ]
}

fn run(ops: &[Op]) {
    let (mut school, mut model, mut number) = (School::new(), Model::default(), 0);
    let terms = Terms { leaving: Guard::Off, cards: Guard::Off, card: Some(CardSource::Identifier), ..Terms::default() };
    for op in ops {
        match op {
            Op::Bulk(all) => {
                school.take(&bulk(all.iter().map(|who| model.row(*who)).collect()), &terms);
                model.known.values_mut().for_each(|here| *here = false);
                all.iter().for_each(|who| model.come(*who));
            }
            Op::Broken(all, broken) => {
                let rows = all.iter().filter(|who| *who != broken).map(|who| model.row(*who)).collect();
                school.take(&Delivery { unread: [format!("s{broken}")].into(), ..bulk(rows) }, &terms);
                let before = model.known.get(broken).copied();
                model.known.values_mut().for_each(|here| *here = false);
                all.iter().filter(|who| *who != broken).for_each(|who| model.come(*who));
                before.map(|here| model.known.insert(*broken, here));
            }
            Op::Delta(come, go) => {
                let go: Vec<&u8> = go.iter().filter(|who| !come.contains(who)).collect();
                let rows = come.iter().map(|who| model.row(*who)).chain(go.iter().map(|who| gone(&format!("s{who}")))).collect();
                school.take(&delta(rows), &terms);
                for who in go {
                    if let Some(here) = model.known.get_mut(who) {
                        *here = false;
                    }
                }
                come.iter().for_each(|who| model.come(*who));
            }
            Op::Card(who) => {
                // Who waits for the roster under a number keeps it: it is the number of the card that they will get.
                if !model.provisional.contains_key(who) {
                    *model.card.entry(*who).or_default() += 1;
                }
            }
            Op::Name(who) => *model.name.entry(*who).or_default() += 1,
            Op::Provisional(who) => {
                let new = NewPerson { name: Some("Somebody".into()), ..NewPerson::default() };
                let is_new = !model.known.contains_key(who) && !model.provisional.contains_key(who);
                let added = school.change(|w| person::add(w, id(&model.card(*who)), new).is_ok());
                if is_new {
                    assert!(added);
                    model.provisional.insert(*who, ());
                } else if added {
                    // Their card has a new number that the roster has not said yet: two ids, until it does.
                    model.provisional.insert(*who, ());
                }
            }
            Op::Lend(who) => {
                let known = school.0.person_of_source(&format!("s{who}")).map(|person| person.id.to_string());
                let Some(card) = known.or_else(|| model.provisional.contains_key(who).then(|| model.card(*who))) else { continue };
                number += 1;
                school.lend(number, &card);
                *model.has.entry(*who).or_default() += 1;
            }
        }
        agree(&school, &model);
    }
}

#[track_caller]
fn agree(school: &School, model: &Model) {
    for (who, here) in &model.known {
        let person = school.0.person_of_source(&format!("s{who}")).unwrap_or_else(|| panic!("{who} is lost"));
        assert_eq!(person.left_at().is_none(), *here, "{who}: {person:?}");
    }
    let has = |person: &PersonId| person::has(&school.0, person).len();
    for who in model.known.keys().chain(model.provisional.keys()) {
        let known = school.0.person_of_source(&format!("s{who}")).map_or(0, |person| has(&person.id));
        let waits = if model.provisional.contains_key(who) { has(&id(&model.card(*who))) } else { 0 };
        let together = if school.0.person_of_source(&format!("s{who}")).is_some_and(|person| person.id == id(&model.card(*who))) {
            known
        } else {
            known + waits
        };
        assert_eq!(together, model.has.get(who).copied().unwrap_or(0), "what {who} has");
    }
    assert_eq!(school.0.persons.len(), model.known.len() + model.provisional.len(), "somebody is invented or lost: {:?}", school.0.persons);
    assert_eq!(school.0.by_source.len(), model.known.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn nobody_is_lost_and_nobody_is_invented(ops in proptest::collection::vec(op(), 1..25)) {
        run(&ops);
    }
}
