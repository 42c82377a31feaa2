//! School days: when something can be brought back, and when people are written to.

use super::policy::{LoanPolicy, WhenClosed};
use crate::Site;
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// Days that are looked through for the next school day: the longest summer.
const HORIZON_DAYS: usize = 150;

/// Whether the school is open on a day: not closed, and a day of the week on which it has hours or a bell schedule, where it says so.
pub fn is_school_day(site: &Site, date: Date) -> bool {
    let Some(calendar) = site.calendar() else { return true };
    if calendar.special_on(date).is_some() {
        return true;
    }
    if calendar.closed_on(date).is_some() {
        return false;
    }
    if let Some(hours) = &calendar.hours {
        return hours.on(date).next().is_some();
    }
    let weekly = calendar.schedules.values().any(|schedule| schedule.days.is_some());
    !weekly || calendar.schedule_on(date).is_some()
}

/// The first school day from `date`, that day itself among them; `None`: not soon.
pub fn next_school_day(site: &Site, date: Date) -> Option<Date> {
    let days = std::iter::successors(Some(date), |day| day.tomorrow().ok()).take(HORIZON_DAYS);
    days.into_iter().find(|day| is_school_day(site, *day))
}

/// The end of a day at the site.
pub fn end_of(site: &Site, date: Date) -> Option<Timestamp> {
    let last = Time::new(23, 59, 59, 0).ok()?;
    Some(date.to_datetime(last).to_zoned_datetime(site.zone()).ok()?.timestamp())
}

/// A due date that falls on no school day moves to the end of the next one, where the policy says so.
pub(super) fn moved(site: &Site, policy: &LoanPolicy, due: Timestamp) -> Timestamp {
    let date = site.day_of(due);
    if policy.when_closed == WhenClosed::Stays || is_school_day(site, date) {
        return due;
    }
    next_school_day(site, date).and_then(|day| end_of(site, day)).unwrap_or(due)
}
