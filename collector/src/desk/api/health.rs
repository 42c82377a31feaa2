//! `/devices/{which}/health`: what a machine measured of itself over an hour, a day, a month or a year.

use crate::Collector;
use crate::desk::api::ask::{Asked, Viewer};
use crate::desk::api::problem::Problem;
use crate::desk::api::reading::{self, Detail};
use crate::desk::measure::{MEASURES, Measure};
use crate::store::{Range, Reading, Spread};
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::{DeviceId, Tag, view};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/devices/{which}/health", get(show))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    range: Option<Range>,
}

/// Health over time.
#[derive(Serialize)]
struct Health {
    device: DeviceId,
    tag: Option<Tag>,
    range: Range,
    since: Timestamp,
    until: Timestamp,
    /// Seconds from one point to the next; where a point is missing nothing was measured.
    step_s: i64,
    /// The unit of each measure; empty: it has none.
    units: BTreeMap<&'static str, &'static str>,
    points: Vec<Point>,
    /// The parts behind the last detailed reading, while it is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Detail>,
}

/// What was measured in one step.
#[derive(Serialize)]
struct Point {
    at: Timestamp,
    #[serde(flatten)]
    values: BTreeMap<&'static str, Value>,
}

/// Mean, least and most of a step, in the unit of the measure.
#[derive(Serialize)]
struct Value {
    mean: f64,
    min: f64,
    max: f64,
}

impl Point {
    fn of(reading: &Reading) -> Self {
        let value = |measure: &Measure, spread: &Spread| Value {
            mean: measure.value(spread.mean),
            min: measure.value(spread.min),
            max: measure.value(spread.max),
        };
        let known = MEASURES.iter().filter_map(|measure| Some((measure.name, value(measure, reading.values.get(&measure.field)?))));
        Self { at: reading.at, values: known.collect() }
    }
}

/// Shows how a device was over a day, a month or a year.
async fn show(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Path(which): Path<String>,
    Asked(Which { range }): Asked<Which>,
) -> Result<Json<Health>, Problem> {
    let site = collector.keeper.view();
    let device = view::find_device(&site, &which)?;
    let (range, now) = (range.unwrap_or(Range::Day), collector.keeper.clock().now());
    let store = collector.keeper.store().clone();
    let readings = tokio::task::spawn_blocking(move || store.readings(device, range, now)).await.map_err(|_| Problem::broken_off())??;
    let asset = site.devices.get(&device).and_then(|device| site.assets.get(&device.asset));
    Ok(Json(Health {
        device,
        tag: asset.map(|asset| asset.tag.clone()),
        range,
        since: range.since(now),
        until: now,
        step_s: range.step().as_secs(),
        units: MEASURES.iter().map(|measure| (measure.name, measure.unit)).collect(),
        points: readings.iter().map(Point::of).collect(),
        detail: reading::detail(&collector, device),
    }))
}
