//! The library system: how it stands, what waits, and what it refuses, to be tried again or dropped here.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::{Look, Moment};
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{Chip, count};
use crate::desk::{Answer, Desk};
use crate::feeds::sip2;
use askama::Template;
use axum::extract::{Path, State};
use rollcall_site::MirroringId;
use rollcall_site::access::Role;
use rollcall_site::library::{self, Library, Mirroring, Step};
use std::sync::Arc;

/// Most rows of a list.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "library.html")]
struct Page {
    frame: Frame,
    look: Look,
    library: Option<Arc<Library>>,
    refused: Vec<Arc<Mirroring>>,
    waiting: Vec<Arc<Mirroring>>,
    all_refused: usize,
    all_waiting: usize,
}

impl Page {
    fn live(&self) -> &'static str {
        "library loan"
    }

    fn kinds(&self, library: &Library) -> String {
        library.kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ")
    }

    fn state(&self, library: &Library) -> Chip {
        match (&library.trouble, self.all_refused) {
            (Some(_), _) => Chip::stop("Can't be told"),
            (None, 0) => Chip::go("Listens"),
            (None, refused) => Chip::check(format!("Refuses {refused}")),
        }
    }

    /// When it last took something.
    fn took(&self, library: &Library) -> Option<Moment> {
        library.arrived_at.map(|at| self.look.ago(at))
    }

    /// "Check-out of LT-042".
    fn what(&self, owed: &Mirroring) -> String {
        let tag = self.look.site.assets.get(&owed.asset).map_or_else(|| owed.item.clone(), |asset| asset.tag.to_string());
        let step = match owed.step {
            Step::Out => "Check-out",
            Step::In => "Check-in",
            Step::Renew => "Renewal",
        };
        format!("{step} of {tag}")
    }

    fn tag(&self, owed: &Mirroring) -> String {
        self.look.site.assets.get(&owed.asset).map(|asset| asset.tag.to_string()).unwrap_or_default()
    }

    fn more(&self, all: &usize, shown: usize) -> String {
        let more = all.saturating_sub(shown);
        if more == 0 { String::new() } else { format!("{more} more are not shown; `rollcall library list` has them.") }
    }

    fn counted(&self) -> String {
        count(self.all_waiting as u64, "waits", "wait")
    }
}

/// `GET /library`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    let owed = |is_refused: bool| look.site.mirrorings.values().filter(move |owed| owed.refused_at.is_some() == is_refused);
    let list = |is_refused| owed(is_refused).take(MOST).cloned().collect();
    let (refused, waiting) = (list(true), list(false));
    let (all_refused, all_waiting) = (owed(true).count(), owed(false).count());
    let library = library::of(&look.site).cloned();
    page(&Page { frame: Frame::of(&desk, &visitor, &look, Tab::Loans), library, refused, waiting, all_refused, all_waiting, look })
}

/// `POST /library/test`
pub(in crate::desk) async fn test(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Technician)?;
    let library = library::there(&desk.look().site).cloned().map_err(Trouble::from)?;
    let notice = match sip2::test(&desk.collector, &library, None, None).await {
        Ok(tried) => {
            let name = [&tried.name, &tried.institution].into_iter().find(|name| !name.is_empty()).map_or("", |name| name.as_str());
            let takes = if tried.takes_checkouts && tried.takes_checkins { "takes loans" } else { "does not take loans now" };
            Notice::done(if name.is_empty() { format!("It answers, and {takes}.") } else { format!("It answers as {name}, and {takes}.") })
        }
        Err(why) => Notice::refused(format!("The library system at {}: {why}", library.url)),
    };
    desk.then(&visitor, Ok(notice), "/library")
}

/// `POST /library/owed/{id}/retry`
pub(in crate::desk) async fn retry(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(&visitor, move |w| library::retry(w, MirroringId(id))).await.map_err(Trouble::from);
    let done = done.map(|owed| Notice::done(format!("The library system is told again of the {} of {}.", owed.step.word(), owed.item)));
    desk.then(&visitor, done, "/library")
}

/// `POST /library/owed/{id}/drop`
pub(in crate::desk) async fn drop_one(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(&visitor, move |w| library::drop_one(w, MirroringId(id))).await.map_err(Trouble::from);
    let done = done.map(|owed| Notice::done(format!("The library system is not told of the {} of {}.", owed.step.word(), owed.item)));
    desk.then(&visitor, done, "/library")
}
