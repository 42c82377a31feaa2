//! Charges: what people are asked to pay; confirmed, changed, paid or waived here.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use rollcall_site::access::Role;
use rollcall_site::charge::{self, Charge, ChargeState};
use rollcall_site::money::Money;
use rollcall_site::{ChargeId, PersonId, Refusal, Tag, Working};
use serde::Deserialize;
use std::sync::Arc;

/// Most charges on the page.
const MOST: usize = 200;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    /// "all": paid and waived ones too.
    show: String,
    person: String,
}

/// What the forms send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    amount: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "charges.html")]
struct Charges {
    frame: Frame,
    look: Look,
    ask: Ask,
    rows: Vec<Row>,
    all: usize,
}

struct Row {
    charge: Arc<Charge>,
    who: String,
    tag: Option<Tag>,
    state: Chip,
}

impl Row {
    fn of(look: &Look, charge: &Arc<Charge>) -> Self {
        let state = words::charge(charge.state);
        let tag = look.site.assets.get(&charge.asset).map(|asset| asset.tag.clone());
        Self { who: look.person(&charge.person), tag, state, charge: Arc::clone(charge) }
    }

    fn is_draft(&self) -> bool {
        self.charge.state == ChargeState::Draft
    }
}

/// `GET /charges`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let charges = desk.apart(move |desk| {
        let look = desk.look();
        let person = PersonId::parse(&ask.person).ok();
        let mut found: Vec<&Arc<Charge>> = match (&person, ask.show.as_str()) {
            (_, "all") => look.site.charges.values().collect(),
            (Some(person), _) => charge::open_of(&look.site, person).collect(),
            (None, _) => charge::open(&look.site).collect(),
        };
        found.retain(|charge| person.as_ref().is_none_or(|person| charge.person == *person));
        found.sort_by_key(|charge| std::cmp::Reverse(charge.id));
        let (all, rows) = (found.len(), found.into_iter().take(MOST).map(|charge| Row::of(&look, charge)).collect());
        Ok(Charges { frame: Frame::of(desk, &visitor, &look, Tab::Loans), ask, rows, all, look })
    });
    page(&charges.await?)
}

/// `POST /charges/{id}/confirm`
pub(in crate::desk) async fn confirm(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(form): Form<Sent>) -> Answer {
    let amount = amount(&form.amount);
    turn(&desk, &visitor, move |w| charge::confirm(w, ChargeId(id), amount?)).await
}

/// Another amount than the proposed one, if that was written.
pub(super) fn amount(text: &str) -> Result<Option<Money>, Refusal> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { Ok(Some(text.parse::<Money>()?)) }
}

/// `POST /charges/{id}/pay`
pub(in crate::desk) async fn pay(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    turn(&desk, &visitor, move |w| charge::pay(w, ChargeId(id))).await
}

/// `POST /charges/{id}/waive`
pub(in crate::desk) async fn waive(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(form): Form<Sent>) -> Answer {
    turn(&desk, &visitor, move |w| charge::waive(w, ChargeId(id), &form.reason)).await
}

async fn turn(
    desk: &Desk,
    visitor: &Visitor,
    change: impl FnOnce(&mut Working) -> Result<Arc<Charge>, Refusal> + Send + 'static,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(visitor, change).await.map_err(Trouble::from);
    let look = desk.look();
    let notice = done.map(|charge| {
        Notice::done(format!("Charge {} of {} to {} is {}.", charge.id, charge.amount, look.person(&charge.person), charge.state.word()))
    });
    desk.then(visitor, notice, "/charges")
}
