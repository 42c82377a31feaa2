//! `rollcall backup`, `rollcall restore`: everything in one encrypted file, and back.

use crate::cli::Globals;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::way::Ask;
use crate::cli::words;
use crate::desk::api::problem::with_causes;
use crate::restore;
use clap::Args;
use futures_util::StreamExt;
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The largest file that is read as a recovery key, bytes.
const LARGEST_KEY_FILE: u64 = 64 * 1024;

/// Write everything to one encrypted file, while the collector runs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall backup /mnt/usb/rollcall-2026-11-24.age
  rollcall restore /mnt/usb/rollcall-2026-11-24.age --key recovery.key --data /var/lib/rollcall-new

Only the recovery key that the first start has shown opens it.")]
pub struct Backup {
    /// The file to write; it must not exist yet
    file: PathBuf,
}

impl Ask for Backup {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let unfinished = unfinished(&self.file);
        let mut file = create(&self.file, &unfinished)?;
        let written = receive(client, &unfinished, &mut file).await;
        let kept = written.and_then(|bytes| keep(&file, &unfinished, &self.file).map(|()| bytes));
        let bytes = kept.inspect_err(|_| {
            // What is not whole is of no use to anybody.
            drop(fs::remove_file(&unfinished));
        })?;
        let report = json!({ "file": self.file, "bytes": bytes });
        let words = format!("{}: {}, encrypted; keep it and the recovery key apart", self.file.display(), words::disk(bytes));
        Ok(out.said(&report, &words))
    }
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

/// Make a collector's folder of a backup, while no collector runs there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall restore rollcall-2026-11-24.age --key recovery.key --data /var/lib/rollcall

The folder must be new or empty. Stop the old collector for good before the restored one starts.")]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// The file with the recovery key that the first start has shown; - for standard input
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Restore {
    /// Restores.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn run(self, globals: &Globals, out: &Out) -> Result<Exit, Failure> {
        // A slip in the name is told before the key is asked for.
        drop(File::open(&self.file).map_err(|error| Failure::here(self.file.display(), &error))?);
        let identity = identity(&read_key(&self.key)?).ok_or_else(|| {
            Failure::Usage(format!("{}: there is no recovery key in it; a line must begin with AGE-SECRET-KEY-1", self.key.display()))
        })?;
        let restored = restore::restore(&self.file, &identity, &globals.data).await;
        let report = restored.map_err(|error| Failure::Usage(with_causes(error.as_ref())))?;
        let exit = out.said(&json!(report), &format!("{} holds everything up to event {} of the backup", report.dir.display(), report.seq));
        out.note(&format!("next: {}", report.next));
        Ok(exit)
    }
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
