//! The tables of the README are made from the lists of the code.

use crate::tree::top;
use rollcall_site::rule::{Limit, RULES, Rule, Severity};

/// What stands around the table of rules.
const MARKS: [&str; 2] = ["<!-- rules -->\n", "<!-- /rules -->"];
/// Set to "write", the test writes the table instead of comparing it.
const WRITE: &str = "ROLLCALL_README";

fn table() -> String {
    let head = "| code | severity | what it says | told after | limits | what to try first |\n| --- | --- | --- | --- | --- | --- |\n";
    head.to_owned() + &RULES.iter().map(row).collect::<String>()
}

fn row(rule: &Rule) -> String {
    let severity = match rule.severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
    };
    let limits = rule.limits.iter().map(limit).collect::<Vec<_>>().join("; ");
    format!("| `{}` | {severity} | {} | {} | {limits} | {} |\n", rule.code, rule.title, rule.settle, rule.remedy.replace('|', "\\|"))
}

fn limit(limit: &Limit) -> String {
    format!("`{}` {} {}", limit.name, limit.value, limit.unit).trim_end().to_owned()
}

#[test]
fn the_table_of_rules_is_the_list_of_rules() {
    let path = top().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let [begin, end] = MARKS.map(|mark| readme.split_once(mark).unwrap_or_else(|| panic!("the README has no line {mark:?}")));
    let table = table();
    if std::env::var(WRITE).is_ok_and(|what| what == "write") {
        std::fs::write(path, format!("{}{}{table}{}{}", begin.0, MARKS[0], MARKS[1], end.1)).unwrap();
        return;
    }
    let held = begin.1.split_once(MARKS[1]).map_or("", |(held, _)| held);
    assert!(held == table, "the README's table of rules differs from the list: write it with {WRITE}=write");
}
