//! How a command reaches the collector: the socket of this machine, or the desk with an API key.

use crate::cli::Globals;
use crate::cli::client::{Client, Door};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::settings::Settings;
use clap::Args;
use std::path::PathBuf;

/// Where the key of this user is looked for, under the home folder.
const KEY_FILE: &str = ".config/rollcall/key";
/// The largest file that is read as a key, bytes.
const LARGEST_KEY_FILE: u64 = 4096;

/// The way to a collector on another machine.
#[derive(Clone, Debug, Args)]
pub struct Way {
    /// Ask the collector behind this desk instead of the one on this machine
    #[arg(long, global = true, value_name = "URL", env = "ROLLCALL_DESK", help_heading = "Another machine's collector")]
    desk: Option<String>,
    /// The API key to ask with; default: the file ~/.config/rollcall/key
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "ROLLCALL_KEY",
        hide_env_values = true,
        help_heading = "Another machine's collector"
    )]
    key: Option<String>,
}

/// A command that asks the collector something.
#[derive(Debug, Args)]
pub struct Asking<C: Args> {
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    what: C,
}

/// What a command asks.
pub trait Ask {
    /// Asks it, and says what came of it.
    ///
    /// # Errors
    /// [`Failure`].
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure>;
}

impl<C: Args + Ask> Asking<C> {
    /// Finds the collector and asks.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn run(self, globals: &Globals, out: &Out) -> Result<Exit, Failure> {
        let client = self.way.client(globals)?;
        self.what.run(&client, out).await
    }
}

impl Way {
    /// A client for this way.
    ///
    /// # Errors
    /// The address or the key is not one, or there is no key.
    pub fn client(self, globals: &Globals) -> Result<Client, Failure> {
        let door = match self.desk {
            Some(url) => Door::Desk { url, key: self.key.map_or_else(key_of_home, Ok)? },
            None => Door::Socket(Settings { data: globals.data.clone(), ..Settings::default() }.socket()),
        };
        Client::new(door, globals.site.clone())
    }

    /// Whether another machine is meant.
    pub fn is_elsewhere(&self) -> bool {
        self.desk.is_some()
    }
}

fn key_of_home() -> Result<String, Failure> {
    let path = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(KEY_FILE));
    let advice = "make one on the collector with `rollcall key new NAME --role ROLE` and give it with --key, ROLLCALL_KEY or that file";
    let path = path.ok_or_else(|| Failure::Usage(format!("--desk needs an API key; {advice}")))?;
    let size = std::fs::metadata(&path).map(|file| file.len());
    match size {
        Ok(size) if size <= LARGEST_KEY_FILE => {
            std::fs::read_to_string(&path).map(|text| text.trim().to_owned()).map_err(|error| Failure::here(path.display(), &error))
        }
        Ok(_) => Err(Failure::Usage(format!("{} is too large for an API key; {advice}", path.display()))),
        Err(_) => Err(Failure::Usage(format!("--desk needs an API key, and there is none in {}; {advice}", path.display()))),
    }
}
