//! The baselines: how the machines stand, room by room; exceptions; seats that were bought.

use super::planned::Planned;
use super::{address, whereabouts};
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::words::{Chip, count};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::State;
use rollcall_site::RoomId;
use rollcall_site::baseline::licence::{self, Seats};
use rollcall_site::baseline::waiver::{self, Row, Which};
use rollcall_site::baseline::{self, Baseline, Score};
use std::sync::Arc;

/// Waivers that stand on the page.
const MOST_WAIVERS: usize = 100;

#[derive(Template)]
#[template(path = "baselines/list.html")]
struct List {
    frame: Frame,
    look: Look,
    baselines: Vec<(Arc<Baseline>, Planned)>,
    scores: Vec<Score>,
    waivers: Vec<Row>,
    all_waivers: usize,
    seats: Vec<Seats>,
    rooms: Vec<RoomId>,
}

/// `GET /baselines`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    page(&desk.apart(move |desk| Ok(List::of(desk, &visitor))).await?)
}

impl List {
    fn of(desk: &Desk, visitor: &Visitor) -> Self {
        let look = desk.look();
        let (site, now) = (&look.site, look.now);
        let standing = |baseline: &Arc<Baseline>| (Arc::clone(baseline), Planned::of(baseline::plan(site, baseline, now)));
        let mut waivers = waiver::rows(site, Which::Open, now);
        let all_waivers = waivers.len();
        waivers.truncate(MOST_WAIVERS);
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::Baselines),
            baselines: site.baselines.values().map(standing).collect(),
            scores: baseline::scores(site, now),
            waivers,
            all_waivers,
            seats: licence::seats(site),
            rooms: site.rooms.keys().cloned().collect(),
            look,
        }
    }

    fn tab(&self) -> &'static str {
        "baselines"
    }

    fn live(&self) -> &'static str {
        "baseline alert section waiver device"
    }

    fn href(&self, baseline: &Baseline) -> String {
        address(&baseline.name)
    }

    fn place(&self, baseline: &Baseline) -> String {
        whereabouts(baseline)
    }

    /// A room's score; 100 is all of it.
    fn score(&self, score: &Score) -> Chip {
        let word = format!("{} %", score.percent);
        match score.percent {
            _ if score.checks == 0 => Chip::rest("not measured yet"),
            100 => Chip::go(word),
            90..=99 => Chip::check(word),
            _ => Chip::stop(word),
        }
    }

    fn used(&self, seats: &Seats) -> Chip {
        let word = format!("{} of {}", seats.installed, seats.seats);
        if seats.installed > seats.seats as usize { Chip::stop(word) } else { Chip::go(word) }
    }

    /// What machines lack now by a waiver.
    fn uses(&self, waiver: &Row) -> String {
        if waiver.used == 0 { "nobody needs it now".to_owned() } else { count(waiver.used, "machine uses it", "machines use it") }
    }
}
