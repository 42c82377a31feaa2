//! What people do with machines, and what befalls them.

use super::plan::Act;
use super::world::{DAY, HOUR, Happening, MINUTE, World};
use rollcall_site::attend::Goodbye;

impl World {
    pub fn act(&mut self, act: Act) {
        let now = self.now;
        match act {
            Act::SwitchOn(machine) => self.switch_on(machine),
            Act::SwitchOff(machine) => self.switch_off(machine),
            Act::Restart(machine) => {
                if self.machines[machine].works() {
                    self.switch_off(machine);
                    let on = now + 40 + self.below(40);
                    self.at(on, Happening::Act(Act::SwitchOn(machine)));
                }
            }
            Act::LosePower(machine) => self.die(machine, false),
            Act::Break(machine, long) => {
                self.machines[machine].broken_until = now + long;
                self.die(machine, true);
                let on = now + long + 1 + self.below(10 * MINUTE);
                self.at(on, Happening::Act(Act::SwitchOn(machine)));
            }
            Act::Sleep(machine) => {
                if self.machines[machine].works() {
                    if self.is_reachable(machine) {
                        self.say_goodbye(machine, Goodbye::Suspend);
                    } else {
                        self.judge.silences.gone(machine, now);
                    }
                    self.machines[machine].asleep = true;
                }
            }
            Act::Wake(machine) => {
                if self.machines[machine].on && self.machines[machine].asleep {
                    self.machines[machine].asleep = false;
                    let call = now + 3 + self.below(10);
                    self.at(call, Happening::Call(machine));
                }
            }
            Act::PullTheCable(machine, long) => {
                self.machines[machine].cabled = false;
                self.cut_if_on(machine);
                self.at(now + long, Happening::Act(Act::PlugTheCable(machine)));
            }
            Act::PlugTheCable(machine) => {
                self.machines[machine].cabled = true;
                self.mend(machine);
            }
            Act::RestartTheAgent(machine) => self.restart_the_agent(machine),
            Act::Switch(room, long) => self.switch_fails(room, long),
            Act::SwitchIsBack(room) => {
                self.dark[room] = false;
                self.of(room).into_iter().for_each(|machine| self.mend(machine));
            }
            Act::PowerCut(room, long, on_by_itself) => self.power_cut(room, long, on_by_itself),
            Act::Rebuild(room) => {
                let name = self.places[room].name;
                self.school.maintain(now, name, now + 4 * HOUR);
                self.judge.hush(Some(room), now, now + 4 * HOUR);
                self.at(now + 5 * MINUTE, Happening::Act(Act::PowerCut(room, HOUR, 0)));
                for (place, machine) in self.of(room).into_iter().enumerate() {
                    let on = if place < 2 { 5 * HOUR } else { HOUR + 6 * MINUTE + self.below(2 * HOUR) };
                    self.at(now + on, Happening::Act(Act::SwitchOn(machine)));
                }
            }
            Act::Update(machine) => self.update(machine),
            Act::Remove(machine, title, long) => {
                if self.machines[machine].works() && self.machines[machine].software.remove(title) {
                    self.report(machine);
                    self.at(now + long, Happening::Act(Act::Install(machine, title)));
                }
            }
            Act::Install(machine, title) => {
                self.machines[machine].software.insert(title);
                if self.machines[machine].works() {
                    self.report(machine);
                }
            }
            Act::Memory(machine, modules) => self.machines[machine].modules = modules,
            Act::SetTheClock(machine) => (self.machines[machine].off, self.machines[machine].gains) = (0, 0),
            Act::CleanTheDisk(machine) => self.machines[machine].disk = 550,
            Act::NewBattery(machine) => self.machines[machine].battery = 1000,
            Act::PutBackTheImage(machine, nonce) => self.put_back_the_image(machine, nonce),
            Act::Lend(machine, long) => {
                if !self.machines[machine].lent && self.machines[machine].works() && self.machines[machine].line.is_some() && !self.is_down
                {
                    self.machines[machine].lent = true;
                    self.judge.silences.lent(machine, now);
                    self.school.lend(now, &self.machines[machine], now + 3 * DAY);
                    self.at(now + long, Happening::Act(Act::TakeBack(machine)));
                }
            }
            Act::TakeBack(machine) => {
                self.machines[machine].lent = false;
                self.judge.silences.returned(machine, now);
                self.school.take_back(now, &self.machines[machine]);
                if self.machines[machine].works() && !self.is_reachable(machine) {
                    self.cut(machine);
                }
                let on = now + if self.random.chance(850) { 15 } else { 2 * HOUR };
                self.at(on, Happening::Act(Act::SwitchOn(machine)));
                self.at(on, Happening::Act(Act::Wake(machine)));
            }
            Act::EndTheCollector(long) if !self.is_down && self.paused.is_none() => {
                self.end_the_collector();
                self.at(now + long, Happening::Act(Act::StartTheCollector(now)));
            }
            Act::StartTheCollector(since) => self.start_the_collector(since),
            Act::Pause(long) if !self.is_down && self.paused.is_none() => self.pause(long),
            Act::GoOn(since) => self.go_on(since),
            Act::EndTheCollector(_) | Act::Pause(_) => {}
        }
    }

    pub fn of(&self, room: usize) -> Vec<usize> {
        (0..self.machines.len()).filter(|machine| self.machines[*machine].room == room).collect()
    }

    fn switch_on(&mut self, number: usize) {
        let (now, restored) = (self.now, self.places[self.machines[number].room].restored);
        let machine = &mut self.machines[number];
        if machine.on || now < machine.broken_until {
            return;
        }
        (machine.on, machine.asleep) = (true, false);
        (machine.boot, machine.reports) = (machine.boot + 1, 0);
        (machine.restart_needed, machine.pending_since) = (false, None);
        machine.boots.push((now, machine.crashed));
        if let Some(nonce) = machine.frozen.clone().filter(|_| restored) {
            machine.nonce = nonce;
            machine.software = super::school::REQUIRED.into_iter().collect();
        }
        let boot = machine.boot;
        let call = now + 15 + self.below(25);
        self.at(call, Happening::Call(number));
        self.at(call + HOUR, Happening::Health(number, boot));
    }

    fn switch_off(&mut self, number: usize) {
        if self.machines[number].works() {
            if self.is_reachable(number) {
                self.say_goodbye(number, Goodbye::Shutdown);
            } else {
                self.judge.silences.gone(number, self.now);
            }
            (self.machines[number].on, self.machines[number].crashed) = (false, false);
        }
    }

    /// It goes down without a word; one that sleeps said its word before.
    fn die(&mut self, number: usize, awake: bool) {
        let machine = &self.machines[number];
        if !machine.on || awake && machine.asleep {
            return;
        }
        self.cut_if_on(number);
        let machine = &mut self.machines[number];
        (machine.on, machine.asleep, machine.crashed) = (false, false, true);
    }

    fn cut_if_on(&mut self, number: usize) {
        if self.machines[number].works() {
            self.cut(number);
        }
    }

    fn restart_the_agent(&mut self, number: usize) {
        if !self.is_reachable(number) || self.is_down || self.paused.is_some() {
            return;
        }
        let Some(line) = self.machines[number].line.filter(|_| self.machines[number].cut.is_none()) else { return };
        let beat = self.places[self.machines[number].room].heartbeat;
        self.judge.silences.gone(number, self.now);
        self.machines[number].cut = Some(self.now);
        // Its stream is closed: three seconds to come back, which the door counts as a beat that began earlier.
        self.at(self.now + 3, Happening::Lost(number, line, self.now + 1 - 2 * beat));
        let again = self.now + 2 + self.below(18);
        self.at(again, Happening::Call(number));
    }

    fn switch_fails(&mut self, room: usize, long: i64) {
        if self.dark[room] {
            return;
        }
        let on: Vec<usize> =
            self.of(room).into_iter().filter(|machine| self.is_reachable(*machine) && !self.machines[*machine].lent).collect();
        self.dark[room] = true;
        self.judge.silences.together(room, self.now, on.clone());
        on.into_iter().for_each(|machine| self.cut(machine));
        self.at(self.now + long, Happening::Act(Act::SwitchIsBack(room)));
    }

    /// A room loses its power: what ran is off, and is switched on by itself afterwards, of a thousand so many.
    fn power_cut(&mut self, room: usize, long: i64, on_by_itself: u64) {
        let on: Vec<usize> =
            self.of(room).into_iter().filter(|machine| self.machines[*machine].works() && !self.machines[*machine].lent).collect();
        let reached: Vec<usize> = on.iter().copied().filter(|machine| self.is_reachable(*machine)).collect();
        self.judge.silences.together(room, self.now, reached);
        for machine in self.of(room).into_iter().filter(|machine| !self.machines[*machine].lent).collect::<Vec<_>>() {
            self.machines[machine].broken_until = self.machines[machine].broken_until.max(self.now + long);
        }
        for machine in on {
            self.die(machine, true);
            let later = if self.random.chance(on_by_itself) { 2 * MINUTE } else { 40 * MINUTE };
            let on = self.now + long + 1 + self.below(later);
            self.at(on, Happening::Act(Act::SwitchOn(machine)));
        }
    }

    /// The package manager runs for a while; the agent reads what it left when it is done.
    fn update(&mut self, number: usize) {
        let machine = &mut self.machines[number];
        if machine.works() {
            machine.version += 1;
            machine.restart_needed = true;
            self.report(number);
        }
    }

    /// A machine starts from the image of an earlier day.
    fn put_back_the_image(&mut self, number: usize, nonce: String) {
        if !self.machines[number].on || self.is_down || self.paused.is_some() || !self.is_reachable(number) {
            return;
        }
        self.switch_off(number);
        self.switch_on(number);
        self.machines[number].nonce = nonce;
        self.at(self.now + 60, Happening::Act(Act::Wake(number)));
        let tag = self.machines[number].tag.clone();
        // It is known with the next hello, within a minute.
        self.judge.set(&tag, "rolled-back", "", true, self.now, (DAY, DAY + MINUTE));
        self.at(self.now + 7 * DAY, Happening::Over(number, "rolled-back"));
    }
}
