//! An agent in a test: the real one, over real TLS, for a machine that exists only as its sections.

use anyhow::{Context, ensure};
use jiff::Timestamp;
use rollcall::clock::Clock;
use rollcall_agent::enroll::{Enrolment, Token, enroll};
use rollcall_agent::run::{Agent, Ended, Keeping, RunError, run};
use rollcall_agent::session::Standing;
use rollcall_agent::source::{Machine, Simulated, Source};
use rollcall_agent::state::{State, StateError, identity, status};
use rollcall_proto::v1::Reason;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// An agent that runs, or did.
pub struct TestAgent {
    state: PathBuf,
    machine: Simulated,
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
        let mut agent = Self { state: state.to_owned(), machine, running: None };
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
        let agent = Agent { identity: identity(&self.state)?, source: Source::Simulated(self.machine.clone()), keeping };
        let (stop, stopped) = oneshot::channel();
        let told = async { stopped.await.unwrap_or(Reason::Stopped) };
        self.running = Some(Running { since: Clock::system().now(), stop, task: tokio::spawn(run(agent, told)) });
        Ok(())
    }

    /// The folder of its state.
    pub fn state(&self) -> &Path {
        &self.state
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

    /// Whether the collector has welcomed it since it was started last.
    pub fn is_connected(&self) -> bool {
        let Some(running) = &self.running else { return false };
        let said = status(&self.state).ok().flatten();
        said.is_some_and(|status| status.standing == Standing::Connected && status.since >= running.since)
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
