//! The command to diagnose: step by step, and each within its time.

use super::*;
use crate::diagnose::{Finding, STEPS, Work};
use rollcall_proto::v1::diagnosis_step::{Outcome, Step as Name};
use rollcall_proto::v1::{Diagnose, DiagnosisStep, Echoed, OffSite};

impl Story {
    fn diagnose(&mut self, id: u64) {
        self.command(id, Command::Diagnose(Diagnose {}));
    }

    /// The look that was asked for last.
    fn asked(&mut self) -> Option<(u64, usize)> {
        let at = self.tasks.iter().position(|task| matches!(task, Task::Look(..)))?;
        match self.tasks.remove(at) {
            Task::Look(id, at) => Some((id, at)),
            _ => None,
        }
    }

    /// Makes every look and answers every echo until there is neither; gives how many echoes there were, and their bytes.
    fn follow(&mut self, busy: bool) -> (usize, usize) {
        let (mut echoes, mut bytes) = (0, 0);
        loop {
            let (said, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.said).into_iter().partition(|m| matches!(m, Message::Echo(_)));
            self.said = rest;
            let looked = self.asked();
            if let Some((id, at)) = looked {
                self.step(Event::Looked(id, at, Finding::well("good")));
            }
            if said.is_empty() && looked.is_none() {
                return (echoes, bytes);
            }
            for echo in said {
                let Message::Echo(echo) = echo else { continue };
                (echoes, bytes) = (echoes + 1, bytes + echo.filler.len() + echo.wanted as usize);
                let heavy = !echo.filler.is_empty() || echo.wanted > 0;
                self.seconds += 0.01;
                let filler = vec![0; echo.wanted as usize];
                let clock_ms = (self.seconds * 1000.0) as i64;
                self.hear(From::Echoed(Echoed { command: echo.command, number: echo.number, filler, clock_ms, busy: busy && heavy }));
            }
        }
    }

    fn told(&mut self) -> Vec<DiagnosisStep> {
        let said = std::mem::take(&mut self.said).into_iter();
        said.filter_map(|said| if let Message::Step(step) = said { Some(step) } else { None }).collect()
    }

    fn done(&self) -> Vec<CommandDone> {
        self.said.iter().filter_map(|said| if let Message::Done(done) = said { Some(done.clone()) } else { None }).collect()
    }
}

#[test]
fn every_step_is_told_as_it_ends_and_no_more_than_two_mebibytes_travel() {
    let mut story = settled();
    story.diagnose(7);
    assert_eq!(story.asked(), Some((7, 0)));
    story.step(Event::Looked(7, 0, Finding::wrong("nobody answers")));
    assert_eq!(story.told().len(), 1, "the first is told before the second begins");
    let (echoes, bytes) = story.follow(false);
    assert_eq!((echoes, bytes), (5 + 32 + 3, 2 * 1024 * 1024));
    assert_eq!(story.done(), [CommandDone { id: 7, ..CommandDone::default() }]);
    let told = story.told();
    assert_eq!(told.iter().map(DiagnosisStep::step).collect::<Vec<_>>(), STEPS[1..].iter().map(|step| step.name).collect::<Vec<_>>());
    assert!(told.iter().all(|step| step.outcome() == Outcome::Well && step.command == 7), "{told:?}");
    let throughput = told.iter().find(|step| step.step() == Name::Throughput).unwrap();
    assert!(throughput.up_bps.is_some() && throughput.down_bps.is_some());
    story.diagnose(8);
    assert_eq!(story.asked(), Some((8, 0)), "it may be asked again");
}

#[test]
fn one_at_a_time_and_a_step_that_hangs_costs_its_time_only() {
    let mut story = settled();
    story.diagnose(7);
    story.diagnose(8);
    assert!(story.done().iter().any(|done| done.id == 8 && done.problem.contains("goes on")));
    story.said.clear();
    let all: f64 = STEPS.iter().map(|step| step.limit.as_secs_f64()).sum();
    story.pass(all + 5.0);
    assert!(story.done().iter().any(|done| done.id == 7 && done.problem.is_empty()), "nothing ever answered");
    let told = story.told();
    assert_eq!(told.len(), STEPS.len());
    for (told, step) in told.iter().zip(STEPS) {
        if matches!(step.work, Work::Look(_)) {
            assert!(told.outcome() == Outcome::Unreadable && told.found.contains("longer than"), "{told:?}");
        } else {
            assert!(told.outcome() != Outcome::Well, "{told:?}");
        }
    }
    story.step(Event::Looked(7, 0, Finding::well("at last")));
    assert_eq!(story.told(), [], "it comes too late");
}

#[test]
fn a_collector_that_is_busy_costs_the_throughput_alone() {
    let mut story = settled();
    story.diagnose(7);
    let (echoes, _) = story.follow(true);
    assert_eq!(echoes, 5 + 4 + 3, "no more filler goes after the first is refused");
    let told = story.told();
    let unmeasured: Vec<Name> = told.iter().filter(|step| step.outcome() != Outcome::Well).map(DiagnosisStep::step).collect();
    assert_eq!((told.len(), unmeasured), (9, vec![Name::Throughput]));
}

#[test]
fn who_asked_in_a_connection_that_broke_hears_nothing_and_may_ask_again() {
    let mut story = settled();
    story.diagnose(7);
    story.step(Event::Lost);
    story.welcome(1, 1);
    story.said.clear();
    story.step(Event::Looked(7, 0, Finding::well("good")));
    assert_eq!((story.told(), story.done()), (vec![], vec![]));
    story.tasks.clear();
    story.diagnose(1);
    assert_eq!(story.asked(), Some((1, 0)));
}

#[test]
fn off_site_nothing_is_told_of_the_place() {
    let mut story = settled();
    story.step(Event::Lost);
    let session = story.called().session;
    let off_site = Some(OffSite { sections: vec!["cameras".into()] });
    story.hear(From::Welcome(Welcome { session, acknowledged: 1, epoch: 1, nonce: vec![9; 16], off_site, ..Welcome::default() }));
    story.said.clear();
    story.tasks.clear();
    story.diagnose(7);
    story.follow(false);
    let told = story.told();
    let unsaid: Vec<Name> = told.iter().filter(|step| step.found.contains("off site")).map(DiagnosisStep::step).collect();
    assert_eq!(unsaid, [Name::Gateway, Name::NameServers, Name::Path, Name::Microphone]);
    assert_eq!(told.len(), 9);
}
