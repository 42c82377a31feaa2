//! `/loans/…`: what happens to a loan between out and in: renewed, lost, found, undone; the policy, and who is reminded.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::problem::Problem;
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use crate::reminders;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::loan::policy::{self, LoanPolicy, Said};
use rollcall_site::loan::{self, Found, How};
use rollcall_site::view::{self, LoanRow};
use rollcall_site::{LoanId, PersonId, Tag, reminder};
use serde::{Deserialize, Serialize};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/loans/found", post(found))
        .route("/loans/lost", post(lost))
        .route("/loans/policy", get(show_policy).patch(set_policy))
        .route("/loans/remind", get(to_remind).post(remind))
        .route("/loans/renew", post(renew))
        .route("/loans/undo", post(undo))
        .route("/persons/{id}/agree", post(agree))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewing {
    tag: String,
    /// As for a new loan; none: as long again as the policy says.
    due: Option<String>,
    #[serde(rename = "override")]
    override_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Losing {
    tag: String,
    how: How,
    #[serde(default)]
    report: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    tag: String,
    /// Its borrower has it: the loan goes on.
    #[serde(default)]
    with_borrower: bool,
}

/// What is undone: a class set, or one loan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Undoing {
    Batch(u64),
    Loan(u64),
}

/// What undoing came to.
#[derive(Serialize)]
struct Undone {
    undone: Vec<LoanRow>,
    /// Loans of the set that were over before.
    over: usize,
}

/// What is found gone, or at hand again.
#[derive(Serialize)]
struct Gone {
    tag: Tag,
    status: &'static str,
    /// Its loan, where it was lent.
    loan: Option<LoanRow>,
    /// The open charges for it, by number.
    charges: Vec<u64>,
}

/// Who is to be reminded.
#[derive(Serialize)]
struct ToRemind {
    /// The channel by which reminders go out; none: nobody is reminded.
    channel: Option<String>,
    /// Whether mails go out now: it is a school day, and within the hours.
    open: bool,
    /// Who is to be written to now.
    due: Vec<PersonId>,
    /// Who has something overdue, and no address.
    without_address: Vec<PersonId>,
}

/// Renews a loan: it is due later.
async fn renew(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<Renewing>,
) -> Result<Json<LoanRow>, Problem> {
    let (tag, now) = (Tag::parse(&new.tag)?, collector.keeper.clock().now());
    let due = moment::due(new.due.as_deref(), now, &collector.keeper.view())?;
    let row = collector.keeper.change(actor, move |w| {
        let loan = loan::renew(w, &tag, due, new.override_reason.as_deref())?;
        Ok(view::loan_row(&w.site, &loan, now))
    });
    Ok(Json(row.await?))
}

/// Says that something lent is lost.
async fn lost(State(collector): State<Collector>, Technician(actor): Technician, Body(new): Body<Losing>) -> Result<Json<Gone>, Problem> {
    let (tag, now) = (Tag::parse(&new.tag)?, collector.keeper.clock().now());
    let gone = collector.keeper.change(actor, move |w| {
        let asset = loan::lost(w, &tag, new.how, &new.report)?;
        Ok(Gone::of(w, &asset, now))
    });
    Ok(Json(gone.await?))
}

/// Says that something lost is found.
async fn found(State(collector): State<Collector>, Technician(actor): Technician, Body(new): Body<Finding>) -> Result<Json<Gone>, Problem> {
    let (tag, now) = (Tag::parse(&new.tag)?, collector.keeper.clock().now());
    let place = if new.with_borrower { Found::WithBorrower } else { Found::Here };
    let gone = collector.keeper.change(actor, move |w| {
        let asset = loan::found(w, &tag, place)?;
        Ok(Gone::of(w, &asset, now))
    });
    Ok(Json(gone.await?))
}

impl Gone {
    fn of(w: &rollcall_site::Working, asset: &rollcall_site::asset::Asset, now: jiff::Timestamp) -> Self {
        let loan = w.site.loans_of(asset.id).next_back().filter(|loan| loan.is_open() || loan.gone.is_some());
        let open = loan.into_iter().flat_map(|loan| rollcall_site::charge::open_of(&w.site, &loan.person));
        let charges = open.filter(|charge| charge.asset == asset.id).map(|charge| charge.id.0).collect();
        Self { tag: asset.tag.clone(), status: asset.status.word(), loan: loan.map(|loan| view::loan_row(&w.site, loan, now)), charges }
    }
}

/// Undoes the last step of a loan.
async fn undo(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(which): Body<Undoing>,
) -> Result<Json<Undone>, Problem> {
    let now = collector.keeper.clock().now();
    let undone = collector.keeper.change(actor, move |w| {
        let (loans, over) = match which {
            Undoing::Batch(first) => loan::undo(w, LoanId(first)).map(|undone| (undone.undone, undone.over))?,
            Undoing::Loan(id) => (vec![loan::undo_one(w, LoanId(id))?], 0),
        };
        Ok(Undone { undone: loans.iter().map(|loan| view::loan_row(&w.site, loan, now)).collect(), over })
    });
    Ok(Json(undone.await?))
}

/// Shows the rules of lending.
async fn show_policy(State(collector): State<Collector>, Viewer(_): Viewer) -> Versioned<LoanPolicy> {
    let policy = (*policy::of(&collector.keeper.view())).clone();
    Versioned(Version::of(&policy), policy)
}

/// Changes the rules of lending; what is not named stays.
async fn set_policy(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    if_match: IfMatch,
    Body(said): Body<Said>,
) -> Result<Json<LoanPolicy>, Problem> {
    let policy = collector
        .keeper
        .change(actor, move |w| {
            if_match.holds(&*policy::of(&w.site))?;
            policy::set(w, &said)
        })
        .await?;
    Ok(Json((*policy).clone()))
}

/// Lists who would be reminded now of what is due.
async fn to_remind(State(collector): State<Collector>, Viewer(_): Viewer) -> Json<ToRemind> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    Json(ToRemind {
        channel: policy::of(&site).reminders.channel.clone(),
        open: reminder::is_open(&site, now),
        due: reminder::due(&site, now).into_iter().collect(),
        without_address: reminder::without_address(&site, now).into_iter().collect(),
    })
}

/// Reminds those of whom something is due.
async fn remind(State(collector): State<Collector>, Technician(_): Technician) -> Result<Json<reminders::Round>, Problem> {
    Ok(Json(reminders::round(&collector).await?))
}

/// Notes that a person accepts the agreement of this school year.
async fn agree(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    axum::extract::Path(id): axum::extract::Path<String>,
) -> Result<Json<loan::Agreement>, Problem> {
    let id = PersonId::parse(&id)?;
    let agreement = collector.keeper.change(actor, move |w| loan::agree(w, &id)).await?;
    Ok(Json((*agreement).clone()))
}
