//! The short form: some mutated inputs for each target, and every field of every message at its limits.
//!
//! `ROLLCALL_MUTATIONS` sets the number of inputs of each target, `ROLLCALL_TARGETS` names the targets, `ROLLCALL_SEED` repeats a run.

use super::{Mutator, fields, targets};
use rollcall_proto::SECTIONS;
use rollcall_proto::fuzz::{Feed, Target};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Inputs of each target in the short form.
const SHORT: u64 = 600;
/// No target takes longer in the short form; one that stands before a whole desk gets fewer inputs.
const PATIENCE: Duration = Duration::from_millis(400);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The targets that are named, or all.
fn chosen() -> Vec<Target> {
    let names = std::env::var("ROLLCALL_TARGETS").unwrap_or_default();
    let names: Vec<&str> = names.split([' ', ',']).filter(|name| !name.is_empty()).collect();
    let all = targets();
    for name in &names {
        assert!(all.iter().any(|target| target.name == *name), "there is no target {name}");
    }
    all.into_iter().filter(|target| names.is_empty() || names.contains(&target.name)).collect()
}

/// Feeds `input`; what is wrong when something does not hold, and how to repeat it.
fn feed(target: &Target, feed: &mut Feed, input: &[u8], how: &str) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| feed(input))).map_err(|_| {
        let file = std::env::temp_dir().join(format!("rollcall-{}.input", target.name));
        std::fs::write(&file, input).unwrap();
        let shown: String = input.escape_ascii().to_string().chars().take(400).collect();
        format!("{} does not bear {} ({} bytes): {shown}\n  repeat it: {how}", target.name, file.display(), input.len())
    })
}

/// Feeds one target its own inputs and mutated ones; gives how many.
fn run(target: &Target, seed: u64, asked: Option<u64>) -> Result<u64, String> {
    let (mut mutator, mut door, begun) = (Mutator::new(target, seed), target.begin(), Instant::now());
    let how = format!("ROLLCALL_SEED={seed} ROLLCALL_TARGETS={} cargo test --workspace --lib -- mutated", target.name);
    target.seeds.iter().try_for_each(|input| feed(target, &mut door, input, &how))?;
    let mut fed = 0;
    while fed < asked.unwrap_or(SHORT) && (asked.is_some() || begun.elapsed() < PATIENCE) {
        feed(target, &mut door, &mutator.input(), &how)?;
        fed += 1;
    }
    Ok(fed)
}

#[test]
fn mutated_inputs_are_borne() {
    let asked = number("ROLLCALL_MUTATIONS");
    let seed = number("ROLLCALL_SEED").unwrap_or_else(|| if asked.is_some() { u64::from(std::process::id()) } else { 1 });
    let mut wrong = Vec::new();
    for target in chosen() {
        let begun = Instant::now();
        match run(&target, seed, asked) {
            Ok(fed) => {
                let seconds = begun.elapsed().as_secs_f64();
                println!("{:20} {fed} inputs in {seconds:.2} s, {:.0} a second", target.name, fed as f64 / seconds);
            }
            Err(what) => wrong.push(what),
        }
    }
    assert!(wrong.is_empty(), "{} targets:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_field_of_every_message_at_its_limits_is_borne() {
    for target in targets().into_iter().filter(|target| target.message.is_some()) {
        let fields = fields(target.message.unwrap(), 4);
        assert!(!fields.is_empty(), "{}", target.name);
        let mut door = target.begin();
        let firsts = target.seeds.iter().map(Vec::as_slice).chain([&[][..]]);
        for first in firsts {
            for more in &fields {
                feed(&target, &mut door, &[first, more].concat(), "cargo test --workspace --lib -- every_field").unwrap();
            }
        }
    }
}

#[test]
fn every_field_of_a_section_at_its_limits_is_refused_or_borne() {
    let all = targets();
    let target = all.iter().find(|target| target.name == "section").unwrap();
    let mut door = target.begin();
    for (name, message) in
        [("software", "Software"), ("storage", "Storage"), ("network", "Network"), ("displays", "Displays"), ("memory", "Memory")]
    {
        let first = SECTIONS.iter().position(|section| *section == name).unwrap() as u8;
        for bytes in fields(message, 3) {
            feed(target, &mut door, &[&[first], &bytes[..]].concat(), "cargo test --workspace --lib -- every_field").unwrap();
        }
    }
}

#[test]
fn every_target_has_its_own_name_and_something_to_begin_with() {
    let all = targets();
    let names: BTreeSet<&str> = all.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.len() > 80, "{} targets", all.len());
    let bare: Vec<&str> = all.iter().filter(|target| target.seeds.iter().all(Vec::is_empty)).map(|target| target.name).collect();
    assert!(bare.iter().all(|name| matches!(*name, "from-collector" | "renew")), "{bare:?} have no input to begin with");
}
