//! Runs an agent: does what its session says, until it is told to stop.
//!
//! An agent is one future without a thread of its own: thousands of them share one runtime in a simulation.

mod identity;
mod line;

use crate::clock;
use crate::diagnose::{Around, Finding, STEPS};
use crate::host::{Bell, Ring, Word};
use crate::identity::{Identity, Key};
use crate::renew::RenewError;
use crate::resolve::Answer;
use crate::session::{Beginning, Event, Lineage, Now, Session, Standing, Task};
use crate::source::{PackageWatch, Source};
use crate::spool::{Spool, SpoolError};
use crate::state::{State, StateError};
use crate::status::Status;
use crate::survey::Reading;
use crate::tls::ServerTime;
use line::{Heard, Line};
use rollcall_proto::v1::{Health, HealthDetail, Reason, from_collector::Message};
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Where an agent keeps what must outlive it.
pub enum Keeping {
    /// In its state folder.
    State(State),
    /// Nowhere: for simulated machines.
    Memory,
}

/// What is to be run.
pub struct Agent {
    /// Who it is.
    pub identity: Identity,
    /// Where its readings come from.
    pub source: Source,
    /// Where it keeps things.
    pub keeping: Keeping,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop.
    Stopped,
    /// The collector retired the device: key and certificate are gone.
    Retired,
}

/// Why an agent could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    NoRandom(getrandom::Error),
}

/// Runs `agent` until `stop` comes, and says goodbye with its reason.
///
/// # Errors
/// [`RunError`] when it could not begin. Afterwards nothing ends it: a collector that is away is called again for ever.
pub async fn run(agent: Agent, stop: impl Future<Output = Reason> + Send) -> Result<Ended, RunError> {
    let mut running = Running::begin(agent).await?;
    let mut stop = std::pin::pin!(stop);
    let mut stopping = false;
    running.take(Event::Start);
    loop {
        if let Some(ended) = running.work().await {
            return Ok(ended);
        }
        tokio::select! {
            reason = &mut stop, if !stopping => {
                stopping = true;
                running.take(Event::Stop(reason));
            }
            () = running.wait() => {}
        }
    }
}

/// The wall clock, milliseconds since 1970 UTC.
fn clock_ms() -> i64 {
    clock::now().as_millisecond()
}

struct Running {
    identity: Identity,
    source: Source,
    keeping: Keeping,
    spool: Spool,
    session: Session,
    line: Line,
    events: VecDeque<Event>,
    survey: Option<line::Task<Vec<Reading>>>,
    health: Option<line::Task<Option<(Health, HealthDetail)>>>,
    resolution: Option<line::Task<(u64, Result<Answer, String>)>>,
    look: Option<line::Task<(u64, usize, Finding)>>,
    packages: line::Task<PackageWatch>,
    bell: Option<Bell>,
    ring: Option<Ring>,
    new_key: Option<Key>,
    renewal: Option<line::Task<Result<Identity, RenewError>>>,
    time: Arc<ServerTime>,
    began: Instant,
    wake_at: Option<Duration>,
    status: Status,
    finish: Option<Ended>,
}

impl Running {
    async fn begin(agent: Agent) -> Result<Self, RunError> {
        let Agent { identity, source, keeping } = agent;
        let facts = source.facts().await;
        let bell = hang_bell(&keeping);
        let session = uuid::Uuid::now_v7().to_string();
        let (spool, kept, lineage) = match &keeping {
            Keeping::State(state) => {
                let (spool, kept) = Spool::open(&state.spool(), &facts.boot, session)?;
                (spool, kept, state.lineage())
            }
            Keeping::Memory => {
                let (spool, kept) = Spool::memory(session);
                (spool, kept, Lineage::default())
            }
        };
        if kept.lost > 0 {
            tracing::warn!(spool.lost = kept.lost, "entries of the spool were torn by a crash; everything is told again");
        }
        let time = ServerTime::said(lineage.server_ms);
        let beginning = Beginning {
            facts,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            kept,
            lineage,
            renew_at_ms: identity.renew_at_ms(),
            seed: getrandom::u64().map_err(RunError::NoRandom)?,
        };
        let session = Session::new(beginning);
        let packages = next_change(source.watch_packages().await);
        let status = Status {
            standing: Standing::Waiting,
            since: clock::now(),
            address: None,
            trouble: None,
            unacknowledged: session.unacknowledged(),
            lost_entries: session.lost_entries(),
            acknowledged_at: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
        };
        Ok(Self {
            identity,
            source,
            keeping,
            spool,
            session,
            line: Line::down(time.clone()),
            events: VecDeque::new(),
            survey: None,
            health: None,
            bell,
            ring: None,
            packages,
            new_key: None,
            renewal: None,
            resolution: None,
            look: None,
            time,
            began: Instant::now(),
            wake_at: None,
            status,
            finish: None,
        })
    }

    fn take(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Takes in every event that came; gives how the run ended.
    async fn work(&mut self) -> Option<Ended> {
        while let Some(event) = self.events.pop_front() {
            let now = Now { elapsed: self.began.elapsed(), clock_ms: clock_ms() };
            let output = self.session.step(event, now);
            self.wake_at = output.wake_at;
            let (last, first): (Vec<_>, Vec<_>) =
                output.tasks.into_iter().partition(|task| matches!(task, Task::Disconnect | Task::Finish));
            first.into_iter().for_each(|task| self.perform(task));
            self.line.say(output.send);
            if last.contains(&Task::Finish) {
                self.line.hang_up().await;
                self.note_status();
                return Some(self.finish.unwrap_or(Ended::Stopped));
            }
            if !last.is_empty() {
                let (farewell, ring) = (self.line.hang_up(), self.ring.take());
                drop(tokio::spawn(async move {
                    farewell.await;
                    if let Some(ring) = ring {
                        ring.heard().await;
                    }
                }));
            }
            if let Some(ring) = self.ring.take() {
                drop(tokio::spawn(ring.heard()));
            }
            self.note_status();
        }
        None
    }

    /// Waits until something happens, and queues it.
    async fn wait(&mut self) {
        let wake_at = self.wake_at.map_or_else(Instant::now, |elapsed| self.began + elapsed.min(Duration::from_secs(86_400)));
        let event = tokio::select! {
            heard = self.line.hear() => return self.on_heard(heard),
            readings = ready(&mut self.survey) => Event::Surveyed(readings),
            health = ready(&mut self.health) => match health {
                Some((health, detail)) => Event::Health(health, detail),
                None => return,
            },
            (id, answer) = ready(&mut self.resolution) => Event::Resolved(id, answer),
            (id, at, finding) = ready(&mut self.look) => Event::Looked(id, at, finding),
            renewed = ready(&mut self.renewal) => return self.on_renewed(renewed),
            watch = &mut self.packages => {
                self.packages = next_change(watch);
                Event::PackagesChanged
            }
            ring = rung(&mut self.bell) => {
                let event = match ring.word {
                    Word::Suspend => Event::Suspend,
                    Word::Resume => Event::Resume,
                };
                tracing::info!(bell.word = ?ring.word, "the machine goes to sleep, or woke up");
                self.ring = Some(ring);
                event
            }
            () = sleep_until(wake_at) => Event::Wake,
        };
        self.take(event);
    }

    fn on_heard(&mut self, heard: Heard) {
        match heard {
            Heard::Answered => {}
            Heard::Message(message) => {
                match &message.message {
                    Some(Message::Refusal(refusal)) => {
                        let why = crate::probe::text::clean(&refusal.text);
                        tracing::warn!(refusal.why = refusal.why().as_str_name(), refusal.text = why, "the collector refused this device");
                        self.status.trouble = Some(format!("the collector refused this device: {why}"));
                    }
                    Some(Message::Welcome(_)) => {
                        tracing::info!(collector.address = self.line.address(), "connected");
                        self.status.trouble = None;
                        self.status.address = self.line.address().map(str::to_owned);
                    }
                    Some(Message::Ack(_)) => self.status.acknowledged_at = Some(clock::now()),
                    _ => {}
                }
                self.take(Event::Received(*message));
            }
            Heard::Broken(why) => {
                if self.status.trouble.as_ref() != Some(&why) {
                    tracing::warn!(collector.trouble = why, "no connection to the collector");
                }
                self.status.trouble = Some(why);
                self.take(Event::Lost);
            }
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Connect(hello) => self.line.call(&self.identity, *hello),
            Task::Survey(sections) => {
                let source = self.source.clone();
                self.survey = Some(Box::pin(async move { source.survey(&sections).await }));
            }
            Task::ReadHealth if self.health.is_none() => {
                let source = self.source.clone();
                self.health = Some(Box::pin(async move { source.health(clock_ms()).await }));
            }
            Task::Resolve(id, address, mac) => {
                let source = self.source.clone();
                self.resolution = Some(Box::pin(async move { (id, source.resolve(address, &mac).await) }));
            }
            Task::Look(id, at) => {
                let (source, around) = (self.source.clone(), Around { collector: self.line.address().map(str::to_owned) });
                self.look =
                    STEPS.get(at).map(|step| -> line::Task<_> { Box::pin(async move { (id, at, source.look(step, around).await) }) });
            }
            Task::Keep(entry, contents) => warned("the entry is kept in memory only", self.spool.keep(&entry, &contents)),
            Task::Forget(up_to, used) => warned("the spool keeps what is acknowledged", self.spool.forget(up_to, &used)),
            Task::BeginAnew(session, entries) => {
                tracing::warn!(spool.session = session, "the spool begins a new session: the disk was rolled back, or bytes were lost");
                warned("the old session comes back after a restart", self.spool.begin_anew(&session, &entries));
            }
            Task::Remember(lineage) => {
                self.time.hear(lineage.server_ms);
                self.with_state("the welcome is not remembered", |state, _| state.save_lineage(&lineage));
            }
            Task::Addresses(addresses) => self.follow(addresses),
            Task::Hold(pause) => self.line.hold(pause),
            Task::MakeRequest => self.make_request(),
            Task::RenewLapsed(doors) if self.renewal.is_none() => self.renew_lapsed(doors),
            Task::Install(certificate) => self.install(certificate),
            Task::Retire => {
                tracing::warn!("the collector retired this device: its key and certificate are deleted");
                self.finish = Some(Ended::Retired);
                self.with_state("the identity is still on the disk", |state, _| state.forget());
            }
            Task::ReadHealth | Task::RenewLapsed(_) | Task::Disconnect | Task::Finish => {}
        }
    }

    /// Writes the status when it differs.
    fn note_status(&mut self) {
        let before = self.status.clone();
        if self.status.standing != self.session.standing() {
            self.status.standing = self.session.standing();
            self.status.since = clock::now();
        }
        self.status.unacknowledged = self.session.unacknowledged();
        self.status.lost_entries = self.session.lost_entries();
        if (before != self.status || self.wake_at.is_none()) && self.finish.is_none() {
            let status = self.status.clone();
            self.with_state("the status is not kept", |state, _| state.save_status(&status));
        }
    }

    fn with_state(&self, otherwise: &str, act: impl FnOnce(&State, &Identity) -> Result<(), StateError>) {
        if let Keeping::State(state) = &self.keeping {
            warned(otherwise, act(state, &self.identity));
        }
    }
}

/// A failure here costs what `otherwise` says, and the agent goes on.
fn warned<E: std::error::Error>(otherwise: &str, result: Result<(), E>) {
    if let Err(error) = result {
        let cause = error.source().map(ToString::to_string);
        tracing::warn!(error = %error, error.cause = cause, "{otherwise}");
    }
}

/// Waits for the work in `slot`, for ever when there is none, and clears the slot.
async fn ready<T>(slot: &mut Option<line::Task<T>>) -> T {
    match slot {
        Some(task) => {
            let done = task.await;
            *slot = None;
            done
        }
        None => pending().await,
    }
}

/// Waits for a word over the bell, for ever when there is none.
async fn rung(bell: &mut Option<Bell>) -> Ring {
    match bell {
        Some(bell) => bell.ring().await,
        None => pending().await,
    }
}

/// The bell beside the state of an agent of a real machine.
fn hang_bell(keeping: &Keeping) -> Option<Bell> {
    let Keeping::State(state) = keeping else { return None };
    let bell = Bell::hang(state.dir());
    bell.inspect_err(|error| tracing::warn!(error = %error, "nobody can tell the agent that this machine goes to sleep")).ok()
}

fn next_change(mut watch: PackageWatch) -> line::Task<PackageWatch> {
    Box::pin(async move {
        watch.changed().await;
        watch
    })
}
