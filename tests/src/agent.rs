//! An agent in a test: the real one, over real TLS, for a machine that exists only as its sections.

use crate::road::Road;
use anyhow::{Context, ensure};
use jiff::Timestamp;
use rollcall::clock::Clock;
use rollcall_agent::enroll::{Enrolment, Token, enroll};
use rollcall_agent::host::{self, Word};
use rollcall_agent::identity::Identity;
use rollcall_agent::run::{Agent, Ended, Keeping, RunError, run};
use rollcall_agent::session::Standing;
use rollcall_agent::source::{Machine, Simulated, Source};
use rollcall_agent::state::{State, StateError, identity, status};
use rollcall_agent::status::Status;
use rollcall_agent::survey::Reading;
use rollcall_proto::v1::Reason;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// An agent that runs, or did.
pub struct TestAgent {
    state: PathBuf,
    machine: Simulated,
    road: Option<Road>,
    running: Option<Running>,
}

struct Running {
    since: Timestamp,
    stop: oneshot::Sender<Reason>,
    task: JoinHandle<Result<Ended, RunError>>,
}

impl TestAgent {
    /// Enrols a machine with its state in a new folder, and starts its agent.
    ///
    /// # Errors
    /// It is refused; the collector's words are in the error.
    pub async fn enroll(state: &Path, collector: &str, token: &str, tag: &str, machine: Machine) -> anyhow::Result<Self> {
        let token = Token::parse(token)?;
        let facts = machine.facts.clone();
        let version = env!("CARGO_PKG_VERSION");
        let identity = enroll(&Enrolment { collector, token: &token, facts: &facts, tag, seat: "", version }).await?;
        open(state)?.save_identity(&identity)?;
        Self::start(state, Simulated::new(machine))
    }

    /// Starts an agent on the state that there is.
    ///
    /// # Errors
    /// There is none.
    pub fn start(state: &Path, machine: Simulated) -> anyhow::Result<Self> {
        let mut agent = Self { state: state.to_owned(), machine, road: None, running: None };
        agent.resume()?;
        Ok(agent)
    }

    /// Starts an agent on the state that there is, which reaches its collector by a road of its own.
    ///
    /// # Errors
    /// There is none.
    pub async fn start_by_road(state: &Path, machine: Simulated) -> anyhow::Result<Self> {
        let road = Road::build(&identity(state)?).await?;
        let mut agent = Self { state: state.to_owned(), machine, road: Some(road), running: None };
        agent.resume()?;
        Ok(agent)
    }

    /// Starts it again.
    ///
    /// # Errors
    /// It runs already, or its state is unreadable.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        ensure!(self.running.is_none(), "it runs already");
        let keeping = Keeping::State(open(&self.state)?);
        let identity = self.identity()?;
        let identity = self.road.as_ref().map_or_else(|| identity.clone(), |road| road.lead(identity.clone()));
        let agent = Agent { identity, source: Source::Simulated(self.machine.clone()), keeping };
        let (stop, stopped) = oneshot::channel();
        let told = async { stopped.await.unwrap_or(Reason::Stopped) };
        self.running = Some(Running { since: Clock::system().now(), stop, task: tokio::spawn(run(agent, told)) });
        Ok(())
    }

    /// The folder of its state.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Who it is.
    ///
    /// # Errors
    /// The state is unreadable.
    pub fn identity(&self) -> Result<Identity, StateError> {
        identity(&self.state)
    }

    /// Its road, if it has one of its own.
    pub fn road(&self) -> Option<&Road> {
        self.road.as_ref()
    }

    /// The machine: every clone is the same one.
    pub fn machine(&self) -> Simulated {
        self.machine.clone()
    }

    /// What it reads on its machine now.
    pub async fn readings(&self) -> Vec<Reading> {
        Source::Simulated(self.machine.clone()).survey(&[]).await
    }

    /// Tells the agent that its machine goes to sleep or woke up, and waits until it has acted.
    ///
    /// # Errors
    /// It does not run.
    pub async fn say(&self, word: Word) -> anyhow::Result<()> {
        Ok(host::say(&self.state, word).await?)
    }

    /// Changes the machine; the agent notices at once, as after a run of dpkg.
    pub fn change(&self, change: impl FnOnce(&mut Machine)) {
        self.machine.change(change);
    }

    /// Cuts it off without a word, as a power cut would.
    pub async fn cut(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
            // The answer only says that it was aborted.
            running.task.await.ok();
        }
    }

    /// Cuts it off for good.
    pub async fn kill(mut self) {
        self.cut().await;
    }

    /// Shuts the machine down in order: the agent says goodbye.
    ///
    /// # Errors
    /// It had ended by itself.
    pub async fn shut_down(&mut self) -> anyhow::Result<()> {
        self.end(Reason::Shutdown).await
    }

    /// Stops for good, with a reason.
    ///
    /// # Errors
    /// It had ended by itself.
    pub async fn stop(mut self, reason: Reason) -> anyhow::Result<()> {
        self.end(reason).await
    }

    async fn end(&mut self, reason: Reason) -> anyhow::Result<()> {
        let running = self.running.take().context("it does not run")?;
        running.stop.send(reason).ok();
        running.task.await?.context("it had ended by itself")?;
        Ok(())
    }

    /// How it stands, as it last said since it was started last; nothing when it does not run or has said nothing.
    pub fn status(&self) -> Option<Status> {
        let since = self.running.as_ref()?.since;
        let said = status(&self.state).ok().flatten()?;
        // A word from before this start is of another run.
        (said.since >= since).then_some(said)
    }

    /// Whether the collector has welcomed it since it was started last.
    pub fn is_connected(&self) -> bool {
        self.status().is_some_and(|status| status.standing == Standing::Connected)
    }

    /// Whether the collector refuses it, and has done so for `least`: one whose certificate lapsed is refused for a moment only.
    pub fn is_refused(&self, least: Duration) -> bool {
        let refused = self.status().filter(|status| status.standing == Standing::Refused);
        refused.is_some_and(|status| Clock::system().now().duration_since(status.since).unsigned_abs() >= least)
    }

    /// Whether it has had something acknowledged after `moment`, and nothing waits for it any more.
    pub fn is_acknowledged(&self, moment: Timestamp) -> bool {
        self.status().is_some_and(|status| status.unacknowledged == 0 && status.acknowledged_at.is_some_and(|at| at > moment))
    }
}

/// Opens a state folder. A program that a test just started holds every lock of the test for the moment until it runs,
/// so that one which was let go may still seem taken.
fn open(state: &Path) -> Result<State, StateError> {
    for _ in 0..100 {
        match State::open(state) {
            Err(StateError::Locked(_)) => std::thread::sleep(Duration::from_millis(10)),
            opened => return opened,
        }
    }
    State::open(state)
}

impl Drop for TestAgent {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.task.abort();
        }
    }
}
