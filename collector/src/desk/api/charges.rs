//! `/charges`: what people are asked to pay.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::charge::{self, Charge};
use rollcall_site::money::Money;
use rollcall_site::{ChargeId, PersonId, Refusal, Site, Tag, Working};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/charges", get(list).post(propose))
        .route("/charges/{id}/change", post(change))
        .route("/charges/{id}/confirm", post(confirm))
        .route("/charges/{id}/pay", post(pay))
        .route("/charges/{id}/waive", post(waive))
}

/// A charge in a list.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    charge: Charge,
    /// The amount as people write it.
    sum: String,
    /// Where it stands, as people say it.
    standing: &'static str,
    /// Of which asset.
    tag: Option<Tag>,
    /// Who, by name; for the desk only.
    person_name: String,
}

impl Row {
    fn of(site: &Site, charge: &Charge) -> Self {
        Self {
            sum: charge.amount.to_string(),
            standing: charge.state.word(),
            tag: site.assets.get(&charge.asset).map(|asset| asset.tag.clone()),
            person_name: site.persons.get(&charge.person).map_or_else(String::new, |person| person.name.clone()),
            charge: charge.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Paid and waived ones too.
    #[serde(default)]
    all: bool,
    person: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proposed {
    person: String,
    tag: String,
    amount: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    /// Another amount than the proposed one.
    amount: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    amount: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waived {
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paid {}

/// Lists the charges.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Result<Listed<Row>, Problem> {
    let site = collector.keeper.view();
    let person = which.person.as_deref().map(PersonId::parse).transpose()?;
    let of_person = |charge: &&Arc<Charge>| person.as_ref().is_none_or(|person| charge.person == *person);
    let shown: Vec<&Arc<Charge>> = match &person {
        Some(person) if !which.all => charge::open_of(&site, person).collect(),
        _ if which.all => site.charges.values().filter(of_person).collect(),
        _ => charge::open(&site).collect(),
    };
    let mut rows: Vec<Row> = shown.into_iter().map(|charge| Row::of(&site, charge)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.charge.id));
    Ok(part.of(rows, |row| row.charge.id.to_string()))
}

/// Proposes a charge.
async fn propose(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<Proposed>,
) -> Result<Json<Row>, Problem> {
    let (person, tag, amount) = (PersonId::parse(&new.person)?, Tag::parse(&new.tag)?, money(&new.amount)?);
    changed(&collector, actor, move |w| charge::propose(w, &person, &tag, amount, &new.why)).await
}

/// Confirms a charge: it is owed.
async fn confirm(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(confirmed): Body<Confirmed>,
) -> Result<Json<Row>, Problem> {
    let (id, amount) = (id.parse::<ChargeId>()?, confirmed.amount.as_deref().map(money).transpose()?);
    changed(&collector, actor, move |w| charge::confirm(w, id, amount)).await
}

/// Changes the amount of a charge.
async fn change(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(new): Body<Changed>,
) -> Result<Json<Row>, Problem> {
    let (id, amount) = (id.parse::<ChargeId>()?, money(&new.amount)?);
    changed(&collector, actor, move |w| charge::change(w, id, amount, &new.reason)).await
}

/// Says that a charge is paid.
async fn pay(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(Paid {}): Body<Paid>,
) -> Result<Json<Row>, Problem> {
    let id = id.parse::<ChargeId>()?;
    changed(&collector, actor, move |w| charge::pay(w, id)).await
}

/// Waives a charge.
async fn waive(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(waived): Body<Waived>,
) -> Result<Json<Row>, Problem> {
    let id = id.parse::<ChargeId>()?;
    changed(&collector, actor, move |w| charge::waive(w, id, &waived.reason)).await
}

/// Reads an amount.
pub(in crate::desk) fn money(text: &str) -> Result<Money, Refusal> {
    Ok(text.parse::<Money>()?)
}

async fn changed(
    collector: &Collector,
    actor: rollcall_site::event::Actor,
    change: impl FnOnce(&mut Working) -> Result<Arc<Charge>, Refusal> + Send + 'static,
) -> Result<Json<Row>, Problem> {
    let row = collector.keeper.change(actor, move |w| change(w).map(|charge| Row::of(&w.site, &charge))).await?;
    Ok(Json(row))
}
