//! Which reminder of a loan comes next: once before, once on the day, then every so many days.

use super::Reminder;
use crate::Site;
use crate::loan::{Loan, policy};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One of the reminders of a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Some days before it is due.
    Before,
    /// On the day on which it is due.
    OnTheDay,
    /// After it was due, the first, second …
    After(u16),
}

impl Step {
    /// As it stands in a text.
    pub fn words(self) -> String {
        match self {
            Self::Before => "due soon".to_owned(),
            Self::OnTheDay => "due today".to_owned(),
            Self::After(1) => "overdue".to_owned(),
            Self::After(count) => format!("overdue, reminder {count}"),
        }
    }
}

/// The loans that may have a reminder to come: those that are overdue, and those due within the days before.
pub(super) fn candidates(site: &Site, now: Timestamp) -> impl Iterator<Item = &Arc<Loan>> {
    let days = policy::of(site).reminders.days_before.unwrap_or(0);
    let until = now.saturating_add(jiff::SignedDuration::from_hours(24 * (i64::from(days) + 1))).unwrap_or(now);
    site.due_loans.iter().take_while(move |(due, _)| *due <= until).filter_map(|(_, id)| site.loans.get(id))
}

/// The reminder of a loan that is to be sent now.
pub fn next_step(site: &Site, loan: &Loan, now: Timestamp) -> Option<Step> {
    let due = loan.due.filter(|_| loan.is_open() && loan.gone.is_none())?;
    let reminder = site.reminders.get(&loan.id);
    if reminder.is_some_and(|reminder| reminder.sending.is_some() || reminder.not_before.is_some_and(|at| now < at)) {
        return None;
    }
    let told = Told { reminder: reminder.map(|reminder| &**reminder), due, day: |at| site.day_of(at) };
    let reminders = &policy::of(site).reminders;
    let (today, due_on) = (site.day_of(now), site.day_of(due));
    if now > due {
        let every = reminders.days_after.filter(|_| today > due_on)?;
        let (count, last) = told.after();
        let waited = last.is_none_or(|last| days_between(last, today) >= i32::from(every));
        return (waited && count < reminders.at_most).then_some(Step::After(count.saturating_add(1)));
    }
    if today == due_on {
        return (reminders.on_the_day && !told.has(Step::OnTheDay)).then_some(Step::OnTheDay);
    }
    let before = reminders.days_before.filter(|days| days_between(today, due_on) <= i32::from(*days))?;
    // What was lent today for tomorrow needs no reminder.
    (before > 0 && site.day_of(loan.out_at) < today && !told.has(Step::Before)).then_some(Step::Before)
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// What was said already of this due date.
struct Told<'a, D: Fn(Timestamp) -> Date> {
    reminder: Option<&'a Reminder>,
    due: Timestamp,
    day: D,
}

impl<D: Fn(Timestamp) -> Date> Told<'_, D> {
    fn sent(&self) -> impl Iterator<Item = &super::Sent> {
        self.reminder.into_iter().flat_map(|reminder| &reminder.sent).filter(|sent| sent.due == self.due)
    }

    fn has(&self, step: Step) -> bool {
        self.sent().any(|sent| sent.step == step)
    }

    /// How many were sent after it was due, and on which day the last.
    fn after(&self) -> (u16, Option<Date>) {
        let after: Vec<Date> = self.sent().filter(|sent| matches!(sent.step, Step::After(_))).map(|sent| (self.day)(sent.at)).collect();
        (u16::try_from(after.len()).unwrap_or(u16::MAX), after.last().copied())
    }
}
