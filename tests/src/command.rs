//! Runs the project's own programs as a person or a script would.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// A command that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of the programs that `cargo build --workspace` makes.
///
/// # Errors
/// It was not built.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    // Tests lie in `deps`, one below the programs.
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    beside.with_context(|| format!("{name} is not built: run `cargo build --workspace` first"))
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Ran {
    /// The document that it printed.
    ///
    /// # Errors
    /// It printed none.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("not JSON: {self:?}"))
    }
}

/// Runs a program to its end.
///
/// # Errors
/// It does not start, or hangs.
pub async fn run(program: &Path, arguments: &[&str]) -> anyhow::Result<Ran> {
    run_with(program, arguments, "").await
}

/// Runs a program to its end, with this on its standard input.
///
/// # Errors
/// It does not start, or hangs.
pub async fn run_with(program: &Path, arguments: &[&str], input: impl AsRef<[u8]>) -> anyhow::Result<Ran> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut running = command.spawn()?;
    let mut stdin = running.stdin.take().context("it has no standard input")?;
    // One that reads nothing may be gone before it is written.
    drop(stdin.write_all(input.as_ref()).await);
    drop(stdin);
    let ended = timeout(PATIENCE, running.wait_with_output()).await.with_context(|| format!("{arguments:?} hangs"))??;
    Ok(Ran {
        code: ended.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&ended.stdout).into_owned(),
        err: String::from_utf8_lossy(&ended.stderr).into_owned(),
    })
}

/// The technician's commands, on the collector of one data folder.
#[derive(Clone, Debug)]
pub struct Desk {
    program: PathBuf,
    data: PathBuf,
}

impl Desk {
    /// The commands for the collector that keeps its data in `data`.
    ///
    /// # Errors
    /// `rollcall` was not built.
    pub fn new(data: &Path) -> anyhow::Result<Self> {
        Ok(Self { program: program("rollcall")?, data: data.to_owned() })
    }

    /// Runs a command, whatever becomes of it.
    ///
    /// # Errors
    /// It does not start, or hangs.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<Ran> {
        let data = self.data.to_string_lossy();
        run(&self.program, &[arguments, &["--data", &data]].concat()).await
    }

    /// Runs a command with this on its standard input, whatever becomes of it.
    ///
    /// # Errors
    /// It does not start, or hangs.
    pub async fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> anyhow::Result<Ran> {
        let data = self.data.to_string_lossy();
        run_with(&self.program, &[arguments, &["--data", &data]].concat(), input).await
    }

    /// The document of a command that must succeed, with `--json`.
    ///
    /// # Errors
    /// It fails.
    pub async fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let ran = self.run(&[arguments, &["--json"]].concat()).await?;
        ensure!(ran.code == 0, "{arguments:?}: {ran:?}");
        ran.json()
    }

    /// The document of a command that finds problems or nothing is a document too.
    ///
    /// # Errors
    /// It is refused, or prints none.
    pub async fn found(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let ran = self.run(&[arguments, &["--json"]].concat()).await?;
        ensure!(ran.code <= 1, "{arguments:?}: {ran:?}");
        ran.json()
    }

    /// A new token for so many machines of `room`.
    ///
    /// # Errors
    /// It is refused.
    pub async fn token(&self, room: &str, machines: usize) -> anyhow::Result<String> {
        let made = self.json(&["token", "new", "--room", room, "--count", &machines.to_string()]).await?;
        Ok(made["token"].as_str().with_context(|| format!("no token in {made}"))?.to_owned())
    }
}
