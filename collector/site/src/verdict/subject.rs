//! What a reason may look at: the asset with its facts, who is to have it, and the policy.

use super::policy::Policy;
use super::{Awaits, Question};
use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::inventory::{FRESH, Profile};
use crate::loan::{self, Loan, Objection};
use crate::person::Person;
use crate::presence::{self, Heard, Presence, Whereabouts};
use crate::rule::Facts;
use crate::{PersonId, Site, return_diff};
use jiff::{SignedDuration, Timestamp};
use std::cell::OnceCell;
use std::sync::Arc;

/// What a reason may look at.
pub struct Subject<'a> {
    /// What is known of the asset, each section read at most once.
    pub facts: Facts<'a>,
    /// Who is connected.
    pub heard: &'a Heard,
    /// The policy for its kind.
    pub policy: Policy<'a>,
    /// Who is to have it.
    pub person: Option<&'a PersonId>,
    question: Question<'a>,
    objections: OnceCell<Vec<Objection>>,
}

impl<'a> Subject<'a> {
    pub(super) fn of(site: &'a Site, heard: &'a Heard, asset: &'a Arc<Asset>, question: Question<'a>, now: Timestamp) -> Self {
        Self {
            facts: Facts::of(site, asset, now),
            heard,
            policy: Policy::of(site, asset.kind),
            person: question.person,
            question,
            objections: OnceCell::new(),
        }
    }

    /// The site.
    pub(super) fn site(&self) -> &'a Site {
        self.facts.site
    }

    /// The asset.
    pub(super) fn asset(&self) -> &'a Asset {
        self.facts.asset
    }

    /// When it is checked.
    pub(super) fn now(&self) -> Timestamp {
        self.facts.now
    }

    /// Who is to have it, where they are in the roster.
    pub(super) fn borrower(&self) -> Option<&'a Arc<Person>> {
        self.site().persons.get(self.person?)
    }

    /// What the loan policy has against it.
    pub(super) fn objections(&self) -> &[Objection] {
        let Question { due, without, .. } = self.question;
        let found = || self.borrower().map(|person| loan::objections(self.site(), self.asset(), person, (due, without), self.now()));
        self.objections.get_or_init(|| found().unwrap_or_default())
    }

    /// Its last loan that was none by mistake.
    pub(super) fn last_loan(&self) -> Option<&'a Arc<Loan>> {
        self.site().loans_of(self.asset().id).rev().find(|loan| !loan.undone)
    }

    /// What its agent last reported.
    pub(super) fn profile(&self) -> Option<&'a Arc<Profile>> {
        self.site().profiles.get(&self.facts.device?.id)
    }

    /// Where a device's machine is now.
    pub(super) fn whereabouts(&self, device: &Device) -> Whereabouts {
        presence::of(self.site(), self.heard, self.asset(), device, self.now())
    }

    /// Whether a report is as new as the policy wants.
    pub(super) fn is_fresh(&self, profile: &Profile) -> bool {
        self.now().duration_since(profile.reported_at) <= SignedDuration::from_hours(self.policy.limit("report_hours"))
    }

    /// Whether its return waits for a report.
    fn is_uncompared(&self) -> bool {
        return_diff::awaited(self.site(), self.asset().id).is_some()
    }

    /// What would tell more of it.
    pub(super) fn awaits(&self) -> Option<Awaits> {
        let device = self.facts.device.filter(|device| device.state == DeviceState::Active)?;
        let place = self.whereabouts(device);
        if place.presence != Presence::Here {
            return Some(Awaits::Start);
        }
        // A report that says nothing new is not written down again so soon.
        let reported = self.profile().filter(|profile| profile.reported_at.saturating_add(FRESH).unwrap_or(Timestamp::MAX) >= place.since);
        match reported {
            None => Some(Awaits::Report),
            Some(profile) => (!self.is_fresh(profile) || self.is_uncompared()).then_some(Awaits::Rescan),
        }
    }
}
