//! What happens, in the order in which it happens: wires, power, people.

use super::START_MS;
use super::judge::{Judge, Truth};
use super::machine::{Effect, Machine};
use super::plan::{Act, LAST, MINUTE, SECOND, week};
use super::school::{End, School};
use jiff::{SignedDuration, Timestamp};
use rollcall::fuzz::Answer;
use rollcall_agent::session::Event;
use rollcall_agent::survey::Reading;
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::{FromAgent, FromCollector, Hello};
use rollcall_tests::fuzz::Random;
use rollcall_tests::site::copy_folder;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How often the watch looks.
const TICK: u64 = 500;
/// How often everything is judged.
const LOOK: u64 = 30 * SECOND;
/// A connection is given up when nothing came through for 20 s and a ping was not answered within 10.
const DEAD: u64 = 30 * SECOND;
/// How long the world goes on after the last act: whoever was away comes back.
const REST: u64 = 6 * MINUTE;

/// What is to happen.
enum Happening {
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
struct Line {
    machine: usize,
    /// When the last message of each way arrives: none overtakes another.
    up: u64,
    down: u64,
    /// What waits for the cable.
    held_up: Vec<FromAgent>,
    held_down: Vec<Told>,
}

pub struct World {
    pub now: u64,
    pub machines: Vec<Machine>,
    pub school: School,
    random: Random,
    judge: Judge,
    lines: HashMap<u64, Line>,
    to_come: BTreeMap<(u64, u64), Happening>,
    order: u64,
    installed: u64,
    runtime: Runtime,
    folder: TempDir,
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

    fn at(&mut self, at: u64, happening: Happening) {
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

    fn step(&mut self, machine: usize, event: Event) {
        if self.machines[machine].works() {
            let effects = self.machines[machine].step(event, self.now, &self.runtime);
            self.follow(machine, effects);
        }
    }

    fn follow(&mut self, machine: usize, effects: Vec<Effect>) {
        // What is said goes out before the connection ends, in whatever order the step names them.
        let (hang_up, rest): (Vec<Effect>, Vec<Effect>) = effects.into_iter().partition(|effect| matches!(effect, Effect::Disconnect));
        for effect in rest {
            match effect {
                Effect::Connect(hello) => self.connect(machine, hello),
                Effect::Say(word) => self.say(machine, word),
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
    fn ends_at_collector(&mut self, line: u64) {
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

    fn act(&mut self, act: Act) {
        match act {
            Act::SwitchOn(machine) if !self.machines[machine].is_on() => self.start(machine, true),
            Act::StartTheAgent(machine) if !self.machines[machine].is_on() => self.start(machine, false),
            Act::SwitchOff(machine) if self.machines[machine].works() => {
                self.judge.set(machine, Truth::Silent, self.now);
                let effects = self.machines[machine].stop(self.now, &self.runtime);
                self.follow(machine, effects);
                self.machines[machine].die();
            }
            Act::PullThePlug(machine) if self.machines[machine].is_on() && !self.machines[machine].is_asleep() => {
                self.judge.set(machine, Truth::Silent, self.now);
                if let Some(line) = self.machines[machine].die() {
                    self.at(self.now + DEAD, Happening::LostAtCollector(line));
                }
            }
            Act::CloseTheLid(machine) if self.machines[machine].works() => {
                self.judge.set(machine, Truth::Silent, self.now);
                self.step(machine, Event::Suspend);
                self.machines[machine].sleep(self.now);
            }
            Act::OpenTheLid(machine) if self.machines[machine].is_asleep() => {
                self.judge.set(machine, Truth::Here, self.now);
                let effects = self.machines[machine].resume(self.now, &self.runtime);
                self.follow(machine, effects);
            }
            Act::Install(machine) => self.install(machine),
            Act::KillTheAgent(machine) if self.machines[machine].works() => {
                self.judge.set(machine, Truth::Silent, self.now);
                if let Some(line) = self.machines[machine].die() {
                    self.ends_at_collector(line);
                }
                let again = self.now + SECOND + self.random.below(30 * SECOND);
                self.at(again, Happening::Act(Act::StartTheAgent(machine)));
            }
            Act::PullTheCable(machines, long) => self.pull(&machines, long),
            Act::PlugTheCable(machines) => self.plug(&machines),
            Act::BreakTheConnection(machine) => {
                if let Some(line) = self.machines[machine].line.take() {
                    self.judge.disturb(machine, self.now);
                    self.lines.get_mut(&line).into_iter().for_each(|open| open.machine = machine);
                    self.at(self.now + 1, Happening::LostAtCollector(line));
                    self.step(machine, Event::Lost);
                }
            }
            Act::SetTheClock(machine, off_ms) => self.machines[machine].off_ms = off_ms,
            Act::CopyTheDisk(machine) => self.copy(machine),
            Act::EndTheCollector(end, down) if self.school.runs() && !self.school.is_doomed() => {
                if end == End::PowerCut {
                    self.school.doom();
                }
                let dying = if end == End::PowerCut { 200 + self.random.below(3 * SECOND) } else { 1 };
                self.at(self.now + dying, Happening::Act(Act::TheCollectorIsGone(end, down)));
            }
            Act::TheCollectorIsGone(end, down) => self.end_the_collector(end, down),
            Act::StartTheCollector => {
                self.school.start();
                self.judge.started(self.now, &mut self.school, &self.machines);
            }
            _ => {} // it is not so that this could happen
        }
    }

    fn start(&mut self, machine: usize, boot: bool) {
        if self.judge.truth(machine) != Truth::Gone {
            self.judge.set(machine, if self.machines[machine].cabled { Truth::Here } else { Truth::Silent }, self.now);
        }
        let effects = self.machines[machine].start(boot, self.now, &mut self.random, &self.runtime);
        self.follow(machine, effects);
    }

    /// Somebody installs something on a machine that has told its first inventory.
    fn install(&mut self, machine: usize) {
        let pc = &mut self.machines[machine];
        if pc.works() && self.judge.is_known(machine, &mut self.school, pc) {
            self.installed += 1;
            let title = format!("tool-{}", self.installed);
            pc.install(&title);
            let start = pc.starts;
            self.judge.expect(machine, title);
            self.at(self.now + 2 * SECOND, Happening::Changed(machine, start));
        }
    }

    fn pull(&mut self, machines: &[usize], long: u64) {
        let cut: Vec<usize> = machines.iter().copied().filter(|machine| self.machines[*machine].cabled).collect();
        for machine in &cut {
            self.machines[*machine].cabled = false;
            if self.machines[*machine].works() {
                self.judge.set(*machine, Truth::Silent, self.now);
            }
            if let Some(line) = self.machines[*machine].line.filter(|_| long > DEAD) {
                let noticed = self.now + DEAD - self.random.below(10 * SECOND);
                self.at(noticed, Happening::LostAtAgent(line));
            }
        }
        self.at(self.now + long, Happening::Act(Act::PlugTheCable(cut)));
    }

    fn plug(&mut self, machines: &[usize]) {
        for &machine in machines {
            self.machines[machine].cabled = true;
            if self.machines[machine].works() {
                self.judge.set(machine, Truth::Here, self.now);
            }
            let mut held: Vec<u64> = self.lines.iter().filter(|(_, open)| open.machine == machine).map(|(line, _)| *line).collect();
            held.sort_unstable();
            for line in held {
                let Some(open) = self.lines.get_mut(&line) else { continue };
                let (up, down) = (std::mem::take(&mut open.held_up), std::mem::take(&mut open.held_down));
                let at = self.now + 50;
                (open.up, open.down) = (open.up.max(at), open.down.max(at));
                let (up_at, down_at) = (open.up, open.down);
                up.into_iter().for_each(|word| self.at(up_at, Happening::Up(line, word)));
                down.into_iter().for_each(|told| self.at(down_at, Happening::Down(line, told)));
            }
        }
    }

    /// The disk is copied into another PC, which is then switched on.
    fn copy(&mut self, machine: usize) {
        let number = self.machines.len();
        let place = self.folder.path().join(format!("pc-{number}"));
        copy_folder(&self.machines[machine].dir, &place).unwrap();
        let original = &self.machines[machine];
        let mut copy = Machine::new(number as u64, "COPY", place);
        (copy.device, copy.lineage) = (original.device, original.lineage.clone());
        copy.certificate.clone_from(&original.certificate);
        self.machines.push(copy);
        self.judge.set(machine, Truth::Gone, self.now);
        self.judge.add(Truth::Gone);
        self.start(number, true);
    }

    fn end_the_collector(&mut self, end: End, down: u64) {
        let seq = self.school.end(end, &mut self.random);
        self.judge.ended(self.now, seq, &self.machines);
        let mut open: Vec<u64> = self.lines.keys().copied().collect();
        open.sort_unstable();
        for line in open {
            let machine = self.lines[&line].machine;
            if self.machines[machine].cabled {
                // In-flight words are lost with it, and every agent hears at once that the connection is over.
                self.lines.remove(&line);
                if self.machines[machine].line == Some(line) {
                    self.machines[machine].line = None;
                    self.step(machine, Event::Lost);
                }
            }
        }
        self.at(self.now + down, Happening::Act(Act::StartTheCollector));
    }
}

/// A folder in memory where there is such a place: nothing in it need outlive the week, and a week waits for its disk thousands of times.
fn in_memory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
