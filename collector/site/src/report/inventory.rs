//! What there is: by kind, by room, by model.

use super::tally::Tally;
use super::{Days, Report, Sheet, number, words};
use crate::Site;
use crate::asset::AssetStatus;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The report.
pub(super) const REPORT: Report =
    Report { code: "inventory", title: "Inventory", what: "what there is, by kind, by room and by model", of_days: false, make };

fn make(site: &Site, _: &Days) -> Vec<Sheet> {
    let (mut kinds, mut rooms, mut models) = (Tally::<6>::default(), Tally::<3>::default(), BTreeMap::<(String, String), u64>::new());
    for asset in site.assets.values().filter(|asset| !asset.status.is_gone()) {
        let kind = asset.kind.title();
        let is_lent = site.open_loan(asset.id).is_some();
        kinds.count(kind, 0);
        match asset.status {
            AssetStatus::InRepair => kinds.count(kind, 3),
            AssetStatus::Lost | AssetStatus::Stolen => kinds.count(kind, 4),
            _ if is_lent => kinds.count(kind, 2),
            _ => kinds.count(kind, 1),
        }
        if asset.device.is_some() {
            kinds.count(kind, 5);
        }
        let room = asset.room.as_ref().map_or_else(|| "no room".to_owned(), ToString::to_string);
        rooms.count(room.clone(), 0);
        if asset.device.is_some() {
            rooms.count(room.clone(), 1);
        }
        if is_lent {
            rooms.count(room, 2);
        }
        let product = [asset.maker.as_str(), asset.model.as_str()].join(" ").trim().to_owned();
        if !product.is_empty() {
            *models.entry((product, kind.to_owned())).or_default() += 1;
        }
    }
    let mut models: Vec<_> = models.into_iter().collect();
    models.sort_by_key(|(_, count)| Reverse(*count));
    vec![
        Sheet {
            title: "By kind",
            columns: vec![
                words("kind"),
                number("assets"),
                number("in service"),
                number("on loan"),
                number("in repair"),
                number("lost or stolen"),
                number("with an agent"),
            ],
            rows: kinds.rows(),
        },
        Sheet {
            title: "By room",
            columns: vec![words("room"), number("assets"), number("with an agent"), number("on loan")],
            rows: rooms.rows(),
        },
        Sheet {
            title: "By model",
            columns: vec![words("model"), words("kind"), number("assets")],
            rows: models.into_iter().map(|((model, kind), count)| vec![model, kind, count.to_string()]).collect(),
        },
    ]
}
