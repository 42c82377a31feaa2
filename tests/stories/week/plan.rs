//! What happens in a week, drawn from a seed: bells, changes, cables, crashes.

use super::school::End;
use rollcall_tests::fuzz::Random;

pub const SECOND: u64 = 1000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// The week begins on Monday at 05:00 UTC; nothing happens any more on Friday from half past three.
pub const LAST: u64 = 4 * DAY + 10 * HOUR + 30 * MINUTE;

/// Something that somebody does, or that befalls a machine.
#[derive(Clone, Debug)]
pub enum Act {
    SwitchOn(usize),
    SwitchOff(usize),
    PullThePlug(usize),
    CloseTheLid(usize),
    OpenTheLid(usize),
    Install(usize),
    KillTheAgent(usize),
    StartTheAgent(usize),
    /// Machines lose the network, for so long.
    PullTheCable(Vec<usize>, u64),
    PlugTheCable(Vec<usize>),
    /// The connection breaks, with what is on its way.
    BreakTheConnection(usize),
    SetTheClock(usize, i64),
    CopyTheDisk(usize),
    /// The collector begins to end, and starts again after so long.
    EndTheCollector(End, u64),
    TheCollectorIsGone(End, u64),
    StartTheCollector,
}

/// The week of so many machines, in no order: when, and what.
pub fn week(machines: usize, random: &mut Random) -> Vec<(u64, Act)> {
    let mut acts = Vec::new();
    for day in 0..5 {
        for machine in 0..machines {
            of_a_machine(day * DAY, machine, random, &mut acts);
        }
        let lab = (0..machines).filter(|machine| machine % 2 == 0).collect();
        let long = if random.chance(500) { 10 * SECOND + random.below(MINUTE) } else { random.below(10 * MINUTE) };
        acts.push((at(day * DAY, 9, random), Act::PullTheCable(lab, long)));
        for hour in [8, 11, 13] {
            if random.chance(500) {
                let end = if random.chance(250) { End::InOrder } else { End::PowerCut };
                let down = if random.chance(700) { 2 * SECOND + random.below(30 * SECOND) } else { MINUTE + random.below(6 * MINUTE) };
                acts.push((at(day * DAY, hour, random), Act::EndTheCollector(end, down)));
            }
        }
    }
    acts.push((DAY + 5 * HOUR, Act::SetTheClock(3, 2 * HOUR as i64)));
    acts.push((2 * DAY + 4 * HOUR + 30 * MINUTE, Act::SetTheClock(3, 0)));
    acts.push((3 * DAY + 5 * HOUR + 30 * MINUTE, Act::CopyTheDisk(7)));
    acts.retain(|(at, _)| *at < LAST);
    // Whoever is off or asleep comes to the end of the week.
    for machine in 0..machines {
        acts.extend([(LAST + SECOND, Act::OpenTheLid(machine)), (LAST + 2 * SECOND, Act::SwitchOn(machine))]);
    }
    acts
}

/// Within the hour that begins at `hour` UTC.
fn at(day: u64, hour: u64, random: &mut Random) -> u64 {
    day + (hour - 5) * HOUR + random.below(HOUR)
}

fn of_a_machine(day: u64, machine: usize, random: &mut Random, acts: &mut Vec<(u64, Act)>) {
    let is_absent = day > 0 && random.chance(80) && ![3, 7].contains(&machine);
    if is_absent {
        return;
    }
    acts.push((day + 2 * HOUR + 30 * MINUTE + random.below(20 * MINUTE), Act::SwitchOn(machine)));
    let off = day + 11 * HOUR + random.below(HOUR);
    acts.push((off, if random.chance(900) { Act::SwitchOff(machine) } else { Act::PullThePlug(machine) }));
    if machine.is_multiple_of(5) {
        for bell in [9, 10, 12, 14] {
            if random.chance(500) {
                let closed = day + (bell - 5) * HOUR + random.below(2 * MINUTE);
                acts.push((closed, Act::CloseTheLid(machine)));
                acts.push((closed + 20 * SECOND + random.below(20 * MINUTE), Act::OpenTheLid(machine)));
            }
        }
    }
    let mut perhaps = |times, act: Act, random: &mut Random| {
        if random.chance(times) {
            let hour = 8 + random.below(7);
            acts.push((at(day, hour, random), act));
        }
    };
    perhaps(600, Act::Install(machine), random);
    perhaps(200, Act::Install(machine), random);
    perhaps(120, Act::KillTheAgent(machine), random);
    perhaps(300, Act::BreakTheConnection(machine), random);
    perhaps(100, Act::PullTheCable(vec![machine], 3 * SECOND + random.below(60 * SECOND)), random);
    perhaps(60, Act::PullTheCable(vec![machine], random.below(20 * MINUTE)), random);
}
