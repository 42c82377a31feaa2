//! Who has a title.

use super::SoftwareRow;
use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::packages::{Marks, Package};
use crate::title::Title;
use crate::version::{Range, Scheme};
use crate::{DeviceId, Site};
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap};

/// Who has a title.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Installed {
    /// Machines that have it.
    pub machines: usize,
    /// Versions of titles that were found.
    pub version_count: usize,
    /// Those, the commonest first; at most [`MOST_VERSIONS`].
    pub versions: Vec<VersionCount>,
    /// How often it is installed: a package of two architectures is two.
    pub row_count: usize,
    /// Those by room, tag and title, as many as were asked for.
    pub rows: Vec<SoftwareRow>,
}

/// How many machines have one version of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionCount {
    /// The package's name.
    pub title: String,
    /// Its version.
    pub version: String,
    /// Machines that have it.
    pub machines: usize,
}

/// Most versions that are named.
pub const MOST_VERSIONS: usize = 100;

/// Who has a title (a package's name without regard to case, or a well-known title; `*` at the end stands for any ending), in a range of versions; `most` rows at most.
pub fn software(site: &Site, title: &str, range: Option<&Range>, most: usize) -> Installed {
    let title = Title::new(title);
    let in_range = |package: &Package<'_>| range.is_none_or(|range| range.holds_by(Scheme::of(package.source), package.version));
    let mut marks = Marks::default();
    let found =
        site.packages().titled(&title).into_iter().filter(|number| site.packages().get(*number).is_some_and(|package| in_range(&package)));
    found.for_each(|number| marks.set(number));
    if marks.count() == 0 {
        return Installed::default();
    }
    // Thirty identical PCs share one list: it is searched once.
    let lists = site.lists().map(|(digest, list)| (digest, list.marked(site.packages(), &marks).collect::<Vec<_>>()));
    let lists: Lists<'_> = lists.filter(|(_, packages)| !packages.is_empty()).collect();
    let (mut machines, mut row_count, mut versions) = (0, 0, BTreeMap::<(&str, &str), usize>::new());
    for (digest, packages) in &lists {
        let with_it = with_list(site, digest).count();
        machines += with_it;
        row_count += with_it * packages.len();
        // A package of two architectures is one on its machine.
        let mut once: Vec<(&str, &str)> = packages.iter().map(|package| (package.name, package.version)).collect();
        once.sort_unstable();
        once.dedup();
        once.into_iter().for_each(|version| *versions.entry(version).or_default() += with_it);
    }
    let (version_count, versions) = commonest(versions);
    let mut rows = if row_count > most.saturating_mul(OFTEN) { room_by_room(site, &lists, most) } else { list_by_list(site, &lists) };
    rows.sort_by(Row::order);
    rows.truncate(most);
    Installed { machines, version_count, versions, row_count, rows: rows.iter().map(Row::shown).collect() }
}

/// The devices in service that have this list of software.
pub(crate) fn with_list<'a>(site: &'a Site, digest: &[u8; 32]) -> impl Iterator<Item = DeviceId> + use<'a> {
    let digest = *digest;
    let from = site.by_list.range((digest, DeviceId(uuid::Uuid::nil()))..);
    from.take_while(move |(list, _)| *list == digest).map(|(_, device)| *device)
}

/// A title with so many times the rows that are wanted is looked for room by room, until there are enough.
const OFTEN: usize = 8;

/// What was found on each list of software.
type Lists<'a> = HashMap<&'a [u8; 32], Vec<Package<'a>>>;

/// Every row.
fn list_by_list<'a>(site: &'a Site, lists: &'a Lists<'a>) -> Vec<Row<'a>> {
    let machines = lists.iter().flat_map(|(digest, packages)| with_list(site, digest).map(move |device| (device, packages)));
    let found = machines.filter_map(|(device, packages)| {
        let device = &**site.devices.get(&device)?;
        Some((&**site.assets.get(&device.asset)?, device, packages))
    });
    found.flat_map(|(asset, device, packages)| packages.iter().map(move |package| Row { asset, device, package })).collect()
}

/// The rows of the first rooms, as many as are wanted or some more; all when the rooms have fewer.
fn room_by_room<'a>(site: &'a Site, lists: &'a Lists<'a>, most: usize) -> Vec<Row<'a>> {
    let (mut rows, mut last) = (Vec::new(), None);
    for (room, asset) in &site.by_room {
        if last != Some(room) && rows.len() >= most {
            return rows;
        }
        last = Some(room);
        rows.extend(site.assets.get(asset).into_iter().flat_map(|asset| rows_of(site, lists, asset)));
    }
    if rows.len() < most { list_by_list(site, lists) } else { rows }
}

fn rows_of<'a>(site: &'a Site, lists: &'a Lists<'a>, asset: &'a Asset) -> impl Iterator<Item = Row<'a>> {
    let device = asset.device.and_then(|device| site.devices.get(&device)).filter(|device| device.state == DeviceState::Active);
    let found = device.and_then(|device| {
        let (digest, _) = site.profiles.get(&device.id)?.listed()?;
        Some((&**device, lists.get(&digest)?))
    });
    found.into_iter().flat_map(move |(device, packages)| packages.iter().map(move |package| Row { asset, device, package }))
}

/// A package on a machine, before anything of it is copied.
struct Row<'a> {
    asset: &'a Asset,
    device: &'a Device,
    package: &'a Package<'a>,
}

impl Row<'_> {
    /// By room, those of no room last, then by tag and title.
    fn order(&self, other: &Self) -> Ordering {
        let key = |row: &Self| (row.asset.room.is_none(), &row.asset.room, &row.asset.tag, row.package.name, row.package.version);
        key(self).cmp(&key(other))
    }

    fn shown(&self) -> SoftwareRow {
        let Self { asset, device, package } = self;
        SoftwareRow {
            title: package.name.to_owned(),
            version: package.version.to_owned(),
            architecture: package.architecture.to_owned(),
            source: package.source.to_owned(),
            device: device.host_name.clone(),
            tag: asset.tag.clone(),
            room: asset.room.clone(),
        }
    }
}

/// How many versions there are on any machine, and the commonest of them.
fn commonest(versions: BTreeMap<(&str, &str), usize>) -> (usize, Vec<VersionCount>) {
    let mut versions: Vec<_> = versions.into_iter().filter(|(_, machines)| *machines > 0).collect();
    versions.sort_by_key(|(_, machines)| Reverse(*machines));
    let named = versions.iter().take(MOST_VERSIONS).map(|((title, version), machines)| VersionCount {
        title: (*title).to_owned(),
        version: (*version).to_owned(),
        machines: *machines,
    });
    (versions.len(), named.collect())
}
