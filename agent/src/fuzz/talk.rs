//! A collector that says anything: the session takes it, and stays within its bounds.

use crate::session::{Beginning, Event, Lineage, Now, Output, Session, Standing, Task};
use crate::source::Facts;
use crate::spool::Kept;
use crate::survey::{Content, Reading};
use prost::Message;
use rollcall_proto::fuzz::Target;
use rollcall_proto::v1::{FromAgent, FromCollector, Software, Welcome, from_agent, from_collector};
use rollcall_proto::{MAX_FILLER, MAX_MESSAGE, Section};
use std::time::Duration;

const SESSION: &str = "01890000-0000-7000-8000-000000000001";

/// The session as a target: the bytes are messages one after another, each behind its length.
pub(super) fn target() -> Target {
    Target::new("from-collector", &[], feed).of("FromCollector")
}

fn feed(bytes: &[u8]) {
    let mut rest = bytes;
    let whole = FromCollector::decode(bytes).ok();
    let mut messages: Vec<FromCollector> = whole.into_iter().collect();
    while let Ok(message) = FromCollector::decode_length_delimited(&mut rest) {
        messages.push(message);
        if rest.is_empty() || messages.len() > 50 {
            break;
        }
    }
    Told::new().hear(messages);
}

/// A session that has just been welcomed.
struct Told {
    session: Session,
    second: u64,
}

impl Told {
    fn new() -> Self {
        let beginning = Beginning {
            facts: Facts::default(),
            agent_version: "1".to_owned(),
            kept: Kept::new(SESSION.to_owned()),
            lineage: Lineage::default(),
            renew_at_ms: i64::MAX,
            seed: 7,
        };
        let mut told = Self { session: Session::new(beginning), second: 0 };
        told.step(Event::Start);
        let content = Content::of(&Section::Software(Software::default()));
        told.step(Event::Surveyed(vec![Reading { name: "software", content: Ok(content), problems: Vec::new() }]));
        let welcome = Welcome { session: SESSION.to_owned(), ..Welcome::default() };
        told.step(Event::Received(FromCollector { message: Some(from_collector::Message::Welcome(welcome)) }));
        assert_eq!(told.session.standing(), Standing::Connected);
        told
    }

    fn hear(&mut self, messages: Vec<FromCollector>) {
        for message in messages {
            let words = message.encoded_len();
            let out = self.step(Event::Received(message));
            // What goes to measure the line is bounded by itself: no more is under way than this.
            let (echoes, said): (Vec<&FromAgent>, Vec<&FromAgent>) =
                out.send.iter().partition(|word| matches!(word.message, Some(from_agent::Message::Echo(_))));
            assert!(echoes.iter().map(|echo| echo.encoded_len()).sum::<usize>() <= 5 * MAX_FILLER);
            let said: usize = said.iter().map(|word| word.encoded_len()).sum();
            assert!(out.send.iter().all(|word| word.encoded_len() <= MAX_MESSAGE));
            assert!(said <= 4096 + 64 * words, "{said} bytes are said to {words}");
        }
        let mut finished = false;
        for _ in 0..10 {
            let out = self.step(Event::Wake);
            finished |= out.tasks.contains(&Task::Finish);
            let sleeps = out.wake_at.is_some_and(|at| at > Duration::from_secs(self.second - 1));
            assert!(finished || sleeps, "it wakes at {:?}, in second {}", out.wake_at, self.second);
        }
    }

    fn step(&mut self, event: Event) -> Output {
        self.second += 2;
        let elapsed = Duration::from_secs(self.second);
        let out = self.session.step(event, Now { elapsed, clock_ms: 1_788_249_600_000 + self.second as i64 * 1000 });
        let held = |task: &Task| matches!(task, Task::Hold(pause) if *pause > Duration::from_secs(2 * 3600));
        assert!(!out.tasks.iter().any(held), "nobody is held for hours: {:?}", out.tasks);
        assert!(self.session.unacknowledged() <= 2);
        out
    }
}
