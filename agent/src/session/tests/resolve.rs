//! The command to resolve an address.

use super::*;
use crate::resolve::Answer;
use rollcall_proto::v1::Resolve;

#[test]
fn an_address_is_resolved_for_who_asked_and_one_at_a_time() {
    let mut story = settled();
    let resolve = |address: &str| Command::Resolve(Resolve { address: address.into(), mac: "02:00:00:00:00:01".into() });
    let answer = || Ok(Answer { alive: true, mac: "02:00:00:00:00:01".into() });
    story.command(7, resolve("10.0.0.9"));
    assert!(story.has(|task| matches!(task, Task::Resolve(7, address, _) if address.octets() == [10, 0, 0, 9])));
    story.tasks.clear();
    story.command(8, resolve("10.0.0.10"));
    story.command(9, resolve("printer.school.example"));
    let problems = |said: &[Message]| said.iter().filter(|m| matches!(m, Message::Done(done) if !done.problem.is_empty())).count();
    assert_eq!((problems(&story.said), story.has(|task| matches!(task, Task::Resolve(..)))), (2, false));
    story.said.clear();
    story.step(Event::Resolved(7, answer()));
    let wanted = CommandDone { id: 7, alive: Some(true), mac: "02:00:00:00:00:01".into(), ..Default::default() };
    assert_eq!(story.said.pop(), Some(Message::Done(wanted)));
    story.command(10, resolve("10.0.0.9"));
    story.step(Event::Lost);
    story.welcome(1, 1);
    story.said.clear();
    story.step(Event::Resolved(10, answer()));
    assert_eq!(story.said, [], "who asked is gone");
}
