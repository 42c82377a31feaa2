//! Assets as rows: with and without an agent, filtered, some of them at a time.

use super::wanted::Wanted;
use super::{AssetRow, Retired, assets_of, ordered};
use crate::asset::{Asset, AssetKind, AssetStatus};
use crate::presence::{self, Heard};
use crate::{RoomId, Site, natural};
use jiff::Timestamp;
use std::ops::Range;
use std::sync::Arc;

/// Which assets are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssetFilter {
    /// Only those of this room.
    pub room: Option<RoomId>,
    /// Only those of this kind.
    pub kind: Option<AssetKind>,
    /// Only those that stand so; `None`: those that are not gone.
    pub status: Option<AssetStatus>,
    /// Whether gone ones are shown too, where no status is asked for.
    pub retired: Retired,
    /// Only those of which a text is known: tag, earlier tag, name, maker, model, serial, vendor, notes, a field of the site's own, its agent's host name and
    /// hardware addresses, the number and the name of whoever has it.
    pub text: Option<String>,
    /// Which of their labels are asked for.
    pub labels: Labels,
}

/// Which assets, by their labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// All.
    #[default]
    Any,
    /// Those that are to get one.
    Wanted,
}

/// The assets, by tag; retired ones only with `retired`.
pub fn assets(site: &Site, heard: &Heard, room: Option<&RoomId>, retired: Retired, now: Timestamp) -> Vec<AssetRow> {
    let filter = AssetFilter { room: room.cloned(), retired, ..AssetFilter::default() };
    some_assets(site, heard, &filter, now, 0..usize::MAX).0
}

/// Some of the assets, by tag, and how many there are in all: only what is shown is made a row of.
pub fn some_assets(site: &Site, heard: &Heard, filter: &AssetFilter, now: Timestamp, part: Range<usize>) -> (Vec<AssetRow>, usize) {
    let wanted = filter.text.as_deref().and_then(Wanted::of);
    let all: Box<dyn Iterator<Item = &Arc<Asset>>> = match filter.labels {
        Labels::Wanted => Box::new(site.tags_wanted.iter().filter_map(|id| site.assets.get(id))),
        Labels::Any => assets_of(site, filter.room.as_ref()),
    };
    let fits = |asset: &&Arc<Asset>| {
        filter.status.map_or(filter.retired == Retired::Shown || !asset.status.is_gone(), |status| asset.status == status)
            && filter.kind.is_none_or(|kind| asset.kind == kind)
            && filter.room.as_ref().is_none_or(|room| asset.room.as_ref() == Some(room))
            && wanted.as_ref().is_none_or(|text| mentions(site, asset, text))
    };
    let found: Vec<&Arc<Asset>> = all.filter(fits).collect();
    let count = found.len();
    let shown = ordered(found, &part, |a, b| natural::compare(a.tag.as_str(), b.tag.as_str()));
    (shown.map(|asset| asset_row(site, heard, asset, now)).collect(), count)
}

/// One asset as a row.
pub fn asset_row(site: &Site, heard: &Heard, asset: &Asset, now: Timestamp) -> AssetRow {
    AssetRow {
        presence: site.device_of(asset).map(|device| presence::of(site, heard, asset, device, now).presence),
        on_loan_to: site.open_loan(asset.id).map(|loan| loan.person.clone()),
        asset: asset.clone(),
    }
}

/// Whether what is known of an asset holds a text.
fn mentions(site: &Site, asset: &Asset, wanted: &Wanted) -> bool {
    let more = || {
        let vendor = asset.purchase.as_deref().map(|purchase| purchase.vendor.as_str());
        let details = asset.details.as_deref();
        let custom = details.into_iter().flat_map(|details| details.custom.values().map(String::as_str));
        let before = asset.tags_before().iter().map(|former| former.tag.as_str());
        vendor.into_iter().chain(custom).chain(before).chain([asset.notes()]).any(|fact| wanted.is_in(fact))
    };
    wanted.is_of(site, asset)
        || wanted.is_in(&format!("{} {}", asset.maker, asset.model))
        || more()
        || site.device_of(asset).is_some_and(|device| wanted.is_of_device(site, device))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{self, AssetFacts};
    use crate::loan::{self, NewLoan};
    use crate::{AssetId, PersonId, Tag, Working, person};
    use serde_json::{Value, json};

    #[test]
    fn assets_are_found_by_what_is_known_of_them() {
        let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, crate::event::Actor::Rollcall);
        crate::room::add(&mut w, RoomId::parse("Lab 1").unwrap(), Default::default()).unwrap();
        let all = [
            ("LAP-2", json!({"kind": "laptop", "maker": "Lenovo", "model": "300e", "room": "Lab 1", "notes": "Hinge is loose"})),
            ("LAP-10", json!({"kind": "laptop", "status": "in-repair", "custom": {"PO": "4711"}})),
            ("PRJ-1", json!({"kind": "projector", "status": "retired"})),
        ];
        for ((tag, facts), number) in all.into_iter().zip(1..) {
            let facts: AssetFacts = serde_json::from_value::<AssetFacts>(facts).unwrap();
            asset::add(&mut w, AssetId(uuid::Uuid::from_u128(number)), Tag::parse(tag).unwrap(), facts).unwrap();
        }
        let retag: AssetFacts = serde_json::from_value::<AssetFacts>(Value::from_iter([("tag", "LAP-11")])).unwrap();
        asset::set(&mut w, AssetId(uuid::Uuid::from_u128(2)), retag).unwrap();
        person::import(&mut w, vec![(PersonId::parse("S7").unwrap(), "Maya Torres".to_owned())]);
        let lent = NewLoan::new(Tag::parse("LAP-2").unwrap(), PersonId::parse("S7").unwrap());
        loan::out(&mut w, &Heard::new(), NewLoan { override_reason: Some("a test".to_owned()), ..lent }).unwrap();
        let check = |filter: AssetFilter, want: &[&str]| {
            let (rows, count) = some_assets(&w.site, &Heard::new(), &filter, w.now, 0..9);
            assert_eq!(rows.iter().map(|row| row.asset.tag.as_str()).collect::<Vec<_>>(), want, "{filter:?}");
            assert_eq!(count, want.len());
        };
        let text = |text: &str| AssetFilter { text: Some(text.to_owned()), ..AssetFilter::default() };
        check(AssetFilter::default(), &["LAP-2", "LAP-11"]);
        check(AssetFilter { retired: Retired::Shown, ..AssetFilter::default() }, &["LAP-2", "LAP-11", "PRJ-1"]);
        check(AssetFilter { status: Some(AssetStatus::Retired), ..AssetFilter::default() }, &["PRJ-1"]);
        check(AssetFilter { kind: Some(AssetKind::Projector), ..AssetFilter::default() }, &[]);
        check(AssetFilter { room: RoomId::parse("Lab 1").ok(), ..AssetFilter::default() }, &["LAP-2"]);
        check(AssetFilter { labels: Labels::Wanted, ..AssetFilter::default() }, &[]);
        check(text("maya"), &["LAP-2"]);
        check(text("s7"), &["LAP-2"]);
        for (words, want) in [("hinge", "LAP-2"), ("lenovo 300", "LAP-2"), ("4711", "LAP-11"), ("lap-10", "LAP-11")] {
            check(text(words), &[want]);
        }
        assert_eq!(some_assets(&w.site, &Heard::new(), &AssetFilter::default(), w.now, 1..2).0.len(), 1);
    }
}
