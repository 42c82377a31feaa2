//! Whether its hardware was compared since it came back last.

use super::{Concern, Said};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use crate::{return_diff, words};

pub(super) const CONCERN: Concern = Concern {
    code: "return",
    word: "Return",
    title: "its hardware was not yet compared since it came back",
    usual: Colour::Go,
    least: Colour::Off,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Said> {
    let Some(loan) = return_diff::awaited(subject.site(), subject.asset().id) else { return Vec::new() };
    let back = loan.in_at.map(words::utc).unwrap_or_default();
    vec![Said::wrong(
        format!("it came back on {back}, and its hardware is compared when it next reports"),
        "Switch it on here to know now.",
    )]
}
