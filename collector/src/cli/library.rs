//! `rollcall library …`: mirrors loans into the school's library system.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::secret_file;
use crate::cli::several::each;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Mirror loans into the school's library system, by SIP2: the protocol of self-check machines.
#[derive(Debug, Args)]
#[command(after_help = "Addresses: sip2://HOST[:6001], or sip2s://HOST[:6443] where it speaks TLS (stunnel)

Examples:
  rollcall library set sip2://koha.school.example --login rollcall --password-file sip.password --institution LINCOLN --kinds laptop,chromebook
  rollcall library test                        sign in, and say what it says of itself
  rollcall library test --tag LT-042 --person 100231     does it know them?
  rollcall library status                      how many wait, and why
  rollcall library list --refused              what it does not take
  rollcall library retry 12                    tell it again, once it is corrected there
  rollcall library drop 12                     it need not know

People are known there by the id on their card, assets by their tag. Loans that begin from now on are mirrored. While it is down, what
happens waits here, in order; nothing is lost, and nothing is told twice.")]
pub struct Library {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set the library system, or change how it is reached
    Set(Set),
    /// Sign in there, and ask how it is; nothing is changed there
    Test {
        /// Ask whether it knows this asset
        #[arg(long)]
        tag: Option<String>,
        /// Ask whether it knows this person, by the id on their card
        #[arg(long, value_name = "ID")]
        person: Option<String>,
    },
    /// How many loans wait to be mirrored, and why
    Status,
    /// What waits to be mirrored, and what is refused
    List {
        /// Only what is refused
        #[arg(long)]
        refused: bool,
    },
    /// Tell it again what it refused
    Retry {
        /// Numbers of `rollcall library list`
        #[arg(value_name = "N", required = true)]
        ids: Vec<u64>,
    },
    /// Drop what it was to be told
    Drop {
        /// Numbers of `rollcall library list`
        #[arg(value_name = "N", required = true)]
        ids: Vec<u64>,
    },
    /// Mirror no more, and forget its password and what it is owed
    Remove,
}

/// A library system as it is set.
#[derive(Debug, Args)]
struct Set {
    /// Its address
    url: String,
    /// The login that it knows
    #[arg(long, default_value = "", hide_default_value = true)]
    login: String,
    /// The file with the login's password; `-` reads it from standard input. Without it the password that is kept stays
    #[arg(long, value_name = "FILE", requires = "login")]
    password_file: Option<PathBuf>,
    /// What it calls the institution
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
    institution: String,
    /// What it calls this place
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    location: String,
    /// The kinds of assets whose loans are mirrored
    #[arg(long, value_delimiter = ',', required = true, value_name = "KIND")]
    kinds: Vec<String>,
    /// What stands before every tag in its item ids
    #[arg(long, default_value = "", hide_default_value = true)]
    prefix: String,
    /// How it writes letters
    #[arg(long, default_value = "utf8", value_parser = ["ascii", "latin1", "utf8"])]
    letters: String,
    /// It is told that a loan is done already, with our due date, and asked not to refuse it
    #[arg(long)]
    no_block: bool,
    /// The file with the certificates (PEM) to trust, in place of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("what", "what"),
    Column::text("tag", "tag"),
    Column::text("person", "person"),
    Column::state("state", "state"),
    Column::moment("since", "at"),
    Column::text("tries", "tries").from(110),
    Column::text("last answer", "answer"),
];

impl Ask for Library {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Set(set) => set.run(client, out).await,
            Action::Test { tag, person } => {
                let tried = client.wait(&["library", "test"], json!({ "tag": tag, "person": person })).await?;
                Ok(said_in_lines(out, &tried, &tried_words(&tried)))
            }
            Action::Status => {
                let status = client.get(&["library"], &[]).await?;
                Ok(said_in_lines(out, &status, &status_words(client, &status)))
            }
            Action::List { refused } => {
                let rows = client.get(&["library", "owed"], &[("refused", refused.then(|| "true".to_owned()))]).await?;
                let empty = if refused { "nothing is refused" } else { "nothing waits: the library system knows of every loan" };
                Ok(out.rows(COLUMNS, &rows, empty))
            }
            Action::Retry { ids } => {
                let ask = async |id: &str| client.post(&["library", "owed", id, "retry"], json!({})).await;
                each(out, &ids, ask, |row| told(row, "told again")).await
            }
            Action::Drop { ids } => {
                let ask = async |id: &str| client.send(Method::DELETE, &["library", "owed", id], json!({})).await;
                each(out, &ids, ask, |row| told(row, "not told")).await
            }
            Action::Remove => {
                let answer = client.send(Method::DELETE, &["library"], json!({})).await?;
                Ok(out.said(&answer, "loans are not mirrored any more; the password is forgotten"))
            }
        }
    }
}

fn told(row: &Value, how: &str) -> String {
    let at = |name| text_at(row, name);
    format!("{}: the library system is {how} of the {} of {}", at("id"), at("what"), at("tag"))
}

impl Set {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let password = secret_file::first_line(self.password_file.as_deref())?;
        let ca = secret_file::text(self.ca.as_deref())?;
        let facts = json!({
            "url": self.url, "user": self.login, "password": password,
            "institution": self.institution, "location": self.location, "kinds": self.kinds, "prefix": self.prefix,
            "letters": self.letters, "may": if self.no_block { "not-refuse" } else { "refuse" }, "ca": ca,
        });
        let answer = client.send(Method::PUT, &["library"], facts).await?;
        if answer.get("in_the_clear").and_then(Value::as_bool).unwrap_or_default() {
            out.note(
                "SIP2 has no cipher: the password crosses the network in the clear. Where the library system speaks TLS, use sip2s://",
            );
        }
        Ok(out.said(&answer, "loans are mirrored from now on; try it with `rollcall library test`"))
    }
}

fn said_in_lines(out: &Out, answer: &Value, words: &str) -> Exit {
    if out.is_json() {
        out.json(answer);
    } else {
        words.lines().for_each(|line| out.print(line));
    }
    Exit::Done
}

fn tried_words(tried: &Value) -> String {
    let name = [text_at(tried, "name"), text_at(tried, "institution")].into_iter().find(|name| !name.is_empty());
    let takes = |name: &str| tried.get(name).and_then(Value::as_bool).unwrap_or_default();
    let mut words = format!("it answers{}", name.map_or_else(String::new, |name| format!(" as {name}")));
    for (flag, what) in [("takes_checkouts", "check-outs"), ("takes_checkins", "check-ins"), ("renews", "renewals")] {
        let verb = if takes(flag) { "takes" } else { "does not take" };
        words.push_str(&format!("; {verb} {what}"));
    }
    for (name, what) in [("item", "the asset"), ("person", "the person")] {
        let state = text_at(tried, name);
        if !state.is_empty() {
            words.push_str(&format!("\n{what}: {state}"));
        }
    }
    words
}

fn status_words(client: &Client, status: &Value) -> String {
    let at = |name| text_at(status, name);
    let mut words = format!("{}: loans of {} are mirrored", at("url"), at("kinds"));
    words.push_str(&format!("\nwaiting: {}, refused: {}", at("waiting"), at("refused")));
    for (name, what) in
        [("oldest", "the oldest waits since"), ("last_taken", "it last took something"), ("trouble_since", "it can't be told since")]
    {
        let moment = field(status, name);
        if !moment.is_null() {
            words.push_str(&format!("\n{what} {}", client.when(moment)));
        }
    }
    let trouble = at("trouble");
    if trouble.is_empty() { words } else { format!("{words}: {trouble}") }
}
