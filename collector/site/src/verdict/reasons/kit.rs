//! The tagged parts of its kit, which are lent with it.

use super::{Concern, Said};
use crate::asset::{Asset, kit_of, not_with};
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
    let away = |part: &Asset| not_with(subject.site(), whole, part);
    let is_with_it = |part: &&Arc<Asset>| away(part).is_none();
    let (with, without): (Vec<_>, Vec<_>) = kit_of(subject.site(), whole).partition(is_with_it);
    let absent = without.into_iter().filter_map(|part| {
        let why = away(part)?;
        let text = format!("{} of its kit is not with it: it is {why}", part.tag);
        Some(Said::wrong(text, "It leaves without that part, or lend another one."))
    });
    let tags: Vec<&str> = with.iter().map(|part| part.tag.as_str()).collect();
    let along = (!tags.is_empty()).then(|| Said::well(format!("its kit leaves with it: {}", tags.join(", "))));
    absent.chain(along).collect()
}
