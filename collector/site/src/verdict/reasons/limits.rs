//! What the loan policy has against a loan: the agreement, charges, how many at once, overdue items, somebody else's reservation.

use super::{Concern, Said};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;

pub(super) const AGREEMENT: Concern = Concern {
    code: "agreement",
    word: "Agreement",
    title: "the borrower has not accepted the loan agreement",
    usual: Colour::Stop,
    least: Colour::Off,
    check: |subject| of(subject, "agreement"),
};
pub(super) const CHARGES: Concern = Concern {
    code: "charges",
    word: "Charges",
    title: "the borrower owes more than the loan policy allows",
    usual: Colour::Stop,
    least: Colour::Off,
    check: |subject| of(subject, "charges"),
};
pub(super) const LIMIT: Concern = Concern {
    code: "limit",
    word: "Limit",
    title: "the borrower has as many out as the loan policy allows",
    usual: Colour::Stop,
    least: Colour::Off,
    check: |subject| of(subject, "limit"),
};
pub(super) const OVERDUE: Concern = Concern {
    code: "overdue",
    word: "Overdue",
    title: "the borrower has something that is overdue, and the loan policy minds",
    usual: Colour::Stop,
    least: Colour::Off,
    check: |subject| of(subject, "overdue"),
};
pub(super) const RESERVED: Concern = Concern {
    code: "reserved",
    word: "Reserved",
    title: "it is reserved for somebody else",
    usual: Colour::Stop,
    least: Colour::Check,
    check: |subject| of(subject, "reserved"),
};

fn of(subject: &Subject<'_>, code: &str) -> Vec<Said> {
    let objections = subject.objections().iter().filter(|objection| objection.code == code);
    objections.map(|objection| Said::wrong(objection.text.clone(), objection.remedy.clone())).collect()
}
