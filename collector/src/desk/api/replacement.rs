//! `/replacement`: what should be replaced, and a requisition for others.

use crate::Collector;
use crate::desk::api::ask::{Asked, Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use crate::desk::api::rooms;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::asset::AssetKind;
use rollcall_site::order::{self, OrderFacts, OrderPage};
use rollcall_site::replacement::{self, Plan, Which};
use rollcall_site::{Refusal, Tag};
use serde::Deserialize;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/replacement", get(list)).route("/replacement/requisition", post(requisition))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// Months from now.
    within: Option<u16>,
    room: Option<String>,
    kind: Option<String>,
}

/// Which assets are to be replaced, and what is said of the draft.
#[derive(Deserialize)]
struct New {
    tags: Vec<Tag>,
    #[serde(flatten)]
    facts: serde_json::Map<String, serde_json::Value>,
}

/// Lists what should be replaced, and when.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Asked(ask): Asked<Ask>) -> Result<Json<Plan>, Problem> {
    let site = collector.keeper.view();
    let which = Which {
        within_months: ask.within,
        room: ask.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?,
        kind: ask.kind.map(|kind| kind.parse::<AssetKind>().map_err(|bad| Refusal::invalid(bad.to_string()))).transpose()?,
    };
    let today = site.zone().to_datetime(collector.keeper.clock().now()).date();
    let plan = tokio::task::spawn_blocking(move || replacement::plan(&site, &which, today)).await;
    Ok(Json(plan.map_err(|_| Problem::broken_off())?))
}

/// Drafts an order for others in the place of these.
async fn requisition(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<OrderPage>), Problem> {
    let facts: OrderFacts = serde_json::from_value(new.facts.into()).map_err(|bad| Refusal::invalid(bad.to_string()))?;
    let drafted = collector.keeper.change(actor, move |w| {
        let draft = replacement::requisition(w, facts, &new.tags)?;
        Ok(order::page(&w.site, &draft, w.today()))
    });
    Ok((StatusCode::CREATED, Json(drafted.await?)))
}
