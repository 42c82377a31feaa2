//! `/status`, `/ledger/verify`: how the site and its store are.

use crate::Collector;
use crate::backups;
use crate::desk::api::ask::{Admin, Body, Viewer};
use crate::desk::api::problem::Problem;
use crate::store::{StoreState, Verified};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::presence::Presence;
use rollcall_site::view::{self, AlertsShown, DeviceFilter, Ended};
use rollcall_site::{Site, SiteId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/status", get(status))
}

/// The routes that read everything and take as long as that takes.
pub(super) fn slow_routes() -> Router<Collector> {
    Router::new().route("/ledger/verify", post(verify))
}

/// How the site is, in figures.
#[derive(Serialize)]
struct Status {
    site: Option<SiteId>,
    name: String,
    time_zone: String,
    epoch: u64,
    version: &'static str,
    at: Timestamp,
    seq: u64,
    rooms: usize,
    assets: usize,
    devices: usize,
    presence: BTreeMap<Presence, usize>,
    /// Whether it is said when machines are expected.
    hours_set: bool,
    alerts_raised: usize,
    alerts_acknowledged: usize,
    loans_open: usize,
    loans_overdue: usize,
    persons: usize,
    doors: Doors,
    store: StoreState,
    last_backup: Option<Timestamp>,
    /// One hash over all records: a restored folder or another copy of the site has the same.
    state_hash: String,
}

/// Where the collector listens.
#[derive(Serialize)]
struct Doors {
    agents: SocketAddr,
    enroll: SocketAddr,
    desk: SocketAddr,
    metrics: SocketAddr,
    reach: Vec<String>,
}

/// Shows how the site is, in figures.
async fn status(State(collector): State<Collector>, Viewer(_): Viewer) -> Result<Json<Status>, Problem> {
    let site = collector.keeper.view();
    let now = collector.keeper.clock().now();
    let devices = view::devices(&site, &collector.roll.heard(), &DeviceFilter::default(), now);
    let mut presence = BTreeMap::new();
    for row in &devices {
        *presence.entry(row.presence).or_default() += 1;
    }
    let alerts = view::alerts(&site, AlertsShown::Open);
    let loans = view::loans(&site, Ended::Hidden, now);
    let about = site.about();
    let settings = &collector.settings;
    Ok(Json(Status {
        site: about.map(|about| about.id.clone()),
        name: about.map(|about| about.name.clone()).unwrap_or_default(),
        time_zone: about.map(|about| about.time_zone.clone()).unwrap_or_default(),
        epoch: site.epoch(),
        version: env!("CARGO_PKG_VERSION"),
        at: now,
        seq: site.seq,
        rooms: site.rooms.len(),
        assets: site.assets.len(),
        devices: devices.len(),
        presence,
        hours_set: site.has_hours(),
        alerts_raised: alerts.iter().filter(|row| row.state == "raised").count(),
        alerts_acknowledged: alerts.iter().filter(|row| row.state == "acknowledged").count(),
        loans_open: loans.len(),
        loans_overdue: loans.iter().filter(|row| row.overdue).count(),
        persons: site.persons.len(),
        doors: Doors {
            agents: settings.agents,
            enroll: settings.enroll,
            desk: settings.desk,
            metrics: settings.metrics,
            reach: settings.reach.clone(),
        },
        store: collector.keeper.store().state(),
        last_backup: backups::last(&settings.data),
        state_hash: hash_of(Arc::clone(&site)).await?,
    }))
}

/// A hash over every record takes its time: beside the tasks that answer.
async fn hash_of(site: Arc<Site>) -> Result<String, Problem> {
    tokio::task::spawn_blocking(move || site.state_hash()).await.map_err(|_| Problem::broken_off())
}

/// What a check of every byte found.
#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    verified: Verified,
    /// One hash over all records as they are now.
    state_hash: String,
}

/// What the ledger is held to beside its own checkpoints.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Held {
    /// A text with checkpoints that was kept elsewhere.
    against: String,
}

/// Checks every byte of the ledger, and the chain of its hashes.
async fn verify(State(collector): State<Collector>, Admin(_): Admin, Body(held): Body<Held>) -> Result<Json<Checked>, Problem> {
    let folder = Arc::clone(&collector.folder);
    let verified = tokio::task::spawn_blocking(move || folder.verify_against(&held.against)).await;
    let verified = verified.map_err(|_| Problem::broken_off())??;
    Ok(Json(Checked { verified, state_hash: hash_of(collector.keeper.view()).await? }))
}
