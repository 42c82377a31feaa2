//! The rules of one school site: pure. It knows no clock, no disk, no socket, no task; if it needs one, pass the answer in.
//!
//! [`Site`] is all records in memory with their indexes; cloning it is cheap, so a clone is a view. A change is a
//! function on [`Working`]; questions are functions on `&Site`.

#![forbid(unsafe_code)]

mod about;
pub mod access;
pub mod address;
pub mod alert;
pub mod asset;
pub mod attend;
pub mod baseline;
pub mod calendar;
pub mod channel;
pub mod charge;
pub mod class;
pub mod content;
mod contents;
pub mod device;
pub mod diagnosis;
pub mod diff;
pub mod enroll;
pub mod escalation;
pub mod event;
mod facts_text;
pub mod fingerprint;
pub mod heard;
pub mod id;
pub mod intake;
pub mod inventory;
pub mod library;
pub mod loan;
pub mod maintenance;
pub mod money;
pub mod natural;
pub mod notice;
pub mod off_site;
pub mod oidc;
pub mod order;
pub mod outage;
pub mod packages;
pub mod parts;
pub mod person;
pub mod presence;
pub mod record;
pub mod reminder;
pub mod replacement;
pub mod report;
pub mod reservation;
pub mod return_diff;
pub mod room;
pub mod roster;
pub mod round;
pub mod route;
pub mod rule;
pub mod scope;
pub mod seat_plan;
#[cfg(test)]
mod stories;
pub mod sweep;
pub mod ticket;
pub mod title;
pub mod token;
pub mod transfer;
pub mod verdict;
pub mod version;
pub mod view;
pub mod vitals;
pub mod words;
mod working;

pub use about::About;
pub use id::{
    AlertId, ApiKeyId, AssetId, BaselineId, ChargeId, ClassId, DeviceId, LoanId, MaintenanceId, MirroringId, OrderId, PersonId,
    ReservationId, RoomId, SiteId, SweepId, Tag, TicketId, TokenId, TransferName, UserName, WaiverId,
};
pub use record::{BadRecord, Record, Table, Written};
pub use working::{Finished, Refusal, RefusalKind, Working};

use content::Content;
use core::net::IpAddr;
use imbl::{HashMap, OrdMap, OrdSet};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use packages::Packages;
use std::sync::Arc;

/// All records of one site with their indexes. Clone it to get a view.
#[derive(Clone, Default)]
pub struct Site {
    /// Number of the last event.
    pub seq: u64,
    about: Table<About>,
    /// Everything with a tag.
    pub assets: Table<asset::Asset>,
    /// Enrolled agents.
    pub devices: Table<device::Device>,
    /// When devices were last heard, of all that are here in one.
    pub heard: Table<heard::Heard>,
    /// The last diagnosis of each device.
    pub diagnoses: Table<diagnosis::Diagnosis>,
    /// What each device is made of.
    pub profiles: Table<inventory::Profile>,
    /// Rooms.
    pub rooms: Table<room::Room>,
    /// Who may borrow.
    pub persons: Table<person::Person>,
    /// Classes of the roster.
    pub classes: Table<class::Class>,
    /// What is set of the roster, and how the last one came: one record.
    roster: Table<roster::Roster>,
    /// Files that must come.
    pub transfers: Table<transfer::Transfer>,
    /// Loans, open and ended.
    pub loans: Table<loan::Loan>,
    /// Who accepted the loan agreement, and when.
    pub agreements: Table<loan::Agreement>,
    /// How lending is done: one record.
    pub(crate) loan_policy: Table<loan::policy::LoanPolicy>,
    /// What borrowers were sent about their loans.
    pub reminders: Table<reminder::Reminder>,
    /// What is kept for somebody.
    pub reservations: Table<reservation::Reservation>,
    /// Orders and drafts of them.
    pub orders: Table<order::Order>,
    /// What people are asked to pay.
    pub charges: Table<charge::Charge>,
    /// Work that somebody has to do.
    pub tickets: Table<ticket::Ticket>,
    /// What was said and done on tickets.
    pub ticket_entries: Table<ticket::Entry>,
    /// When tickets are due: one record, where somebody has set it.
    ticket_policy: Table<ticket::TicketPolicy>,
    /// Alerts in every state.
    pub alerts: Table<alert::Alert>,
    /// Baselines.
    pub baselines: Table<baseline::Baseline>,
    /// Sweeps.
    pub sweeps: Table<sweep::Sweep>,
    /// Enrolment tokens.
    pub tokens: Table<token::Token>,
    /// Who may use the desk.
    pub users: Table<access::User>,
    /// The provider at which people sign in: at most one record.
    pub(crate) oidc: Table<oidc::Provider>,
    /// Keys for scripts.
    pub keys: Table<access::ApiKey>,
    /// Where alerts go.
    pub channels: Table<channel::Channel>,
    /// Times in which nobody is told.
    pub maintenance: Table<maintenance::Window>,
    /// Who hears of which alert.
    pub routes: Table<route::Route>,
    /// What channels still owe of alerts.
    pub notices: Table<notice::Notice>,
    /// Alerts that nobody took care of in time.
    pub escalations: Table<escalation::Escalation>,
    /// What is set of the verdict, for all assets and by kind.
    pub verdict_policies: Table<verdict::VerdictPolicy>,
    /// What health readings come to for the rules.
    pub vitals: Table<vitals::Vitals>,
    /// The calendar: one record.
    calendar: Table<calendar::Calendar>,
    /// Outages that last, by room.
    pub outages: Table<outage::Outage>,
    /// The parts that assets were accepted with, of those that report others now.
    pub accepted: Table<parts::Accepted>,
    /// Every version of every baseline.
    pub editions: Table<baseline::Edition>,
    /// Baselines whose devices are not all judged yet.
    pub rejudging: Table<baseline::Rejudging>,
    /// Waivers, open and ended.
    pub waivers: Table<baseline::waiver::Waiver>,
    /// The school's library system: at most one record.
    libraries: Table<library::Library>,
    /// What the library system was last told of each asset.
    pub(crate) mirrored: Table<library::Mirrored>,
    /// What the library system is still to be told.
    pub mirrorings: Table<library::Mirroring>,

    /// Devices whose diagnosis is not finished.
    pub(crate) diagnosing: OrdSet<DeviceId>,
    /// By the addresses that their interfaces had when last measured.
    pub(crate) by_address: OrdSet<(IpAddr, DeviceId)>,
    /// By the hash of a serial number that counts.
    pub(crate) by_serial: OrdSet<(u64, AssetId)>,
    /// People by what the student information system calls them.
    pub(crate) by_source: HashMap<String, PersonId>,
    /// Who is in which class.
    pub(crate) class_members: OrdSet<(ClassId, PersonId)>,
    pub(crate) by_tag: HashMap<Tag, AssetId>,
    pub(crate) by_room: OrdSet<(RoomId, AssetId)>,
    /// Whoever has a seat, by room and seat.
    pub(crate) by_seat: OrdSet<(RoomId, String, AssetId)>,
    pub(crate) by_kind: OrdSet<(asset::AssetKind, AssetId)>,
    /// The parts of kits, by the asset whose kit it is.
    pub(crate) by_kit: OrdSet<(AssetId, AssetId)>,
    /// What came by each line of an order.
    pub(crate) by_order: OrdSet<(order::OrderLine, AssetId)>,
    /// The lines that expect serial numbers, by their hashes.
    pub(crate) expected_serials: OrdSet<(u64, order::OrderLine)>,
    /// Assets whose tag was made of a host name, and that are to get a label.
    pub(crate) tags_wanted: OrdSet<AssetId>,
    /// Assets by the tags that they had.
    pub(crate) former_tags: OrdSet<(Tag, AssetId)>,
    pub(crate) open_loans: HashMap<AssetId, LoanId>,
    /// Loans that are not over, by who has the asset.
    pub(crate) held_loans: OrdSet<(PersonId, LoanId)>,
    /// Loans that are not over, by when they are due; those without a date last.
    pub(crate) due_loans: OrdSet<(Timestamp, LoanId)>,
    /// Loans that are over, by when they ended.
    pub(crate) ended_loans: OrdSet<(Timestamp, LoanId)>,
    /// Loans whose asset is compared with how it left when it next reports.
    pub(crate) uncompared_loans: OrdSet<(AssetId, LoanId)>,
    /// Every loan, by when it began.
    pub(crate) lent_loans: OrdSet<(Timestamp, LoanId)>,
    /// Every loan of an asset.
    pub(crate) asset_loans: OrdSet<(AssetId, LoanId)>,
    /// Every loan of a person.
    pub(crate) person_loans: OrdSet<(PersonId, LoanId)>,
    /// Loans of which a reminder is being sent.
    pub(crate) sending_reminders: OrdSet<LoanId>,
    /// Reservations that are neither cancelled nor fetched, by when they end.
    pub(crate) open_reservations: OrdSet<(Timestamp, ReservationId)>,
    /// Charges that are neither paid nor waived.
    pub(crate) open_charges: OrdSet<(PersonId, ChargeId)>,
    /// Tickets that are neither done nor dropped, by what they are about.
    pub(crate) open_tickets: OrdSet<(Option<AssetId>, TicketId)>,
    /// The same, each once.
    pub(crate) live_tickets: OrdSet<TicketId>,
    /// Tickets that are done or dropped, by when.
    pub(crate) closed_tickets: OrdSet<(Timestamp, TicketId)>,
    /// Every ticket of an asset.
    pub(crate) asset_tickets: OrdSet<(AssetId, TicketId)>,
    /// Every ticket that names an alert.
    pub(crate) alert_tickets: OrdSet<(AlertId, TicketId)>,
    /// Spares that tickets gave out and did not take back.
    pub(crate) loaners: OrdSet<(AssetId, TicketId)>,
    /// What the library system is still to be told, by asset.
    pub(crate) asset_mirrorings: OrdSet<(AssetId, MirroringId)>,
    /// What of it the library system refuses.
    pub(crate) refused_mirrorings: OrdSet<(AssetId, MirroringId)>,
    pub(crate) live_alerts: OrdSet<(Option<AssetId>, AlertId)>,
    /// Alerts to which something happens by itself, by when.
    pub(crate) timed_alerts: OrdSet<(Timestamp, AlertId)>,
    /// The last alert of each matter that people were told of.
    pub(crate) last_alert: OrdMap<alert::Matter, AlertId>,
    /// Alerts of which nothing is left, by when they were over.
    pub(crate) past_alerts: OrdSet<(Timestamp, AlertId)>,
    /// Waivers that are not ended, by when they end by themselves.
    pub(crate) open_waivers: OrdSet<(Timestamp, WaiverId)>,
    /// The titles of each baseline, ready to be found.
    pub(crate) matchers: OrdMap<BaselineId, Arc<baseline::Matcher>>,
    pub(crate) by_certificate: HashMap<String, DeviceId>,
    /// By the hashes of its hardware facts.
    pub(crate) by_hardware: OrdSet<(u64, DeviceId)>,
    /// Devices that may speak, by the digest of their list of software.
    pub(crate) by_list: OrdSet<([u8; 32], DeviceId)>,
    /// By the section's place and the digest.
    contents: OrdMap<(u8, [u8; 32]), Content>,
    /// Bytes that `contents` take, without the packages.
    contents_bytes: usize,
    /// What the software lists among `contents` name.
    packages: Arc<Packages>,
}

impl Site {
    /// The site's own facts; `None` only before its first change.
    pub fn about(&self) -> Option<&About> {
        self.about.iter().next().map(|(_, about)| &**about)
    }

    /// The site's time zone; UTC where it has none that is known here.
    pub fn zone(&self) -> TimeZone {
        self.about().and_then(|about| calendar::zone_named(&about.time_zone).ok()).unwrap_or(TimeZone::UTC)
    }

    /// The epoch, 0 before the first change.
    pub fn epoch(&self) -> u64 {
        self.about().map_or(0, |about| about.epoch)
    }

    /// The asset that carries `tag`.
    pub fn asset_by_tag(&self, tag: &Tag) -> Option<&Arc<asset::Asset>> {
        self.by_tag.get(tag).and_then(|id| self.assets.get(id))
    }

    /// The alerts of an asset that are not resolved, settling ones among them.
    pub fn live_alerts(&self, asset: Option<AssetId>) -> impl Iterator<Item = &Arc<alert::Alert>> {
        self.live_alerts.range((asset, AlertId(0))..).take_while(move |(a, _)| *a == asset).filter_map(|(_, id)| self.alerts.get(id))
    }

    /// Every alert that is not resolved, settling ones among them.
    pub fn open_alerts(&self) -> impl Iterator<Item = &Arc<alert::Alert>> {
        self.live_alerts.iter().filter_map(|(_, id)| self.alerts.get(id)).filter(|alert| alert.is_open())
    }

    /// Takes up one record of the store. Runs no rules: replay gives the same state in every version.
    ///
    /// # Errors
    /// [`BadRecord`], which names kind and key.
    pub fn restore(&mut self, written: &Written) -> Result<(), BadRecord> {
        let kind = KINDS.iter().find(|kind| kind.name == written.kind);
        let kind = kind.ok_or_else(|| BadRecord::UnknownKind { kind: written.kind.clone(), key: written.key.clone() })?;
        (kind.restore)(self, written)
    }

    /// Every record in its stored form, kind by kind, in key order: what a snapshot holds and the state hash covers.
    pub fn records(&self) -> impl Iterator<Item = Written> + '_ {
        KINDS.iter().flat_map(|kind| (kind.all)(self))
    }

    /// One hash over everything: two stores that agree on it hold the same site.
    pub fn state_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seq.to_le_bytes());
        for written in self.records() {
            for part in [written.kind.as_bytes(), written.key.as_bytes(), written.body.as_deref().unwrap_or_default()] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// What the site does with a kind of record without knowing it.
struct Kind {
    name: &'static str,
    restore: fn(&mut Site, &Written) -> Result<(), BadRecord>,
    all: fn(&Site) -> Box<dyn Iterator<Item = Written> + '_>,
}

const fn kind<R: Record>() -> Kind {
    Kind { name: R::KIND, restore: record::restore::<R>, all: |site| Box::new(record::all::<R>(site)) }
}

/// Every kind of record, in the order of a snapshot.
const KINDS: &[Kind] = &[
    kind::<About>(),
    kind::<access::ApiKey>(),
    kind::<access::User>(),
    kind::<alert::Alert>(),
    kind::<asset::Asset>(),
    kind::<baseline::Baseline>(),
    kind::<baseline::Edition>(),
    kind::<baseline::Rejudging>(),
    kind::<baseline::waiver::Waiver>(),
    kind::<calendar::Calendar>(),
    kind::<channel::Channel>(),
    kind::<charge::Charge>(),
    kind::<class::Class>(),
    kind::<device::Device>(),
    kind::<diagnosis::Diagnosis>(),
    kind::<escalation::Escalation>(),
    kind::<heard::Heard>(),
    kind::<inventory::Profile>(),
    kind::<library::Library>(),
    kind::<library::Mirrored>(),
    kind::<library::Mirroring>(),
    kind::<loan::Agreement>(),
    kind::<loan::Loan>(),
    kind::<loan::policy::LoanPolicy>(),
    kind::<maintenance::Window>(),
    kind::<notice::Notice>(),
    kind::<oidc::Provider>(),
    kind::<order::Order>(),
    kind::<outage::Outage>(),
    kind::<parts::Accepted>(),
    kind::<person::Person>(),
    kind::<reminder::Reminder>(),
    kind::<reservation::Reservation>(),
    kind::<room::Room>(),
    kind::<roster::Roster>(),
    kind::<route::Route>(),
    kind::<sweep::Sweep>(),
    kind::<ticket::Entry>(),
    kind::<ticket::Ticket>(),
    kind::<ticket::TicketPolicy>(),
    kind::<token::Token>(),
    kind::<transfer::Transfer>(),
    kind::<verdict::VerdictPolicy>(),
    kind::<vitals::Vitals>(),
];
