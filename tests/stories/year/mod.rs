//! A school year under a clock of its own: the site's pure rules, 200 machines, and a record of what a person must be told. Everything is
//! drawn from one seed.
//!
//! `ROLLCALL_SEEDS=10` is the long form: whole years; `ROLLCALL_SEED=N` repeats one.

mod acts;
mod calendar;
mod judge;
mod machine;
mod plan;
mod school;
mod truth;
mod world;

use school::{PLACES, Place};
use world::World;

/// The short form: a fraction of the machines, from August over the change of the clocks into November.
const FEW_DAYS: i64 = 95;
const FRACTION: usize = 5;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn few() -> Vec<Place> {
    PLACES.iter().map(|place| Place { machines: (place.machines / FRACTION).max(4), ..*place }).collect()
}

#[test]
fn a_school_year_tells_what_must_be_told_and_nothing_else() {
    let (seeds, long): (Vec<u64>, bool) = match (number("ROLLCALL_SEED"), number("ROLLCALL_SEEDS")) {
        (Some(seed), _) => (vec![seed], true),
        (None, Some(count)) => ((1..=count).collect(), true),
        (None, None) => (vec![1], false),
    };
    for seed in seeds {
        let (places, days) = if long { (PLACES.to_vec(), calendar::YEAR_DAYS) } else { (few(), FEW_DAYS) };
        let count: usize = places.iter().map(|place| place.machines).sum();
        let (verdict, changes) = World::new(seed, places, days).live();
        println!(
            "seed {seed}: {count} machines, {days} days, {changes} changes; told {}, wanted {}, either way {}; {:?}",
            verdict.told, verdict.wanted, verdict.open, verdict.by_rule
        );
        let faults = verdict.faults.len();
        assert!(faults == 0, "{faults} faults in the year of seed {seed}:\n{}", verdict.faults[..faults.min(40)].join("\n"));
    }
}
