//! A requisition as it stands on paper and in a file.

use super::*;
use rollcall_site::order::{self, LineFacts, OrderFacts};
use rollcall_site::{Site, Working};
use serde_json::json;

/// A draft with so many lines.
fn page(lines: usize) -> OrderPage {
    let now = "2026-11-28T10:00:00Z".parse().unwrap();
    let mut w = Working::begin(Site::default(), now, rollcall_site::event::Actor::Rollcall);
    let facts: OrderFacts = serde_json::from_value(json!({"title": "=Summer 2027", "vendor": "CDW", "notes": "as agreed"})).unwrap();
    let draft = order::open(&mut w, facts).unwrap();
    for number in 1..=lines {
        let said = json!({"kind": "laptop", "maker": "HP", "model": format!("Model {number}"), "count": 2, "price": "349.50"});
        let facts: LineFacts = serde_json::from_value(said).unwrap();
        order::add_line(&mut w, draft.id, facts).unwrap();
    }
    order::page(&w.site, order::get(&w.site, draft.id).unwrap(), w.today())
}

#[test]
fn a_line_of_the_order_is_a_line_of_the_file() {
    let text = String::from_utf8(csv(&page(2))).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("order,number,title,vendor,funding,line,kind,maker,model,count,price,cost,room,warranty_months,replaces"));
    assert_eq!(lines[1], "1,,'=Summer 2027,CDW,,1,laptop,HP,Model 1,2,349.50,699.00,,,");
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_long_requisition_takes_more_sheets() {
    let sheets = |lines: usize| {
        let bytes = pdf("Lincoln", &page(lines), "2026-11-28");
        String::from_utf8_lossy(&bytes).matches("/Type /Page\n").count().max(String::from_utf8_lossy(&bytes).matches("/MediaBox").count())
    };
    assert_eq!((sheets(0), sheets(5)), (1, 1));
    assert!(sheets(100) > 3);
    assert_eq!(pdf("Lincoln", &page(3), "2026-11-28"), pdf("Lincoln", &page(3), "2026-11-28"));
}
