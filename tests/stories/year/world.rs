//! What happens, in the order in which it happens: machines that start, stop, sleep and lose their network, and the collector between.

use super::calendar::{FIRST, begins};
use super::judge::{Judge, Verdict};
use super::machine::Machine;
use super::plan::Act;
use super::school::{Place, School};
use rollcall_site::attend::Goodbye;
use rollcall_site::room::RoomKind;
use rollcall_tests::fuzz::Random;
use std::collections::BTreeMap;

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// After a start of the collector whoever was here has this long to come back.
const GRACE: i64 = 60;
/// After a pause, whoever lost its connection in it.
const BACK: i64 = 30;
/// How often everything is judged anew, seconds: the collector does so every ten minutes.
pub const ROUND: i64 = HOUR;

/// What is to happen.
#[derive(Clone, Debug)]
pub enum Happening {
    Act(Act),
    /// The agent tries to connect.
    Call(usize),
    /// The collector gives up a stream that was heard last then.
    Lost(usize, u64, i64),
    /// A goodbye that waited in a connection is read.
    Goodbye(usize, u64, Goodbye),
    /// The agent reads its machine's health, of this start.
    Health(usize, u64),
    /// A restart that was needed since this start is overdue.
    Overdue(usize, u64),
    /// A finding passes with time.
    Over(usize, &'static str),
    /// Some of its crashes are a day old.
    Calm(usize),
    Grace(Vec<usize>),
    Round,
    Day(i64),
}

pub struct World {
    pub now: i64,
    pub places: Vec<Place>,
    pub machines: Vec<Machine>,
    pub school: School,
    pub judge: Judge,
    pub random: Random,
    pub dark: Vec<bool>,
    pub is_down: bool,
    pub paused: Option<i64>,
    pauses: Vec<(i64, i64)>,
    to_come: BTreeMap<(i64, u64), Happening>,
    order: u64,
    days: i64,
}

impl World {
    pub fn new(seed: u64, places: Vec<Place>, days: i64) -> Self {
        let mut machines = Vec::new();
        for (room, place) in places.iter().enumerate() {
            for seat in 0..place.machines {
                machines.push(Machine::new(machines.len(), room, place, seat + 1));
            }
        }
        let now = begins(FIRST, 0);
        let named: Vec<_> = machines.iter().map(|machine| (machine.tag.clone(), machine.room)).collect();
        let mut judge = Judge::new(&places, &named, days);
        places.iter().enumerate().for_each(|(number, place)| judge.silences.name(number, place.name));
        let school = School::found(now, &places, &machines);
        let (dark, random) = (vec![false; places.len()], Random::new(seed));
        let mut world = Self {
            now,
            places,
            machines,
            school,
            judge,
            random,
            dark,
            is_down: false,
            paused: None,
            pauses: Vec::new(),
            to_come: BTreeMap::new(),
            order: 0,
            days,
        };
        world.set_up();
        world.at(now + 10, Happening::Day(0));
        world.at(now + ROUND, Happening::Round);
        world
    }

    /// Lives the year, and says what it came to.
    pub fn live(mut self) -> (Verdict, u64) {
        let end = begins(super::calendar::day(self.days), 0);
        while let Some(((at, _), happening)) = self.to_come.pop_first() {
            self.watch(at.min(end));
            if at > end {
                break;
            }
            self.now = at;
            self.happen(at, happening);
        }
        (self.judge.close(&self.school.events, end), self.school.changes)
    }

    pub fn at(&mut self, at: i64, happening: Happening) {
        self.order += 1;
        self.to_come.insert((at.max(self.now), self.order), happening);
    }

    pub fn below(&mut self, limit: i64) -> i64 {
        self.random.below(limit as u64) as i64
    }

    /// The collector does what is due before `until`, if it runs.
    fn watch(&mut self, until: i64) {
        while !self.is_down && self.paused.is_none() {
            let Some(due) = self.school.next_due().map(|due| due.max(self.now)).filter(|due| *due < until) else { return };
            self.school.tick(due);
        }
    }

    fn happen(&mut self, at: i64, happening: Happening) {
        match happening {
            Happening::Act(act) => self.act(act),
            Happening::Call(machine) => self.call(machine),
            Happening::Lost(machine, line, heard) => self.lost(at, machine, line, heard),
            Happening::Goodbye(machine, line, why) => {
                if self.machines[machine].line == Some(line) {
                    self.machines[machine].line = None;
                    self.school.goodbye(self.now, &self.machines[machine], why);
                }
            }
            Happening::Health(machine, boot) => self.health(machine, boot),
            Happening::Overdue(number, boot) => {
                let machine = &self.machines[number];
                if machine.boot == boot && machine.on && machine.restart_needed {
                    self.judge.set(&machine.tag, "restart-pending", "", true, self.now, (0, ROUND + 1));
                }
            }
            Happening::Over(machine, rule) => self.judge.set(&self.machines[machine].tag, rule, "", false, self.now, (0, 0)),
            Happening::Calm(number) => {
                let machine = &self.machines[number];
                let holds = machine.restarts_again_and_again(self.now);
                self.judge.set(&machine.tag, "restart-loop", "", holds, self.now, (0, 0));
            }
            Happening::Grace(machines) => {
                let lost: Vec<_> = machines.into_iter().filter(|number| self.machines[*number].line.is_none()).collect();
                let fell = lost
                    .iter()
                    .map(|number| &self.machines[*number])
                    .filter(|machine| self.school.is_here(machine))
                    .cloned()
                    .collect::<Vec<_>>();
                self.school.silent(self.now, fell.iter().map(|machine| (machine, machine.broke_at.unwrap_or(self.now - GRACE))).collect());
            }
            Happening::Round => {
                if !self.is_down && self.paused.is_none() {
                    self.school.round(self.now);
                }
                self.at(self.now + ROUND, Happening::Round);
            }
            Happening::Day(day) => {
                self.at(begins(super::calendar::day(day + 1), 1), Happening::Day(day + 1));
                self.day(day);
            }
        }
    }

    pub fn is_reachable(&self, number: usize) -> bool {
        let machine = &self.machines[number];
        machine.works() && machine.cabled && (machine.lent || !self.dark[machine.room])
    }

    fn call(&mut self, number: usize) {
        if !self.is_reachable(number) || self.is_down || self.machines[number].line.is_some() && self.machines[number].cut.is_none() {
            return;
        }
        if let Some(until) = self.paused {
            return self.at(until + 1, Happening::Call(number));
        }
        self.order += 1;
        let (now, line) = (self.now, self.order);
        let restored = self.places[self.machines[number].room].restored;
        let machine = &mut self.machines[number];
        (machine.line, machine.cut) = (Some(line), None);
        self.school.hello(now, machine);
        if restored && machine.frozen.is_none() {
            machine.frozen = Some(machine.nonce.clone());
        }
        let skewed = machine.off.abs() > 300;
        self.judge.set(&machine.tag, "clock-skewed", "", skewed, now, (60, 60));
        let sections = machine.sections();
        self.school.report(now, machine, sections, true);
        self.judge.silences.here(number, now);
        self.shown(number);
        self.read_health(number);
    }

    /// A machine tells what has changed, if it is connected; otherwise it does when it comes back.
    pub fn report(&mut self, number: usize) {
        if self.machines[number].line.is_some() && self.is_reachable(number) && self.paused.is_none() {
            let sections = self.machines[number].sections();
            self.school.report(self.now, &mut self.machines[number], sections, false);
            self.shown(number);
        }
    }

    /// The collector knows now what is so of a machine: the record says what of it people must be told.
    fn shown(&mut self, number: usize) {
        let (now, machine) = (self.now, &self.machines[number]);
        let is_lab = self.places[machine.room].kind == RoomKind::Lab;
        let mut all = vec![
            ("restart-loop", String::new(), machine.restarts_again_and_again(now), 0),
            ("memory-missing", format!("{}-1", machine.tag), machine.modules < 2, 0),
            ("battery-worn", "BAT0".to_owned(), machine.laptop && machine.battery < 600, 600),
        ];
        let lacks = |title: &&str| ("software-required", (*title).to_owned(), is_lab && !machine.software.contains(*title), 0);
        all.extend(super::school::REQUIRED.iter().map(lacks));
        for (rule, subject, holds, settle) in all {
            self.judge.set(&machine.tag, rule, &subject, holds, now, (settle, settle));
        }
        if let Some(calm) = machine.calm_from(now) {
            self.at(calm, Happening::Calm(number));
        }
        let machine = &self.machines[number];
        if !machine.restart_needed {
            self.judge.set(&machine.tag, "restart-pending", "", false, now, (0, 0));
        } else if machine.pending_since.is_none() {
            let boot = machine.boot;
            self.machines[number].pending_since = Some(now);
            self.at(now + 7 * DAY, Happening::Overdue(number, boot));
        }
    }

    fn health(&mut self, number: usize, boot: u64) {
        let machine = &self.machines[number];
        if machine.boot == boot && machine.on {
            if machine.works() && machine.line.is_some() && machine.cut.is_none() && !self.is_down && self.paused.is_none() {
                self.read_health(number);
            }
            self.at(self.now + HOUR, Happening::Health(number, boot));
        }
    }

    fn read_health(&mut self, number: usize) {
        let wavers = self.random.below(8) as u32;
        let machine = &mut self.machines[number];
        machine.measure_disk(wavers);
        self.school.vitals(self.now, machine);
        self.judge.set(&machine.tag, "disk-full", "/", machine.disk_step >= 92, self.now, (1800, 1800));
    }

    /// A machine's words do not arrive any more.
    pub fn cut(&mut self, number: usize) {
        let beat = self.places[self.machines[number].room].heartbeat;
        let machine = &mut self.machines[number];
        self.judge.silences.gone(number, self.now);
        let Some(line) = machine.line.filter(|_| machine.cut.is_none() && !self.is_down) else { return };
        let heard = self.paused.unwrap_or(self.now - (self.now + number as i64) % beat);
        machine.cut = Some(heard);
        self.at(heard + 2 * beat + 2, Happening::Lost(number, line, heard));
    }

    /// The network is there again.
    pub fn mend(&mut self, number: usize) {
        if !self.is_reachable(number) {
            return;
        }
        let beat = self.places[self.machines[number].room].heartbeat;
        let gives_up = self.machines[number].cut.map_or(self.now, |heard| heard + 2 * beat + 2);
        if self.machines[number].line.is_some() && self.now + beat < gives_up {
            self.machines[number].cut = None;
            return self.judge.silences.here(number, self.now);
        }
        let again = gives_up.max(self.now) + 2 + self.below(20);
        self.at(again, Happening::Call(number));
    }

    fn lost(&mut self, at: i64, number: usize, line: u64, heard: i64) {
        let beat = self.places[self.machines[number].room].heartbeat;
        let longer: i64 = self.pauses.iter().filter(|(_, to)| *to > heard).map(|(from, to)| to - from).sum();
        if let Some(until) = self.paused {
            return self.at(until + 1, Happening::Lost(number, line, heard));
        }
        if at < heard + 2 * beat + 2 + longer {
            return self.at(heard + 2 * beat + 2 + longer, Happening::Lost(number, line, heard));
        }
        // All that are given up at this moment fall silent in one change.
        let mut fell = vec![(number, line, heard)];
        while let Some((key, Happening::Lost(other, line, heard))) =
            self.to_come.first_key_value().map(|(key, value)| (*key, value.clone()))
        {
            if key.0 > at || longer > 0 {
                break;
            }
            self.to_come.remove(&key);
            fell.push((other, line, heard));
        }
        fell.retain(|(number, line, _)| self.machines[*number].line == Some(*line) && self.machines[*number].cut.is_some());
        fell.iter().for_each(|(number, ..)| (self.machines[*number].line, self.machines[*number].cut) = (None, None));
        let machines: Vec<_> = fell.iter().map(|(number, _, heard)| (&self.machines[*number], *heard)).collect();
        if !machines.is_empty() {
            self.school.silent(self.now, machines);
        }
    }

    pub fn say_goodbye(&mut self, number: usize, why: Goodbye) {
        let machine = &self.machines[number];
        match machine.line.filter(|_| machine.cut.is_none() && !self.is_down) {
            None => self.judge.silences.gone(number, self.now),
            Some(line) => {
                self.judge.silences.left(number, self.now);
                let at = self.paused.map_or(self.now, |until| until);
                self.at(at, Happening::Goodbye(number, line, why));
            }
        }
    }

    pub fn end_the_collector(&mut self) {
        self.is_down = true;
        for number in 0..self.machines.len() {
            // Heard until now, or until its cable was cut.
            let heard = self.machines[number].line.take().map(|_| self.machines[number].cut.unwrap_or(self.now));
            self.machines[number].cut = None;
            self.machines[number].broke_at = heard;
        }
    }

    pub fn start_the_collector(&mut self, since: i64) {
        self.is_down = false;
        self.judge.down(since, self.now, GRACE);
        self.school.hold(self.now, self.now + GRACE);
        for number in 0..self.machines.len() {
            let again = self.now + 1 + self.below(20);
            self.at(again, Happening::Call(number));
        }
        self.at(self.now + GRACE, Happening::Grace((0..self.machines.len()).collect()));
    }

    pub fn pause(&mut self, long: i64) {
        let until = self.now + long;
        self.paused = Some(until);
        self.at(until, Happening::Act(Act::GoOn(self.now)));
    }

    pub fn go_on(&mut self, since: i64) {
        self.paused = None;
        self.pauses.push((since, self.now));
        self.judge.silences.paused.push((since, self.now));
        self.judge.hold(since, self.now, self.now + BACK);
        self.school.hold(self.now, self.now + BACK);
        for number in 0..self.machines.len() {
            self.report(number);
        }
    }
}
