//! People from a spreadsheet: read line by line, and taken after a yes.

use crate::cli::client::Client;
use crate::cli::csv_file::{self, Sheet};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{count_at, text_at};
use rollcall_site::PersonId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Imports people: shows first what it would do, unless yes was said.
pub(super) async fn import(client: &Client, out: &Out, file: &Path, yes: bool) -> Result<Exit, Failure> {
    let people = people(&csv_file::read(file)?).map_err(|wrong| csv_file::refuse(file, &wrong))?;
    if !yes {
        let plan = client.post(&["persons", "plan"], people.clone()).await.map_err(|failure| failure.of(file.display()))?;
        csv_file::confirm(out, &format!("{} would add {}", file.display(), counts(&plan)))?;
    }
    let imported = client.post(&["persons", "import"], people).await.map_err(|failure| failure.of(file.display()))?;
    Ok(out.said(&imported, &done(&imported)))
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
        let mut person = json!({ "id": id, "name": name });
        for column in ["role", "grade", "mail"] {
            let value = row.get(&sheet.columns, column);
            let value = if column == "role" { value.to_lowercase() } else { value.to_owned() };
            if column == "role" && !["", "student", "staff"].contains(&value.as_str()) {
                wrong.push(format!("line {}: the role {value:?} is neither student nor staff", row.line));
            }
            if !value.is_empty()
                && let Some(person) = person.as_object_mut()
            {
                person.insert(column.to_owned(), value.into());
            }
        }
        people.push(person);
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
        check("id,name,Role,Grade,Mail\n100,Ana,Staff,,a@b\n", Ok(json!([{"id": "100", "name": "Ana", "role": "staff", "mail": "a@b"}])));
        check("id,name,role\n100,Ana,cook\n", Err(&["line 2: the role \"cook\" is neither student nor staff"]));
        check("id,name\n100,\n", Err(&["line 2: person 100 has no name, or one with control characters"]));
        check("id,name\n100,Ana\n100,Bo\n", Err(&["line 3: person 100 stands on line 2 already"]));
        check("id,name\n", Err(&["there is nobody in it"]));
        check("number,name\n1,Ana\n", Err(&["there is no column \"id\"; the heading has number, name"]));
    }

    #[test]
    fn every_bad_line_is_told() {
        let wrong = people(&csv_file::parse(b"id,name\na b,Ana\n,Bo\n").unwrap()).unwrap_err();
        assert!(wrong[0].starts_with("line 2: \"a b\" is not a person id"), "{wrong:?}");
        assert!(wrong[1].starts_with("line 3:"), "{wrong:?}");
    }
}
