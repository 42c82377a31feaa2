//! Tests of reservations.

use super::*;
use crate::loan::sample::{LoanDesk, cart, person, tag};
use crate::loan::{self, Due, NewLoan, Returned};
use crate::presence::Heard;

fn hours(desk: &LoanDesk, hours: i64) -> Timestamp {
    desk.now + SignedDuration::from_hours(hours)
}

/// For somebody, from so many hours from now until so many.
fn wish(desk: &LoanDesk, of: Of, who: &str, span: [i64; 2]) -> NewReservation {
    NewReservation { of, person: person(who), class: None, from: Some(hours(desk, span[0])), until: hours(desk, span[1]) }
}

fn some(count: u16) -> Of {
    Of::Kind { count, kind: AssetKind::Camera, room: Some(cart()) }
}

fn one(text: &str) -> Of {
    Of::Tag(tag(text))
}

#[track_caller]
fn check(desk: &mut LoanDesk, of: Of, who: &str, span: [i64; 2], want: Result<(), &str>) {
    let wish = wish(desk, of, who, span);
    match (desk.change(|w| add(w, wish)), want) {
        (Ok(_), Ok(())) => {}
        (Err(refusal), Err(want)) => assert!(refusal.text.contains(want), "{refusal}"),
        (got, want) => panic!("{got:?}, not {want:?}"),
    }
}

#[test]
fn never_more_is_reserved_than_there_is() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2", "CAM-3"]);
    check(&mut desk, some(2), "ana", [1, 5], Ok(()));
    check(&mut desk, some(2), "ben", [4, 8], Err("1 of 3 would be free, 2 reserved and 0 lent"));
    check(&mut desk, some(2), "ben", [5, 8], Ok(()));
    check(&mut desk, one("CAM-1"), "ben", [2, 3], Ok(()));
    check(&mut desk, one("CAM-2"), "ben", [2, 3], Err("CAM-2 can't be reserved"));
    check(&mut desk, one("CAM-1"), "ana", [0, 9], Err("is reserved for ben"));
    check(&mut desk, some(1), "ana", [3, 7], Ok(()));
    check(&mut desk, Of::Kind { count: 1, kind: AssetKind::Camera, room: None }, "ana", [6, 7], Err("0 of 3"));
    check(&mut desk, some(0), "ana", [6, 7], Err("1 to 1000"));
    check(&mut desk, some(1), "ana", [-5, -1], Err("in the time to come"));
    check(&mut desk, one("CAM-9"), "ana", [1, 2], Err("nothing carries the tag"));
}

#[test]
fn what_is_lent_that_long_can_not_be_reserved_and_what_is_reserved_is_not_lent_to_others() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2"]);
    desk.must(|w| {
        loan::out(
            w,
            &Heard::new(),
            NewLoan { due: Due::At(w.now + SignedDuration::from_hours(10)), ..NewLoan::new(tag("CAM-1"), person("ana")) },
        )
    });
    check(&mut desk, one("CAM-1"), "ben", [5, 20], Err("CAM-1 is lent to ana until"));
    check(&mut desk, one("CAM-1"), "ben", [11, 20], Ok(()));
    check(&mut desk, one("CAM-2"), "ben", [2, 4], Ok(()));
    let refusal = desk.refused(|w| loan::out(w, &Heard::new(), NewLoan::new(tag("CAM-2"), person("ana"))));
    assert!(refusal.contains("it is reserved for ben"), "{refusal}");
    assert!(desk.refused(|w| loan::renew(w, &tag("CAM-1"), Due::ByPolicy, None)).contains("reserved for ben"));
    // The one for whom it is fetches it.
    let loan = desk.lend("CAM-2", "ben");
    assert_eq!(get(&desk.site, ReservationId(2)).unwrap().standing(desk.now), Standing::Fetched);
    desk.must(|w| loan::undo_one(w, loan.id));
    assert_eq!(get(&desk.site, ReservationId(2)).unwrap().standing(desk.now), Standing::Open);
    desk.must(|w| cancel(w, ReservationId(2)));
    assert!(desk.refused(|w| cancel(w, ReservationId(2))).contains("is over"));
    desk.must(|w| loan::back(w, Returned::fine(tag("CAM-1"))));
    desk.hours(30);
    desk.lend("CAM-1", "ana");
}

#[test]
fn a_class_set_is_reserved_by_count_and_fetched_one_by_one() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2", "CAM-3"]);
    check(&mut desk, some(2), "ms-lee", [0, 100], Ok(()));
    desk.must(|w| {
        loan::out(
            w,
            &Heard::new(),
            NewLoan { due: Due::At(w.now + SignedDuration::from_hours(1)), ..NewLoan::new(tag("CAM-1"), person("ana")) },
        )
    });
    let refusal = desk.refused(|w| loan::out(w, &Heard::new(), NewLoan::new(tag("CAM-2"), person("ben"))));
    assert!(refusal.contains("reserved for ms-lee"), "{refusal}");
    desk.lend("CAM-2", "ms-lee");
    assert_eq!(active(&desk.site, desk.now).next().unwrap().left(), 1);
    desk.lend("CAM-3", "ms-lee");
    assert_eq!(active(&desk.site, desk.now).count(), 0);
}

#[test]
fn a_kit_in_repair_is_not_renewed_over_a_reservation_of_its_part() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2"]);
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    desk.write("CAM-2", |asset| asset.part_of = Some(whole));
    let due = Due::At(hours(&desk, 10));
    desk.must(|w| loan::out(w, &Heard::new(), NewLoan { due, ..NewLoan::new(tag("CAM-1"), person("ana")) }));
    desk.write("CAM-1", |asset| asset.status = asset::AssetStatus::InRepair);
    check(&mut desk, some(1), "ben", [20, 30], Ok(()));
    let (short, long) = (Due::At(hours(&desk, 15)), Due::At(hours(&desk, 40)));
    assert!(desk.refused(|w| loan::renew(w, &tag("CAM-1"), long, None)).contains("reserved for ben"));
    desk.must(|w| loan::renew(w, &tag("CAM-1"), short, None));
}

#[test]
fn what_is_lent_is_held_against_reservations_until_it_is_due() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1"]);
    check(&mut desk, one("CAM-1"), "ben", [24 * 20, 24 * 21], Ok(()));
    let lend = |due: Due| move |w: &mut Working| loan::out(w, &Heard::new(), NewLoan { due, ..NewLoan::new(tag("CAM-1"), person("ana")) });
    let until = |desk: &LoanDesk, days: i64| Due::At(hours(desk, 24 * days));
    let (short, long) = (until(&desk, 10), until(&desk, 60));
    assert!(desk.refused(lend(Due::Never)).contains("it is reserved for ben"));
    assert!(desk.refused(lend(long)).contains("it is reserved for ben"));
    desk.must(lend(Due::ByPolicy));
    desk.must(|w| loan::back(w, Returned::fine(tag("CAM-1"))));
    // By policy it would be out too long by now; as it was said, it is not.
    desk.hours(24 * 9);
    assert!(desk.refused(lend(Due::ByPolicy)).contains("it is reserved for ben"));
    desk.must(lend(short));
}

#[test]
fn a_kit_takes_what_is_reserved_of_its_parts() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2", "HOT-1", "HOT-2", "HOT-3"]);
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    for part in ["HOT-1", "HOT-2", "HOT-3"] {
        desk.write(part, |asset| asset.kind = AssetKind::Hotspot);
    }
    desk.write("HOT-1", |asset| asset.part_of = Some(whole));
    desk.write("HOT-2", |asset| asset.part_of = Some(whole));
    let lend = |who: &'static str, without: &[&str]| {
        let without = without.iter().map(|text| tag(text)).collect();
        move |w: &mut Working| loan::out(w, &Heard::new(), NewLoan { without, ..NewLoan::new(tag("CAM-1"), person(who)) })
    };
    check(&mut desk, one("HOT-2"), "ben", [1, 5], Ok(()));
    assert!(desk.refused(lend("ana", &[])).contains("HOT-2 of its kit is reserved for ben"));
    desk.must(lend("ana", &["HOT-2"]));
    desk.must(|w| loan::back(w, Returned::fine(tag("CAM-1"))));
    // Whoever it is for fetches it with the kit, and it is to be fetched again where that was a mistake.
    let loan = desk.must(lend("ben", &[]));
    let standing = |desk: &LoanDesk, id| get(&desk.site, ReservationId(id)).unwrap().standing(desk.now);
    assert_eq!(standing(&desk, 1), Standing::Fetched);
    desk.must(|w| loan::undo_one(w, loan.id));
    assert_eq!(standing(&desk, 1), Standing::Open);
    desk.must(|w| cancel(w, ReservationId(1)));
    // Each part alone could be spared, both together can't.
    let two = Of::Kind { count: 2, kind: AssetKind::Hotspot, room: None };
    check(&mut desk, two, "ben", [1, 5], Ok(()));
    assert!(desk.refused(lend("ana", &[])).contains("HOT-1 of its kit is reserved for ben"));
    desk.must(lend("ana", &["HOT-1"]));
    desk.must(|w| loan::back(w, Returned::fine(tag("CAM-1"))));
    check(&mut desk, one("CAM-1"), "ben", [2, 5], Ok(()));
    let loan = desk.must(lend("ben", &[]));
    assert_eq!([2, 3].map(|id| standing(&desk, id)), [Standing::Fetched; 2]);
    desk.must(|w| loan::undo_one(w, loan.id));
    assert_eq!([2, 3].map(|id| standing(&desk, id)), [Standing::Open; 2]);
}
