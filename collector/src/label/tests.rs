//! Every label lies where the sheet has it, and everything on it lies within it.

use super::*;
use crate::paper::{Area, Face, Mark, Page};
use rollcall_site::Tag;

fn label(tag: &str) -> Label {
    Label {
        tag: Tag::parse(tag).unwrap(),
        line: "Lenovo ThinkPad L14 Gen 5 with a very long name of its model".to_owned(),
        address: format!("https://rollcall.lincoln.example:8443/report/{tag}"),
    }
}

fn job(stock: &'static Stock, content: Content) -> Job<'static> {
    Job { stock, content, start: 1, offset: (0.0, 0.0), site: "Lincoln Middle School, Library and Technology" }
}

/// The area that everything with this mark takes.
fn extent(mark: &Mark) -> Area {
    match mark {
        Mark::Fill(areas) => {
            let least = |of: fn(&Area) -> f64| areas.iter().map(of).fold(f64::INFINITY, f64::min);
            let most = |of: fn(&Area) -> f64| areas.iter().map(of).fold(0.0, f64::max);
            let (x, y) = (least(|area| area.x), least(|area| area.y));
            Area { x, y, width: most(Area::right) - x, height: most(Area::bottom) - y }
        }
        Mark::Text(print, text) => {
            let (width, height) = (print.face.width(text, print.size), Face::Bold.capital(print.size));
            let x = match print.align {
                crate::paper::Align::Left => print.x,
                crate::paper::Align::Middle => print.x - width / 2.0,
                crate::paper::Align::Right => print.x - width,
            };
            Area { x, y: print.base - height, width, height: height + print.face.descent(print.size) }
        }
        other => panic!("{other:?}"),
    }
}

fn lies_within(inner: &Area, outer: &Area) -> bool {
    let slack = 0.06; // a dot of the coarsest printer's half
    inner.x >= outer.x - slack
        && inner.y >= outer.y - slack
        && inner.right() <= outer.right() + slack
        && inner.bottom() <= outer.bottom() + slack
}

fn apart(one: &Area, other: &Area) -> bool {
    one.right() <= other.x + 1e-6 || other.right() <= one.x + 1e-6 || one.bottom() <= other.y + 1e-6 || other.bottom() <= one.y + 1e-6
}

#[test]
fn everything_lies_within_its_label_and_nothing_over_another() {
    let longest = "ABCDEFGHIJ_KLMNOPQRST-UVWXYZ0123.4567890";
    for stock in STOCKS {
        for content in Content::ALL {
            for tag in ["A", "LAB1-017", "CB-2026-00417", "0000123456789", longest] {
                let labels: Vec<Label> = std::iter::repeat_n(label(tag), stock.per_page() + 1).collect();
                let printed = match print(&job(stock, content), &labels) {
                    Ok(printed) => printed,
                    Err(refused) => {
                        // An address is longer than a tag, and does not fit on every tape.
                        let may = content == Content::Report || (content == Content::Code128 && tag == longest);
                        assert!(may && refused.text.contains("square code"), "{}", refused.text);
                        continue;
                    }
                };
                assert_eq!(printed.pages.len(), 2);
                if content == Content::Both && tag.len() < 10 {
                    assert!(printed.without_bars.is_empty(), "{} {tag}", stock.name);
                }
                if content == Content::Both && tag == longest {
                    assert_eq!(printed.without_bars.len(), labels.len(), "{}", stock.name);
                }
                check_page(stock, &printed.pages[0], labels.len() - 1, &format!("{} {content:?} {tag}", stock.name));
            }
        }
    }
}

fn check_page(stock: &Stock, page: &Page, labels: usize, what: &str) {
    let each = page.marks.len() / labels;
    assert_eq!(page.marks.len(), each * labels, "{what}");
    for (number, marks) in page.marks.chunks(each).enumerate() {
        let place = stock.place(number);
        assert!(place.right() <= stock.page.0 + 1e-6 && place.bottom() <= stock.page.1 + 1e-6, "{what}: label {number} is off the page");
        let inner = stock.inner(place);
        let extents: Vec<Area> = marks.iter().map(extent).collect();
        for (at, one) in extents.iter().enumerate() {
            assert!(lies_within(one, &inner), "{what}: {:?} at {one:?} is not within {inner:?}", marks[at]);
            for other in extents.iter().skip(at + 1) {
                assert!(apart(one, other), "{what}: {one:?} lies over {other:?}");
            }
        }
    }
}

#[test]
fn labels_lie_at_exact_millimetres() {
    let check = |name: &str, number: usize, want: (f64, f64)| {
        let place = stock(name).unwrap().place(number);
        let close = |a: f64, b: f64| (a - b).abs() < 0.001;
        assert!(close(place.x, want.0) && close(place.y, want.1), "{name} {number}: {place:?}");
    };
    // Avery: three columns at 3/16 in and every 2 3/4 in; ten rows from half an inch.
    check("avery-5160", 0, (4.7625, 12.7));
    check("avery-5160", 2, (144.4625, 12.7));
    check("avery-5160", 29, (144.4625, 241.3));
    check("L7160", 0, (7.21, 15.15));
    check("l7160", 20, (139.29, 243.75));
    for stock in STOCKS {
        let last = stock.place(stock.per_page() - 1);
        assert!((stock.page.0 - last.right() - stock.first.x).abs() < 0.02, "{} is not in the middle", stock.name);
        assert!((stock.page.1 - last.bottom() - stock.first.y).abs() < 0.02, "{} is not in the middle", stock.name);
    }
    assert!(STOCKS.is_sorted_by_key(|stock| stock.name));
}

#[test]
fn a_print_begins_at_any_place_and_is_moved_as_a_printer_needs() {
    let avery = stock("avery-5160").unwrap();
    let printed = print(&Job { start: 30, ..job(avery, Content::Qr) }, &[label("A-1"), label("A-2")]).unwrap();
    assert_eq!(printed.pages.len(), 2, "one on the last place, one on the next sheet");
    let first = |offset| extent(&print(&Job { offset, ..job(avery, Content::Qr) }, &[label("A-1")]).unwrap().pages[0].marks[0]);
    let (at, moved) = (first((0.0, 0.0)), first((1.5, -0.75)));
    assert!((moved.x - at.x - 1.5).abs() < 0.03 && (moved.y - at.y + 0.75).abs() < 1e-6, "{at:?} {moved:?}");
}

#[test]
fn bars_are_whole_dots_wide() {
    for stock in STOCKS {
        let printed = print(&job(stock, Content::Code128), &[label("LAB1-017")]).unwrap();
        let Some(Mark::Fill(bars)) = printed.pages[0].marks.iter().find(|mark| matches!(mark, Mark::Fill(_))) else { panic!("no bars") };
        for bar in bars {
            let dots = bar.width / stock.dot;
            assert!((dots - dots.round()).abs() < 1e-6 && bar.width >= 0.19, "{}: {bar:?}", stock.name);
            assert!(bar.height > 5.0, "{}: bars of {} mm are hard to hit", stock.name, bar.height);
        }
    }
}

#[test]
fn what_can_not_be_printed_is_told() {
    let avery = stock("avery-5160").unwrap();
    let check = |job: &Job<'_>, labels: &[Label], words: &str| {
        let refused = print(job, labels).unwrap_err();
        assert!(refused.text.contains(words), "{}", refused.text);
    };
    let good = job(avery, Content::Both);
    check(&good, &[], "nothing to print");
    check(&good, &std::iter::repeat_n(label("A"), MOST + 1).collect::<Vec<_>>(), "room by room");
    check(&Job { start: 0, ..good }, &[label("A")], "places 1 to 30");
    check(&Job { start: 31, ..good }, &[label("A")], "places 1 to 30");
    check(&Job { stock: stock("dymo-30252").unwrap(), start: 2, ..good }, &[label("A")], "begins with 1");
    check(&Job { offset: (f64::NAN, 0.0), ..good }, &[label("A")], "at most 20 mm");
    assert!(stock("avery-9999").unwrap_err().text.contains("l7160") && Content::parse("x").is_err());
    assert!(test_page(&good).unwrap().marks.len() > 30 * 3);
}
