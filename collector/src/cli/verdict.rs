//! `rollcall verdict policy …`: what makes an asset GO, CHECK or STOP.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::rule::limit;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use rollcall_site::money::Money;
use serde_json::{Map, Value, json};

/// What makes an asset GO, CHECK or STOP at the loan desk.
#[derive(Debug, Args)]
pub struct Verdict {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Which reason is which colour, how old a report may be, what a part costs
    Policy(Policy),
}

/// Which reason is which colour, how old a report may be, what a part costs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall verdict policy show                                    what holds for all assets
  rollcall verdict policy show --kind laptop                      and for laptops
  rollcall verdict policy set --kind laptop --reason battery=stop --limit battery_percent=60
  rollcall verdict policy set --limit report_hours=48 --price memory=45.00
  rollcall verdict policy set --kind laptop --reset battery       as it is for all assets

A colour is go, check or stop, or off for what is not to be looked at. Some reasons may not be made milder: what is out stays STOP.")]
struct Policy {
    #[command(subcommand)]
    action: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Show what holds
    Show {
        /// For this kind of asset; default: for all
        #[arg(long)]
        kind: Option<String>,
    },
    /// Set it otherwise; what is not named stays
    Set {
        /// For this kind of asset; default: for all
        #[arg(long)]
        kind: Option<String>,
        /// What a reason that is not well comes to; several may be given
        #[arg(long = "reason", value_name = "CODE=COLOUR", value_parser = pair)]
        reasons: Vec<(String, String)>,
        /// A number; several may be given
        #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit)]
        limits: Vec<(String, i64)>,
        /// What is asked for a part that is missing; several may be given
        #[arg(long = "price", value_name = "PART=AMOUNT", value_parser = price)]
        prices: Vec<(String, u64)>,
        /// Take back what was set of a reason, a limit or a part
        #[arg(long = "reset", value_name = "NAME")]
        resets: Vec<String>,
    },
}

fn pair(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_lowercase()));
    parts.filter(|(name, value)| !name.is_empty() && !value.is_empty()).ok_or_else(|| "write it as battery=stop".to_owned())
}

fn price(text: &str) -> Result<(String, u64), String> {
    let parts = text.split_once('=').ok_or_else(|| "write it as PART=AMOUNT, like memory=45.00".to_owned())?;
    let amount: Money = parts.1.parse().map_err(|bad: rollcall_site::money::BadMoney| bad.to_string())?;
    Ok((parts.0.trim().to_owned(), amount.0))
}

const REASONS: &[Column] = &[
    Column::text("reason", "code"),
    Column::state("comes to", "colour"),
    Column::text("when", "title"),
    Column::text("set", "set").from(80),
];
const LIMITS: &[Column] = &[
    Column::text("limit", "name"),
    Column::text("value", "amount"),
    Column::text("for", "what").from(60),
    Column::text("set", "set").from(80),
];
const PARTS: &[Column] = &[Column::text("part", "part"), Column::text("asked", "asked"), Column::text("set", "set").from(80)];

impl Ask for Verdict {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let Action::Policy(Policy { action }) = self.action;
        match action {
            Step::Show { kind } => {
                let table = client.get(&["verdict", "policy", scope(kind.as_deref())], &[]).await?;
                Ok(show(out, &table))
            }
            Step::Set { kind, reasons, limits, prices, resets } => {
                let scope = scope(kind.as_deref());
                let known = client.get(&["verdict", "policy", scope], &[]).await?;
                let change = change(&known, reasons, limits, prices, &resets)?;
                let table = client.send(Method::PUT, &["verdict", "policy", scope], change).await?;
                Ok(out.said(&table, &format!("{}: {}", of(scope), changed(&table))))
            }
        }
    }
}

fn scope(kind: Option<&str>) -> &str {
    kind.unwrap_or("all")
}

fn of(scope: &str) -> String {
    if scope == "all" { "all assets".to_owned() } else { format!("kind {scope}") }
}

fn change(
    known: &Value,
    reasons: Vec<(String, String)>,
    limits: Vec<(String, i64)>,
    prices: Vec<(String, u64)>,
    resets: &[String],
) -> Result<Value, Failure> {
    if reasons.is_empty() && limits.is_empty() && prices.is_empty() && resets.is_empty() {
        return Err(Failure::Usage("say what to set: --reason, --limit, --price or --reset".to_owned()));
    }
    let mut colours: Map<String, Value> = reasons.into_iter().map(|(code, colour)| (code, colour.into())).collect();
    let mut limits: Map<String, Value> = limits.into_iter().map(|(name, value)| (name, value.into())).collect();
    let mut prices: Map<String, Value> = prices.into_iter().map(|(part, amount)| (part, amount.into())).collect();
    for name in resets {
        let lists = [("reasons", "code", &mut colours), ("limits", "name", &mut limits), ("parts", "part", &mut prices)];
        let mut found = false;
        for (list, key, set) in lists {
            if rows(known, list).iter().any(|row| text_at(row, key) == *name) {
                set.insert(name.clone(), Value::Null);
                found = true;
            }
        }
        if !found {
            return Err(Failure::Usage(format!("{name:?} is no reason, limit or part; `rollcall verdict policy show` lists them")));
        }
    }
    Ok(json!({ "colours": colours, "limits": limits, "prices": prices }))
}

fn show(out: &Out, table: &Value) -> Exit {
    if out.is_json() {
        out.json(table);
        return Exit::Done;
    }
    for (list, columns) in [("reasons", REASONS), ("limits", LIMITS), ("parts", PARTS)] {
        let rows: Vec<Value> = rows(table, list).iter().cloned().map(with_words).collect();
        out.rows(columns, &Value::Array(rows), "nothing");
    }
    Exit::Done
}

fn rows<'a>(table: &'a Value, list: &str) -> &'a [Value] {
    field(table, list).as_array().map_or(&[], Vec::as_slice)
}

/// A row with the words that a table shows.
fn with_words(mut row: Value) -> Value {
    let at = |name| text_at(&row, name);
    let set = match at("set_by").as_str() {
        "all" => "for all assets",
        "kind" => "for this kind",
        _ => "",
    };
    let amount = format!("{} {}", at("value"), at("unit")).trim().to_owned();
    let asked = match field(&row, "price").as_u64() {
        Some(hundredths) => Money(hundredths).to_string(),
        None => format!("{} % of what it is worth", at("share")),
    };
    if let Some(fields) = row.as_object_mut() {
        fields.insert("set".to_owned(), set.into());
        fields.insert("amount".to_owned(), amount.into());
        fields.insert("asked".to_owned(), asked.into());
    }
    row
}

/// What is set here, in words.
fn changed(table: &Value) -> String {
    let here = |row: &&Value| {
        let by = text_at(row, "set_by");
        by == "kind" || (by == "all" && text_at(table, "scope") == "all")
    };
    let of = |list, key: &'static str, value: &'static str| {
        let set: Vec<Value> = rows(table, list).iter().filter(here).cloned().map(with_words).collect();
        set.into_iter().map(move |row| format!("{} {}", text_at(&row, key), text_at(&row, value)))
    };
    let said: Vec<String> =
        of("reasons", "code", "colour").chain(of("limits", "name", "amount")).chain(of("parts", "part", "asked")).collect();
    if said.is_empty() { "as it comes".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_set_is_read_and_what_is_set_is_said() {
        assert_eq!(pair(" battery = STOP "), Ok(("battery".to_owned(), "stop".to_owned())));
        assert!(pair("battery").is_err() && limit("hours=x").is_err() && price("memory=x").is_err());
        assert_eq!(price("memory=45"), Ok(("memory".to_owned(), 4_500)));
        let known = json!({ "reasons": [{ "code": "battery" }], "limits": [{ "name": "report_hours" }], "parts": [{ "part": "battery" }] });
        let made = change(&known, vec![], vec![], vec![], &["battery".to_owned()]).unwrap();
        assert_eq!(made, json!({ "colours": { "battery": null }, "limits": {}, "prices": { "battery": null } }));
        assert!(change(&known, vec![], vec![], vec![], &["moon".to_owned()]).is_err());
        assert!(change(&known, vec![], vec![], vec![], &[]).is_err());
        let table = json!({
            "scope": "laptop",
            "reasons": [{ "code": "battery", "colour": "stop", "set_by": "kind" }, { "code": "disk", "colour": "go", "set_by": "all" }],
            "limits": [{ "name": "report_hours", "value": 48, "unit": "h", "set_by": "kind" }],
            "parts": [{ "part": "memory", "price": 4500, "share": 10, "set_by": "kind" }],
        });
        assert_eq!(changed(&table), "battery stop, report_hours 48 h, memory 45.00");
    }
}
