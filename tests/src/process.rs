//! The real programs as processes of their own: to be killed without warning, and to be measured.

use crate::command::{Desk, program};
use crate::rest::Rest;
use anyhow::{Context, bail};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// The service as it is shipped.
const AGENT_SERVICE: &str = include_str!("../../deploy/systemd/rollcall-agent.service");

/// Addresses of one collector.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// Attendance.
    pub agents: SocketAddr,
    /// Enrolment.
    pub enroll: SocketAddr,
    /// The desk.
    pub desk: SocketAddr,
    /// Metrics.
    pub metrics: SocketAddr,
}

impl Ports {
    /// Four addresses of this machine that are free now.
    ///
    /// # Errors
    /// There are none.
    pub fn free() -> anyhow::Result<Self> {
        // All four are held at once, so that no two are the same.
        let held: Vec<TcpListener> = (0..4).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
        let addresses: Vec<SocketAddr> = held.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
        let [agents, enroll, desk, metrics] = addresses[..] else { bail!("four listeners have four addresses") };
        Ok(Self { agents, enroll, desk, metrics })
    }
}

/// A collector that runs as a process.
pub struct CollectorProcess {
    child: Child,
    data: PathBuf,
    log: PathBuf,
    /// Where it listens.
    pub ports: Ports,
}

impl CollectorProcess {
    /// Starts `rollcall serve` on a data folder and waits until it answers.
    ///
    /// # Errors
    /// It ends, or does not answer within 30 s; what it said is in the error.
    pub async fn start(data: &Path, ports: Ports) -> anyhow::Result<Self> {
        Self::start_as(Command::new(program("rollcall")?), data, ports).await
    }

    /// Starts `serve` of the collector that `command` begins with.
    ///
    /// # Errors
    /// As those of [`CollectorProcess::start`].
    pub async fn start_as(mut command: Command, data: &Path, ports: Ports) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)?;
        let log = data.with_extension("log");
        let words = std::fs::File::options().create(true).append(true).open(&log)?;
        let child = command
            .args(["serve", "--data"])
            .arg(data)
            .args(["--agents", &ports.agents.to_string(), "--enroll", &ports.enroll.to_string()])
            .args(["--desk", &ports.desk.to_string(), "--metrics", &ports.metrics.to_string()])
            .stdin(Stdio::null())
            .stdout(words.try_clone()?)
            .stderr(words)
            .kill_on_drop(true)
            .spawn()?;
        let mut process = Self { child, data: data.to_owned(), log, ports };
        process.ready().await?;
        Ok(process)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(30);
        let rest = self.rest()?;
        while rest.get("/status").await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the collector has ended: {status}\n{}", self.words());
            }
            if Instant::now() > end {
                bail!("the collector does not answer\n{}", self.words());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Its number in the system.
    ///
    /// # Errors
    /// It has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the collector has ended")
    }

    /// What it has said so far.
    pub fn words(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its commands.
    ///
    /// # Errors
    /// `rollcall` was not built.
    pub fn desk(&self) -> anyhow::Result<Desk> {
        Desk::new(&self.data)
    }

    /// Its REST interface.
    ///
    /// # Errors
    /// The client can't be made.
    pub fn rest(&self) -> anyhow::Result<Rest> {
        Rest::new(&self.data)
    }

    /// Kills it without warning, as a power cut would.
    ///
    /// # Errors
    /// It is gone already.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the collector was gone before it was killed")
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// It does not within 30 s.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        terminate(&mut self.child).await
    }
}

/// An agent that runs as a process.
pub struct AgentProcess(Child);

impl AgentProcess {
    /// Starts `rollcall-agent run` on a state folder.
    ///
    /// # Errors
    /// It was not built.
    pub fn start(state: &Path) -> anyhow::Result<Self> {
        Self::start_program(&program("rollcall-agent")?, state)
    }

    /// Starts `run` of another build of the agent on a state folder, with the environment of the service that is shipped.
    ///
    /// # Errors
    /// It is not there.
    pub fn start_program(program: &Path, state: &Path) -> anyhow::Result<Self> {
        Self::start_as(Command::new(program), state)
    }

    /// Starts `run` of the agent that `command` begins with.
    ///
    /// # Errors
    /// It is not there.
    pub fn start_as(mut command: Command, state: &Path) -> anyhow::Result<Self> {
        let settings = AGENT_SERVICE.lines().filter_map(|line| line.strip_prefix("Environment="));
        let environment = settings.flat_map(|line| line.split(' ')).filter_map(|setting| setting.split_once('='));
        let words = std::fs::File::options().create(true).append(true).open(state.with_extension("log"))?;
        command.args(["run", "--state"]).arg(state).envs(environment).stdin(Stdio::null()).stdout(words.try_clone()?).stderr(words);
        Ok(Self(command.kill_on_drop(true).spawn()?))
    }

    /// Its number in the system.
    ///
    /// # Errors
    /// It has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.0.id().context("the agent has ended")
    }

    /// Kills it without warning.
    ///
    /// # Errors
    /// It is gone already.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.0.kill().await.context("the agent was gone before it was killed")
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// It does not within 30 s.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        terminate(&mut self.0).await
    }
}

async fn terminate(child: &mut Child) -> anyhow::Result<()> {
    let Some(id) = child.id() else { return Ok(()) };
    Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
    tokio::time::timeout(Duration::from_secs(30), child.wait()).await.context("it does not stop within 30 s")??;
    Ok(())
}
