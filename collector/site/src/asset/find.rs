//! Finds an asset by its id, its tag, an earlier tag, or its serial number.

use super::{Asset, AssetKind};
use crate::{AssetId, Refusal, RoomId, Site, Tag, fingerprint, words};
use std::sync::Arc;
use uuid::Uuid;

impl Site {
    /// The assets that belong in `room`.
    pub fn assets_in<'a>(&'a self, room: &RoomId) -> impl Iterator<Item = &'a Arc<Asset>> + use<'a> {
        let room = room.clone();
        let first = (room.clone(), AssetId(Uuid::nil()));
        self.by_room.range(first..).take_while(move |(r, _)| *r == room).filter_map(|(_, id)| self.assets.get(id))
    }

    /// The assets of a kind.
    pub(crate) fn assets_of(&self, kind: AssetKind) -> impl Iterator<Item = &Arc<Asset>> {
        let (first, last) = ((kind, AssetId(Uuid::nil())), (kind, AssetId(Uuid::max())));
        self.by_kind.range(first..=last).filter_map(|(_, id)| self.assets.get(id))
    }
}

/// The asset with this id.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: AssetId) -> Result<&Arc<Asset>, Refusal> {
    site.assets.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no asset {id}")))
}

/// The asset with this tag.
///
/// # Errors
/// There is none; where one had the tag before, the refusal says which it has now.
pub fn tagged<'a>(site: &'a Site, tag: &Tag) -> Result<&'a Arc<Asset>, Refusal> {
    site.asset_by_tag(tag).ok_or_else(|| match former(site, tag) {
        Some(asset) => {
            let until =
                asset.tags_before().iter().find(|former| former.tag == *tag).map(|former| format!(" since {}", words::utc(former.until)));
            let (now, until) = (&asset.tag, until.unwrap_or_default());
            Refusal::not_found(format!("{tag} was tagged anew: it is {now}{until}; scan or name that, and take the old label off"))
        }
        None => Refusal::not_found(format!("nothing carries the tag {tag}; `rollcall asset list` shows every tag")),
    })
}

/// The asset that had this tag last, where none has it now.
pub fn former<'a>(site: &'a Site, tag: &Tag) -> Option<&'a Arc<Asset>> {
    let had = site.former_tags.range((tag.clone(), AssetId(Uuid::nil()))..).take_while(|(other, _)| other == tag);
    let assets = had.filter_map(|(_, id)| site.assets.get(id));
    let until = |asset: &Arc<Asset>| asset.tags_before().iter().filter(|former| former.tag == *tag).map(|former| former.until).max();
    assets.max_by_key(|asset| until(asset))
}

/// The assets that have this seat: one, but for what an older version wrote.
pub(crate) fn who_sits<'a>(site: &'a Site, room: &RoomId, seat: &str) -> impl Iterator<Item = &'a Arc<Asset>> + use<'a> {
    let seat_of = |id| (room.clone(), seat.to_owned(), AssetId(id));
    site.by_seat.range(seat_of(Uuid::nil())..=seat_of(Uuid::max())).filter_map(|(_, _, id)| site.assets.get(id))
}

/// The assets with this serial number that are not gone; none for a serial that identifies nothing ("Default string").
pub fn with_serial<'a>(site: &'a Site, serial: &str) -> impl Iterator<Item = &'a Arc<Asset>> + use<'a> {
    let serial = fingerprint::fact(serial);
    let hash = serial.clone().map(fingerprint::hash);
    let alike = hash.into_iter().flat_map(|hash| site.by_serial.range((hash, AssetId(Uuid::nil()))..=(hash, AssetId(Uuid::max()))));
    let same = move |asset: &&Arc<Asset>| !asset.status.is_gone() && fingerprint::fact(&asset.serial) == serial;
    alike.filter_map(|(_, id)| site.assets.get(id)).filter(same)
}
