//! `/assets/{which}/…`: what happens to an asset at the ends of its life: added by mistake, disposed of.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician};
use crate::desk::api::assets::called;
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use rollcall_site::asset::{self, Asset, Disposing};
use std::sync::Arc;

/// The routes of this part of the noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/assets/{which}/dispose", post(dispose)).route("/assets/{which}/take-back", post(take_back))
}

/// Takes an asset out of use for good, and says how it went.
async fn dispose(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
    Body(said): Body<Disposing>,
) -> Result<Json<Arc<Asset>>, Problem> {
    let asset = collector
        .keeper
        .change(actor, move |w| {
            let id = called(&w.site, &which)?;
            asset::dispose(w, id, said)
        })
        .await?;
    collector.close_silenced(asset.device);
    Ok(Json(asset))
}

/// Takes back an asset that was added by mistake.
async fn take_back(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
) -> Result<Json<Arc<Asset>>, Problem> {
    let taken = collector.keeper.change(actor, move |w| {
        let id = called(&w.site, &which)?;
        asset::take_back(w, id)
    });
    Ok(Json(taken.await?))
}
