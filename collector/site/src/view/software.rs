//! Who has a title.

use super::SoftwareRow;
use crate::asset::{Asset, AssetStatus};
use crate::baseline::Title;
use crate::device::{Device, DeviceState};
use crate::packages::Package;
use crate::version::Range;
use crate::{DeviceId, Site};
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Those by title, room and tag, as many as were asked for.
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

/// Who has a title (its name without regard to case; `*` at the end stands for any ending), in a range of versions; `most` rows at most.
pub fn software(site: &Site, title: &str, range: Option<&Range>, most: usize) -> Installed {
    let title = Title::new(title);
    let in_range = |package: &Package<'_>| range.is_none_or(|range| range.holds(package.version));
    let marks = site.packages().marked(title.stem(), |name| title.is(name), in_range);
    if marks.count() == 0 {
        return Installed::default();
    }
    // Thirty identical PCs share one list: it is searched once.
    let lists = site.lists().map(|(digest, list)| (digest, list.marked(site.packages(), &marks).collect::<Vec<_>>()));
    let lists: Vec<(&[u8; 32], Vec<Package<'_>>)> = lists.filter(|(_, packages)| !packages.is_empty()).collect();
    let (mut found, mut machines, mut versions) = (Vec::new(), 0, BTreeMap::<(&str, &str), usize>::new());
    for (digest, packages) in &lists {
        let mut with_it = 0;
        for (asset, device) in with_list(site, digest) {
            found.extend(packages.iter().map(|package| Row { asset, device, package }));
            with_it += 1;
        }
        // A package of two architectures is one on its machine.
        let once: BTreeSet<(&str, &str)> = packages.iter().map(|package| (package.name, package.version)).collect();
        once.into_iter().for_each(|version| *versions.entry(version).or_default() += with_it);
        machines += with_it;
    }
    let (version_count, versions) = commonest(versions);
    Installed { machines, version_count, versions, row_count: found.len(), rows: first(found, most).iter().map(Row::shown).collect() }
}

/// The machines in service that have this list of software.
pub(super) fn with_list<'a>(site: &'a Site, digest: &[u8; 32]) -> impl Iterator<Item = (&'a Asset, &'a Device)> + use<'a> {
    let digest = *digest;
    let from = site.by_list.range((digest, DeviceId(uuid::Uuid::nil()))..).take_while(move |(list, _)| *list == digest);
    from.filter_map(|(_, device)| {
        let device = site.devices.get(device)?;
        let asset = site.assets.get(&device.asset).filter(|asset| asset.device == Some(device.id))?;
        let serves = device.state == DeviceState::Active && asset.status != AssetStatus::Retired;
        serves.then_some((&**asset, &**device))
    })
}

/// A package on a machine, before anything of it is copied.
struct Row<'a> {
    asset: &'a Asset,
    device: &'a Device,
    package: &'a Package<'a>,
}

impl Row<'_> {
    fn order(&self, other: &Self) -> Ordering {
        let key = |row: &Self| (row.package.name, &row.asset.room, &row.asset.tag);
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

/// The first rows in order: what nobody sees is not sorted.
fn first(mut rows: Vec<Row<'_>>, most: usize) -> Vec<Row<'_>> {
    if most < rows.len() {
        rows.select_nth_unstable_by(most, Row::order);
        rows.truncate(most);
    }
    rows.sort_by(Row::order);
    rows
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
