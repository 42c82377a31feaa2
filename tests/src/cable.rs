//! A school and a PC with a cable between them that can be cut: network namespaces, which only root may make.

use crate::command::{program, run};
use crate::process::{AgentProcess, CollectorProcess, Ports};
use crate::rest::Rest;
use anyhow::{Context, ensure};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

/// The tag of the PC.
const TAG: &str = "CABLE-PC";
/// The collector's address at its end of the cable.
const SCHOOL: Ipv4Addr = Ipv4Addr::new(10, 98, 0, 1);

/// The cable; it is gone with this value.
pub struct Cable {
    school: String,
    pc: String,
}

/// A collector at one end of a cable and an agent at the other.
pub struct CablePc {
    cable: Cable,
    collector: CollectorProcess,
    agent: AgentProcess,
    rest: Rest,
}

impl Cable {
    /// Lays a cable between two new network namespaces.
    ///
    /// # Errors
    /// This user may not, or there is no iproute2.
    pub async fn lay() -> anyhow::Result<Self> {
        static LAID: AtomicU32 = AtomicU32::new(0);
        let number = LAID.fetch_add(1, Ordering::Relaxed);
        let name = |end: &str| format!("rollcall-{end}-{}-{number}", std::process::id());
        let cable = Self { school: name("school"), pc: name("pc") };
        let (school, pc) = (cable.school.as_str(), cable.pc.as_str());
        ip(&["netns", "add", school]).await?;
        ip(&["netns", "add", pc]).await?;
        ip(&["-n", school, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", pc]).await?;
        ip(&["-n", school, "address", "add", "10.98.0.1/24", "dev", "eth0"]).await?;
        ip(&["-n", pc, "address", "add", "10.98.0.2/24", "dev", "eth0"]).await?;
        for (end, link) in [(school, "lo"), (school, "eth0"), (pc, "lo"), (pc, "eth0")] {
            ip(&["-n", end, "link", "set", link, "up"]).await?;
        }
        Ok(cable)
    }

    /// Cuts it, at the PC's end: nothing is said any more, nothing is closed.
    async fn cut(&self) -> anyhow::Result<()> {
        ip(&["-n", &self.pc, "link", "set", "eth0", "down"]).await
    }

    async fn mend(&self) -> anyhow::Result<()> {
        ip(&["-n", &self.pc, "link", "set", "eth0", "up"]).await
    }
}

/// A command that begins with another one: in a network namespace.
fn inside(namespace: &str, program: &Path) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(program);
    command
}

async fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    let ran = run(Path::new("ip"), arguments).await?;
    ensure!(ran.code == 0, "ip {}: {}", arguments.join(" "), ran.err.trim());
    Ok(())
}

impl Drop for Cable {
    fn drop(&mut self) {
        for name in [&self.school, &self.pc] {
            // What was never made can't be deleted.
            std::process::Command::new("ip").args(["netns", "delete", name]).output().ok();
        }
    }
}

impl CablePc {
    /// Enrols a PC at the end of `cable` and waits until it has reported.
    ///
    /// # Errors
    /// One of the programs does not start.
    pub async fn enrol(cable: Cable, folder: &Path) -> anyhow::Result<Self> {
        let at = |ip: Ipv4Addr, port: u16| SocketAddr::from((ip, port));
        let ports =
            Ports { agents: at(SCHOOL, 7443), enroll: at(SCHOOL, 7444), desk: at(SCHOOL, 7445), metrics: at(Ipv4Addr::LOCALHOST, 7446) };
        let collector = CollectorProcess::start_as(inside(&cable.school, &program("rollcall")?), &folder.join("cable-site"), ports).await?;
        let desk = collector.desk()?;
        desk.json(&["room", "add", "Workshop"]).await?;
        let token = desk.token("Workshop", 1).await?;
        let (state, agent) = (folder.join("cable-agent"), program("rollcall-agent")?);
        let place = state.to_string_lossy();
        let enroll = ports.enroll.to_string();
        let mut command = inside(&cable.pc, &agent);
        command.args(["enroll", "--collector", &enroll, "--token", &token, "--tag", TAG, "--state", &place]);
        let enrolled = command.output().await?;
        ensure!(enrolled.status.success(), "the PC could not be enrolled: {}", String::from_utf8_lossy(&enrolled.stderr));
        let rest = collector.rest()?;
        let agent = AgentProcess::start_as(inside(&cable.pc, &agent), &state)?;
        let pc = Self { cable, collector, agent, rest };
        pc.presence_within("here", Duration::from_secs(40)).await?;
        Ok(pc)
    }

    /// Cuts the cable; gives how long it took until the PC was silent.
    ///
    /// # Errors
    /// It is not silent within a minute.
    pub async fn cut(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.cable.cut().await?;
        self.presence_within("silent", Duration::from_secs(60)).await?;
        Ok(began.elapsed())
    }

    /// Mends the cable, and waits until the PC is here again.
    ///
    /// # Errors
    /// It is not within two minutes.
    pub async fn mend(&self) -> anyhow::Result<()> {
        self.cable.mend().await?;
        self.presence_within("here", Duration::from_secs(120)).await
    }

    /// Ends the agent without warning, so that its connection closes; gives how long it took until the PC was silent.
    ///
    /// # Errors
    /// It is not silent within a minute.
    pub async fn close(self) -> anyhow::Result<Duration> {
        let Self { cable, collector, agent, rest } = self;
        let began = Instant::now();
        agent.kill().await?;
        presence_within(&rest, "silent", Duration::from_secs(60)).await?;
        let took = began.elapsed();
        collector.stop().await?;
        drop(cable);
        Ok(took)
    }

    /// Has the PC look at itself; gives what it found.
    ///
    /// # Errors
    /// It is not connected.
    pub async fn diagnose(&self) -> anyhow::Result<serde_json::Value> {
        let desk = self.collector.desk()?;
        desk.run(&["diagnose", TAG, "--json"]).await?.json()
    }

    async fn presence_within(&self, wanted: &str, patience: Duration) -> anyhow::Result<()> {
        presence_within(&self.rest, wanted, patience).await.with_context(|| self.collector.words())
    }
}

async fn presence_within(rest: &Rest, wanted: &str, patience: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + patience;
    loop {
        let shown = rest.get(&format!("/devices/{TAG}")).await;
        if shown.as_ref().is_ok_and(|device| device["presence"] == wanted) {
            return Ok(());
        }
        ensure!(Instant::now() < end, "the PC is not {wanted} within {} s: {shown:?}", patience.as_secs());
        sleep(Duration::from_millis(20)).await;
    }
}
