//! `rollcall person …`: who may borrow.

use crate::cli::client::Client;
use crate::cli::csv_file::{self, Sheet};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Answer, Out};
use crate::cli::table::{Column, count_at, field, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use clap::{Args, Subcommand};
use reqwest::Method;
use rollcall_site::PersonId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Who may borrow.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall person import roster.csv            shows what it would do, and asks
  rollcall person import roster.csv --yes      does it; for scripts
  rollcall person forget 100231                erases what is theirs for good, and asks first

The file has a heading line with the columns id and name; commas or semicolons, as spreadsheets save it.
Nobody is removed by an import. A file with an error changes nothing.")]
pub struct Person {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Import people from a CSV file with the columns id and name
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
    List,
}

const COLUMNS: &[Column] = &[Column::text("id", "id"), Column::text("name", "name")];

impl Ask for Person {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Import { file, yes } => import(client, out, &file, yes).await,
            Action::Agree { person } => {
                let agreement = client.post(&["persons", &person, "agree"], json!({})).await?;
                let year = number_at(&agreement, "year");
                Ok(out.said(&agreement, &format!("{person} has accepted the loan agreement of {year}/{}", (year + 1) % 100)))
            }
            Action::Forget { person, yes } => forget(client, out, &person, yes).await,
            Action::List => {
                let rows = client.get(&["persons"], &[]).await?;
                Ok(out.rows(COLUMNS, &rows, "nobody yet; import a roster with `rollcall person import FILE.csv`"))
            }
        }
    }
}

async fn import(client: &Client, out: &Out, file: &Path, yes: bool) -> Result<Exit, Failure> {
    let people = people(&csv_file::read(file)?).map_err(|wrong| csv_file::refuse(file, &wrong))?;
    if !yes {
        let plan = client.post(&["persons", "plan"], people.clone()).await.map_err(|failure| failure.of(file.display()))?;
        csv_file::confirm(out, &format!("{} would add {}", file.display(), counts(&plan)))?;
    }
    let imported = client.post(&["persons", "import"], people).await.map_err(|failure| failure.of(file.display()))?;
    Ok(out.said(&imported, &done(&imported)))
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

fn done(imported: &Value) -> String {
    let added = count_at(imported, "added", "person", "people");
    format!("{added} added, {} changed, {} as before", text_at(imported, "changed"), text_at(imported, "same"))
}

fn counts(plan: &Value) -> String {
    let added = count_at(plan, "added", "person", "people");
    format!("{added}, change {}, leave {} as they are", text_at(plan, "changed"), text_at(plan, "same"))
}

/// The people of a sheet; or what is wrong, by line.
fn people(sheet: &Sheet) -> Result<Value, Vec<String>> {
    let mut wrong = sheet.missing(&["id", "name"]);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut people = Vec::new();
    for row in &sheet.rows {
        let (id, name) = (row.get(&sheet.columns, "id"), row.get(&sheet.columns, "name"));
        if let Err(bad) = PersonId::parse(id) {
            wrong.push(format!("line {}: {bad}", row.line));
        } else if name.is_empty() || name.chars().any(char::is_control) {
            wrong.push(format!("line {}: person {id} has no name, or one with control characters", row.line));
        } else if let Some(first) = seen.insert(id, row.line) {
            wrong.push(format!("line {}: person {id} stands on line {first} already", row.line));
        }
        people.push(json!({ "id": id, "name": name }));
    }
    if sheet.rows.is_empty() {
        wrong.push("there is nobody in it".to_owned());
    }
    if wrong.is_empty() { Ok(Value::Array(people)) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<Value, &[&str]>) {
        let got = people(&csv_file::parse(text.as_bytes()).unwrap());
        assert_eq!(got, want.map_err(|lines| lines.iter().map(|line| (*line).to_owned()).collect()), "{text}");
    }

    #[test]
    fn a_roster_is_read_whole_or_not_at_all() {
        check("id,name\n100,Ana\n101,Li Wei\n", Ok(json!([{"id": "100", "name": "Ana"}, {"id": "101", "name": "Li Wei"}])));
        check("\u{feff}Name;Id\r\nAna;100\r\n", Ok(json!([{"id": "100", "name": "Ana"}])));
        check("id,name\n100,\n", Err(&["line 2: person 100 has no name, or one with control characters"]));
        check("id,name\n100,Ana\n100,Bo\n", Err(&["line 3: person 100 stands on line 2 already"]));
        check("id,name\n", Err(&["there is nobody in it"]));
        check("number,name\n1,Ana\n", Err(&["there is no column \"id\"; the heading has number, name"]));
    }

    #[test]
    fn before_somebody_is_forgotten_it_says_what_goes_and_what_stays() {
        let said = what_goes(&json!({"id": "100", "name": "Ana", "has": [], "loans": 3}));
        assert!(said.starts_with("Ana (100) leaves the roster, and the key"), "{said}");
        assert!(said.ends_with("the id alone, in 3 past loans and in what happened."), "{said}");
        assert!(what_goes(&json!({"id": "100", "name": "Ana"})).ends_with("the id alone, in what happened."));
    }

    #[test]
    fn every_bad_line_is_told() {
        let wrong = people(&csv_file::parse(b"id,name\na b,Ana\n,Bo\n").unwrap()).unwrap_err();
        assert!(wrong[0].starts_with("line 2: \"a b\" is not a person id"), "{wrong:?}");
        assert!(wrong[1].starts_with("line 3:"), "{wrong:?}");
    }
}
