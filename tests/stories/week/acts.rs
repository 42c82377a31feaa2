//! What people do in a week, and what befalls machines, cables and the collector.

use super::judge::Truth;
use super::machine::Machine;
use super::plan::{Act, SECOND};
use super::school::End;
use super::world::{DEAD, Happening, World};
use rollcall_agent::session::Event;
use rollcall_tests::site::copy_folder;

impl World {
    pub(super) fn act(&mut self, act: Act) {
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
                self.judge.set(machine, if self.machines[machine].cabled { Truth::Here } else { Truth::Silent }, self.now);
                let effects = self.machines[machine].resume(self.now, &self.runtime);
                self.follow(machine, effects);
                for (_, happening) in self.frozen.extract_if(.., |(whose, _)| *whose == machine).collect::<Vec<_>>() {
                    self.at(self.now + SECOND, happening);
                }
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
