//! `rollcall ledger verify`: reads and checks every byte of the truth, through the collector or without it.

use crate::cli::Globals;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{count_at, field, text_at};
use crate::cli::way::Way;
use crate::cli::words;
use crate::desk::api::problem::with_causes;
use crate::settings::Settings;
use crate::store::{StoreError, Verified, verify_and_replay};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;

/// The tamper-evident record of everything.
#[derive(Debug, Args)]
pub struct Ledger {
    #[command(flatten)]
    way: Way,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read and check every byte; while no collector runs, in the folder of --data
    Verify {
        /// Hold it to checkpoints that were kept elsewhere as well: a line of the daily mail, or a file with such lines
        #[arg(long, value_name = "LINE|FILE", default_value = "", hide_default_value = true)]
        against: String,
    },
}

impl Ledger {
    /// Verifies the ledger where it can be reached.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn run(self, globals: &Globals, out: &Out) -> Result<Exit, Failure> {
        let Action::Verify { against } = self.action;
        let against = kept(against)?;
        let verified = if !self.way.is_elsewhere() && nobody_serves(globals) {
            let read = verify_and_replay(&globals.data, &against).map_err(|error| Failure::here(globals.data.display(), &error))?;
            without_collector(&read.0, read.1)
        } else {
            self.way.client(globals)?.wait(&["ledger", "verify"], json!({ "against": against })).await?
        };
        Ok(told(out, &verified))
    }
}

/// The text with checkpoints: what was given, or what is in the file of that name.
fn kept(against: String) -> Result<String, Failure> {
    if against.is_empty() || against.contains("group=") {
        return Ok(against);
    }
    std::fs::read_to_string(&against).map_err(|error| Failure::here(&against, &error))
}

/// Whether there is a ledger in the folder and no collector that answers there.
fn nobody_serves(globals: &Globals) -> bool {
    let socket = Settings { data: globals.data.clone(), ..Settings::default() }.socket();
    let silent = |error: std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused);
    globals.data.join("ledger").is_dir() && UnixStream::connect(socket).err().is_some_and(silent)
}

/// What was read of a folder that no collector serves.
fn without_collector(verified: &Verified, replayed: Result<String, StoreError>) -> Value {
    let mut answer = json!(verified);
    let (name, text) = replayed.map_or_else(|error| ("not_replayed", with_causes(&error)), |hash| ("state_hash", hash));
    if let Some(fields) = answer.as_object_mut() {
        fields.insert(name.to_owned(), text.into());
    }
    answer
}

fn told(out: &Out, verified: &Value) -> Exit {
    let damage = field(verified, "damage").as_array().map(Vec::as_slice).unwrap_or_default();
    if out.is_json() {
        out.json(verified);
    } else {
        let count = |at| text_at(verified, at);
        let many = |at, one, many| count_at(verified, at, one, many);
        let (entries, events) = (many("entries", "entry", "entries"), many("events", "event", "events"));
        out.print(&format!("{entries}, {events} and {} read; head {}", many("blobs", "content", "contents"), count("head")));
        if !count("state_hash").is_empty() {
            out.print(&format!("state hash {}", count("state_hash")));
        }
        if !count("not_replayed").is_empty() {
            out.print(&format!(
                "no state hash, for the next start can't make the records of it: {}",
                words::harmless(&count("not_replayed"))
            ));
        }
        match damage {
            [] => out.line("ok", ": every byte is what was written"),
            _ => damage.iter().for_each(|line| out.print(&words::harmless(line.as_str().unwrap_or_default()))),
        }
    }
    if damage.is_empty() { Exit::Done } else { Exit::Found }
}
