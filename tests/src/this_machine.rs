//! The real programs on this very machine: its own hardware, its own package database.

use crate::command::{program, run};
use crate::process::{AgentProcess, CollectorProcess, Ports};
use crate::rest::Rest;
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The tag that it gets.
pub const TAG: &str = "THIS-PC";
/// The package that is made, installed and removed.
pub const PACKAGE: &str = "rollcall-story";

/// A collector and the agent of this machine, enrolled in the room "Workshop".
pub struct ThisMachine {
    /// The collector.
    pub collector: CollectorProcess,
    /// The agent.
    pub agent: AgentProcess,
    /// The collector's interface.
    pub rest: Rest,
}

impl ThisMachine {
    /// Starts both with their data in `folder`.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn enrol(folder: &Path) -> anyhow::Result<Self> {
        let collector = CollectorProcess::start(&folder.join("site"), Ports::free()?).await?;
        let desk = collector.desk()?;
        desk.json(&["room", "add", "Workshop"]).await?;
        let token = desk.token("Workshop", 1).await?;
        let state = folder.join("agent");
        let (place, enroll) = (state.to_string_lossy(), collector.ports.enroll.to_string());
        let arguments = ["enroll", "--collector", &enroll, "--token", &token, "--tag", TAG, "--state", &place];
        let ran = run(&program("rollcall-agent")?, &arguments).await?;
        ensure!(ran.code == 0, "this machine could not be enrolled: {ran:?}");
        let rest = collector.rest()?;
        Ok(Self { agent: AgentProcess::start(&state)?, collector, rest })
    }

    /// Waits until what `path` shows is as wanted: at most 20 s.
    ///
    /// # Errors
    /// It is not; what it shows is in the error.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            match self.rest.get(path).await {
                Ok(shown) if wanted(&shown) => return Ok(shown),
                other if Instant::now() > end => bail!("not so within 20 s: {path} shows {other:#?}"),
                _ => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Waits until this machine has reported.
    ///
    /// # Errors
    /// It does not.
    pub async fn reported(&self) -> anyhow::Result<Value> {
        self.until(&format!("/devices/{TAG}"), |device| !device["last_report"].is_null()).await
    }

    /// Waits until the timeline tells that the package of the story is gone.
    ///
    /// # Errors
    /// It does not.
    pub async fn told_of_removal(&self) -> anyhow::Result<Value> {
        let words = |event: &Value| event["text"].as_str().unwrap_or_default().to_owned();
        let of_removal =
            move |event: &Value| event["kind"] == "section.changed" && words(event).contains(PACKAGE) && words(event).contains("remov");
        self.until(&format!("/devices/{TAG}/history"), |events| events.as_array().is_some_and(|events| events.iter().any(&of_removal)))
            .await
    }
}

/// Makes a tiny Debian package that nobody else has, in `folder`.
///
/// # Errors
/// This system has no dpkg.
pub fn package(folder: &Path) -> anyhow::Result<PathBuf> {
    package_named(folder, PACKAGE)
}

/// Makes such a package under a name of its own.
///
/// # Errors
/// This system has no dpkg.
pub fn package_named(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let root = folder.join(format!("{name}.root"));
    std::fs::create_dir_all(root.join("DEBIAN"))?;
    let control = format!(
        "Package: {name}\nVersion: 1.2.3\nArchitecture: all\nMaintainer: Rollcall <nobody@example.org>\nDescription: made by a test\n"
    );
    std::fs::write(root.join("DEBIAN/control"), control)?;
    let file = folder.join(format!("{name}.deb"));
    let built = std::process::Command::new("dpkg-deb").args(["--build", "--root-owner-group"]).arg(&root).arg(&file).output();
    let built = built.context("this system has no dpkg")?;
    ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Ok(file)
}

/// Runs dpkg.
///
/// # Errors
/// This user may not, or there is none.
pub async fn dpkg(arguments: &[&str]) -> anyhow::Result<()> {
    let ran = run(Path::new("/usr/bin/dpkg"), arguments).await?;
    ensure!(ran.code == 0, "dpkg {arguments:?}: {}", ran.err);
    Ok(())
}
