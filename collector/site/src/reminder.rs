//! Reminders: who is written to about what they have, before it is due and after. What is to be sent is written down before it is sent, and
//! what came of it after, so that a crash between the two sends nothing twice. Records and events name loans and ids, never an address.

mod letter;
mod steps;
#[cfg(test)]
mod tests;

pub use letter::{Letter, Line};
pub use steps::{Step, next_step};

use crate::loan::{self, Loan, policy};
use crate::record::{Record, Rest, Table};
use crate::{LoanId, PersonId, Refusal, Site, Working, person, words};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a borrower was sent about one loan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reminder {
    /// Of which loan.
    pub loan: LoanId,
    /// What was sent, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
    /// What is being sent now; one that stands here after a start may have arrived or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<Sent>,
    /// The mail server wants it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// One reminder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Which of them.
    pub step: Step,
    /// For which due date: a loan that is renewed begins anew.
    pub due: Timestamp,
    /// When.
    pub at: Timestamp,
    /// Whether the mail server took it.
    #[serde(default, skip_serializing_if = "is_sent")]
    pub outcome: Outcome,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What came of a reminder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The mail server took it.
    #[default]
    Sent,
    /// The collector stopped in the middle: it may have arrived. It is not sent again.
    Unknown,
    /// The mail server takes no mail for this borrower.
    Refused,
    /// The mail server could not be reached, or wants it later: it is tried again.
    Later,
}

fn is_sent(outcome: &Outcome) -> bool {
    *outcome == Outcome::Sent
}

impl Record for Reminder {
    type Key = LoanId;
    const KIND: &'static str = "reminder";
    fn key(&self) -> LoanId {
        self.loan
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.reminders
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.reminders
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            site.sending_reminders.remove(&old.loan);
        }
        if let Some(new) = new.filter(|reminder| reminder.sending.is_some()) {
            site.sending_reminders.insert(new.loan);
        }
    }
}

/// A mail that was not taken is tried again after this.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// The borrowers who are to be written to now; empty outside of school days and of the hours that the policy names.
pub fn due(site: &Site, now: Timestamp) -> BTreeSet<PersonId> {
    if !is_open(site, now) {
        return BTreeSet::new();
    }
    let loans = steps::candidates(site, now).filter(|loan| next_step(site, loan, now).is_some());
    loans.filter(|loan| is_reachable(site, &loan.person)).map(|loan| loan.person.clone()).collect()
}

/// The borrowers who would be written to, had they an address.
pub fn without_address(site: &Site, now: Timestamp) -> BTreeSet<PersonId> {
    let late = loan::overdue(site, now).filter(|loan| !is_reachable(site, &loan.person));
    late.map(|loan| loan.person.clone()).collect()
}

/// Whether mails go out at that moment: a channel is named, it is a school day, and within the hours.
pub fn is_open(site: &Site, now: Timestamp) -> bool {
    let policy = policy::of(site);
    let at = now.to_zoned_datetime(site.zone());
    let minute = at.hour().unsigned_abs() as u16 * 60 + at.minute().unsigned_abs() as u16;
    let between = policy.reminders.between;
    policy.reminders.channel.is_some()
        && loan::is_school_day(site, at.date())
        && (between.from.minutes()..between.to.minutes()).contains(&minute)
}

fn is_reachable(site: &Site, person: &PersonId) -> bool {
    site.persons.get(person).is_some_and(|person| !person.mail.is_empty())
}

/// Begins to write to a borrower: one mail for everything. It is written down that it is being sent; `None`: nothing is to be said any more.
///
/// # Errors
/// There is no such person.
pub fn begin(w: &mut Working, id: &PersonId) -> Result<Option<Letter>, Refusal> {
    let person = Arc::clone(person::get(&w.site, id)?);
    if person.mail.is_empty() || !is_open(&w.site, w.now) {
        return Ok(None);
    }
    let held: Vec<Arc<Loan>> = w.site.held_by(id).cloned().collect();
    let told: Vec<(Arc<Loan>, Sent)> = held.into_iter().filter_map(|loan| Some((Arc::clone(&loan), to_send(w, &loan)?))).collect();
    if told.is_empty() {
        return Ok(None);
    }
    for (loan, sent) in &told {
        let before = of_loan(&w.site, loan.id);
        w.put(Reminder { sending: Some(sent.clone()), not_before: None, ..before });
    }
    Ok(Some(Letter::of(&w.site, &person, &told, w.now)))
}

fn to_send(w: &Working, loan: &Loan) -> Option<Sent> {
    let step = next_step(&w.site, loan, w.now)?;
    Some(Sent { step, due: loan.due?, at: w.now, outcome: Outcome::Sent, rest: Rest::new() })
}

/// Writes down what came of a mail.
pub fn finish(w: &mut Working, loans: &[LoanId], outcome: Outcome) {
    let mut said: Vec<String> = Vec::new();
    let mut to: Option<PersonId> = None;
    for id in loans {
        let Some(reminder) = w.site.reminders.get(id).cloned() else { continue };
        let Some(sending) = reminder.sending.clone() else { continue };
        let mut after = Reminder { sending: None, ..(*reminder).clone() };
        if outcome == Outcome::Later {
            after.not_before = w.now.checked_add(AGAIN).ok();
        } else {
            after.sent.push(Sent { outcome, ..sending.clone() });
        }
        w.put(after);
        if let Some(loan) = w.site.loans.get(id) {
            said.push(format!("{} ({})", loan::tag_of(&w.site, loan.asset), sending.step.words()));
            to = Some(loan.person.clone());
        }
    }
    let Some(to) = to.filter(|_| outcome != Outcome::Later) else { return };
    let what = words::first(said, 5).join(", ");
    let (kind, text) = match outcome {
        Outcome::Sent | Outcome::Later => ("reminder.sent", format!("{to} was reminded by mail of {what}")),
        Outcome::Unknown => ("reminder.sent", format!("{to} may have been reminded by mail of {what}: the collector stopped meanwhile")),
        Outcome::Refused => {
            ("reminder.failed", format!("{to} was not reminded of {what}: the mail server takes no mail for them; look at their address"))
        }
    };
    w.event(kind, text).person = Some(to);
}

/// After a start: what was being sent when the collector stopped may have arrived, and is not sent again.
pub fn recover(w: &mut Working) {
    let mut people: std::collections::BTreeMap<Option<PersonId>, Vec<LoanId>> = std::collections::BTreeMap::new();
    for id in &w.site.sending_reminders {
        people.entry(w.site.loans.get(id).map(|loan| loan.person.clone())).or_default().push(*id);
    }
    for loans in people.into_values() {
        finish(w, &loans, Outcome::Unknown);
    }
}

/// Whether [`recover`] has something to do.
pub fn was_cut(site: &Site) -> bool {
    !site.sending_reminders.is_empty()
}

fn of_loan(site: &Site, loan: LoanId) -> Reminder {
    let new = || Reminder { loan, sent: Vec::new(), sending: None, not_before: None, rest: Rest::new() };
    site.reminders.get(&loan).map_or_else(new, |reminder| (**reminder).clone())
}
