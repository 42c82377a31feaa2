//! Whether it is out already.

use super::{Concern, Said};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use crate::words;

pub(super) const CONCERN: Concern =
    Concern { code: "loan", word: "Loan", title: "it is out already", usual: Colour::Stop, least: Colour::Stop, check };

fn check(subject: &Subject<'_>) -> Vec<Said> {
    let Some(loan) = subject.site().open_loan(subject.asset().id) else { return Vec::new() };
    let main = subject.site().assets.get(&loan.asset).filter(|main| main.id != subject.asset().id);
    let part = main.map(|main| format!(" as a part of the kit of {}", main.tag)).unwrap_or_default();
    let text = format!("it is out{part}: lent to {} {} ago", loan.person, words::ago(loan.out_at, subject.now()));
    vec![Said::wrong(text, main.map_or_else(|| "Take it back first.".to_owned(), |main| format!("Take {} back first.", main.tag)))]
}
