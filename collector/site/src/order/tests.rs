//! Orders from the draft to the last machine that comes.

use super::*;
use crate::asset::{self, Asset, AssetFacts, Entry};
use crate::enroll::{self, Enrolled, Enrolment};
use crate::fingerprint::Fingerprint;
use crate::room::RoomFacts;
use crate::{DeviceId, Refusal, Tag, Working, record, room, token};
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn id(number: u128) -> AssetId {
    AssetId(Uuid::from_u128(number))
}

/// A site with two rooms, a token for each, and an order: two laptops with serials for the lab, three projectors.
fn begin() -> Working {
    let now = "2026-11-28T10:00:00Z".parse().unwrap();
    let mut w = Working::begin(Site::default(), now, crate::event::Actor::User("anna".into()));
    for name in ["Lab 118", "Lab 204"] {
        let name = RoomId::parse(name).unwrap();
        room::add(&mut w, name.clone(), RoomFacts::default()).unwrap();
        token::make(&mut w, name.to_string(), Some(name), 30, now + SignedDuration::from_hours(100)).unwrap();
    }
    token::make(&mut w, "nowhere".into(), None, 30, now + SignedDuration::from_hours(100)).unwrap();
    let order = open(&mut w, read(json!({"title": "Laptops and projectors", "vendor": "CDW", "funding": "Title I"}))).unwrap();
    let laptops = json!({
        "kind": "laptop", "maker": "Lenovo", "model": "300e", "count": 2, "price": "349", "warranty_months": 36, "life_months": 48,
        "room": "Lab 118", "serials": ["PF-AAA1", "PF-AAA2"]
    });
    add_line(&mut w, order.id, line(laptops)).unwrap();
    add_line(&mut w, order.id, line(json!({"kind": "projector", "maker": "Epson", "count": 3, "price": "600"}))).unwrap();
    w
}

fn read(facts: serde_json::Value) -> OrderFacts {
    serde_json::from_value(facts).unwrap()
}

fn line(facts: serde_json::Value) -> LineFacts {
    serde_json::from_value(facts).unwrap()
}

/// As [`begin`], ordered.
fn ordered() -> Working {
    let mut w = begin();
    place(&mut w, OrderId(1), read(json!({"number": "PO-4711", "ordered_on": "2026-11-02", "expected_on": "2026-11-27"}))).unwrap();
    w
}

fn scan(w: &mut Working, number: u128, label: &str, serial: &str, line: Option<u16>) -> Result<Received, Refusal> {
    let what = Receiving { order: OrderId(1), line, tag: tag(label), serial: serial.into(), room: None, serials: Serials::Expected };
    receive(w, id(number), what)
}

fn boot(w: &mut Working, number: u128, serial: &str, label: &str, token: &str) -> Enrolled {
    let request = Enrolment {
        token_hash: token.into(),
        device: DeviceId(Uuid::from_u128(number)),
        asset: id(number),
        fingerprint: Fingerprint { system_serial: serial.into(), ..Fingerprint::default() },
        host_name: format!("win-{number}"),
        tag: label.into(),
        seat: String::new(),
        agent_version: "0.1.0".into(),
        certificate: format!("cert{number}"),
        certificate_ends: w.now + SignedDuration::from_hours(9600),
    };
    enroll::enroll(w, request).unwrap()
}

fn of<'a>(w: &'a Working, label: &str) -> &'a Arc<Asset> {
    asset::tagged(&w.site, &tag(label)).unwrap()
}

fn stands(w: &Working) -> Standing {
    standing(&w.site, get(&w.site, OrderId(1)).unwrap(), w.today())
}

#[test]
fn a_scan_makes_the_asset_with_what_the_order_knows() {
    let mut w = ordered();
    assert_eq!(stands(&w), Standing::Overdue);
    let came = scan(&mut w, 1, "LAP-1", "pf-aaa1", None).unwrap();
    assert_eq!((came.line, came.left, came.complete), (1, 1, false), "the serial says which line");
    let laptop = of(&w, "LAP-1");
    assert_eq!((laptop.title().as_str(), laptop.room.as_ref().unwrap().as_str()), ("Lenovo 300e", "Lab 118"));
    let bought = laptop.purchase.as_ref().unwrap();
    assert_eq!((bought.bought, bought.warranty_until), (Some(day("2026-11-02")), Some(day("2029-11-27"))));
    assert_eq!((bought.vendor.as_str(), bought.price, bought.life_months), ("CDW", Some(Money(34_900)), Some(48)));
    let check = |w: &mut Working, label: &str, serial: &str, line: Option<u16>, want: &str| {
        let refused = scan(w, 9, label, serial, line).unwrap_err().text;
        assert!(refused.contains(want), "{refused}");
        assert!(w.site.assets.get(&id(9)).is_none());
    };
    check(&mut w, "LAP-2", "PF-AAA1", None, "PF-AAA1 is that of LAP-1 already");
    check(&mut w, "LAP-2", "PF-XXX9", Some(1), "not one that line 1 expects");
    check(&mut w, "LAP-2", "", Some(1), "none was scanned");
    check(&mut w, "LAP-1", "PF-AAA2", None, "the tag LAP-1 is in use");
    check(&mut w, "PRJ-1", "", None, "say which with --line: 1 (Lenovo 300e), 2 (Epson)");
    check(&mut w, "PRJ-1", "", Some(3), "has no line 3: it has 2 lines");
    scan(&mut w, 2, "LAP-2", "PF-AAA2", None).unwrap();
    check(&mut w, "LAP-3", "PF-AAA3", Some(1), "all of line 1 is here already");
    for number in 3..=5 {
        let came = scan(&mut w, number, &format!("PRJ-{number}"), "", None).unwrap();
        assert_eq!((came.left, came.complete), (u32::try_from(5 - number).unwrap(), number == 5));
    }
    assert_eq!(stands(&w), Standing::Received);
    check(&mut w, "PRJ-9", "", None, "order 1 (PO-4711) is received already");
    asset::take_back(&mut w, id(5)).unwrap();
    assert_eq!(stands(&w), Standing::Overdue, "what was scanned by mistake is expected again");
    scan(&mut w, 6, "PRJ-6", "", None).unwrap();
    let refused = end(&mut w, OrderId(1)).unwrap_err().text;
    assert!(refused.contains("is received"), "{refused}");
}

#[test]
fn no_two_orders_have_the_same_number_and_a_line_names_each_asset_once() {
    let mut w = begin();
    for number in ["2", "#1"] {
        let order = open(&mut w, read(json!({ "title": "More", "number": number }))).unwrap();
        let again = open(&mut w, read(json!({ "title": "Others", "number": number }))).unwrap_err().text;
        assert!(again.contains(&format!("the number {number} is that of order #{}", order.id)), "{again}");
    }
    asset::add(&mut w, id(90), tag("OLD-1"), AssetFacts::default()).unwrap();
    let at = OrderLine { order: OrderId(1), line: 1 };
    let order = set_line(&mut w, at, line(json!({"replaces": ["OLD-1", "old-1"]}))).unwrap();
    assert_eq!(order.lines[0].replaces, [id(90)]);
    let refused = set_line(&mut w, at, line(json!({ "replaces": vec!["OLD-1"; 10_001] }))).unwrap_err().text;
    assert!(refused.contains("replaces at most 10000 assets, not 10001"), "{refused}");
    assert!(asset::take_back(&mut w, id(90)).unwrap_err().text.contains("is to be replaced by an order"));
}

#[test]
fn a_machine_that_is_expected_is_received_by_its_first_boot() {
    let mut w = ordered();
    let elsewhere = boot(&mut w, 10, "PF-AAA1", "", "Lab 204");
    assert_eq!(of(&w, elsewhere.tag.as_str()).came_by(), None, "only in the room of the line");
    w.remove::<crate::device::Device>(&elsewhere.device);
    w.remove::<Asset>(&elsewhere.asset);
    let nowhere = boot(&mut w, 11, "PF-AAA1", "", "nowhere");
    assert_eq!(of(&w, nowhere.tag.as_str()).came_by(), None, "and never without a room");
    w.remove::<crate::device::Device>(&nowhere.device);
    w.remove::<Asset>(&nowhere.asset);
    w.now += SignedDuration::from_hours(48);
    let first = boot(&mut w, 12, "pf-aaa1", "", "Lab 118");
    let laptop = of(&w, first.tag.as_str()).clone();
    assert!(laptop.tag_wanted(), "its tag was made of its name, so that a label is asked for");
    assert_eq!((laptop.kind, laptop.serial.as_str(), laptop.name.as_str()), (AssetKind::Laptop, "pf-aaa1", "win-12"));
    assert_eq!(laptop.purchase.as_ref().unwrap().warranty_until, Some(day("2029-11-29")), "from the day of its first boot");
    assert!(w.site.tags_wanted.contains(&laptop.id));
    let labelled = AssetFacts { tag: Some(tag("LAP-1")), ..AssetFacts::default() };
    asset::set(&mut w, laptop.id, labelled).unwrap();
    assert!(w.site.tags_wanted.is_empty() && !of(&w, "LAP-1").tag_wanted());
    boot(&mut w, 13, "PF-AAA2", "LAP-2", "Lab 118");
    assert!(!of(&w, "LAP-2").tag_wanted());
    let twin = boot(&mut w, 14, "PF-AAA2", "", "Lab 118");
    assert_eq!(of(&w, twin.tag.as_str()).came_by(), None, "a serial comes once");
    assert_eq!(left(&w.site, get(&w.site, OrderId(1)).unwrap(), 1), 0);
    let told: Vec<String> = w.finish().events.into_iter().filter(|event| event.kind == "order.received").map(|event| event.text).collect();
    assert_eq!(
        told.last().unwrap(),
        "LAP-2 received by its first boot: line 1 of order 1 (PO-4711); nothing of the line is left; warranty until 2029-11-29"
    );
}

#[test]
fn what_was_received_by_scan_binds_when_it_boots() {
    let mut w = ordered();
    scan(&mut w, 1, "LAP-1", "PF-AAA1", None).unwrap();
    let booted = boot(&mut w, 20, "PF-AAA1", "", "Lab 118");
    assert_eq!((booted.tag.as_str(), booted.asset), ("LAP-1", id(1)));
    assert_eq!(progress(&w.site, get(&w.site, OrderId(1)).unwrap()), Progress { ordered: 5, received: 1 }, "and is counted once");
}

#[test]
fn where_the_vendor_told_some_serials_the_rest_of_the_line_may_have_any() {
    let mut w = ordered();
    set_line(&mut w, OrderLine { order: OrderId(1), line: 1 }, line(json!({"count": 3}))).unwrap();
    scan(&mut w, 1, "LAP-1", "OTHER-1", Some(1)).unwrap();
    let refused = scan(&mut w, 2, "LAP-2", "OTHER-2", Some(1)).unwrap_err().text;
    assert!(refused.contains("--any-serial"), "the two that are left are told: {refused}");
    let what =
        Receiving { order: OrderId(1), line: Some(1), tag: tag("LAP-2"), serial: "OTHER-2".into(), room: None, serials: Serials::Any };
    receive(&mut w, id(2), what).unwrap();
    scan(&mut w, 3, "LAP-3", "PF-AAA2", None).unwrap();
}

#[test]
fn drafts_are_placed_once_and_ended_short() {
    let mut w = begin();
    let refused = scan(&mut w, 1, "LAP-1", "PF-AAA1", None).unwrap_err().text;
    assert!(refused.contains("is draft only") && refused.contains("rollcall order place 1"), "{refused}");
    let draft = get(&w.site, OrderId(1)).unwrap().clone();
    assert_eq!((stands(&w), total(&draft)), (Standing::Draft, Money(249_800)));
    assert!(
        expected_by_boot(&w.site, &Fingerprint { system_serial: "PF-AAA1".into(), ..Default::default() }, draft.lines[0].room.as_ref())
            .is_none()
    );
    let early = place(&mut w, OrderId(1), read(json!({"ordered_on": "2026-11-02", "expected_on": "2026-11-01"}))).unwrap_err();
    assert!(early.text.contains("before it was ordered"), "{early}");
    place(&mut w, OrderId(1), read(json!({"number": "12"}))).unwrap();
    assert_eq!(stands(&w), Standing::Expected);
    scan(&mut w, 1, "LAP-1", "PF-AAA1", None).unwrap();
    assert_eq!(stands(&w), Standing::Part);
    let fewer = set_line(&mut w, OrderLine { order: OrderId(1), line: 1 }, line(json!({"count": 1, "serials": ["PF-AAA1"]}))).unwrap();
    assert_eq!(fewer.lines[0].count, 1);
    end(&mut w, OrderId(1)).unwrap();
    assert_eq!(stands(&w), Standing::Short);
    assert!(w.site.expected_serials.is_empty(), "nothing is expected of it any more");
    let other = open(&mut w, read(json!({"title": "Other"}))).unwrap();
    let taken = set(&mut w, other.id, read(json!({"number": "12"}))).unwrap_err();
    assert!(taken.text.contains("that of order #1"), "{taken}");
    end(&mut w, other.id).unwrap();
    assert_eq!(standing(&w.site, get(&w.site, other.id).unwrap(), w.today()), Standing::Dropped);
}

#[test]
fn orders_are_found_by_their_number_and_by_ours() {
    let mut w = ordered();
    let other = open(&mut w, read(json!({"title": "Other", "number": "1"}))).unwrap();
    let found = |w: &Working, text: &str| find(&w.site, text).map(|order| order.id.0).map_err(|refusal| refusal.text);
    assert_eq!((found(&w, "po-4711"), found(&w, "#1"), found(&w, "2")), (Ok(1), Ok(1), Ok(2)));
    assert!(found(&w, "1").unwrap_err().contains("#2, #1"), "{}", found(&w, "1").unwrap_err());
    assert!(found(&w, "99").unwrap_err().contains("no order"));
    set(&mut w, other.id, OrderFacts { expected_on: Some(Entry::Is(day("2026-12-01"))), ..OrderFacts::default() }).unwrap();
}

#[test]
fn serials_are_expected_once() {
    let mut w = ordered();
    let at = OrderLine { order: OrderId(1), line: 2 };
    let mut check = |serials: &[&str], want: &str| {
        let refused = set_line(&mut w, at, line(json!({ "serials": serials }))).unwrap_err().text;
        assert!(refused.contains(want), "{refused}");
    };
    check(&["PF-AAA1"], "is expected by line 1 of order #1 already");
    check(&["Default string"], "identifies nothing");
    check(&["S1", "S2", "S3", "S4"], "4 serials are more than the 3");
    set_line(&mut w, at, line(json!({"serials": ["X-S1", "x-s1", ""]}))).unwrap();
    assert_eq!(get(&w.site, OrderId(1)).unwrap().lines[1].serials, ["X-S1"]);
    scan(&mut w, 1, "LAP-1", "PF-AAA1", None).unwrap();
    set_line(&mut w, OrderLine { order: OrderId(1), line: 1 }, line(json!({"serials": ["PF-AAA1", "PF-BBB2"]}))).unwrap();
    let mut again = Site::default();
    w.site.records().for_each(|written| again.restore(&written).unwrap());
    assert_eq!((&again.expected_serials, &again.by_order), (&w.site.expected_serials, &w.site.by_order));
    record::remove::<Order>(&mut again, &OrderId(1));
    assert!(again.expected_serials.is_empty());
}
