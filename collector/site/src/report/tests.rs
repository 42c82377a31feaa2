//! Every report, over an empty site and over a small school whose numbers can be counted by hand.

use super::*;
use crate::charge::{self, NewCharge};
use crate::loan::sample::{LoanDesk, person, tag};
use crate::loan::{self, Condition, How, Returned};
use crate::money::Money;

fn sheets(desk: &LoanDesk, code: &str) -> Vec<Sheet> {
    let days = Days::new(&desk.site, None, None, desk.now).unwrap();
    get(code).unwrap().sheets(&desk.site, &days)
}

/// The rows of a sheet, each as one text.
fn rows(desk: &LoanDesk, code: &str, title: &str) -> Vec<String> {
    let sheets = sheets(desk, code);
    let sheet = sheets.iter().find(|sheet| sheet.title == title).unwrap();
    sheet.rows.iter().map(|row| row.join("|")).collect()
}

#[test]
fn every_row_is_as_long_as_there_are_columns() {
    let mut desk = school();
    for _ in 0..2 {
        for report in REPORTS {
            for sheet in sheets(&desk, report.code) {
                let odd = sheet.rows.iter().find(|row| row.len() != sheet.columns.len());
                assert_eq!(odd, None, "{} {}", report.code, sheet.title);
            }
        }
        desk = LoanDesk::new();
    }
    let codes = codes();
    assert!(codes.is_sorted() && get("nothing").unwrap_err().text.contains("ages, alerts, charges"));
}

/// Four cameras: one lent and late, one back damaged, one lost by its borrower, one never lent.
fn school() -> LoanDesk {
    let mut desk = LoanDesk::new();
    desk.cameras(&["C-1", "C-2", "C-3", "C-4"]);
    desk.bought("C-1", 400, "2024-08-20");
    desk.bought("C-3", 300, "2025-08-20");
    desk.write("C-1", |asset| asset.purchase.as_mut().unwrap().warranty_until = Some("2026-12-24".parse().unwrap()));
    for text in ["C-1", "C-2", "C-3"] {
        desk.lend(text, "ms-lee");
    }
    desk.hours(48);
    let back = Returned { condition: Condition::Damaged, damage: "the lid is cracked".into(), ..Returned::fine(tag("C-2")) };
    desk.must(|w| loan::back(w, back));
    desk.must(|w| loan::lost(w, &tag("C-3"), How::Lost, ""));
    desk
}

#[test]
fn the_inventory_counts_each_asset_once() {
    let desk = school();
    assert_eq!(rows(&desk, "inventory", "By kind"), ["camera|4|2|1|0|1|0"]);
    assert_eq!(rows(&desk, "inventory", "By room"), ["Cart A|4|0|2"]);
}

#[test]
fn ages_and_warranties_go_by_the_day_of_the_site() {
    let desk = school();
    assert_eq!(rows(&desk, "ages", "By year of purchase"), ["2024|1|400.00", "2025|1|300.00", "not known|2|0.00"]);
    assert_eq!(rows(&desk, "ages", "Warranty by kind"), ["camera|4|0|1|0|3"]);
    assert_eq!(rows(&desk, "ages", "Warranties that end within 90 days").len(), 1);
}

#[test]
fn loans_are_counted_by_the_days_asked_for() {
    let mut desk = school();
    assert_eq!(rows(&desk, "loans", "By kind"), ["camera|3|1|2|0|2"]);
    assert_eq!(rows(&desk, "loans", "By month"), ["2026-11|3|1"]);
    assert_eq!(rows(&desk, "loans", "Lent most").len(), 3);
    // Next year they are of the year before.
    desk.hours(24 * 365);
    assert_eq!(rows(&desk, "loans", "By kind"), Vec::<String>::new());
    let bad = Days::new(&desk.site, Some("2026-02-02".parse().unwrap()), Some("2026-01-01".parse().unwrap()), desk.now);
    assert!(bad.unwrap_err().text.contains("end before they begin"));
}

#[test]
fn what_is_lost_and_damaged_names_nobody() {
    let desk = school();
    let lost = rows(&desk, "lost", "Lost or stolen now");
    assert!(lost.len() == 1 && lost[0].starts_with("C-3|") && lost[0].contains("lost|2026-11-26"), "{lost:?}");
    assert_eq!(rows(&desk, "lost", "How loans came back"), ["camera|1|0|1|0|0"]);
    assert_eq!(rows(&desk, "lost", "Damaged, broken or incomplete"), ["2026-11-26|C-2|damaged|the lid is cracked|"]);
    let all = REPORTS.iter().flat_map(|report| sheets(&desk, report.code));
    assert!(all.flat_map(|sheet| sheet.rows).flatten().all(|cell| !cell.contains("ms-lee")));
}

#[test]
fn charges_are_summed_by_where_they_stand() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["C-1"]);
    let asset = desk.site.asset_by_tag(&tag("C-1")).unwrap().id;
    for cents in [1_050, 2_000] {
        let new = NewCharge { person: person("ana"), asset, loan: None, amount: Money(cents), why: "the lid".into() };
        desk.must(|w| charge::draft(w, new));
    }
    assert_eq!(rows(&desk, "charges", "By state"), ["proposed|2|30.50"]);
    assert_eq!(rows(&desk, "charges", "By the month since when it stands so"), ["2026-11|30.50|0.00|0.00|0.00"]);
}
