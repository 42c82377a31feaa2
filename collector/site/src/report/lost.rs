//! What was lost, stolen, or came back damaged or without a part.

use super::tally::Tally;
use super::{Days, Report, Sheet, number, words};
use crate::asset::AssetStatus;
use crate::loan::{self, Condition, Loan};
use crate::{AssetId, Site};
use std::sync::Arc;

/// The report.
pub(super) const REPORT: Report = Report {
    code: "lost",
    title: "Lost and damaged",
    what: "what is lost or stolen now, and what came back damaged or without a part",
    of_days: true,
    make,
};

fn make(site: &Site, days: &Days) -> Vec<Sheet> {
    let is_gone = |status| matches!(status, AssetStatus::Lost | AssetStatus::Stolen);
    let mut gone: Vec<_> = site.assets.values().filter(|asset| is_gone(asset.status)).collect();
    gone.sort_by(|a, b| a.tag.cmp(&b.tag));
    let since = |asset| site.loans_of(asset).rev().find_map(|loan| loan.gone.as_ref()).map(|gone| days.day(gone.at).to_string());
    let worth = |asset| loan::worth(site, asset, days.now).map(|worth| worth.to_string()).unwrap_or_default();
    let gone = gone.into_iter().map(|asset| {
        vec![asset.tag.to_string(), asset.title(), asset.status.word().to_owned(), since(asset.id).unwrap_or_default(), worth(asset)]
    });
    let back = site.loans.values().filter_map(|loan| Some((loan, loan.back.as_deref()?, loan.in_at?)));
    let back: Vec<_> = back.filter(|(_, _, at)| days.hold(*at)).collect();
    let (mut kinds, mut damaged) = (Tally::<5>::default(), Vec::new());
    for (loan, back, at) in back {
        let kind = kind_of(site, loan);
        kinds.count(kind, 0);
        let place = match back.condition {
            Condition::Fine => None,
            Condition::Worn => Some(1),
            Condition::Damaged => Some(2),
            Condition::Broken => Some(3),
        };
        place.into_iter().for_each(|place| kinds.count(kind, place));
        if !back.missing.is_empty() {
            kinds.count(kind, 4);
        }
        if back.condition >= Condition::Damaged || !back.missing.is_empty() {
            let tag = tag(site, loan.asset);
            damaged.push(vec![
                days.day(at).to_string(),
                tag,
                back.condition.word().to_owned(),
                back.damage.clone(),
                back.missing.join(", "),
            ]);
        }
    }
    damaged.sort();
    vec![
        Sheet {
            title: "Lost or stolen now",
            columns: vec![words("tag"), words("what"), words("status"), words("since"), number("worth")],
            rows: gone.collect(),
        },
        Sheet {
            title: "How loans came back",
            columns: vec![
                words("kind"),
                number("came back"),
                number("worn"),
                number("damaged"),
                number("broken"),
                number("without a part"),
            ],
            rows: kinds.rows(),
        },
        Sheet {
            title: "Damaged, broken or incomplete",
            columns: vec![words("day"), words("tag"), words("condition"), words("damage"), words("missing")],
            rows: damaged,
        },
    ]
}

fn kind_of(site: &Site, loan: &Arc<Loan>) -> &'static str {
    site.assets.get(&loan.asset).map_or("not known", |asset| asset.kind.title())
}

fn tag(site: &Site, asset: AssetId) -> String {
    site.assets.get(&asset).map(|asset| asset.tag.to_string()).unwrap_or_default()
}
