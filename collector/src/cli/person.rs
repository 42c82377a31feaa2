//! `rollcall person …`: who may borrow.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Answer, Out};
use crate::cli::person_file;
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Who may borrow.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall person list torres                  everybody whose name, id, mail or grade has it
  rollcall person show 100231                  what they have, had and owe
  rollcall person add guest-1 \"Ana Ruiz\"      somebody whom the roster does not know yet
  rollcall person merge guest-1 100231         it does now: what guest-1 has goes over to 100231
  rollcall person block 100231 \"bag torn\"     may not borrow, until `person unblock`
  rollcall person import people.csv            shows what it would do, and asks
  rollcall person import people.csv --yes      does it; for scripts
  rollcall person forget 100231                erases what is theirs for good, and asks first

Most people come with `rollcall roster import`. A file for `person import` has a heading line with the columns id and name, and role
(student or staff), grade and mail where there are any; commas or semicolons, as spreadsheets save it. Nobody is removed by an import.
A file with an error changes nothing.")]
pub struct Person {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add somebody whom the roster does not know yet, provisionally
    Add {
        /// The id on the card, or any that is free
        person: String,
        /// The name
        name: String,
        #[command(flatten)]
        more: More,
    },
    /// Correct what is known of somebody
    Set {
        /// The id on the card
        person: String,
        /// The name
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        more: More,
    },
    /// Say that somebody may not borrow
    Block {
        /// The id on the card
        person: String,
        /// Why; it is theirs, and forgotten with them
        why: String,
    },
    /// Let somebody borrow again
    Unblock {
        /// The id on the card
        person: String,
    },
    /// Say that two ids are one human being: everything of the first goes over to the second
    Merge {
        /// The provisional one
        from: String,
        /// The one of the roster
        into: String,
    },
    /// What somebody has, had and owes
    Show {
        /// The id on the card
        person: String,
    },
    /// Import people from a CSV file with the columns id and name, and role, grade and mail where there are any
    Import {
        /// The file
        file: PathBuf,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// They accept the loan agreement of this school year
    Agree {
        /// The id on the card
        person: String,
    },
    /// Forget somebody for good: name and all that is their own, in the records and in everything older
    Forget {
        /// The id on the card
        person: String,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// List them
    List {
        /// Part of a name, an id, a mail address or a grade
        text: Vec<String>,
        /// All of them, however many
        #[arg(long)]
        all: bool,
    },
}

/// What else may be said of somebody.
#[derive(Debug, Args)]
struct More {
    /// student or staff
    #[arg(long, value_parser = ["student", "staff"])]
    role: Option<String>,
    /// The grade
    #[arg(long)]
    grade: Option<String>,
    /// Where reminders go
    #[arg(long)]
    mail: Option<String>,
}

/// So many are listed unless all are asked for.
const MOST: usize = 200;

const COLUMNS: &[Column] = &[
    Column::text("id", "id"),
    Column::text("name", "name"),
    Column::text("role", "role"),
    Column::text("grade", "grade"),
    Column::text("standing", "standing"),
    Column::text("mail", "mail").from(100),
    Column::text("blocked", "blocked"),
];

impl Ask for Person {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Agree { person } => {
                let agreement = client.post(&["persons", &person, "agree"], json!({})).await?;
                let year = number_at(&agreement, "year");
                Ok(out.said(&agreement, &format!("{person} has accepted the loan agreement of {year}/{}", (year + 1) % 100)))
            }
            Action::Import { file, yes } => person_file::import(client, out, &file, yes).await,
            Action::Forget { person, yes } => forget(client, out, &person, yes).await,
            Action::Add { person, name, more } => {
                let body = json!({ "id": person, "name": name, "role": more.role, "grade": more.grade, "mail": more.mail });
                let added = client.post(&["persons"], body).await?;
                Ok(out.said(&added, &format!("{name} ({person}) is added, until the roster knows them")))
            }
            Action::Set { person, name, more } => {
                let body = json!({ "name": name, "role": more.role, "grade": more.grade, "mail": more.mail });
                let set = client.send(Method::PATCH, &["persons", &person], body).await?;
                Ok(out.said(&set, &line(&set)))
            }
            Action::Block { person, why } => {
                let blocked = client.post(&["persons", &person, "block"], json!({ "why": why })).await?;
                Ok(out.said(&blocked, &format!("{person} may not borrow: {why}")))
            }
            Action::Unblock { person } => {
                let free = client.send(Method::DELETE, &["persons", &person, "block"], json!({})).await?;
                Ok(out.said(&free, &format!("{person} may borrow again")))
            }
            Action::Merge { from, into } => {
                let merged = client.post(&["persons", &from, "merge"], json!({ "into": into })).await?;
                let moved = count_at(&merged, "loans", "loan", "loans");
                let (charges, tickets) =
                    (count_at(&merged, "charges", "charge", "charges"), count_at(&merged, "tickets", "ticket", "tickets"));
                Ok(out.said(&merged, &format!("{from} is {into} now: {moved}, {charges} and {tickets} went over")))
            }
            Action::Show { person } => show(client, out, &person).await,
            Action::List { text, all } => list(client, out, &text.join(" "), all).await,
        }
    }
}

async fn list(client: &Client, out: &Out, text: &str, all: bool) -> Result<Exit, Failure> {
    let limit = (!all).then(|| (MOST + 1).to_string());
    let mut rows = client.get(&["persons"], &[("text", Some(text.to_owned())), ("limit", limit)]).await?;
    let list = rows.as_array_mut();
    let more = list.is_some_and(|list| {
        let more = !all && list.len() > MOST;
        list.truncate(if all { usize::MAX } else { MOST });
        list.iter_mut().filter(|_| !out.is_json()).for_each(in_words);
        more
    });
    let empty = if text.is_empty() { "nobody yet; import a roster with `rollcall roster import FILE`" } else { "nobody has that" };
    let exit = out.rows(COLUMNS, &rows, empty);
    if more {
        out.note(&format!("the first {MOST} are listed; say a part of a name, or --all"));
    }
    Ok(exit)
}

/// Role and standing as words.
fn in_words(person: &mut Value) {
    let role = if text_at(person, "role").is_empty() { "student".to_owned() } else { text_at(person, "role") };
    let standing = match field(person, "standing") {
        Value::Object(left) if left.contains_key("left") => "left".to_owned(),
        Value::String(word) => word.clone(),
        _ => String::new(),
    };
    if let Some(person) = person.as_object_mut() {
        person.insert("role".to_owned(), role.into());
        person.insert("standing".to_owned(), standing.into());
    }
}

fn line(person: &Value) -> String {
    let more = [text_at(person, "role"), text_at(person, "grade"), text_at(person, "mail")];
    let more: Vec<String> = more.into_iter().filter(|word| !word.is_empty()).collect();
    let more = if more.is_empty() { String::new() } else { format!(": {}", more.join(", ")) };
    format!("{} ({}){more}", text_at(person, "name"), text_at(person, "id"))
}

async fn show(client: &Client, out: &Out, id: &str) -> Result<Exit, Failure> {
    let mut person = client.get(&["persons", id], &[]).await?;
    if out.is_json() {
        out.json(&person);
        return Ok(Exit::Done);
    }
    let left = client.when(field(field(&person, "standing"), "left"));
    in_words(&mut person);
    let texts = |at: &str| field(&person, at).as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    out.facts(&[
        ("name", text_at(&person, "name")),
        ("role", text_at(&person, "role")),
        ("grade", text_at(&person, "grade")),
        ("mail", text_at(&person, "mail")),
        ("standing", text_at(&person, "standing")),
        ("since", left),
        ("may not borrow", text_at(&person, "blocked")),
        ("has", texts("has")),
        ("loans in all", text_at(&person, "loans")),
        ("open charges", field(&person, "charges").as_array().map_or(0, Vec::len).to_string()),
        ("classes", texts("classes")),
    ]);
    Ok(Exit::Done)
}

async fn forget(client: &Client, out: &Out, id: &str, yes: bool) -> Result<Exit, Failure> {
    if !yes {
        let person = client.get(&["persons", id], &[]).await?;
        let has = field(&person, "has").as_array().map_or(0, Vec::len);
        // Who still has something is refused; that needs no question first.
        if has == 0 {
            let plan = what_goes(&person);
            match out.ask(&format!("{plan} Forget them for good?")) {
                Some(Answer::Yes) => {}
                Some(Answer::No) => return Err(Failure::Refused("nobody was forgotten".to_owned())),
                None => return Err(Failure::Refused(format!("{plan} Nobody was forgotten: say --yes to do it"))),
            }
        }
    }
    let forgotten = client.send(Method::DELETE, &["persons", id], json!({})).await?;
    Ok(out.said(
        &forgotten,
        &format!("{id} is forgotten: what is still stored of them can't be read any more, here or from any copy that knows it"),
    ))
}

/// What forgetting somebody erases, and what stays.
fn what_goes(person: &Value) -> String {
    let loans = match number_at(person, "loans") {
        0 => String::new(),
        count => format!("in {} and ", words::count(count, "past loan", "past loans")),
    };
    format!(
        "{} ({}) leaves the roster, and the key to all that is stored of them is destroyed: in the records, the ledger, and every backup that \
         is restored with the newest list `forgotten` beside it. What stays: the id alone, {loans}in what happened.",
        text_at(person, "name"),
        text_at(person, "id"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_somebody_is_forgotten_it_says_what_goes_and_what_stays() {
        let said = what_goes(&json!({"id": "100", "name": "Ana", "has": [], "loans": 3}));
        assert!(said.starts_with("Ana (100) leaves the roster, and the key"), "{said}");
        assert!(said.ends_with("the id alone, in 3 past loans and in what happened."), "{said}");
        assert!(what_goes(&json!({"id": "100", "name": "Ana"})).ends_with("the id alone, in what happened."));
    }

    #[test]
    fn a_person_reads_in_a_line() {
        assert_eq!(line(&json!({"id": "1", "name": "Ana", "grade": "9", "mail": "a@b"})), "Ana (1): 9, a@b");
        let mut left = json!({"standing": {"left": "2026-11-28T07:00:00Z"}});
        in_words(&mut left);
        assert_eq!((text_at(&left, "role"), text_at(&left, "standing")), ("student".into(), "left".into()));
    }
}
