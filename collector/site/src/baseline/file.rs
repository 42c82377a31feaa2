//! Reads a baseline file.

use super::record::{Baseline, Licence, SETTINGS, SOURCES, Wanted};
use crate::record::Rest;
use crate::version::Range;
use crate::{BaselineId, Refusal, RoomId, Tag};
use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// The largest file, bytes: ten times what lists every title of a full desktop.
const LARGEST: usize = 256 * 1024;
/// Most titles of all lists together.
const MOST_TITLES: usize = 4_000;
/// Longest title or name, characters.
const LONGEST: usize = 200;

/// A baseline file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: BaselineId,
    #[serde(default)]
    rooms: Vec<RoomId>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    only_allowed: bool,
    #[serde(default)]
    required: Vec<Titled>,
    #[serde(default)]
    allowed: Vec<Titled>,
    #[serde(default)]
    forbidden: Vec<Titled>,
    #[serde(default)]
    os: BTreeMap<String, String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    licence: Vec<LicenceTable>,
}

/// A title: its text alone, or a table.
struct Titled(Wanted);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TitleTable {
    title: String,
    version: Option<String>,
    #[serde(default)]
    names: BTreeMap<String, Names>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LicenceTable {
    title: String,
    version: Option<String>,
    #[serde(default)]
    names: BTreeMap<String, Names>,
    seats: u32,
}

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for Titled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Titled;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a title, or a table of title, version and names")
    }
    fn visit_str<E>(self, title: &str) -> Result<Titled, E> {
        Ok(Titled(Wanted { title: title.to_owned(), ..Wanted::default() }))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Titled, A::Error> {
        let TitleTable { title, version, names } = TitleTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Titled(wanted(title, version, names)))
    }
}

fn wanted(title: String, version: Option<String>, names: BTreeMap<String, Names>) -> Wanted {
    let several = |names| match names {
        Names::One(name) => vec![name],
        Names::Many(names) => names,
    };
    Wanted { title, version, names: names.into_iter().map(|(source, names)| (source, several(names))).collect() }
}

/// Reads a baseline file: `name`, `rooms` ("*" for every room) or `tags`, and what it demands.
///
/// # Errors
/// `Invalid`: what is wrong, with the place in the file.
pub fn parse(text: &str) -> Result<Baseline, Refusal> {
    if text.len() > LARGEST {
        return Err(Refusal::invalid(format!("the baseline file has {} bytes; at most {LARGEST} are read", text.len())));
    }
    let file: File = toml::from_str(text).map_err(|bad| Refusal::invalid(format!("the baseline file does not fit: {bad}")))?;
    let titles = |list: Vec<Titled>| list.into_iter().map(|titled| titled.0).collect::<Vec<_>>();
    let licence = |table: LicenceTable| Licence { wanted: wanted(table.title, table.version, table.names), seats: table.seats };
    let baseline = Baseline {
        name: file.name,
        rooms: file.rooms,
        tags: file.tags,
        required: titles(file.required),
        allowed: titles(file.allowed),
        forbidden: titles(file.forbidden),
        only_allowed: file.only_allowed,
        os: file.os,
        settings: file.settings,
        licences: file.licence.into_iter().map(licence).collect(),
        version: 0,
        applied_at: Timestamp::UNIX_EPOCH,
        applied_by: String::new(),
        text: text.to_owned(),
        rest: Rest::new(),
    };
    check(&baseline).map_err(|why| Refusal::invalid(format!("baseline {}: {why}", baseline.name)))?;
    Ok(baseline)
}

fn check(baseline: &Baseline) -> Result<(), String> {
    if baseline.rooms.is_empty() && baseline.tags.is_empty() {
        return Err("name at least one room, or rooms = [\"*\"] for every room, or tags = [\"LAB1-*\"]".to_owned());
    }
    for tag in &baseline.tags {
        let stem = tag.strip_suffix('*').unwrap_or(tag);
        if !(stem.is_empty() && tag == "*") && Tag::parse(stem).is_err() {
            return Err(format!("{tag:?} is no tag, nor the beginning of tags with * at its end"));
        }
    }
    let lists = [&baseline.required, &baseline.allowed, &baseline.forbidden];
    if lists.iter().map(|list| list.len()).sum::<usize>() + baseline.licences.len() > MOST_TITLES {
        return Err(format!("it names more than {MOST_TITLES} titles"));
    }
    let licensed = baseline.licences.iter().map(|licence| &licence.wanted);
    lists.into_iter().flatten().chain(licensed).try_for_each(title)?;
    baseline.os.iter().try_for_each(|(id, version)| range(id, version))?;
    baseline.settings.iter().try_for_each(|(name, want)| setting(name, want))?;
    let both = baseline.required.iter().find(|wanted| {
        baseline.forbidden.iter().any(|other| other.title.eq_ignore_ascii_case(&wanted.title) && other.version == wanted.version)
    });
    both.map_or(Ok(()), |both| Err(format!("{both} is both required and forbidden")))
}

fn title(wanted: &Wanted) -> Result<(), String> {
    let own = std::iter::once(&wanted.title);
    for name in own.chain(wanted.names.values().flatten()) {
        if name.trim().trim_end_matches('*').is_empty() {
            return Err("a title is empty, or only *".to_owned());
        }
        if name.chars().count() > LONGEST || name.chars().any(char::is_control) {
            return Err(format!(
                "{:?} is no title: at most {LONGEST} characters, none of them a control",
                name.chars().take(40).collect::<String>()
            ));
        }
    }
    if let Some((source, _)) = wanted.names.iter().find(|(source, names)| !SOURCES.contains(&source.as_str()) || names.is_empty()) {
        return Err(format!("{}: names.{source} says nothing: packages come from {}", wanted.title, SOURCES.join(", ")));
    }
    wanted.version.as_deref().map_or(Ok(()), |version| range(&wanted.title, version))
}

fn range(of: &str, version: &str) -> Result<(), String> {
    Range::parse(version).map(drop).map_err(|bad| format!("{of}: {bad}"))
}

fn setting(name: &str, want: &str) -> Result<(), String> {
    if !SETTINGS.contains(&name) {
        return Err(format!("there is no setting {name:?}; there are {}", SETTINGS.join(", ")));
    }
    if want == "on" || want == "off" { Ok(()) } else { Err(format!("{name} is {want:?}: it must be \"on\" or \"off\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole() {
        let text = r#"
name = "labs"
tags = ["LAB1-*"]
only_allowed = true
allowed = ["gimp", "vlc*"]
[[required]]
title = "firefox"
version = ">= 128"
names.dpkg = "firefox-esr"
names.registry = ["Mozilla Firefox*", "Firefox*"]
[[forbidden]]
title = "steam*"
[os]
debian = ">= 12"
[settings]
secure_boot = "on"
[[licence]]
title = "geogebra"
seats = 30
"#;
        let baseline = parse(text).unwrap();
        let required = baseline.required.first().unwrap();
        assert_eq!((required.to_string().as_str(), required.names.get("registry").map(Vec::len)), ("firefox (>= 128)", Some(2)));
        assert_eq!((baseline.allowed.len(), baseline.only_allowed, baseline.licences.first().map(|l| l.seats)), (2, true, Some(30)));
        let stored = serde_json::to_string(&baseline).unwrap();
        assert_eq!(serde_json::from_str::<Baseline>(&stored).unwrap(), baseline, "the record keeps it");
    }

    #[test]
    fn a_wrong_file_names_the_place() {
        let check = |text: &str, want: &str| {
            let refusal = parse(text).unwrap_err().to_string();
            assert!(refusal.contains(want), "{refusal}");
        };
        let with = |rest: &str, want: &str| check(&format!("name = \"labs\"\nrooms = [\"x\"]\n{rest}"), want);
        check("name = \"labs\"\nrooms = []\n", "at least one room");
        check("name = \"labs\"\nroom = [\"x\"]\n", "line 2");
        check("name = \"labs\"\ntags = [\"a b\"]\n", "no tag");
        check(&"x".repeat(LARGEST + 1), "at most");
        with("[[required]]\ntitle = \"a\"\nversion = \">>\"\n", "range of versions");
        with("[[required]]\ntitel = \"a\"\n", "titel");
        with("required = [3]\n", "a title, or a table");
        with("[[required]]\ntitle = \"*\"\n", "only *");
        with("[[required]]\ntitle = \"a\"\nnames.choco = \"b\"\n", "names.choco");
        with("[settings]\nfirewal = \"on\"\n", "there is no setting \"firewal\"");
        with("[settings]\nfirewall = \"yes\"\n", "must be \"on\" or \"off\"");
        with("[[licence]]\ntitle = \"a\"\n", "seats");
        with("required = [\"a\"]\nforbidden = [\"A\"]\n", "both required and forbidden");
    }

    #[test]
    fn a_record_of_an_earlier_version_is_read() {
        let stored = r#"{"name":"Lab","rooms":["Lab 118"],"required":[{"title":"geogebra"}],"forbidden":[],"version":1,"applied_at":"2026-11-24T12:01:00Z","text":"x"}"#;
        let baseline: Baseline = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&baseline).unwrap(), stored, "and written the same");
    }
}
