//! A real site in a test: a collector of its own on free ports, with a clock that the story turns.

use crate::agent::TestAgent;
use crate::command::Desk;
use crate::pc::Pc;
use crate::process::Ports;
use crate::rest::Rest;
use anyhow::{Context, bail};
use jiff::SignedDuration;
use rollcall::clock::Clock;
use rollcall::serve::{self, Options, Running};
use rollcall::settings::{Outside, Plan, Settings};
use rollcall_agent::survey::Content;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// What is to come is waited for this long: agents return within 45 s, and a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(45);
/// So much of a document is shown when it is not as wanted, characters.
const SHOWN: usize = 3000;

/// A running site.
pub struct TestSite {
    folder: TempDir,
    ports: Ports,
    clock: Clock,
    outside: Option<Outside>,
    running: Option<Running>,
}

impl TestSite {
    /// Starts a site with one room, "Lab 1".
    ///
    /// # Errors
    /// It does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let mut site = Self { folder: tempfile::tempdir()?, ports: Ports::free()?, clock: Clock::turned(), outside: None, running: None };
        if let Err(error) = site.resume().await {
            // Another connection may have taken a free port meanwhile: once more with others.
            anyhow::ensure!(format!("{error:#}").contains("in use"), error);
            site.ports = Ports::free()?;
            site.resume().await?;
        }
        site.desk()?.json(&["room", "add", "Lab 1"]).await?;
        Ok(site)
    }

    /// The folder of this site's data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// A folder beside it, for the state of agents and for files.
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it listens.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Starts the collector on the data that there is.
    ///
    /// # Errors
    /// It does not start.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        let settings = Settings {
            data: self.data(),
            agents: self.ports.agents,
            enroll: self.ports.enroll,
            desk: self.ports.desk,
            metrics: self.ports.metrics,
            reach: vec!["127.0.0.1".to_owned()],
            outside: self.outside.clone(),
            upkeep: Plan::default(),
        };
        self.running = Some(serve::start(settings, self.clock.clone(), Options::default()).await?);
        self.until("/status", "the collector answers", |_| true).await?;
        Ok(())
    }

    /// Stops the collector; agents keep calling.
    ///
    /// # Errors
    /// It was not running.
    pub async fn pause(&mut self) -> anyhow::Result<()> {
        self.running.take().context("the site does not run")?.stop().await;
        Ok(())
    }

    /// Opens a door for machines that are off site, which agents are told to call at `address`.
    ///
    /// # Errors
    /// There is no port, or the collector does not start again.
    pub async fn open_outside(&mut self, address: String) -> anyhow::Result<std::net::SocketAddr> {
        let listen = Ports::free()?.agents;
        self.outside = Some(Outside { address, listen });
        self.pause().await?;
        self.resume().await?;
        Ok(listen)
    }

    /// Agents find the collector's inside door closed from now on: it is at another port.
    ///
    /// # Errors
    /// There is no port, or the collector does not start again.
    pub async fn move_inside(&mut self) -> anyhow::Result<()> {
        self.ports.agents = Ports::free()?.agents;
        self.pause().await?;
        self.resume().await
    }

    /// The running collector.
    ///
    /// # Errors
    /// It is paused.
    pub fn collector(&self) -> anyhow::Result<&rollcall::Collector> {
        Ok(&self.running.as_ref().context("the site does not run")?.collector)
    }

    /// Turns the clock on.
    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// What time it is at the site.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// The day at the site, whose time is UTC.
    pub fn today(&self) -> jiff::civil::Date {
        jiff::tz::TimeZone::UTC.to_datetime(self.clock.now()).date()
    }

    /// The technician's commands.
    ///
    /// # Errors
    /// `rollcall` was not built.
    pub fn desk(&self) -> anyhow::Result<Desk> {
        Desk::new(&self.data())
    }

    /// The REST interface.
    ///
    /// # Errors
    /// The client can't be made.
    pub fn rest(&self) -> anyhow::Result<Rest> {
        Rest::new(&self.data())
    }

    /// Enrols a PC in "Lab 1" under `tag`, starts its agent, and waits for its first report.
    ///
    /// # Errors
    /// It is refused, or does not report.
    pub async fn enroll(&self, tag: &str, pc: &Pc, software: Content) -> anyhow::Result<TestAgent> {
        let token = self.desk()?.token("Lab 1", 1).await?;
        let agent = TestAgent::enroll(&self.place(tag), &self.ports.enroll.to_string(), &token, tag, pc.machine(software)).await?;
        self.device_until(tag, "has reported", |device| !device["last_report"].is_null()).await?;
        Ok(agent)
    }

    /// A device as `rollcall device TAG --json` shows it.
    ///
    /// # Errors
    /// There is none.
    pub async fn device(&self, tag: &str) -> anyhow::Result<Value> {
        self.rest()?.get(&format!("/devices/{tag}")).await
    }

    /// Waits until a device is as wanted; `what` says how, for the error.
    ///
    /// # Errors
    /// It is not so within 45 s.
    pub async fn device_until(&self, tag: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        self.until(&format!("/devices/{tag}"), &format!("{tag} {what}"), wanted).await
    }

    /// Waits until the machine is in this state.
    ///
    /// # Errors
    /// It is not so within 45 s.
    pub async fn presence_until(&self, tag: &str, presence: &str) -> anyhow::Result<Value> {
        self.device_until(tag, &format!("is {presence}"), |device| device["presence"] == presence).await
    }

    /// Waits until the timeline of the site has an event of this kind, and gives the latest.
    ///
    /// # Errors
    /// It is not so within 45 s.
    pub async fn event_until(&self, kind: &str) -> anyhow::Result<Value> {
        let of_kind =
            |events: &Value| events.as_array().and_then(|events| events.iter().rev().find(|event| event["kind"] == kind).cloned());
        let events = self.until("/events?limit=1000", &format!("there is an event {kind}"), |events| of_kind(events).is_some()).await?;
        of_kind(&events).context("the event was just there")
    }

    /// Waits until what `path` shows is as wanted.
    ///
    /// # Errors
    /// It is not so within 45 s; what it shows is in the error.
    pub async fn until(&self, path: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let rest = self.rest()?;
        let end = Instant::now() + PATIENCE;
        loop {
            let shown = rest.get(path).await;
            if let Ok(shown) = &shown
                && wanted(shown)
            {
                return Ok(shown.clone());
            }
            if Instant::now() > end {
                let shown: String = format!("{shown:?}").chars().take(SHOWN).collect();
                bail!("not so within {} s: {what}; {path} shows {shown}", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Copies a folder with everything in it; a file that an agent at work replaces meanwhile is left out.
///
/// # Errors
/// Something can't be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            match std::fs::copy(entry.path(), &target) {
                Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied?),
            }
        }
    }
    Ok(())
}
