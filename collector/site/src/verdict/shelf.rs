//! A laptop that lies switched off on its shelf since it came back clean: that it is silent is no reason to look at it.

use super::subject::Subject;
use crate::loan::{Condition, Loan};
use crate::{alert, ticket, words};
use jiff::SignedDuration;

/// Since when it lies there, in words; none where its last return was not clean, or is too long ago, or where it reported too long before.
pub(super) fn silence(subject: &Subject<'_>) -> Option<String> {
    let now = subject.now();
    let loan = subject.last_loan()?;
    let back = loan.in_at?;
    let days = |name: &str| SignedDuration::from_hours(24 * subject.policy.limit(name));
    let reported = subject.profile()?.reported_at;
    let well = now.duration_since(back) <= days("shelf_days") && back.duration_since(reported) <= days("return_days");
    let is_clean = well && was_clean(loan) && is_untroubled(subject);
    is_clean.then(|| format!("it is switched off since it came back clean on {}", words::utc(back)))
}

/// Whether it came back as it left, by all that is known of its return.
fn was_clean(loan: &Loan) -> bool {
    // It was never brought back: its loan ended because somebody answered for what is gone.
    if loan.gone.is_some() {
        return false;
    }
    let fine = loan.back.as_ref().is_none_or(|back| back.condition < Condition::Damaged && back.missing.is_empty());
    fine && loan.diff.as_ref().is_none_or(|diff| diff.differences.is_empty())
}

fn is_untroubled(subject: &Subject<'_>) -> bool {
    let (site, asset) = (subject.site(), subject.asset().id);
    let alarms = |alert: &&std::sync::Arc<alert::Alert>| alert.is_told() && alert.rule != "machine-silent";
    ticket::open_of(site, asset).next().is_none() && !site.live_alerts(Some(asset)).any(|alert| alarms(&alert))
}
