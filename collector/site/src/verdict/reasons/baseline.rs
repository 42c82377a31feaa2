//! The baselines of the loan image: all that hold for its room or its tag.

use super::{Concern, Said};
use crate::baseline::Judged;
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use crate::words;

pub(super) const CONCERN: Concern = Concern {
    code: "baseline",
    word: "Software",
    title: "a baseline is not met, or can't be judged",
    usual: Colour::Check,
    least: Colour::Off,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Said> {
    subject.facts.baselines().iter().map(of).collect()
}

fn of(judged: &Judged) -> Said {
    let name = &judged.baseline.name;
    if judged.unknown.contains(&"software") {
        return Said::wrong(format!("its software was never read, so baseline {name} can't be judged"), "Rescan it.");
    }
    if !judged.wrong.is_empty() {
        let wrong = words::first(judged.words().into_iter().chain(judged.waived_words()).collect(), 5);
        return Said::wrong(format!("it {} (baseline {name})", wrong.join(", ")), "Install, remove or set what is named.");
    }
    if judged.waived.is_empty() {
        return Said::well(format!("it meets baseline {name}"));
    }
    let waived = words::first(judged.waived_words(), 5).join(", ");
    Said::well(format!("it meets baseline {name}, but for what is waived: it {waived}"))
}
