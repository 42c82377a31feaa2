//! Baselines: what software and settings machines must, may and must not have; how they stand, and the file that says so.

mod drift;
mod edit;
mod hands;
mod list;
mod one;
mod planned;

pub(in crate::desk) use drift::show as drift;
pub(in crate::desk) use edit::{apply, look_at, show as edit};
pub(in crate::desk) use hands::{end_waiver, remove, restore, waive};
pub(in crate::desk) use list::show as list;
pub(in crate::desk) use one::show as one;

use crate::desk::address::encoded;
use crate::desk::trouble::Trouble;
use rollcall_site::baseline::Baseline;
use rollcall_site::{BaselineId, Refusal};
use std::fmt::Display;

/// A baseline's page.
fn address(name: &BaselineId) -> String {
    format!("/baselines/{}", encoded(&name.to_string()))
}

/// The name in an address.
fn named(text: &str) -> Result<BaselineId, Trouble> {
    Ok(BaselineId::parse(text).map_err(Refusal::from)?)
}

/// Where a baseline holds, in words.
fn whereabouts(baseline: &Baseline) -> String {
    let is_every = baseline.rooms.iter().any(|room| room.as_str() == "*");
    let rooms = if is_every { "every room".to_owned() } else { listed(&baseline.rooms) };
    [rooms, listed(&baseline.tags)].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", and ")
}

fn listed<T: Display>(names: &[T]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
