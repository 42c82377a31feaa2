//! What a machine that is off site says of itself: the sections that the collector named, and nothing of where it is.

use super::Session;
use super::agenda::Request;
use crate::survey::Reading;
use rollcall_proto::v1::{Entry, Health, OffSite};

impl Session {
    /// Takes in from where the last welcome came; whether the machine came back into the site, so that everything is to be told anew.
    pub(super) fn take_place(&mut self, off_site: Option<OffSite>) -> bool {
        let was_off = self.off_site.is_some();
        self.off_site = off_site.map(|off_site| off_site.sections);
        if let Some(agreed) = &self.off_site {
            self.queue.untell(|name| !agreed.iter().any(|agreed| agreed == name));
        }
        was_off && self.off_site.is_none()
    }

    pub(super) fn may_say(&self, name: &str) -> bool {
        self.off_site.as_ref().is_none_or(|agreed| agreed.iter().any(|agreed| agreed == name))
    }

    /// A survey without what is not said; one that lacks something does not list everything.
    pub(super) fn agreed(&self, mut readings: Vec<Reading>, mut request: Request) -> (Vec<Reading>, Request) {
        let all = readings.len();
        readings.retain(|reading| self.may_say(reading.name));
        if readings.len() < all {
            request.sections = readings.iter().map(|reading| reading.name).collect();
        }
        (readings, request)
    }

    /// An entry without what is not said: it may have been written before the machine knew where it is.
    pub(super) fn agreed_entry(&self, entry: &Entry) -> Entry {
        let mut entry = entry.clone();
        let all = entry.sections.len();
        entry.sections.retain(|section| self.may_say(&section.name));
        entry.full &= entry.sections.len() == all;
        entry
    }

    /// A health reading without what it says of the network around the machine.
    pub(super) fn without_surroundings(&self, health: Health) -> Health {
        if self.off_site.is_none() {
            return health;
        }
        Health { network_errors: None, dns_failing: None, link_changes: None, ..health }
    }
}
