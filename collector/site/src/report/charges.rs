//! What people were asked to pay, and what came of it. No names: who owes is on the page of charges.

use super::{Column, Days, Report, Sheet, number, words};
use crate::Site;
use crate::charge::ChargeState;
use crate::money::Money;
use std::collections::BTreeMap;

/// The report.
pub(super) const REPORT: Report =
    Report { code: "charges", title: "Charges", what: "what people were asked to pay, and what came of it", of_days: true, make };

const STATES: [ChargeState; 4] = [ChargeState::Draft, ChargeState::Due, ChargeState::Paid, ChargeState::Waived];

const BY_STATE: &[Column] = &[words("state"), number("charges"), number("amount")];
const BY_MONTH: &[Column] = &[words("month"), number("proposed"), number("owed"), number("paid"), number("waived")];

fn make(site: &Site, days: &Days) -> Vec<Sheet> {
    let (mut states, mut months) = ([(0u64, Money::ZERO); 4], BTreeMap::<String, [Money; 4]>::new());
    for charge in site.charges.values().filter(|charge| days.hold(charge.since)) {
        let place = STATES.iter().position(|state| *state == charge.state).unwrap_or_default();
        if let Some((count, sum)) = states.get_mut(place) {
            *count += 1;
            *sum = sum.plus(charge.amount);
        }
        if let Some(sum) = months.entry(days.month(charge.since)).or_default().get_mut(place) {
            *sum = sum.plus(charge.amount);
        }
    }
    let by_state = STATES.iter().zip(states).filter(|(_, (count, _))| *count > 0);
    let by_state = by_state.map(|(state, (count, sum))| vec![state.word().to_owned(), count.to_string(), sum.to_string()]);
    let by_month = months.into_iter().map(|(month, sums)| std::iter::once(month).chain(sums.map(|sum| sum.to_string())).collect());
    vec![
        Sheet { title: "By state", columns: BY_STATE.to_vec(), rows: by_state.collect() },
        Sheet { title: "By the month since when it stands so", columns: BY_MONTH.to_vec(), rows: by_month.collect() },
    ]
}
