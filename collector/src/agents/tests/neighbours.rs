//! A machine fell silent, and one beside it is asked whether it still answers.

use super::*;
use from_agent::Message as Said;
use rollcall_site::room::RoomFacts;
use rollcall_site::{RoomId, enroll, room};
use v1::command::Command;

/// A machine of "Lab 1" with an address on its network, and its stream.
async fn lab_pc(school: &School, number: u8) -> (Pc, Line) {
    let pc = school.enroll(&format!("lab1-{number:02}")).await;
    let lab = RoomId::parse("Lab 1").unwrap();
    let asset = school.view().devices.get(&pc.id()).unwrap().asset;
    school.change(move |w| enroll::relocate(w, asset, Some(lab), None)).await.unwrap();
    let session = session();
    let (mut line, _) = school.meet(&pc, &session, &[]).await;
    let interface = v1::Interface { name: "eth0".into(), mac: format!("02:00:00:00:00:{number:02x}"), ..Default::default() };
    let link = v1::Link { name: "eth0".into(), addresses: vec![format!("10.9.1.{number}/24")], ..Default::default() };
    let links = v1::Links { links: vec![link], gateway: "10.9.1.1".into(), ..Default::default() };
    let network = v1::Network { interfaces: vec![interface], ..Default::default() };
    line.report(&session, 1, &[Section::Links(links), Section::Network(network)]).await;
    (pc, line)
}

async fn lab() -> School {
    let school = School::open().await;
    school.change(|w| room::add(w, RoomId::parse("Lab 1")?, RoomFacts::default())).await.unwrap();
    school
}

/// The next address that this machine is asked for, with the command's number.
async fn asked(line: &mut Line) -> (u64, v1::Resolve) {
    loop {
        match line.hear().await {
            Some(from_collector::Message::Command(v1::Command { id, command: Some(Command::Resolve(resolve)) })) => return (id, resolve),
            Some(_) => line.beat().await,
            None => panic!("the stream ended"),
        }
    }
}

fn note(school: &School, pc: &Pc) -> String {
    school.view().devices.get(&pc.id()).unwrap().note.clone()
}

#[tokio::test]
async fn a_silent_machine_that_answers_its_neighbour_has_a_stopped_agent_and_one_that_does_not_is_off() {
    let school = lab().await;
    let (one, line) = lab_pc(&school, 17).await;
    let (_beside, mut neighbour) = lab_pc(&school, 18).await;
    drop(line);
    let (id, resolve) = asked(&mut neighbour).await;
    assert_eq!((resolve.address.as_str(), resolve.mac.as_str()), ("10.9.1.17", "02:00:00:00:00:11"));
    neighbour.say(Said::Done(v1::CommandDone { id, alive: Some(true), mac: resolve.mac, ..Default::default() })).await;
    school.until("agent stopped", |school| note(school, &one) == "agent stopped").await;
    assert_eq!(school.presence(&one), Presence::Silent, "what it does not say it does not do");
    assert!(school.happened("device.checked"));

    let (two, line) = lab_pc(&school, 19).await;
    drop(line);
    let (id, _) = asked(&mut neighbour).await;
    neighbour.say(Said::Done(v1::CommandDone { id, alive: Some(false), mac: "02:00:00:00:00:99".into(), ..Default::default() })).await;
    school.until("off the network", |school| note(school, &two) == "off the network").await;

    let (_line, _) = school.meet(&one, &session(), &[]).await;
    assert_eq!((school.presence(&one), note(&school, &one).as_str()), (Presence::Here, ""));
}

#[tokio::test]
async fn nobody_is_asked_about_a_room_that_falls_silent_together() {
    let school = lab().await;
    let (_one, one) = lab_pc(&school, 17).await;
    let (_two, two) = lab_pc(&school, 18).await;
    let (_three, three) = lab_pc(&school, 19).await;
    let (left, mut neighbour) = lab_pc(&school, 20).await;
    drop((one, two, three));
    let asked = timeout(Duration::from_secs(7), asked(&mut neighbour));
    assert!(asked.await.is_err(), "a switch lost its power, and the one that is left was asked about its room");
    drop(left);
}
