//! Space on its disks.

use super::{Concern, Said};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;

pub(super) const CONCERN: Concern = Concern {
    code: "disk",
    word: "Disk",
    title: "a file system has too little space left",
    usual: Colour::Check,
    least: Colour::Off,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Said> {
    let fullest = subject.facts.vitals().and_then(|vitals| vitals.reading.disks.iter().max_by_key(|(_, used)| **used));
    let Some((mount, used)) = fullest else { return Vec::new() };
    let text = format!("{mount} has {} % of its space free", 100u32.saturating_sub(*used));
    if 100 - i64::from(*used) >= subject.policy.limit("disk_free_percent") {
        return vec![Said::well(text)];
    }
    vec![Said::wrong(text, "Remove profiles and downloads of earlier borrowers.")]
}
