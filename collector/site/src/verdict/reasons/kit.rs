//! The tagged parts of its kit, which are lent with it.

use super::{Concern, Said};
use crate::asset::{Asset, AssetStatus, kit_of};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use std::sync::Arc;

pub(super) const CONCERN: Concern = Concern {
    code: "kit",
    word: "Kit",
    title: "a part of its kit is out, or is not in service",
    usual: Colour::Check,
    least: Colour::Off,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Said> {
    let whole = subject.asset().id;
    let is_with_it = |part: &&Arc<Asset>| away(subject, part).is_none();
    let (with, without): (Vec<_>, Vec<_>) = kit_of(subject.site(), whole).partition(is_with_it);
    let absent = without.into_iter().filter_map(|part| {
        let why = away(subject, part)?;
        let text = format!("{} of its kit is not with it: it is {why}", part.tag);
        Some(Said::wrong(text, "It leaves without that part, or lend another one."))
    });
    let tags: Vec<&str> = with.iter().map(|part| part.tag.as_str()).collect();
    let along = (!tags.is_empty()).then(|| Said::well(format!("its kit leaves with it: {}", tags.join(", "))));
    absent.chain(along).collect()
}

/// Why a part does not leave with it; none: it does.
fn away(subject: &Subject<'_>, part: &Asset) -> Option<String> {
    let loan = subject.site().open_loan(part.id).filter(|loan| loan.asset != subject.asset().id);
    match (loan, part.status) {
        (Some(loan), _) => Some(format!("out to {}", loan.person)),
        (None, AssetStatus::InService) => None,
        (None, status) => Some(status.word().to_owned()),
    }
}
