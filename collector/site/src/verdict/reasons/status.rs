//! Where it stands in its life.

use super::{Concern, Said};
use crate::asset::AssetStatus;
use crate::verdict::Colour;
use crate::verdict::subject::Subject;

pub(super) const CONCERN: Concern =
    Concern { code: "status", word: "Status", title: "it is not in service", usual: Colour::Stop, least: Colour::Stop, check };

fn check(subject: &Subject<'_>) -> Vec<Said> {
    match subject.asset().status {
        AssetStatus::InService => Vec::new(),
        status => vec![Said::wrong(format!("it is {}", status.word()), "Lend another one, or put it back in service.")],
    }
}
