//! How old everything is, what it cost, and how long its warranty runs.

use super::tally::Tally;
use super::{Days, Report, Sheet, number, words};
use crate::Site;
use crate::asset::Asset;
use crate::money::Money;
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The report.
pub(super) const REPORT: Report =
    Report { code: "ages", title: "Age and warranty", what: "how old everything is, and how long its warranty runs", of_days: false, make };

/// What ends within so many days ends soon.
const SOON_DAYS: i32 = 90;

fn make(site: &Site, days: &Days) -> Vec<Sheet> {
    let (mut years, mut warranties) = (BTreeMap::<String, (u64, Money)>::new(), Tally::<5>::default());
    let today = days.today();
    let soon = today.checked_add(SOON_DAYS.days()).unwrap_or(today);
    let mut ending: Vec<(Date, &Asset)> = Vec::new();
    for asset in site.assets.values().filter(|asset| !asset.status.is_gone()) {
        let purchase = asset.purchase.as_deref();
        let year = purchase.and_then(|purchase| purchase.bought).map_or_else(|| "not known".to_owned(), |day| day.year().to_string());
        let (count, cost) = years.entry(year).or_default();
        *count += 1;
        *cost = cost.plus(purchase.and_then(|purchase| purchase.price).unwrap_or_default());
        let kind = asset.kind.title();
        warranties.count(kind, 0);
        match purchase.and_then(|purchase| purchase.warranty_until) {
            None => warranties.count(kind, 4),
            Some(day) if day < today => warranties.count(kind, 3),
            Some(day) if day <= soon => {
                warranties.count(kind, 2);
                ending.push((day, asset));
            }
            Some(_) => warranties.count(kind, 1),
        }
    }
    ending.sort_by(|(day, asset), (other_day, other)| (day, &asset.tag).cmp(&(other_day, &other.tag)));
    vec![
        Sheet {
            title: "By year of purchase",
            columns: vec![words("year"), number("assets"), number("cost")],
            rows: years.into_iter().map(|(year, (count, cost))| vec![year, count.to_string(), cost.to_string()]).collect(),
        },
        Sheet {
            title: "Warranty by kind",
            columns: vec![
                words("kind"),
                number("assets"),
                number("runs"),
                number("ends within 90 days"),
                number("is over"),
                number("not known"),
            ],
            rows: warranties.rows(),
        },
        Sheet {
            title: "Warranties that end within 90 days",
            columns: vec![words("until"), words("tag"), words("what"), words("room")],
            rows: ending.into_iter().map(|(day, asset)| line(day, asset)).collect(),
        },
    ]
}

fn line(day: Date, asset: &Asset) -> Vec<String> {
    let room = asset.room.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![day.to_string(), asset.tag.to_string(), asset.title(), room]
}
