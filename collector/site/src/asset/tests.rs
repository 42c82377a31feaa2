//! What is said of an asset, and what is refused.

use super::*;
use crate::money::Money;
use crate::room::{self, RoomFacts};
use crate::{PersonId, RefusalKind, loan, person, record};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

fn facts(value: Value) -> AssetFacts {
    serde_json::from_value(value).unwrap()
}

/// A site with a room, a laptop, a hotspot and a projector.
fn begin() -> Working {
    let now = "2026-11-28T10:00:00Z".parse().unwrap();
    let mut w = Working::begin(Site::default(), now, crate::event::Actor::User("anna".into()));
    room::add(&mut w, RoomId::parse("Lab 118").unwrap(), RoomFacts::default()).unwrap();
    for (number, name, kind) in [(1, "LAP-1", "laptop"), (2, "HOT-1", "hotspot"), (3, "PRJ-1", "projector")] {
        add(&mut w, AssetId(Uuid::from_u128(number)), tag(name), facts(json!({ "kind": kind }))).unwrap();
    }
    w
}

fn set_one(w: &mut Working, of: &str, said: Value) -> Result<Arc<Asset>, Refusal> {
    let id = tagged(&w.site, &tag(of))?.id;
    set(w, id, facts(said))
}

fn events(w: Working) -> Vec<String> {
    w.finish().events.into_iter().map(|event| format!("{} {}", event.kind, event.text)).collect()
}

#[test]
fn every_fact_is_laid_over_taken_away_and_said_again() {
    let mut w = begin();
    let all = json!({
        "kind": "laptop", "name": "cart 4", "maker": "Lenovo", "model": "300e", "serial": "PF1A2B3C", "room": "Lab 118", "seat": "7",
        "status": "in-repair", "accessories": ["charger", "case", "Charger"], "vendor": "CDW", "funding": "Title I", "price": "349.50",
        "bought": "2025-08-01", "warranty_until": "2028-07-31", "life_months": "48", "notes": "hinge is loose\r\nsecond line",
        "custom": {"Asset colour": "red", "PO": "4711"}
    });
    let asset = set_one(&mut w, "LAP-1", all).unwrap();
    assert_eq!(asset.accessories, ["charger", "case"]);
    assert_eq!(asset.purchase.as_ref().unwrap().price, Some(Money(34_950)));
    assert_eq!(asset.purchase.as_ref().unwrap().life_ends().unwrap().to_string(), "2029-08-01");
    assert_eq!(asset.notes(), "hinge is loose\nsecond line");
    let said = AssetFacts::of(&w.site, &asset);
    assert_eq!(set_one(&mut w, "LAP-1", json!(said)).unwrap(), asset, "what is said of it says it again");
    let gone: BTreeMap<&str, &str> = ["name", "price", "bought", "warranty_until", "life_months", "vendor", "funding", "notes", "room"]
        .into_iter()
        .map(|name| (name, ""))
        .collect();
    let mut gone = json!(gone);
    gone["custom"] = json!({"Asset colour": "", "PO": ""});
    let asset = set_one(&mut w, "LAP-1", gone).unwrap();
    assert_eq!((&asset.purchase, &asset.details, &asset.seat), (&None, &None, &None), "what is empty takes no memory");
    let told = events(w);
    assert!(
        told.iter().any(|text| text.contains("price: none → 349.50") && text.contains("notes changed; changed: Asset colour, PO")),
        "{told:?}"
    );
    assert!(!told.iter().any(|text| text.contains("hinge") || text.contains("4711")), "{told:?}");
}

#[test]
fn facts_out_of_bounds_are_refused() {
    let mut w = begin();
    let many = |count: usize| (0..count).map(|n| format!("f{n}")).collect::<Vec<_>>();
    let fields: BTreeMap<String, &str> = many(41).into_iter().map(|name| (name, "x")).collect();
    let check = |w: &mut Working, said: Value, want: &str| {
        let refused = set_one(w, "LAP-1", said).unwrap_err();
        assert!(refused.text.contains(want) && refused.kind == RefusalKind::Invalid, "{refused:?}");
    };
    check(&mut w, json!({"notes": "x".repeat(4001)}), "at most 4000");
    check(&mut w, json!({"notes": "a\u{7}"}), "control");
    check(&mut w, json!({"custom": fields}), "at most 40 custom fields");
    check(&mut w, json!({"custom": {"a": "x".repeat(401)}}), "a: a custom field has at most 400");
    check(&mut w, json!({"custom": {" ": "x"}}), "needs a name");
    check(&mut w, json!({"accessories": many(21)}), "at most 20");
    check(&mut w, json!({"accessories": ["a,b"]}), "comma");
    check(&mut w, json!({"bought": "0026-08-01"}), "no likely day");
    check(&mut w, json!({"life_months": 0}), "1 to 600");
    check(&mut w, json!({"status": "disposed"}), "rollcall asset dispose LAP-1");
}

#[test]
fn a_kit_has_one_whole_and_its_parts() {
    let mut w = begin();
    set_one(&mut w, "HOT-1", json!({"part_of": "lap-1"})).unwrap();
    let laptop = tagged(&w.site, &tag("LAP-1")).unwrap().clone();
    assert_eq!(kit_of(&w.site, laptop.id).map(|part| part.tag.as_str()).collect::<Vec<_>>(), ["HOT-1"]);
    assert_eq!(whole_of(&w.site, tagged(&w.site, &tag("HOT-1")).unwrap()).map(|whole| whole.id), Some(laptop.id));
    let refused = |w: &mut Working, of: &str, whole: &str| set_one(w, of, json!({ "part_of": whole })).unwrap_err().text;
    assert!(refused(&mut w, "LAP-1", "LAP-1").contains("part of itself"));
    assert!(refused(&mut w, "PRJ-1", "HOT-1").contains("itself a part of LAP-1"));
    assert!(refused(&mut w, "LAP-1", "PRJ-1").contains("has a kit of its own, with HOT-1"));
    assert!(refused(&mut w, "HOT-1", "NO-1").contains("nothing carries"));
    set_one(&mut w, "HOT-1", json!({"part_of": ""})).unwrap();
    assert_eq!(kit_of(&w.site, laptop.id).count(), 0);
    assert!(events(w).contains(&"asset.changed HOT-1 part of: none → LAP-1".to_owned()));
}

#[test]
fn an_earlier_tag_leads_to_the_asset() {
    let mut w = begin();
    set_one(&mut w, "LAP-1", json!({"tag": "LAP-9"})).unwrap();
    let refused = tagged(&w.site, &tag("LAP-1")).unwrap_err();
    assert!(refused.text.contains("LAP-1 was tagged anew: it is LAP-9 since 2026-11-28 10:00 UTC"), "{refused}");
    assert_eq!(former(&w.site, &tag("LAP-1")).map(|asset| asset.tag.as_str()), Some("LAP-9"));
    assert_eq!(crate::view::find_asset(&w.site, "lap-1"), Ok(AssetId(Uuid::from_u128(1))));
    set_one(&mut w, "PRJ-1", json!({"tag": "LAP-1"})).unwrap();
    assert_eq!(crate::view::find_asset(&w.site, "LAP-1"), Ok(AssetId(Uuid::from_u128(3))), "who has the tag now comes first");
    set_one(&mut w, "LAP-1", json!({"tag": "PRJ-1"})).unwrap();
    set_one(&mut w, "LAP-9", json!({"tag": "LAP-1"})).unwrap();
    let laptop = tagged(&w.site, &tag("LAP-1")).unwrap();
    assert_eq!(laptop.tags_before().iter().map(|former| former.tag.as_str()).collect::<Vec<_>>(), ["LAP-9"], "its own again");
}

#[test]
fn a_label_on_the_wrong_one_is_taken_back_and_waited_for_again() {
    let mut w = begin();
    let laptop = AssetId(Uuid::from_u128(1));
    let since = w.now;
    let wait = |w: &mut Working| {
        let mut asset = (**get(&w.site, laptop).unwrap()).clone();
        asset.details.get_or_insert_default().tag_wanted = Some(since);
        w.put(asset)
    };
    assert!(unlabel(&mut w, laptop).unwrap_err().text.contains("`rollcall asset set LAP-1 --tag TAG`"), "it waited for none");
    let waiting = wait(&mut w);
    assert!(unlabel(&mut w, laptop).is_err(), "it waits still");
    for label in ["L-100", "lap-1"] {
        w.now += jiff::SignedDuration::from_hours(1);
        assert!(!set_one(&mut w, "LAP-1", json!({ "tag": label })).unwrap().tag_wanted());
        assert_eq!(unlabel(&mut w, laptop).unwrap(), waiting);
        assert!(w.site.tags_wanted.contains(&laptop) && former(&w.site, &tag("L-100")).is_none());
    }
    set_one(&mut w, "LAP-1", json!({"tag": "L-100"})).unwrap();
    set_one(&mut w, "PRJ-1", json!({"tag": "LAP-1"})).unwrap();
    assert!(unlabel(&mut w, laptop).unwrap_err().text.contains("the tag LAP-1 is in use"));
    set_one(&mut w, "LAP-1", json!({"tag": "PRJ-1"})).unwrap();
    set_one(&mut w, "L-100", json!({"tag": "L-200"})).unwrap();
    assert!(unlabel(&mut w, laptop).is_err(), "its tag was changed since");
    assert!(events(w).contains(&"asset.changed LAP-1 tag: L-100 → LAP-1; the label was taken back, and one is wanted again".to_owned()));
}

#[test]
fn a_disposal_keeps_its_record_and_frees_what_it_held() {
    let mut w = begin();
    set_one(&mut w, "LAP-1", json!({"room": "Lab 118", "seat": "1"})).unwrap();
    set_one(&mut w, "HOT-1", json!({"part_of": "LAP-1"})).unwrap();
    let laptop = AssetId(Uuid::from_u128(1));
    let said = |wiped: &str, on: Option<&str>| Disposing {
        method: Method::Recycled,
        on: on.map(|on| on.parse().unwrap()),
        wiped: wiped.into(),
        note: "lot 12".into(),
    };
    let borrower = PersonId::parse("20431").unwrap();
    person::import(&mut w, vec![(borrower.clone(), "A pupil".into())]);
    let lent = loan::NewLoan { override_reason: Some("a test".into()), ..loan::NewLoan::new(tag("LAP-1"), borrower) };
    loan::out(&mut w, &Default::default(), lent).unwrap();
    assert!(dispose(&mut w, laptop, said("shredded", None)).unwrap_err().text.contains("rollcall loan in LAP-1"));
    loan::back(&mut w, loan::Returned::fine(tag("LAP-1"))).unwrap();
    assert!(dispose(&mut w, laptop, said("", None)).unwrap_err().text.contains("say with --wiped how"));
    assert!(dispose(&mut w, laptop, said("shredded", Some("2026-11-29"))).unwrap_err().text.contains("is to come"));
    let asset = dispose(&mut w, laptop, said("disk shredded", Some("2026-11-20"))).unwrap();
    assert_eq!((asset.status, &asset.room, &asset.seat), (AssetStatus::Disposed, &None, &None));
    assert_eq!(tagged(&w.site, &tag("HOT-1")).unwrap().part_of, None);
    assert!(dispose(&mut w, laptop, said("shredded", None)).unwrap_err().text.contains("already: recycled on 2026-11-20"));
    assert_eq!(set(&mut w, laptop, facts(json!({"status": "disposed"}))).unwrap(), asset, "an import of what is so changes nothing");
    dispose(&mut w, AssetId(Uuid::from_u128(3)), Disposing { note: String::new(), ..said("", None) }).unwrap();
    let back = set(&mut w, laptop, facts(json!({"status": "in-service"}))).unwrap();
    assert_eq!(back.details, None, "a disposal that was a mistake is taken back");
    let told = events(w);
    let want = "asset.disposed LAP-1 disposed of: recycled on 2026-11-20; wiped: disk shredded; note: lot 12; it was in Lab 118, seat 1";
    assert!(told.contains(&want.to_owned()), "{told:?}");
}

#[test]
fn an_asset_with_everything_comes_back_from_the_store() {
    let mut w = begin();
    set_one(&mut w, "LAP-1", json!({"tag": "LAP-9", "notes": "n", "custom": {"a": "b"}, "price": "1"})).unwrap();
    set_one(&mut w, "HOT-1", json!({"part_of": "LAP-9"})).unwrap();
    let mut again = Site::default();
    for written in w.site.records() {
        again.restore(&written).unwrap();
    }
    assert_eq!(again.by_kit, w.site.by_kit);
    assert_eq!(again.former_tags, w.site.former_tags);
    let laptop = tagged(&again, &tag("LAP-9")).unwrap();
    assert_eq!(**laptop, **tagged(&w.site, &tag("LAP-9")).unwrap());
    let id = laptop.id;
    record::remove::<Asset>(&mut again, &id);
    assert!(again.former_tags.is_empty(), "an index has nothing of what is gone");
}

#[test]
fn a_replay_in_the_order_of_keys_knows_labels_that_went_from_one_to_the_other() {
    let mut replayed = begin().finish().site;
    let mut w = Working::begin(replayed.clone(), "2026-11-28T10:00:00Z".parse().unwrap(), crate::event::Actor::Rollcall);
    set_one(&mut w, "HOT-1", json!({ "tag": "HOT-9" })).unwrap();
    set_one(&mut w, "LAP-1", json!({ "tag": "HOT-1" })).unwrap();
    let done = w.finish();
    done.written.iter().for_each(|written| replayed.restore(written).unwrap());
    assert_eq!(replayed.asset_by_tag(&tag("HOT-1")).map(|asset| asset.id), Some(AssetId(Uuid::from_u128(1))));
    assert_eq!(replayed.by_tag, done.site.by_tag);
}
