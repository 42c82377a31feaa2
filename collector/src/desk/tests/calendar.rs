//! The page Calendar: what its forms do, and how Today asks for the hours and shows an outage as one.

use super::school;
use super::{TestDesk, new};
use axum::http::StatusCode;
use jiff::SignedDuration;
use rollcall_site::access::Role;
use rollcall_site::{DeviceId, alert, attend};
use uuid::Uuid;

fn hours(test: &TestDesk) -> Option<String> {
    test.desk.collector.keeper.view().calendar().and_then(|calendar| calendar.hours.as_ref().map(ToString::to_string))
}

#[tokio::test]
async fn hours_and_closed_days_are_set_on_the_page_and_wrong_ones_are_refused() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    assert!(test.get("/", &cookie).await.text.contains("School hours are not set"));
    test.post("/calendar/hours", &cookie, "hours=sometimes").await;
    assert!(test.get("/calendar", &cookie).await.text.contains("not a day of the week"));
    assert_eq!(hours(&test), None);
    test.post("/calendar/hours", &cookie, "hours=Mon-Fri+07:30-16:00").await;
    assert_eq!(hours(&test).as_deref(), Some("Mon-Fri 07:30-16:00"));
    assert!(!test.get("/", &cookie).await.text.contains("School hours are not set"));
    let today = test.desk.look().today();
    test.post("/calendar/closed", &cookie, &format!("from={today}&to=&name=%3Csvg+onload")).await;
    let page = test.get("/calendar", &cookie).await.text;
    assert!(page.contains("closed: &#60;svg onload") && page.contains("not expected"), "{page}");
    test.post("/calendar/open", &cookie, &format!("from={today}")).await;
    assert!(test.get("/calendar", &cookie).await.text.contains("No closed days to come"));
    test.post("/calendar/closed", &cookie, "from=tomorrow&name=x").await;
    assert!(test.get("/calendar", &cookie).await.text.contains("is not a day"));
    let viewer = test.cookie(Role::Viewer).await;
    assert_eq!(test.post("/calendar/hours", &viewer, "hours=none").await.status, StatusCode::FORBIDDEN);
    assert!(hours(&test).is_some());
}

#[tokio::test]
async fn an_outage_is_one_line_of_the_alerts_and_of_today() {
    let test = new().await;
    school::fill(&test).await;
    let room = r#"{"room-outage": {"limits": {"machines": 2, "percent": 10}}}"#;
    let rules = serde_json::from_str::<rollcall_site::rule::Settings>(room).unwrap();
    test.change(move |w| {
        let room = w.site.rooms.values().next_back().map(|room| (**room).clone());
        Ok(room.map(|room| w.put(rollcall_site::room::Room { rules, ..room })))
    })
    .await;
    test.change(|w| {
        attend::silent_all(w, [2, 3].map(|number| (DeviceId(Uuid::from_u128(number)), w.now)));
        Ok(())
    })
    .await;
    test.change(|w| {
        w.now += SignedDuration::from_secs(61);
        alert::tick(w);
        Ok(())
    })
    .await;
    let cookie = test.cookie(Role::Technician).await;
    // Today has it among what needs her and in its timeline.
    for (path, times) in [("/alerts", 1), ("/", 2)] {
        let page = test.get(path, &cookie).await.text;
        assert_eq!(page.matches("fell silent together").count(), times, "{path}: {page}");
        assert!(!page.contains("An alert follows"), "{path}");
    }
}
