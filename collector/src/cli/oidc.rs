//! `rollcall oidc …`: lets people sign in with the school's own accounts.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::secret_file;
use crate::cli::table::{field, text_at};
use crate::cli::way::Ask;
use crate::cli::words::{ROLES, harmless};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Let people sign in with the school's own accounts, by OpenID Connect.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall oidc set https://id.school.example --client rollcall --secret-file oidc.secret --at https://rollcall.school.example:8443 \\
      --map it=technician --map teachers=teacher
  rollcall oidc test                           ask the provider what it publishes; it prints the address to register there
  rollcall user add vera --role viewer --invite vera@school.example     she comes in with her school account, and is a viewer

Who comes in: whoever was invited by an address that the provider says is theirs, and whoever is in a group that is mapped. Nobody else.
Accounts with a password of this desk's own go on: an administrator can always sign in, whatever becomes of the provider.")]
pub struct Oidc {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set the provider, or change what is set
    Set(Box<Set>),
    /// Ask the provider what it publishes; nobody signs in
    Test,
    /// Show what is set
    Show,
    /// Let nobody sign in there any more, and forget the client secret; accounts stay
    Remove,
}

/// A provider as it is set.
#[derive(Debug, Args)]
struct Set {
    /// The provider's own name: an https address, letter by letter as it publishes it
    issuer: String,
    /// How the provider knows this desk: the client id
    #[arg(long)]
    client: String,
    /// The file with the client secret; `-` reads it from standard input. Without it the secret that is kept stays
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The address of this desk, as browsers and the provider know it: https://HOST:PORT
    #[arg(long, value_name = "ADDRESS")]
    at: String,
    /// Who is in this group comes in with this role; may be given several times
    #[arg(long = "map", value_name = "GROUP=ROLE", value_parser = mapping)]
    map: Vec<(String, String)>,
    /// What is asked for beside `openid profile email`, where the provider has it
    #[arg(long, value_name = "SCOPES", default_value = "", hide_default_value = true)]
    scopes: String,
    /// The claim that lists somebody's groups
    #[arg(long, value_name = "CLAIM", default_value = "groups")]
    groups: String,
    /// What the button says
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    title: String,
    /// The file (PEM) with the authorities that the provider's certificate hangs on; without it: those of the system
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

fn mapping(text: &str) -> Result<(String, String), String> {
    let (group, role) = text.rsplit_once('=').ok_or("write GROUP=ROLE")?;
    if ROLES.contains(&role) { Ok((group.to_owned(), role.to_owned())) } else { Err(format!("a role is one of {}", ROLES.join(", "))) }
}

impl Set {
    fn body(&self) -> Result<Value, Failure> {
        let secret = self.secret_file.as_deref().map(|path| secret_file::first_line(Some(path))).transpose()?;
        let ca = secret_file::text(self.ca.as_deref())?;
        let map: Vec<Value> = self.map.iter().map(|(group, role)| json!({ "group": group, "role": role })).collect();
        let mut body = json!({
            "issuer": self.issuer, "client": self.client, "desk": self.at, "map": map, "scopes": self.scopes, "groups": self.groups, "title": self.title, "ca": ca,
        });
        if let (Some(secret), Some(fields)) = (secret, body.as_object_mut()) {
            fields.insert("secret".to_owned(), secret.into());
        }
        Ok(body)
    }
}

impl Ask for Oidc {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Set(set) => {
                let row = client.send(Method::PUT, &["oidc"], set.body()?).await?;
                let register = text_at(&row, "redirect_uri");
                Ok(out.said(&row, &format!("people sign in at {}; register this address there: {register}", text_at(&row, "issuer"))))
            }
            Action::Test => {
                let found = client.post(&["oidc", "test"], json!({})).await?;
                let told = format!(
                    "it answers: people sign in at {}, and come back to {}",
                    text_at(&found, "sign_in"),
                    text_at(&found, "redirect_uri")
                );
                Ok(out.said(&found, &told))
            }
            Action::Show => {
                let row = client.get(&["oidc"], &[]).await?;
                match out.is_json() {
                    true => out.json(&row),
                    false => shown(&row).iter().for_each(|line| out.print(&harmless(line))),
                }
                Ok(Exit::Done)
            }
            Action::Remove => {
                let gone = client.send(Method::DELETE, &["oidc"], json!({})).await?;
                Ok(out.said(&gone, &format!("nobody signs in at {} any more; accounts stay", text_at(&gone, "removed"))))
            }
        }
    }
}

fn shown(row: &Value) -> Vec<String> {
    let map = field(row, "map").as_array().map(Vec::as_slice).unwrap_or_default();
    let map: Vec<String> = map.iter().map(|one| format!("{}={}", text_at(one, "group"), text_at(one, "role"))).collect();
    let map = if map.is_empty() { "none: only who was invited comes in".to_owned() } else { map.join(", ") };
    let secret = if *field(row, "has_secret") == Value::Bool(true) { "kept" } else { "none" };
    let line = |name: &str| text_at(row, name);
    vec![
        format!("issuer    {}", line("issuer")),
        format!("client    {}, secret {secret}", line("client")),
        format!("desk      {}", line("desk")),
        format!("register  {}", line("redirect_uri")),
        format!("{:9} {map}", line("groups")),
    ]
}
