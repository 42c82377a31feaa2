//! What goes out comes back: class sets, reservations, damage and charges, reminders by real mail, lost and seen again, many desks at once.

use crate::titles;
use jiff::SignedDuration;
use rollcall_site::person::{self, NewPerson, PersonRole};
use rollcall_site::{PersonId, Working};
use rollcall_tests::mail::{MailServer, Tls, header};
use rollcall_tests::on_disk::{contents, holds};
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};

/// A site with so many cameras in a cart, a student, another, and a teacher.
async fn school(cameras: usize) -> TestSite {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    desk.json(&["room", "add", "Cart A", "--kind", "cart"]).await.unwrap();
    for number in 1..=cameras {
        desk.json(&["asset", "add", &format!("CAM-{number:02}"), "--kind", "camera", "--room", "Cart A"]).await.unwrap();
    }
    for (id, name, role) in
        [("S1", "Ana Ruiz", PersonRole::Student), ("S2", "Ben Ode", PersonRole::Student), ("T1", "Kim Lee", PersonRole::Staff)]
    {
        let new = NewPerson { name: Some(name.into()), role: Some(role), ..NewPerson::default() };
        change(&site, move |w| drop(person::add(w, PersonId::parse(id).unwrap(), new).unwrap())).await;
    }
    site
}

async fn change(site: &TestSite, change: impl FnOnce(&mut Working) + Send + 'static) {
    let keeper = &site.collector().unwrap().keeper;
    let done = keeper.change(rollcall_site::event::Actor::Local("anna".into()), move |w| {
        change(w);
        Ok(())
    });
    done.await.unwrap();
}

async fn give_mail(site: &TestSite, id: &'static str, mail: &'static str) {
    let new = NewPerson { mail: Some(mail.into()), ..NewPerson::default() };
    change(site, move |w| drop(person::set(w, &PersonId::parse(id).unwrap(), new).unwrap())).await;
}

fn count(rows: &Value) -> usize {
    rows.as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_set_is_scanned_in_a_row_and_undone_in_one() {
    let site = school(30).await;
    let desk = site.desk().unwrap();
    let scans: String = (1..=30).map(|number| format!("cam-{number:02}\n")).collect();
    let ran = desk.run_with(&["loan", "class-set", "--person", "T1", "--due", "5d", "--json"], &format!("{scans}CAM-99\n")).await.unwrap();
    let set = ran.json().unwrap();
    assert_eq!((ran.code, count(&set["lent"]), &set["refused"][0]["tag"]), (1, 30, &json!("CAM-99")), "{ran:?}");
    let number = set["set"].to_string();
    assert_eq!(count(&desk.json(&["loan", "list", "--set", &number]).await.unwrap()), 30);
    desk.json(&["loan", "in", "CAM-07"]).await.unwrap();
    let undone = desk.json(&["loan", "undo", &number]).await.unwrap();
    assert_eq!((count(&undone["undone"]), &undone["over"]), (29, &json!(1)));
    assert_eq!(desk.found(&["loan", "list"]).await.unwrap(), json!([]));
    let kept = desk.json(&["loan", "list", "--all"]).await.unwrap();
    assert_eq!(kept.as_array().unwrap().iter().filter(|row| row["undone"] == json!(true)).count(), 29, "the record keeps them");
    let again = desk.run(&["loan", "undo", &number]).await.unwrap();
    assert!(again.code == 3 && again.err.contains("nothing to undo"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_scan_of_a_class_set_is_passed_over_and_one_that_breaks_off_says_its_number() {
    let site = school(2).await;
    let desk = site.desk().unwrap();
    let set = ["loan", "class-set", "--person", "T1", "--due", "5d", "--json"];
    let long = format!("CAM-01\n{}CAM-02\n", "CAM-01\n".repeat(500));
    let ran = desk.run_with(&set, &long).await.unwrap();
    let told = ran.json().unwrap();
    assert_eq!((ran.code, count(&told["lent"]), count(&told["refused"])), (1, 2, 500));
    desk.json(&["loan", "undo", &told["set"].to_string()]).await.unwrap();

    let ran = desk.run_with(&set, b"CAM-01\n\xff\xff\nCAM-02\n").await.unwrap();
    assert!(ran.code > 1 && ran.err.contains("standard input"), "{ran:?}");
    let broken = ran.json().unwrap();
    assert_eq!((count(&broken["lent"]), &broken["lent"][0]["id"]), (1, &broken["set"]), "{ran:?}");
    desk.json(&["loan", "undo", &broken["set"].to_string()]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reserved_is_kept_and_fetched_by_whom_it_is_for() {
    let site = school(3).await;
    let desk = site.desk().unwrap();
    let two = ["reserve", "add", "T1", "--count", "2", "--kind", "camera", "--room", "Cart A", "--until", "3d", "--class", "Film 2"];
    desk.json(&two).await.unwrap();
    let more = desk.run(&two).await.unwrap();
    assert!(more.code == 3 && more.err.contains("1 of 3 would be free, 2 reserved"), "{more:?}");
    desk.json(&["loan", "out", "CAM-01", "S1"]).await.unwrap();
    let check = desk.run(&["check", "CAM-02", "--for", "S2", "--json"]).await.unwrap();
    assert_eq!(check.code, 3, "{check:?}");
    assert!(check.out.contains("it is reserved for T1 (Film 2)"), "{check:?}");
    let refused = desk.run(&["loan", "out", "CAM-02", "S2"]).await.unwrap();
    assert!(refused.code == 3 && refused.err.contains("reserved for T1"), "{refused:?}");
    for tag in ["CAM-02", "CAM-03"] {
        desk.json(&["loan", "out", tag, "T1"]).await.unwrap();
    }
    let rows = desk.json(&["reserve", "list", "--all"]).await.unwrap();
    assert_eq!((&rows[0]["standing"], &rows[0]["left"]), (&json!("fetched"), &json!(0)));
    assert!(desk.run(&["reserve", "cancel", "1"]).await.unwrap().err.contains("is over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_return_is_charged_and_mended_once_the_technician_confirms() {
    let site = school(1).await;
    let desk = site.desk().unwrap();
    desk.json(&["asset", "set", "CAM-01", "--price", "400", "--bought", "2026-01-01", "--accessories", "charger"]).await.unwrap();
    desk.json(&["loan", "policy", "set", "--accessory", "charger=39"]).await.unwrap();
    let lent = desk.json(&["loan", "out", "CAM-01", "S1"]).await.unwrap();
    assert_eq!(lent["accessories"], json!(["charger"]));
    let odd = desk.run(&["loan", "in", "CAM-01", "--missing", "tripod"]).await.unwrap();
    assert!(odd.code == 2 && odd.err.contains("with it left: charger"), "{odd:?}");
    let back = ["loan", "in", "CAM-01", "--condition", "damaged", "--damage", "the lens is scratched", "--missing", "charger"];
    let back = desk.json(&back).await.unwrap();
    assert_eq!((&back["back"]["condition"], count(&back["charges"]), count(&back["tickets"])), (&json!("damaged"), 2, 1), "{back:#}");
    assert_eq!(back["charges"][0]["amount"], json!(3_900));
    let paid_first = desk.run(&["charge", "pay", "1"]).await.unwrap();
    assert!(paid_first.code == 3 && paid_first.err.contains("confirm it first"), "{paid_first:?}");
    desk.json(&["charge", "confirm", "1"]).await.unwrap();
    desk.json(&["charge", "confirm", "2", "--amount", "80"]).await.unwrap();
    let owes = desk.run(&["check", "CAM-01", "--for", "S1"]).await.unwrap();
    assert!(owes.code == 3 && owes.out.contains("S1 owes 119.00, more than 50.00"), "{owes:?}");
    desk.json(&["charge", "pay", "1"]).await.unwrap();
    let waived = desk.json(&["charge", "waive", "2", "an accident in class"]).await.unwrap();
    assert_eq!(waived["standing"], json!("waived"));
    assert_eq!(desk.found(&["charge", "list", "--person", "S1"]).await.unwrap(), json!([]));
    let all = desk.json(&["charge", "list", "--all"]).await.unwrap();
    assert_eq!((&all[0]["sum"], &all[1]["standing"]), (&json!("80.00"), &json!("paid")));
    let tickets = desk.json(&["tickets", "--state", "all"]).await.unwrap();
    assert!(tickets.to_string().contains("CAM-01 came back damaged: the lens is scratched"), "{tickets:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_desks_lend_one_camera_and_one_of_them_does() {
    let site = school(1).await;
    let mut desks = tokio::task::JoinSet::new();
    for number in 0..300 {
        let rest = site.rest().unwrap();
        let body = json!({ "tag": "CAM-01", "person": if number % 2 == 0 { "S1" } else { "S2" } });
        desks.spawn(async move { rest.post("/loans", body).await });
    }
    let (mut lent, mut refused) = (0, 0);
    while let Some(answer) = desks.join_next().await {
        match answer.unwrap() {
            Ok(_) => lent += 1,
            Err(why) => refused += usize::from(format!("{why:#}").contains("409") && format!("{why:#}").contains("is out already")),
        }
    }
    assert_eq!((lent, refused), (1, 299));
    assert_eq!(count(&site.desk().unwrap().json(&["loan", "list", "--all"]).await.unwrap()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_borrower_is_reminded_by_mail_once_and_not_again_after_a_restart() {
    let mut site = school(2).await;
    let server = MailServer::start(&site.place("mail"), Tls::Starttls).await.unwrap();
    let words = server.words();
    let words: Vec<&str> = ["channel", "set", "mail"].into_iter().chain(words.iter().map(String::as_str)).collect();
    let desk = site.desk().unwrap();
    desk.json(&words).await.unwrap();
    give_mail(&site, "S1", "ana.ruiz@example.org").await;
    desk.json(&["loan", "out", "CAM-01", "S1", "--due", "1d"]).await.unwrap();
    desk.json(&["loan", "out", "CAM-02", "S1", "--due", "1d"]).await.unwrap();
    desk.json(&["loan", "policy", "set", "--remind-by", "mail", "--remind-between", "00:00-24:00", "--remind-before", "0"]).await.unwrap();
    site.advance(SignedDuration::from_hours(24 * 3));
    let mails = server.kept(1).await.unwrap();
    assert_eq!(header(&mails[0], "To"), Some("ana.ruiz@example.org"), "{mails:#?}");
    assert!(header(&mails[0], "Subject").unwrap().ends_with("Overdue: please bring back 2 things"), "{mails:#?}");
    assert!(mails[0].contains("Hello Ana Ruiz,") && mails[0].contains("CAM-01: was due on") && mails[0].contains("CAM-02"), "{mails:#?}");
    let reminded = site.event_until("reminder.sent").await.unwrap();
    assert_eq!(reminded["text"], json!("S1 was reminded by mail of CAM-01 (overdue), CAM-02 (overdue)"));

    site.pause().await.unwrap();
    site.resume().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(server.mails().unwrap().len(), 1, "a restart sends nothing again");
    // What came back needs no reminder; what did not gets its next one.
    site.desk().unwrap().json(&["loan", "in", "CAM-02"]).await.unwrap();
    site.advance(SignedDuration::from_hours(24 * 3));
    let mails = server.kept(2).await.unwrap();
    assert!(mails[1].contains("CAM-01") && !mails[1].contains("CAM-02"), "{mails:#?}");
    // The address stands in no file of the site in clear.
    site.pause().await.unwrap();
    let contents = contents(&site.data()).unwrap();
    assert!(holds(&contents, "CAM-01").is_some(), "what is there is found, or nothing was looked at");
    assert_eq!(holds(&contents, "ana.ruiz@example.org"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_laptop_that_reports_in_is_told_with_no_more_than_the_schools_own_network() {
    let site = school(0).await;
    let desk = site.desk().unwrap();
    let mut agent = site.enroll("LT-02", &Pc::new(2, "laptop"), titles()).await.unwrap();
    desk.json(&["asset", "set", "LT-02", "--price", "900", "--bought", "2026-01-01"]).await.unwrap();
    desk.json(&["loan", "out", "LT-02", "S1", "--due", "2h"]).await.unwrap();
    agent.cut().await;
    site.presence_until("LT-02", "away").await.unwrap();
    let lost = desk.json(&["loan", "lost", "LT-02"]).await.unwrap();
    assert_eq!((&lost["status"], &lost["loan"]["gone"], count(&lost["charges"])), (&json!("lost"), &json!("lost"), 1), "{lost:#}");
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), json!([]), "that it is gone is known");
    let lent = desk.run(&["loan", "out", "LT-02", "S2", "--override", "because"]).await.unwrap();
    assert!(lent.code == 3 && lent.err.contains("is out already"), "{lent:?}");

    desk.json(&["room", "set", "Lab 1", "--subnet", "10.20.3.0/24"]).await.unwrap();
    agent.resume().unwrap();
    let is_seen = |alerts: &Value| alerts.as_array().is_some_and(|alerts| alerts.iter().any(|alert| alert["rule"] == json!("lost-seen")));
    let alerts = site.until("/alerts", "the lost laptop is told of", is_seen).await.unwrap();
    let seen = alerts.as_array().unwrap().iter().find(|alert| alert["rule"] == json!("lost-seen")).unwrap();
    assert_eq!((&seen["title"], &seen["severity"]), (&json!("LT-02 is lost, and reports in"), &json!("high")));
    assert_eq!(seen["evidence"], json!("it is connected; it is off site"));

    desk.json(&["loan", "found", "LT-02"]).await.unwrap();
    site.until("/alerts", "it is found", |alerts| !is_seen(alerts)).await.unwrap();
    assert_eq!(desk.json(&["charge", "list", "--all"]).await.unwrap()[0]["standing"], json!("waived"));
    assert_eq!(desk.found(&["loan", "list"]).await.unwrap(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_laptop_that_reports_in_is_told_once_it_is_overdue() {
    let site = school(0).await;
    let desk = site.desk().unwrap();
    let _agent = site.enroll("LT-02", &Pc::new(2, "laptop"), titles()).await.unwrap();
    desk.json(&["loan", "out", "LT-02", "S1", "--due", "2h"]).await.unwrap();
    site.advance(SignedDuration::from_hours(3));
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    site.advance(SignedDuration::from_mins(11));
    let is_told = |alerts: &Value| alerts.to_string().contains("LT-02 is overdue, and reports in");
    site.until("/alerts", "the overdue laptop is told of", is_told).await.unwrap();
    assert_eq!(count(&desk.json(&["loan", "list", "--overdue"]).await.unwrap()), 1);
    desk.json(&["loan", "renew", "LT-02", "--due", "5d"]).await.unwrap();
    site.until("/alerts", "it is renewed", |alerts| !is_told(alerts)).await.unwrap();
}
