//! `rollcall channel …`: where alerts go.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::secret_file;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where alerts go.
#[derive(Debug, Args)]
#[command(after_help = "Addresses:
  https://…            a web address that alerts are posted to: signed JSON, or what --kind slack, teams or google-chat wants
  smtp://HOST[:587]    mail with STARTTLS · smtps://HOST[:465] with TLS from the start · smtp-plain://HOST[:25] without any
  syslog+tls://HOST[:6514] · syslog+tcp://HOST[:601] · syslog+udp://HOST[:514]

Examples:
  rollcall channel set webhook https://script.school.example/alerts
  rollcall channel set chat - --kind slack < address.txt           an address that is a secret stays off the command line
  rollcall channel set mail-office smtp://mail.school.example --from rollcall@school.example --to it@school.example \\
      --user rollcall --password-file mail.password --ca school-ca.pem
  rollcall channel test mail-office

Who hears what: `rollcall route --help`. Without any route every channel is told everything at once.")]
pub struct Channel {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set or replace a channel; prints the secret that signs a webhook's messages
    Set(Set),
    /// Stop telling a channel
    Remove {
        /// The channel
        name: String,
    },
    /// List the channels: when each was last told, and what is wrong
    List,
    /// Send a message that says that it is a test, and say what the server answered
    Test {
        /// The channel
        #[arg(default_value = "webhook")]
        name: String,
    },
}

/// The kinds that post to a web address.
const KINDS: &[&str] = &["google-chat", "slack", "teams", "webhook"];

/// A channel as it is set.
#[derive(Debug, Args)]
struct Set {
    /// What you call it: a-z, 0-9 and -
    name: String,
    /// Its address; `-` reads it from standard input
    url: String,
    /// What a web address wants to get
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(KINDS))]
    kind: Option<String>,
    /// Mail: the sender's address
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    from: String,
    /// Mail: the receivers' addresses
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    to: Vec<String>,
    /// Mail: the name that the server knows
    #[arg(long, default_value = "", hide_default_value = true, requires = "password_file")]
    user: String,
    /// Mail: the file with the password; `-` reads it from standard input
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The file with the certificates (PEM) to trust, in place of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Webhook: the events to follow beside alerts: loan.out, ticket.*, or '*' for all
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    follows: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column::text("channel", "name"),
    Column::text("kind", "kind"),
    Column::text("address", "url"),
    Column::moment("last told", "last_delivered"),
    Column::text("held back", "held_back").from(110),
    Column::moment("waiting since", "waiting_since"),
    Column::text("last error", "last_error"),
    Column::moment("set", "set_at").from(140),
];

impl Ask for Channel {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Set(set) => set.run(client, out).await,
            Action::Remove { name } => {
                let answer = client.send(Method::DELETE, &["channels", &name], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} is told nothing any more")))
            }
            Action::Test { name } => {
                let answer = client.wait(&["channels", &name, "test"], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} has taken a test message: {}", text_at(&answer, "answer"))))
            }
            Action::List => {
                let rows = client.get(&["channels"], &[]).await?;
                let empty = "no channels; alerts are seen at the desk only. Set one with `rollcall channel set webhook URL`";
                Ok(out.rows(COLUMNS, &rows, empty))
            }
        }
    }
}

impl Set {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let (name, answer) = (self.name.clone(), client.send(Method::PUT, &["channels", &self.name.clone()], self.facts()?).await?);
        if out.is_json() {
            out.json(&answer);
        } else if answer.get("secret").is_some() {
            out.note(&format!("{name} is told of alerts from now on, signed with this secret:"));
            out.print(&text_at(&answer, "secret"));
        } else {
            out.print(&format!("{name} is told of alerts from now on; try it with `rollcall channel test {name}`"));
        }
        Ok(Exit::Done)
    }

    fn facts(self) -> Result<Value, Failure> {
        let from_input = self.url == "-" && self.password_file.as_deref() == Some(Path::new("-"));
        if from_input {
            return Err(Failure::Usage("only one of address and password comes from standard input".to_owned()));
        }
        let url = if self.url == "-" { secret_file::first_line(Some(Path::new("-")))? } else { self.url };
        let password = secret_file::first_line(self.password_file.as_deref())?;
        let ca = secret_file::text(self.ca.as_deref())?;
        let facts = json!({ "kind": self.kind, "url": url, "from": self.from, "to": self.to, "user": self.user, "password": password, "ca": ca, "follows": self.follows });
        Ok(facts)
    }
}
