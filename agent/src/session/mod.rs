//! What to say to the collector, and when: a state machine without socket, disk or clock.
//!
//! Architecture invariant: `step(event, now)` gives what should happen; it does nothing. A year of a laptop's life runs
//! in a millisecond of a test.

mod agenda;
mod away;
mod backoff;
mod diagnosis;
mod inbound;
mod queue;
mod sleep;
mod task;
mod timers;

pub use agenda::Request;
pub use task::Task;

use crate::diagnose::Finding;
use crate::resolve::Answer;
use crate::source::Facts;
use crate::spool::Kept;
use crate::survey::Reading;
use agenda::Agenda;
use backoff::Backoff;
use diagnosis::Diagnosis;
use queue::Queue;
use rollcall_proto::v1::from_agent::Message;
use rollcall_proto::v1::{Cause, CertificateRequest, FromAgent, FromCollector, Goodbye, Health, HealthDetail, Heartbeat, Hello, Reason};
use std::time::Duration;
use timers::Timers;

/// How long a collector may take to greet once the agent began to call, seconds over the deadlines of the link.
const GREETING: Duration = Duration::from_secs(60);

/// The moment of a step.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since the agent began; never goes back.
    pub elapsed: Duration,
    /// The wall clock, milliseconds since 1970 UTC; may jump.
    pub clock_ms: i64,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The agent begins.
    Start,
    /// A message came.
    Received(FromCollector),
    /// The connection broke, or could not be made.
    Lost,
    /// The survey that was asked for last is done.
    Surveyed(Vec<Reading>),
    /// The health was read, with its parts.
    Health(Health, HealthDetail),
    /// The package database changed and is at rest again.
    PackagesChanged,
    /// The address that a command named was resolved, or why not.
    Resolved(u64, Result<Answer, String>),
    /// The look of a step was made, for the command and the step's place that [`Task::Look`] named.
    Looked(u64, usize, Finding),
    /// A new key was made; this asks for its certificate.
    RequestMade(Vec<u8>),
    /// The new certificate is in place; renew the next one at this wall clock, milliseconds.
    Installed(i64),
    /// The machine goes to sleep.
    Suspend,
    /// It is awake again.
    Resume,
    /// The agent is to stop.
    Stop(Reason),
    /// The time of `wake_at` has come.
    Wake,
}

/// What should happen: the tasks in their order, then the messages; whoever disconnects or finishes says first what is
/// to be said.
#[derive(Debug, Default)]
pub struct Output {
    /// Things to do.
    pub tasks: Vec<Task>,
    /// Messages to send.
    pub send: Vec<FromAgent>,
    /// When to call again at the latest, since the agent began.
    pub wake_at: Option<Duration>,
}

impl Output {
    fn say(&mut self, message: Message) {
        self.send.push(FromAgent { message: Some(message) });
    }
}

/// What the last welcome gave and the next greeting shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Lineage {
    /// The nonce: an older one tells the collector of a rolled-back disk, a live one of a clone.
    pub nonce: Vec<u8>,
    /// The site's epoch.
    pub epoch: u64,
    /// What time the collector said it was, milliseconds since 1970 UTC; 0: it never did.
    pub server_ms: i64,
}

/// How the session stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Between two calls.
    Waiting,
    /// Calling, not yet welcomed.
    Calling,
    /// Welcomed.
    Connected,
    /// Refused; it calls again, slowly.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    Waiting { call_at: Duration },
    Calling { give_up_at: Duration },
    Live,
}

/// What a session begins with.
pub struct Beginning {
    /// What the machine says of itself.
    pub facts: Facts,
    /// The version of this program.
    pub agent_version: String,
    /// What the spool held.
    pub kept: Kept,
    /// From the last welcome.
    pub lineage: Lineage,
    /// Wall clock from which the certificate is renewed, milliseconds.
    pub renew_at_ms: i64,
    /// Anything unlike other machines' seeds: spreads the calls of a district.
    pub seed: u64,
}

/// The state machine.
pub struct Session {
    facts: Facts,
    agent_version: String,
    lineage: Lineage,
    link: Link,
    refused: bool,
    queue: Queue,
    agenda: Agenda,
    backoff: Backoff,
    timers: Timers,
    /// The command of this connection whose address is being resolved.
    resolving: Option<u64>,
    /// The diagnosis of this connection that goes on.
    diagnosis: Option<Diagnosis>,
    /// Clock of the collector minus clock of this machine at the last welcome, milliseconds.
    behind_ms: i64,
    /// The last welcome came from outside the site: only these sections are said.
    off_site: Option<Vec<String>>,
}

impl Session {
    /// A session that has not begun: step it with [`Event::Start`].
    pub fn new(beginning: Beginning) -> Self {
        Self {
            facts: beginning.facts,
            agent_version: beginning.agent_version,
            lineage: beginning.lineage,
            link: Link::Waiting { call_at: Duration::ZERO },
            refused: false,
            queue: Queue::new(beginning.kept),
            agenda: Agenda::default(),
            backoff: Backoff::new(beginning.seed),
            timers: Timers::new(beginning.renew_at_ms),
            resolving: None,
            diagnosis: None,
            behind_ms: 0,
            off_site: None,
        }
    }

    /// Takes in what happened and gives what should happen.
    pub fn step(&mut self, event: Event, now: Now) -> Output {
        let mut out = Output::default();
        match event {
            Event::Start => {
                self.link = Link::Waiting { call_at: now.elapsed + self.backoff.first() };
                self.ask(Request::of(Cause::Start), &mut out);
            }
            Event::Received(message) => self.on_message(message, now, &mut out),
            Event::Lost => self.on_lost(now),
            Event::Surveyed(readings) => self.on_surveyed(readings, now, &mut out),
            Event::Health(health, detail) if self.is_live() => {
                let health = self.without_surroundings(health);
                let detail = self.timers.is_detailed().then_some(detail);
                out.say(Message::Heartbeat(Heartbeat { health: Some(health), detail }));
            }
            Event::RequestMade(csr_der) if self.is_live() => out.say(Message::Renewal(CertificateRequest { csr_der })),
            Event::Resolved(id, answer) => self.on_resolved(id, answer, &mut out),
            Event::Looked(id, at, finding) => self.on_looked(id, at, finding, now, &mut out),
            Event::PackagesChanged => self.ask(Request::of_packages(), &mut out),
            Event::Installed(renew_at_ms) => self.on_installed(renew_at_ms, now),
            Event::Suspend => self.on_suspend(now, &mut out),
            Event::Resume => self.on_resume(now, &mut out),
            Event::Stop(reason) => self.on_stop(reason, &mut out),
            Event::Health(..) | Event::RequestMade(_) | Event::Wake => {}
        }
        self.mind_the_step(now, &mut out);
        self.due(now, &mut out);
        out.wake_at = Some(self.wake_at());
        out
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        match self.link {
            Link::Live => Standing::Connected,
            _ if self.refused => Standing::Refused,
            Link::Waiting { .. } => Standing::Waiting,
            Link::Calling { .. } => Standing::Calling,
        }
    }

    /// Number of entries that are not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.queue.len()
    }

    /// Number of entries that gave way because the spool was full, or were torn.
    pub fn lost_entries(&self) -> u64 {
        self.queue.lost()
    }

    /// The spool's session.
    pub fn id(&self) -> &str {
        self.queue.session()
    }

    fn is_live(&self) -> bool {
        self.link == Link::Live
    }

    fn hello(&self, now: Now) -> Hello {
        Hello {
            session: self.queue.session().to_owned(),
            boot: self.facts.boot.clone(),
            nonce: self.lineage.nonce.clone(),
            next: self.queue.oldest(),
            fingerprint: Some(self.facts.fingerprint.clone()),
            host_name: self.facts.host_name.clone(),
            agent_version: self.agent_version.clone(),
            clock_ms: now.clock_ms,
            epoch: self.lineage.epoch,
        }
    }

    fn on_lost(&mut self, now: Now) {
        // After a refusal the time of the next call is already set.
        if !matches!(self.link, Link::Waiting { .. }) {
            let pause = self.backoff.after_loss(self.is_live(), now.elapsed);
            self.link = Link::Waiting { call_at: now.elapsed + pause };
            self.agenda.forget_commands();
        }
    }

    /// A refused device whose certificate is new calls at once.
    fn on_installed(&mut self, renew_at_ms: i64, now: Now) {
        self.timers.installed(renew_at_ms);
        if let Link::Waiting { call_at } = &mut self.link
            && self.refused
        {
            self.refused = false;
            *call_at = now.elapsed;
        }
    }

    fn on_stop(&mut self, reason: Reason, out: &mut Output) {
        if self.is_live() {
            out.say(Message::Goodbye(Goodbye { reason: reason.into() }));
        }
        out.tasks.push(Task::Finish);
    }

    /// Asks for a survey now, or after the one that runs.
    fn ask(&mut self, request: Request, out: &mut Output) {
        if let Some(sections) = self.agenda.ask(request) {
            out.tasks.push(Task::Survey(sections));
        }
    }

    fn on_surveyed(&mut self, readings: Vec<Reading>, now: Now, out: &mut Output) {
        let (request, next) = self.agenda.done();
        out.tasks.extend(next.map(Task::Survey));
        let Some(request) = request else { return };
        let (readings, request) = self.agreed(readings, request);
        let listing = request.listing(self.is_live());
        let Some((entry, contents)) = self.queue.announce(&readings, &request, listing, now.clock_ms) else {
            request.commands.iter().for_each(|id| self.done(*id, 0, "nothing could be read on this machine", out));
            return;
        };
        let number = entry.number;
        out.tasks.push(Task::Keep(entry.clone(), contents));
        out.tasks.extend(self.queue.make_room().map(|up_to| Task::Forget(up_to, self.queue.contents().clone())));
        if self.is_live() {
            out.say(Message::Entry(entry));
            request.commands.iter().for_each(|id| self.done(*id, number, "", out));
        }
        if !self.queue.is_whole() && !request.sections.is_empty() && !self.agenda.will_list_all() && self.off_site.is_none() {
            self.ask(Request::of(Cause::Schedule), out);
        }
    }

    /// Does what the time asks for.
    fn due(&mut self, now: Now, out: &mut Output) {
        match self.link {
            Link::Waiting { call_at } if call_at <= now.elapsed && !out.tasks.contains(&Task::Finish) => {
                self.link = Link::Calling { give_up_at: now.elapsed + GREETING };
                out.tasks.push(Task::Connect(Box::new(self.hello(now))));
            }
            Link::Calling { give_up_at } if give_up_at <= now.elapsed => self.hang_up(now, out),
            _ => {}
        }
        let by_the_collector = Now { clock_ms: now.clock_ms.saturating_add(self.behind_ms), ..now };
        let due = self.timers.due(by_the_collector, self.is_live(), self.backoff.random());
        if due.survey {
            self.ask(Request::of(Cause::Schedule), out);
        }
        if due.look {
            self.ask(Request::of_lively(), out);
        }
        if due.health {
            out.tasks.push(Task::ReadHealth);
        } else if due.heartbeat {
            out.say(Message::Heartbeat(Heartbeat::default()));
        }
        if due.renewal {
            out.tasks.push(Task::MakeRequest);
        }
    }

    fn hang_up(&mut self, now: Now, out: &mut Output) {
        out.tasks.push(Task::Disconnect);
        self.on_lost(now);
    }

    fn wake_at(&self) -> Duration {
        let link = match self.link {
            Link::Waiting { call_at } => call_at,
            Link::Calling { give_up_at } => give_up_at,
            Link::Live => Duration::MAX,
        };
        link.min(self.timers.next(self.is_live())).min(self.step_ends())
    }
}

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;
