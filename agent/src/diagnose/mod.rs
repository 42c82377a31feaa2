//! What a machine looks at when somebody asks it to diagnose itself: a fixed list of steps, each in a file of its own.
//!
//! A step looks at the machine (on a thread of its own, within its time) or exchanges echoes with the collector over the connection
//! that stands. Architecture invariant: no step names an address, a program or a file that came over the wire.

mod camera;
mod clock;
mod disk;
mod exchange;
mod gateway;
mod latency;
mod microphone;
mod name_servers;
mod path;
mod throughput;

pub(crate) use exchange::Exchange;
pub use exchange::{Measured, Plan};

use crate::host::Host;
use rollcall_proto::v1::DiagnosisStep;
use rollcall_proto::v1::diagnosis_step::{Outcome, Step as Name};
use std::time::Duration;

/// One step.
pub struct Step {
    /// Its name on the wire.
    pub name: Name,
    /// How much of it a machine says that is off site.
    pub off_site: OffSite,
    /// How long it may take: then it counts as not measured.
    pub limit: Duration,
    /// What is done.
    pub work: Work,
}

/// What a machine that is off site says of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffSite {
    /// All of it.
    Said,
    /// It is said if this section of the inventory is agreed.
    With(&'static str),
    /// Nothing: it tells of the network that the machine is on.
    Unsaid,
}

/// What is done in a step.
#[derive(Clone, Copy)]
pub enum Work {
    /// Looks at the machine. Blocks.
    Look(fn(&Host, &Around) -> Finding),
    /// Exchanges echoes with the collector, one plan after the other, and judges them.
    Exchange(&'static [Plan], fn(&[Measured]) -> Finding),
}

/// What a step may have to know that is not of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// HOST:PORT under which the collector is connected now.
    pub collector: Option<String>,
}

/// Every step, in the order in which they are made.
pub const STEPS: &[Step] = &[
    gateway::STEP,
    name_servers::STEP,
    path::STEP,
    latency::STEP,
    throughput::STEP,
    disk::STEP,
    camera::STEP,
    microphone::STEP,
    clock::STEP,
];

/// What a step came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Of the four.
    pub outcome: Outcome,
    /// What was found, or why not, in words.
    pub found: String,
    /// The middle one of the times to the collector and back.
    pub round_trip: Option<Duration>,
    /// To the collector, bits a second.
    pub up_bps: Option<u64>,
    /// From it.
    pub down_bps: Option<u64>,
    /// Clock of the machine minus clock of the collector, milliseconds.
    pub clock_off_ms: Option<i64>,
}

impl Finding {
    fn of(outcome: Outcome, found: impl Into<String>) -> Self {
        Self { outcome, found: found.into(), round_trip: None, up_bps: None, down_bps: None, clock_off_ms: None }
    }

    /// It is as it should be.
    pub fn well(found: impl Into<String>) -> Self {
        Self::of(Outcome::Well, found)
    }

    /// There is none.
    pub fn absent(found: impl Into<String>) -> Self {
        Self::of(Outcome::Absent, found)
    }

    /// It could not be looked at.
    pub fn unreadable(why: impl Into<String>) -> Self {
        Self::of(Outcome::Unreadable, why)
    }

    /// It is there, and not as it should be.
    pub fn wrong(found: impl Into<String>) -> Self {
        Self::of(Outcome::Wrong, found)
    }

    /// As it goes over the wire.
    pub fn told(self, command: u64, step: Name) -> DiagnosisStep {
        DiagnosisStep {
            command,
            step: step.into(),
            outcome: self.outcome.into(),
            found: crate::probe::text::clean(&self.found),
            round_trip_us: self.round_trip.and_then(|trip| u32::try_from(trip.as_micros()).ok()),
            up_bps: self.up_bps,
            down_bps: self.down_bps,
            clock_off_ms: self.clock_off_ms,
        }
    }
}

/// Makes the look of `step` at `host`. Blocks; one that still hangs from an earlier diagnosis is not made a second time.
pub fn look(host: &Host, step: &Step, around: &Around) -> Finding {
    let Work::Look(look) = step.work else { return Finding::unreadable("this step looks at nothing on the machine") };
    match host.begin(step.name.as_str_name()) {
        Some(_at_work) => look(host, around),
        None => Finding::unreadable("the same step of an earlier diagnosis still hangs"),
    }
}

/// What a probe of the inventory reads now.
fn section(host: &Host, name: &str) -> Result<rollcall_proto::Section, String> {
    let probe = crate::probe::PROBES.iter().find(|probe| probe.section == name);
    let probe = probe.ok_or_else(|| format!("this agent reads no section {name}"))?;
    (probe.read)(host).map(|found| found.section)
}

/// A time in words, "3.1 ms".
fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    if micros < 100 {
        return "less than 0.1 ms".to_owned();
    }
    if micros < 10_000 { format!("{}.{} ms", micros / 1000, micros / 100 % 10) } else { format!("{} ms", micros / 1000) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;

    #[test]
    fn every_step_of_the_wire_is_made_once_in_its_order_and_within_two_minutes() {
        let names: Vec<i32> = STEPS.iter().map(|step| step.name.into()).collect();
        assert_eq!(names, (1..=9).collect::<Vec<_>>());
        assert!(Name::try_from(10).is_err(), "a new step of the wire is made by nobody");
        assert!(STEPS.iter().map(|step| step.limit).sum::<Duration>() <= Duration::from_secs(100));
        assert!(STEPS.iter().all(|step| !step.limit.is_zero()));
    }

    #[test]
    fn a_machine_without_anything_says_of_each_step_why() {
        let (_dir, host) = machine("{}", &[]);
        for step in STEPS.iter().filter(|step| matches!(step.work, Work::Look(_))) {
            let finding = look(&host, step, &Around::default());
            assert!(finding.outcome != Outcome::Well && !finding.found.is_empty(), "{:?} {finding:?}", step.name);
        }
    }

    #[test]
    fn a_step_that_hangs_is_not_made_twice() {
        let (_dir, host) = machine("{}", &[]);
        let hangs = host.begin(Name::Camera.as_str_name());
        let camera = STEPS.iter().find(|step| step.name == Name::Camera).unwrap();
        assert!(look(&host, camera, &Around::default()).found.contains("hangs"));
        drop(hangs);
        assert_eq!(look(&host, camera, &Around::default()).outcome, Outcome::Absent);
    }

    #[test]
    fn times_are_told_as_precisely_as_they_matter() {
        let told = [40, 340, 3_149, 12_900].map(|micros| milliseconds(Duration::from_micros(micros)));
        assert_eq!(told, ["less than 0.1 ms", "0.3 ms", "3.1 ms", "12 ms"]);
    }
}
