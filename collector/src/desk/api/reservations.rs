//! `/reservations`: what is kept for somebody.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::{moment, rooms};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::asset::AssetKind;
use rollcall_site::reservation::{self, NewReservation, Of, Reservation, Standing};
use rollcall_site::{PersonId, ReservationId, Site, Tag};
use serde::{Deserialize, Serialize};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/reservations", get(list).post(add)).route("/reservations/{id}", delete(cancel))
}

/// A reservation in a list.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    reservation: Reservation,
    /// What it is of, as people say it.
    what: String,
    /// How many are still to be fetched.
    left: u16,
    standing: Standing,
    /// For whom, by name; for the desk only.
    person_name: String,
}

impl Row {
    fn of(site: &Site, reservation: &Reservation, now: Timestamp) -> Self {
        Self {
            what: reservation::name(site, reservation),
            left: reservation.left(),
            standing: reservation.standing(now),
            person_name: site.persons.get(&reservation.person).map_or_else(String::new, |person| person.name.clone()),
            reservation: reservation.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Those that are over too.
    #[serde(default)]
    all: bool,
    person: Option<String>,
}

/// A reservation to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    /// This asset; none: so many of a kind.
    tag: Option<String>,
    count: Option<u16>,
    kind: Option<AssetKind>,
    room: Option<String>,
    person: String,
    class: Option<String>,
    /// "2026-12-01", "tomorrow period 1", "2h"; none: now.
    from: Option<String>,
    until: String,
}

/// Lists the reservations.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Result<Listed<Row>, Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let person = which.person.as_deref().map(PersonId::parse).transpose()?;
    let fits = |row: &Row| person.as_ref().is_none_or(|person| row.reservation.person == *person);
    let row = |reservation: &std::sync::Arc<Reservation>| Row::of(&site, reservation, now);
    let rows: Vec<Row> =
        if which.all { site.reservations.values().map(row).collect() } else { reservation::active(&site, now).map(row).collect() };
    let mut rows: Vec<Row> = rows.into_iter().filter(fits).collect();
    rows.sort_by_key(|row| (row.reservation.from, row.reservation.id));
    Ok(part.of(rows, |row| row.reservation.id.to_string()))
}

/// Reserves things for a time.
async fn add(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Row>), Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let of = match (&new.tag, new.kind) {
        (Some(tag), None) => Of::Tag(Tag::parse(tag)?),
        (None, Some(kind)) => {
            let room = new.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?;
            Of::Kind { count: new.count.unwrap_or(1), kind, room }
        }
        _ => return Err(rollcall_site::Refusal::invalid("name a tag, or a kind with how many: \"LT-1\", or 10 of the kind laptop").into()),
    };
    let reservation = NewReservation {
        of,
        person: PersonId::parse(&new.person)?,
        class: new.class,
        from: new.from.as_deref().map(|from| moment::from(from, now, &site)).transpose()?,
        until: moment::by_the_bell(&new.until, now, &site)?,
    };
    let row = collector.keeper.change(actor, move |w| reservation::add(w, reservation).map(|made| Row::of(&w.site, &made, now))).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// Cancels a reservation.
async fn cancel(State(collector): State<Collector>, Technician(actor): Technician, Path(id): Path<String>) -> Result<Json<Row>, Problem> {
    let (id, now) = (id.parse::<ReservationId>()?, collector.keeper.clock().now());
    let row = collector.keeper.change(actor, move |w| reservation::cancel(w, id).map(|gone| Row::of(&w.site, &gone, now))).await?;
    Ok(Json(row))
}
