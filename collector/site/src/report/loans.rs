//! What was lent: by kind, by month, and what is lent most.

use super::tally::Tally;
use super::{Days, Report, Sheet, number, words};
use crate::loan::Loan;
use crate::{AssetId, Site};
use std::cmp::Reverse;
use std::collections::HashMap;

/// The report.
pub(super) const REPORT: Report =
    Report { code: "loans", title: "Loans", what: "what was lent, for how long, and how often it came back late", of_days: true, make };

/// Assets that are named as lent most.
const MOST: usize = 50;
/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// Loans of one kind that came back: how many, and how long they were out together, seconds.
type Length = (i64, i64);

fn make(site: &Site, days: &Days) -> Vec<Sheet> {
    let (mut kinds, mut months) = (Tally::<4>::default(), Tally::<2>::default());
    let (mut lengths, mut assets) = (HashMap::<&str, Length>::new(), HashMap::<AssetId, u64>::new());
    for loan in site.loans.values().filter(|loan| !loan.undone) {
        let kind = site.assets.get(&loan.asset).map_or("not known", |asset| asset.kind.title());
        if days.hold(loan.out_at) {
            kinds.count(kind, 0);
            months.count(days.month(loan.out_at), 0);
            *assets.entry(loan.asset).or_default() += 1;
        }
        if loan.is_open() && days.hold(loan.out_at) {
            kinds.count(kind, 2);
        }
        let Some(at) = loan.in_at.filter(|at| days.hold(*at)) else { continue };
        kinds.count(kind, 1);
        months.count(days.month(at), 1);
        if is_late(loan) {
            kinds.count(kind, 3);
        }
        let (count, seconds) = lengths.entry(kind).or_default();
        *count += 1;
        *seconds += at.duration_since(loan.out_at).as_secs();
    }
    let mut assets: Vec<_> = assets.into_iter().filter_map(|(id, count)| Some((site.assets.get(&id)?, count))).collect();
    assets.sort_by(|(asset, count), (other, others)| (Reverse(count), &asset.tag).cmp(&(Reverse(others), &other.tag)));
    let days_out = |row: &[String]| {
        let length = row.first().and_then(|kind| lengths.get(kind.as_str()));
        length.map(|(count, seconds)| (seconds / (*count).max(1) + DAY_S / 2) / DAY_S).map(|days| days.to_string()).unwrap_or_default()
    };
    let with_days = |mut row: Vec<String>| {
        row.push(days_out(&row));
        row
    };
    vec![
        Sheet {
            title: "By kind",
            columns: vec![
                words("kind"),
                number("lent"),
                number("came back"),
                number("still out"),
                number("came back late"),
                number("days out, on average"),
            ],
            rows: kinds.rows().into_iter().map(with_days).collect(),
        },
        Sheet { title: "By month", columns: vec![words("month"), number("lent"), number("came back")], rows: months.rows() },
        Sheet {
            title: "Lent most",
            columns: vec![words("tag"), words("what"), number("loans")],
            rows: assets
                .into_iter()
                .take(MOST)
                .map(|(asset, count)| vec![asset.tag.to_string(), asset.title(), count.to_string()])
                .collect(),
        },
    ]
}

/// Whether it came back after it was due.
fn is_late(loan: &Loan) -> bool {
    matches!((loan.in_at, loan.due), (Some(back), Some(due)) if back > due)
}
