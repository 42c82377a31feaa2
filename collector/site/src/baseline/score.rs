//! How well rooms meet their baselines, in one number.

use super::plan::Bench;
use super::{BaselineId, assets_of};
use crate::{RoomId, Site};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How well the machines of a room meet their baselines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// The room; none: machines that belong in none.
    pub room: Option<RoomId>,
    /// Machines that a baseline holds for, and of which enough was measured.
    pub devices: usize,
    /// Machines that meet all of it, by a waiver too.
    pub meet: usize,
    /// Machines that nothing is known of.
    pub unmeasured: usize,
    /// Things that they were checked for.
    pub checks: usize,
    /// Those that are as they should be.
    pub met: usize,
    /// The share of the checks that are met, per cent, rounded down: 100 is all of them.
    pub percent: usize,
    /// Things that are wrong and were waived.
    pub waived: usize,
    /// The baselines, by name.
    pub baselines: BTreeSet<BaselineId>,
}

/// What is known of one asset by several baselines.
#[derive(Default)]
struct Sum {
    room: Option<RoomId>,
    checks: usize,
    met: usize,
    waived: usize,
    wrong: bool,
    baselines: BTreeSet<BaselineId>,
}

/// The score of each room that a baseline holds for, by name; machines of no room last.
pub fn scores(site: &Site, now: Timestamp) -> Vec<Score> {
    let mut sums = BTreeMap::<crate::AssetId, Sum>::new();
    for baseline in site.baselines.values() {
        let mut bench = Bench::of(site, baseline, now);
        for asset in assets_of(site, baseline) {
            let Some(judged) = bench.judge(asset) else { continue };
            let sum = sums.entry(asset.id).or_insert_with(|| Sum { room: asset.room.clone(), ..Sum::default() });
            sum.checks += judged.checks;
            sum.met += judged.met();
            sum.waived += judged.waived.len();
            sum.wrong |= !judged.wrong.is_empty();
            sum.baselines.insert(baseline.name.clone());
        }
    }
    let mut rooms = BTreeMap::<(bool, Option<RoomId>), Score>::new();
    for sum in sums.into_values() {
        let score = rooms.entry((sum.room.is_none(), sum.room.clone())).or_default();
        score.baselines.extend(sum.baselines);
        if sum.checks == 0 {
            score.unmeasured += 1;
            continue;
        }
        score.devices += 1;
        score.meet += usize::from(!sum.wrong);
        score.checks += sum.checks;
        score.met += sum.met;
        score.waived += sum.waived;
    }
    let percent = |score: &Score| (score.met * 100).checked_div(score.checks).unwrap_or(0);
    rooms.into_iter().map(|((_, room), score)| Score { room, percent: percent(&score), ..score }).collect()
}
