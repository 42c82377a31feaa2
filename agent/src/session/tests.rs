//! Stories of the session, with time in hand.

use super::*;
use crate::probe::{LIVELY_SECTIONS, PACKAGE_SECTIONS, PROBES};
use crate::survey::Content;
use rollcall_proto::v1::command::Command;
use rollcall_proto::v1::from_collector::Message as From;
use rollcall_proto::v1::refusal::Why;
use rollcall_proto::v1::{
    Ack, BackOff, Certificate, Command as Order, CommandDone, Entry, Package, Refusal, Rescan, Retire, Schedule, Software, Want, Welcome,
};
use rollcall_proto::{Digest, SECTIONS, Section};

mod away;
mod diagnosis;
mod resolve;
mod sleep;

/// A session with a collector that does what the story says.
struct Story {
    session: Session,
    seconds: f64,
    software: &'static str,
    running: Option<Vec<&'static str>>,
    tasks: Vec<Task>,
    said: Vec<Message>,
}

impl Story {
    fn begin() -> Self {
        Self::with(Kept::new("first".into()))
    }

    fn with(kept: Kept) -> Self {
        let beginning = Beginning {
            facts: Facts { host_name: "lab2-17".into(), boot: "boot".into(), ..Facts::default() },
            agent_version: "1".into(),
            kept,
            lineage: Lineage::default(),
            renew_at_ms: 1_000_000_000,
            seed: 7,
        };
        let mut story =
            Self { session: Session::new(beginning), seconds: 0.0, software: "gimp", running: None, tasks: vec![], said: vec![] };
        story.step(Event::Start);
        story
    }

    fn step(&mut self, event: Event) {
        let now = Now { elapsed: Duration::from_secs_f64(self.seconds), clock_ms: (self.seconds * 1000.0) as i64 };
        let output = self.session.step(event, now);
        assert!(output.wake_at.is_some_and(|at| at > now.elapsed), "it would wake at once, for ever");
        for task in output.tasks {
            match task {
                Task::Survey(sections) => {
                    assert_eq!(self.running, None, "two surveys at once");
                    self.running = Some(sections);
                }
                task => self.tasks.push(task),
            }
        }
        self.said.extend(output.send.into_iter().filter_map(|message| message.message));
    }

    fn pass(&mut self, seconds: f64) {
        let end = self.seconds + seconds;
        while self.seconds < end {
            self.seconds += 0.5;
            self.step(Event::Wake);
        }
    }

    fn survey(&mut self) {
        let asked = self.running.take().expect("no survey runs");
        let software = |name| Section::Software(Software { packages: vec![Package { name, ..Package::default() }] });
        let read = |probe: &crate::probe::Probe| Reading {
            name: probe.section,
            content: match probe.section {
                "battery" => Err("no driver".into()),
                "software" => Ok(Content::of(&software(self.software.into()))),
                name => Ok(Content::of(&software(name.into()))),
            },
            problems: vec![],
        };
        let readings = PROBES.iter().filter(|p| asked.is_empty() || asked.contains(&p.section)).map(read).collect();
        self.step(Event::Surveyed(readings));
    }

    fn hear(&mut self, message: From) {
        self.step(Event::Received(FromCollector { message: Some(message) }));
    }

    fn command(&mut self, id: u64, command: Command) {
        self.hear(From::Command(Order { id, command: Some(command) }));
    }

    /// Waits for the call, and gives its greeting.
    fn called(&mut self) -> Hello {
        for _ in 0..8000 {
            let call = self.tasks.iter().position(|task| matches!(task, Task::Connect(_)));
            if let Some(Task::Connect(hello)) = call.map(|at| self.tasks.remove(at)) {
                return *hello;
            }
            self.pass(0.5);
        }
        panic!("it never calls");
    }

    fn welcome(&mut self, acknowledged: u64, epoch: u64) -> Hello {
        let hello = self.called();
        self.hear(From::Welcome(Welcome { session: hello.session.clone(), acknowledged, epoch, nonce: vec![9; 16], ..Welcome::default() }));
        hello
    }

    fn entries(&mut self) -> Vec<Entry> {
        let (entries, rest) = std::mem::take(&mut self.said).into_iter().partition::<Vec<_>, _>(|m| matches!(m, Message::Entry(_)));
        self.said = rest;
        entries.into_iter().filter_map(|m| if let Message::Entry(entry) = m { Some(entry) } else { None }).collect()
    }

    fn heartbeats(&mut self) -> usize {
        let before = self.said.len();
        self.said.retain(|message| !matches!(message, Message::Heartbeat(_)));
        before - self.said.len()
    }

    fn ack(&mut self, up_to: u64) {
        self.hear(From::Ack(Ack { session: self.session.id().to_owned(), up_to }));
    }

    fn has(&self, wanted: fn(&Task) -> bool) -> bool {
        self.tasks.iter().any(wanted)
    }
}

/// Enrolled, welcomed, first report acknowledged.
fn settled() -> Story {
    let mut story = Story::begin();
    story.survey();
    story.welcome(0, 1);
    assert_eq!(story.entries().len(), 1);
    story.ack(1);
    story.tasks.clear();
    story.said.clear();
    story
}

#[test]
fn the_first_report_lists_everything_and_is_kept_until_acknowledged() {
    let mut story = Story::begin();
    story.survey();
    assert!(story.has(|task| matches!(task, Task::Keep(entry, contents) if entry.number == 1 && contents.len() == SECTIONS.len() - 1)));
    assert!(story.said.is_empty());
    let hello = story.welcome(0, 1);
    assert_eq!((hello.session.as_str(), hello.next, hello.epoch), ("first", 1, 0));
    let entries = story.entries();
    assert!(entries[0].full && entries[0].sections.len() == SECTIONS.len() && entries[0].cause() == Cause::Start);
    assert_eq!(entries[0].sections[0].not_measured, "no driver");
    assert_eq!(story.running, None, "the epoch is new, but everything is told already");
    assert!(story.has(|task| matches!(task, Task::Remember(lineage) if lineage.epoch == 1 && lineage.nonce.len() == 16)));
    story.ack(1);
    assert!(story.has(|task| matches!(task, Task::Forget(1, used) if used.is_empty())));
    assert_eq!(story.session.unacknowledged(), 0);
}

#[test]
fn a_change_is_told_alone_and_no_change_is_not_told() {
    let mut story = settled();
    story.step(Event::PackagesChanged);
    assert_eq!(story.running.as_deref(), Some(PACKAGE_SECTIONS));
    story.survey();
    assert!(story.entries().is_empty());
    story.software = "inkscape";
    story.step(Event::PackagesChanged);
    story.survey();
    let entries = story.entries();
    assert_eq!((entries[0].number, entries[0].full, entries[0].cause()), (2, false, Cause::Packages));
    assert_eq!(entries[0].sections.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["software"]);
    let want = Want { digests: vec![entries[0].sections[0].digest.clone()] };
    story.hear(From::Want(want));
    let Some(Message::Section(bytes)) = story.said.pop() else { panic!() };
    assert_eq!(Digest::of(&rollcall_proto::unpack(&bytes.zstd).unwrap()).as_bytes().as_slice(), bytes.digest);
}

#[test]
fn what_was_not_acknowledged_is_sent_again() {
    let mut story = settled();
    story.software = "inkscape";
    story.step(Event::PackagesChanged);
    story.survey();
    let first = story.entries();
    story.step(Event::Lost);
    let hello = story.welcome(1, 1);
    assert_eq!((hello.next, hello.nonce.len()), (2, 16));
    assert_eq!(story.entries(), first);
    story.ack(2);
    story.step(Event::Lost);
    story.welcome(2, 1);
    assert!(story.entries().is_empty());
}

#[test]
fn changes_are_noticed_while_nobody_listens() {
    let mut story = settled();
    story.step(Event::Lost);
    for software in ["a", "b", "b"] {
        story.software = software;
        story.step(Event::PackagesChanged);
        story.survey();
    }
    assert!(story.said.is_empty());
    story.welcome(1, 1);
    assert_eq!(story.entries().iter().map(|entry| entry.number).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_raised_epoch_makes_it_tell_everything_again() {
    let mut story = settled();
    story.step(Event::Lost);
    story.welcome(0, 2);
    assert_eq!(story.running, Some(vec![]));
    story.survey();
    assert!(story.entries()[0].full);
}

#[test]
fn a_rolled_back_disk_begins_a_new_session_at_once() {
    let mut story = Story::with(Kept { session: "image".into(), next: 4, ..Kept::default() });
    story.survey();
    let hello = story.welcome(50, 1);
    assert_eq!(hello.session, "image");
    assert!(story.has(|task| matches!(task, Task::BeginAnew(_, entries) if entries.len() == 1 && entries[0].number == 1)));
    assert!(story.has(|task| *task == Task::Disconnect));
    story.survey();
    let hello = story.welcome(0, 1);
    assert_ne!(hello.session, "image");
    assert_eq!(hello.next, 1);
    assert!(story.entries().iter().all(|entry| entry.session == hello.session && entry.full));
}

#[test]
fn a_want_that_cannot_be_answered_begins_anew_and_tells_everything() {
    let mut story = settled();
    story.hear(From::Want(Want { digests: vec![vec![1; 32]] }));
    assert!(story.has(|task| matches!(task, Task::BeginAnew(_, entries) if entries.is_empty())));
    story.survey();
    story.welcome(0, 1);
    assert!(story.entries()[0].full);
}

#[test]
fn a_rescan_is_always_answered_with_its_entry() {
    let mut story = settled();
    story.command(7, Command::Rescan(Rescan::default()));
    story.command(8, Command::Rescan(Rescan { sections: vec!["os".into()] }));
    story.survey();
    let entry = story.entries().remove(0);
    assert_eq!((entry.number, entry.full, entry.cause()), (2, true, Cause::Rescan));
    assert_eq!(story.said, [Message::Done(CommandDone { id: 7, entry: 2, ..Default::default() })]);
    story.survey();
    let entry = story.entries().remove(0);
    assert_eq!((entry.number, entry.full, entry.sections.len()), (3, false, 1));
    assert_eq!(story.said.pop(), Some(Message::Done(CommandDone { id: 8, entry: 3, ..Default::default() })));
    story.command(9, Command::Rescan(Rescan { sections: vec!["passwords".into()] }));
    assert!(matches!(story.said.pop(), Some(Message::Done(done)) if done.problem.contains("no section \"passwords\"")));
}

#[test]
fn a_survey_that_reads_nothing_says_so_and_is_not_asked_again_at_once() {
    let mut story = settled();
    story.command(7, Command::Rescan(Rescan::default()));
    story.running = None;
    story.step(Event::Surveyed(vec![]));
    assert!(matches!(story.said.pop(), Some(Message::Done(done)) if (done.id, done.entry) == (7, 0) && !done.problem.is_empty()));
    assert!(story.running.is_none() && story.entries().is_empty());
}

#[test]
fn a_rescan_whose_asker_is_gone_answers_nobody() {
    let mut story = settled();
    story.command(7, Command::Rescan(Rescan::default()));
    story.step(Event::Lost);
    story.welcome(1, 1);
    story.survey();
    assert_eq!(story.entries().len(), 1);
    assert!(!story.said.iter().any(|message| matches!(message, Message::Done(_))));
}

#[test]
fn heartbeats_follow_the_schedule() {
    let mut story = settled();
    story.pass(60.0);
    assert_eq!(story.heartbeats(), 11);
    assert!(story.has(|task| *task == Task::ReadHealth));
    story.command(1, Command::SetSchedule(Schedule { heartbeat_ms: 60_000, health_s: 3600, survey_s: 86_400 }));
    story.pass(0.5);
    story.said.clear();
    story.pass(600.0);
    assert_eq!(story.heartbeats(), 10);
}

#[test]
fn refusals_and_pauses_are_kept() {
    for (why, at_least) in [(Why::Revoked, 1800.0), (Why::Clone, 60.0), (Why::Busy, 2.0)] {
        let mut story = settled();
        story.hear(From::Refusal(Refusal { why: why.into(), ..Refusal::default() }));
        assert!(story.has(|task| *task == Task::Disconnect));
        assert_eq!(story.session.standing() == Standing::Refused, why != Why::Busy);
        let began = story.seconds;
        story.called();
        assert!(story.seconds - began >= at_least, "{why:?}");
    }
    let mut story = settled();
    story.command(3, Command::BackOff(BackOff { seconds: 100 }));
    assert!(matches!(story.said[0], Message::Done(_)));
    assert!(matches!(story.tasks[..], [Task::Hold(pause)] if (100..=120).contains(&pause.as_secs())), "{:?}", story.tasks);
    assert_eq!(story.session.standing(), Standing::Connected);
}

#[test]
fn a_lapsed_certificate_is_renewed_and_the_call_follows_at_once() {
    let mut story = settled();
    story.hear(From::Refusal(Refusal { why: Why::Lapsed.into(), enrolment: vec!["c:7444".to_owned()], ..Refusal::default() }));
    assert!(story.has(|task| matches!(task, Task::RenewLapsed(doors) if doors == &["c:7444"])));
    let began = story.seconds;
    story.step(Event::Installed(i64::MAX));
    story.called();
    assert!(story.seconds - began <= 1.0);
}

#[test]
fn a_clock_that_is_ahead_renews_nothing_before_its_time() {
    let mut story = Story::begin();
    story.survey();
    story.seconds = 2_000_000.0;
    let session = story.called().session;
    story.hear(From::Welcome(Welcome { session, clock_ms: 500_000_000, ..Welcome::default() }));
    story.pass(2.0);
    assert!(!story.has(|task| *task == Task::MakeRequest));
    assert!(story.has(|task| matches!(task, Task::Remember(Lineage { server_ms: 500_000_000, .. }))));
}

#[test]
fn retiring_forgets_and_stopping_says_goodbye() {
    let mut story = settled();
    story.command(4, Command::Retire(Retire {}));
    assert_eq!(story.tasks, [Task::Retire, Task::Finish]);
    let mut story = settled();
    story.step(Event::Stop(Reason::Shutdown));
    assert_eq!(story.said, [Message::Goodbye(Goodbye { reason: Reason::Shutdown.into() })]);
    assert_eq!(story.tasks, [Task::Finish]);
}

#[test]
fn a_collector_that_breaks_the_protocol_is_hung_up_on() {
    let mut story = settled();
    story.ack(99);
    assert!(story.has(|task| *task == Task::Disconnect));
    let mut story = Story::begin();
    story.called();
    story.hear(From::Ack(Ack::default()));
    assert!(story.has(|task| *task == Task::Disconnect));
    let mut story = Story::begin();
    story.called();
    story.pass(61.0);
    assert!(story.has(|task| *task == Task::Disconnect), "it never greeted");
}

#[test]
fn a_full_spool_lets_the_oldest_go_and_tells_everything_later() {
    let mut story = settled();
    story.step(Event::Lost);
    for round in 0..600 {
        story.software = if round % 2 == 0 { "a" } else { "b" };
        story.step(Event::PackagesChanged);
        story.survey();
        if story.running.is_some() {
            story.survey();
        }
    }
    assert!(story.session.unacknowledged() <= 512 && story.session.lost_entries() > 0);
    let hello = story.welcome(1, 1);
    assert_eq!(hello.next as usize, story.entries()[0].number as usize);
}

#[test]
fn a_certificate_is_renewed_at_half_its_life() {
    let mut story = settled();
    story.seconds = 1_000_001.0;
    story.step(Event::Wake);
    assert!(story.has(|task| *task == Task::MakeRequest));
    story.step(Event::RequestMade(vec![1]));
    assert!(story.said.iter().any(|message| matches!(message, Message::Renewal(_))));
    story.hear(From::Certificate(Certificate::default()));
    assert!(story.has(|task| matches!(task, Task::Install(_))));
    story.step(Event::Installed(i64::MAX));
    story.tasks.clear();
    story.pass(4000.0);
    assert!(!story.has(|task| *task == Task::MakeRequest));
}
