//! A switch fails, and the school closes: what real agents and a real collector make of it.

use crate::titles;
use jiff::SignedDuration;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::pc::Pc;
use rollcall_tests::school::Options;
use rollcall_tests::school::fleet::{self, Seated};
use rollcall_tests::school::plan::{Lists, members};
use rollcall_tests::site::TestSite;
use rollcall_tests::wire::Line;
use std::time::Duration;

/// PCs of the room.
const PCS: u8 = 6;

async fn lab(site: &TestSite) -> Vec<TestAgent> {
    let mut agents = Vec::new();
    for number in 1..=PCS {
        let name = format!("pc{number}");
        agents.push(site.enroll(&format!("LAB1-{number:02}"), &Pc::new(number.into(), &name), titles()).await.unwrap());
    }
    agents
}

async fn events(site: &TestSite, kind: &str) -> usize {
    let events = site.rest().unwrap().get("/events?limit=1000").await.unwrap();
    events.as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
}

async fn titles_of_alerts(site: &TestSite) -> Vec<String> {
    let alerts = site.desk().unwrap().found(&["alerts"]).await.unwrap();
    alerts.as_array().unwrap().iter().map(|alert| alert["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_switch_is_one_alert_that_unfolds_as_its_machines_return() {
    let mut site = TestSite::start().await.unwrap();
    let mut agents = lab(&site).await;
    for agent in &mut agents {
        agent.cut().await;
    }
    for number in 1..=PCS {
        site.presence_until(&format!("LAB1-{number:02}"), "silent").await.unwrap();
    }
    site.advance(SignedDuration::from_secs(61));
    site.event_until("alert.raised").await.unwrap();
    assert_eq!(titles_of_alerts(&site).await, ["Lab 1: 6 machines fell silent together"]);
    // The collector starts anew in the middle of it, and one machine comes back.
    site.pause().await.unwrap();
    site.resume().await.unwrap();
    agents[0].resume().unwrap();
    site.presence_until("LAB1-01", "here").await.unwrap();
    assert_eq!(titles_of_alerts(&site).await, ["Lab 1: 6 machines fell silent together, 1 of 6 are back"]);
    for agent in &mut agents[1..] {
        agent.resume().unwrap();
    }
    site.event_until("alert.resolved").await.unwrap();
    assert!(titles_of_alerts(&site).await.is_empty());
    assert_eq!((events(&site, "alert.raised").await, events(&site, "alert.resolved").await), (1, 1));
}

/// Seats of one switch.
const SEATS: usize = 30;

/// A simulated room whose machines each reach the collector by a line that can be cut.
async fn seats(site: &TestSite) -> Vec<Seated> {
    let rooms = vec![("Lab 1", site.desk().unwrap().token("Lab 1", SEATS).await.unwrap())];
    let options = Options::small(site.ports().enroll.to_string(), rooms, SEATS, site.place("school"));
    let (fleet, _) = fleet::start(&options, members(SEATS, &options.rooms), &mut Lists::new(options.packages), |_| true).await.unwrap();
    until_all(site, "here").await;
    fleet
}

fn lines(fleet: &[Seated], act: fn(&Line)) {
    fleet.iter().for_each(|seated| act(seated.agent.road().unwrap().line()));
}

async fn until_all(site: &TestSite, presence: &str) {
    site.until("/status", presence, |status| status["presence"][presence] == SEATS).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_seats_of_one_switch_are_one_alert_and_none_of_their_own() {
    let site = TestSite::start().await.unwrap();
    let fleet = seats(&site).await;
    lines(&fleet, Line::cut);
    until_all(&site, "silent").await;
    assert!(titles_of_alerts(&site).await.is_empty(), "it may pass by itself: nobody is told yet");
    site.advance(SignedDuration::from_secs(61));
    site.event_until("alert.raised").await.unwrap();
    lines(&fleet[..10], Line::mend);
    for seated in &fleet[..10] {
        site.presence_until(&seated.member.tag, "here").await.unwrap();
    }
    assert_eq!(titles_of_alerts(&site).await, ["Lab 1: 30 machines fell silent together, 10 of 30 are back"]);
    lines(&fleet[10..], Line::mend);
    until_all(&site, "here").await;
    site.event_until("alert.resolved").await.unwrap();
    site.advance(SignedDuration::from_mins(10));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((events(&site, "alert.raised").await, events(&site, "alert.resolved").await), (1, 1));
    let all = site.desk().unwrap().found(&["alerts", "--all"]).await.unwrap();
    let told: Vec<&str> =
        all.as_array().unwrap().iter().filter(|alert| !alert["raised_at"].is_null()).map(|alert| alert["rule"].as_str().unwrap()).collect();
    assert_eq!(told, ["room-outage"]);
    assert!(titles_of_alerts(&site).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_school_rests_and_nobody_is_told() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let status = desk.run(&["status"]).await.unwrap();
    assert!(status.out.contains("rollcall calendar hours"), "{status:?}");
    desk.json(&["calendar", "hours", "Mon-Sun 00:00-24:00"]).await.unwrap();
    assert!(!desk.run(&["status"]).await.unwrap().out.contains("rollcall calendar hours"));
    let agents = lab(&site).await;
    let today = desk.found(&["calendar", "next", "--days", "400"]).await.unwrap();
    let (first, last) = (today[0]["date"].as_str().unwrap(), today[2]["date"].as_str().unwrap());
    desk.json(&["calendar", "close", first, last, "--name", "Snow days"]).await.unwrap();
    for agent in agents {
        agent.kill().await;
    }
    site.presence_until("LAB1-01", "resting").await.unwrap();
    site.advance(SignedDuration::from_secs(600));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(titles_of_alerts(&site).await.is_empty());
    assert_eq!(events(&site, "alert.raised").await, 0);
    let shown = desk.json(&["calendar", "show"]).await.unwrap();
    assert_eq!((shown["rooms"][0]["expected"].as_bool(), shown["rooms"][0]["why"].as_str()), (Some(false), Some("closed: Snow days")));
    // It opens after all: whoever is silent is told now, as one.
    desk.json(&["calendar", "open", first, last]).await.unwrap();
    site.presence_until("LAB1-01", "silent").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    site.advance(SignedDuration::from_secs(61));
    site.event_until("alert.raised").await.unwrap();
    assert_eq!(titles_of_alerts(&site).await, ["Lab 1: 6 machines fell silent together"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_days_come_from_a_calendar_file_once_they_were_looked_at() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let days = desk.found(&["calendar", "next", "--days", "30"]).await.unwrap();
    let day = |n: usize| days[n]["date"].as_str().unwrap().replace('-', "");
    let file = site.place("district.ics");
    let event = |name: &str, day: &str| format!("BEGIN:VEVENT\r\nSUMMARY:{name}\r\nDTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\n");
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}{}END:VCALENDAR\r\n", event("Holiday", &day(3)), event("Picture day", &day(5)));
    std::fs::write(&file, text).unwrap();
    let file = file.to_string_lossy().into_owned();
    let looked = desk.run(&["calendar", "import", &file]).await.unwrap();
    assert_eq!(looked.code, 3, "nobody sits there to say yes: {looked:?}");
    let imported = desk.json(&["calendar", "import", &file, "--only", "holiday", "--yes"]).await.unwrap();
    assert_eq!((imported["added"].as_u64(), imported["left_out_count"].as_u64()), (Some(1), Some(1)), "{imported:#}");
    let again = desk.json(&["calendar", "import", &file, "--only", "holiday", "--yes"]).await.unwrap();
    assert_eq!(again["added"], 0);
    let days = desk.found(&["calendar", "next"]).await.unwrap();
    assert_eq!((days[3]["closed"].as_str(), days[4]["closed"].as_str()), (Some("Holiday"), None));
    std::fs::write(&file, "<html>").unwrap();
    let refused = desk.run(&["calendar", "import", &file, "--yes"]).await.unwrap();
    assert!(refused.code != 0 && refused.err.contains("no iCalendar file"), "{refused:?}");
    for wrong in [["calendar", "hours", "whenever"], ["calendar", "zone", "Mars/Olympus"]] {
        assert_ne!(desk.run(&wrong).await.unwrap().code, 0);
    }
    desk.json(&["calendar", "zone", "America/Los_Angeles"]).await.unwrap();
    assert_eq!(desk.json(&["status"]).await.unwrap()["time_zone"], "America/Los_Angeles");
    desk.json(&["calendar", "bells", "Regular", "--days", "Mon-Fri", "--period", "1=07:30-08:20"]).await.unwrap();
    desk.json(&["room", "set", "Lab 1", "--hours", "Mon-Fri 07:00-18:00"]).await.unwrap();
    assert_eq!(desk.json(&["calendar", "show"]).await.unwrap()["rooms"][0]["hours"], "Mon-Fri 07:00-18:00");
}
