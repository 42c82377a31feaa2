//! What comes again: the same alert while that is not long ago, and no news at all while it comes and goes all the time.

use super::{Alert, AlertState};
use crate::Site;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What comes again within this time after it was over is the same alert, reopened: the count says that it keeps coming.
const AGAIN: SignedDuration = SignedDuration::from_hours(72);
/// An alert that people were told of so often ...
const OFTEN: usize = 3;
/// ... within this time flaps.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// One that flaps is over when it has been away for so long.
const QUIET: SignedDuration = SignedDuration::from_mins(15);

/// Whether a count of times is not worth writing down.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde wants")]
pub(super) fn is_few(times: &u32) -> bool {
    *times < 2
}

/// The alert of the same matter that was over not long before `now`, or that is open only until it has been quiet for a while.
pub(super) fn earlier(site: &Site, alert: &Alert, now: Timestamp) -> Option<Arc<Alert>> {
    let last = site.alerts.get(site.last_alert.get(&alert.matter())?)?;
    let again = match last.state {
        AlertState::Resolved { at, .. } => now.duration_since(at) <= AGAIN,
        _ => !last.holds && last.id != alert.id,
    };
    again.then(|| Arc::clone(last))
}

/// The alert when people are told of it now.
pub(super) fn told(mut alert: Alert, now: Timestamp) -> Alert {
    alert.told.insert(0, now);
    alert.told.truncate(OFTEN);
    alert.times += 1;
    Alert { state: AlertState::Raised, raised_at: Some(now), quiet_until: None, ..alert }
}

/// Until when an alert whose finding has just passed must stay away to be over; `None`: it is over at once. Of one that is snoozed nobody
/// wants to hear that it went and came.
pub(super) fn quiet_until(alert: &Alert, now: Timestamp) -> Option<Timestamp> {
    let flaps = alert.told.get(OFTEN - 1).is_some_and(|first| now.duration_since(*first) <= WITHIN);
    let quiet = flaps.then(|| now + QUIET);
    match alert.state {
        AlertState::Snoozed { until, .. } => Some(quiet.map_or(until, |quiet| quiet.max(until))),
        _ => quiet,
    }
}

/// The same after the clock was set back: never further away than that.
pub(super) fn latest_quiet(alert: &Alert, now: Timestamp) -> Option<Timestamp> {
    let snoozed = matches!(alert.state, AlertState::Snoozed { .. });
    alert.quiet_until.map(|until| if snoozed { until } else { until.min(now + QUIET) })
}

/// "second", "third", "4th" …
pub(super) fn nth(times: u32) -> String {
    match (times, times % 10, times % 100) {
        (2, ..) => "second".to_owned(),
        (3, ..) => "third".to_owned(),
        (_, 1, ends) if ends != 11 => format!("{times}st"),
        (_, 2, ends) if ends != 12 => format!("{times}nd"),
        (_, 3, ends) if ends != 13 => format!("{times}rd"),
        _ => format!("{times}th"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_people_say_them() {
        let said = [2, 3, 4, 11, 12, 13, 21, 22, 23, 111, 112].map(nth);
        assert_eq!(said, ["second", "third", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "111th", "112th"]);
    }
}
