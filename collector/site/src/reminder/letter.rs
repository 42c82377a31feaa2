//! What a borrower is written: everything in one mail. It holds a name and an address, so it goes out and is kept nowhere.

use super::{Sent, Step};
use crate::loan::{Loan, policy};
use crate::person::Person;
use crate::{LoanId, Site, words};
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// A mail to a borrower.
#[derive(Clone, PartialEq)]
pub struct Letter {
    /// The channel whose server and sender are used.
    pub channel: String,
    /// The address.
    pub to: String,
    /// How they are called.
    pub name: String,
    /// The subject.
    pub subject: String,
    /// What is overdue.
    pub overdue: Vec<Line>,
    /// What is due soon.
    pub soon: Vec<Line>,
    /// The loans that it speaks of.
    pub loans: Vec<LoanId>,
}

/// One thing in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(pub String);

impl fmt::Debug for Letter {
    /// Without name and address: they go into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("channel", &self.channel).field("loans", &self.loans).finish_non_exhaustive()
    }
}

impl Letter {
    pub(super) fn of(site: &Site, person: &Person, told: &[(Arc<Loan>, Sent)], now: Timestamp) -> Self {
        let line = |loan: &Loan| line(site, loan, now);
        let (late, soon): (Vec<_>, Vec<_>) = told.iter().partition(|(_, sent)| matches!(sent.step, Step::After(_)));
        let subject = match (late.len(), soon.len()) {
            (0, 1) => "Please bring back what you borrowed".to_owned(),
            (0, soon) => format!("Please bring back {}", words::count(soon, "thing", "things")),
            (late, _) => format!("Overdue: please bring back {}", words::count(late, "thing", "things")),
        };
        Self {
            channel: policy::of(site).reminders.channel.clone().unwrap_or_default(),
            to: person.mail.clone(),
            name: person.name.clone(),
            subject,
            overdue: late.iter().map(|(loan, _)| line(loan)).collect(),
            soon: soon.iter().map(|(loan, _)| line(loan)).collect(),
            loans: told.iter().map(|(loan, _)| loan.id).collect(),
        }
    }
}

/// "LAP-042, Dell Latitude 5420, with charger and case: was due on Tuesday, 24 November 2026".
fn line(site: &Site, loan: &Loan, now: Timestamp) -> Line {
    let mut text = crate::loan::tag_of(site, loan.asset);
    if let Some(title) = site.assets.get(&loan.asset).map(|asset| asset.title()).filter(|title| *title != text) {
        text.push_str(&format!(", {title}"));
    }
    let along = loan.along(site);
    if !along.is_empty() {
        text.push_str(&format!(", with {}", along.join(", ")));
    }
    if let Some(due) = loan.due {
        let verb = if due < now { "was due" } else { "is due" };
        text.push_str(&format!(": {verb} on {}", due.to_zoned_datetime(site.zone()).strftime("%A, %-d %B %Y")));
    }
    Line(text)
}
