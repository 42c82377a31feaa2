//! The frame around every page: the rail with its counts, who is signed in, messages of what was just done.

use super::door::Visitor;
use super::look::Look;
use super::password::Passwords;
use super::session::{Notice, Use};
use super::{Desk, address, assets, gate};
use rollcall_site::Site;
use rollcall_site::access::Role;
use rollcall_site::device::DeviceState;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The entry of the rail that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// What needs her now.
    Today,
    /// Lending and taking back.
    Loans,
    /// Who may borrow.
    People,
    /// Rooms.
    Rooms,
    /// Devices.
    Devices,
    /// Everything with a tag, orders, replacement.
    Assets,
    /// Alerts.
    Alerts,
    /// Work that somebody has to do.
    Tickets,
    /// What software and settings machines must have.
    Baselines,
    /// Who has which title.
    Software,
    /// What is asked once a term.
    Reports,
    /// What the site is set to.
    Settings,
    /// Adding devices.
    Add,
    /// Who changed what.
    Audit,
    /// Whether the labs are ready: for teachers.
    Labs,
}

/// An entry of the rail.
pub struct Entry {
    /// The word.
    pub word: &'static str,
    /// The address.
    pub href: &'static str,
    /// The count beside it, empty for none.
    pub count: String,
    /// Whether this page belongs to it.
    pub current: bool,
}

/// The frame around every page.
pub struct Frame {
    /// The site's name.
    pub site: String,
    /// The rail.
    pub rail: Vec<Entry>,
    /// The account.
    pub user: String,
    /// Whether they see the teachers' pages alone.
    pub is_teacher: bool,
    /// Whether they have a password of this desk's own; else the school's provider vouches for them.
    pub has_password: bool,
    /// Whether they may lend, acknowledge and change.
    pub may_change: bool,
    /// Whether they may do everything.
    pub is_admin: bool,
    /// What was just done.
    pub notices: Vec<Notice>,
    /// Where it stands who changed what the page shows.
    pub who_changed: Option<String>,
    /// The last event that this page knows.
    pub seq: u64,
    /// The style's address.
    pub css: &'static str,
    /// The script's address.
    pub js: &'static str,
    /// The mark's address.
    pub mark: &'static str,
}

impl Frame {
    /// The frame of a page that belongs to `tab`.
    pub(super) fn of(desk: &Desk, visitor: &Visitor, look: &Look, tab: Tab) -> Self {
        let is_admin = visitor.who.role >= Role::Admin;
        let is_teacher = visitor.who.role == Role::Teacher;
        let notices = if visitor.how == Use::Active { desk.sessions.notices(&visitor.session) } else { Vec::new() };
        Self {
            site: look.site.about().map_or_else(|| "this site".to_owned(), |about| about.name.clone()),
            rail: if is_teacher { teachers_rail(tab) } else { rail(desk.counts.of(&look.site), tab, visitor.who.role) },
            user: visitor.user.to_string(),
            has_password: Passwords::known(&desk.collector.secrets, &visitor.user),
            is_teacher,
            may_change: visitor.who.role >= Role::Technician,
            is_admin,
            notices,
            who_changed: None,
            seq: look.site.seq,
            css: assets::css(),
            js: assets::js(),
            mark: assets::mark(),
        }
    }
}

impl Frame {
    /// With a link to who changed what the page shows, for whoever may know: "asset", "PC-1".
    #[must_use]
    pub(super) fn of_thing(self, what: &str, name: impl fmt::Display) -> Self {
        let who_changed = self.may_change.then(|| trail(what, name));
        Self { who_changed, ..self }
    }
}

/// Where it stands who changed a thing.
pub(super) fn trail(what: &str, name: impl fmt::Display) -> String {
    format!("/audit?thing={}", address::encoded(&format!("{what}:{name}")))
}

/// What the rail counts.
#[derive(Clone, Copy)]
struct Counts {
    alerts: usize,
    devices: usize,
    loans: usize,
    rooms: usize,
    tickets: usize,
}

impl Counts {
    fn of(site: &Site) -> Self {
        let known = |state: &DeviceState| matches!(state, DeviceState::Active | DeviceState::Quarantined { .. });
        Self {
            alerts: site.open_alerts().filter(|alert| alert.is_pressing()).count(),
            devices: site.devices.values().filter(|device| known(&device.state)).count(),
            loans: site.open_loan_count(),
            rooms: site.rooms.len(),
            tickets: rollcall_site::ticket::live(site).count(),
        }
    }
}

/// What was counted last, and of which view: many pages look at the same one.
#[derive(Default)]
pub(super) struct LastCounts(Mutex<Option<(Weak<Site>, Counts)>>);

impl LastCounts {
    fn of(&self, site: &Arc<Site>) -> Counts {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            // The address is not given to another view while this holds on to it.
            Some((of, counts)) if std::ptr::eq(of.as_ptr(), Arc::as_ptr(site)) => *counts,
            _ => last.insert((Arc::downgrade(site), Counts::of(site))).1,
        }
    }
}

/// Nothing is counted for a teacher.
fn teachers_rail(tab: Tab) -> Vec<Entry> {
    vec![Entry { word: "Labs", href: gate::LABS, count: String::new(), current: tab == Tab::Labs }]
}

fn rail(counts: Counts, tab: Tab, role: Role) -> Vec<Entry> {
    let some = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    let entry = |of, word, href, count| Entry { word, href, count, current: of == tab };
    let mut rail = vec![
        entry(Tab::Today, "Today", "/", String::new()),
        entry(Tab::Loans, "Loan desk", "/loans", some(counts.loans)),
        entry(Tab::People, "People", "/people", String::new()),
        entry(Tab::Rooms, "Rooms", "/rooms", some(counts.rooms)),
        entry(Tab::Devices, "Devices", "/devices", some(counts.devices)),
        entry(Tab::Assets, "Assets", "/assets", String::new()),
        entry(Tab::Alerts, "Alerts", "/alerts", some(counts.alerts)),
        entry(Tab::Tickets, "Tickets", "/tickets", some(counts.tickets)),
        entry(Tab::Baselines, "Baselines", "/baselines", String::new()),
        entry(Tab::Software, "Software", "/software", String::new()),
        entry(Tab::Reports, "Reports", "/reports", String::new()),
        entry(Tab::Settings, "Settings", "/settings", String::new()),
    ];
    if role >= Role::Technician {
        rail.push(entry(Tab::Audit, "Audit", "/audit", String::new()));
    }
    if role >= Role::Admin {
        rail.push(entry(Tab::Add, "Add devices", "/add", String::new()));
    }
    rail
}
