//! `/assets`: anything with a tag, with or without an agent.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::rooms;
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::asset::{self, Asset, AssetFacts, BadKind, BadStatus, FACTS};
use rollcall_site::event::Actor;
use rollcall_site::view::{self, AssetFilter, AssetRow, Labels, Retired};
use rollcall_site::{AssetId, Refusal, RefusalKind, Site, Tag, Working, enroll, parts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/assets", get(list).post(add))
        .route("/assets/import", post(import))
        .route("/assets/plan", post(plan))
        .route("/assets/{which}", get(show).patch(set))
        .route("/assets/{which}/accept", post(accept))
        .route("/assets/{which}/move", post(relocate))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    room: Option<String>,
    kind: Option<String>,
    status: Option<String>,
    search: Option<String>,
    #[serde(default)]
    retired: bool,
    /// Only those that are to get a label.
    #[serde(default)]
    unlabelled: bool,
}

/// A new asset: its tag, and what is said of it.
#[derive(Deserialize)]
struct NewAsset {
    tag: String,
    /// As [`AssetFacts`].
    #[serde(flatten)]
    facts: serde_json::Map<String, serde_json::Value>,
}

/// Facts that an import does not know, told at most so many.
const MOST_UNUSED: usize = 50;

impl NewAsset {
    /// As [`NewAsset::read`]; a fact that is not known goes to `unused`, by its name.
    fn read_known(mut self, unused: &mut BTreeSet<String>) -> Result<(Tag, AssetFacts), Refusal> {
        self.facts.retain(|name, _| {
            let known = FACTS.contains(&name.as_str());
            if !known && unused.len() < MOST_UNUSED {
                unused.insert(name.chars().take(80).collect());
            }
            known
        });
        self.read()
    }

    fn read(self) -> Result<(Tag, AssetFacts), Refusal> {
        let tag = Tag::parse(&self.tag)?;
        let facts = serde_json::from_value(self.facts.into()).map_err(|bad| Refusal::invalid(format!("asset {tag}: {bad}")))?;
        Ok((tag, facts))
    }
}

/// Rows that go in at once: some milliseconds of the writer's time.
const AT_ONCE: usize = 500;

/// What an import did or would do.
#[derive(Default, Serialize)]
struct Imported {
    added: usize,
    changed: usize,
    same: usize,
    /// Facts in the rows that are not known and were passed over, by name.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    unused: BTreeSet<String>,
}

/// Where an asset goes; absent: nowhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    room: Option<String>,
    seat: Option<String>,
}

/// Lists the assets, by tag.
async fn list(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Paged(which, part): Paged<Which>,
) -> Result<Listed<AssetRow>, Problem> {
    let site = collector.keeper.view();
    let filter = AssetFilter {
        room: which.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?,
        kind: which.kind.map(|kind| kind.parse().map_err(|bad: BadKind| Refusal::invalid(bad.to_string()))).transpose()?,
        status: which.status.map(|status| status.parse().map_err(|bad: BadStatus| Refusal::invalid(bad.to_string()))).transpose()?,
        retired: if which.retired { Retired::Shown } else { Retired::Hidden },
        text: which.search,
        labels: if which.unlabelled { Labels::Wanted } else { Labels::Any },
    };
    Ok(part.of(view::some_assets(&site, &collector.roll.heard(), &filter, collector.keeper.clock().now(), 0..usize::MAX).0, |row| {
        row.asset.tag.to_string()
    }))
}

/// Shows an asset as it is now.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(which): Path<String>) -> Result<Versioned<AssetRow>, Problem> {
    let site = collector.keeper.view();
    let asset = asset_of(&site, called(&site, &which)?, &which)?;
    Ok(Versioned(Version::of(&asset), view::asset_row(&site, &collector.roll.heard(), &asset, collector.keeper.clock().now())))
}

/// Adds an asset.
async fn add(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<NewAsset>,
) -> Result<(StatusCode, Json<Arc<Asset>>), Problem> {
    let (tag, facts) = new.read()?;
    let id = AssetId(Uuid::now_v7());
    let asset = collector.keeper.change(actor, move |w| asset::add(w, id, tag, facts)).await?;
    Ok((StatusCode::CREATED, Json(asset)))
}

/// Adds assets and changes those whose tag is known. A draft is tried first: where it is refused, nothing is taken in. Then they go in some
/// at a time, so that nobody else's change waits for all of them; what breaks that off says how many are in.
async fn import(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(rows): Body<Vec<NewAsset>>,
) -> Result<Json<Imported>, Problem> {
    let (rows, unused) = known(rows)?;
    let rows = Arc::new(rows);
    draft(&collector, &actor, &rows).await?;
    let mut imported = Imported { unused, ..Imported::default() };
    for from in (0..rows.len()).step_by(AT_ONCE) {
        let some = Arc::clone(&rows);
        let run = move |w: &mut Working| take_in(w, some.iter().skip(from).take(AT_ONCE));
        let more = collector.keeper.change(actor.clone(), run).await.map_err(|error| broken_off(error.into(), from, rows.len()))?;
        imported.added += more.added;
        imported.changed += more.changed;
        imported.same += more.same;
    }
    Ok(Json(imported))
}

/// Why an import ended after so many of its rows.
fn broken_off(why: Problem, done: usize, all: usize) -> Problem {
    if done == 0 {
        return why;
    }
    let detail = format!("{done} of {all} rows are taken in, then: {}. Import the file again: what is in stays as it is", why.detail);
    Problem { detail, ..why }
}

/// What rows would do to the site as it is now.
async fn draft(collector: &Collector, actor: &Actor, rows: &Arc<Vec<(Tag, AssetFacts)>>) -> Result<Imported, Problem> {
    let (site, now) = (Site::clone(&collector.keeper.view()), collector.keeper.clock().now());
    let (actor, rows) = (actor.clone(), Arc::clone(rows));
    let run = move || take_in(&mut Working::begin(site, now, actor), rows.iter());
    Ok(tokio::task::spawn_blocking(run).await.map_err(|_| Problem::broken_off())??)
}

/// What an import would do, and what would be refused; nothing is taken in.
async fn plan(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(rows): Body<Vec<NewAsset>>,
) -> Result<Json<Imported>, Problem> {
    let (rows, unused) = known(rows)?;
    Ok(Json(Imported { unused, ..draft(&collector, &actor, &Arc::new(rows)).await? }))
}

/// The rows of an import, and the facts in them that are not known.
type Known = (Vec<(Tag, AssetFacts)>, BTreeSet<String>);

/// Parts what is known in the rows of an import from what is not.
fn known(rows: Vec<NewAsset>) -> Result<Known, Refusal> {
    let mut unused = BTreeSet::new();
    let rows = rows.into_iter().map(|row| row.read_known(&mut unused)).collect::<Result<_, _>>()?;
    Ok((rows, unused))
}

fn take_in<'a>(w: &mut Working, rows: impl Iterator<Item = &'a (Tag, AssetFacts)>) -> Result<Imported, Refusal> {
    let (mut imported, mut seen) = (Imported::default(), BTreeSet::new());
    for (tag, facts) in rows {
        if !seen.insert(tag.clone()) {
            return Err(Refusal::invalid(format!("the tag {tag} is there twice: keep one line of it")));
        }
        let (known, facts) = (w.site.asset_by_tag(tag).cloned(), facts.clone());
        match known {
            Some(before) => asset::set(w, before.id, facts).map(|after| {
                *if after == before { &mut imported.same } else { &mut imported.changed } += 1;
            }),
            None => asset::add(w, AssetId(Uuid::now_v7()), tag.clone(), facts).map(|_| imported.added += 1),
        }
        .map_err(|refusal| Refusal { text: format!("asset {tag}: {}", refusal.text), ..refusal })?;
    }
    Ok(imported)
}

/// Changes what is said of an asset; what is not named stays.
async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
    if_match: IfMatch,
    Body(facts): Body<AssetFacts>,
) -> Result<Json<Arc<Asset>>, Problem> {
    let asset = collector
        .keeper
        .change(actor, move |w| {
            let id = called(&w.site, &which)?;
            if_match.holds(&asset_of(&w.site, id, &which)?)?;
            asset::set(w, id, facts)
        })
        .await?;
    collector.close_silenced(asset.device);
    Ok(Json(asset))
}

/// Accepts an asset with the parts that it has now.
async fn accept(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
) -> Result<Json<Arc<Asset>>, Problem> {
    let accept = move |w: &mut Working| {
        let id = called(&w.site, &which)?;
        parts::accept(w, id)
    };
    Ok(Json(collector.keeper.change(actor, accept).await?))
}

/// Moves an asset; also under `/devices`.
pub(super) async fn relocate(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
    Body(place): Body<Place>,
) -> Result<Json<Arc<Asset>>, Problem> {
    let asset = collector
        .keeper
        .change(actor, move |w| {
            let id = called(&w.site, &which)?;
            let room = place.room.as_deref().map(|room| rooms::known(&w.site, room)).transpose()?;
            enroll::relocate(w, id, room, place.seat)?;
            asset_of(&w.site, id, &which)
        })
        .await?;
    Ok(Json(asset))
}

/// The asset with this tag, or with the device that is called so.
pub(super) fn called(site: &Site, which: &str) -> Result<AssetId, Refusal> {
    view::find_asset(site, which).map_err(|refusal| if refusal.kind == RefusalKind::NotFound { no_asset(which) } else { refusal })
}

fn asset_of(site: &Site, id: AssetId, which: &str) -> Result<Arc<Asset>, Refusal> {
    site.assets.get(&id).cloned().ok_or_else(|| no_asset(which))
}

fn no_asset(which: &str) -> Refusal {
    Refusal::not_found(format!(
        "nothing here has the tag {which}; `rollcall asset list` shows what there is, `rollcall asset add` adds to it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_an_import_off_says_how_far_it_came() {
        let full = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the disk is full");
        assert_eq!(broken_off(full(), 0, 900), full());
        let told = broken_off(full(), 500, 900);
        assert!(told.status == 503 && told.detail.starts_with("500 of 900 rows are taken in, then: the disk is full. Import"), "{told:?}");
    }
}
