//! A school's PC in a week: the real session and the real spool; what it is made of is simulated, and so is its power.

use rollcall_agent::session::{Beginning, Event, Lineage, Now, Session, Task};
use rollcall_agent::source::{Facts, Simulated, Source};
use rollcall_agent::spool::Spool;
use rollcall_agent::survey::{Content, Reading};
use rollcall_proto::Digest;
use rollcall_proto::v1::{Entry, FromAgent, Health, HealthDetail, Hello, Reason};
use rollcall_site::DeviceId;
use rollcall_tests::fuzz::Random;
use rollcall_tests::pc::{Pc, Title, software};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;

/// What a step of the agent asks of the world.
#[derive(Debug)]
pub enum Effect {
    /// It calls.
    Connect(Box<Hello>),
    /// It hangs up.
    Disconnect,
    /// It says something.
    Say(Box<FromAgent>),
    /// It reads these now.
    Survey(Vec<Reading>),
    /// It wants to be woken at this time, ms of the week.
    Wake(u64),
}

/// One PC.
pub struct Machine {
    pub tag: String,
    pub device: DeviceId,
    pub certificate: String,
    pub pc: Pc,
    /// Everything that was ever installed, in order.
    pub titles: Vec<String>,
    /// Wall clock minus the true time, ms.
    pub off_ms: i64,
    pub cabled: bool,
    pub line: Option<u64>,
    /// Counts starts of the agent: what belongs to an earlier one is void.
    pub starts: u64,
    /// The spool's session, and up to which of its entries the collector's word was heard.
    pub acknowledged: (String, u64),
    /// The content that it told last of each section, as far as the collector's word was heard.
    pub told: BTreeMap<String, Digest>,
    /// What its entries that are not acknowledged tell, by number.
    telling: BTreeMap<u64, Vec<(String, Digest)>>,
    pub dir: PathBuf,
    pub lineage: Lineage,
    /// When it wants to be woken, ms of the week.
    pub wake: u64,
    boots: u64,
    began: u64,
    /// Asleep since then, ms of the week.
    asleep: Option<u64>,
    source: Source,
    running: Option<(Session, Spool)>,
}

impl Machine {
    /// PC `number`, switched off.
    pub fn new(number: u64, tag: &str, dir: PathBuf) -> Self {
        let mut machine = Self {
            tag: tag.to_owned(),
            device: DeviceId(uuid(1, number)),
            certificate: format!("{number:064x}"),
            pc: Pc::new(number, &tag.to_lowercase()),
            titles: Vec::new(),
            off_ms: 0,
            cabled: true,
            line: None,
            starts: 0,
            acknowledged: (String::new(), 0),
            told: BTreeMap::new(),
            telling: BTreeMap::new(),
            dir,
            lineage: Lineage::default(),
            wake: u64::MAX,
            boots: 0,
            began: 0,
            asleep: None,
            source: Source::Simulated(Simulated::new(rollcall_agent::source::Machine::default())),
            running: None,
        };
        machine.source = Source::Simulated(Simulated::new(machine.machine()));
        machine
    }

    /// Somebody installs something.
    pub fn install(&mut self, title: &str) {
        self.titles.push(title.to_owned());
        self.source = Source::Simulated(Simulated::new(self.machine()));
    }

    /// Its agent works: it is switched on, awake, and was not killed.
    pub fn works(&self) -> bool {
        self.running.is_some() && self.asleep.is_none()
    }

    pub fn is_asleep(&self) -> bool {
        self.asleep.is_some()
    }

    pub fn is_on(&self) -> bool {
        self.running.is_some()
    }

    /// Reports that the collector has not acknowledged.
    pub fn waiting(&self) -> usize {
        self.running.as_ref().map_or(0, |(session, _)| session.unacknowledged())
    }

    /// The software that is on it.
    fn list(&self) -> Content {
        let mut titles: Vec<Title<'_>> = vec![("apt", "2.6.1"), ("bash", "5.2.15")];
        titles.extend(self.titles.iter().map(|title| (title.as_str(), "1.0")));
        software(&titles)
    }

    fn machine(&self) -> rollcall_agent::source::Machine {
        let mut machine = self.pc.machine(self.list());
        machine.facts.boot = uuid(2, self.pc.number * 1000 + self.boots).to_string();
        machine
    }

    /// The digest of the software that is on it.
    pub fn software(&self) -> Digest {
        self.list().digest
    }

    /// The agent starts; after `boot` its spool begins anew.
    pub fn start(&mut self, boot: bool, at: u64, random: &mut Random, runtime: &Runtime) -> Vec<Effect> {
        self.boots += u64::from(boot);
        (self.starts, self.began, self.asleep, self.line) = (self.starts + 1, at, None, None);
        let facts: Facts = self.machine().facts;
        let session = uuid(3, self.pc.number * 1_000_000 + self.starts).to_string();
        let (spool, kept) = Spool::open(&self.dir, &facts.boot, session).unwrap();
        assert_eq!(kept.lost, 0, "{}: the spool lost entries", self.tag);
        let lineage = self.lineage.clone();
        let beginning = Beginning { facts, agent_version: "week".to_owned(), kept, lineage, renew_at_ms: i64::MAX, seed: random.draw() };
        self.running = Some((Session::new(beginning), spool));
        self.step(Event::Start, at, runtime)
    }

    /// The agent, or all of the PC, is gone between two instructions.
    pub fn die(&mut self) -> Option<u64> {
        (self.running, self.asleep, self.wake) = (None, None, u64::MAX);
        self.line.take()
    }

    /// It is switched off in order; whether it said goodbye is in the effects.
    pub fn stop(&mut self, at: u64, runtime: &Runtime) -> Vec<Effect> {
        let mut effects = self.step(Event::Stop(Reason::Shutdown), at, runtime);
        effects.push(Effect::Disconnect);
        effects
    }

    /// The lid is closed: no time passes for the agent.
    pub fn sleep(&mut self, at: u64) {
        (self.asleep, self.wake) = (Some(at), u64::MAX);
    }

    /// The lid is opened.
    pub fn resume(&mut self, at: u64, runtime: &Runtime) -> Vec<Effect> {
        let Some(since) = self.asleep.take() else { return Vec::new() };
        self.began += at - since;
        self.step(Event::Resume, at, runtime)
    }

    /// One step of the session, with everything durable done.
    pub fn step(&mut self, event: Event, at: u64, runtime: &Runtime) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let Some((session, _)) = &mut self.running else { return effects };
            let clock_ms = super::START_MS + at as i64 + self.off_ms;
            let out = session.step(event, Now { elapsed: Duration::from_millis(at - self.began), clock_ms });
            for task in out.tasks {
                if task == Task::ReadHealth {
                    events.push(Event::Health(Health { at_ms: clock_ms, ..Health::default() }, HealthDetail::default()));
                } else {
                    self.carry_out(task, &mut effects, runtime);
                }
            }
            effects.extend(out.send.into_iter().map(|word| Effect::Say(Box::new(word))));
            if let Some(wake) = out.wake_at {
                // Never in the past: what is due now is due a moment later.
                let wake = self.began.saturating_add(u64::try_from(wake.as_millis()).unwrap_or(u64::MAX / 2)) + 1;
                effects.push(Effect::Wake(wake.max(at + 1)));
            }
        }
        effects
    }

    fn carry_out(&mut self, task: Task, effects: &mut Vec<Effect>, runtime: &Runtime) {
        let Some((_, spool)) = &mut self.running else { return };
        match task {
            Task::Connect(hello) => effects.push(Effect::Connect(hello)),
            Task::Disconnect => effects.push(Effect::Disconnect),
            Task::Survey(names) => effects.push(Effect::Survey(runtime.block_on(self.source.survey(&names)))),
            Task::Keep(entry, contents) => {
                spool.keep(&entry, &contents).unwrap();
                self.telling.insert(entry.number, contents_of(&entry));
            }
            Task::Forget(up_to, used) => {
                spool.forget(up_to, &used).unwrap();
                let session = self.running.as_ref().map(|(session, _)| session.id().to_owned()).unwrap_or_default();
                self.acknowledged = (session, up_to);
                let later = self.telling.split_off(&(up_to + 1));
                self.told.extend(std::mem::replace(&mut self.telling, later).into_values().flatten());
            }
            Task::BeginAnew(session, entries) => {
                spool.begin_anew(&session, &entries).unwrap();
                self.telling = entries.iter().map(|entry| (entry.number, contents_of(entry))).collect();
            }
            Task::Remember(lineage) => self.lineage = lineage,
            Task::Hold(_) | Task::Addresses(_) | Task::Finish | Task::ReadHealth => {}
            Task::MakeRequest | Task::RenewLapsed(_) | Task::Install(_) | Task::Look(..) | Task::Resolve(..) | Task::Retire => {
                panic!("{}: {task:?}", self.tag)
            }
        }
    }
}

fn contents_of(entry: &Entry) -> Vec<(String, Digest)> {
    entry.sections.iter().filter_map(|state| Some((state.name.clone(), Digest::from_wire(&state.digest)?))).collect()
}

/// A UUID that is the same in every run.
pub fn uuid(kind: u64, number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u64_pair(0x0190_a3c4_0000_7000 | kind, 0x8000_0000_0000_0000 | number)
}
