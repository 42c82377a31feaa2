//! `rollcall user …`: who may use the desk.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, text_at};
use crate::cli::way::Ask;
use crate::cli::words::ROLES;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

/// Who may use the desk.
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Let somebody in; they choose a password with `rollcall user link`, or an admin gives them one at the desk
    Add {
        /// The name to sign in with: a-z, 0-9, . _ and -
        name: String,
        /// What they may do
        #[arg(long, value_parser = ROLES)]
        role: String,
        /// They sign in with their school account, which has this mail address; needs `rollcall oidc set`
        #[arg(long, value_name = "MAIL")]
        invite: Option<String>,
    },
    /// Make a link, good once and for 24 hours, with which somebody chooses a password; it also ends a lock after wrong ones
    Link {
        /// The name to sign in with
        name: String,
    },
    /// Give somebody another role
    Role {
        /// The name that they sign in with
        name: String,
        /// What they may do from now on
        #[arg(value_parser = ROLES)]
        role: String,
    },
    /// Remove somebody: they are signed out at once
    Remove {
        /// The name that they sign in with
        name: String,
    },
    /// List them
    List,
}

const COLUMNS: &[Column] = &[Column::text("name", "name"), Column::text("role", "role"), Column::moment("added", "added_at")];

impl Ask for User {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Add { name, role, invite: Some(mail) } => {
                let user = client.post(&["users"], json!({ "name": name, "role": role, "invite": mail })).await?;
                Ok(out.said(&user, &format!("{name} is added: whoever signs in at the school's provider as {mail} comes in as {name}")))
            }
            Action::Add { name, role, invite: None } => {
                let user = client.post(&["users"], json!({ "name": name, "role": role })).await?;
                Ok(out.said(&user, &format!("{name} is added; make them a link to choose a password with `rollcall user link {name}`")))
            }
            Action::Link { name } => {
                let made = client.post(&["users", &name, "link"], json!({})).await?;
                out.note(&format!("{name} chooses a password with this link, good once and for 24 hours; give it to nobody else:"));
                Ok(out.said(&made, &text_at(&made, "link")))
            }
            Action::Role { name, role } => {
                let user = client.send(Method::PATCH, &["users", &name], json!({ "role": role })).await?;
                Ok(out.said(&user, &format!("{name} is {role} now")))
            }
            Action::Remove { name } => {
                let answer = client.send(Method::DELETE, &["users", &name], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} may no longer sign in")))
            }
            Action::List => {
                let rows = client.get(&["users"], &[]).await?;
                Ok(out.rows(COLUMNS, &rows, "nobody yet; let somebody in with `rollcall user add NAME --role technician`"))
            }
        }
    }
}
