//! Lists of assets brought by a browser: shown line by line, accepted, and taken in as they were shown.

use crate::asset_file::Options;
use crate::desk::api::imports::desk_of;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk};
use crate::imports::{self, Import, Plan, Shown, State};
use askama::Template;
use axum::body::Bytes;
use axum::extract::{Multipart, Path, State as Shared};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::Refusal;
use rollcall_site::access::Role;
use rollcall_site::intake::{Change, What};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "imports.html")]
struct Bring {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "import.html")]
struct Waiting {
    frame: Frame,
    import: Arc<Import>,
    state: State,
    percent: usize,
}

impl Waiting {
    /// What it would do, while it waits for a yes.
    fn plan(&self) -> Option<&Plan> {
        match &self.state {
            State::Planned(plan) => Some(plan),
            _ => None,
        }
    }

    fn outcome(&self) -> Option<&imports::Outcome> {
        match &self.state {
            State::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    fn problem(&self) -> Option<&str> {
        match &self.state {
            State::Failed(why) => Some(why),
            _ => None,
        }
    }

    fn is_busy(&self) -> bool {
        matches!(self.state, State::Reading | State::Taking)
    }

    fn is_taking(&self) -> bool {
        self.state == State::Taking
    }

    fn is_new(&self, shown: &Shown) -> bool {
        shown.step.what == What::Add
    }

    fn word(&self, shown: &Shown) -> &'static str {
        if self.is_new(shown) { "new" } else { "changes" }
    }

    /// What it does; a new asset's tag stands before it already.
    fn changes<'a>(&self, shown: &'a Shown) -> Vec<&'a Change> {
        let is_new = self.is_new(shown);
        shown.step.changes.iter().filter(|change| !is_new || change.fact != "tag").collect()
    }

    /// How many lines that do something are not shown.
    fn unshown(&self, plan: &Plan) -> usize {
        (plan.added + plan.changed).saturating_sub(plan.steps.len())
    }
}

/// `GET /import`
pub(in crate::desk) async fn show(Shared(desk): Shared<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Technician)?;
    let look = desk.look();
    page(&Bring { frame: Frame::of(&desk, &visitor, &look, Tab::Devices) })
}

/// `POST /import`: a form with a file.
pub(in crate::desk) async fn bring(Shared(desk): Shared<Desk>, visitor: Visitor, form: Multipart) -> Answer {
    visitor.must_be(Role::Technician)?;
    match brought(&desk, &visitor, form).await {
        Ok(import) => Ok(Redirect::to(&format!("/import/{}", import.id)).into_response()),
        Err(trouble) => desk.then(&visitor, Err(trouble), "/import"),
    }
}

async fn brought(desk: &Desk, visitor: &Visitor, mut form: Multipart) -> Result<Arc<Import>, Trouble> {
    let bad =
        |error: &axum::extract::multipart::MultipartError| Refusal::invalid(format!("the file did not come whole: {}", error.body_text()));
    let (mut file, mut options): (Option<(String, Bytes)>, _) = (None, Options::default());
    while let Some(field) = form.next_field().await.map_err(|error| bad(&error))? {
        let (name, file_name) = (field.name().unwrap_or_default().to_owned(), field.file_name().unwrap_or_default().to_owned());
        let bytes = field.bytes().await.map_err(|error| bad(&error))?;
        let named =
            || String::from_utf8_lossy(&bytes).split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        match name.as_str() {
            "file" => file = Some((file_name, bytes)),
            "add_rooms" => options.add_rooms = true,
            "tag_from_serial" => options.tag_from_serial = true,
            "loans" => options.loans = true,
            "keep" => options.keep = named(),
            "without" => options.without = named(),
            _ => {}
        }
    }
    let (name, bytes) =
        file.filter(|(_, bytes)| !bytes.is_empty()).ok_or_else(|| Refusal::invalid("no file was chosen, or it is empty"))?;
    let now = desk.collector.keeper.clock().now();
    let import = desk.collector.imports.keep(Import::new(Uuid::now_v7(), &name, bytes, options, now))?;
    imports::begin(desk_of(&desk.collector), Arc::clone(&import), visitor.who.actor.clone());
    // A short list is read by the time that its page is asked for.
    for _ in 0..10 {
        if import.state() != State::Reading {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(import)
}

/// `GET /import/{id}`
pub(in crate::desk) async fn waiting(Shared(desk): Shared<Desk>, visitor: Visitor, Path(id): Path<Uuid>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let import = desk.collector.imports.get(id)?;
    let look: Look = desk.look();
    let (done, of) = import.progress();
    let (state, percent) = (import.state(), done * 100 / of.max(1));
    page(&Waiting { frame: Frame::of(&desk, &visitor, &look, Tab::Devices), import, state, percent })
}

/// `POST /import/{id}/accept`
pub(in crate::desk) async fn accept(Shared(desk): Shared<Desk>, visitor: Visitor, Path(id): Path<Uuid>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let to = format!("/import/{id}");
    let accepted =
        desk.collector.imports.get(id).and_then(|import| imports::accept(desk_of(&desk.collector), import, visitor.who.actor.clone()));
    match accepted {
        Ok(()) => Ok(Redirect::to(&to).into_response()),
        Err(refusal) => desk.then(&visitor, Ok(Notice::refused(refusal.text)), &to),
    }
}
