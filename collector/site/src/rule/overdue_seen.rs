//! Flags a machine that should be back from a loan, and reports in. It is one matter until it is back, however often it comes and goes: a
//! borrower who uses it every day is told of once.

use super::lost_seen::{reporting, whereabouts};
use super::{Facts, Finding, Rule, Settle, Severity};
use crate::device::DeviceState;
use crate::heard;
use crate::words;

pub(super) const RULE: Rule = Rule {
    code: "overdue-seen",
    title: "An overdue machine reports in",
    severity: Severity::Low,
    settle: Settle::Minutes(10),
    cause: "Its borrower uses it and has not brought it back.",
    remedy: "Ask its borrower for it; or give it longer with `rollcall loan renew TAG`. If it is on your desk: `rollcall loan in TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let loan = facts.site.open_loan(facts.asset.id).filter(|loan| loan.is_overdue(facts.now));
    let device = facts.device.filter(|device| device.state == DeviceState::Active);
    let Some((loan, due, device)) = loan.zip(device).and_then(|(loan, device)| Some((loan, loan.due?, device))) else { return Vec::new() };
    let last = heard::last(facts.site, device);
    let seen = match reporting(facts) {
        Some(device) => format!("it is connected; {}", whereabouts(facts.site, device)),
        None if last > due => format!("it was heard until {}", words::utc(last)),
        None => return Vec::new(),
    };
    let evidence = format!("lent to {}, due {}; {seen}", loan.person, words::utc(due));
    vec![Finding::of_it("is overdue, and reports in", evidence)]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::event::Actor;
    use crate::loan::{self, Due, NewLoan};
    use crate::person::Person;
    use crate::presence::{Heard, Presence};
    use crate::{PersonId, Tag, Working};
    use jiff::{SignedDuration, Timestamp};

    fn lent(mut sample: Sample, due: Timestamp) -> Sample {
        let mut w = Working::begin(sample.site.clone(), sample.now - SignedDuration::from_hours(48), Actor::Rollcall);
        let (person, tag) = (PersonId::parse("20431").unwrap(), Tag::parse("PC1").unwrap());
        w.put(Person::new(person.clone(), "Somebody".into()));
        let reason = Some("the class needs it".to_owned());
        loan::out(&mut w, &Heard::new(), NewLoan { due: Due::At(due), override_reason: reason, ..NewLoan::new(tag, person) }).unwrap();
        sample.site = w.finish().site;
        sample
    }

    #[test]
    fn one_that_comes_and_goes_is_one_matter_until_it_is_back() {
        let hours = SignedDuration::from_hours;
        let overdue = |presence, heard: SignedDuration| {
            let sample = Sample::new();
            let now = sample.now;
            lent(sample, now - hours(1)).device(|device| (device.presence, device.last_heard) = (presence, now - heard))
        };
        overdue(Presence::Here, hours(0)).check(&RULE, &["is overdue, and reports in"]);
        overdue(Presence::Silent, SignedDuration::from_mins(5)).check(&RULE, &["is overdue, and reports in"]);
        overdue(Presence::Silent, hours(2)).check(&RULE, &[]);
        Sample::new().check(&RULE, &[]);
    }
}
