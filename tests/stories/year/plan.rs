//! What happens on a day of the year, drawn from the seed when the day begins.

use super::calendar::{Expected, begins, day, is_closed, school};
use super::school::REQUIRED;
use super::world::{DAY, HOUR, Happening, MINUTE, World};
use jiff::civil::{Date, Weekday, date};
use rollcall_site::room::RoomKind;

/// Something that somebody does, or that befalls a machine, a room or the collector.
#[derive(Clone, Debug)]
pub enum Act {
    SwitchOn(usize),
    SwitchOff(usize),
    Restart(usize),
    LosePower(usize),
    /// It stays dead for so long.
    Break(usize, i64),
    Sleep(usize),
    Wake(usize),
    PullTheCable(usize, i64),
    PlugTheCable(usize),
    RestartTheAgent(usize),
    /// A room's switch fails for so long.
    Switch(usize, i64),
    SwitchIsBack(usize),
    /// A room has no power for so long; of a thousand machines so many start by themselves when it is back.
    PowerCut(usize, i64, u64),
    /// A room is rebuilt, in a maintenance window.
    Rebuild(usize),
    Update(usize),
    /// A title is lost for so long.
    Remove(usize, &'static str, i64),
    Install(usize, &'static str),
    Memory(usize, u32),
    SetTheClock(usize),
    CleanTheDisk(usize),
    NewBattery(usize),
    PutBackTheImage(usize, String),
    Lend(usize, i64),
    TakeBack(usize),
    EndTheCollector(i64),
    StartTheCollector(i64),
    Pause(i64),
    GoOn(i64),
}

/// The day on which the whole school loses its power for a while.
const POWER_CUT: Date = date(2026, 10, 6);
/// Holidays in which somebody switches on one PC of each lab, and steals memory.
const HOLIDAYS: [Date; 3] = [date(2026, 11, 25), date(2027, 1, 4), date(2027, 2, 18)];

impl World {
    /// What machines are like when the year begins.
    pub fn set_up(&mut self) {
        for number in 0..self.machines.len() {
            let (disk, battery, fills) = (300 + self.below(450) as u32, 620 + self.below(360) as u32, self.below(8) as u32);
            let drifts = self.random.chance(20);
            let gains = if drifts { 20 + self.below(60) } else { 0 };
            let machine = &mut self.machines[number];
            (machine.disk, machine.battery, machine.fills, machine.gains) = (disk, battery, fills, gains);
            if self.places[machine.room].restored {
                // Whoever sets up such a lab starts it some times, to see that it works.
                for start in 1..4 {
                    self.then(self.now + start * HOUR, Act::SwitchOn(number));
                    self.then(self.now + start * HOUR + 30 * MINUTE, Act::SwitchOff(number));
                }
                continue;
            }
            if !self.places[machine.room].daily {
                self.at(self.now + 20, Happening::Act(Act::SwitchOn(number)));
            }
        }
    }

    pub fn day(&mut self, number: i64) {
        let date = day(number);
        let midnight = begins(date, 1);
        self.wear();
        for room in 0..self.places.len() {
            match school(date) {
                Some((from, to)) if self.places[room].daily => self.school_day(room, number, begins(date, from), begins(date, to)),
                Some(_) => {}
                None => self.free_day(room, date, midnight),
            }
        }
        self.collector(midnight, school(date).is_some());
    }

    fn then(&mut self, at: i64, act: Act) {
        self.at(at, Happening::Act(act));
    }

    /// What a day does to disks, clocks and batteries, and what the technician does about it some days later.
    fn wear(&mut self) {
        for number in 0..self.machines.len() {
            let draws = self.random.chance(100);
            let machine = &mut self.machines[number];
            machine.disk =
                (machine.disk + u32::from(machine.fills > 3) * machine.fills.saturating_sub(2).min(4) / 2 + u32::from(machine.fills > 3))
                    .min(990);
            machine.off += machine.gains / 10;
            machine.battery -= u32::from(draws && machine.battery > 300) * 4;
            let (full, wrong, worn) = (machine.disk > 945, machine.off > 600, machine.battery < 570);
            let at = self.now + 9 * HOUR + self.below(5 * HOUR);
            if full {
                self.at(at, Happening::Act(Act::CleanTheDisk(number)));
            }
            if wrong {
                self.at(at, Happening::Act(Act::SetTheClock(number)));
            }
            if worn {
                self.at(at, Happening::Act(Act::NewBattery(number)));
            }
        }
    }

    fn school_day(&mut self, room: usize, number: i64, from: i64, to: i64) {
        let place = self.places[room];
        let from = if place.expected == Expected::Library { from.min(begins(day(number), 420)) } else { from };
        for machine in self.of(room) {
            match place.kind {
                RoomKind::Cart => self.cart(machine, from, to),
                RoomKind::Library if self.machines[machine].laptop => self.laptop(machine, from, to),
                _ => self.desktop(machine, from, to),
            }
        }
        if place.kind == RoomKind::Cart {
            return;
        }
        self.incidents(room, from, to);
        if place.kind == RoomKind::Lab {
            self.lab(room, number, from, to);
        }
        if day(number) == POWER_CUT {
            self.then(from + 3 * HOUR, Act::PowerCut(room, 25 * MINUTE, 800));
        }
    }

    fn desktop(&mut self, machine: usize, from: i64, to: i64) {
        if self.random.chance(30) {
            // Updates that come by themselves ask for a restart that nobody makes but by switching off.
            let at = from + self.below(to - from);
            self.then(at, Act::Update(machine));
        }
        if self.random.chance(900) {
            let late = self.random.chance(60);
            let on = if late { from + self.below(3 * HOUR) } else { from - 45 * MINUTE + self.below(38 * MINUTE) };
            self.then(on, Act::SwitchOn(machine));
        }
        let off = if self.random.chance(100) { to - self.below(2 * HOUR) } else { to + self.below(2 * HOUR) };
        if self.random.chance(940) {
            self.then(off, Act::SwitchOff(machine));
        } else if self.random.chance(400) {
            let dark = to + 3 * HOUR + self.below(9 * HOUR);
            self.then(dark, Act::LosePower(machine));
        }
    }

    fn cart(&mut self, machine: usize, from: i64, to: i64) {
        if self.random.chance(20) {
            let at = from + self.below(to - from);
            self.then(at, Act::Update(machine));
        }
        let mut at = from + self.below(HOUR);
        while at < to - HOUR {
            if self.random.chance(500) {
                self.then(at, Act::SwitchOn(machine));
                self.then(at + 1, Act::Wake(machine));
                let closed = at + 40 * MINUTE + self.below(10 * MINUTE);
                let act = if self.random.chance(900) { Act::Sleep(machine) } else { Act::LosePower(machine) };
                self.then(closed, act);
            }
            at += 2 * HOUR;
        }
    }

    fn laptop(&mut self, machine: usize, from: i64, to: i64) {
        if self.machines[machine].lent {
            // At home: it is on now and then, and its battery ends without a word.
            let on = from + self.below(12 * HOUR);
            self.then(on, Act::SwitchOn(machine));
            self.then(on, Act::Wake(machine));
            let act = if self.random.chance(500) { Act::Sleep(machine) } else { Act::LosePower(machine) };
            let off = on + HOUR + self.below(3 * HOUR);
            return self.then(off, act);
        }
        let on = from - 30 * MINUTE + self.below(25 * MINUTE);
        self.then(on, Act::SwitchOn(machine));
        self.then(on, Act::Wake(machine));
        if self.random.chance(150) {
            let (at, long) = (from + HOUR + self.below(4 * HOUR), DAY + self.below(12 * DAY));
            return self.then(at, Act::Lend(machine, long));
        }
        let off = to + self.below(30 * MINUTE);
        self.then(off, Act::Sleep(machine));
    }

    /// What goes wrong with single machines.
    fn incidents(&mut self, room: usize, from: i64, to: i64) {
        let long = to - from;
        let of = self.of(room);
        let perhaps = |world: &mut Self, times: u64, act: &dyn Fn(&mut Self, usize) -> Act| {
            if world.random.chance(times) {
                let machine = *world.random.pick(&of).unwrap();
                let (at, act) = (from + world.below(long), act(world, machine));
                world.then(at, act);
            }
        };
        perhaps(self, 60, &|world, machine| Act::Break(machine, 2 * MINUTE + world.below(90 * MINUTE)));
        perhaps(self, 15, &|world, machine| Act::Break(machine, world.below(4 * DAY)));
        perhaps(self, 250, &|world, machine| Act::PullTheCable(machine, 5 + world.below(30)));
        perhaps(self, 40, &|world, machine| Act::PullTheCable(machine, MINUTE + world.below(20 * MINUTE)));
        perhaps(self, 300, &|_, machine| Act::RestartTheAgent(machine));
        if self.random.chance(6) {
            let (machine, mut at) = (*self.random.pick(&of).unwrap(), from + self.below(long / 2));
            for _ in 0..4 + self.below(6) {
                let off = 100 + self.below(80);
                self.then(at, Act::PullTheCable(machine, off));
                at += off + 60 + self.below(120);
            }
        }
        if self.random.chance(4) {
            let (machine, at) = (*self.random.pick(&of).unwrap(), from + self.below(HOUR));
            for crash in 0..3 {
                self.then(at + crash * HOUR, Act::Break(machine, 2 * MINUTE));
            }
        }
    }

    fn lab(&mut self, room: usize, number: i64, from: i64, to: i64) {
        let of = self.of(room);
        if self.random.chance(25) {
            let lengths = [8, 30, 50, 4 * MINUTE, 30 * MINUTE, 2 * HOUR, 23 * HOUR];
            let (long, at) = (*self.random.pick(&lengths).unwrap(), from + 10 * MINUTE + self.below(to - from - 20 * MINUTE));
            self.then(at, Act::Switch(room, long));
            if self.random.chance(300) {
                let machine = *self.random.pick(&of).unwrap();
                let (before, long) = (self.below(30 * MINUTE), long + HOUR + self.below(HOUR));
                self.then(at - 10 * MINUTE + before, Act::Break(machine, long));
            }
        }
        if self.random.chance(60) {
            let (machine, title) = (*self.random.pick(&of).unwrap(), *self.random.pick(&REQUIRED).unwrap());
            let (at, long) = (from + self.below(to - from), 5 * MINUTE + self.below(2 * DAY));
            self.then(at, Act::Remove(machine, title, long));
        }
        if self.random.chance(6) && day(number).weekday() != Weekday::Friday {
            self.then(from + 150 * MINUTE, Act::Rebuild(room));
        }
        if self.random.chance(10) {
            // The whole lab is left on, and somebody switches its power off at night.
            let dark = to + 5 * HOUR;
            let long = if self.random.chance(500) { 10 * HOUR } else { 12 * HOUR };
            of.iter().for_each(|machine| self.then(to + 2 * HOUR + MINUTE, Act::SwitchOn(*machine)));
            self.then(dark, Act::PowerCut(room, long, 900));
        }
        let date = day(number);
        if date.weekday() == Weekday::Wednesday && date.day() <= 7 {
            self.update_day(room, to);
        }
        if !self.places[room].restored && self.random.chance(8) {
            let machine = *self.random.pick(&of).unwrap();
            let nonce = self.machines[machine].nonce.clone();
            if !nonce.is_empty() {
                // Days later: the disk is as it is today.
                self.then(from + 5 * DAY + 2 * HOUR, Act::PutBackTheImage(machine, nonce));
            }
        }
    }

    fn update_day(&mut self, room: usize, to: i64) {
        for machine in self.of(room) {
            let at = to - 20 * MINUTE + self.below(10 * MINUTE);
            self.then(at, Act::Update(machine));
            if self.random.chance(850) {
                self.then(at + 10 * MINUTE, Act::Restart(machine));
            }
        }
    }

    fn free_day(&mut self, room: usize, date: Date, midnight: i64) {
        let (place, of) = (self.places[room], self.of(room));
        if HOLIDAYS.contains(&date) && place.kind == RoomKind::Lab {
            let machine = *self.random.pick(&of).unwrap();
            self.then(midnight + 10 * HOUR, Act::SwitchOn(machine));
            self.then(midnight + 13 * HOUR, Act::SwitchOff(machine));
            let thief = *self.random.pick(&of).unwrap();
            self.then(midnight + 20 * HOUR, Act::Memory(thief, 1));
            self.then(midnight + 20 * DAY, Act::Memory(thief, 2));
        }
        if !place.daily && is_closed(date) && self.random.chance(30) {
            let machine = *self.random.pick(&of).unwrap();
            let (at, long) = (midnight + self.below(20 * HOUR), self.below(4 * HOUR));
            self.then(at, Act::Break(machine, long));
        }
    }

    fn collector(&mut self, midnight: i64, is_school: bool) {
        if self.random.chance(200) {
            let (at, long) = (midnight + 3 * HOUR + self.below(HOUR), 20 + self.below(100));
            self.then(at, Act::EndTheCollector(long));
        }
        if is_school && self.random.chance(60) {
            let (at, long) = (midnight + 7 * HOUR + self.below(10 * HOUR), 5 + self.below(120));
            self.then(at, Act::EndTheCollector(long));
        }
        if self.random.chance(60) {
            let (at, long) = (midnight + self.below(23 * HOUR), 5 + self.below(240));
            self.then(at, Act::Pause(long));
        }
    }
}
