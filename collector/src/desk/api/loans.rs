//! `/loans`: what is in whose hands.

use crate::Collector;
use crate::desk::anew;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::{moment, rooms};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::charge::{self, Charge};
use rollcall_site::loan::{Batch, Condition, Loan, NewLoan, Returned};
use rollcall_site::person::PersonRole;
use rollcall_site::verdict::{self, Check, Reason, Verdict};
use rollcall_site::view::{self, Ended, LoanFilter, LoanRow, Overdue};
use rollcall_site::{LoanId, PersonId, Refusal, Site, Tag, class, loan, ticket};
use serde::{Deserialize, Serialize};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/loans", get(list).post(out)).route("/loans/return", post(back))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    all: bool,
    #[serde(default)]
    overdue: bool,
    person: Option<String>,
    /// The room or cart in which things belong.
    room: Option<String>,
    /// A class set, by its first loan.
    batch: Option<u64>,
}

/// A loan to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lending {
    tag: String,
    /// None: the teacher of the class.
    person: Option<String>,
    /// "5d", "2026-12-01", "period 3", "tomorrow period 1", a time, or "never"; none: as the policy says.
    due: Option<String>,
    /// Why it is lent though the verdict is STOP.
    #[serde(rename = "override")]
    override_reason: Option<String>,
    /// What leaves with it that has no tag; none: all that belongs to it.
    accessories: Option<Vec<String>>,
    /// The parts of its kit that stay, by tag.
    #[serde(default)]
    without: Vec<String>,
    /// The class set that it belongs to: "new", or the number of the set's first loan.
    batch: Option<String>,
    /// The class that it is for.
    class: Option<String>,
    /// The borrower accepts the agreement of this school year with it.
    #[serde(default)]
    agreed: bool,
}

impl Lending {
    fn read(self, now: jiff::Timestamp, site: &Site) -> Result<NewLoan, Refusal> {
        let person = match (&self.person, &self.class) {
            (Some(person), _) => PersonId::parse(person)?,
            (None, Some(class)) => teacher(site, class)?,
            (None, None) => return Err(Refusal::invalid("name who borrows it, or the class whose teacher does")),
        };
        let batch = match self.batch.as_deref() {
            None => None,
            Some("new") => Some(Batch::Begins),
            Some(number) => Some(Batch::Of(number.parse()?)),
        };
        Ok(NewLoan {
            due: moment::due(self.due.as_deref(), now, site)?,
            override_reason: self.override_reason,
            accessories: self.accessories,
            without: self.without.iter().map(|tag| Tag::parse(tag)).collect::<Result<_, _>>()?,
            batch,
            class: self.class,
            ..NewLoan::new(Tag::parse(&self.tag)?, person)
        })
    }
}

/// The one teacher of a class.
fn teacher(site: &Site, class: &str) -> Result<PersonId, Refusal> {
    let class = class::get(site, class)?;
    let mut teachers = class::with_role(site, &class.id, PersonRole::Staff);
    match (teachers.next(), teachers.next()) {
        (Some(one), None) => Ok(one.id.clone()),
        (None, _) => Err(Refusal::invalid(format!("no teacher of class {} is known: name who borrows it", class.id))),
        (Some(_), Some(_)) => Err(Refusal::invalid(format!("class {} has several teachers: name who of them borrows it", class.id))),
    }
}

/// A loan that was made, with what was to be looked at first.
#[derive(Serialize)]
struct Lent {
    #[serde(flatten)]
    row: LoanRow,
    /// The verdict that it left with.
    verdict: Verdict,
    /// Why it was not GO.
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Returning {
    tag: String,
    #[serde(default)]
    condition: Condition,
    /// What left with it and is not back: names of accessories, tags of parts.
    #[serde(default)]
    missing: Vec<String>,
    /// What is damaged.
    #[serde(default)]
    damage: String,
}

/// A loan that is over, with what is proposed for it.
#[derive(Serialize)]
struct Back {
    #[serde(flatten)]
    row: LoanRow,
    /// The charges that are proposed or owed for it.
    charges: Vec<Charge>,
    /// The tickets that are proposed or open for it, by number.
    tickets: Vec<u64>,
}

impl Back {
    fn of(site: &Site, loan: &Loan, now: jiff::Timestamp) -> Self {
        let charges = charge::open_of(site, &loan.person).filter(|charge| charge.loan == Some(loan.id));
        let tickets = ticket::open_of(site, loan.asset).filter(|ticket| ticket.loan == Some(loan.id));
        Self {
            row: view::loan_row(site, loan, now),
            charges: charges.map(|charge| (**charge).clone()).collect(),
            tickets: tickets.map(|ticket| ticket.id.0).collect(),
        }
    }
}

/// Lists the loans, what is due first on top.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Result<Listed<LoanRow>, Problem> {
    let site = collector.keeper.view();
    let filter = LoanFilter {
        ended: which.all.then_some(Ended::Shown),
        overdue: which.overdue.then_some(Overdue),
        person: which.person.as_deref().map(PersonId::parse).transpose()?,
        room: which.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?,
        batch: which.batch.map(LoanId),
    };
    Ok(part.of(view::loans_where(&site, &filter, collector.keeper.clock().now()), |row| row.id.to_string()))
}

/// Lends something.
async fn out(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<Lending>,
) -> Result<(StatusCode, Json<Lent>), Problem> {
    let (now, agreed) = (collector.keeper.clock().now(), new.agreed);
    let new = new.read(now, &collector.keeper.view())?;
    let heard = collector.roll.heard();
    let lent = collector
        .keeper
        .change(actor, move |w| {
            if agreed {
                loan::agree(w, &new.person)?;
            }
            let Check { verdict, mut reasons, .. } = verdict::ask(&w.site, &heard, &new.question(), w.now)?;
            reasons.retain(|reason| reason.verdict != Verdict::Go);
            let loan = loan::out(w, &heard, new)?;
            Ok(Lent { row: view::loan_row(&w.site, &loan, now), verdict, reasons })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(lent)))
}

/// Takes something back.
async fn back(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(returned): Body<Returning>,
) -> Result<Json<Back>, Problem> {
    let returned = Returned {
        condition: returned.condition,
        missing: returned.missing,
        damage: returned.damage,
        ..Returned::fine(Tag::parse(&returned.tag)?)
    };
    let now = collector.keeper.clock().now();
    let row = collector
        .keeper
        .change(actor, move |w| {
            let loan = loan::back(w, returned)?;
            Ok(Back::of(&w.site, &loan, now))
        })
        .await?;
    if let Some(tag) = &row.row.tag {
        anew::after_return(&collector, tag);
    }
    Ok(Json(row))
}
