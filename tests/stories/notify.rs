//! Alerts reach people elsewhere: a real mail server with TLS and a login, syslog, servers that are down, slow or break off.

use crate::titles;
use jiff::SignedDuration;
use rollcall_site::alert::{Alert, AlertState, acknowledge, resolve};
use rollcall_site::event::Actor;
use rollcall_site::rule::Severity;
use rollcall_site::{AlertId, RoomId, Working};
use rollcall_tests::agent::TestAgent;
use rollcall_tests::hook::Hook;
use rollcall_tests::mail::{MailServer, Tls, header};
use rollcall_tests::pc::Pc;
use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::site::TestSite;
use serde_json::Value;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// A site whose channel "mail" goes to a mail server.
async fn site_with_mail(tls: Tls) -> (TestSite, MailServer) {
    let site = TestSite::start().await.unwrap();
    let server = MailServer::start(&site.place("mail"), tls).await.unwrap();
    set(&site, &server).await;
    (site, server)
}

async fn set(site: &TestSite, server: &MailServer) -> Value {
    let words = server.words();
    let words: Vec<&str> = ["channel", "set", "mail"].into_iter().chain(words.iter().map(String::as_str)).collect();
    site.desk().unwrap().json(&words).await.unwrap()
}

async fn change(site: &TestSite, change: impl FnOnce(&mut Working) + Send + 'static) {
    let keeper = &site.collector().unwrap().keeper;
    let done = keeper.change(Actor::Local("anna".into()), move |w| {
        change(w);
        Ok(())
    });
    done.await.unwrap();
}

/// Raises an alert as a rule would.
async fn raise(site: &TestSite, id: u64, title: &'static str) {
    change(site, move |w| {
        let at = w.now;
        w.put(Alert {
            id: AlertId(id),
            rule: "software-required".into(),
            subject: "geogebra".into(),
            severity: Severity::High,
            asset: None,
            room: RoomId::parse("Lab 1").ok(),
            title: title.into(),
            evidence: "not in the list of software".into(),
            cause: "somebody removed it".into(),
            remedy: "install it".into(),
            state: AlertState::Raised,
            since: at,
            raised_at: Some(at),
            holds: true,
            times: 0,
            told: Vec::new(),
            quiet_until: None,
            rest: Default::default(),
        });
        w.event("alert.raised", title).alert = Some(AlertId(id));
    })
    .await;
}

/// The channel as the list shows it, once it is as wanted.
async fn channel_until(site: &TestSite, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    site.until("/channels", what, |channels| wanted(&channels[0])).await.unwrap()[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_says_what_where_why_and_what_to_do_and_its_reader_threads_the_alert() {
    let (site, server) = site_with_mail(Tls::Starttls).await;
    raise(&site, 7, "LAB1-003 lacks geogebra").await;
    let mails = server.kept(1).await.unwrap();
    assert_eq!(header(&mails[0], "Subject"), Some("[My school] HIGH Lab 1: LAB1-003 lacks geogebra"));
    assert_eq!(header(&mails[0], "Auto-Submitted"), Some("auto-generated"));
    let desk = format!("https://127.0.0.1:{}/alerts", site.ports().desk.port());
    for wanted in
        ["not in the list of software", "somebody removed it", "Try first: install it", "rollcall alert ack 7", &desk, "text/html"]
    {
        assert!(mails[0].contains(wanted), "{wanted}: {}", mails[0]);
    }
    change(&site, |w| drop(acknowledge(w, AlertId(7)).unwrap())).await;
    change(&site, |w| drop(resolve(w, AlertId(7)).unwrap())).await;
    let mails = server.kept(3).await.unwrap();
    let first = header(&mails[0], "Message-ID").unwrap();
    assert_eq!([1, 2].map(|mail| header(&mails[mail], "References")), [Some(first); 2]);
    assert_ne!(header(&mails[1], "Message-ID"), header(&mails[2], "Message-ID"));
    assert!(header(&mails[1], "Subject").unwrap().contains("takes care of it"));
    let channel = channel_until(&site, "nothing is wrong", |channel| !channel["last_delivered"].is_null()).await;
    assert!(channel["last_error"].is_null(), "{channel}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_says_what_the_server_answered_and_what_is_wrong_with_tls_or_login() {
    let (site, server) = site_with_mail(Tls::Implicit).await;
    let desk = site.desk().unwrap();
    let tested = desk.json(&["channel", "test", "mail"]).await.unwrap();
    assert_eq!(tested["answer"], "it answered 250 2.0.0 kept as 0");
    assert!(server.mails().unwrap()[0].contains("This is a test"));
    let words = server.words();
    let set = |edit: fn(&mut Vec<String>)| {
        let mut words = words.clone();
        edit(&mut words);
        [vec!["channel".to_owned(), "set".to_owned(), "mail".to_owned()], words].concat()
    };
    let check = async |words: Vec<String>, want: &str| {
        desk.json(&words.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
        let ran = desk.run(&["channel", "test", "mail"]).await.unwrap();
        assert!(ran.code != 0 && ran.err.contains(want), "{want}: {ran:?}");
    };
    std::fs::write(site.place("wrong"), "hunter2").unwrap();
    check(set(|words| drop(words.drain(words.len() - 2..))), "certificate").await;
    let wrong = site.place("wrong").to_string_lossy().into_owned();
    let mut login = set(|_| ());
    let at = login.iter().position(|word| word == "--password-file").unwrap();
    login[at + 1] = wrong;
    check(login, "535").await;
    assert_eq!(server.mails().unwrap().len(), 1);
    let refused = desk
        .run(&[
            "channel",
            "set",
            "mail",
            "smtp-plain://mail.school.example",
            "--from",
            "a@b.example",
            "--to",
            "c@d.example",
            "--user",
            "u",
            "--password-file",
            &site.place("wrong").to_string_lossy(),
        ])
        .await
        .unwrap();
    assert!(refused.code != 0 && refused.err.contains("in the clear"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_down_for_three_days_gets_one_summary() {
    let (site, mut server) = site_with_mail(Tls::Starttls).await;
    server.stop().await.unwrap();
    raise(&site, 1, "LAB1-001 lacks geogebra").await;
    raise(&site, 2, "LAB1-002 lacks geogebra").await;
    change(&site, |w| drop(resolve(w, AlertId(1)).unwrap())).await;
    let channel = channel_until(&site, "messages wait", |channel| !channel["waiting_since"].is_null()).await;
    assert!(!channel["last_error"].as_str().unwrap().is_empty());
    site.advance(SignedDuration::from_hours(72));
    raise(&site, 3, "LAB1-003 lacks geogebra").await;
    server.resume().await.unwrap();
    let mails = server.kept(1).await.unwrap();
    assert_eq!(header(&mails[0], "Subject"), Some("[My school] 2 alerts still open, 1 came and went"));
    for wanted in ["3 raised", "Still open: 2", "HIGH LAB1-003 lacks geogebra", "LAB1-001 lacks geogebra: was open from"] {
        assert!(mails[0].contains(wanted), "{wanted}: {}", mails[0]);
    }
    raise(&site, 4, "LAB1-004 lacks geogebra").await;
    let mails = server.kept(2).await.unwrap();
    assert!(mails.len() == 2 && header(&mails[1], "Subject").unwrap().contains("LAB1-004"), "then one by one again: {mails:#?}");
    let channel = channel_until(&site, "nothing waits", |channel| channel["waiting_since"].is_null()).await;
    assert!(channel["last_error"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_answers_decides_whether_a_mail_is_sent_again() {
    let (site, server) = site_with_mail(Tls::Starttls).await;
    server.behave("450 4.2.0 later").unwrap();
    raise(&site, 1, "LAB1-001 lacks geogebra").await;
    let wrong = |what: &'static str| move |channel: &Value| channel["last_error"].as_str().is_some_and(|error| error.contains(what));
    channel_until(&site, "it waits", wrong("4.2.0 later")).await;
    server.behave("break off").unwrap();
    channel_until(&site, "it waits for another reason", |channel| !wrong("4.2.0 later")(channel)).await;
    assert!(server.mails().unwrap().is_empty());
    server.behave("550 5.7.1 never this").unwrap();
    channel_until(&site, "it is passed over and shown", wrong("5.7.1 never this")).await;
    server.behave("well").unwrap();
    raise(&site, 2, "LAB1-002 lacks geogebra").await;
    let mails = server.kept(1).await.unwrap();
    assert!(mails.len() == 1 && header(&mails[0], "Subject").unwrap().contains("LAB1-002"), "{mails:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_before_the_answer_brings_the_same_mail_again() {
    let (site, server) = site_with_mail(Tls::Starttls).await;
    server.behave("keep and break off").unwrap();
    raise(&site, 1, "LAB1-001 lacks geogebra").await;
    server.kept(1).await.unwrap();
    server.behave("well").unwrap();
    let mails = server.kept(2).await.unwrap();
    assert_eq!(header(&mails[0], "Message-ID").unwrap(), header(&mails[1], "Message-ID").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_up_no_other_channel() {
    let (site, server) = site_with_mail(Tls::Starttls).await;
    let mut hook = Hook::start().await.unwrap();
    site.desk().unwrap().json(&["channel", "set", "script", &hook.url()]).await.unwrap();
    server.behave("hang").unwrap();
    raise(&site, 1, "LAB1-001 lacks geogebra").await;
    raise(&site, 2, "LAB1-002 lacks geogebra").await;
    for _ in 0..2 {
        hook.next().await.unwrap();
    }
    channel_until(&site, "the time is over", |channel| channel["last_error"].as_str().is_some_and(|why| why.contains("time"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_between_delivery_and_cursor_loses_no_alert() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mail) = (folder.path().join("site"), folder.path().join("mail"));
    let ports = Ports::free().unwrap();
    let collector = CollectorProcess::start(&data, ports).await.unwrap();
    let server = MailServer::start(&mail, Tls::Starttls).await.unwrap();
    let desk = collector.desk().unwrap();
    desk.json(&["room", "add", "Lab 1", "--settle", "0"]).await.unwrap();
    let words = server.words();
    desk.json(&["channel", "set", "mail"].into_iter().chain(words.iter().map(String::as_str)).collect::<Vec<_>>()).await.unwrap();
    let token = desk.token("Lab 1", 1).await.unwrap();
    let pc = Pc::new(1, "one").machine(titles());
    let agent = TestAgent::enroll(&folder.path().join("agent"), &ports.enroll.to_string(), &token, "LAB1-01", pc).await.unwrap();
    while collector.rest().unwrap().get("/devices/LAB1-01").await.map_or(true, |device| device["presence"] != "here") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.behave("hang").unwrap();
    agent.kill().await;
    let told = server.kept(1).await.unwrap();
    assert!(header(&told[0], "Subject").unwrap().contains("LAB1-01"), "{told:#?}");
    collector.kill().await.unwrap();
    server.behave("well").unwrap();
    let collector = CollectorProcess::start(&data, ports).await.unwrap();
    let told = server.kept(2).await.unwrap();
    assert_eq!(
        header(&told[0], "Message-ID"),
        header(&told[1], "Message-ID"),
        "the same once more: the answer to the first was never heard"
    );
    collector.stop().await.unwrap();
    let collector = CollectorProcess::start(&data, ports).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(server.mails().unwrap().len(), 2, "what was delivered is not delivered again");
    collector.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_syslog_receiver_gets_one_counted_record_an_alert() {
    let site = TestSite::start().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("syslog+tcp://{}", listener.local_addr().unwrap());
    site.desk().unwrap().json(&["channel", "set", "log", &url]).await.unwrap();
    raise(&site, 1, "LAB1-001 lacks\r\n<0>1 geogebra").await;
    let mut frame = String::new();
    listener.accept().await.unwrap().0.read_to_string(&mut frame).await.unwrap();
    let (length, record) = frame.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), record.len());
    assert!(
        record.starts_with("<130>1 ") && record.contains("HIGH Lab 1: LAB1-001 lacks  <0>1 geogebra") && !record.contains('\n'),
        "{record}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_say_who_hears_what_and_the_desk_says_why() {
    let (site, server) = site_with_mail(Tls::Starttls).await;
    let desk = site.desk().unwrap();
    let mut hook = Hook::start().await.unwrap();
    desk.json(&["channel", "set", "boss", &hook.url()]).await.unwrap();
    desk.json(&["route", "add", "labs", "--to", "mail", "--room", "Lab 1", "--least", "high", "--escalate", "15", "--escalate-to", "boss"])
        .await
        .unwrap();
    raise(&site, 1, "LAB1-001 lacks geogebra").await;
    server.kept(1).await.unwrap();
    let why = desk.json(&["route", "test", "1"]).await.unwrap();
    let said: Vec<(&str, &str)> =
        why.as_array().unwrap().iter().map(|row| (row["channel"].as_str().unwrap(), row["told"].as_str().unwrap())).collect();
    assert_eq!(said, [("boss", "nothing"), ("mail", "at once")]);
    assert!(hook.waiting().is_empty(), "no route leads to boss");
    site.advance(SignedDuration::from_mins(16));
    let posted: Value = serde_json::from_str(&hook.next().await.unwrap().body).unwrap();
    assert_eq!(
        (&posted["event"], &posted["text"]),
        (&"alert.escalated".into(), &"Nobody has taken care of it for 16 min: LAB1-001 lacks geogebra".into())
    );
    assert_eq!(desk.run(&["channel", "remove", "boss"]).await.unwrap().code, 3, "a route leads to it");
    desk.json(&["route", "remove", "labs"]).await.unwrap();
    desk.json(&["channel", "remove", "boss"]).await.unwrap();
    assert_eq!(desk.found(&["route", "list"]).await.unwrap(), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_comes_every_day_and_carries_away_what_the_ledger_is_held_to() {
    let (mut site, server) = site_with_mail(Tls::Starttls).await;
    let mut hook = Hook::start().await.unwrap();
    let desk = site.desk().unwrap();
    desk.json(&["channel", "set", "keep", &hook.url()]).await.unwrap();
    desk.json(&["route", "add", "daily", "--to", "mail,keep", "--digest"]).await.unwrap();
    site.advance(SignedDuration::from_hours(24));
    let quiet: Value = serde_json::from_str(&hook.next().await.unwrap().body).unwrap();
    assert_eq!((&quiet["event"], &quiet["text"]), (&"channel.digest".into(), &"Digest: nothing new, nothing open".into()));
    let mails = server.kept(1).await.unwrap();
    assert_eq!(header(&mails[0], "Subject"), Some("[My school] Digest: nothing new, nothing open"));
    assert!(mails[0].contains("nothing is open") && mails[0].contains("checkpoint "), "{}", mails[0]);

    raise(&site, 1, "LAB1-001 lacks geogebra").await;
    let line = quiet["checkpoint"].as_str().unwrap().to_owned();
    let verify = async |line: &str| site.desk().unwrap().run(&["ledger", "verify", "--against", line]).await.unwrap();
    let held = verify(&line).await;
    assert_eq!(held.code, 0, "{held:?}");
    let (before, head) = line.split_once("head=").unwrap();
    let other = if head.starts_with('0') { "1" } else { "0" };
    assert_ne!(verify(&format!("{before}head={other}{}", &head[1..])).await.code, 0, "a line of another ledger is not taken");

    site.advance(SignedDuration::from_hours(24));
    server.kept(2).await.unwrap();
    let news: Value = serde_json::from_str(&hook.next().await.unwrap().body).unwrap();
    assert_eq!(news["text"], "Digest: 1 new, 0 open before, 0 resolved");
    site.pause().await.unwrap();
    site.resume().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((server.mails().unwrap().len(), hook.waiting().len()), (2, 0), "once a day, after a restart too");
}
