//! Diagnoses of a site, with time in hand.

use super::*;
use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::event::Actor;
use crate::{AssetId, RefusalKind, Tag};
use uuid::Uuid;

fn id(number: usize) -> DeviceId {
    DeviceId(Uuid::from_u128(number as u128 + 1))
}

fn time(seconds: i64) -> Timestamp {
    "2026-11-02T07:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn site(machines: usize) -> (Site, Heard) {
    let mut w = Working::begin(Site::default(), time(0), Actor::Rollcall);
    for number in 0..machines {
        let asset = AssetId(Uuid::from_u128(1000 + number as u128));
        w.put(Asset::new(asset, Tag::parse(&format!("PC-{number}")).unwrap()));
        w.put(Device::new(id(number), asset, time(0)));
    }
    (w.finish().site, (0..machines).map(|number| (id(number), time(0))).collect())
}

fn change<T>(site: &mut Site, now: Timestamp, change: impl FnOnce(&mut Working) -> T) -> (T, Vec<crate::event::Event>) {
    let mut w = Working::begin(site.clone(), now, Actor::User("ana".to_owned()));
    let value = change(&mut w);
    let finished = w.finish();
    *site = finished.site;
    (value, finished.events)
}

fn ended(step: Step, outcome: Outcome) -> Ended {
    Ended {
        step,
        outcome,
        found: "so it is".to_owned(),
        at: time(1),
        round_trip_us: None,
        up_bps: None,
        down_bps: None,
        clock_off_ms: None,
    }
}

fn begun(site: &mut Site, heard: &Heard) -> Arc<Diagnosis> {
    change(site, time(1), |w| begin(w, id(0), heard)).0.unwrap()
}

#[test]
fn each_step_counts_once_and_the_end_is_told_with_who_asked() {
    let (mut site, heard) = site(1);
    let of = begun(&mut site, &heard);
    let (_, events) = change(&mut site, time(2), |w| {
        step_ended(w, &of, ended(Step::Gateway, Outcome::Wrong));
        step_ended(w, &of, ended(Step::Gateway, Outcome::Well));
        step_ended(w, &of, ended(Step::Camera, Outcome::Absent));
    });
    assert!(events.is_empty(), "steps are no events");
    let page = DiagnosisPage::of(&site, site.diagnoses.get(&id(0)).unwrap(), time(2));
    assert_eq!((page.goes_on, page.to_look_at, page.steps.len()), (true, 1, 9));
    assert_eq!(page.steps.iter().filter(|row| row.outcome.is_some()).count(), 2);
    let (done, events) = change(&mut site, time(3), |w| finish(w, &of, String::new()));
    assert_eq!(done.summary(), "1 of 2 steps needs a look: gateway");
    assert_eq!(DiagnosisPage::of(&site, &done, time(3)).problem, "it told of 2 of 9 steps only", "nobody reads that all is well");
    assert_eq!(
        (events[0].kind.as_str(), events[0].text.as_str()),
        ("device.diagnosed", "PC-0 was diagnosed: 1 of 2 steps needs a look: gateway")
    );
    assert_eq!((events[0].actor.words(), events[0].asset), ("ana".to_owned(), Some(AssetId(Uuid::from_u128(1000)))));
    let (_, events) = change(&mut site, time(4), |w| {
        step_ended(w, &of, ended(Step::Disk, Outcome::Well));
        finish(w, &of, "late".to_owned());
    });
    assert!(events.is_empty(), "what comes after the end changes nothing");
    assert_eq!(site.diagnoses.get(&id(0)).unwrap().ended.len(), 2);
}

#[test]
fn one_at_a_time_and_one_that_never_ends_blocks_nobody_for_long() {
    let (mut site, heard) = site(1);
    let first = begun(&mut site, &heard);
    let refused = change(&mut site, time(60), |w| begin(w, id(0), &heard)).0.unwrap_err();
    assert!(refused.kind == RefusalKind::Conflict && refused.text.contains("being diagnosed already, for ana"), "{refused}");
    let second = change(&mut site, time(200), |w| begin(w, id(0), &heard)).0.unwrap();
    change(&mut site, time(201), |w| step_ended(w, &first, ended(Step::Disk, Outcome::Wrong)));
    assert!(site.diagnoses.get(&id(0)).unwrap().ended.is_empty(), "what the first one still says is not of the second");
    change(&mut site, time(202), |w| finish(w, &second, String::new()));
    assert_eq!(unfinished(&site).count(), 0);
}

#[test]
fn who_is_not_connected_or_barred_is_not_asked_and_not_everybody_at_once() {
    let (mut site, heard) = site(AT_ONCE + 1);
    let gone = change(&mut site, time(1), |w| begin(w, id(0), &Heard::new())).0.unwrap_err();
    assert!(gone.text.contains("PC-0 is not connected"), "{gone}");
    for number in 0..AT_ONCE {
        change(&mut site, time(1), |w| begin(w, id(number), &heard)).0.unwrap();
    }
    let many = change(&mut site, time(1), |w| begin(w, id(AT_ONCE), &heard)).0.unwrap_err();
    assert!(many.text.contains("16 machines are being diagnosed"), "{many}");
    change(&mut site, time(500), |w| begin(w, id(AT_ONCE), &heard)).0.unwrap();
    change(&mut site, time(500), |w| {
        let device = w.site.devices.get(&id(3)).unwrap().clone();
        w.put(Device { state: DeviceState::Revoked, ..(*device).clone() });
    });
    let barred = change(&mut site, time(501), |w| begin(w, id(3), &heard)).0.unwrap_err();
    assert_eq!(barred.kind, RefusalKind::Forbidden);
}

#[test]
fn a_summary_says_what_matters() {
    let (mut site, heard) = site(1);
    let of = (*begun(&mut site, &heard)).clone();
    let check = |steps: &[(Step, Outcome)], problem: &str, over: bool, want: &str| {
        let ended = steps.iter().map(|(step, outcome)| ended(*step, *outcome)).collect();
        let finished_at = over.then(|| time(9));
        assert_eq!(Diagnosis { ended, problem: problem.to_owned(), finished_at, ..of.clone() }.summary(), want);
    };
    let (well, wrong) = ((Step::Disk, Outcome::Well), (Step::Clock, Outcome::Wrong));
    check(&[well, (Step::Camera, Outcome::Absent)], "", true, "all 2 steps are well");
    check(&[well], "", false, "1 step so far, all well");
    check(&[], "", true, "it told of no step");
    check(&[well, wrong, (Step::Gateway, Outcome::Absent)], "", true, "2 of 3 steps need a look: clock, gateway");
    check(&[], "it is too old", true, "it broke off after 0 steps: it is too old");
    check(&[wrong], "it went away", true, "it broke off after 1 step: it went away; a look is needed at: clock");
}

#[test]
fn a_record_reads_back_and_keeps_what_it_does_not_know() {
    let (mut site, heard) = site(1);
    let of = begun(&mut site, &heard);
    change(&mut site, time(2), |w| step_ended(w, &of, Ended { round_trip_us: Some(7), ..ended(Step::Latency, Outcome::Well) }));
    let record = (**site.diagnoses.get(&id(0)).unwrap()).clone();
    let mut json = serde_json::to_value(&record).unwrap();
    assert_eq!(serde_json::from_value::<Diagnosis>(json.clone()).unwrap(), record);
    json["newer"] = 7.into();
    assert_eq!(serde_json::from_value::<Diagnosis>(json).unwrap().rest.get("newer"), Some(&7.into()));
}
