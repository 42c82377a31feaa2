//! `rollcall backup`, `rollcall backup check`, `rollcall restore`: everything in one encrypted file, whether it is whole, and back.

use crate::cli::Globals;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::way::Way;
use crate::cli::words;
use crate::desk::api::problem::with_causes;
use crate::restore;
use crate::store::backup::{BackupError, CheckReport, check};
use clap::{Args, Subcommand};
use futures_util::StreamExt;
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The largest file that is read as a recovery key, bytes.
const LARGEST_KEY_FILE: u64 = 64 * 1024;

/// Write everything to one encrypted file, while the collector runs.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions",
    after_help = "Examples:
  rollcall backup /mnt/usb/rollcall-2026-11-24.age
  rollcall backup check /mnt/usb/rollcall-2026-11-24.age --recovery-key recovery.key
  rollcall restore /mnt/usb/rollcall-2026-11-24.age --key recovery.key --data /var/lib/rollcall-new

Only the recovery key that the first start has shown opens it."
)]
pub struct Backup {
    #[command(flatten)]
    way: Way,
    #[command(subcommand)]
    action: Option<Action>,
    /// The file to write; it must not exist yet
    #[arg(required = true)]
    file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// See whether a backup is whole, and what is in it; restores nothing
    Check(Check),
}

impl Backup {
    /// Makes a backup, or checks one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn run(self, globals: &Globals, out: &Out) -> Result<Exit, Failure> {
        match (self.action, self.file) {
            (Some(Action::Check(check)), _) => check.run(out).await,
            (None, Some(file)) => take(&self.way.client(globals)?, &file, out).await,
            (None, None) => Err(Failure::Usage("name the file to write: rollcall backup FILE".to_owned())),
        }
    }
}

async fn take(client: &Client, place: &Path, out: &Out) -> Result<Exit, Failure> {
    let unfinished = unfinished(place);
    let mut file = create(place, &unfinished)?;
    let written = receive(client, &unfinished, &mut file).await;
    let kept = written.and_then(|bytes| keep(&file, &unfinished, place).map(|()| bytes));
    let bytes = kept.inspect_err(|_| {
        // What is not whole is of no use to anybody.
        drop(fs::remove_file(&unfinished));
    })?;
    let report = json!({ "file": place, "bytes": bytes });
    let words = format!("{}: {}, encrypted; keep it and the recovery key apart", place.display(), words::disk(bytes));
    Ok(out.said(&report, &words))
}

/// Where the file stands until it is whole: beside its place.
fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    file.with_file_name(name)
}

fn create(file: &Path, unfinished: &Path) -> Result<File, Failure> {
    if file.exists() {
        return Err(Failure::Usage(format!("{}: there is such a file; name another", file.display())));
    }
    let created = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(unfinished);
    created.map_err(|error| Failure::here(unfinished.display(), &error))
}

async fn receive(client: &Client, place: &Path, file: &mut File) -> Result<u64, Failure> {
    let response = client.download(&["backup"]).await?;
    let promised = response.content_length();
    let mut pieces = response.bytes_stream();
    let mut bytes = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| client.broke_off(&error))?;
        file.write_all(&piece).map_err(|error| Failure::here(place.display(), &error))?;
        bytes += piece.len() as u64;
    }
    match promised {
        Some(promised) if promised != bytes => {
            Err(Failure::Unreachable(format!("the backup broke off after {bytes} of {promised} bytes; nothing was kept, try again")))
        }
        _ => Ok(bytes),
    }
}

fn keep(file: &File, unfinished: &Path, place: &Path) -> Result<(), Failure> {
    let kept = file.sync_all().and_then(|()| fs::rename(unfinished, place));
    kept.map_err(|error| Failure::here(place.display(), &error))
}

/// See whether a backup is whole, and what is in it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall backup check rollcall-2026-11-24.age --recovery-key recovery.key
  rollcall backup check rollcall-2026-11-24.age --recovery-key - --scratch /mnt/big --json

Opens it with the recovery key and reads every byte: checksums, the ledger's chain, its signed checkpoints, all records. It asks no collector,
and nothing stays of what is unpacked. Ends with 0 when it is whole, with 1 when it is not.")]
struct Check {
    /// The backup
    file: PathBuf,
    /// The file with the recovery key that the first start has shown; - for standard input
    #[arg(long, value_name = "FILE")]
    recovery_key: PathBuf,
    /// Where it is unpacked meanwhile: it takes as much room as the collector's folder. Default: the system's folder for temporary files
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

impl Check {
    async fn run(self, out: &Out) -> Result<Exit, Failure> {
        let identity = recovery_key(&self.file, &self.recovery_key)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (asked, scratch) = (Arc::clone(&stop), self.scratch.unwrap_or_else(std::env::temp_dir));
        let mut work = tokio::task::spawn_blocking(move || check(&self.file, &identity, &scratch, &asked));
        // Whoever breaks it off waits until what was unpacked is gone.
        let checked = tokio::select! {
            checked = &mut work => checked,
            _ = tokio::signal::ctrl_c() => { stop.store(true, Ordering::Relaxed); work.await }
        };
        match checked.map_err(|error| Failure::Usage(error.to_string()))? {
            Ok(report) => Ok(told(out, &report)),
            Err(error @ BackupError::Unsound { .. }) => {
                out.said(&json!({ "damage": [error.to_string()] }), &words::harmless(&error.to_string()));
                Ok(Exit::Found)
            }
            Err(error) => Err(Failure::Usage(with_causes(&error))),
        }
    }
}

/// Says what is in a backup, and whether it is whole.
fn told(out: &Out, report: &CheckReport) -> Exit {
    let exit = if report.damage.is_empty() { Exit::Done } else { Exit::Found };
    if out.is_json() {
        out.json(&json!(report));
        return exit;
    }
    let holds = report.site.as_ref().map(|site| {
        let assets = words::count(site.assets, "asset", "assets");
        let devices = words::count(site.devices, "enrolled machine", "enrolled machines");
        let (people, tickets) = (words::count(site.persons, "person", "people"), words::count(site.tickets, "ticket", "tickets"));
        format!("{}: {assets} ({} out), {devices}, {people}, {tickets}", site.name, site.out)
    });
    out.facts(&[
        ("backup", format!("{}, {}", report.file.display(), words::disk(report.bytes))),
        ("holds", words::harmless(&holds.unwrap_or_else(|| "nothing that can be made into records".to_owned()))),
        ("up to", format!("event {}, {} entries, each held to the chain", report.seq, report.entries)),
        ("checkpoint", report.checkpoint.clone().unwrap_or_else(|| "none was signed".to_owned())),
    ]);
    match report.damage.as_slice() {
        [] => out.line("ok", ": every byte is as it was backed up, and would come back"),
        damage => damage.iter().for_each(|line| out.print(&words::harmless(line))),
    }
    exit
}

/// Make a collector's folder of a backup, while no collector runs there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall restore rollcall-2026-11-24.age --key recovery.key --data /var/lib/rollcall

The folder must be new or empty. Stop the old collector for good before the restored one starts.")]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// The file with the recovery key that the first start has shown; - for standard input
    #[arg(long, visible_alias = "recovery-key", value_name = "FILE")]
    key: PathBuf,
}

impl Restore {
    /// Restores.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn run(self, globals: &Globals, out: &Out) -> Result<Exit, Failure> {
        let identity = recovery_key(&self.file, &self.key)?;
        let restored = restore::restore(&self.file, &identity, &globals.data).await;
        let report = restored.map_err(|error| Failure::Usage(with_causes(error.as_ref())))?;
        let exit = out.said(&json!(report), &format!("{} holds everything up to event {} of the backup", report.dir.display(), report.seq));
        out.note(&format!("next: {}", report.next));
        Ok(exit)
    }
}

/// The recovery key for a backup. A slip in the backup's name is told before the key is asked for.
fn recovery_key(backup: &Path, key: &Path) -> Result<String, Failure> {
    drop(File::open(backup).map_err(|error| Failure::here(backup.display(), &error))?);
    identity(&read_key(key)?).ok_or_else(|| {
        Failure::Usage(format!("{}: there is no recovery key in it; a line must begin with AGE-SECRET-KEY-1", key.display()))
    })
}

fn read_key(path: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::here(path.display(), &error);
    if path == Path::new("-") {
        return io::read_to_string(io::Read::take(io::stdin(), LARGEST_KEY_FILE)).map_err(failed);
    }
    let file = File::open(path).map_err(failed)?;
    io::read_to_string(io::Read::take(file, LARGEST_KEY_FILE)).map_err(failed)
}

/// The key of a file that may hold other lines beside it.
fn identity(text: &str) -> Option<String> {
    text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-1")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_may_have_remarks() {
        let check = |text, want: Option<&str>| assert_eq!(identity(text).as_deref(), want);
        check("# keep safe\n  AGE-SECRET-KEY-1ABC \n", Some("AGE-SECRET-KEY-1ABC"));
        check("age1abc\n", None);
    }

    #[test]
    fn a_backup_never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("b.age");
        assert_eq!(unfinished(&place), folder.path().join("b.age.unfinished"));
        fs::write(&place, "precious").unwrap();
        assert!(create(&place, &unfinished(&place)).is_err());
    }
}
