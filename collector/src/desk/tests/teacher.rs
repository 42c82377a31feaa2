//! A teacher: the labs, a report in two taps, and nothing that names anybody.

use super::school::{self, HOSTILE};
use super::{TestDesk, new};
use axum::http::StatusCode;
use rollcall_site::access::Role;
use rollcall_site::calendar;

/// Nobody's name or card is in a text.
fn names_nobody(text: &str) {
    for part in ["18807", "20431", "Bo Lind", "lent to", "data-live", "data-scan", HOSTILE] {
        assert!(!text.contains(part), "{part}: {text}");
    }
}

async fn filled() -> (TestDesk, String) {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Teacher).await;
    (test, cookie)
}

#[tokio::test]
async fn a_teacher_sees_whether_the_lab_is_ready_and_what_is_missing_at_which_seat() {
    let (test, cookie) = filled().await;
    let labs = test.get("/lab", &cookie).await;
    assert!(labs.status == StatusCode::OK && labs.text.contains("/lab/Lab%20118") && labs.text.contains("not ready"), "{}", labs.text);
    assert!(labs.text.contains("No periods are set for today."), "{}", labs.text);
    names_nobody(&labs.text);
    let lab = test.get("/lab/Lab%20118", &cookie).await.text;
    for words in ["Seat 1", "Seat 2", "silent", "late", "Nothing stands at seat 4, 5, 6.", "/report/PC-1"] {
        assert!(lab.contains(words), "{words}: {lab}");
    }
    names_nobody(&lab);
    assert_eq!(test.get("/lab/Nowhere", &cookie).await.status, StatusCode::NOT_FOUND);
    let periods = serde_json::from_str(r#"[{"name":"3","span":"00:00-24:00"}]"#).unwrap();
    test.change(move |w| calendar::set_schedule(w, "Every day", serde_json::from_str("\"mon-sun\"").ok(), periods)).await;
    let lab = test.get("/lab/Lab%20118", &cookie).await.text;
    assert!(lab.contains("Period 3 runs until"), "{lab}");
}

#[tokio::test]
async fn a_teacher_is_led_to_the_labs_and_to_nothing_else() {
    let (test, cookie) = filled().await;
    assert_eq!(test.get("/", &cookie).await.to, "/lab");
    assert_eq!(test.get("/sign-in?next=%2Fpeople", &cookie).await.to, "/lab");
    let refused = test.get("/people", &cookie).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("With a teacher’s account you see whether the labs are ready"), "{}", refused.text);
    names_nobody(&refused.text);
    assert_eq!(test.get("/live", &cookie).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_problem_is_reported_in_two_taps_and_once() {
    let (test, cookie) = filled().await;
    let page = test.get("/report/pc-3", &cookie).await.text;
    assert!(page.contains("What is wrong with") && page.contains("Lab 118, seat 3"), "{page}");
    names_nobody(&page);
    assert_eq!(test.post("/report/PC-3", &cookie, "what=screen&words=it+%3Csvg+onload%3Dx%3E+flickers").await.to, "/report/PC-3");
    let page = test.get("/report/PC-3", &cookie).await.text;
    assert!(page.contains("Thank you. The technician has it as ticket") && page.contains("Reported already:"), "{page}");
    test.post("/report/PC-3", &cookie, "what=screen").await;
    assert!(test.get("/report/PC-3", &cookie).await.text.contains("This is reported already"));
    test.post("/report/PC-3", &cookie, "what=nonsense").await;
    assert!(test.get("/report/PC-3", &cookie).await.text.contains("choose one of the buttons"));
    let view = test.desk.collector.keeper.view();
    let tickets: Vec<_> = view.tickets.values().map(|ticket| (ticket.opened_by.as_str(), ticket.detail.as_str())).collect();
    assert_eq!(tickets, [("teacher", "it <svg onload=x> flickers")]);
    assert_eq!(test.get("/report/NONE", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(test.post("/tickets/1/comment", &cookie, "text=x").await.status, StatusCode::FORBIDDEN);
}
