//! The simulator's own record of what a person must be told, and the comparison with what was told. It knows truths, hours and the promises
//! of Rollcall in words; of the site it reads the events alone.

use super::calendar::Expected;
use super::school::{Place, time};
use super::truth::{Fell, Silences};
use rollcall_site::event::Event;
use std::collections::BTreeMap;

/// Nobody is told of a silence before it has lasted so long: the rooms' settle time.
pub const SETTLE: i64 = 60;
/// What is due is done within this: the watch looks every half second.
const SLACK: i64 = 4;
/// An alert told three times within an hour stays open until it was quiet for a quarter.
const OFTEN: i64 = 3_600;
const QUIET: i64 = 900;
/// About the end of that quarter nobody can say.
const BLUR: i64 = 90;

/// What an alert is about: a machine's tag or a room, the rule, the subject.
pub type Matter = (String, String, String);

/// A time that something held, as the collector could know of it.
#[derive(Clone, Copy, Debug)]
pub struct Holds {
    /// It is known at the earliest and at the latest then.
    pub known: (i64, i64),
    pub to: i64,
    pub settle: (i64, i64),
}

/// A time in which nobody is told what falls due in it, and what it was.
#[derive(Clone, Copy, Debug)]
struct Hush {
    room: Option<usize>,
    from: i64,
    to: i64,
    /// It holds for what was known before.
    before: i64,
}

/// The record.
pub struct Judge {
    pub silences: Silences,
    held: BTreeMap<Matter, Vec<Holds>>,
    hushes: Vec<Hush>,
    rooms: BTreeMap<String, usize>,
}

/// What the year came to.
#[derive(Debug, Default)]
pub struct Verdict {
    pub told: usize,
    pub wanted: usize,
    pub open: usize,
    pub by_rule: BTreeMap<String, usize>,
    pub faults: Vec<String>,
}

impl Judge {
    pub fn new(places: &[Place], machines: &[(String, usize)], days: i64) -> Self {
        let mut rooms: BTreeMap<String, usize> = machines.iter().cloned().collect();
        rooms.extend(places.iter().enumerate().map(|(number, place)| (place.name.to_owned(), number)));
        let spans = places.iter().map(|place| place.expected.spans(days)).collect();
        let carts = places.iter().map(|place| place.expected == Expected::Never).collect();
        let heartbeats = places.iter().map(|place| place.heartbeat).collect();
        let silences = Silences::new(machines.to_vec(), spans, carts, heartbeats);
        Self { silences, held: BTreeMap::new(), hushes: Vec::new(), rooms }
    }

    /// A finding of a machine is known from now on, or no longer.
    pub fn set(&mut self, tag: &str, rule: &str, subject: &str, holds: bool, now: i64, settle: (i64, i64)) {
        let all = self.held.entry((tag.to_owned(), rule.to_owned(), subject.to_owned())).or_default();
        match all.last_mut().filter(|last| last.to == i64::MAX) {
            None if holds => all.push(Holds { known: (now, now), to: i64::MAX, settle }),
            Some(last) if !holds => last.to = now,
            _ => {}
        }
    }

    /// What falls due in this time is told at its end at the earliest, of a room or of all.
    pub fn hush(&mut self, room: Option<usize>, from: i64, to: i64) {
        self.hushes.push(Hush { room, from, to, before: to });
    }

    /// What was settling when the collector went on at `at` is told at `to` at the earliest.
    pub fn hold(&mut self, from: i64, at: i64, to: i64) {
        self.hushes.push(Hush { room: None, from, to, before: at });
    }

    /// The collector was down; whoever was here has until `grace` to come back.
    pub fn down(&mut self, from: i64, to: i64, grace: i64) {
        self.silences.down.push((from, to, to + grace));
        self.hold(from, to, to + grace);
    }

    /// When something that is due is told.
    fn put_off(&self, room: usize, known: i64, settle: i64) -> i64 {
        let mut due = known + settle;
        let holds = |hush: &&Hush| hush.room.is_none_or(|of| of == room) && known < hush.before;
        while let Some(hush) = self.hushes.iter().filter(holds).find(|hush| hush.from <= due && due < hush.to) {
            due = hush.to;
        }
        due
    }

    /// Compares the record with what people were told.
    pub fn close(mut self, events: &[Event], end: i64) -> Verdict {
        let fell: Vec<Fell> = self.silences.outages(|room, due| self.put_off(room, due, SETTLE));
        for (matter, holds) in self.silences.holds(&fell) {
            self.held.entry(matter).or_default().push(holds);
        }
        let mut told: BTreeMap<Matter, Vec<i64>> = BTreeMap::new();
        for event in events.iter().filter(|event| ["alert.raised", "alert.reopened"].contains(&&*event.kind)) {
            told.entry(matter(event)).or_default().push(event.at.as_second());
        }
        let mut verdict = Verdict { told: told.values().map(Vec::len).sum(), ..Verdict::default() };
        for (matter, times) in &told {
            *verdict.by_rule.entry(matter.1.clone()).or_default() += times.len();
        }
        for (matter, mut holds) in std::mem::take(&mut self.held) {
            holds.sort_by_key(|holds| holds.known);
            let left = told.entry(matter.clone()).or_default();
            self.compare(&matter, &holds, left, end, &mut verdict);
        }
        for (matter, times) in told {
            verdict.faults.extend(times.into_iter().map(|at| format!("{} false: {matter:?} was told", time(at))));
        }
        verdict.faults.sort();
        verdict
    }

    fn compare(&self, matter: &Matter, holds: &[Holds], told: &mut Vec<i64>, end: i64, verdict: &mut Verdict) {
        let room = self.rooms[&matter.0];
        let (mut times, mut quiet_until): (Vec<i64>, i64) = (Vec::new(), 0);
        for holds in holds {
            let earliest = self.put_off(room, holds.known.0, holds.settle.0);
            let latest = self.put_off(room, holds.known.1, holds.settle.1) + SLACK;
            let damped = holds.known.1 + BLUR < quiet_until;
            let (may, must) = (earliest <= holds.to && !damped, latest < holds.to.min(end) && holds.known.0 > quiet_until + BLUR);
            let at = told.iter().position(|at| may && (earliest..=latest).contains(at));
            verdict.wanted += usize::from(must);
            verdict.open += usize::from(may && !must && latest < end);
            match at {
                Some(at) => times.push(told.remove(at)),
                None if must => verdict.faults.push(format!("{} missed: {matter:?} until {}", time(earliest), time(latest))),
                None => {}
            }
            let flaps = times.len() >= 3 && holds.to.saturating_sub(times[times.len() - 3]) <= OFTEN;
            if flaps && (at.is_some() || holds.known.0 <= quiet_until + BLUR) {
                quiet_until = holds.to + QUIET;
            }
        }
    }
}

fn matter(event: &Event) -> Matter {
    let said = |name: &str| event.data.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let about = match (event.asset, &event.room) {
        (Some(_), _) => said("title").split(' ').next().unwrap_or_default().to_owned(),
        (None, room) => room.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    (about, said("rule"), said("subject"))
}
