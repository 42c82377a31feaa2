//! Writes a baseline file from a golden seat: the machine that is as all of its room should be.

use super::settings;
use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::packages::Package;
use crate::title::{self, is_visible};
use crate::version::{Range, Scheme};
use crate::{BaselineId, Refusal, RoomId, Site, Tag, asset};
use jiff::Timestamp;
use rollcall_proto::Section;
use std::collections::BTreeMap;

/// How a captured file is to be.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The baseline's name; none: "Like TAG".
    pub name: Option<BaselineId>,
    /// The room it is for; none: the seat's own.
    pub room: Option<RoomId>,
    /// Which versions it demands.
    pub versions: Versions,
}

/// Which versions a captured file demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// The seat's, or newer ones.
    #[default]
    AtLeast,
    /// Exactly the seat's.
    Exactly,
    /// None.
    Any,
}

/// The text of a baseline that the seat with this tag meets. The same seat gives the same text, but for the day in its first line.
///
/// # Errors
/// No such asset, it has no agent, its software was never read, or it is in no room and none is named.
pub fn capture(site: &Site, tag: &Tag, wanted: &Capture, now: Timestamp) -> Result<String, Refusal> {
    let asset = asset::tagged(site, tag)?;
    let device = site.device_of(asset).filter(|device| device.state == DeviceState::Active);
    let device = device.ok_or_else(|| Refusal::conflict(format!("{tag} has no agent that may speak: capture a seat that reports")))?;
    let rows = titles(site, device)
        .ok_or_else(|| Refusal::conflict(format!("the software of {tag} was never read: `rollcall device rescan {tag}`")))?;
    let room = wanted.room.clone().or_else(|| asset.room.clone());
    let room = room.ok_or_else(|| Refusal::invalid(format!("{tag} is in no room: say for which room it is with --room")))?;
    let name = wanted.name.clone().map_or_else(|| format!("Like {tag}"), |name| name.to_string());
    let mut text = head(asset, now);
    let mut line = |line: String| text.push_str(&(line + "\n"));
    line(format!("name = {}", quoted(&name)));
    line(format!("rooms = [{}]", quoted(room.as_str())));
    line(String::new());
    line("# With the next line, any other program that people see is found too:".to_owned());
    line("# only_allowed = true".to_owned());
    line(String::new());
    line("# Take out what not every machine needs; a title may stand alone, as in required = [\"vlc\"].".to_owned());
    line("required = [".to_owned());
    for (title, (version, scheme)) in &rows {
        line(format!("  {},", row(title, version, *scheme, wanted.versions)));
    }
    line("]".to_owned());
    line("forbidden = []".to_owned());
    text.push_str(&system(site, device));
    text.push_str(&proven(site, device));
    Ok(text)
}

fn head(asset: &Asset, now: Timestamp) -> String {
    let (tag, day, what) = (&asset.tag, now.strftime("%F"), asset.title());
    format!(
        "# What {tag} ({}) has on {day}. See with `rollcall baseline plan FILE` who would not meet it,\n# then hold machines to it with `rollcall baseline apply FILE`.\n# No package manager tells which packages people asked for, so parts (libraries, data, fonts, drivers) are left out by their names.\n",
        what.replace(char::is_control, " ")
    )
}

/// The programs that people see, each once with its highest version, by title; `None`: never read.
fn titles(site: &Site, device: &Device) -> Option<BTreeMap<String, (String, Scheme)>> {
    let digest = site.profiles.get(&device.id)?.sections.get("software")?.digest?;
    let list = site.content("software", &digest)?;
    let mut rows = BTreeMap::<String, (String, Scheme)>::new();
    for package in list.packages().filter(is_visible) {
        let (title, version) = named(&package);
        let scheme = Scheme::of(package.source);
        let known = rows.entry(title).or_insert_with(|| (version.clone(), scheme));
        if known.1 == scheme && scheme.compare(&version, &known.0).is_gt() {
            known.0 = version;
        }
    }
    Some(rows)
}

/// Title and version of a package: Windows writes both into the name, and the version of another machine is another.
fn named(package: &Package<'_>) -> (String, String) {
    if package.source != "registry" {
        return (package.name.to_owned(), package.version.to_owned());
    }
    let name = title::read(package.name);
    let version = if package.version.is_empty() { name.version.unwrap_or_default() } else { package.version.to_owned() };
    (name.title, version)
}

fn row(title: &str, version: &str, scheme: Scheme, versions: Versions) -> String {
    let sign = match versions {
        Versions::AtLeast => ">= ",
        Versions::Exactly => "= ",
        Versions::Any => return quoted(title),
    };
    let range = format!("{sign}{version}");
    // A version that is no version, or that a range would not hold, is not demanded.
    if !Range::parse(&range).is_ok_and(|read| read.holds_by(scheme, version)) {
        return quoted(title);
    }
    format!("{{ title = {}, version = {} }}", quoted(title), quoted(&range))
}

fn system(site: &Site, device: &Device) -> String {
    let mut text = "\n[os]\n".to_owned();
    if let Some(Section::OperatingSystem(os)) = site.section(device.id, "os")
        && !os.id.is_empty()
        && Range::parse(&format!(">= {}", os.version)).is_ok()
    {
        text.push_str(&format!("{} = {}\n", quoted(&os.id), quoted(&format!(">= {}", os.version))));
    }
    text
}

fn proven(site: &Site, device: &Device) -> String {
    let mut text = "\n# A setting that a machine can't prove is not known, and no failure.\n[settings]\n".to_owned();
    for (name, state) in settings::of(site, device) {
        let line = match state.word() {
            "" => format!("# {name} = \"on\"          not known of this seat"),
            word => format!("{name} = {}", quoted(word)),
        };
        text.push_str(&(line + "\n"));
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
