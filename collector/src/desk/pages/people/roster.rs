//! A delivery of the roster brought by a browser: shown first, what it would do, and applied as it was shown.

use crate::desk::api::roster_preview::{Preview, preview};
use crate::desk::brought::Held;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::count;
use crate::desk::{Answer, Desk};
use crate::feeds::roster::{self as service, Accepted, NotApplied};
use askama::Template;
use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::Refusal;
use rollcall_site::access::Role;
use rollcall_site::roster::{self, CardSource, Guard, Origin, Plan, Roster};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How long a page waits for its turn, and for a delivery to be applied; then it goes on by itself. A page may take 30 s.
const PATIENCE: Duration = Duration::from_secs(14);

/// With what a plan is accepted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Yes {
    mark: String,
    leaving: String,
    cards: String,
    skip_bad: String,
}

#[derive(Template)]
#[template(path = "people/roster.html")]
struct Page {
    frame: Frame,
    look: Look,
    roster: Arc<Roster>,
    file: String,
    plan: Option<Preview>,
    problem: String,
}

/// `GET /roster`: the form, and what was brought would do.
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Technician)?;
    let shown = desk.apart(move |desk| {
        let look = desk.look();
        let held = desk.brought.of(&visitor.user, look.now);
        let plan = held.as_ref().map(|held| service::plan(&desk.collector, &held.delivery, &held.terms(Guard::On, Guard::On)));
        let (plan, problem) = match plan {
            Some(Err(refusal)) => (None, refusal.text),
            Some(Ok(plan)) => (Some(preview(&plan)), String::new()),
            None => (None, String::new()),
        };
        let file = held.map_or_else(String::new, |held| held.file.clone());
        Ok(Page { frame: Frame::of(desk, &visitor, &look, Tab::People), roster: roster::settings(&look.site), file, plan, problem, look })
    });
    page(&shown.await?)
}

/// `POST /roster`: a form with a zip.
pub(in crate::desk) async fn bring(State(desk): State<Desk>, visitor: Visitor, form: Multipart) -> Answer {
    visitor.must_be(Role::Technician)?;
    match brought(&desk, &visitor, form).await {
        Ok(()) => Ok(Redirect::to("/roster").into_response()),
        Err(trouble) => desk.then(&visitor, Err(trouble), "/roster"),
    }
}

async fn brought(desk: &Desk, visitor: &Visitor, mut form: Multipart) -> Result<(), Trouble> {
    let bad = |error: &MultipartError| Refusal::invalid(format!("the file did not come whole: {}", error.body_text()));
    let (mut file, mut card, mut schools): (Option<(String, Bytes)>, _, _) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(|error| bad(&error))? {
        let (name, file_name) = (field.name().unwrap_or_default().to_owned(), field.file_name().unwrap_or_default().to_owned());
        let bytes = field.bytes().await.map_err(|error| bad(&error))?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "file" => file = Some((file_name, bytes)),
            "card" => card = card_of(&text()),
            "schools" => {
                let named: Vec<String> = text().lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
                schools = if named.is_empty() { schools } else { Some(named) };
            }
            "all_schools" => schools = Some(Vec::new()),
            _ => {}
        }
    }
    let (name, zip) = file.filter(|(_, bytes)| !bytes.is_empty()).ok_or_else(|| Refusal::invalid("no file was chosen, or it is empty"))?;
    let file = name.chars().filter(|c| !c.is_control()).take(200).collect();
    let (by, at) = (visitor.user.clone(), desk.collector.keeper.clock().now());
    let read = move |desk: &Desk| {
        let delivery = service::read(&zip).map_err(|unreadable| Refusal::invalid(unreadable.to_string()))?;
        desk.brought.keep(Held { by, at, file, delivery, card, schools });
        Ok(())
    };
    desk.apart(read).await
}

fn card_of(column: &str) -> Option<CardSource> {
    let known = [CardSource::Identifier, CardSource::Username, CardSource::SourcedId, CardSource::UserIds];
    known.into_iter().find(|card| card.column() == column.trim())
}

/// `POST /roster/apply`
pub(in crate::desk) async fn apply(State(desk): State<Desk>, visitor: Visitor, Form(yes): Form<Yes>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = applied(&desk, &visitor, yes).await;
    let to = if outcome.is_ok() { "/people" } else { "/roster" };
    desk.then(&visitor, outcome, to)
}

async fn applied(desk: &Desk, visitor: &Visitor, yes: Yes) -> Result<Notice, Trouble> {
    let now = desk.collector.keeper.clock().now();
    let held =
        desk.brought.of(&visitor.user, now).ok_or_else(|| Refusal::not_found("nothing is brought any more: bring the file again"))?;
    let file = held.file.clone();
    let turn = tokio::time::timeout(PATIENCE, service::turn()).await;
    let turn = turn.map_err(|_| Refusal::conflict("another delivery is being applied now: try again in a minute"))?;
    let brought = Arc::clone(&held);
    let planned = desk.apart(move |desk| {
        let plan = service::plan(&desk.collector, &held.delivery, &held.terms(guard(&yes.leaving), guard(&yes.cards)))?;
        refuse(&plan, &yes)?;
        Ok(plan)
    });
    let accepted = Accepted { plan: planned.await?, origin: Origin { file, ..Origin::default() } };
    desk.brought.forget(&brought);
    let (collector, actor) = (desk.collector.clone(), visitor.who.actor.clone());
    let work = tokio::spawn(async move { service::apply(&collector, &turn, &actor, accepted, |_, _| {}).await });
    match tokio::time::timeout(PATIENCE, work).await {
        Err(_) => Ok(Notice::done("The roster is large: it is being applied. Look here again in a minute.")),
        Ok(Err(_)) => Err(Trouble::Broken("a roster was not applied to its end".to_owned())),
        Ok(Ok(Err(NotApplied::Change(error)))) => Err(error.into()),
        Ok(Ok(Err(NotApplied::Keys(error)))) => Err(error.into()),
        Ok(Ok(Ok(plan))) => Ok(Notice::done(format!("The roster is applied: {}.", said(&preview(&plan))))),
    }
}

fn guard(tick: &str) -> Guard {
    if tick == "1" { Guard::Off } else { Guard::On }
}

/// Refuses what a person must look at first.
fn refuse(plan: &Plan, yes: &Yes) -> Result<(), Refusal> {
    if !plan.suspicious.is_empty() {
        return Err(Refusal::conflict(format!("nothing was changed: {}. Tick below that it is so, if it is.", plan.suspicious.join("; "))));
    }
    if !plan.bad.is_empty() && yes.skip_bad != "1" {
        let rows = count(plan.bad.len() as u64, "row", "rows");
        return Err(Refusal::invalid(format!("nothing was changed: {rows} can't be used. Mend them, or tick that they are passed over.")));
    }
    if yes.mark != plan.mark() {
        return Err(Refusal::conflict("nothing was changed: the people are others than when this was shown. Look at it again."));
    }
    Ok(())
}

/// "3 people new, 1 changed, 2 left, 40 as before".
fn said(plan: &Preview) -> String {
    let counts = plan.counts;
    let rest = [
        (counts.changed, "changed"),
        (counts.back, "back"),
        (counts.reconciled, "reconciled"),
        (counts.renumbered, "with another card"),
        (counts.left, "left"),
        (counts.same, "as before"),
    ];
    let rest = rest.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    let new = format!("{} new", count(counts.added as u64, "person", "people"));
    std::iter::once(new).chain(rest).collect::<Vec<_>>().join(", ")
}

impl Page {
    fn tab(&self) -> &'static str {
        "roster"
    }

    fn said(&self, plan: &Preview) -> String {
        said(plan)
    }

    fn left_out(&self, plan: &Preview) -> String {
        let left = plan.left_out;
        let kinds = [(left.family, "family"), (left.elsewhere, "of other schools"), (left.no_role, "without a role")];
        let kinds = kinds.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
        kinds.collect::<Vec<_>>().join(", ")
    }
}
