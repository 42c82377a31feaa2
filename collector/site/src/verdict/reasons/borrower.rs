//! Who is to have it: in the roster, with what standing, and whether they may borrow.

use super::{Concern, Said};
use crate::person::{Person, Standing};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use crate::{person, words};
use std::sync::Arc;

pub(super) const BLOCKED: Concern = Concern {
    code: "blocked",
    word: "Borrower",
    title: "the borrower may not borrow",
    usual: Colour::Stop,
    least: Colour::Check,
    check: blocked,
};
pub(super) const LEFT: Concern = Concern {
    code: "left",
    word: "Borrower",
    title: "the borrower has left the school",
    usual: Colour::Stop,
    least: Colour::Check,
    check: left,
};
pub(super) const PROVISIONAL: Concern = Concern {
    code: "provisional",
    word: "Borrower",
    title: "the borrower is not in the roster yet",
    usual: Colour::Check,
    least: Colour::Off,
    check: provisional,
};
pub(super) const UNKNOWN: Concern = Concern {
    code: "borrower",
    word: "Borrower",
    title: "nobody has the borrower's id",
    usual: Colour::Stop,
    least: Colour::Stop,
    check: unknown,
};

fn of(subject: &Subject<'_>, says: impl Fn(&Arc<Person>) -> Option<Said>) -> Vec<Said> {
    subject.borrower().and_then(says).into_iter().collect()
}

fn blocked(subject: &Subject<'_>) -> Vec<Said> {
    of(subject, |person| {
        let why = person.blocked.as_ref()?;
        let remedy = format!("Settle it, then take the block off {}.", person.id);
        Some(Said::wrong(format!("{} may not borrow: {why}", person.id), remedy))
    })
}

fn left(subject: &Subject<'_>) -> Vec<Said> {
    of(subject, |person| match person.standing {
        Standing::Left(since) => {
            let text = format!("{} has left: the roster names them no more since {}", person.id, words::utc(since));
            Some(Said::wrong(text, "Look at the card again; if they are back, bring in the newest roster."))
        }
        Standing::Enrolled | Standing::Provisional => None,
    })
}

fn provisional(subject: &Subject<'_>) -> Vec<Said> {
    of(subject, |person| match person.standing {
        Standing::Provisional => {
            let text = format!("{} was added at the desk and is not in the roster yet", person.id);
            Some(Said::wrong(text, "Look at the card; the next roster that names them settles it."))
        }
        Standing::Enrolled | Standing::Left(_) => None,
    })
}

fn unknown(subject: &Subject<'_>) -> Vec<Said> {
    let Some(id) = subject.person else { return Vec::new() };
    if let Err(refusal) = person::get(subject.site(), id) {
        return vec![Said::wrong(refusal.text, "Look at the card again, or bring the person in with `rollcall person import`.")];
    }
    let has = match subject.site().held_by(id).count() {
        0 => "nothing out".to_owned(),
        some => format!("{some} out"),
    };
    vec![Said::well(format!("{id} is in the roster and has {has}"))]
}
