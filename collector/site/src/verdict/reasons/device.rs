//! Whether an agent is on it at all.

use super::{Concern, Said};
use crate::asset::AssetKind;
use crate::verdict::Colour;
use crate::verdict::subject::Subject;

pub(super) const CONCERN: Concern = Concern {
    code: "device",
    word: "Agent",
    title: "it is a PC or a laptop without an agent",
    usual: Colour::Check,
    least: Colour::Off,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Said> {
    if subject.facts.device.is_some() {
        return Vec::new();
    }
    vec![match subject.asset().kind {
        AssetKind::Pc | AssetKind::Laptop => {
            Said::wrong("it has no agent: nothing is known of its state", "Look at it yourself, or enrol it.")
        }
        _ => Said::well("it has no agent, as expected of its kind"),
    }]
}
