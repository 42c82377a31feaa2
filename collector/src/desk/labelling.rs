//! Labels for the assets that somebody names, for pages and the interface alike.

use super::address;
use crate::label::{self, Content, Job, Label, Printed};
use crate::paper::{Page, pdf};
use jiff::Timestamp;
use rollcall_site::asset::{Asset, product, tagged};
use rollcall_site::{Refusal, RoomId, Site, Tag, natural, order, room};
use serde::Deserialize;
use std::sync::Arc;

/// Most tags that are named one by one.
const MOST_TAGS: usize = 500;

/// Which labels are wanted, on what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Wanted {
    /// Tags, parted by spaces, commas or lines.
    pub tags: String,
    /// Everything of this room.
    pub room: String,
    /// Everything that came by this order.
    pub order: String,
    /// Everything that was added in so many days.
    pub days: String,
    /// The labels' name; empty: the first.
    pub sheet: String,
    /// Which codes; empty: both.
    pub content: String,
    /// The place of the first label, from 1.
    pub start: String,
    /// To the right, millimetres.
    pub offset_x: String,
    /// Down, millimetres.
    pub offset_y: String,
    /// The outlines of one sheet, to hold it against.
    pub test: String,
}

impl Wanted {
    /// Whether anything is named.
    pub fn is_nothing(&self) -> bool {
        [&self.tags, &self.room, &self.order, &self.days].iter().all(|text| text.trim().is_empty())
    }
}

/// What is printed: its name as a file, the pages, the tags that are too long for bars.
pub(in crate::desk) struct Sheets {
    pub title: String,
    pub labels: usize,
    pub printed: Printed,
}

impl Sheets {
    pub fn pdf(&self) -> Vec<u8> {
        pdf(&self.title, &self.printed.pages)
    }
}

/// Prints what is wanted; `desk` is the address at which phones find it.
///
/// # Errors
/// There is no such asset, room, order or sheet; a number is none; a tag does not fit.
pub(in crate::desk) fn print(site: &Site, desk: &str, wanted: &Wanted, now: Timestamp) -> Result<Sheets, Refusal> {
    let name = site.about().map_or_else(String::new, |about| about.name.clone());
    let sheet = Some(wanted.sheet.trim()).filter(|name| !name.is_empty()).unwrap_or("avery-5160");
    let content = Some(wanted.content.trim()).filter(|name| !name.is_empty()).map(Content::parse).transpose()?;
    let job = Job {
        stock: label::stock(sheet)?,
        content: content.unwrap_or_default(),
        start: number("the first label", &wanted.start, 1)?,
        offset: (number("the offset", &wanted.offset_x, 0.0)?, number("the offset", &wanted.offset_y, 0.0)?),
        site: &name,
    };
    if !wanted.test.is_empty() {
        let pages: Vec<Page> = vec![label::test_page(&job)?];
        return Ok(Sheets { title: format!("Test of {sheet}"), labels: 0, printed: Printed { pages, without_bars: Vec::new() } });
    }
    let labels: Vec<Label> = chosen(site, wanted, now)?.iter().map(|asset| of(asset, desk, job.content)).collect();
    let printed = label::print(&job, &labels)?;
    Ok(Sheets { title: format!("Labels of {name}"), labels: labels.len(), printed })
}

fn of(asset: &Asset, desk: &str, content: Content) -> Label {
    let product = product(&asset.maker, &asset.model);
    let line = match content {
        Content::Report => "Not right? Point a phone here.".to_owned(),
        _ if product.is_empty() => asset.name.clone(),
        _ => product,
    };
    let address = format!("{desk}{}", address::report(&asset.tag));
    Label { tag: asset.tag.clone(), line: if line.eq_ignore_ascii_case(asset.tag.as_str()) { String::new() } else { line }, address }
}

/// The assets that are named: each once; those of tags in their order, others as people count.
fn chosen(site: &Site, wanted: &Wanted, now: Timestamp) -> Result<Vec<Arc<Asset>>, Refusal> {
    let mut chosen: Vec<Arc<Asset>> = Vec::new();
    let tags: Vec<&str> = wanted.tags.split([' ', ',', ';', '\n', '\r', '\t']).filter(|tag| !tag.is_empty()).collect();
    if tags.len() > MOST_TAGS {
        return Err(Refusal::invalid(format!("{} tags are more than {MOST_TAGS} at once: name a room or an order", tags.len())));
    }
    for tag in tags {
        chosen.push(Arc::clone(tagged(site, &Tag::parse(tag)?)?));
    }
    let mut more: Vec<Arc<Asset>> = Vec::new();
    if !wanted.room.trim().is_empty() {
        let room = &room::get(site, &RoomId::parse(&wanted.room)?)?.id;
        more.extend(site.assets_in(room).filter(|asset| !asset.status.is_gone()).cloned());
    }
    if !wanted.order.trim().is_empty() {
        let id = order::find(site, &wanted.order)?.id;
        more.extend(site.assets.values().filter(|asset| asset.came_by().is_some_and(|line| line.order == id)).cloned());
    }
    if !wanted.days.trim().is_empty() {
        let days: u32 = number("the number of days", &wanted.days, 1)?;
        let since = now.as_second() - i64::from(days) * 86_400;
        more.extend(site.assets.values().filter(|asset| !asset.status.is_gone() && added_at(asset).is_some_and(|at| at >= since)).cloned());
    }
    more.sort_by(|a, b| natural::compare(a.tag.as_str(), b.tag.as_str()));
    chosen.extend(more);
    let mut seen = std::collections::HashSet::new();
    chosen.retain(|asset| seen.insert(asset.id));
    Ok(chosen)
}

/// When an asset was added, seconds since 1970, as its id says.
fn added_at(asset: &Asset) -> Option<i64> {
    asset.id.0.get_timestamp().and_then(|at| i64::try_from(at.to_unix().0).ok())
}

fn number<T: std::str::FromStr>(what: &str, text: &str, none: T) -> Result<T, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(none);
    }
    let shown: String = text.chars().take(20).collect();
    text.parse().map_err(|_| Refusal::invalid(format!("{what} is a number, not {shown:?}")))
}
