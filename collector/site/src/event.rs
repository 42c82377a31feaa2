//! Events: why the records are as they are, in words, in one sequence per site. Audit trail, timeline and outbox at once.

use crate::id::{AlertId, AssetId, PersonId, RoomId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", content = "name", rename_all = "kebab-case")]
pub enum Actor {
    /// The collector by itself: a rule, a timer.
    Rollcall,
    /// An agent, by device id.
    Device(String),
    /// Somebody at the desk, by user name.
    User(String),
    /// A script, by its key's name.
    Key(String),
    /// Somebody on the collector's own machine, by the system's user name.
    Local(String),
}

impl Actor {
    /// As a person would say it.
    pub fn words(&self) -> String {
        match self {
            Self::Rollcall => "Rollcall".to_owned(),
            Self::Device(_) => "the machine".to_owned(),
            Self::User(name) => name.clone(),
            Self::Key(name) => format!("key {name}"),
            Self::Local(name) => format!("{name} on the collector"),
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the site's sequence, from 1; 0 until committed.
    #[serde(default)]
    pub seq: u64,
    /// When, by the collector's clock.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What kind: "device.silent", "alert.raised", "loan.out" …; see [`KINDS`].
    pub kind: String,
    /// In words for the timeline; names people by id only.
    pub text: String,
    /// The asset it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// The room it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// The person it is about, by id only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The alert it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertId>,
    /// The ticket it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// Anything a program may want: before and after values, evidence.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub data: serde_json::Value,
}

impl Event {
    /// It is about this asset, in its room.
    pub fn about(&mut self, asset: &crate::asset::Asset) -> &mut Self {
        self.asset = Some(asset.id);
        self.room.clone_from(&asset.room);
        self
    }

    /// It is about this room.
    pub fn in_room(&mut self, room: &RoomId) -> &mut Self {
        self.room = Some(room.clone());
        self
    }

    /// What a program may want beside the words.
    pub fn with(&mut self, data: serde_json::Value) -> &mut Self {
        self.data = data;
        self
    }
}

/// Every kind of event, alphabetical; [`crate::Working::event`] refuses no other, a test holds the list to the code.
pub const KINDS: &[&str] = &[
    "access.refused",
    "agreement.accepted",
    "alert.acknowledged",
    "alert.escalated",
    "alert.raised",
    "alert.reopened",
    "alert.resolved",
    "alert.snoozed",
    "asset.accepted",
    "asset.added",
    "asset.changed",
    "asset.disposed",
    "asset.moved",
    "asset.part-added",
    "asset.removed",
    "backup.failed",
    "backup.made",
    "backup.taken",
    "baseline.applied",
    "baseline.removed",
    "calendar.changed",
    "certificate.removed",
    "certificate.set",
    "channel.removed",
    "channel.set",
    "charge.changed",
    "charge.confirmed",
    "charge.paid",
    "charge.proposed",
    "charge.waived",
    "device.accepted",
    "device.asleep",
    "device.checked",
    "device.cloned",
    "device.diagnosed",
    "device.drifted",
    "device.enrolled",
    "device.here",
    "device.off-site",
    "device.rebased",
    "device.rebind-allowed",
    "device.rebound",
    "device.renewed",
    "device.retired",
    "device.revoked",
    "device.rolled-back",
    "device.silent",
    "device.stopped",
    "key.made",
    "key.revoked",
    "ledger.checked",
    "library.dropped",
    "library.refused",
    "library.removed",
    "library.retried",
    "library.set",
    "library.taken",
    "loan.compared",
    "loan.found",
    "loan.in",
    "loan.lost",
    "loan.out",
    "loan.policy",
    "loan.renewed",
    "loan.reopened",
    "loan.set-undone",
    "loan.settled",
    "loan.stolen",
    "loan.undone",
    "maintenance.ended",
    "maintenance.planned",
    "oidc.removed",
    "oidc.set",
    "order.changed",
    "order.drafted",
    "order.ended",
    "order.placed",
    "order.received",
    "person.added",
    "person.blocked",
    "person.changed",
    "person.forgotten",
    "person.imported",
    "person.merged",
    "person.unblocked",
    "reminder.failed",
    "reminder.sent",
    "reservation.cancelled",
    "reservation.fetched",
    "reservation.made",
    "room.added",
    "room.changed",
    "room.removed",
    "roster.imported",
    "roster.set",
    "roster.waiting",
    "route.removed",
    "route.set",
    "rule.set",
    "section.changed",
    "section.first",
    "section.unmeasured",
    "signin.made",
    "signin.refused",
    "site.restored",
    "site.started",
    "sweep.began",
    "sweep.finished",
    "ticket.changed",
    "ticket.commented",
    "ticket.done",
    "ticket.dropped",
    "ticket.loaner-back",
    "ticket.loaner-out",
    "ticket.opened",
    "ticket.policy-set",
    "ticket.reopened",
    "token.made",
    "token.revoked",
    "transfer.removed",
    "transfer.set",
    "user.added",
    "user.bound",
    "user.changed",
    "user.link-made",
    "user.password",
    "user.removed",
    "verdict.set",
    "waiver.ended",
    "waiver.made",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_kinds_of_events_are_sorted() {
        assert!(super::KINDS.is_sorted());
    }
}
