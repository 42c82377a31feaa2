//! One asset: what is said of it, its kit, how it was bought, what it cost since, and what happened to it.

use super::said;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::live;
use crate::desk::look::Look;
use crate::desk::session::Use;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address, scanned};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::asset::{self, Asset, AssetKind, AssetStatus, Disposal, Method};
use rollcall_site::event::{Actor, Event};
use rollcall_site::loan::Loan;
use rollcall_site::money::Money;
use rollcall_site::order::Order;
use rollcall_site::{RoomId, Tag, order, ticket};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines of the history.
const MOST_EVENTS: usize = 60;

#[derive(Template)]
#[template(path = "assets/one.html")]
struct AssetPage {
    frame: Frame,
    look: Look,
    chips: Vec<Chip>,
    rooms: Vec<RoomId>,
    /// What fills the form.
    filled: BTreeMap<&'static str, String>,
    /// The tagged assets that are lent with it.
    kit: Vec<Arc<Asset>>,
    whole: Option<Arc<Asset>>,
    loan: Option<Arc<Loan>>,
    came_by: Option<(Arc<Order>, u16)>,
    life_ends: String,
    repairs: Money,
    events: Vec<Event>,
    asset: Arc<Asset>,
}

/// `GET /assets/{tag}`; an earlier tag leads to the asset.
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    let look = desk.look();
    let parsed = Tag::parse(&tag).ok();
    let known = parsed.as_ref().and_then(|tag| look.site.asset_by_tag(tag).cloned());
    let Some(asset) = known else {
        let former = parsed.as_ref().and_then(|tag| asset::former(&look.site, tag));
        let former = former.ok_or_else(|| Trouble::NotFound(format!("Nothing at this site carries the tag {tag:?}.")))?;
        // Only somebody who asks for it has the old label before them.
        if let Some(notice) = scanned::old_label(former, &tag).filter(|_| visitor.how == Use::Active) {
            desk.sessions.tell(&visitor.session, notice);
        }
        return Ok(Redirect::to(&address::asset(&former.tag)).into_response());
    };
    let made = desk.apart(move |desk| {
        let events = desk.collector.keeper.store().history(Some(asset.id), MOST_EVENTS)?;
        Ok(AssetPage::of(desk, &visitor, look, asset, events))
    });
    page(&made.await?)
}

impl AssetPage {
    fn of(desk: &Desk, visitor: &Visitor, look: Look, asset: Arc<Asset>, events: Vec<Event>) -> Self {
        let site = Arc::clone(&look.site);
        let purchase = asset.purchase.as_deref();
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::Assets).of_thing("asset", &asset.tag),
            chips: chips(&look, &asset),
            rooms: site.rooms.keys().cloned().collect(),
            filled: said::filled(&site, &asset),
            kit: asset::kit_of(&site, asset.id).cloned().collect(),
            whole: asset::whole_of(&site, &asset).cloned(),
            loan: site.open_loan(asset.id).cloned(),
            came_by: order::line_of(&site, &asset).map(|(order, line)| (Arc::clone(order), line)),
            life_ends: purchase.and_then(|purchase| purchase.life_ends()).map(|day| day.to_string()).unwrap_or_default(),
            repairs: ticket::cost_of_asset(&site, asset.id),
            events,
            asset,
            look,
        }
    }

    fn live(&self) -> String {
        live::of_asset(self.asset.id)
    }

    fn address(&self) -> String {
        address::asset(&self.asset.tag)
    }

    fn device(&self) -> String {
        address::device(&self.asset.tag)
    }

    fn field(&self, name: &str) -> &str {
        self.filled.get(name).map_or("", String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        !self.field(name).is_empty()
    }

    fn is_room(&self, room: &RoomId) -> bool {
        self.asset.room.as_ref() == Some(room)
    }

    fn kinds(&self) -> [AssetKind; 28] {
        AssetKind::ALL
    }

    /// The statuses that the form offers: a disposal has a form of its own.
    fn statuses(&self) -> Vec<AssetStatus> {
        let offered = |status: &AssetStatus| *status != AssetStatus::Disposed || self.asset.status == AssetStatus::Disposed;
        AssetStatus::ALL.into_iter().filter(offered).collect()
    }

    fn methods(&self) -> [Method; 6] {
        Method::ALL
    }

    fn is_gone(&self) -> bool {
        self.asset.status == AssetStatus::Disposed
    }

    fn disposal(&self) -> Option<&Disposal> {
        self.asset.details.as_deref().and_then(|details| details.disposal.as_ref())
    }

    fn custom(&self) -> Vec<(&String, &String)> {
        self.asset.details.as_deref().map(|details| details.custom.iter().collect()).unwrap_or_default()
    }

    fn title(&self) -> String {
        let name = asset::product(&self.asset.maker, &self.asset.model);
        if name.is_empty() { words::kind(self.asset.kind).to_owned() } else { name }
    }

    fn by(&self, event: &Event) -> Option<String> {
        (!matches!(event.actor, Actor::Rollcall | Actor::Device(_))).then(|| event.actor.words())
    }
}

fn chips(look: &Look, asset: &Asset) -> Vec<Chip> {
    let mut chips = vec![words::status(asset.status).unwrap_or_else(|| Chip::go("In service"))];
    if look.site.open_loan(asset.id).is_some() {
        chips.push(Chip::away("On loan"));
    }
    if asset.tag_wanted() {
        chips.push(Chip::check("Label asked for"));
    }
    let covered = asset.purchase.as_deref().and_then(|purchase| purchase.warranty_until);
    chips.extend(covered.map(|day| if day < look.today() { Chip::rest("Warranty over") } else { Chip::go("Under warranty") }));
    if asset.device.is_none() {
        chips.push(Chip::rest("No agent"));
    }
    if asset.simulated {
        chips.push(Chip::rest("Simulated"));
    }
    chips
}
