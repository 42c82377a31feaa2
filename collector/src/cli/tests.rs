//! What scripts rely on in the command line.

use super::*;
use clap::error::ErrorKind;

fn parses(line: &[&str]) -> bool {
    Cli::try_parse_from(std::iter::once("rollcall").chain(line.iter().copied())).is_ok()
}

#[test]
fn the_definition_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn what_scripts_rely_on_parses() {
    let good: &[&[&str]] = &[
        &["serve", "--data", "/d", "--agents", "127.0.0.1:1", "--enroll", "127.0.0.1:2", "--desk", "127.0.0.1:3"],
        &["--data", "/d", "devices", "--json"],
        &["devices", "--data", "/d", "--room", "Lab 1", "--presence", "here", "--search", "dell"],
        &["device", "LAB1-017", "--section", "memory"],
        &["device", "LAB1-017", "--history"],
        &["device", "LAB1-017", "--history", "5", "--json"],
        &["device", "LAB1-017", "--health"],
        &["device", "LAB1-017", "--health", "year"],
        &["device", "rescan", "LAB1-017", "--data", "/d"],
        &["diagnose", "LAB1-017", "--json"],
        &["diagnose", "LAB1-017", "--last"],
        &["device", "--", "rescan"],
        &["device", "revoke", "LAB1-017", "--desk", "https://desk:8443"],
        &["software", "vlc", "--version", ">= 3"],
        &["sweep", "Lab 1", "--json"],
        &["sweep", "--list"],
        &["sweep", "--show", "3"],
        &["check", "LAP-1", "--for", "100231", "--json"],
        &["loan", "out", "LAP-1", "100231", "--due", "5d", "--override", "the principal asked"],
        &["loan", "in", "LAP-1"],
        &["loan", "in", "LAP-1", "--condition", "damaged", "--damage", "a crack", "--missing", "charger", "--missing", "HOT-1"],
        &["loan", "out", "LAP-1", "100231", "--with", "charger", "--without", "HOT-1", "--agreed"],
        &["loan", "renew", "LAP-1", "--due", "1w"],
        &["loan", "class-set", "--person", "T12", "--due", "period 3"],
        &["loan", "undo", "118"],
        &["loan", "stolen", "LAP-1", "--report", "PD 26-1"],
        &["loan", "policy", "set", "--role", "student", "--kind", "laptop", "--days", "180"],
        &["loan", "list", "--overdue", "--room", "Cart A"],
        &["reserve", "add", "T12", "--count", "10", "--kind", "laptop", "--until", "2026-12-03"],
        &["charge", "confirm", "7", "--amount", "120"],
        &["person", "agree", "100231"],
        &["person", "import", "roster.csv", "--yes"],
        &["person", "forget", "100231", "--yes"],
        &["person", "add", "guest-1", "Ana Ruiz", "--role", "staff"],
        &["person", "merge", "guest-1", "100231"],
        &["roster", "import", "roster.zip", "--yes", "--school", "Lincoln", "--school", "Adams", "--card", "username"],
        &["roster", "check"],
        &["roster", "watch", "/srv/roster", "--every", "15m"],
        &["roster", "watch", "--off"],
        &["roster", "retention", "400d"],
        &["transfers"],
        &["transfer", "watch", "grades", "/srv/grades.csv", "--age", "26h", "--least-rows", "10", "--columns", "id,name"],
        &["token", "new", "--json", "--room", "Lab 1", "--count", "30", "--expires", "7d"],
        &["alert", "ack", "3"],
        &["channel", "set", "chat", "-", "--kind", "slack"],
        &["channel", "set", "mail-office", "smtps://mail", "--from", "a@b", "--to", "c@d,e@f", "--user", "u", "--password-file", "-"],
        &["route", "add", "nights", "--to", "mail-office", "--quiet", "17:00-07:00", "--high-at-once"],
        &["route", "add", "boss", "--to", "mail-office", "--escalate", "15", "--escalate-to", "chat"],
        &["route", "test", "3"],
        &["alert", "resolve", "3", "4", "5"],
        &["alert", "snooze", "3", "--for", "2h"],
        &["alert", "snooze", "3", "--until", "2026-12-01"],
        &["alert", "reopen", "3"],
        &["rules"],
        &["rules", "set", "machine-silent", "--room", "Lab 1", "--settle", "0", "--limit", "a=1"],
        &["rules", "set", "disk-failing", "--ticket", "on"],
        &["maintenance", "start", "--room", "Lab 1", "--for", "2h", "--reason", "new switch"],
        &["maintenance", "end", "3"],
        &["tickets", "--mine", "--overdue", "--state", "all"],
        &["ticket", "open", "--alert", "12"],
        &["ticket", "open", "dim", "--asset", "PRJ-3", "--category", "audio-visual"],
        &["ticket", "wait", "7", "a part", "--until", "5d"],
        &["ticket", "part", "7", "fan", "--count", "2", "--price", "18.50", "--minutes", "40"],
        &["ticket", "loaner", "7", "--back"],
        &["ticket", "link", "7", "--system", "district", "--ref", "4711"],
        &["device", "move", "LAB1-017", "--nowhere"],
        &["baseline", "remove", "Exam lab"],
        &["room", "remove", "Lab 1"],
        &["loan", "out", "LAP-1", "100231", "--due", "never"],
        &["baseline", "apply", "lab.toml"],
        &["calendar", "hours", "Mon-Fri 07:30-16:00"],
        &["calendar", "close", "2026-12-21", "2027-01-01", "--name", "Winter break"],
        &["calendar", "import", "district.ics", "--only", "holiday", "--yes"],
        &["room", "set", "Lab 1", "--hours", "always"],
        &["baseline", "apply", "lab.toml", "--dry-run"],
        &["baseline", "capture", "--from", "LAB1-017", "--versions", "exactly"],
        &["baseline", "show", "Exam lab", "--version", "2"],
        &["baseline", "waive", "LAB1-017", "steam*", "--until", "30d", "--reason", "club"],
        &["baseline", "waive", "--room", "Lab 1", "firewall", "--until", "2026-12-18", "--reason", "exam"],
        &["baseline", "drift", "LAB1-017"],
        &["key", "new", "report", "--role", "viewer"],
        &["library", "set", "sip2://koha:6001", "--login", "desk", "--password-file", "-", "--kinds", "laptop,other"],
        &["library", "test", "--tag", "LT-1", "--person", "S1"],
        &["library", "retry", "3", "4"],
        &["asset", "import", "a.csv", "--keep", "Grant", "--without", "Status", "--loans", "--dry-run"],
        &["asset", "export", "a.csv"],
        &["asset", "list", "--csv"],
        &["label", "LAP-1", "LAP-2", "--sheet", "l7160", "--out", "l.pdf"],
        &["label", "--new", "--start", "5", "--offset-y", "-1.5", "--out", "l.pdf"],
        &["backup", "b.age"],
        &["backup", "b.age", "--desk", "https://desk:8443", "--key", "rk1.x"],
        &["backup", "check", "b.age", "--recovery-key", "recovery.key", "--json"],
        &["backup", "check", "b.age", "--recovery-key", "-", "--scratch", "/mnt"],
        &["restore", "b.age", "--recovery-key", "recovery.key", "--data", "/d"],
        &["restore", "b.age", "--key", "recovery.key", "--data", "/d"],
        &["ledger", "verify"],
    ];
    for line in good {
        assert!(parses(line), "{line:?}");
    }
}

#[test]
fn every_example_parses() {
    let mut examples = Vec::new();
    of_help(&Cli::command(), &mut examples);
    let helped = examples.len();
    let readme = joined(include_str!("../../../README.md"));
    examples.extend(readme.lines().filter_map(|line| line.trim().strip_prefix("$ rollcall ")).map(str::to_owned));
    assert!(helped > 100 && examples.len() > helped + 50, "{helped} of {} are in the help", examples.len());
    let wrong: Vec<String> = examples.iter().filter_map(|example| wrong(example)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lines of a command's help, and of all below it, that say how to call it.
fn of_help(command: &clap::Command, examples: &mut Vec<String>) {
    let after = command.get_after_help().map(|text| joined(&text.to_string())).unwrap_or_default();
    examples.extend(after.lines().filter_map(|line| line.trim().strip_prefix("rollcall ")).map(str::to_owned));
    command.get_subcommands().for_each(|below| of_help(below, examples));
}

/// Lines that go on in the next one are one.
fn joined(text: &str) -> String {
    text.split("\\\n").map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Why an example can't be called as it stands.
fn wrong(example: &str) -> Option<String> {
    let line: Vec<String> = std::iter::once("rollcall".to_owned()).chain(words_of(example)).collect();
    let error = Cli::try_parse_from(line).err()?;
    Some(format!("rollcall {example}: {}", error.to_string().lines().next().unwrap_or_default()))
}

/// An example as a shell takes it apart, up to what a shell does with it or what is said of it.
fn words_of(example: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = example.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => (quote, word) = (Some(letter), word.or_else(|| Some(String::new()))),
            (None, '|' | '<' | '>' | '&' | '#' | ';') if word.is_none() => break,
            (None, ' ') => {
                words.extend(word.take());
                if letters.peek() == Some(&' ') {
                    break;
                }
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn what_means_nothing_is_refused() {
    let bad: &[&[&str]] = &[
        &[],
        &["device"],
        &["sweep"],
        &["sweep", "Lab 1", "--list"],
        &["alert", "ack", "x"],
        &["alert", "ack"],
        &["alert", "snooze", "3"],
        &["rules", "set", "x", "--on", "--off"],
        &["maintenance", "start", "--for", "2h"],
        &["ticket", "open"],
        &["ticket", "loaner", "7"],
        &["ticket", "loaner", "7", "LT-1", "--back"],
        &["ticket", "link", "7"],
        &["ticket", "part", "7", "--price", "3"],
        &["rules", "set", "x", "--ticket", "maybe"],
        &["route", "add", "nights"],
        &["route", "add", "nights", "--to", "a", "--high-at-once"],
        &["route", "add", "nights", "--to", "a", "--escalate", "15"],
        &["channel", "set", "chat", "https://a", "--kind", "pager"],
        &["asset", "list", "--csv", "--json"],
        &["label", "LAP-1"],
        &["label", "--out", "l.pdf"],
        &["label", "LAP-1", "--sheet", "avery-1", "--out", "l.pdf"],
        &["loan", "out", "LAP-1"],
        &["library", "set", "sip2://koha:6001"],
        &["library", "retry"],
        &["device", "move", "LAB1-017"],
        &["calendar"],
        &["calendar", "close", "2026-12-21"],
        &["baseline", "waive", "LAB1-017", "vlc", "--until", "1d"],
        &["baseline", "drift", "LAB1-017", "--room", "Lab 1"],
        &["baseline", "capture"],
    ];
    for line in bad {
        assert!(!parses(line), "{line:?}");
    }
}

#[test]
fn help_is_a_word_too_but_not_the_name_of_a_machine() {
    let kind = |line: &[&str]| Cli::try_parse_from(line).err().map(|told| told.kind());
    assert_eq!(kind(&["rollcall", "help", "sweep"]), Some(ErrorKind::DisplayHelp));
    assert_eq!(kind(&["rollcall", "device", "help"]), None);
}

#[test]
fn a_newcomer_finds_the_first_steps() {
    let help = Cli::command().render_help().to_string();
    for wanted in ["rollcall serve", "rollcall token new", "rollcall sweep", "rollcall check", "Exit codes"] {
        assert!(help.contains(wanted), "{wanted}");
    }
}
