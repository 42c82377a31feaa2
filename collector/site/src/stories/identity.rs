//! Stories of identity: lapsed certificates, other parts, a disk on a new board, who becomes which asset.

use super::*;
use crate::asset::{self, AssetFacts};
use crate::device::DeviceState;

/// PC `number` with some facts of its own.
fn with(number: u128, change: impl FnOnce(&mut Fingerprint)) -> Fingerprint {
    let mut fingerprint = hardware(number);
    change(&mut fingerprint);
    fingerprint
}

#[test]
fn a_lapsed_certificate_is_a_check_and_renews_within_its_time() {
    let mut school = School::new();
    let device = school.pc(1, "LT-1", &[]);
    school.must(|w| attend::goodbye(w, device, Goodbye::Shutdown));
    school.heard.clear();
    school.now += SignedDuration::from_hours(24 * 410);
    assert_eq!(school.verdict("LT-1"), Verdict::Check);
    let check = verdict::check(&school.site, &school.heard, &tag("LT-1"), None, school.now).unwrap();
    assert!(check.reasons.iter().any(|reason| reason.code == "seen" && reason.text.contains("lapsed 10 days ago")), "{check:?}");

    let days = |days: i64| SignedDuration::from_hours(24 * days);
    assert!(enroll::may_renew(&school.site, device, days(11), school.now).is_ok());
    let refusal = enroll::may_renew(&school.site, device, days(9), school.now).unwrap_err();
    assert!(refusal.text.contains("enrol it anew"), "{refusal}");
    let ends = school.now + days(400);
    school.must(|w| enroll::renewed(w, device, "cert1", "cert1b".into(), ends));
    assert!(school.told("device.renewed")[0].contains("had lapsed 10 days ago"));
    for certificate in ["cert1", "cert1b"] {
        assert!(school.site.device_by_certificate(certificate).is_some(), "the old one serves until the new one was used");
    }
    school.must(|w| enroll::revoke(w, device));
    assert!(enroll::may_renew(&school.site, device, days(999), school.now).is_err(), "a revoked one renews nothing");
}

#[test]
fn a_renewal_whose_answer_was_lost_can_be_asked_for_again() {
    let mut school = School::new();
    let device = school.pc(1, "LT-1", &[]);
    let ends = school.now + SignedDuration::from_hours(9999);
    for fresh in ["b", "c", "d"] {
        school.must(|w| enroll::renewed(w, device, "cert1", fresh.into(), ends));
        assert!(school.site.device_by_certificate("cert1").is_some());
    }
}

#[test]
fn another_part_is_told_and_the_evidence_kept() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    let swapped = with(1, |f| {
        f.disk_serials = vec!["D77".into()];
        f.system_uuid = String::new();
    });
    school.hello(1, "n1", "n2", swapped).unwrap();
    let told = school.told("device.drifted");
    assert!(told.len() == 1 && told[0].contains("disk ") && told[0].contains("→ D77"), "{told:?}");
    let kept = &school.site.devices.get(&device).unwrap().fingerprint;
    assert_eq!((&kept.system_uuid, kept.disk_serials.as_slice()), (&hardware(1).system_uuid, ["D77".to_owned()].as_slice()));
    let again = kept.clone();
    school.hello(1, "n2", "n3", again).unwrap();
    assert_eq!(school.told("device.drifted").len(), 1, "told once");
}

#[test]
fn a_disk_on_a_new_board_is_accepted_with_one_word_and_a_copy_is_not() {
    let mut school = School::new();
    let (repaired, copied) = (school.pc(1, "", &[]), school.pc(2, "", &[]));
    let refusal = school.change(|w| enroll::accept_hardware(w, repaired)).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Conflict, "it is not quarantined");
    let new_board = with(9, |f| f.disk_serials = hardware(1).disk_serials);
    assert!(matches!(school.hello(1, "n1", "n2", new_board.clone()).unwrap(), Met::Clone(_)));
    assert!(matches!(school.hello(2, "n1", "n2", hardware(9)).unwrap(), Met::Clone(_)));
    let refusal = school.change(|w| enroll::accept_hardware(w, copied)).unwrap_err();
    assert!(refusal.text.contains("device rebind"), "{refusal}");

    school.must(|w| enroll::accept_hardware(w, repaired));
    assert!(matches!(school.site.devices.get(&repaired).unwrap().state, DeviceState::Active));
    assert_eq!(school.told("device.accepted").len(), 1);
    assert!(matches!(school.hello(1, "n1", "n3", new_board).unwrap(), Met::Welcome(_)));
    assert!(school.open().iter().all(|title| !title.starts_with("PC1")), "{:?}", school.open());
    assert!(matches!(school.hello(1, "n3", "n4", hardware(1)).unwrap(), Met::Clone(_)), "the old board is another machine now");
}

/// A waiting asset in a room with a serial.
fn waiting(school: &mut School, id: u128, tag: &str, room: &str, serial: &str) {
    let facts = AssetFacts { room: Some(room.into()), serial: Some(serial.into()), ..AssetFacts::default() };
    let tag = Tag::parse(tag).unwrap();
    school.must(|w| asset::add(w, AssetId(Uuid::from_u128(id)), tag, facts));
}

#[test]
fn a_waiting_asset_binds_by_serial_within_the_tokens_room_alone() {
    let mut school = School::new();
    school.must(|w| room::add(w, RoomId::parse("Office").unwrap(), RoomFacts::default()));
    let serial = |number| hardware(number).system_serial;
    assert!(!serial(1).is_empty());
    waiting(&mut school, 501, "SEAT-1", "Lab 118", &serial(1).to_lowercase());
    waiting(&mut school, 502, "PRINCIPAL", "Office", &serial(2));
    waiting(&mut school, 503, "JUNK", "Lab 118", "Default string");
    waiting(&mut school, 504, "TWIN-A", "Lab 118", &serial(4));
    waiting(&mut school, 505, "TWIN-B", "Lab 118", &serial(4));
    for (number, want) in [(1, "SEAT-1"), (2, "pc2"), (4, "pc4")] {
        assert_eq!(school.enroll(number, "").unwrap().tag, tag(want), "PC {number}");
    }
    assert_eq!(school.enroll(1_001, "SEAT-9").unwrap().tag, tag("SEAT-9"), "a tag that was asked for wins");
}

#[test]
fn a_virtual_machine_with_the_principals_serial_takes_over_nothing() {
    let mut school = School::new();
    waiting(&mut school, 501, "PRINCIPAL", "Lab 118", &hardware(1).system_serial);
    let principal = school.enroll(1, "").unwrap();
    assert_eq!(principal.tag, tag("PRINCIPAL"));
    let request = Enrolment {
        token_hash: "hash".into(),
        device: DeviceId(Uuid::from_u128(66)),
        asset: AssetId(Uuid::from_u128(1066)),
        fingerprint: hardware(1),
        host_name: "vm".into(),
        tag: String::new(),
        seat: String::new(),
        agent_version: "0.1.0".into(),
        certificate: "cert66".into(),
        certificate_ends: school.now + SignedDuration::from_hours(24),
    };
    let vm = school.change(|w| enroll::enroll(w, request.clone())).unwrap();
    assert_eq!(vm.tag, tag("vm"));
    let named = Enrolment { tag: "PRINCIPAL".into(), device: DeviceId(Uuid::from_u128(67)), ..request };
    let refusal = school.change(|w| enroll::enroll(w, named)).unwrap_err();
    assert!(refusal.text.contains("already has an agent"), "{refusal}");
    assert_eq!(school.site.assets.get(&principal.asset).unwrap().device, Some(principal.device));
}
