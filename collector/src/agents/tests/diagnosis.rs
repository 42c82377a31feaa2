//! A machine is diagnosed: what it says then, and what it may not say.

use super::*;
use from_agent::Message as Said;
use rollcall_proto::v1::diagnosis_step::{Outcome as Came, Step as Name};
use rollcall_site::diagnosis::{Diagnosis, Outcome, Step};
use v1::command::Command;

/// Begins to diagnose a machine that is connected; the task gives what came of it.
fn diagnose(school: &School, pc: &Pc) -> tokio::task::JoinHandle<Result<Arc<Diagnosis>, ChangeError>> {
    let (collector, id) = (school.running.collector.clone(), pc.id());
    tokio::spawn(async move { crate::diagnoses::run(&collector, id, Actor::User("ana".to_owned()), |_| {}).await })
}

/// The number of the command to diagnose.
async fn asked(line: &mut Line) -> u64 {
    loop {
        match line.hear().await {
            Some(from_collector::Message::Command(v1::Command { id, command: Some(Command::Diagnose(_)) })) => return id,
            Some(_) => {}
            None => panic!("the stream ended"),
        }
    }
}

fn step(command: u64, step: Name, outcome: Came, found: &str) -> Said {
    let (step, outcome) = (step.into(), outcome.into());
    Said::Step(v1::DiagnosisStep { command, step, outcome, found: found.to_owned(), ..Default::default() })
}

fn echo(command: u64, number: u32, filler: usize, wanted: u32) -> Said {
    Said::Echo(v1::Echo { command, number, filler: vec![7; filler], wanted })
}

async fn echoed(line: &mut Line) -> v1::Echoed {
    loop {
        match line.hear().await {
            Some(from_collector::Message::Echoed(echoed)) => return echoed,
            Some(_) => {}
            None => panic!("the stream ended"),
        }
    }
}

async fn met(school: &School, name: &str) -> (Pc, Line) {
    let pc = school.enroll(name).await;
    let (line, _) = school.meet(&pc, &session(), &[]).await;
    (pc, line)
}

#[tokio::test]
async fn each_step_is_kept_as_it_ends_once_and_clean() {
    let school = School::open().await;
    let (pc, mut line) = met(&school, "lab1-01").await;
    let mut told = school.running.collector.roll.steps();
    let running = diagnose(&school, &pc);
    let id = asked(&mut line).await;
    assert_eq!(told.recv().await, Ok(pc.id()), "it has begun");
    line.say(step(id, Name::Gateway, Came::Wrong, &format!("nobody\u{202e}\n answers {}", "x".repeat(9000)))).await;
    let kept = |school: &School| school.view().diagnoses.get(&pc.id()).cloned().unwrap();
    school.until("the first step", |school| kept(school).ended.len() == 1).await;
    let first = kept(&school).ended[0].clone();
    assert_eq!(timeout(SOON, told.recv()).await.unwrap(), Ok(pc.id()), "and a step has ended");
    assert!(first.found.starts_with("nobody answers") && first.found.chars().count() <= 300, "{first:?}");
    assert_eq!((first.step, first.outcome, kept(&school).finished_at), (Step::Gateway, Outcome::Wrong, None));

    line.say(step(id, Name::Gateway, Came::Well, "again")).await;
    line.say(step(id + 1, Name::Disk, Came::Well, "of another command")).await;
    line.say(step(id, Name::Unspecified, Came::Well, "of none")).await;
    let odd = v1::DiagnosisStep { command: id, step: 99, outcome: 99, round_trip_us: Some(1), ..Default::default() };
    line.say(Said::Step(odd)).await;
    let clock =
        v1::DiagnosisStep { command: id, step: Name::Clock.into(), outcome: Came::Well.into(), up_bps: Some(9), ..Default::default() };
    line.say(Said::Step(clock)).await;
    line.say(Said::Done(v1::CommandDone { id, ..Default::default() })).await;
    let done = running.await.unwrap().unwrap();
    assert_eq!(done.ended.iter().map(|ended| (ended.step, ended.up_bps)).collect::<Vec<_>>(), [(Step::Gateway, None), (Step::Clock, None)]);
    assert!(done.finished_at.is_some() && done.problem.is_empty() && done.by == "ana");
    assert!(school.happened("device.diagnosed"));
    line.say(step(id, Name::Disk, Came::Well, "after the end")).await;
    line.say(echo(id, 9, 10, 10)).await;
    line.beat().await;
    let mut next = diagnose(&school, &pc);
    let second = asked(&mut line).await;
    assert!(second > id && kept(&school).ended.is_empty(), "nothing of the last one is in the next");
    let refused = crate::diagnoses::run(&school.running.collector, pc.id(), Actor::Rollcall, |_| {}).await;
    assert!(matches!(refused, Err(ChangeError::Refused(refusal)) if refusal.text.contains("already, for ana")));
    drop(line);
    let cut = timeout(SOON, &mut next).await.unwrap().unwrap().unwrap();
    assert_eq!(cut.problem, "the machine went away meanwhile");
}

#[tokio::test]
async fn an_agent_that_does_not_know_the_command_is_too_old_and_one_that_is_away_is_not_asked() {
    let school = School::open().await;
    let (pc, mut line) = met(&school, "lab1-01").await;
    let running = diagnose(&school, &pc);
    let id = asked(&mut line).await;
    let problem = rollcall_proto::UNKNOWN_COMMAND.to_owned();
    line.say(Said::Done(v1::CommandDone { id, problem, ..Default::default() })).await;
    let done = running.await.unwrap().unwrap();
    assert!(done.problem.contains("this agent") && done.problem.contains("too old to diagnose"), "{done:?}");
    line.beat().await;
    drop(line);
    school.until("it is gone", |school| school.running.collector.roll.heard().is_empty()).await;
    let refused = diagnose(&school, &pc).await.unwrap().unwrap_err();
    assert!(refused.to_string().contains("is not connected"), "{refused}");
    assert!(school.view().diagnoses.get(&pc.id()).unwrap().problem.contains("too old"), "the last one stays");
}

#[tokio::test]
async fn echoes_are_given_back_while_it_is_asked_and_two_measure_at_once() {
    let school = School::open().await;
    let mut all = Vec::new();
    for name in ["lab1-01", "lab1-02", "lab1-03"] {
        let (pc, mut line) = met(&school, name).await;
        let running = diagnose(&school, &pc);
        let id = asked(&mut line).await;
        all.push((line, id, running));
    }
    let mut busy = Vec::new();
    for (line, id, _) in &mut all {
        line.say(echo(*id, 1, 0, 0)).await;
        let back = echoed(line).await;
        assert!(back.number == 1 && back.command == *id && back.clock_ms > 0 && !back.busy && back.filler.is_empty());
        line.say(echo(*id, 2, 1000, 2000)).await;
        let back = echoed(line).await;
        assert_eq!(back.filler.len(), if back.busy { 0 } else { 2000 });
        busy.push(back.busy);
    }
    assert_eq!(busy, [false, false, true]);
    let (line, id, _) = &mut all[0];
    line.say(step(*id, Name::Throughput, Came::Well, "fast")).await;
    let (line, id, _) = &mut all[2];
    let mut number = 3;
    let back = loop {
        line.say(echo(*id, number, 1, 1)).await;
        let back = echoed(line).await;
        if !back.busy || number > 50 {
            break back;
        }
        number += 1;
    };
    assert!(!back.busy, "who is done makes room");
    // More than an agent wants is not answered, nor what is too large.
    line.say(echo(*id, 100, 0, u32::MAX)).await;
    line.say(echo(*id, 101, rollcall_proto::MAX_FILLER + 1, 0)).await;
    line.say(echo(*id + 7, 102, 0, 0)).await;
    line.say(echo(*id, 103, 0, 0)).await;
    assert_eq!(echoed(line).await.number, 103);
}

#[tokio::test]
async fn a_diagnosis_that_a_restart_cut_short_is_finished() {
    let school = School::open().await;
    let (pc, _line) = met(&school, "lab1-01").await;
    let (id, heard) = (pc.id(), school.running.collector.roll.heard());
    school.change(move |w| rollcall_site::diagnosis::begin(w, id, &heard)).await.unwrap();
    let school = school.restart().await;
    let finished = school.view().diagnoses.get(&id).cloned().unwrap();
    assert!(finished.finished_at.is_some() && finished.problem.contains("stopped"), "{finished:?}");
}
