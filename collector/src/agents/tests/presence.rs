//! Who is here, who is silent, and who is two machines.

use super::*;
use from_agent::Message as Said;
use v1::refusal::Why;

#[tokio::test]
async fn a_killed_agent_is_silent_within_five_seconds() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let (line, _) = school.meet(&pc, &session(), &[]).await;
    assert_eq!(school.presence(&pc), Presence::Here);
    drop(line);
    let silent = timeout(Duration::from_secs(5), school.until("silent", |school| school.presence(&pc) == Presence::Silent));
    assert!(silent.await.is_ok());
    let (_line, _) = school.meet(&pc, &session(), &[]).await;
    assert_eq!(school.presence(&pc), Presence::Here);
}

#[tokio::test]
async fn the_parts_behind_the_last_reading_are_known_while_the_machine_is_here() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let (line, _) = school.meet(&pc, &session(), &[]).await;
    let health = || Some(v1::Health { at_ms: Clock::system().now().as_millisecond(), ..Default::default() });
    let fans = vec![v1::Fan { name: "cpu\u{7}".to_owned(), rpm: 900 }];
    let detail = v1::HealthDetail { fans, core_permille: vec![20, 9000], ..Default::default() };
    line.say(Said::Heartbeat(v1::Heartbeat { health: health(), detail: Some(detail) })).await;
    let known = |school: &School| school.running.collector.roll.detail(pc.id()).map(|(_, detail)| detail);
    school.until("told in part", |school| known(school).is_some()).await;
    // A reading without its parts leaves those before it.
    line.say(Said::Heartbeat(v1::Heartbeat { health: health(), detail: None })).await;
    let kept = known(&school).unwrap();
    assert_eq!((kept.fans[0].name.as_str(), kept.core_permille), ("cpu", vec![20, 1000]));
    drop(line);
    school.until("gone", |school| known(school).is_none()).await;
}

#[tokio::test]
async fn who_says_goodbye_sleeps_and_who_comes_back_in_time_was_never_gone() {
    let school = School::open().await;
    let (sleeper, hasty) = (school.enroll("lab1-01").await, school.enroll("lab1-02").await);
    let (line, _) = school.meet(&sleeper, &session(), &[]).await;
    line.say(Said::Goodbye(v1::Goodbye { reason: v1::Reason::Suspend as i32 })).await;
    let (line, welcome) = school.meet(&hasty, &session(), &[]).await;
    drop(line);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (_line, _) = school.meet(&hasty, &session(), &welcome.nonce).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!((school.presence(&sleeper), school.presence(&hasty)), (Presence::Asleep, Presence::Here));
    assert!(!school.happened("device.silent"));
}

#[tokio::test]
async fn after_a_start_devices_have_time_to_come_back() {
    let school = School::open().await;
    let (faithful, lost) = (school.enroll("lab1-01").await, school.enroll("lab1-02").await);
    let (_one, welcome) = school.meet(&faithful, &session(), &[]).await;
    let (_two, _) = school.meet(&lost, &session(), &[]).await;
    let school = school.restart().await;
    let (_one, _) = school.meet(&faithful, &session(), &welcome.nonce).await;
    school.until("silent", |school| school.presence(&lost) == Presence::Silent).await;
    assert_eq!(school.presence(&faithful), Presence::Here);
}

#[tokio::test]
async fn two_streams_that_both_speak_are_a_clone() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let (mut first, _) = school.meet(&pc, &session(), &[]).await;
    let (mut second, _) = school.meet(&pc, &session(), &[]).await;
    first.beat().await; // it was on its way
    second.beat().await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(school.presence(&pc), Presence::Here);
    first.beat().await;
    assert_eq!((first.refusal().await, second.refusal().await), (Why::Clone, Why::Clone));
    assert!(school.happened("device.cloned"));
    assert_eq!(school.dial(&pc).await.refusal().await, Why::Clone);
}

#[tokio::test]
async fn a_half_open_stream_is_no_clone() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let (first, welcome) = school.meet(&pc, &session(), &[]).await;
    let (second, _) = school.meet(&pc, &session(), &welcome.nonce).await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    drop(first);
    tokio::time::sleep(Duration::from_secs(4)).await;
    second.beat().await;
    assert_eq!(school.presence(&pc), Presence::Here);
    assert!(!school.happened("device.cloned") && !school.happened("device.silent"));
}

#[tokio::test]
async fn the_same_key_on_other_hardware_is_a_clone() {
    let school = School::open().await;
    let (pc, other) = (school.enroll("lab1-01").await, school.enroll("lab1-02").await);
    let (mut line, welcome) = school.meet(&pc, &session(), &[]).await;
    let mut thief = school.dial(&pc).await;
    let hello = v1::Hello { fingerprint: Some(other.fingerprint.clone()), ..pc.hello(&session(), &welcome.nonce) };
    thief.say(Said::Hello(hello)).await;
    assert_eq!((thief.refusal().await, line.refusal().await), (Why::Clone, Why::Clone));
}

#[tokio::test]
async fn a_disk_that_was_rolled_back_is_welcome() {
    let school = School::open().await;
    let (pc, session) = (school.enroll("lab1-01").await, session());
    let (mut line, first) = school.meet(&pc, &session, &[]).await;
    line.report(&session, 1, &[software(&["bash"])]).await;
    let mut nonce = first.nonce.clone();
    for _ in 0..3 {
        drop(line);
        let met = school.meet(&pc, &session, &nonce).await;
        (line, nonce) = (met.0, met.1.nonce);
    }
    assert!(!school.happened("device.rolled-back"));
    drop(line);
    let anew = super::session();
    let (mut line, welcome) = school.meet(&pc, &anew, &first.nonce).await;
    assert_eq!(welcome.acknowledged, 0);
    assert_eq!(line.report(&anew, 1, &[software(&["bash"])]).await, 0);
    assert!(school.happened("device.rolled-back") && !school.happened("device.cloned"));
}

#[tokio::test]
async fn a_rooms_new_heartbeat_is_told_at_once() {
    let school = School::open().await;
    let room = rollcall_site::RoomId::parse("Lab 1").unwrap();
    let pc = school.enroll("lab1-01").await;
    let (mut line, welcome) = school.meet(&pc, &session(), &[]).await;
    let (asset, add) = (school.view().devices.get(&pc.id()).unwrap().asset, room.clone());
    let facts = rollcall_site::room::RoomFacts { heartbeat_ms: Some(20_000), ..Default::default() };
    school.change(move |w| rollcall_site::room::add(w, add, facts)).await.unwrap();
    school.change(move |w| rollcall_site::enroll::relocate(w, asset, Some(room), None)).await.unwrap();
    let Some(from_collector::Message::Command(command)) = line.hear().await else { panic!("no command") };
    let Some(v1::command::Command::SetSchedule(schedule)) = command.command else { panic!("no schedule") };
    assert_ne!(welcome.schedule.map(|schedule| schedule.heartbeat_ms), Some(20_000));
    assert_eq!(schedule.heartbeat_ms, 20_000);
}
