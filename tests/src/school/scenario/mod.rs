//! What can happen to a school: one file each, behind one list.

mod clock_skew;
mod clones;
mod hostile;
mod power_cut;
mod remove_package;
mod roll_back;
mod sleep_wake;
mod slow;
mod steady;
pub mod storm;
mod switch_at_signal;
mod switch_lost;

use super::Stage;
use super::plan::Member;
use std::pin::Pin;

/// Every scenario, alphabetical: adding one is a file and a line.
pub const SCENARIOS: &[Scenario] = &[
    clock_skew::SCENARIO,
    clones::SCENARIO,
    hostile::SCENARIO,
    power_cut::SCENARIO,
    remove_package::SCENARIO,
    roll_back::SCENARIO,
    sleep_wake::SCENARIO,
    slow::SCENARIO,
    steady::SCENARIO,
    storm::SCENARIO,
    switch_at_signal::SCENARIO,
    switch_lost::SCENARIO,
];

/// What happens when nothing is named.
pub const STEADY: Scenario = steady::SCENARIO;

/// One thing that can happen to a school.
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens, in one line.
    pub what: &'static str,
    /// Who reaches the collector by a road of its own, which can be cut, slowed, and have another clock.
    pub by_road: fn(&Member) -> bool,
    /// Makes it happen, and notes in the accounts what the collector must make of it.
    pub run: for<'a> fn(&'a mut Stage<'_>) -> Happening<'a>,
}

/// What happens, as it happens.
pub type Happening<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + 'a>>;

impl std::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The scenario of this name.
pub fn named(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

/// Everybody takes the common way.
fn nobody(_: &Member) -> bool {
    false
}

/// Those of the first room.
fn first_room(member: &Member) -> bool {
    member.room == 0
}

/// Every third PC of each room.
fn every_third(member: &Member) -> bool {
    member.pc.number.is_multiple_of(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_everybody_is_found_by_name() {
        assert!(SCENARIOS.is_sorted_by_key(|scenario| scenario.name));
        for scenario in SCENARIOS {
            assert!(scenario.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", scenario.name);
            assert_eq!(named(scenario.name).map(|found| found.what), Some(scenario.what));
        }
        assert!(named("earthquake").is_none());
    }
}
