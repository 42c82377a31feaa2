//! The rows and pages themselves: what stands in the JSON of the command line and the REST interface.

use crate::asset::{Asset, AssetKind};
use crate::presence::Presence;
use crate::{AlertId, AssetId, DeviceId, LoanId, PersonId, RoomId, Tag, TicketId};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A device in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceRow {
    /// The device.
    pub id: DeviceId,
    /// Its asset.
    pub asset: AssetId,
    /// Its tag.
    pub tag: Tag,
    /// The machine's own name.
    pub name: String,
    /// Where it belongs.
    pub room: Option<RoomId>,
    /// Its seat.
    pub seat: Option<String>,
    /// Where it is now.
    pub presence: Presence,
    /// Since when.
    pub since: Timestamp,
    /// What is known beside it: "switched off", "quarantined: …", "revoked".
    pub note: String,
    /// What it is.
    pub kind: AssetKind,
    /// Maker.
    pub maker: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Operating system, "Debian GNU/Linux 12 (bookworm)".
    pub os: String,
    /// Memory as the system sees it, bytes; `None`: not measured.
    pub memory_bytes: Option<u64>,
    /// The last report taken in.
    pub last_report: Option<Timestamp>,
    /// Last heard.
    pub last_heard: Timestamp,
    /// Addresses of its physical interfaces.
    pub macs: Vec<String>,
    /// Open alerts.
    pub alerts: usize,
    /// On loan to.
    pub on_loan_to: Option<PersonId>,
    /// Made by the school simulator.
    pub simulated: bool,
}

/// A device with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DevicePage {
    /// The row.
    #[serde(flatten)]
    pub row: DeviceRow,
    /// The sections by name.
    pub sections: BTreeMap<String, SectionView>,
    /// Its open alerts.
    pub open_alerts: Vec<AlertRow>,
    /// Its open loan.
    pub loan: Option<LoanRow>,
}

/// What is known of one section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionView {
    /// The content; `None`: never measured.
    pub content: Option<serde_json::Value>,
    /// Why it could not be measured the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
    /// Values that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Since when the content is so.
    pub since: Option<Timestamp>,
}

/// An asset in a list, with or without an agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AssetRow {
    /// The asset itself.
    #[serde(flatten)]
    pub asset: Asset,
    /// Where it is now, if it has an agent.
    pub presence: Option<Presence>,
    /// On loan to.
    pub on_loan_to: Option<PersonId>,
}

/// An alert in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertRow {
    /// Its number.
    pub id: AlertId,
    /// The rule.
    pub rule: String,
    /// How bad.
    pub severity: crate::rule::Severity,
    /// The machine's own name.
    pub device: String,
    /// The tag.
    pub tag: Option<Tag>,
    /// The room.
    pub room: Option<RoomId>,
    /// In one line.
    pub title: String,
    /// What was seen.
    pub evidence: String,
    /// What it probably is; empty in alerts of older versions.
    pub cause: String,
    /// What to try first.
    pub remedy: String,
    /// Since when it is so on the machine.
    pub since: Timestamp,
    /// When people were told.
    pub raised_at: Option<Timestamp>,
    /// "settling", "raised", "acknowledged", "snoozed", "resolved".
    pub state: &'static str,
    /// Who acknowledged, snoozed or resolved it.
    pub by: Option<String>,
    /// Until when it settles or is snoozed.
    pub until: Option<Timestamp>,
    /// How often people were told of it, 1 at least.
    pub times: u32,
    /// Whether the finding holds now.
    pub holds: bool,
    /// The open ticket that names it.
    pub ticket: Option<TicketId>,
}

/// One title on one device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SoftwareRow {
    /// The package's name.
    pub title: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// "dpkg", "rpm" …
    pub source: String,
    /// The machine's own name.
    pub device: String,
    /// Its tag.
    pub tag: Tag,
    /// Its room.
    pub room: Option<RoomId>,
}

/// A loan in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoanRow {
    /// Its number.
    pub id: LoanId,
    /// What.
    pub tag: Option<Tag>,
    /// Maker and model, or the name.
    pub title: String,
    /// Who, by id.
    pub person: PersonId,
    /// Who, by name; for the desk only.
    pub person_name: String,
    /// Since when.
    pub out_at: Timestamp,
    /// Due back.
    pub due: Option<Timestamp>,
    /// Not back and past due.
    pub overdue: bool,
    /// Back since.
    pub in_at: Option<Timestamp>,
    /// Lent by.
    pub by: String,
    /// The room or cart in which it belongs.
    pub room: Option<RoomId>,
    /// What left with it that has no tag.
    pub accessories: Vec<String>,
    /// The tags of its kit's parts that left with it.
    pub parts: Vec<Tag>,
    /// The class set that it belongs to.
    pub batch: Option<LoanId>,
    /// The class that it is for.
    pub class: Option<String>,
    /// How often it was renewed.
    pub renewals: u16,
    /// "lost" or "stolen".
    pub gone: Option<&'static str>,
    /// How it came back.
    pub back: Option<crate::loan::Return>,
    /// It was a mistake, and undone.
    pub undone: bool,
    /// What its hardware was compared to, in words; none: it was not, and need not be.
    pub diff: Option<String>,
}

/// A room in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoomRow {
    /// The room itself; its name is `id`.
    #[serde(flatten)]
    pub room: crate::room::Room,
    /// Assets that belong there.
    pub assets: usize,
    /// Devices that belong there.
    pub devices: usize,
    /// Devices that are here.
    pub here: usize,
    /// Open alerts.
    pub alerts: usize,
    /// Its last sweep: number and when it was finished.
    pub last_sweep: Option<(crate::SweepId, Timestamp)>,
}

/// Which devices a list shows: absent means any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceFilter {
    /// Of this room.
    pub room: Option<RoomId>,
    /// In this state.
    pub presence: Option<Presence>,
    /// Tag, name, model, serial, MAC or borrower's id contains this.
    pub text: Option<String>,
}

/// Whether a list shows what is retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Retired {
    /// It does.
    Shown,
    /// It does not.
    #[default]
    Hidden,
}

/// Which alerts a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertsShown {
    /// Raised and acknowledged.
    Open,
    /// Settling ones too.
    Live,
    /// Resolved ones too, newest first, at most 1,000.
    All,
}

/// Whether a list shows what has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It does.
    Shown,
    /// It does not.
    Hidden,
}
