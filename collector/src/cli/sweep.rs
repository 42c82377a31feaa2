//! `rollcall sweep`: the roll call of a room.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::progress::{advance, bar};
use crate::cli::table::{Column, field, moment, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::Args;
use serde_json::{Value, json};

/// Call the roll of a room: everybody who is connected re-reads everything now.
#[derive(Debug, Args)]
#[command(
    override_usage = "rollcall sweep ROOM\n       rollcall sweep --list | --show N",
    after_help = "Examples:
  rollcall sweep \"Lab 1\"                       now
  rollcall sweep --list                        earlier ones
  rollcall sweep --show 12                     one of them

Exit codes: 0 everybody is present or accounted for · 1 somebody is missing, barred, or did not answer in time"
)]
pub struct Sweep {
    /// The room
    #[arg(required_unless_present_any = ["list", "show"], conflicts_with_all = ["list", "show"])]
    room: Option<String>,
    /// List the latest sweeps
    #[arg(long)]
    list: bool,
    /// Show a sweep by number
    #[arg(long, value_name = "N", conflicts_with = "list")]
    show: Option<u64>,
}

const LIST: &[Column] = &[
    Column::text("#", "id"),
    Column::text("room", "room"),
    Column::moment("began", "began_at"),
    Column::text("present", "present"),
    Column::text("missing", "missing"),
    Column::text("slow", "slow"),
    Column::text("barred", "barred").from(80),
    Column::text("away", "away").from(80),
    Column::text("no agent", "no_agent").from(90),
    Column::text("changed", "changed"),
    Column::text("by", "by").from(100),
];

const LINES: &[Column] = &[
    Column::text("seat", "seat"),
    Column::text("tag", "tag"),
    Column::text("name", "name").from(90),
    Column::state("answer", "answer"),
    Column::text("note", "note").from(90),
    Column::moment("since", "since"),
    Column::text("with", "person").from(100),
    Column::text("changed since the last sweep", "changes"),
];

impl Ask for Sweep {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        if let Some(number) = self.show {
            let sweep = client.get(&["sweeps", &number.to_string()], &[]).await?;
            return Ok(told(out, &sweep));
        }
        let Some(room) = self.room else {
            let rows = client.get(&["sweeps"], &[]).await?;
            return Ok(out.rows(LIST, &rows, "no sweeps yet; begin one with `rollcall sweep ROOM`"));
        };
        let bar = bar(out, "{pos} of {len} machines have answered");
        let sweep = client.work(&["sweeps"], json!({ "room": room }), |progress| advance(&bar, progress)).await;
        bar.finish_and_clear();
        Ok(told(out, &sweep?))
    }
}

/// Says what a sweep found: first those that need a look.
fn told(out: &Out, sweep: &Value) -> Exit {
    let count = |at: &str| number_at(sweep, at);
    if out.is_json() {
        out.json(sweep);
    } else {
        let mut lines = field(sweep, "lines").as_array().cloned().unwrap_or_default();
        lines.sort_by_key(urgency);
        out.remark(&headline(sweep, out));
        out.rows(LINES, &Value::Array(lines), "nothing belongs in this room; enrol machines with `rollcall token new --room ROOM`");
    }
    if count("missing") + count("slow") + count("barred") > 0 { Exit::Found } else { Exit::Done }
}

fn headline(sweep: &Value, out: &Out) -> String {
    let parts = [
        ("present", "present"),
        ("missing", "missing"),
        ("slow", "slow"),
        ("barred", "barred"),
        ("away", "away"),
        ("no_agent", "without an agent"),
        ("changed", "changed"),
    ];
    let counts = parts.iter().filter_map(|(at, word)| {
        let count = number_at(sweep, at);
        (count > 0 || *at == "present").then(|| format!("{count} {word}"))
    });
    let when = moment(field(sweep, "began_at")).map(|at| words::ago(at, out.now)).unwrap_or_default();
    format!("sweep {} of {}, {when}: {}", text_at(sweep, "id"), text_at(sweep, "room"), counts.collect::<Vec<_>>().join(" · "))
}

/// Missing first, then those that may not speak, then slow ones, then what changed.
fn urgency(line: &Value) -> u8 {
    match text_at(line, "answer").as_str() {
        "missing" => 0,
        "barred" => 1,
        "slow" => 2,
        _ if field(line, "changes").as_array().is_some_and(|changes| !changes.is_empty()) => 3,
        "no-agent" => 4,
        "present" => 5,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Wanted;

    #[test]
    fn the_headline_says_what_counts() {
        let out = Out::to_scripts(Wanted::Words, "2026-11-24T18:00:00Z".parse().unwrap());
        let sweep =
            json!({"id": 4, "room": "Lab 1", "began_at": "2026-11-24T17:59:58Z", "present": 28, "missing": 2, "slow": 0, "away": 1});
        assert_eq!(headline(&sweep, &out), "sweep 4 of Lab 1, just now: 28 present · 2 missing · 1 away");
        assert_eq!(told(&out, &sweep), Exit::Found);
        assert_eq!(told(&out, &json!({"present": 30})), Exit::Done);
        assert_eq!(told(&out, &json!({"present": 29, "barred": 1})), Exit::Found);
    }

    #[test]
    fn who_needs_a_look_comes_first() {
        let line = |answer: &str, changes: &[&str]| json!({"answer": answer, "changes": changes});
        let order = [
            line("missing", &[]),
            line("barred", &[]),
            line("slow", &[]),
            line("present", &["vlc removed"]),
            line("no-agent", &[]),
            line("present", &[]),
        ];
        assert!(order.iter().map(urgency).is_sorted());
    }
}
