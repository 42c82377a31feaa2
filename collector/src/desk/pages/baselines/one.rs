//! One baseline: which machines don't meet it and why, its versions, and what may be done with it.

use super::planned::Planned;
use super::{address, named, whereabouts};
use crate::desk::address::encoded;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Path, State};
use rollcall_site::baseline::{self, Baseline, Edition};
use rollcall_site::{BaselineId, RoomId};
use std::sync::Arc;

/// Versions that stand on the page.
const MOST: usize = 30;

#[derive(Template)]
#[template(path = "baselines/one.html")]
struct One {
    frame: Frame,
    look: Look,
    name: BaselineId,
    /// None: it was removed, its versions are kept.
    holds: Option<(Arc<Baseline>, Planned)>,
    versions: Vec<Edition>,
    rooms: Vec<RoomId>,
}

/// `GET /baselines/{name}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    let name = named(&name)?;
    let one = desk.apart(move |desk| {
        let look = desk.look();
        let mut versions = baseline::editions(&look.site, &name)?;
        versions.truncate(MOST);
        let holds = look.site.baselines.get(&name).cloned();
        Ok(One {
            frame: Frame::of(desk, &visitor, &look, Tab::Baselines),
            holds: holds.map(|holds| (Arc::clone(&holds), Planned::of(baseline::plan(&look.site, &holds, look.now)))),
            versions,
            rooms: look.site.rooms.keys().cloned().collect(),
            name,
            look,
        })
    });
    page(&one.await?)
}

impl One {
    fn tab(&self) -> &'static str {
        "baselines"
    }

    fn live(&self) -> &'static str {
        "baseline alert section waiver device"
    }

    fn here(&self) -> String {
        address(&self.name)
    }

    fn file(&self) -> String {
        format!("/baseline-file?name={}", encoded(&self.name.to_string()))
    }

    fn place(&self) -> String {
        self.holds.as_ref().map_or_else(|| "It is removed: nothing has to meet it.".to_owned(), |(holds, _)| whereabouts(holds))
    }

    fn is_now(&self, version: &Edition) -> bool {
        self.holds.as_ref().is_some_and(|(holds, _)| holds.version == version.version)
    }
}
