//! A school week under a clock of its own: real sessions, real spools, the real keeper, rules and store, and between them a network that
//! delays, breaks and parts. Everything is drawn from one seed.
//!
//! `ROLLCALL_SEEDS=100` is the long form; `ROLLCALL_SEED=N ROLLCALL_MACHINES=M` repeats one week.

mod acts;
mod judge;
mod machine;
mod plan;
mod school;
mod world;

use world::World;

/// Monday, 2026-09-07T05:00:00Z.
pub const START_MS: i64 = 1_788_757_200_000;
/// PCs of the school, in the long form and in the short one.
const MACHINES: usize = 30;
const FEW: usize = 12;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn a_school_week_loses_nothing_and_alarms_nobody_for_nothing() {
    let seeds: Vec<u64> = match (number("ROLLCALL_SEED"), number("ROLLCALL_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, Some(count)) => (1..=count).collect(),
        (None, None) => vec![1],
    };
    let (weeks, asked) = (seeds.len(), number("ROLLCALL_SEEDS").is_some());
    let machines = number("ROLLCALL_MACHINES").map_or(if asked { MACHINES } else { FEW }, |count| count as usize);
    for seed in seeds {
        let week = std::panic::catch_unwind(|| World::new(seed, machines).live());
        let told = week
            .unwrap_or_else(|_| panic!("the week of seed {seed} fails: repeat it with ROLLCALL_SEED={seed} ROLLCALL_MACHINES={machines}"));
        println!("week {seed} of {weeks}: {told}");
    }
}
