//! A machine that sleeps.

use super::*;

#[test]
fn a_machine_says_goodbye_before_it_sleeps_and_calls_when_it_wakes() {
    let mut story = settled();
    story.step(Event::Suspend);
    let goodbye = Goodbye { reason: Reason::Suspend.into() };
    assert!(story.said.contains(&Message::Goodbye(goodbye)) && story.has(|task| *task == Task::Disconnect));
    story.pass(20.0);
    assert_eq!(story.session.standing(), Standing::Waiting);
    story.step(Event::Resume);
    assert_eq!(story.running.as_deref(), Some(LIVELY_SECTIONS));
    story.survey();
    story.pass(4.0);
    assert_eq!(story.session.standing(), Standing::Calling);
    // Should it not sleep after all, it calls again by itself.
    story.step(Event::Suspend);
    story.pass(31.0);
    assert_eq!(story.session.standing(), Standing::Calling);
}
