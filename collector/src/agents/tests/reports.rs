//! Reports: wanted, durable, acknowledged, and never taken on trust.

use super::*;
use from_agent::Message as Said;
use v1::refusal::Why;

#[tokio::test]
async fn identical_machines_upload_one_list() {
    let school = School::open().await;
    let (one, two) = (school.enroll("lab1-01").await, school.enroll("lab1-02").await);
    let list = [software(&["bash", "firefox"]), Section::Displays(v1::Displays::default()), Section::Batteries(v1::Batteries::default())];
    let session = session();
    let (mut line, welcome) = school.meet(&one, &session, &[]).await;
    assert_eq!((welcome.acknowledged, welcome.nonce.len()), (0, 16));
    assert_eq!(line.report(&session, 1, &list).await, 2, "two empty sections have the same bytes");
    let profile = school.view().profiles.get(&one.id()).cloned().unwrap();
    assert_eq!(profile.sections.keys().map(String::as_str).collect::<Vec<_>>(), ["battery", "displays", "software"]);

    let (mut line, _) = school.meet(&two, &session, &[]).await;
    assert_eq!(line.report(&session, 1, &list).await, 0);
    assert!(school.view().section(two.id(), "displays").is_some());
}

#[tokio::test]
async fn of_two_that_come_at_once_one_uploads_and_the_other_takes_over_when_it_leaves() {
    let school = School::open().await;
    let (one, two) = (school.enroll("lab1-01").await, school.enroll("lab1-02").await);
    let (session, list) = (session(), [software(&["bash", "firefox"])]);
    let (mut first, _) = school.meet(&one, &session, &[]).await;
    first.say(Said::Entry(entry(&session, 1, &list))).await;
    assert!(matches!(first.hear().await, Some(from_collector::Message::Want(_))));
    let (mut second, _) = school.meet(&two, &session, &[]).await;
    second.say(Said::Entry(entry(&session, 1, &list))).await;
    assert!(timeout(Duration::from_millis(300), second.hear.message()).await.is_err(), "the first was asked");
    drop(first);
    assert!(matches!(second.hear().await, Some(from_collector::Message::Want(_))));
    let (mut first, _) = school.meet(&one, &session, &[]).await;
    first.say(Said::Entry(entry(&session, 1, &list))).await;
    second.say(Said::Section(bytes(&list[0]))).await;
    for line in [&mut first, &mut second] {
        assert!(matches!(line.hear().await, Some(from_collector::Message::Ack(_))));
    }
}

#[tokio::test]
async fn a_device_that_speaks_all_the_time_still_looks_for_what_another_was_asked_for() {
    let school = School::open().await;
    let (one, two) = (school.enroll("lab1-01").await, school.enroll("lab1-02").await);
    let (session, list) = (session(), [software(&["bash", "firefox"])]);
    let (mut first, _) = school.meet(&one, &session, &[]).await;
    first.say(Said::Entry(entry(&session, 1, &list))).await;
    assert!(matches!(first.hear().await, Some(from_collector::Message::Want(_))));
    let (mut second, _) = school.meet(&two, &session, &[]).await;
    second.say(Said::Entry(entry(&session, 1, &list))).await;
    let say = second.say.clone();
    let chatter = tokio::spawn(async move {
        loop {
            let beat = Said::Heartbeat(v1::Heartbeat::default());
            say.send(FromAgent { message: Some(beat) }).await.unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    assert!(matches!(second.hear().await, Some(from_collector::Message::Want(_))), "the first was asked and holds it back");
    chatter.abort();
}

#[tokio::test]
async fn a_device_that_comes_again_and_again_is_sent_away() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    for _ in 0..20 {
        school.meet(&pc, &session(), &[]).await;
    }
    let mut line = school.dial(&pc).await;
    line.say(Said::Hello(pc.hello(&session(), &[]))).await;
    assert_eq!(line.refusal().await, Why::Busy);
}

#[tokio::test]
async fn what_is_acknowledged_is_there_after_a_restart() {
    let school = School::open().await;
    let (pc, session) = (school.enroll("lab1-01").await, session());
    let (mut line, welcome) = school.meet(&pc, &session, &[]).await;
    line.report(&session, 1, &[software(&["bash"])]).await;
    line.report(&session, 2, &[software(&["bash", "vim"])]).await;
    line.report(&session, 2, &[software(&["bash", "vim"])]).await;
    drop(line);

    let school = school.restart().await;
    assert!(school.view().section(pc.id(), "software").is_some_and(|section| section == software(&["bash", "vim"])));
    let (mut line, again) = school.meet(&pc, &session, &welcome.nonce).await;
    assert_eq!(again.acknowledged, 2);
    assert_eq!(line.report(&session, 3, &[software(&["bash", "vim"])]).await, 0, "the list is still held");
    assert!(!school.happened("device.rolled-back"));
}

#[tokio::test]
async fn contents_that_are_not_what_they_say_are_refused() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let bomb = vec![0; rollcall_proto::MAX_SECTION + 1];
    let other = software(&["bash"]).encode();
    let rubbish = vec![0xff; 64];
    let hidden = software(&["gnp.\u{202e}exe"]).encode();
    for (announced, sent) in [(&bomb, &bomb), (&rubbish, &rubbish), (&rubbish, &other), (&hidden, &hidden)] {
        let (session, digest) = (session(), Digest::of(announced).as_bytes().to_vec());
        let (mut line, _) = school.meet(&pc, &session, &[]).await;
        let state = v1::SectionState { name: "software".to_owned(), digest: digest.clone(), ..Default::default() };
        line.say(Said::Entry(v1::Entry { sections: vec![state], ..entry(&session, 1, &[]) })).await;
        assert!(matches!(line.hear().await, Some(from_collector::Message::Want(_))));
        line.say(Said::Section(v1::SectionBytes { digest, zstd: pack(sent).unwrap() })).await;
        assert_eq!(line.refusal().await, Why::Protocol);
    }
    assert!(school.view().profiles.get(&pc.id()).is_none_or(|profile| profile.sections.is_empty()));
}

#[tokio::test]
async fn reports_stay_in_order_whatever_comes_first() {
    let school = School::open().await;
    let (pc, session) = (school.enroll("lab1-01").await, session());
    let (mut line, _) = school.meet(&pc, &session, &[]).await;
    let (first, second) = (software(&["bash"]), software(&["bash", "vim"]));
    line.say(Said::Entry(entry(&session, 1, std::slice::from_ref(&first)))).await;
    line.say(Said::Entry(entry(&session, 2, std::slice::from_ref(&second)))).await;
    for _ in 0..2 {
        assert!(matches!(line.hear().await, Some(from_collector::Message::Want(_))));
    }
    line.say(Said::Section(bytes(&second))).await;
    line.say(Said::Section(bytes(&software(&["never wanted"])))).await;
    line.say(Said::Section(bytes(&first))).await;
    let Some(from_collector::Message::Ack(ack)) = line.hear().await else { panic!("no acknowledgement") };
    assert_eq!(ack.up_to, 2);
    assert!(school.view().section(pc.id(), "software").is_some_and(|section| section == second));
}

#[tokio::test]
async fn a_flood_is_slowed_and_not_lost() {
    let school = School::open().await;
    let (pc, session) = (school.enroll("lab1-01").await, session());
    let (mut line, _) = school.meet(&pc, &session, &[]).await;
    for number in 1..=230 {
        line.say(Said::Entry(entry(&session, number, &[]))).await;
    }
    let mut up_to = 0;
    while up_to < 230 {
        let Some(from_collector::Message::Ack(ack)) = line.hear().await else { panic!("a long spool is only slowed") };
        up_to = ack.up_to;
    }
    for _ in 0..50 {
        line.beat().await;
    }
    let Some(from_collector::Message::Command(command)) = line.hear().await else { panic!("no command") };
    assert!(matches!(command.command, Some(v1::command::Command::BackOff(_))));
}

/// Answers every rescan with a report of these sections.
fn obey(mut line: Line, session: String, sections: Vec<Section>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut number = 1;
        while let Some(told) = line.hear().await {
            if let from_collector::Message::Command(v1::Command { id, command: Some(v1::command::Command::Rescan(_)) }) = told {
                number += 1;
                line.say(Said::Done(v1::CommandDone { id, entry: number, ..Default::default() })).await;
                line.report(&session, number, &sections).await;
            }
        }
    })
}

#[tokio::test]
async fn a_sweep_waits_for_durable_reports_and_names_the_missing() {
    let school = School::open().await;
    let room = rollcall_site::RoomId::parse("Lab 1").unwrap();
    let (add, facts) = (room.clone(), rollcall_site::room::RoomFacts::default());
    school.change(move |w| rollcall_site::room::add(w, add, facts)).await.unwrap();
    let mut obeying = Vec::new();
    for name in ["lab1-01", "lab1-02", "lab1-03"] {
        let (pc, session) = (school.enroll(name).await, session());
        let (asset, to) = (school.view().devices.get(&pc.id()).unwrap().asset, room.clone());
        school.change(move |w| rollcall_site::enroll::relocate(w, asset, Some(to), None)).await.unwrap();
        if name != "lab1-03" {
            let (mut line, _) = school.meet(&pc, &session, &[]).await;
            line.report(&session, 1, &[software(&["bash"])]).await;
            obeying.push(obey(line, session, vec![software(&["bash", name])]));
        }
    }
    let steps = std::sync::Mutex::new(Vec::new());
    let progress = |step| steps.lock().unwrap().push(step);
    let sweep = crate::sweeps::run(&school.running.collector, room, Actor::User("ana".to_owned()), progress).await.unwrap();
    let counts = sweep.counts();
    assert_eq!((counts.assets, counts.present, counts.missing, counts.slow), (3, 2, 1, 0));
    let steps: Vec<_> = steps.into_inner().unwrap().iter().map(|step| (step.answered, step.total)).collect();
    assert_eq!(steps, [(0, 2), (1, 2), (2, 2)]);
    for obeying in obeying {
        obeying.abort();
    }
}

#[tokio::test]
async fn a_sweep_that_a_restart_cut_short_is_finished() {
    let school = School::open().await;
    let room = rollcall_site::RoomId::parse("Lab 1").unwrap();
    let (add, facts) = (room.clone(), rollcall_site::room::RoomFacts::default());
    school.change(move |w| rollcall_site::room::add(w, add, facts)).await.unwrap();
    let pc = school.enroll("lab1-01").await;
    let (asset, to) = (school.view().devices.get(&pc.id()).unwrap().asset, room.clone());
    school.change(move |w| rollcall_site::enroll::relocate(w, asset, Some(to), None)).await.unwrap();
    let (_line, _) = school.meet(&pc, &session(), &[]).await;
    let heard = school.running.collector.roll.heard();
    let sweep = school.change(move |w| rollcall_site::sweep::begin(w, &room, &heard)).await.unwrap();
    assert_eq!(sweep.finished_at, None);
    let school = school.restart().await;
    let finished = school.view().sweeps.get(&sweep.id).cloned().unwrap();
    assert!(finished.finished_at.is_some());
    assert_eq!(finished.counts().slow, 1);
}
