//! Baselines: what software the devices of a room must and must not have.

use crate::asset::Asset;
use crate::content::Content;
use crate::device::DeviceState;
use crate::packages::Package;
use crate::record::{Record, Rest, Table};
use crate::room;
use crate::rule::Facts;
use crate::version::Range;
use crate::{AssetId, BaselineId, Refusal, RoomId, Site, Tag, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What software the devices of some rooms must and must not have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its name.
    pub name: BaselineId,
    /// The rooms it holds for.
    pub rooms: Vec<RoomId>,
    /// What must be there.
    pub required: Vec<Wanted>,
    /// What must not be there.
    pub forbidden: Vec<Wanted>,
    /// Counts the times it was applied.
    pub version: u32,
    /// When last.
    pub applied_at: Timestamp,
    /// The file as it was given.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Baseline {
    type Key = BaselineId;
    const KIND: &'static str = "baseline";
    fn key(&self) -> BaselineId {
        self.name.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.baselines
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.baselines
    }
}

/// One title of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The package's name; `*` at the end stands for any ending.
    pub title: String,
    /// A range of versions, ">= 2.1, < 3"; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} ({version})", self.title),
            None => f.write_str(&self.title),
        }
    }
}

/// What applying a baseline would mean, or has meant, per device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The baseline's name.
    pub baseline: BaselineId,
    /// Devices that it holds for.
    pub devices: usize,
    /// Devices that meet it.
    pub meet: usize,
    /// Devices whose software list was never read: neither met nor failed.
    pub unmeasured: usize,
    /// Those that don't, by tag, each with what is wrong in words.
    pub fail: Vec<PlanLine>,
}

/// One device that does not meet a baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanLine {
    /// Its tag.
    pub tag: Tag,
    /// Its room.
    pub room: Option<RoomId>,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
}

/// A baseline file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: BaselineId,
    rooms: Vec<RoomId>,
    #[serde(default)]
    required: Vec<Wanted>,
    #[serde(default)]
    forbidden: Vec<Wanted>,
}

/// The room name that stands for every room.
const EVERY_ROOM: &str = "*";

/// Reads a baseline file: `name`, `rooms` ("*" for every room), `[[required]]` and `[[forbidden]]` of `title` and optional
/// `version` range.
///
/// # Errors
/// `Invalid`: what is wrong, with the place in the file.
pub fn parse(text: &str) -> Result<Baseline, Refusal> {
    let file: File = toml::from_str(text).map_err(|bad| Refusal::invalid(format!("the baseline file does not fit: {bad}")))?;
    if file.rooms.is_empty() {
        return Err(Refusal::invalid(format!("baseline {}: name at least one room, or rooms = [\"*\"] for every room", file.name)));
    }
    for wanted in file.required.iter().chain(&file.forbidden) {
        if wanted.title.trim().is_empty() {
            return Err(Refusal::invalid(format!("baseline {}: a title is empty", file.name)));
        }
        if let Some(version) = &wanted.version {
            Range::parse(version).map_err(|bad| Refusal::invalid(format!("baseline {}, {}: {bad}", file.name, wanted.title)))?;
        }
    }
    let both = file.required.iter().find(|wanted| {
        file.forbidden.iter().any(|other| other.title.eq_ignore_ascii_case(&wanted.title) && other.version == wanted.version)
    });
    if let Some(both) = both {
        return Err(Refusal::invalid(format!("baseline {}: {both} is both required and forbidden", file.name)));
    }
    Ok(Baseline {
        name: file.name,
        rooms: file.rooms,
        required: file.required,
        forbidden: file.forbidden,
        version: 0,
        applied_at: Timestamp::UNIX_EPOCH,
        text: text.to_owned(),
        rest: Rest::new(),
    })
}

/// Whom a baseline would fail.
pub fn plan(site: &Site, baseline: &Baseline) -> Plan {
    let mut plan = Plan { baseline: baseline.name.clone(), devices: 0, meet: 0, unmeasured: 0, fail: Vec::new() };
    for asset in assets_of(site, baseline) {
        let facts = Facts::of(site, asset, baseline.applied_at);
        if facts.device.is_none_or(|device| device.state != DeviceState::Active) {
            continue;
        }
        plan.devices += 1;
        match software_of(&facts).map(|(software, _)| wrong(software, baseline)) {
            None => plan.unmeasured += 1,
            Some(wrong) if wrong.is_empty() => plan.meet += 1,
            Some(wrong) => plan.fail.push(PlanLine { tag: asset.tag.clone(), room: asset.room.clone(), wrong }),
        }
    }
    plan.fail.sort_by(|a, b| a.tag.cmp(&b.tag));
    plan
}

/// Applies a baseline: it replaces the one of the same name, and every device that either holds for is judged anew.
///
/// # Errors
/// A room of it does not exist.
pub fn apply(w: &mut Working, mut baseline: Baseline) -> Result<Plan, Refusal> {
    for room in baseline.rooms.iter().filter(|room| room.as_str() != EVERY_ROOM) {
        room::get(&w.site, room)?;
    }
    let before = w.site.baselines.get(&baseline.name).cloned();
    if let Some(before) = before.as_ref().filter(|before| before.text == baseline.text) {
        return Ok(plan(&w.site, before));
    }
    baseline.version = before.as_ref().map_or(0, |before| before.version) + 1;
    baseline.applied_at = w.now;
    let touched: BTreeSet<AssetId> =
        before.as_deref().into_iter().chain([&baseline]).flat_map(|baseline| assets_of(&w.site, baseline)).map(|asset| asset.id).collect();
    let baseline = w.put(baseline);
    let plan = plan(&w.site, &baseline);
    let text = format!(
        "Baseline {} version {} applied: {} of {} meet it",
        baseline.name,
        baseline.version,
        plan.meet,
        crate::words::count(plan.devices, "device", "devices")
    );
    w.event("baseline.applied", text).with(serde_json::json!({ "baseline": baseline.name, "version": baseline.version }));
    for asset in touched {
        crate::alert::judge(w, asset);
    }
    Ok(plan)
}

/// Removes a baseline; the alerts that rest on it are over.
///
/// # Errors
/// There is none of that name.
pub fn remove(w: &mut Working, name: &BaselineId) -> Result<(), Refusal> {
    let missing = || Refusal::not_found(format!("there is no baseline {name}; `rollcall baseline list` shows them"));
    let baseline = w.site.baselines.get(name).cloned().ok_or_else(missing)?;
    let touched: Vec<AssetId> = assets_of(&w.site, &baseline).map(|asset| asset.id).collect();
    w.remove::<Baseline>(name);
    w.event("baseline.removed", format!("Baseline {name} removed"));
    for asset in touched {
        crate::alert::judge(w, asset);
    }
    Ok(())
}

fn assets_of<'a>(site: &'a Site, baseline: &Baseline) -> Box<dyn Iterator<Item = &'a Arc<Asset>> + 'a> {
    if baseline.rooms.iter().any(|room| room.as_str() == EVERY_ROOM) {
        return Box::new(site.assets.values());
    }
    Box::new(baseline.rooms.clone().into_iter().flat_map(|room| site.assets_in(&room)))
}

/// The baselines that hold for a room, by name.
pub(crate) fn of_room<'a>(site: &'a Site, room: Option<&'a RoomId>) -> impl Iterator<Item = &'a Arc<Baseline>> {
    site.baselines.values().filter(move |baseline| baseline.rooms.iter().any(|named| named.as_str() == EVERY_ROOM || Some(named) == room))
}

/// The software list of an asset and since when it is so, as a date; `None` when it was never read.
pub(crate) fn software_of<'a>(facts: &Facts<'a>) -> Option<(&'a Content, String)> {
    let device = facts.device.filter(|device| device.state == DeviceState::Active)?;
    let profile = facts.site.profiles.get(&device.id)?;
    let held = profile.sections.get("software")?;
    let software = facts.site.content("software", &held.digest?)?;
    Some((software, held.since.map_or_else(String::new, crate::words::utc)))
}

/// What is wrong with a software list by a baseline, in words.
pub(crate) fn wrong(software: &Content, baseline: &Baseline) -> Vec<String> {
    let missing = baseline.required.iter().filter_map(|wanted| lacks(software, wanted));
    let forbidden = baseline
        .forbidden
        .iter()
        .flat_map(|wanted| found(software, wanted))
        .map(|package| format!("has {} {}, which is forbidden", package.name, package.version));
    missing.chain(forbidden).collect()
}

/// What a required title lacks on this list, in words; `None`: it is there in a right version.
pub(crate) fn lacks(software: &Content, wanted: &Wanted) -> Option<String> {
    if found(software, wanted).next().is_some() {
        return None;
    }
    let any = found(software, &Wanted { title: wanted.title.clone(), version: None }).next();
    Some(match (any, &wanted.version) {
        (Some(package), Some(version)) => format!("has {} {}, needs {version}", package.name, package.version),
        _ => format!("lacks {}", wanted.title),
    })
}

/// The packages of a list that a title and its range name.
pub(crate) fn found<'a>(software: &'a Content, wanted: &Wanted) -> impl Iterator<Item = Package<'a>> + use<'a> {
    let title = Title::new(&wanted.title);
    let range = wanted.version.as_deref().and_then(|version| Range::parse(version).ok());
    software.packages().filter(move |package| title.is(package.name) && range.as_ref().is_none_or(|range| range.holds(package.version)))
}

/// A title as people write it: compared without regard to case; `*` at the end stands for any ending.
pub(crate) struct Title {
    stem: String,
    open: bool,
}

impl Title {
    /// Reads a title.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim();
        let stem = text.strip_suffix('*');
        Self { stem: stem.unwrap_or(text).to_lowercase(), open: stem.is_some() }
    }

    /// What its names begin with, in small letters.
    pub(crate) fn stem(&self) -> &str {
        &self.stem
    }

    /// Whether a package's name is meant.
    pub(crate) fn is(&self, name: &str) -> bool {
        if !name.is_ascii() {
            let name = name.to_lowercase();
            return if self.open { name.starts_with(&self.stem) } else { name == self.stem };
        }
        // Most names are plain letters: no small copy is made of them.
        let begin = if self.open { name.get(..self.stem.len()) } else { Some(name) };
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(&self.stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{self, Software};

    #[test]
    fn a_file_is_read_and_a_wrong_one_names_the_place() {
        let baseline = parse("name = \"labs\"\nrooms = [\"Lab 118\"]\n[[required]]\ntitle = \"geogebra\"\nversion = \">= 6\"\n").unwrap();
        assert_eq!(baseline.required.first().map(ToString::to_string).as_deref(), Some("geogebra (>= 6)"));
        let check = |text: &str, want: &str| {
            let refusal = parse(text).unwrap_err().to_string();
            assert!(refusal.contains(want), "{refusal}");
        };
        check("name = \"labs\"\nrooms = []\n", "at least one room");
        check("name = \"labs\"\nroom = [\"x\"]\n", "line 2");
        check("name = \"labs\"\nrooms = [\"x\"]\n[[required]]\ntitle = \"a\"\nversion = \">>\"\n", "range of versions");
    }

    #[test]
    fn titles_and_ranges_are_matched() {
        let package = |name: &str, version: &str| v1::Package { name: name.into(), version: version.into(), ..v1::Package::default() };
        let packages = vec![package("GeoGebra", "6.0.848"), package("python3-minimal", "3.11.2-1"), package("Ärger", "1")];
        let software = Content::of(&Section::Software(Software { packages }), &Arc::default());
        let wanted = |title: &str, version: Option<&str>| Wanted { title: title.into(), version: version.map(str::to_owned) };
        assert_eq!(lacks(&software, &wanted("geogebra", Some(">= 6"))), None);
        assert_eq!(lacks(&software, &wanted("geogebra", Some(">= 7"))).as_deref(), Some("has GeoGebra 6.0.848, needs >= 7"));
        assert_eq!(lacks(&software, &wanted("vlc", None)).as_deref(), Some("lacks vlc"));
        assert_eq!(found(&software, &wanted("python3*", None)).count(), 1);
        assert_eq!(found(&software, &wanted("python3", None)).count(), 0);
        assert_eq!(found(&software, &wanted("ärger", None)).count(), 1);
        assert_eq!(found(&software, &wanted("python3-minimal-and-longer*", None)).count(), 0);
    }
}
