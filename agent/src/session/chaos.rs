//! Whatever breaks, and in whatever order: in the end the collector knows the machine as it is.

use super::*;
use crate::probe::PROBES;
use crate::survey::{Content, Contents};
use proptest::prelude::*;
use rollcall_proto::v1::command::Command;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::{Ack, Command as Order, Entry, Package, Rescan, Software, Want, Welcome};
use rollcall_proto::{Digest, Section};
use std::collections::{BTreeMap, VecDeque};

/// Something that happens.
#[derive(Clone, Debug)]
enum Happening {
    /// Packages come and go.
    Change(u8),
    /// The survey that runs comes to its end.
    Survey,
    /// The agent's next message arrives.
    Hear,
    /// The collector's next message arrives.
    Tell,
    /// The connection breaks.
    Break,
    /// All goes well for a while.
    Work(u8),
    /// Time passes.
    Pass(u8),
    /// The agent is killed and starts again.
    Kill,
    /// The disk is frozen in this state.
    Freeze,
    /// The machine starts again with its disk as it was frozen.
    Thaw,
    /// The collector is backed up.
    Backup,
    /// The collector forgets what it knew since then.
    Restore,
    /// Somebody asks for everything.
    Rescan,
}

/// The spool's disk.
#[derive(Clone)]
struct Disk {
    session: String,
    next: u64,
    entries: Vec<Entry>,
    contents: Contents,
}

/// What is durable at the collector.
#[derive(Clone, Default)]
struct Ledger {
    session: String,
    acknowledged: u64,
    epoch: u64,
    profile: BTreeMap<String, Vec<u8>>,
    contents: BTreeMap<Vec<u8>, Vec<u8>>,
}

struct World {
    session: Session,
    disk: Disk,
    frozen: Disk,
    ledger: Ledger,
    backup: Ledger,
    software: u8,
    surveys: VecDeque<Vec<&'static str>>,
    read: Option<u8>,
    hello: Option<Hello>,
    up: VecDeque<Message>,
    down: VecDeque<Told>,
    waiting: VecDeque<Entry>,
    seconds: u64,
    starts: u64,
}

fn begun(disk: &Disk, starts: u64) -> Session {
    let Disk { session, next, entries, contents } = disk.clone();
    let kept = Kept { session, next, entries, contents, lost: 0 };
    Session::new(Beginning {
        facts: Facts::default(),
        agent_version: "1".into(),
        kept,
        lineage: Lineage::default(),
        renew_at_ms: i64::MAX,
        seed: starts,
    })
}

impl World {
    fn new() -> Self {
        let disk = Disk { session: "s0".into(), next: 1, entries: vec![], contents: Contents::new() };
        let ledger = Ledger { epoch: 1, ..Ledger::default() };
        let mut world = Self {
            session: begun(&disk, 0),
            frozen: disk.clone(),
            disk,
            backup: ledger.clone(),
            ledger,
            software: 0,
            surveys: VecDeque::new(),
            read: None,
            hello: None,
            up: VecDeque::new(),
            down: VecDeque::new(),
            waiting: VecDeque::new(),
            seconds: 0,
            starts: 0,
        };
        world.step(Event::Start);
        world
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Change(software) => {
                self.software = *software;
                self.step(Event::PackagesChanged);
            }
            Happening::Survey => self.survey(),
            Happening::Hear => self.hear(),
            Happening::Tell => {
                if let Some(message) = self.down.pop_front() {
                    self.step(Event::Received(FromCollector { message: Some(message) }));
                }
            }
            Happening::Break => {
                self.hang_up();
                self.step(Event::Lost);
            }
            Happening::Pass(seconds) => {
                self.seconds += u64::from(*seconds);
                self.step(Event::Wake);
            }
            Happening::Work(rounds) => (0..*rounds).for_each(|_| self.work()),
            Happening::Kill => self.start(),
            Happening::Freeze => self.frozen = self.disk.clone(),
            Happening::Thaw => {
                self.disk = self.frozen.clone();
                self.disk.session = format!("s{}", self.starts + 1);
                let session = self.disk.session.clone();
                self.disk.entries.iter_mut().zip(1..).for_each(|(entry, number)| (entry.number, entry.session) = (number, session.clone()));
                self.disk.next = self.disk.entries.len() as u64 + 1;
                self.start();
            }
            Happening::Backup => self.backup = self.ledger.clone(),
            Happening::Restore => {
                self.ledger = Ledger { epoch: self.ledger.epoch + 1, ..self.backup.clone() };
                self.happen(&Happening::Break);
            }
            Happening::Rescan => {
                if self.session.is_live() {
                    self.down.push_back(Told::Command(Order { id: 1, command: Some(Command::Rescan(Rescan::default())) }));
                }
            }
        }
    }

    fn start(&mut self) {
        self.hang_up();
        self.starts += 1;
        self.surveys.clear();
        self.read = None;
        self.session = begun(&self.disk, self.starts);
        self.step(Event::Start);
    }

    fn hang_up(&mut self) {
        (self.hello, self.up, self.down, self.waiting) = (None, VecDeque::new(), VecDeque::new(), VecDeque::new());
    }

    fn step(&mut self, event: Event) {
        let now = Now { elapsed: Duration::from_secs(self.seconds), clock_ms: self.seconds as i64 * 1000 };
        let output = self.session.step(event, now);
        for task in output.tasks {
            match task {
                Task::Connect(hello) => {
                    self.hang_up();
                    self.hello = Some(*hello);
                }
                Task::Disconnect => self.hang_up(),
                Task::Survey(sections) => {
                    self.surveys.push_back(sections);
                    // The probes read now; their answer comes later.
                    self.read = Some(self.software);
                }
                Task::Keep(entry, contents) => {
                    self.disk.next = entry.number + 1;
                    self.disk.entries.push(entry);
                    self.disk.contents.extend(contents);
                }
                Task::Forget(up_to, used) => {
                    self.disk.entries.retain(|entry| entry.number > up_to);
                    self.disk.contents.retain(|digest, _| used.contains_key(digest));
                }
                Task::BeginAnew(session, entries) => {
                    self.disk.next = entries.len() as u64 + 1;
                    (self.disk.session, self.disk.entries) = (session, entries);
                }
                _ => {}
            }
        }
        self.up.extend(output.send.into_iter().filter_map(|message| message.message));
    }

    fn survey(&mut self) {
        let Some(asked) = self.surveys.pop_front() else { return };
        let software = self.read.unwrap_or(self.software);
        let readings =
            PROBES.iter().filter(|probe| asked.is_empty() || asked.contains(&probe.section)).map(|probe| reading(probe.section, software));
        self.step(Event::Surveyed(readings.collect()));
    }

    /// The collector greets, or takes the agent's next message.
    fn hear(&mut self) {
        if let Some(hello) = self.hello.take() {
            let before = hello.next - 1;
            let goes_on = hello.session == self.ledger.session;
            self.ledger.acknowledged = if goes_on { self.ledger.acknowledged.max(before) } else { before };
            self.ledger.session.clone_from(&hello.session);
            let (acknowledged, epoch) = (self.ledger.acknowledged, self.ledger.epoch);
            self.down.push_back(Told::Welcome(Welcome { session: hello.session, acknowledged, epoch, ..Welcome::default() }));
            return;
        }
        match self.up.pop_front() {
            Some(Message::Entry(entry)) => {
                assert_eq!(entry.session, self.ledger.session);
                let lacking = entry.sections.iter().map(|state| &state.digest).filter(|digest| !self.ledger.contents.contains_key(*digest));
                let digests: Vec<Vec<u8>> = lacking.cloned().collect();
                self.waiting.push_back(entry);
                if !digests.is_empty() {
                    self.down.push_back(Told::Want(Want { digests }));
                }
            }
            Some(Message::Section(bytes)) => {
                self.ledger.contents.insert(bytes.digest, bytes.zstd);
            }
            _ => {}
        }
        self.take_in();
    }

    fn take_in(&mut self) {
        while let Some(entry) = self.waiting.front() {
            if !entry.sections.iter().all(|state| self.ledger.contents.contains_key(&state.digest)) {
                return;
            }
            let Some(entry) = self.waiting.pop_front() else { return };
            if entry.number > self.ledger.acknowledged {
                self.ledger.acknowledged = entry.number;
                self.ledger.profile.extend(entry.sections.into_iter().map(|state| (state.name, state.digest)));
            }
            self.down.push_back(Told::Ack(Ack { session: self.ledger.session.clone(), up_to: self.ledger.acknowledged }));
        }
    }

    /// Nothing breaks any more.
    fn settle(&mut self) {
        self.happen(&Happening::Change(self.software));
        (0..400).for_each(|_| self.work());
    }

    fn work(&mut self) {
        for happening in [Happening::Survey, Happening::Hear, Happening::Tell, Happening::Hear, Happening::Tell, Happening::Pass(1)] {
            self.happen(&happening);
        }
    }
}

fn reading(name: &'static str, software: u8) -> Reading {
    let label = if name == "software" { format!("{software}") } else { name.to_owned() };
    let content = Content::of(&Section::Software(Software { packages: vec![Package { name: label, ..Package::default() }] }));
    Reading { name, content: Ok(content), problems: vec![] }
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..4u8).prop_map(Happening::Change),
        2 => Just(Happening::Survey),
        4 => Just(Happening::Hear),
        4 => Just(Happening::Tell),
        5 => (1..40u8).prop_map(Happening::Work),
        1 => (1..90u8).prop_map(Happening::Pass),
        1 => Just(Happening::Break),
        1 => Just(Happening::Kill),
        1 => Just(Happening::Freeze),
        1 => Just(Happening::Thaw),
        1 => Just(Happening::Backup),
        1 => Just(Happening::Restore),
        1 => Just(Happening::Rescan),
    ]
}

proptest! {
    #[test]
    fn in_the_end_the_collector_knows_the_machine(happenings in proptest::collection::vec(happening(), 0..80)) {
        let mut world = World::new();
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        let profile = &world.ledger.profile;
        prop_assert_eq!(world.session.standing(), Standing::Connected);
        prop_assert_eq!(world.session.unacknowledged(), 0);
        prop_assert_eq!(profile.len(), PROBES.len());
        let software = reading("software", world.software).state().digest;
        prop_assert_eq!(profile.get("software"), Some(&software));
        prop_assert!(profile.values().all(|digest| world.ledger.contents.contains_key(digest)));
        prop_assert!(Digest::from_wire(&software).is_some_and(|_| world.disk.entries.is_empty()));
    }
}

#[test]
fn after_a_restore_everything_is_told_again() {
    let mut world = World::new();
    world.settle();
    assert_eq!(world.ledger.profile.len(), PROBES.len());
    world.happen(&Happening::Restore);
    assert!(world.ledger.profile.is_empty());
    world.settle();
    assert_eq!(world.ledger.profile.len(), PROBES.len());
}
