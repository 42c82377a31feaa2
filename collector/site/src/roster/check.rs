//! What does not agree between the roster, the people and what they have.

use super::settings::settings;
use crate::person::{Person, Standing, has};
use crate::words::count;
use crate::{PersonId, Site, Tag, charge};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discrepancy {
    /// What kind.
    pub doubt: Doubt,
    /// Who, by id.
    pub people: Vec<PersonId>,
    /// What they have, by tag.
    pub has: Vec<Tag>,
    /// In words, without names.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

/// Kinds of what does not agree, the most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// Somebody left the school and still has something.
    LeftWithThings,
    /// Something is lent to somebody whom nobody knows.
    UnknownBorrower,
    /// Two people have the same mail address.
    SameMail,
    /// Two people have the same name and grade.
    SameName,
    /// Somebody was added at the desk, and no roster knows them yet.
    Provisional,
    /// Somebody came from a file, and the roster does not know them.
    NotInRoster,
    /// Somebody left long ago, and nothing is open.
    ToForget,
}

impl Doubt {
    /// As a heading.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LeftWithThings => "left with equipment",
            Self::UnknownBorrower => "unknown borrower",
            Self::SameMail => "same mail",
            Self::SameName => "same name",
            Self::Provisional => "provisional",
            Self::NotInRoster => "not in the roster",
            Self::ToForget => "to be forgotten",
        }
    }
}

/// Everything that does not agree, the most pressing first.
pub fn discrepancies(site: &Site, now: Timestamp) -> Vec<Discrepancy> {
    let mut found: Vec<Discrepancy> = Vec::new();
    found.extend(site.persons.values().filter_map(|person| left_with_things(site, person)));
    found.extend(unknown(site));
    found.extend(alike(site));
    let names = names(site);
    found.extend(site.persons.values().filter_map(|person| without_roster(site, person, &names)));
    found.extend(to_forget(site, now).into_iter().map(|person| Discrepancy {
        text: format!("left more than {} ago, has nothing and owes nothing", count(settings(site).kept_days(), "day", "days")),
        remedy: "`rollcall roster forget-left` forgets all of these for good.".to_owned(),
        since: person.left_at(),
        ..of(Doubt::ToForget, &[&person.id])
    }));
    found.sort_by(|a, b| a.doubt.cmp(&b.doubt).then_with(|| a.since.cmp(&b.since)).then_with(|| a.people.cmp(&b.people)));
    found
}

fn of(doubt: Doubt, people: &[&PersonId]) -> Discrepancy {
    let people = people.iter().map(|id| (*id).clone()).collect();
    Discrepancy { doubt, people, has: Vec::new(), text: String::new(), remedy: String::new(), since: None }
}

fn left_with_things(site: &Site, person: &Person) -> Option<Discrepancy> {
    let since = person.left_at()?;
    let has = has(site, &person.id);
    let text = format!("left the school and still has {}", count(has.len(), "thing", "things"));
    let remedy = "Ask for it back, by mail or through the office; then `rollcall loan in TAG`.".to_owned();
    (!has.is_empty()).then(|| Discrepancy { has, text, remedy, since: Some(since), ..of(Doubt::LeftWithThings, &[&person.id]) })
}

fn unknown(site: &Site) -> impl Iterator<Item = Discrepancy> {
    let strangers = site.held_loans.iter().filter(|(person, _)| !site.persons.contains_key(person));
    let loans = strangers.filter_map(|(_, loan)| site.loans.get(loan));
    loans.map(|loan| Discrepancy {
        has: site.assets.get(&loan.asset).map(|asset| asset.tag.clone()).into_iter().collect(),
        text: "has something, and nobody of this id is known".to_owned(),
        remedy: format!("Find out whose card it is: `rollcall person add {} NAME`, then merge them.", loan.person),
        since: Some(loan.out_at),
        ..of(Doubt::UnknownBorrower, &[&loan.person])
    })
}

/// Two people of the school who look like one.
fn alike(site: &Site) -> Vec<Discrepancy> {
    let mut by_mail: BTreeMap<String, Vec<&PersonId>> = BTreeMap::new();
    let mut by_name: BTreeMap<(String, &str), Vec<&PersonId>> = BTreeMap::new();
    for person in site.persons.values().filter(|person| person.left_at().is_none()) {
        if !person.mail.is_empty() {
            by_mail.entry(person.mail.to_lowercase()).or_default().push(&person.id);
        }
        if person.standing != Standing::Provisional {
            by_name.entry((person.name.to_lowercase(), &person.grade)).or_default().push(&person.id);
        }
    }
    let remedy = "One human being: merge them, or mend it in the student information system. Two: all is well.";
    let found = |doubt, text: &str, people: &Vec<&PersonId>| {
        (people.len() > 1).then(|| Discrepancy { text: text.to_owned(), remedy: remedy.to_owned(), ..of(doubt, people) })
    };
    let mails = by_mail.values().filter_map(|people| found(Doubt::SameMail, "have the same mail address", people));
    mails.chain(by_name.values().filter_map(|people| found(Doubt::SameName, "have the same name and grade", people))).collect()
}

/// People of the roster by name, where there is somebody to compare with.
type Names<'a> = HashMap<String, Vec<&'a PersonId>>;

fn names(site: &Site) -> Names<'_> {
    let mut names = Names::new();
    if site.persons.values().any(|person| person.standing == Standing::Provisional) {
        for person in site.persons.values().filter(|person| !person.source.is_empty() && person.left_at().is_none()) {
            names.entry(person.name.to_lowercase()).or_default().push(&person.id);
        }
    }
    names
}

fn without_roster(site: &Site, person: &Person, names: &Names<'_>) -> Option<Discrepancy> {
    match person.standing {
        Standing::Provisional => Some(provisional(site, person, names)),
        Standing::Enrolled if !person.source.is_empty() || settings(site).last.is_none() => None,
        Standing::Enrolled => Some(Discrepancy {
            has: has(site, &person.id),
            text: "came from a file, and the roster does not know them".to_owned(),
            remedy: format!("Merge them with who they are in the roster: `rollcall person merge {} ID`; or forget them.", person.id),
            ..of(Doubt::NotInRoster, &[&person.id])
        }),
        Standing::Left(_) => None,
    }
}

fn provisional(site: &Site, person: &Person, names: &Names<'_>) -> Discrepancy {
    let maybe: Vec<&PersonId> = names.get(&person.name.to_lowercase()).into_iter().flatten().copied().take(3).collect();
    let (text, into) = match maybe.first() {
        Some(first) => ("was added at the desk; somebody of the roster has the same name".to_owned(), first.to_string()),
        None => ("was added at the desk, and no roster knows them yet".to_owned(), "ID".to_owned()),
    };
    let people: Vec<&PersonId> = std::iter::once(&person.id).chain(maybe).collect();
    let remedy = format!("When the roster has them: `rollcall person merge {} {into}`.", person.id);
    Discrepancy { has: has(site, &person.id), text, remedy, ..of(Doubt::Provisional, &people) }
}

/// Who left so long ago that nobody needs them any more, has nothing and owes nothing.
pub fn to_forget(site: &Site, now: Timestamp) -> Vec<Arc<Person>> {
    let kept = SignedDuration::from_hours(24 * i64::from(settings(site).kept_days()));
    let is_over = |person: &&Arc<Person>| person.left_at().is_some_and(|at| now.duration_since(at) >= kept);
    let is_free = |person: &&Arc<Person>| site.held_by(&person.id).next().is_none() && charge::open_of(site, &person.id).next().is_none();
    site.persons.values().filter(is_over).filter(is_free).cloned().collect()
}
