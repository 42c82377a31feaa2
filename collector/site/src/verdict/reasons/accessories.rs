//! What belongs to it and has no tag of its own: the charger, the case.

use super::{Concern, Said};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;

pub(super) const CONCERN: Concern = Concern {
    code: "accessories",
    word: "Hand out",
    title: "an accessory did not come back last time",
    usual: Colour::Check,
    least: Colour::Off,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Said> {
    let missing = missing(subject);
    let is_missing = |name: &&String| missing.iter().any(|other| other.eq_ignore_ascii_case(name));
    let (gone, left): (Vec<&String>, Vec<&String>) = subject.asset().accessories.iter().partition(is_missing);
    let list = |names: &[&String]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let mut said = Vec::new();
    if !gone.is_empty() {
        let text = format!("it came back last time without: {}", list(&gone));
        said.push(Said::wrong(text, "Put another one with it, or take it from the asset's accessories."));
    }
    if !left.is_empty() {
        said.push(Said::well(format!("hand out with it: {}", list(&left))));
    }
    said
}

/// What did not come back with its last loan.
fn missing<'a>(subject: &Subject<'a>) -> &'a [String] {
    let last = subject.last_loan().and_then(|loan| loan.back.as_ref());
    last.map_or(&[], |back| back.missing.as_slice())
}
