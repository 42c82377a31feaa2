//! Keeps its own record of the week and judges the collector's by it: all along, after each start, and at the end.

use super::START_MS;
use super::machine::Machine;
use super::plan::{MINUTE, SECOND};
use super::school::School;
use rollcall_site::event::Event;
use rollcall_site::presence::Presence;
use rollcall_site::{AssetId, DeviceId};
use std::collections::BTreeMap;

/// A machine that has the network is here again so long after what kept it away: it calls once a minute at the latest.
const BACK: u64 = 70 * SECOND;
/// After a restart of a minute at most everybody is back within this.
const BACK_AFTER_RESTART: u64 = 30 * SECOND;
/// A machine that is gone without a word is silent so long after: two heartbeats of 10 s, a second, and a tick.
const SILENT: u64 = 23 * SECOND;
/// After a start of the collector whoever was here has this long to come back.
const GRACE: u64 = 62 * SECOND;
/// An alert is told when a silence has settled.
const SETTLE: u64 = 60 * SECOND;

/// How it is with a machine, as nobody but this test can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Switched on, with the network.
    Here,
    /// Off or cut off, without a goodbye that arrived.
    Silent,
    /// It said goodbye.
    Asleep,
    /// It was copied: a technician must decide.
    Gone,
    /// Its goodbye was heard by a collector that may have lost it.
    Unknown,
}

/// The record.
pub struct Judge {
    /// By machine: since when what is so.
    truths: Vec<Vec<(u64, Truth)>>,
    disturbed: Vec<u64>,
    expected: Vec<(usize, String)>,
    known: Vec<bool>,
    up_since: Option<u64>,
    down: Vec<(u64, u64)>,
    seq: u64,
    looks: u64,
}

impl Judge {
    pub fn new(machines: usize) -> Self {
        Self {
            truths: vec![vec![(0, Truth::Unknown)]; machines],
            disturbed: vec![0; machines],
            expected: Vec::new(),
            known: vec![false; machines],
            up_since: Some(0),
            down: Vec::new(),
            seq: 0,
            looks: 0,
        }
    }

    pub fn add(&mut self, truth: Truth) {
        self.truths.push(vec![(0, truth)]);
        self.disturbed.push(0);
        self.known.push(false);
    }

    pub fn truth(&self, machine: usize) -> Truth {
        self.truths[machine].last().unwrap().1
    }

    /// From now on it is so; who is gone stays gone.
    pub fn set(&mut self, machine: usize, truth: Truth, now: u64) {
        if self.truth(machine) != Truth::Gone {
            self.truths[machine].push((now, truth));
        }
    }

    /// Nothing is otherwise, and the machine must come back.
    pub fn disturb(&mut self, machine: usize, now: u64) {
        self.disturbed[machine] = now;
    }

    /// Whether a machine's first inventory is durable: what changes from now on is a change.
    pub fn is_known(&mut self, machine: usize, school: &mut School, pc: &Machine) -> bool {
        let doomed = school.is_doomed();
        let view = school.door().map(|door| door.keeper().view());
        let known = view.is_some_and(|view| view.profiles.contains_key(&pc.device)) && !doomed && self.truth(machine) != Truth::Gone;
        self.known[machine] |= known;
        self.known[machine] && self.truth(machine) != Truth::Gone
    }

    /// It must stand in the timeline once.
    pub fn expect(&mut self, machine: usize, title: String) {
        self.expected.push((machine, title));
    }

    /// The collector has ended; up to event `seq` everything was said to somebody, or might have been.
    pub fn ended(&mut self, now: u64, seq: u64, machines: &[Machine]) {
        (self.up_since, self.seq) = (None, seq);
        self.down.push((now, u64::MAX));
        assert!(machines.len() >= self.known.len());
    }

    /// The collector has started: nothing that was acknowledged is lost.
    pub fn started(&mut self, now: u64, school: &mut School, machines: &[Machine]) {
        self.up_since = Some(now);
        self.down.last_mut().unwrap().1 = now;
        let view = school.door().unwrap().keeper().view();
        assert!(view.seq >= self.seq, "event {} was committed, and the ledger ends with {}", self.seq, view.seq);
        for machine in machines {
            let record = view.devices.get(&machine.device).unwrap();
            let (session, up_to) = &machine.acknowledged;
            if record.session != *session || record.acknowledged >= *up_to {
                continue;
            }
            // What said nothing new was acknowledged without a write.
            let profile = view.profiles.get(&machine.device);
            for (name, digest) in &machine.told {
                let held = profile.and_then(|profile| profile.sections.get(name)).and_then(|held| held.digest);
                assert_eq!(held, Some(*digest), "{}: {name} up to {up_to} was acknowledged, {} is held", machine.tag, record.acknowledged);
            }
        }
    }

    /// What the pages show is what is so, as soon as it was promised.
    pub fn look(&mut self, now: u64, school: &mut School, machines: &[Machine]) {
        let (Some(up), false) = (self.up_since, school.is_doomed()) else { return };
        let short = self.down.last().is_none_or(|(from, to)| to - from < 60 * SECOND);
        let door = school.door().unwrap();
        let view = door.keeper().view();
        let shown = door.presences(&machines.iter().map(|machine| machine.device).collect::<Vec<_>>());
        for ((number, machine), shown) in machines.iter().enumerate().zip(shown) {
            let (since, truth) = *self.truths[number].last().unwrap();
            let since = since.max(self.disturbed[number]);
            let (want, within) = match truth {
                Truth::Here if since < up && short && since + BACK < self.down.last().map_or(0, |(from, _)| *from) => {
                    (Presence::Here, BACK_AFTER_RESTART)
                }
                Truth::Here => (Presence::Here, BACK),
                Truth::Silent => (Presence::Silent, if up > since || now - up < GRACE { GRACE + SILENT } else { SILENT }),
                Truth::Asleep => (Presence::Asleep, 2 * SECOND),
                Truth::Gone | Truth::Unknown => continue,
            };
            if now < since.max(up) + within {
                continue;
            }
            // A machine that was never here can't fall silent.
            let never = truth == Truth::Silent && !view.profiles.contains_key(&machine.device);
            self.looks += 1;
            assert!(
                shown == Some(want)
                    || never
                    || (truth == Truth::Silent && shown == Some(Presence::Asleep) && self.was_asleep(number, since)),
                "{} at {}: it is {truth:?} since {} s, and {shown:?} is shown",
                machine.tag,
                self.time(now),
                (now - since) / SECOND
            );
        }
    }

    /// Whether it was asleep until `since`: whoever wakes up without the network is still asleep for everybody else.
    fn was_asleep(&self, machine: usize, since: u64) -> bool {
        let before = self.truths[machine].iter().rev().filter(|(at, _)| *at <= since).map(|(_, truth)| *truth);
        before
            .skip_while(|truth| *truth == Truth::Silent)
            .take(2)
            .any(|truth| matches!(truth, Truth::Asleep | Truth::Unknown | Truth::Here))
    }

    /// The end: every change once, no alert for nothing, everything told. Gives what the week was, in words.
    pub fn close(&mut self, school: &mut School, machines: &[Machine]) -> String {
        let events = school.events();
        let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "the events are numbered without a gap");
        let assets: BTreeMap<DeviceId, AssetId> = {
            let view = school.door().unwrap().keeper().view();
            view.devices.values().map(|device| (device.id, device.asset)).collect()
        };
        self.every_change_once(&events, machines, &assets);
        let silences = self.alerts(&events, machines, &assets);
        self.told_everything(school, machines);
        let once = |rule: &str| events.iter().filter(|event| event.kind == "alert.raised" && event.data["rule"] == rule).count();
        assert_eq!((once("clock-skewed"), once("identity-cloned")), (1, 1));
        format!(
            "{} events, {} changes, {silences} silences told, {} ends of the collector, {} looks",
            events.len(),
            self.expected.len(),
            self.down.len(),
            self.looks
        )
    }

    fn every_change_once(&self, events: &[Event], machines: &[Machine], assets: &BTreeMap<DeviceId, AssetId>) {
        for (machine, title) in &self.expected {
            if self.truth(*machine) == Truth::Gone {
                continue;
            }
            let asset = assets[&machines[*machine].device];
            let sentence = format!("{title} 1.0 installed");
            let is_it = |event: &&Event| event.text.split([':', ';', '(']).any(|part| part.trim() == sentence);
            let told: Vec<&Event> = events.iter().filter(is_it).collect();
            assert_eq!(told.len(), 1, "{}: {sentence}: {told:#?}", machines[*machine].tag);
            assert!(told[0].asset == Some(asset) && told[0].kind == "section.changed");
        }
    }

    /// Whoever was told of as silent was so; gives how many. And whoever was so for long was told of.
    fn alerts(&self, events: &[Event], machines: &[Machine], assets: &BTreeMap<DeviceId, AssetId>) -> usize {
        let raised = events
            .iter()
            .filter(|event| ["alert.raised", "alert.reopened"].contains(&event.kind.as_str()) && event.data["rule"] == "machine-silent");
        let raised: Vec<(u64, Option<AssetId>)> = raised.map(|event| (at(event), event.asset)).collect();
        for (number, machine) in machines.iter().enumerate().filter(|(number, _)| self.truth(*number) != Truth::Gone) {
            let asset = assets[&machine.device];
            let own: Vec<u64> = raised.iter().filter(|(_, told)| *told == Some(asset)).map(|(at, _)| *at).collect();
            for at in &own {
                let silent = self
                    .spans(number)
                    .any(|(from, to, truth)| matches!(truth, Truth::Silent | Truth::Unknown) && from + SETTLE <= *at && *at <= to + BACK);
                assert!(silent, "{} was told of as silent at {}: {}", machine.tag, self.time(*at), self.around(number, asset, *at, events));
            }
            for (from, _, truth) in self.spans(number).filter(|(from, to, truth)| *truth == Truth::Silent && to - from > 10 * MINUTE) {
                let was_here = self.truths[number].iter().any(|(at, truth)| *truth == Truth::Here && at + BACK < from);
                let was_up = self.down.iter().all(|(down, up)| *up + 2 * MINUTE < from || *down > from + 5 * MINUTE);
                if was_here && was_up && !self.was_asleep(number, from) {
                    let told = own.iter().any(|at| (from..=from + 3 * MINUTE).contains(at));
                    assert!(told, "{} was {truth:?} from {} on, and nobody was told", machine.tag, self.time(from));
                }
            }
        }
        raised.len()
    }

    /// What was told of a machine up to then, and what was so.
    fn around(&self, number: usize, asset: AssetId, until: u64, events: &[Event]) -> String {
        let told = events.iter().filter(|event| event.asset == Some(asset) && at(event) <= until);
        let told: Vec<String> = told.map(|event| format!("{} {}", self.time(at(event)), event.text)).collect();
        let last = &told[told.len().saturating_sub(8)..];
        let truths: Vec<String> = self.truths[number].iter().map(|(at, truth)| format!("{} {truth:?}", self.time(*at))).collect();
        let down: Vec<String> = self.down.iter().map(|(from, to)| format!("{}-{}", self.time(*from), self.time(*to))).collect();
        format!("{last:#?}; truly {truths:#?}; down {down:#?}")
    }

    fn spans(&self, machine: usize) -> impl Iterator<Item = (u64, u64, Truth)> + '_ {
        let truths = &self.truths[machine];
        truths.iter().enumerate().map(|(n, (from, truth))| (*from, truths.get(n + 1).map_or(u64::MAX / 2, |(to, _)| *to), *truth))
    }

    /// Whoever is here has nothing left to tell, and is known as it is.
    fn told_everything(&self, school: &mut School, machines: &[Machine]) {
        let view = school.door().unwrap().keeper().view();
        for (number, machine) in machines.iter().enumerate().filter(|(number, _)| self.truth(*number) == Truth::Here) {
            let held = view.profiles.get(&machine.device).and_then(|profile| profile.sections["software"].digest);
            assert_eq!(machine.waiting(), 0, "{} of {number}", machine.tag);
            assert_eq!(held, Some(machine.software()), "{}", machine.tag);
        }
    }

    fn time(&self, at: u64) -> String {
        let (minutes, days) = (at / MINUTE, ["Mon", "Tue", "Wed", "Thu", "Fri"]);
        let day = days.get((minutes / 1440) as usize).unwrap_or(&"later");
        format!("{day} {:02}:{:02}:{:02}", minutes / 60 % 24 + 5, minutes % 60, at / SECOND % 60)
    }
}

/// When an event was, milliseconds of the week.
fn at(event: &Event) -> u64 {
    (event.at.as_millisecond() - START_MS) as u64
}
