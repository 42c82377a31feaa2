//! How a roster, and what a delivery would do, read on a terminal.

use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::output::Out;
use crate::cli::table::{Column, field, number_at, text_at};
use crate::cli::words;
use serde_json::Value;

const EXAMPLES: &[Column] = &[Column::text("", "step"), Column::text("card", "id"), Column::text("name", "name"), Column::text("", "what")];

const BAD: &[Column] =
    &[Column::text("file", "file"), Column::text("line", "line"), Column::text("column", "column"), Column::text("what is wrong", "what")];

/// A list as JSON; none where it is empty.
pub(super) fn list(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| Value::from(texts.to_vec()).to_string())
}

/// What a delivery would do, in a line.
pub(super) fn headline(plan: &Value) -> String {
    let counts = field(plan, "counts");
    let parts = [
        ("added", "new"),
        ("changed", "changed"),
        ("back", "back"),
        ("reconciled", "reconciled"),
        ("renumbered", "with another card"),
        ("left", "left"),
        ("same", "as before"),
    ];
    let said = parts.iter().filter(|(at, _)| number_at(counts, at) > 0 || *at == "added").map(|(at, word)| {
        let number = number_at(counts, at);
        if *at == "added" { format!("{} {word}", words::count(number, "person", "people")) } else { format!("{number} {word}") }
    });
    let classes = number_at(counts, "classes") + number_at(counts, "classes_gone");
    let classes = (classes > 0).then(|| words::count(classes, "class", "classes"));
    said.chain(classes).collect::<Vec<_>>().join(", ")
}

/// Shows a plan: the card, who is left out, the first of each kind, and the rows that can't be used.
pub(super) fn plan(out: &Out, plan: &Value) {
    if out.is_json() {
        return out.json(plan);
    }
    out.remark(&format!("on the card stands {}", text_at(plan, "card")));
    let left_out = field(plan, "left_out");
    let kinds = [("family", "family"), ("elsewhere", "of other schools"), ("no_role", "without a role")];
    let not = kinds.iter().filter(|(at, _)| number_at(left_out, at) > 0).map(|(at, word)| format!("{} {word}", number_at(left_out, at)));
    let not: Vec<String> = not.collect();
    if !not.is_empty() {
        out.remark(&format!("not taken in: {}", not.join(", ")));
    }
    let examples = field(plan, "examples");
    if examples.as_array().is_some_and(|some| !some.is_empty()) {
        out.rows(EXAMPLES, examples, "");
    }
    let bad = number_at(plan, "bad_count");
    if bad > 0 {
        out.remark(&format!("{} can't be used", words::count(bad, "row", "rows")));
        out.rows(BAD, field(plan, "bad"), "");
    }
}

/// A delivery that would change nothing.
pub(super) fn nothing_to_do(out: &Out, plan: &Value) -> Option<Exit> {
    let counts = field(plan, "counts").as_object()?;
    let is_still = counts.iter().filter(|(name, _)| *name != "same").all(|(_, number)| number.as_u64() == Some(0));
    (is_still && number_at(plan, "bad_count") == 0 && field(plan, "suspicious").as_array().is_none_or(Vec::is_empty)).then(|| {
        let same = number_at(field(plan, "counts"), "same");
        out.note(&format!("nothing to do: {} as before", words::count(same, "person", "people")));
        Exit::Done
    })
}

/// Why nothing was imported.
pub(super) fn doubts(plan: &Value, bad: u64) -> String {
    let suspicious = field(plan, "suspicious").as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let bad =
        (bad > 0).then(|| format!("{} can't be used: mend them, or pass them over with --skip-bad", words::count(bad, "row", "rows")));
    format!("nothing was imported; {}", suspicious.chain(bad).collect::<Vec<_>>().join("; "))
}

/// How the roster stands.
pub(super) fn shown(out: &Out, client: &Client, roster: &Value) -> Exit {
    if out.is_json() {
        out.json(roster);
        return Exit::Done;
    }
    let count = |at: &str| number_at(roster, at);
    let (last, watch, waiting) = (field(roster, "last"), field(roster, "watch"), field(roster, "waiting"));
    let schools: Vec<&str> = field(roster, "schools").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let people = format!(
        "{}, {} staff, {} provisional, {} left",
        words::count(count("students"), "student", "students"),
        count("staff"),
        count("provisional"),
        count("left")
    );
    let came = format!("{}, {} by {}", text_at(last, "file"), client.when(field(last, "at")), text_at(last, "by"));
    let every = number_at(watch, "every_s") / 60;
    out.facts(&[
        ("people", people),
        ("classes", count("classes").to_string()),
        ("schools", if schools.is_empty() { "all".to_owned() } else { schools.join(", ") }),
        ("on the card", text_at(roster, "card")),
        ("last", if last.is_null() { "none came yet".to_owned() } else { came }),
        ("folder", if watch.is_null() { "none is watched".to_owned() } else { format!("{}, every {every} min", text_at(watch, "dir")) }),
        ("kept", format!("{} after they left", words::count(count("kept_days"), "day", "days"))),
        ("waiting", if waiting.is_null() { String::new() } else { format!("{}: {}", text_at(waiting, "file"), text_at(waiting, "why")) }),
    ]);
    if waiting.is_null() { Exit::Done } else { Exit::Found }
}

/// What came of looking at the folder.
pub(super) fn looked(out: &Out, looked: &Value) -> Exit {
    let roster = field(looked, "roster");
    let (words, exit) = match text_at(looked, "outcome").as_str() {
        "applied" => ("a delivery was applied".to_owned(), Exit::Done),
        "known" => ("what lies there is known already".to_owned(), Exit::Done),
        "waits" => {
            let waiting = field(roster, "waiting");
            (format!("{} waits: {}", text_at(waiting, "file"), text_at(waiting, "why")), Exit::Found)
        }
        _ => ("no delivery lies there".to_owned(), Exit::Found),
    };
    out.said(looked, &words);
    exit
}

/// Lists within the rows become texts.
pub(super) fn in_lines(rows: &mut Value) {
    for row in rows.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        for name in ["people", "names", "has"] {
            let texts: Vec<String> =
                row.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            row.insert(name.to_owned(), texts.join(", ").into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_reads_in_a_line() {
        let plan = json!({"counts": {"added": 1, "changed": 0, "left": 3, "same": 40, "classes": 2, "classes_gone": 0}});
        assert_eq!(headline(&plan), "1 person new, 3 left, 40 as before, 2 classes");
        let plan = json!({"suspicious": ["gone short"], "counts": {}});
        assert_eq!(doubts(&plan, 1), "nothing was imported; gone short; 1 row can't be used: mend them, or pass them over with --skip-bad");
        assert_eq!(list(&["Lincoln, Middle".to_owned()]).unwrap(), "[\"Lincoln, Middle\"]");
    }
}
