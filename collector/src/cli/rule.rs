//! `rollcall rules …`: what is looked for, and what is set of it.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// What is looked for on every machine, and what the site and its rooms set of it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall rules                                             every rule
  rollcall rules show disk-full                              one, with its limits and what is set of it
  rollcall rules set machine-silent --room \"Lab 1\" --settle 300
  rollcall rules set clock-skewed --limit seconds=600        for the whole site
  rollcall rules set machine-silent --room Office --off
  rollcall rules set disk-failing --ticket on                its alerts open and close a ticket by themselves
  rollcall rules reset machine-silent --room Office          as the site has it")]
pub struct Rules {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the rules
    List,
    /// One rule, with its limits, what it probably means, and what is set of it
    Show {
        /// Its code
        code: String,
    },
    /// Set a rule for a room, or for the whole site; what is not named goes back to as it comes
    Set {
        /// Its code
        code: String,
        /// For this room alone
        #[arg(long)]
        room: Option<String>,
        /// It holds there, though the site says otherwise
        #[arg(long, conflicts_with = "off")]
        on: bool,
        /// It does not hold there
        #[arg(long)]
        off: bool,
        /// How long a finding lasts before a person is told, seconds
        #[arg(long, value_name = "SECONDS")]
        settle: Option<u32>,
        /// Whether its alerts open a ticket by themselves, and close one on which nobody has worked; off as it comes
        #[arg(long, value_name = "on|off", value_parser = ["on", "off"])]
        ticket: Option<String>,
        /// One of its limits; several may be given
        #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit)]
        limits: Vec<(String, i64)>,
    },
    /// Take back what was set of a rule
    Reset {
        /// Its code
        code: String,
        /// For this room alone
        #[arg(long)]
        room: Option<String>,
    },
}

/// A limit as it is given: its name and a whole number.
///
/// # Errors
/// How to write it.
pub(super) fn limit(text: &str) -> Result<(String, i64), String> {
    let parts = text.split_once('=').and_then(|(name, number)| Some((name.trim().to_owned(), number.trim().parse().ok()?)));
    parts.ok_or_else(|| "write it as NAME=NUMBER, like percent=95".to_owned())
}

const COLUMNS: &[Column] = &[
    Column::text("code", "code"),
    Column::text("what", "title"),
    Column::state("severity", "severity"),
    Column::text("told after", "settles"),
    Column::text("limits", "limit_words").from(120),
    Column::text("set", "set_words"),
    Column::text("try first", "remedy").from(200),
];

impl Ask for Rules {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action.unwrap_or(Action::List) {
            Action::List => {
                let rows = rows(client).await?;
                Ok(out.rows(COLUMNS, &Value::Array(rows), "no rules"))
            }
            Action::Show { code } => {
                let row = rows(client).await?.into_iter().find(|row| text_at(row, "code") == code);
                let row = row.ok_or_else(|| Failure::Usage(format!("there is no rule {code:?}; `rollcall rules` lists them")))?;
                if out.is_json() {
                    out.json(&row);
                } else {
                    out.line(&code, &format!(": {}", text_at(&row, "title")));
                    out.facts(&described(&row));
                }
                Ok(Exit::Done)
            }
            Action::Set { code, room, on, off, settle, ticket, limits } => {
                if !on && !off && settle.is_none() && ticket.is_none() && limits.is_empty() {
                    let what = "say what to set: --on, --off, --settle, --ticket or --limit; `rules reset` takes back";
                    return Err(Failure::Usage(what.to_owned()));
                }
                let mut setting = Map::new();
                if on || off {
                    setting.insert("on".to_owned(), on.into());
                }
                if let Some(seconds) = settle {
                    setting.insert("settle_s".to_owned(), seconds.into());
                }
                if let Some(ticket) = ticket {
                    setting.insert("ticket".to_owned(), (ticket == "on").into());
                }
                if !limits.is_empty() {
                    let limits = limits.into_iter().map(|(name, value)| (name, value.into()));
                    setting.insert("limits".to_owned(), limits.collect::<Map<String, Value>>().into());
                }
                set(client, out, &code, room, setting.into()).await
            }
            Action::Reset { code, room } => set(client, out, &code, room, json!({})).await,
        }
    }
}

async fn set(client: &Client, out: &Out, code: &str, room: Option<String>, setting: Value) -> Result<Exit, Failure> {
    let mut row = client.send(Method::PUT, &["rules", code], json!({ "room": room, "setting": setting })).await?;
    add_words(&mut row);
    let set = text_at(&row, "set_words");
    Ok(out.said(&row, &format!("{code}: {}", if set.is_empty() { "as it comes" } else { &set })))
}

async fn rows(client: &Client) -> Result<Vec<Value>, Failure> {
    let mut rows = match client.get(&["rules"], &[]).await? {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    };
    rows.iter_mut().for_each(add_words);
    Ok(rows)
}

/// Adds the words that a table shows: limits, and what is set.
fn add_words(row: &mut Value) {
    let limits: Vec<String> = list(row, "limits").iter().map(amount).collect();
    let site = field(row, "site").as_object().map(|setting| format!("site: {}", setting_words(setting)));
    let rooms = field(row, "rooms").as_object().into_iter().flatten();
    let rooms = rooms.filter_map(|(room, setting)| Some(format!("{room}: {}", setting_words(setting.as_object()?))));
    let set: Vec<String> = site.into_iter().chain(rooms).collect();
    if let Some(fields) = row.as_object_mut() {
        fields.insert("limit_words".to_owned(), limits.join(", ").into());
        fields.insert("set_words".to_owned(), set.join("; ").into());
    }
}

fn list<'a>(row: &'a Value, name: &str) -> &'a [Value] {
    field(row, name).as_array().map_or(&[], Vec::as_slice)
}

/// "percent 95 %"
fn amount(limit: &Value) -> String {
    let at = |name| text_at(limit, name);
    format!("{} {} {}", at("name"), at("value"), at("unit")).trim_end().to_owned()
}

fn setting_words(setting: &Map<String, Value>) -> String {
    let on = setting.get("on").and_then(Value::as_bool).map(|on| if on { "on" } else { "off" }.to_owned());
    let settle = setting.get("settle_s").map(|seconds| format!("told after {seconds} s"));
    let ticket = setting.get("ticket").and_then(Value::as_bool);
    let ticket = ticket.map(|opens| if opens { "opens a ticket" } else { "opens no ticket" }.to_owned());
    let limits = setting.get("limits").and_then(Value::as_object).into_iter().flatten().map(|(name, value)| format!("{name} {value}"));
    on.into_iter().chain(settle).chain(ticket).chain(limits).collect::<Vec<_>>().join(", ")
}

fn described(row: &Value) -> Vec<(&'static str, String)> {
    let at = |name| text_at(row, name);
    let limit = |limit: &Value| {
        let (least, most) = (text_at(limit, "least"), text_at(limit, "most"));
        ("limit", format!("{} ({least} to {most}): {}", amount(limit), text_at(limit, "what")))
    };
    let set = Some(at("set_words")).filter(|set| !set.is_empty()).unwrap_or_else(|| "nothing: as it comes".to_owned());
    let first = [("severity", at("severity")), ("told after", at("settles")), ("probably", at("cause")), ("try first", at("remedy"))];
    first.into_iter().chain(list(row, "limits").iter().map(limit)).chain([("set", set)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_as_said() {
        let mut row = json!({
            "code": "disk-full", "limits": [{ "name": "percent", "value": 95, "unit": "%" }],
            "site": { "settle_s": 5, "ticket": true }, "rooms": { "Lab 1": { "on": false, "limits": { "percent": 90 } } },
        });
        add_words(&mut row);
        assert_eq!(text_at(&row, "limit_words"), "percent 95 %");
        assert_eq!(text_at(&row, "set_words"), "site: told after 5 s, opens a ticket; Lab 1: off, percent 90");
        assert_eq!((limit("percent=9"), limit("percent").is_err(), limit("percent=x").is_err()), (Ok(("percent".into(), 9)), true, true));
    }
}
