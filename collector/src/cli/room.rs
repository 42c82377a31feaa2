//! `rollcall rooms`, `rollcall room …`: labs, carts, libraries, offices.

use crate::cli::client::Client;
use crate::cli::csv_file::{self, Sheet};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// The rooms, with who is here.
#[derive(Debug, Args)]
pub struct Rooms {}

/// Add and change rooms.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall room add \"Lab 1\" --seats 30
  rollcall room set \"Cart B\" --kind cart --settle 300
  rollcall room set \"Lab 1\" --hours \"Mon-Fri 07:00-18:00\"
  rollcall room set \"Lab 1\" --subnet 10.20.3.0/24 --subnet 2001:db8:3::/64
  rollcall room import rooms.csv               columns: name, and any of kind, seats, settle_s, heartbeat_ms, hours")]
pub struct Room {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a room
    Add {
        /// Its name, as people say it
        name: String,
        #[command(flatten)]
        facts: Facts,
    },
    /// Change a room
    Set {
        /// Its name
        name: String,
        #[command(flatten)]
        facts: Facts,
    },
    /// Remove a room that nothing belongs in
    Remove {
        /// Its name
        name: String,
    },
    /// List the rooms
    List,
    /// Add and change rooms from a CSV file, all or none
    Import {
        /// The file, with a heading line
        file: PathBuf,
    },
}

/// The kinds of rooms.
const KINDS: &[&str] = &["lab", "cart", "library", "office", "other"];

/// What is said of a room.
#[derive(Debug, Default, Args, Serialize)]
struct Facts {
    /// What it is
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(KINDS))]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Seats it is planned for
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    seats: Option<u32>,
    /// How long a machine may be silent before a person is told, seconds
    #[arg(long = "settle", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    settle_s: Option<u32>,
    /// How often its machines say that they are here, milliseconds, 5000 to 60000
    #[arg(long = "heartbeat", value_name = "MILLISECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat_ms: Option<u32>,
    /// When its machines are expected: "Mon-Fri 07:30-16:00", always, never, or school for the school's own hours
    #[arg(long, value_name = "HOURS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    /// A subnet that its machines' addresses are in, as 10.20.3.0/24; give it again for each; "" for none
    #[arg(long = "subnet", value_name = "NETWORK")]
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "named")]
    subnets: Vec<String>,
}

/// The subnets that were named: one empty text says that there are none.
fn named<S: serde::Serializer>(subnets: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(subnets.iter().filter(|subnet| !subnet.trim().is_empty()))
}

const COLUMNS: &[Column] = &[
    Column::text("room", "id"),
    Column::text("kind", "kind"),
    Column::text("seats", "seats").from(90),
    Column::text("assets", "assets"),
    Column::text("machines", "devices"),
    Column::text("here", "here"),
    Column::text("alerts", "alerts"),
    Column::text("settle s", "settle_s").from(110),
    Column::text("hours", "hours").from(140),
    Column::moment("last sweep", "last_sweep.1").from(120),
];

const NO_ROOMS: &str = "no rooms yet; name one with `rollcall room add \"Lab 1\" --seats 30`";

impl Ask for Rooms {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        list(client, out).await
    }
}

impl Ask for Room {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::List => list(client, out).await,
            Action::Add { name, facts } => {
                let mut body = json!(facts);
                if let Some(fields) = body.as_object_mut() {
                    fields.insert("name".to_owned(), name.into());
                }
                let room = client.post(&["rooms"], body).await?;
                let name = text_at(&room, "id");
                Ok(out.said(&room, &format!("{name} is added; let its machines in with `rollcall token new --room \"{name}\"`")))
            }
            Action::Set { name, facts } => {
                let room = client.send(Method::PATCH, &["rooms", &name], json!(facts)).await?;
                let at = |name| text_at(&room, name);
                let seats = count_at(&room, "seats", "seat", "seats");
                let hours = field(&room, "hours").as_str().unwrap_or("in school hours");
                let mut words = format!("{}: {}, {seats}, expected {hours}, told after {} s", at("id"), at("kind"), at("settle_s"));
                let subnets: Vec<&str> = field(&room, "subnets").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if !subnets.is_empty() {
                    words.push_str(&format!(", in {}", subnets.join(" and ")));
                }
                Ok(out.said(&room, &words))
            }
            Action::Remove { name } => {
                let answer = client.send(Method::DELETE, &["rooms", &name], json!({})).await?;
                Ok(out.said(&answer, &format!("{name} is removed")))
            }
            Action::Import { file } => {
                let rows = rows(csv_file::read(&file)?).map_err(|wrong| csv_file::refuse(&file, &wrong))?;
                let imported = client.post(&["rooms", "import"], Value::Array(rows)).await.map_err(|failure| failure.of(file.display()))?;
                let (added, changed) = (count_at(&imported, "added", "room", "rooms"), number_at(&imported, "changed"));
                let words = format!("{added} added, {changed} changed");
                Ok(out.said(&imported, &words))
            }
        }
    }
}

async fn list(client: &Client, out: &Out) -> Result<Exit, Failure> {
    let rows = client.get(&["rooms"], &[]).await?;
    Ok(out.rows(COLUMNS, &rows, NO_ROOMS))
}

/// What a file may say of a room.
const COLUMNS_OF_FILE: &[&str] = &["name", "kind", "seats", "settle_s", "heartbeat_ms", "hours"];

/// The rooms of a sheet; or what is wrong, by line.
fn rows(sheet: Sheet) -> Result<Vec<Value>, Vec<String>> {
    const NUMBERS: &[&str] = &["seats", "settle_s", "heartbeat_ms"];
    let mut wrong = sheet.missing(&["name"]);
    let unknown = sheet.columns.iter().filter(|column| !column.is_empty() && !COLUMNS_OF_FILE.contains(&column.as_str()));
    wrong.extend(unknown.map(|column| format!("line 1: {column:?} is no column of rooms; there are {}", COLUMNS_OF_FILE.join(", "))));
    let mut rooms = Vec::new();
    for row in &sheet.rows {
        let mut room = Map::new();
        for (name, text) in row.filled(&sheet.columns) {
            match name {
                "kind" if !KINDS.contains(&text) => {
                    wrong.push(format!("line {}: {text:?} is no kind of room; there are {}", row.line, KINDS.join(", ")));
                }
                "name" | "kind" | "hours" => drop(room.insert(name.to_owned(), text.into())),
                _ if NUMBERS.contains(&name) => match text.parse::<u32>() {
                    Ok(number) => drop(room.insert(name.to_owned(), number.into())),
                    Err(_) => wrong.push(format!("line {}: {name} is {text:?}, not a whole number", row.line)),
                },
                _ => {}
            }
        }
        if !room.contains_key("name") {
            wrong.push(format!("line {}: no name", row.line));
        }
        rooms.push(Value::Object(room));
    }
    if wrong.is_empty() { Ok(rooms) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<Value, Vec<&str>>) {
        let got = rows(csv_file::parse(text.as_bytes()).unwrap()).map(Value::Array);
        assert_eq!(got, want.map_err(|lines| lines.into_iter().map(str::to_owned).collect()), "{text}");
    }

    #[test]
    fn rooms_come_from_a_spreadsheet() {
        check(
            "Name;Seats;Kind\r\nLab 1;30;lab\r\nCart B;;cart\r\n",
            Ok(json!([{"name": "Lab 1", "seats": 30, "kind": "lab"}, {"name": "Cart B", "kind": "cart"}])),
        );
        check("name,seats\nLab 1,many\n,3\n", Err(vec!["line 2: seats is \"many\", not a whole number", "line 3: no name"]));
        let unknown = "line 1: \"colour\" is no column of rooms; there are name, kind, seats, settle_s, heartbeat_ms, hours";
        check("name,colour\nLab 1,red\n", Err(vec![unknown]));
        check("name,kind\nLab 1,hall\n", Err(vec!["line 2: \"hall\" is no kind of room; there are lab, cart, library, office, other"]));
    }
}
