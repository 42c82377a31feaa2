//! Two taps from the code on a seat: what is wrong with this machine? It becomes a ticket. Names nobody.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::{Look, Moment};
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Path, State};
use rollcall_site::asset::{self, Asset};
use rollcall_site::ticket::{self, Complaint};
use rollcall_site::{Refusal, Tag};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "problem.html")]
struct ReportPage {
    frame: Frame,
    asset: Arc<Asset>,
    /// What is reported already and not done, with when.
    known: Vec<(&'static str, Moment)>,
}

/// What is wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    what: String,
    words: String,
}

/// `GET /report/{tag}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    let look = desk.look();
    let asset = find(&look, &tag)?;
    let open: Vec<_> = ticket::live(&look.site).filter(|ticket| ticket.asset == Some(asset.id)).collect();
    let reported = |complaint: &Complaint| {
        let ticket = open.iter().find(|ticket| complaint.is_title(&ticket.title))?;
        Some((complaint.words(), look.moment(ticket.opened_at)))
    };
    let known = Complaint::ALL.iter().filter_map(reported).collect();
    page(&ReportPage { frame: Frame::of(&desk, &visitor, &look, Tab::Labs), asset, known })
}

/// `POST /report/{tag}`
pub(in crate::desk) async fn send(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>, Form(sent): Form<Sent>) -> Answer {
    let asset = find(&desk.look(), &tag)?;
    let outcome = report(&desk, &visitor, &asset, sent).await;
    desk.then(&visitor, outcome, &address::report(&asset.tag))
}

async fn report(desk: &Desk, visitor: &Visitor, asset: &Asset, sent: Sent) -> Result<Notice, Trouble> {
    let (id, complaint) = (asset.id, Complaint::parse(&sent.what)?);
    let ticket = desk.change(visitor, move |w| ticket::report(w, id, complaint, &sent.words)).await?;
    Ok(Notice::done(format!("Thank you. The technician has it as ticket {}: {}, {}.", ticket.id, asset.tag, complaint.words())))
}

fn find(look: &Look, tag: &str) -> Result<Arc<Asset>, Trouble> {
    let tag = Tag::parse(tag).map_err(Refusal::from)?;
    let asset = asset::tagged(&look.site, &tag).ok().filter(|asset| !asset.status.is_gone());
    asset.cloned().ok_or_else(|| Trouble::NotFound(format!("There is no {tag} at this school. Look at the label of the machine again.")))
}

impl ReportPage {
    fn address(&self) -> String {
        address::report(&self.asset.tag)
    }

    /// Where it stands.
    fn place(&self) -> String {
        let seat = self.asset.seat.as_ref().map_or_else(String::new, |seat| format!(", seat {seat}"));
        self.asset.room.as_ref().map_or_else(|| "In no room".to_owned(), |room| format!("{room}{seat}"))
    }

    fn lab(&self) -> Option<String> {
        self.asset.room.as_ref().map(address::lab)
    }

    fn complaints(&self) -> [Complaint; 7] {
        Complaint::ALL
    }
}
