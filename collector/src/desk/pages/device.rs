//! A device, or an asset without an agent: its state, its verdict, what it is made of, what it runs, and what happened to it.

use super::diagnosis::Diagnosis;
use super::hardware::{self, Part};
use super::health::Health;
use super::software::Software;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::live;
use crate::desk::look::Look;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Path, Query, State};
use rollcall_site::alert::AlertState;
use rollcall_site::asset::Asset;
use rollcall_site::device::{Device, DeviceState};
use rollcall_site::event::Event;
use rollcall_site::loan::Loan;
use rollcall_site::ticket::{self, Ticket};
use rollcall_site::verdict::{self, Check, Reason, Verdict};
use rollcall_site::view::{self, AlertRow, DeviceRow};
use rollcall_site::{AlertId, Tag, TicketId};
use serde::Deserialize;
use std::sync::Arc;

/// Lines of the timeline.
const MOST_EVENTS: usize = 60;
/// Open tickets that are listed.
const MOST_TICKETS: usize = 20;
/// Alerts that stand as chips at the top; all stand below.
const MOST_CHIPS: usize = 3;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    software: String,
    all: Option<String>,
    health: String,
}

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    frame: Frame,
    look: Look,
    asset: Arc<Asset>,
    device: Option<Arc<Device>>,
    row: Option<DeviceRow>,
    chips: Vec<Chip>,
    check: Option<Check>,
    parts: Vec<Part>,
    health: Option<Health>,
    diagnosis: Option<Diagnosis>,
    software: Software,
    alerts: Vec<AlertRow>,
    loan: Option<Arc<Loan>>,
    /// Its open tickets.
    tickets: Vec<Arc<Ticket>>,
    /// How many are over.
    past_tickets: usize,
    /// The ticket for which it stands in as a loaner.
    stands_in_for: Option<TicketId>,
    events: Vec<Event>,
}

/// `GET /devices/{tag}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>, Query(ask): Query<Ask>) -> Answer {
    let device = desk.apart(move |desk| {
        let look = desk.look();
        let asset = find(&look, &tag)?;
        let events = desk.collector.keeper.store().history(Some(asset.id), MOST_EVENTS)?;
        let health = asset.device.map(|device| Health::of(desk, &look, device, &ask.health)).transpose()?;
        Ok(DevicePage { health, ..DevicePage::of(desk, &visitor, look, asset, events, &ask) })
    });
    page(&device.await?)
}

/// The asset that carries `tag`.
pub(super) fn find(look: &Look, tag: &str) -> Result<Arc<Asset>, Trouble> {
    let asset = Tag::parse(tag).ok().and_then(|tag| look.site.asset_by_tag(&tag).cloned());
    asset.ok_or_else(|| Trouble::NotFound(format!("Nothing at this site carries the tag {tag:?}.")))
}

impl DevicePage {
    fn of(desk: &Desk, visitor: &Visitor, look: Look, asset: Arc<Asset>, events: Vec<Event>, ask: &Ask) -> Self {
        let device = look.site.device_of(&asset).cloned();
        let row = device.as_ref().and_then(|device| row(&look, device));
        let profile = device.as_ref().and_then(|device| look.site.profiles.get(&device.id));
        let check = verdict::check(&look.site, &look.heard, &asset.tag, None, look.now).ok();
        let live = look.site.live_alerts(Some(asset.id)).filter(|alert| !matches!(alert.state, AlertState::Settling { .. }));
        let alerts: Vec<AlertRow> = live.map(|alert| view::alert_row(&look.site, alert)).collect();
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::Devices).of_thing("asset", &asset.tag),
            chips: chips(&look, &asset, row.as_ref(), check.as_ref(), &alerts),
            parts: profile.map(|profile| hardware::parts(&look, profile)).unwrap_or_default(),
            health: None,
            diagnosis: device.as_ref().and_then(|device| Diagnosis::of(&look, device.id)),
            software: Software::of(&look, profile.map(|profile| &**profile), &ask.software, ask.all.is_some()),
            alerts,
            loan: look.site.open_loan(asset.id).cloned(),
            tickets: ticket::open_of(&look.site, asset.id).take(MOST_TICKETS).cloned().collect(),
            past_tickets: ticket::all_of(&look.site, asset.id).filter(|ticket| !ticket.is_open()).count(),
            stands_in_for: ticket::of_loaner(&look.site, asset.id).map(|ticket| ticket.id),
            device,
            row,
            check,
            events,
            asset,
            look,
        }
    }

    fn live(&self) -> String {
        live::of_asset(self.asset.id)
    }

    fn address(&self) -> String {
        address::device(&self.asset.tag)
    }

    fn kind(&self) -> &'static str {
        words::kind(self.asset.kind)
    }

    fn reason(&self, reason: &Reason) -> Chip {
        words::verdict(reason.verdict, words::verdict_word(reason.verdict))
    }

    fn severity(&self, alert: &AlertRow) -> Chip {
        words::severity(alert.severity)
    }

    /// What it is, by maker and model; else what people call it.
    fn model(&self) -> String {
        let name = rollcall_site::asset::product(&self.asset.maker, &self.asset.model);
        if name.is_empty() { self.asset.name.clone() } else { name }
    }

    /// The evidence, while two machines hold its key.
    fn quarantine(&self) -> Option<&str> {
        match &self.device.as_ref()?.state {
            DeviceState::Quarantined { why, .. } => Some(why),
            _ => None,
        }
    }

    /// What differs, if it is quarantined because its disk sits in other hardware now: a repair, not a copy.
    fn new_board(&self) -> Option<String> {
        let device = self.device.as_ref()?;
        device.moved_disk().map(|other| device.fingerprint.drift(other).join("; "))
    }

    fn may_speak(&self) -> bool {
        self.device.as_ref().is_some_and(|device| matches!(device.state, DeviceState::Active | DeviceState::Quarantined { .. }))
    }

    /// Whether a diagnosis goes on: then a page without script loads itself again.
    fn diagnoses(&self) -> bool {
        self.diagnosis.as_ref().is_some_and(|diagnosis| diagnosis.page.goes_on)
    }

    fn alert_address(&self, id: &AlertId, action: &str) -> String {
        format!("/alerts/{id}/{action}")
    }
}

/// The row of one device, retired and revoked ones too.
fn row(look: &Look, device: &Device) -> Option<DeviceRow> {
    view::device(&look.site, &look.heard, device.id, look.now).ok().map(|page| page.row)
}

/// The states at the top of the page: where it is, its life, its verdict, its baseline.
fn chips(look: &Look, asset: &Asset, row: Option<&DeviceRow>, check: Option<&Check>, alerts: &[AlertRow]) -> Vec<Chip> {
    let mut chips = Vec::new();
    chips.extend(row.map(|row| look.presence(row)));
    chips.extend(words::status(asset.status));
    // That it is silent is said by where it is.
    chips.extend(alerts.iter().filter(|alert| alert.rule != "machine-silent").take(MOST_CHIPS).map(|alert| {
        let says = words::said_of(&alert.title, asset.tag.as_str()).unwrap_or(&alert.title);
        Chip { word: words::sentence(says).trim_end_matches('.').to_owned(), ..words::severity(alert.severity) }
    }));
    if let Some(check) = check {
        chips.push(words::verdict(check.verdict, &format!("{} to lend", words::verdict_word(check.verdict))));
        let good = |code| check.reasons.iter().any(|reason| reason.code == code && reason.verdict == Verdict::Go);
        let told = [("baseline", "Set up as it should be"), ("battery", "Battery good")];
        chips.extend(told.into_iter().filter(|(code, _)| good(*code)).map(|(_, word)| Chip::go(word)));
    }
    if asset.simulated {
        chips.push(Chip::rest("Simulated"));
    }
    if row.is_none() {
        chips.push(Chip::rest("No agent"));
    }
    chips
}
