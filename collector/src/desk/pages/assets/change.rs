//! What is done to an asset on its page: changed, disposed of, taken back.

use super::said;
use crate::desk::door::Visitor;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::asset::{self, Asset, Disposing};
use rollcall_site::{AssetId, Refusal, Tag, Working};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a form says of a disposal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    method: String,
    on: String,
    wiped: String,
    note: String,
}

/// Where a page leads back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Back {
    back: String,
}

impl Back {
    /// The page to go back to; `usual` where none is said.
    fn or<'a>(&'a self, usual: &'a str) -> &'a str {
        if self.back.is_empty() { usual } else { address::inside(&self.back) }
    }
}

/// Does something to the asset with this tag.
async fn done_to(
    desk: &Desk,
    visitor: &Visitor,
    tag: &str,
    change: fn(&mut Working, AssetId) -> Result<Arc<Asset>, Refusal>,
) -> Result<Arc<Asset>, Trouble> {
    let id = known(desk, tag)?.id;
    Ok(desk.change(visitor, move |w| change(w, id)).await?)
}

fn known(desk: &Desk, tag: &str) -> Result<Arc<Asset>, Trouble> {
    let tag = Tag::parse(tag).map_err(Refusal::from)?;
    Ok(Arc::clone(asset::tagged(&desk.look().site, &tag)?))
}

/// `POST /assets/{tag}`
pub(in crate::desk) async fn set(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(tag): Path<String>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = changed(&desk, &visitor, &tag, &fields).await;
    let to = outcome.as_ref().map_or_else(|_| format!("/assets/{}", address::encoded(&tag)), |(_, tag)| address::asset(tag));
    desk.then(&visitor, outcome.map(|(notice, _)| notice), &to)
}

async fn changed(desk: &Desk, visitor: &Visitor, tag: &str, fields: &BTreeMap<String, String>) -> Result<(Notice, Tag), Trouble> {
    let before = known(desk, tag)?;
    let facts = said::read(fields, Some(&before))?;
    let was = said::again(&desk.look().site, &before);
    let id = before.id;
    let after = desk.change(visitor, move |w| asset::set(w, id, facts)).await?;
    desk.collector.close_silenced(after.device);
    if after == before {
        return Ok((Notice::done(format!("{} is as it was.", after.tag)), after.tag.clone()));
    }
    let notice = Notice::done(format!("{} is changed.", after.tag));
    // The form would bring back what it was, but not its agent, which may not speak any more.
    let silenced = after.status.is_gone() && !before.status.is_gone() && after.device.is_some();
    let undo = Undo { action: address::asset(&after.tag), fields: was };
    Ok((if silenced { notice } else { notice.with_undo(undo) }, after.tag.clone()))
}

/// `POST /assets/{tag}/dispose`
pub(in crate::desk) async fn dispose(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(tag): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = disposed(&desk, &visitor, &tag, sent).await;
    desk.then(&visitor, outcome, &format!("/assets/{}", address::encoded(&tag)))
}

async fn disposed(desk: &Desk, visitor: &Visitor, tag: &str, sent: Sent) -> Result<Notice, Trouble> {
    let before = known(desk, tag)?;
    let was = said::again(&desk.look().site, &before);
    let on = match sent.on.trim() {
        "" => None,
        day => Some(day.parse().map_err(|_| Refusal::invalid(format!("{day:?} is no day: write 2026-08-01")))?),
    };
    let said = Disposing { method: sent.method.parse()?, on, wiped: sent.wiped, note: sent.note };
    let id = before.id;
    let (after, kit) = desk
        .change(visitor, move |w| {
            let kit = asset::kit_of(&w.site, id).count();
            Ok((asset::dispose(w, id, said)?, kit))
        })
        .await?;
    desk.collector.close_silenced(after.device);
    let notice = Notice::done(format!("{} is disposed of. Its record stays.", after.tag));
    // Its agent may not speak any more, and what was in its kit is out of it: no form brings these back.
    let undo = Undo { action: address::asset(&after.tag), fields: was };
    Ok(if after.device.is_none() && kit == 0 { notice.with_undo(undo) } else { notice })
}

/// `POST /assets/{tag}/unlabel`: the label was scanned for the wrong one.
pub(in crate::desk) async fn unlabel(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(tag): Path<String>,
    Form(form): Form<Back>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = done_to(&desk, &visitor, &tag, asset::unlabel).await;
    let notice = outcome.map(|asset| Notice::done(format!("{} waits for a label again; {tag} is taken back.", asset.tag)));
    desk.then(&visitor, notice, form.or("/pile"))
}

/// `POST /assets/{tag}/take-back`
pub(in crate::desk) async fn take_back(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(tag): Path<String>,
    Form(form): Form<Back>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = done_to(&desk, &visitor, &tag, asset::take_back).await;
    let notice = outcome.map(|asset| Notice::done(format!("{} is taken back: the tag is free again.", asset.tag)));
    desk.then(&visitor, notice, form.or("/assets"))
}
