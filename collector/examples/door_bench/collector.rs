//! The collector of the bench: a process of its own, whose memory and processor time are read from the system.

use crate::number;
use anyhow::{Context, ensure};
use jiff::SignedDuration;
use rollcall::agents::authority::Authority;
use rollcall::agents::token::make_token;
use rollcall::clock::Clock;
use rollcall::serve::{Options, start};
use rollcall::settings::Settings;
use rollcall_site::SiteId;
use rollcall_site::event::Actor;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Clock ticks of the system in a second: the same on every Linux.
const TICKS: u64 = 100;

/// The running collector and how to get in.
pub struct Collector {
    process: Child,
    pub agents: SocketAddr,
    pub enroll: SocketAddr,
    pub token: String,
    pub ca: Vec<u8>,
}

impl Collector {
    /// Starts the collector's process.
    pub async fn start(dir: &Path) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("no output")?).lines();
        let mut line = async || lines.next_line().await?.context("the collector did not start");
        let (agents, enroll, token) = (line().await?.parse()?, line().await?.parse()?, line().await?);
        Ok(Self { process, agents, enroll, token, ca: std::fs::read(dir.join("ca.der"))? })
    }

    fn file(&self, name: &str) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(format!("/proc/{}/{name}", self.process.id().context("the collector has ended")?))?)
    }

    /// Its resident memory, KB.
    pub fn rss_kb(&self) -> anyhow::Result<u64> {
        let status = self.file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        number(line.trim_end_matches("kB"))
    }

    /// Its processor time.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = self.file("stat")?;
        let after_name = stat.rsplit_once(')').context("no stat")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let field = |at: usize| number(fields.get(at).copied().unwrap_or_default());
        Ok(Duration::from_millis((field(11)? + field(12)?) * 1000 / TICKS))
    }

    /// Ends it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.process.stdin.take());
        let ended = self.process.wait().await?;
        ensure!(ended.success(), "the collector failed: {ended}");
        Ok(())
    }
}

/// Runs a collector until its input ends; says on its output where it listens, and a token.
pub async fn serve(dir: &Path) -> anyhow::Result<()> {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let settings = Settings { data: dir.join("data"), agents: free, enroll: free, desk: free, metrics: free, ..Settings::default() };
    let running = start(settings, Clock::system(), Options::default()).await?;
    let (site, now) = (SiteId::parse("main")?, Clock::system().now());
    let authority = Authority::open(&running.collector.secrets, &site, now)?;
    let (token, hash) = make_token(&site, &authority)?;
    let made = move |w: &mut rollcall_site::Working| rollcall_site::token::make(w, hash, None, 10_000, now + SignedDuration::from_hours(9));
    running.collector.keeper.change(Actor::Local("bench".to_owned()), made).await?;
    std::fs::write(dir.join("ca.der"), authority.ca())?;
    println!("{}\n{}\n{token}", running.agents, running.enroll);
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    running.stop().await;
    Ok(())
}
