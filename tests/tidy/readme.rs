//! The tables of the README are made from the lists of the code.

use crate::tree::top;
use rollcall_site::rule::{RULES, Severity};

#[test]
fn the_table_of_rules_is_the_list_of_rules() {
    let rows = RULES.iter().map(|rule| {
        let severity = match rule.severity {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        };
        format!("| `{}` | {severity} | {} |\n", rule.code, rule.title)
    });
    let table = format!("### Rules\n\n| code | severity | what it says |\n| --- | --- | --- |\n{}\n", rows.collect::<String>());
    let readme = std::fs::read_to_string(top().join("README.md")).unwrap();
    assert!(readme.contains(&table), "the README's table of rules must read:\n\n{table}");
}
