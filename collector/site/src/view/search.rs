//! Finds by a piece of text what is no device: rooms, software titles, people.

use super::holds;
use super::software::with_list;
use crate::Site;
use crate::person::Person;
use crate::room::Room;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Packages that are looked at for one search: every list of a district's school, and a second of one processor at most.
const MOST_PACKAGES: usize = 5_000_000;

/// What was found of one kind: the best of it, and how many there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Hits<T> {
    /// The best, in the order of their names; what is called exactly so comes first, then what begins so.
    pub shown: Vec<T>,
    /// How many were found.
    pub all: usize,
}

/// A software title that is installed somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleHit {
    /// Its name.
    pub title: String,
    /// Machines that have it.
    pub devices: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Rooms by name.
    pub rooms: Hits<Arc<Room>>,
    /// Titles by name.
    pub titles: Hits<TitleHit>,
    /// Whether every list of software was looked through.
    pub all_titles: bool,
    /// People by name and id.
    pub people: Hits<Arc<Person>>,
}

/// Rooms, titles and people whose name contains `text`, without regard to case; at most `most` of each are named.
pub fn search(site: &Site, text: &str, most: usize) -> Found {
    let text = text.trim().to_lowercase();
    let rooms = site.rooms.values().filter(|room| holds(room.id.as_str(), &text)).cloned();
    let people = site.persons.values().filter(|person| holds(&person.name, &text) || holds(person.id.as_str(), &text)).cloned();
    let (titles, all_titles) = titles(site, &text);
    Found {
        rooms: best(rooms.collect(), &text, most, |room| room.id.as_str()),
        titles: best(titles, &text, most, |hit| &hit.title),
        all_titles,
        people: best(people.collect(), &text, most, |person| &person.name),
    }
}

fn best<T>(mut found: Vec<T>, text: &str, most: usize, name: impl Fn(&T) -> &str) -> Hits<T> {
    found.sort_by_cached_key(|hit| {
        let name = name(hit).to_lowercase();
        (name != text, !name.starts_with(text), name)
    });
    let all = found.len();
    found.truncate(most);
    Hits { shown: found, all }
}

/// The titles that contain a text in small letters; and whether every list was looked through.
fn titles(site: &Site, text: &str) -> (Vec<TitleHit>, bool) {
    let marks = site.packages().marked("", |name| holds(name, text), |_| true);
    let (mut found, mut looked) = (BTreeMap::<&str, usize>::new(), 0);
    // Thirty identical PCs share one list: it is looked through once.
    for (digest, list) in site.lists() {
        let devices = with_list(site, digest).count();
        if devices == 0 {
            continue;
        }
        looked += list.count();
        if looked > MOST_PACKAGES {
            break;
        }
        // A title of two architectures is one.
        let names: HashSet<&str> = list.marked(site.packages(), &marks).map(|package| package.name).collect();
        names.into_iter().for_each(|name| *found.entry(name).or_default() += devices);
    }
    let hits = found.into_iter().map(|(title, devices)| TitleHit { title: title.to_owned(), devices });
    (hits.collect(), looked <= MOST_PACKAGES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Actor;
    use crate::room::{self, RoomFacts};
    use crate::{PersonId, RoomId, Working, person};

    #[test]
    fn what_fits_best_comes_first_and_the_rest_is_counted() {
        let mut w = Working::begin(Site::default(), jiff::Timestamp::UNIX_EPOCH, Actor::Rollcall);
        for name in ["Library", "Old lab", "Lab 2", "Lab", "Office"] {
            room::add(&mut w, RoomId::parse(name).unwrap(), RoomFacts::default()).unwrap();
        }
        let people = [("1", "Élan Labrie"), ("2", "Bo Lind"), ("LAB-9", "Cy Moe")];
        person::import(&mut w, people.map(|(id, name)| (PersonId::parse(id).unwrap(), name.to_owned())).to_vec());
        let site = w.finish().site;
        let check = |text: &str, most: usize, rooms: &[&str], all: usize, people: &[&str]| {
            let found = search(&site, text, most);
            assert_eq!(found.rooms.shown.iter().map(|room| room.id.as_str()).collect::<Vec<_>>(), rooms, "{text}");
            assert_eq!(found.people.shown.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), people, "{text}");
            assert_eq!((found.rooms.all, found.titles.all, found.all_titles), (all, 0, true), "{text}");
        };
        check(" LAB ", 2, &["Lab", "Lab 2"], 3, &["Cy Moe", "Élan Labrie"]);
        check("éLAN", 5, &[], 0, &["Élan Labrie"]);
        check("", 5, &[], 0, &[]);
        check("nobody", 5, &[], 0, &[]);
    }
}
