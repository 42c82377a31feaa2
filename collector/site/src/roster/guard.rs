//! What looks as if a delivery were cut off or of another school: refused unless a person says that it is right.

use super::delivery::{Bad, Delivery, MOST_BAD, Mode};
use super::plan::{Guard, Plan, StepKind, Terms, says_people};
use super::settings::settings;
use crate::person::Standing;
use crate::words::count;
use crate::{Refusal, Site};
use std::collections::BTreeSet;

/// So many may always leave, or get other cards, at once.
const FEW: usize = 10;
/// More than one in so many is suspicious.
const SHARE: usize = 5;

/// The schools whose people are taken in, by key.
pub(super) fn schools(site: &Site, delivery: &Delivery, terms: &Terms) -> Result<BTreeSet<String>, Refusal> {
    let known = settings(site);
    let orgs = &delivery.orgs.rows;
    let find = |text: &String| {
        let by_key = orgs.iter().find(|org| org.source == *text);
        let by_name = || orgs.iter().find(|org| org.name.to_lowercase() == text.to_lowercase());
        let found = by_key.or_else(by_name).map(|org| org.source.clone());
        // A delivery of changes may name no schools; then what was said before is known.
        let kept = || (known.schools.contains(text) && delivery.orgs.mode != Mode::Bulk).then(|| text.clone());
        found.or_else(kept).ok_or_else(|| unknown(text, delivery))
    };
    terms.schools.as_ref().unwrap_or(&known.schools).iter().map(find).collect()
}

fn unknown(text: &str, delivery: &Delivery) -> Refusal {
    if delivery.orgs.mode == Mode::Absent {
        return Refusal::invalid(format!("there is no school {text:?}: this delivery has no orgs.csv that names schools"));
    }
    let has: Vec<String> = delivery.orgs.rows.iter().map(|org| format!("{} ({})", org.name, org.source)).take(20).collect();
    Refusal::invalid(format!("there is no school {text:?} in orgs.csv; it has {}", has.join(", ")))
}

/// So much of a delivery can't be used that it is no roster, or another column is on the card.
pub(super) fn too_bad(bad: &[Bad]) -> Refusal {
    let last = bad.last().map_or_else(String::new, |bad| format!("; one of them is line {}, {}: {}", bad.line, bad.column, bad.what));
    Refusal::invalid(format!("more than {MOST_BAD} rows can't be used: is it the right file, and what is on the card (--card)?{last}"))
}

/// Says what is suspicious.
pub(super) fn look(site: &Site, delivery: &Delivery, terms: &Terms, plan: &mut Plan) {
    let enrolled = site.persons.values().filter(|person| !person.source.is_empty() && person.standing == Standing::Enrolled).count();
    let is_many = |number: usize| number > FEW && number * SHARE > enrolled;
    let counts = plan.counts;
    if terms.leaving == Guard::On && is_many(counts.left) {
        plan.suspicious.push(format!(
            "the roster has gone short: {} of {enrolled} would leave at once, as if the export had been cut off; is it right so, say --allow-leaving",
            count(counts.left, "person", "people")
        ));
    }
    if terms.cards == Guard::On && is_many(counts.renumbered) {
        plan.suspicious.push(format!(
            "{} of {enrolled} would get another number on the card; is it right so, say --allow-new-cards",
            count(counts.renumbered, "person", "people")
        ));
    }
    let nobody = enrolled == counts.left && plan.steps.iter().all(|step| step.kind == StepKind::Left) && says_people(delivery);
    let is_short = delivery.users.mode == Mode::Bulk && nobody && enrolled <= FEW && terms.leaving == Guard::On;
    if is_short && (enrolled > 0 || plan.left_out == super::LeftOut::default()) {
        plan.suspicious
            .push("nobody of this delivery is to be taken in: is it the right school? See the bad rows, and --school".to_owned());
    }
}
