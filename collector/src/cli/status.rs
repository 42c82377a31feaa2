//! `rollcall status`: how the site, its doors and its store are.

use crate::cli::calendar;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{count_at, field, moment, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::Args;
use serde_json::Value;

/// How the site, its doors and its store are.
#[derive(Debug, Args)]
pub struct Status {}

impl Ask for Status {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let status = client.get(&["status"], &[]).await?;
        if out.is_json() {
            out.json(&status);
        } else {
            out.facts(&facts(&status, out));
        }
        Ok(Exit::Done)
    }
}

fn facts(status: &Value, out: &Out) -> Vec<(&'static str, String)> {
    let at = |name| text_at(status, name);
    let free = field(status, "store.free_bytes").as_u64().map(|free| format!(", {} free", words::disk(free))).unwrap_or_default();
    let ledger = field(status, "store.ledger_bytes").as_u64().map(words::disk).unwrap_or_default();
    let backup = moment(field(status, "last_backup"))
        .map_or_else(|| "none yet; make one with `rollcall backup FILE`".to_owned(), |at| words::ago(at, out.now));
    let people = count_at(status, "persons", "person", "people");
    let hours = if field(status, "hours_set") == false { calendar::NOT_SET } else { "" };
    vec![
        ("site", format!("{} ({}), {}", at("name"), at("site"), at("time_zone"))),
        ("machines", format!("{}{}", at("devices"), presence(field(status, "presence")))),
        ("hours", hours.to_owned()),
        ("assets", format!("{} in {}", at("assets"), count_at(status, "rooms", "room", "rooms"))),
        ("alerts", format!("{} raised, {} acknowledged", at("alerts_raised"), at("alerts_acknowledged"))),
        ("loans", format!("{} out, {} overdue, {people} on the roster", at("loans_open"), at("loans_overdue"))),
        ("agents report to", at("doors.agents")),
        ("machines enrol at", at("doors.enroll")),
        ("desk", at("doors.desk")),
        ("metrics", at("doors.metrics")),
        ("store", format!("event {}, ledger {ledger}, shelf {}{free}", at("store.seq"), at("store.shelf"))),
        ("state hash", at("state_hash")),
        ("last backup", backup),
        ("version", format!("{}, epoch {}", at("version"), at("epoch"))),
    ]
}

fn presence(counts: &Value) -> String {
    let parts: Vec<String> = counts.as_object().into_iter().flatten().map(|(state, count)| format!("{count} {state}")).collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Wanted;
    use serde_json::json;

    #[test]
    fn the_figures_read_as_sentences() {
        let out = Out::to_scripts(Wanted::Words, "2026-11-24T18:00:00Z".parse().unwrap());
        let status = json!({
            "site": "oak", "name": "Oak Hill", "time_zone": "America/Los_Angeles", "devices": 3, "presence": {"here": 2, "silent": 1},
            "store": {"seq": 9, "ledger_bytes": 2000, "shelf": "ok", "free_bytes": 1_100_000_000}, "last_backup": "2026-11-24T15:00:00Z",
        });
        let facts = facts(&status, &out);
        let check = |name: &str, want: &str| assert_eq!(facts.iter().find(|(n, _)| *n == name).map(|(_, fact)| fact.as_str()), Some(want));
        check("site", "Oak Hill (oak), America/Los_Angeles");
        check("machines", "3: 2 here, 1 silent");
        check("store", "event 9, ledger 2 kB, shelf ok, 1.1 GB free");
        check("last backup", "3 h ago");
        check("hours", "");
        let unset = super::facts(&json!({"hours_set": false}), &out);
        assert!(unset.iter().any(|(name, fact)| *name == "hours" && fact.contains("rollcall calendar hours")));
    }
}
