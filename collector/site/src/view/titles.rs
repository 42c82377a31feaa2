//! The software titles that are installed anywhere, each with its machines counted.

use super::software::with_list;
use crate::Site;
use serde::Serialize;
use std::ops::Range;

/// A title that is installed somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TitleRow {
    /// Its name.
    pub title: String,
    /// Where it was read: "dpkg", "rpm", "registry".
    pub source: String,
    /// Machines that have it.
    pub machines: usize,
    /// Versions of it that are installed.
    pub versions: usize,
}

/// A name while its machines are counted.
struct Name {
    numbers: Vec<u32>,
    machines: usize,
    /// The list that was counted last, from 1: two architectures on one list are one machine.
    last_list: usize,
}

/// No name that is looked for.
const NONE: u32 = u32::MAX;

/// Some of the titles whose name contains `text` without regard to case, what most machines have first; and how many there are.
pub fn titles(site: &Site, text: Option<&str>, part: Range<usize>) -> (Vec<TitleRow>, usize) {
    let packages = site.packages();
    let text = text.map(|text| text.trim().to_lowercase()).unwrap_or_default();
    let named = packages.named(|name| name.contains(&text));
    let mut names: Vec<Name> = named.into_iter().map(|numbers| Name { numbers, machines: 0, last_list: 0 }).collect();
    let mut name_of = vec![NONE; packages.count()];
    for (place, name) in names.iter().enumerate() {
        for number in &name.numbers {
            if let (Some(slot), Ok(place)) = (name_of.get_mut(*number as usize), u32::try_from(place)) {
                *slot = place;
            }
        }
    }
    let mut is_used = vec![false; name_of.len()];
    // Thirty identical PCs share one list: it is looked through once.
    for (nth, (digest, list)) in site.lists().enumerate() {
        let machines = with_list(site, digest).count();
        let numbers = list.list().map(|(_, numbers)| numbers).filter(|_| machines > 0).unwrap_or_default();
        for number in numbers {
            let name = name_of.get(*number as usize).and_then(|place| names.get_mut(*place as usize));
            let Some(name) = name else { continue };
            if let Some(used) = is_used.get_mut(*number as usize) {
                *used = true;
            }
            if name.last_list != nth + 1 {
                name.last_list = nth + 1;
                name.machines += machines;
            }
        }
    }
    names.retain(|name| name.machines > 0);
    let found = names.len();
    // The names come in their order, and a stable sort keeps it.
    names.sort_by_key(|name| std::cmp::Reverse(name.machines));
    let shown = names.into_iter().skip(part.start).take(part.len());
    let row = |name: Name| {
        let used = name.numbers.iter().filter(|number| is_used.get(**number as usize).copied().unwrap_or(false));
        let mut used: Vec<_> = used.filter_map(|number| packages.get(*number)).collect();
        used.sort_unstable();
        used.dedup_by_key(|package| package.version);
        let first = used.first()?;
        Some(TitleRow { title: first.name.to_owned(), source: first.source.to_owned(), machines: name.machines, versions: used.len() })
    };
    (shown.filter_map(row).collect(), found)
}
