//! How each file is written: its first line, its length, its name, its exceptions.

use crate::tree::{File, check, lines_with};

/// A longer file holds two ideas.
const LONGEST: usize = 400;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 9] = ["common", "helper", "helpers", "manager", "misc", "stuff", "util", "utils", "types"];

/// The only places that may say `allow`: generated code, where an `expect` would break with the generator's next version.
const GENERATED: [&str; 2] = ["proto/build.rs", "proto/src/lib.rs"];

fn is_script(file: &File) -> bool {
    file.text.starts_with("#!")
}

#[test]
fn each_rust_file_opens_with_what_it_is_for() {
    check(File::is_rust, |file| {
        let first = file.text.lines().next().unwrap_or_default();
        let says = first.strip_prefix("//! ").is_some_and(|rest| rest.len() > 10);
        if says { vec![] } else { vec![format!("{}:1: opens with {first:?}, not with `//! ` and what it is for", file.path)] }
    });
}

#[test]
fn each_script_says_on_its_second_line_what_it_is_for() {
    check(is_script, |file| {
        let second = file.text.lines().nth(1).unwrap_or_default();
        if second.starts_with("# ") { vec![] } else { vec![format!("{}:2: {second:?} does not say what the script is for", file.path)] }
    });
}

#[test]
fn no_file_is_longer_than_an_idea() {
    let counted = |file: &File| file.is_rust() || is_script(file) || file.path.ends_with(".html") || file.path.ends_with(".js");
    check(counted, |file| {
        let lines = file.text.lines().count();
        if lines <= LONGEST { vec![] } else { vec![format!("{}: {lines} lines, at most {LONGEST}: split it by idea", file.path)] }
    });
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    check(File::is_rust, |file| {
        let parts = file.path.trim_end_matches(".rs").split('/');
        parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| format!("{}: {part:?} says nothing", file.path)).collect()
    });
}

#[test]
fn only_the_host_folder_asks_which_system_it_runs_on() {
    let conditions = ["target_os", "target_family", "cfg(unix)", "cfg(windows)", "cfg(not(unix))", "cfg(not(windows))"];
    let elsewhere = |file: &File| file.is_rust() && !file.path.starts_with("agent/src/host/") && !file.path.starts_with("tests/tidy/");
    check(elsewhere, |file| {
        lines_with(file, |line| {
            let found = conditions.iter().find(|condition| line.contains("cfg") && line.contains(*condition))?;
            Some(format!("{found} belongs under agent/src/host/"))
        })
    });
}

#[test]
fn every_exception_is_an_expect_with_its_reason() {
    let open = ["#[allow(", "#![allow("];
    let ours = |file: &File| file.is_rust() && !GENERATED.contains(&file.path.as_str()) && !file.path.starts_with("tests/tidy/");
    check(ours, |file| {
        let mut wrong = lines_with(file, |line| {
            open.iter()
                .any(|open| line.contains(open))
                .then(|| "`allow` stays for ever; `expect` goes when it is no longer needed".to_owned())
        });
        for place in file.text.match_indices("[expect(").map(|(place, _)| place) {
            let attribute = file.text[place..].split(")]").next().unwrap_or_default();
            if !attribute.contains("reason = \"") {
                wrong.push(format!("{}: {attribute})] has no reason", file.path));
            }
        }
        wrong
    });
}

#[test]
fn nothing_is_left_for_later() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("todo", "!("), concat!("unimpl", "emented!(")];
    check(
        |file| file.is_rust() || is_script(file) || file.path.ends_with(".html"),
        |file| {
            let found = |line: &str| words.iter().find(|word| line.contains(*word)).copied();
            file.lines().filter_map(|(number, line)| Some(format!("{}:{number}: {}", file.path, found(line)?))).collect()
        },
    );
}

#[test]
fn no_file_knows_a_machine_of_somebodys() {
    // Put together here, so that this file does not name them.
    let places =
        [["/ro", "ot/"], ["/wo", "rk/"], ["/home", "/runner"], ["index.cra", "tes.io"], ["static.cra", "tes.io"], ["pypi.", "org"]]
            .map(|p| p.concat());
    check(
        |file| file.path != "Cargo.lock",
        |file| {
            let found = |line: &str| places.iter().find(|place| line.contains(place.as_str())).cloned();
            file.lines().filter_map(|(number, line)| Some(format!("{}:{number}: names {}", file.path, found(line)?))).collect()
        },
    );
}
