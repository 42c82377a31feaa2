//! The software of a machine: one list, filtered as one types.

use super::hardware::content;
use crate::desk::look::{Look, Moment};
use jiff::Timestamp;
use rollcall_proto::{Digest, Section, v1};
use rollcall_site::content::Content;
use rollcall_site::inventory::Profile;
use rollcall_site::packages::Package;
use std::collections::HashMap;

/// Titles shown until all are asked for.
const MOST: usize = 50;
/// Titles shown when all are asked for: more than any machine of a school has.
const ALL: usize = 10_000;

/// The software of a machine.
#[derive(Default)]
pub(super) struct Software {
    /// What is looked for.
    pub text: String,
    /// The titles found, as many as are shown.
    pub titles: Vec<Title>,
    /// How many were found.
    pub found: usize,
    /// How many there are.
    pub known: usize,
    /// Since when the list is so.
    pub since: Option<Moment>,
    /// Why it could not be measured the last time.
    pub not_measured: Option<String>,
}

/// One title.
pub(super) struct Title {
    /// Its name, version, architecture and source.
    pub package: v1::Package,
    /// When it was installed, if that is known.
    pub installed: Option<Moment>,
}

impl Software {
    /// The titles of a machine whose name, version or publisher contains `text`.
    pub fn of(look: &Look, profile: Option<&Profile>, text: &str, all: bool) -> Self {
        let text: String = text.trim().chars().take(100).collect();
        let Some(held) = profile.and_then(|profile| profile.sections.get("software")) else {
            return Self { text, ..Self::default() };
        };
        let list = content(look, "software", held);
        let packages: Vec<Package<'_>> = list.iter().flat_map(Content::packages).collect();
        let dates = match (profile, held.digest) {
            (Some(profile), Some(digest)) => dates(look, profile, &digest, &packages),
            _ => HashMap::new(),
        };
        let needle = text.to_lowercase();
        let fits = |package: &&Package<'_>| {
            [package.name, package.version, package.publisher].iter().any(|text| text.to_lowercase().contains(&needle))
        };
        let found: Vec<&Package<'_>> = packages.iter().filter(fits).collect();
        let shown = found.iter().take(if all { ALL } else { MOST });
        Self {
            titles: shown
                .map(|package| Title { installed: dates.get(package.name).map(|at| look.moment(*at)), package: (**package).into() })
                .collect(),
            found: found.len(),
            known: packages.len(),
            since: held.since.map(|since| look.moment(since)),
            not_measured: held.not_measured.clone(),
            text,
        }
    }
}

/// When each title of `list` was installed.
fn dates(look: &Look, profile: &Profile, digest: &Digest, list: &[Package<'_>]) -> HashMap<String, Timestamp> {
    let dates = profile.sections.get("software-dates").and_then(|held| content(look, "software-dates", held)?.section());
    let Some(Section::SoftwareDates(dates)) = dates else { return HashMap::new() };
    let date = |(name, installed_s): (&str, i64)| Some((name.to_owned(), Timestamp::from_second(installed_s).ok()?));
    dates.by_name(digest, list.iter().map(|package| package.name)).filter_map(date).collect()
}
