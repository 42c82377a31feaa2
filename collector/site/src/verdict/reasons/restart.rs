//! A restart that it has needed for a while.

use super::{Concern, Said};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use crate::words;
use jiff::SignedDuration;

pub(super) const CONCERN: Concern = Concern {
    code: "restart",
    word: "Restart",
    title: "it has needed a restart for too long",
    usual: Colour::Check,
    least: Colour::Off,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Said> {
    let Some(since) = subject.facts.profile().and_then(|profile| profile.restart_since) else { return Vec::new() };
    let needed = subject.now().duration_since(since);
    let text = format!("its updates have needed a restart for {}", words::span(needed));
    if needed <= SignedDuration::from_hours(24 * subject.policy.limit("restart_days")) {
        return vec![Said::well(text)];
    }
    vec![Said::wrong(text, "Restart it before it leaves.")]
}
