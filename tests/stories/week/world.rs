//! What happens, in the order in which it happens: wires, power, people.

use super::START_MS;
use super::judge::{Judge, Truth};
use super::machine::{Effect, Machine};
use super::plan::{Act, LAST, MINUTE, SECOND, week};
use super::school::School;
use jiff::{SignedDuration, Timestamp};
use rollcall::fuzz::Answer;
use rollcall_agent::session::Event;
use rollcall_agent::survey::Reading;
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::{FromAgent, FromCollector, Hello};
use rollcall_tests::fuzz::Random;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How often the watch looks.
const TICK: u64 = 500;
/// How often everything is judged.
const LOOK: u64 = 30 * SECOND;
/// A connection is given up when nothing came through for 20 s and a ping was not answered within 10.
pub(super) const DEAD: u64 = 30 * SECOND;
/// How long the world goes on after the last act: whoever was away comes back.
const REST: u64 = 6 * MINUTE;

/// What is to happen.
pub(super) enum Happening {
    Act(Act),
    Wake(usize),
    Surveyed(usize, u64, Vec<Reading>),
    Changed(usize, u64),
    Hello(u64, Box<Hello>),
    Up(u64, FromAgent),
    Down(u64, Told),
    /// The agent's end of a connection notices that it is over.
    LostAtAgent(u64),
    /// The collector's end does.
    LostAtCollector(u64),
    Tick,
    Look,
}

/// One connection.
pub(super) struct Line {
    pub(super) machine: usize,
    /// When the last message of each way arrives: none overtakes another.
    pub(super) up: u64,
    pub(super) down: u64,
    /// What waits for the cable.
    pub(super) held_up: Vec<FromAgent>,
    pub(super) held_down: Vec<Told>,
}

pub struct World {
    pub now: u64,
    pub machines: Vec<Machine>,
    pub school: School,
    pub(super) random: Random,
    pub(super) judge: Judge,
    pub(super) lines: HashMap<u64, Line>,
    pub(super) to_come: BTreeMap<(u64, u64), Happening>,
    pub(super) order: u64,
    pub(super) installed: u64,
    /// What goes on when a machine wakes up.
    pub(super) frozen: Vec<(usize, Happening)>,
    pub(super) runtime: Runtime,
    pub(super) folder: TempDir,
}

impl World {
    pub fn new(seed: u64, machines: usize) -> Self {
        let (mut random, folder) = (Random::new(seed), in_memory());
        let place = |number: usize| folder.path().join(format!("pc-{number}"));
        let all: Vec<Machine> =
            (0..machines).map(|number| Machine::new(number as u64, &format!("LAB1-{number:02}"), place(number))).collect();
        let school = School::found(&folder.path().join("site"), Timestamp::from_millisecond(START_MS).unwrap(), &all);
        let mut world = Self {
            now: 0,
            judge: Judge::new(machines),
            machines: all,
            school,
            lines: HashMap::new(),
            to_come: BTreeMap::new(),
            order: 0,
            installed: 0,
            frozen: Vec::new(),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            folder,
            random: random.clone(),
        };
        for (at, act) in week(machines, &mut random) {
            world.at(at, Happening::Act(act));
        }
        world.at(TICK, Happening::Tick);
        world.at(LOOK, Happening::Look);
        world
    }

    /// Lives the week, and gives what it came to in words.
    pub fn live(mut self) -> String {
        while let Some(((at, _), happening)) = self.to_come.pop_first() {
            if at > LAST + REST {
                break;
            }
            self.school.clock.advance(SignedDuration::from_millis((at - self.now) as i64));
            self.now = at;
            self.happen(happening);
        }
        let said = self.judge.close(&mut self.school, &self.machines);
        let (lived, rebuilt) = self.school.hashes();
        assert_eq!(lived, rebuilt, "the ledger alone makes another site");
        said
    }

    pub(super) fn at(&mut self, at: u64, happening: Happening) {
        self.order += 1;
        self.to_come.insert((at.max(self.now), self.order), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Act(act) => self.act(act),
            Happening::Wake(machine) => {
                if self.machines[machine].wake <= self.now {
                    self.machines[machine].wake = u64::MAX;
                    self.step(machine, Event::Wake);
                }
            }
            Happening::Surveyed(machine, ..) | Happening::Changed(machine, _) if self.machines[machine].is_asleep() => {
                self.frozen.push((machine, happening));
            }
            Happening::Surveyed(machine, start, readings) if self.is_the_same(machine, start) => {
                self.step(machine, Event::Surveyed(readings))
            }
            Happening::Changed(machine, start) if self.is_the_same(machine, start) => self.step(machine, Event::PackagesChanged),
            Happening::Surveyed(..) | Happening::Changed(..) => {}
            Happening::Hello(line, hello) => self.hello(line, *hello),
            Happening::Up(line, word) => self.up(line, word),
            Happening::Down(line, told) => self.down(line, told),
            Happening::LostAtAgent(line) => self.lost_at_agent(line),
            Happening::LostAtCollector(line) => {
                self.lines.remove(&line);
                if let Some(door) = self.school.door() {
                    door.broke(line);
                }
            }
            Happening::Tick => self.tick(),
            Happening::Look => {
                self.judge.look(self.now, &mut self.school, &self.machines);
                self.at(self.now + LOOK, Happening::Look);
            }
        }
    }

    fn is_the_same(&self, machine: usize, start: u64) -> bool {
        self.machines[machine].starts == start && self.machines[machine].works()
    }

    fn tick(&mut self) {
        let mut next = TICK;
        if let Some(door) = self.school.door() {
            door.tick().unwrap();
            if door.is_still() && self.lines.is_empty() {
                // At night nothing can happen before the next act.
                let soonest = self.to_come.first_key_value().map_or(self.now, |((at, _), _)| *at);
                next = next.max((soonest.saturating_sub(self.now)) / TICK * TICK);
            }
        }
        self.at(self.now + next, Happening::Tick);
    }

    pub(super) fn step(&mut self, machine: usize, event: Event) {
        if self.machines[machine].works() {
            let effects = self.machines[machine].step(event, self.now, &self.runtime);
            self.follow(machine, effects);
        }
    }

    pub(super) fn follow(&mut self, machine: usize, effects: Vec<Effect>) {
        // What is said goes out before the connection ends, in whatever order the step names them.
        let (hang_up, rest): (Vec<Effect>, Vec<Effect>) = effects.into_iter().partition(|effect| matches!(effect, Effect::Disconnect));
        for effect in rest {
            match effect {
                Effect::Connect(hello) => self.connect(machine, hello),
                Effect::Say(word) => self.say(machine, *word),
                Effect::Survey(readings) => {
                    let done = self.now + 200 + self.random.below(3 * SECOND);
                    let start = self.machines[machine].starts;
                    self.at(done, Happening::Surveyed(machine, start, readings));
                }
                Effect::Wake(at) => {
                    self.machines[machine].wake = at;
                    self.at(at, Happening::Wake(machine));
                }
                Effect::Disconnect => {}
            }
        }
        if !hang_up.is_empty() {
            self.hang_up(machine);
        }
    }

    fn hang_up(&mut self, machine: usize) {
        if let Some(line) = self.machines[machine].line.take() {
            self.ends_at_collector(line);
        }
    }

    /// The agent's end is gone: the collector's end hears of it, at once over a cable and late without one.
    pub(super) fn ends_at_collector(&mut self, line: u64) {
        let Some(open) = self.lines.get(&line) else { return };
        let at = if self.machines[open.machine].cabled { open.up.max(self.now) + 20 } else { self.now + DEAD };
        self.at(at, Happening::LostAtCollector(line));
    }

    fn connect(&mut self, machine: usize, hello: Box<Hello>) {
        self.hang_up(machine);
        self.order += 1;
        let line = self.order;
        let (now, handshake) = (self.now, 30 + self.random.below(300));
        self.lines.insert(line, Line { machine, up: now, down: now, held_up: Vec::new(), held_down: Vec::new() });
        self.machines[machine].line = Some(line);
        match (self.machines[machine].cabled, self.school.runs()) {
            (false, _) => self.at(now + 5 * SECOND, Happening::LostAtAgent(line)),
            (true, false) => self.at(now + 5, Happening::LostAtAgent(line)),
            (true, true) => self.at(now + handshake, Happening::Hello(line, hello)),
        }
    }

    fn hello(&mut self, line: u64, hello: Hello) {
        let Some(open) = self.lines.get(&line) else { return };
        let machine = open.machine;
        if !self.machines[machine].cabled || self.machines[machine].line != Some(line) {
            return self.at(self.now + 5 * SECOND, Happening::LostAtAgent(line));
        }
        let certificate = self.machines[machine].certificate.clone();
        match self.school.door() {
            Some(door) => {
                let answer = door.hello(line, &certificate, hello);
                self.answer(line, answer);
            }
            None => self.at(self.now + 5, Happening::LostAtAgent(line)),
        }
    }

    fn say(&mut self, machine: usize, word: FromAgent) {
        let (delay, cabled) = (1 + self.random.below(30), self.machines[machine].cabled);
        let Some(line) = self.machines[machine].line else { return };
        let Some(open) = self.lines.get_mut(&line) else { return };
        if !cabled {
            return open.held_up.push(word);
        }
        open.up = open.up.max(self.now + delay);
        let at = open.up;
        self.at(at, Happening::Up(line, word));
    }

    fn up(&mut self, line: u64, word: FromAgent) {
        let Some(open) = self.lines.get_mut(&line) else { return };
        let machine = open.machine;
        if !self.machines[machine].cabled {
            return open.held_up.push(word);
        }
        let is_goodbye = matches!(word.message, Some(Said::Goodbye(_)));
        let doomed = self.school.is_doomed();
        let Some(door) = self.school.door() else { return };
        let answer = door.hear(line, word);
        if is_goodbye && answer.parts {
            let truth = if doomed { Truth::Unknown } else { Truth::Asleep };
            self.judge.set(machine, truth, self.now);
        }
        self.answer(line, answer);
    }

    fn answer(&mut self, line: u64, answer: Answer) {
        // What a collector says whose power fails does not arrive.
        if self.school.is_doomed() {
            return;
        }
        for told in answer.told {
            let delay = 1 + self.random.below(30);
            let Some(open) = self.lines.get_mut(&line) else { return };
            open.down = open.down.max(self.now + delay);
            let at = open.down;
            self.at(at, Happening::Down(line, told));
        }
        if answer.parts {
            let at = self.lines.get(&line).map_or(self.now, |open| open.down) + 5;
            self.at(at, Happening::LostAtAgent(line));
        }
    }

    fn down(&mut self, line: u64, told: Told) {
        let Some(open) = self.lines.get_mut(&line) else { return };
        let machine = open.machine;
        if !self.machines[machine].cabled {
            return open.held_down.push(told);
        }
        if self.machines[machine].line == Some(line) {
            self.step(machine, Event::Received(FromCollector { message: Some(told) }));
        }
    }

    fn lost_at_agent(&mut self, line: u64) {
        let Some(open) = self.lines.get(&line) else { return };
        let machine = open.machine;
        self.ends_at_collector(line);
        if self.machines[machine].line == Some(line) {
            self.machines[machine].line = None;
            self.step(machine, Event::Lost);
        }
    }
}

/// A folder in memory where there is such a place: nothing in it need outlive the week, and a week waits for its disk thousands of times.
fn in_memory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
