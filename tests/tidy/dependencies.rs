//! What the project is built from: sources, bans and licences, as `.cargo-deny.toml` says.

use crate::tree::{hold, top};
use serde_json::Value;
use std::process::Command;

fn policy() -> toml::Table {
    toml::from_str(&std::fs::read_to_string(top().join(".cargo-deny.toml")).unwrap()).unwrap()
}

fn texts<'a>(policy: &'a toml::Table, section: &str, key: &str) -> Vec<&'a str> {
    policy[section][key].as_array().unwrap().iter().filter_map(|entry| entry.as_str().or_else(|| entry.get("crate")?.as_str())).collect()
}

fn locked() -> Vec<toml::Table> {
    let lock: toml::Table = toml::from_str(&std::fs::read_to_string(top().join("Cargo.lock")).unwrap()).unwrap();
    lock["package"].as_array().unwrap().iter().map(|package| package.as_table().unwrap().clone()).collect()
}

#[test]
fn nothing_is_built_from_what_is_banned_and_each_ban_has_its_reason() {
    let policy = policy();
    let banned = texts(&policy, "bans", "deny");
    let reasons =
        policy["bans"]["deny"].as_array().unwrap().iter().filter(|ban| ban.get("reason").is_some_and(|reason| reason.is_str())).count();
    assert_eq!(reasons, banned.len(), "a ban carries its reason");
    let packages = locked();
    let names = packages.iter().filter_map(|package| package["name"].as_str());
    let wrong: Vec<String> =
        names.filter(|name| banned.contains(name)).map(|name| format!("{name} is banned; see .cargo-deny.toml")).collect();
    hold(packages.len().min(banned.len()), &wrong);
}

#[test]
fn everything_comes_from_the_one_registry_or_from_here() {
    let policy = policy();
    let allowed: Vec<String> = texts(&policy, "sources", "allow-registry").iter().map(|url| format!("registry+{url}")).collect();
    let packages = locked();
    let source = |package: &toml::Table| package.get("source").and_then(|source| source.as_str()).map(str::to_owned);
    let foreign = packages
        .iter()
        .filter_map(|package| source(package).map(|source| (package, source)))
        .filter(|(_, source)| !allowed.contains(source));
    let wrong: Vec<String> = foreign.map(|(package, source)| format!("{} comes from {source}", package["name"])).collect();
    let ours: Vec<&str> =
        packages.iter().filter(|package| source(package).is_none()).filter_map(|package| package["name"].as_str()).collect();
    assert_eq!(ours, ["rollcall", "rollcall-agent", "rollcall-document", "rollcall-proto", "rollcall-site", "rollcall-tests"]);
    hold(packages.len(), &wrong);
}

#[test]
fn every_licence_is_one_that_we_allow() {
    let policy = policy();
    let allowed = texts(&policy, "licenses", "allow");
    // What was built is on this machine already, so that the answer needs no network.
    let arguments = ["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"];
    let cargo = Command::new(env!("CARGO")).args(arguments).current_dir(top()).output().unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut wrong = Vec::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        if !holds(licence, &allowed) {
            wrong.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    hold(packages.len(), &wrong);
}

/// Whether an SPDX expression can be met with the licences in `allowed`.
fn holds(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut place = 0;
    let answer = any(&words, &mut place, allowed);
    answer && place == words.len()
}

fn any(words: &[&str], place: &mut usize, allowed: &[&str]) -> bool {
    let mut answer = all(words, place, allowed);
    while words.get(*place) == Some(&"OR") {
        *place += 1;
        answer |= all(words, place, allowed);
    }
    answer
}

fn all(words: &[&str], place: &mut usize, allowed: &[&str]) -> bool {
    let mut answer = one(words, place, allowed);
    while words.get(*place) == Some(&"AND") {
        *place += 1;
        answer &= one(words, place, allowed);
    }
    answer
}

fn one(words: &[&str], place: &mut usize, allowed: &[&str]) -> bool {
    let word = words.get(*place).copied().unwrap_or_default();
    *place += 1;
    if word == "(" {
        let answer = any(words, place, allowed);
        *place += 1;
        return answer;
    }
    let mut name = word.trim_end_matches('+').to_owned();
    if words.get(*place) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*place + 1).copied().unwrap_or_default());
        *place += 2;
    }
    allowed.contains(&name.as_str())
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
    for good in
        ["MIT", "GPL-2.0-only OR MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception", "MIT+"]
    {
        assert!(holds(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "none", "", "(MIT OR Apache-2.0) AND ISC", "MIT WITH X"] {
        assert!(!holds(bad, &allowed), "{bad}");
    }
}
