//! Tickets at the desk: from an alert to done, the board, drafts, a loaner, and what stands on other pages.

use super::school::{self, HOSTILE};
use super::{TestDesk, new};
use axum::http::StatusCode;
use rollcall_site::access::Role;
use rollcall_site::ticket::{self, NewTicket, Ticket, TicketState};
use rollcall_site::{AlertId, Tag, TicketId};
use std::sync::Arc;

async fn filled() -> (TestDesk, String) {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    (test, cookie)
}

fn ticket(test: &TestDesk, id: u64) -> Arc<Ticket> {
    Arc::clone(ticket::get(&test.desk.collector.keeper.view(), TicketId(id)).unwrap())
}

fn alert(test: &TestDesk) -> AlertId {
    let view = test.desk.collector.keeper.view();
    let lacks = |alert: &&Arc<rollcall_site::alert::Alert>| alert.title == "PC-1 lacks geogebra";
    view.alerts.values().find(lacks).expect("the baseline raised alerts").id
}

#[tokio::test]
async fn an_alert_becomes_a_ticket_once_and_is_worked_on() {
    let (test, cookie) = filled().await;
    let id = alert(&test);
    assert!(test.get("/alerts", &cookie).await.text.contains(&format!("/tickets/new?alert={id}")));
    let form = test.get(&format!("/tickets/new?alert={id}"), &cookie).await.text;
    assert!(form.contains("lacks geogebra") && form.contains("Try first: ") && form.contains(r#"value="software" selected"#), "{form}");
    let sent = format!("alert={id}&title=PC-1+lacks+geogebra&category=software&priority=high&asset=PC-1");
    assert_eq!(test.post("/tickets", &cookie, &sent).await.to, "/tickets/1");
    assert!(test.post("/tickets", &cookie, &sent).await.to.starts_with("/tickets/new?title=PC-1%20lacks"), "one alert has one open ticket");
    assert_eq!(test.get(&format!("/tickets/new?alert={id}"), &cookie).await.to, "/tickets/1");
    assert!(test.get("/alerts", &cookie).await.text.contains(r#"href="/tickets/1">Ticket 1"#));
    assert!(test.get("/devices/PC-1", &cookie).await.text.contains(r#"href="/tickets/1">1 · PC-1 lacks geogebra"#));
    test.post("/tickets/1/state", &cookie, "to=in-progress").await;
    let page = test.get("/tickets/1", &cookie).await.text;
    assert!(page.contains("Ticket 1 is in progress.") && page.contains("Undo") && page.contains("technician"), "{page}");
    test.post("/tickets/1/comment", &cookie, "text=asked+the+district%0Aand+waits").await;
    test.post("/tickets/1/part", &cookie, "name=licence&count=2&each=12.50").await;
    let page = test.get("/tickets/1", &cookie).await.text;
    assert!(page.contains("asked the district\nand waits") && page.contains("25.00 in all"), "{page}");
    test.post("/tickets/1/part/remove", &cookie, "number=1").await;
    test.post("/tickets/1/state", &cookie, "to=waiting&why=a+licence&look_again=2099-01-05").await;
    assert!(ticket(&test, 1).look_again.is_some());
    test.post("/tickets/1/state", &cookie, "to=done&why=installed").await;
    test.post("/tickets/1/state", &cookie, "to=waiting&back=%2Ftickets").await;
    assert_eq!((ticket(&test, 1).state, ticket(&test, 1).parts.len()), (TicketState::Waiting, 0), "undone");
    let refused = test.post("/tickets/1/state", &cookie, "to=draft").await;
    assert_eq!(refused.to, "/tickets/1");
    assert!(test.get("/tickets/1", &cookie).await.text.contains("from there it goes to"));
    let viewer = test.cookie(Role::Viewer).await;
    assert_eq!(test.post("/tickets/1/state", &viewer, "to=done").await.status, StatusCode::FORBIDDEN);
    assert!(!test.get("/tickets/1", &viewer).await.text.contains("<textarea"));
}

#[tokio::test]
async fn drafts_are_confirmed_on_the_board_and_the_list_is_filtered() {
    let (test, cookie) = filled().await;
    let asset = test.desk.collector.keeper.view().asset_by_tag(&Tag::parse("PC-2").unwrap()).unwrap().id;
    for (title, state) in [("lacks its charger", TicketState::Draft), (HOSTILE, TicketState::Open)] {
        let new = NewTicket { title: title.to_owned(), state, asset: Some(asset), ..NewTicket::default() };
        test.change(move |w| ticket::open(w, new)).await;
    }
    let today = test.get("/", &cookie).await.text;
    assert!(today.contains("1 proposed ticket to confirm or drop") && today.contains("Tickets<i>2</i>"), "{today}");
    let board = test.get("/tickets", &cookie).await.text;
    assert!(board.contains("<h2>Draft ") && !board.contains(HOSTILE), "{board}");
    assert_eq!(test.post("/tickets/1/state", &cookie, "to=open&back=%2Ftickets").await.to, "/tickets");
    assert!(!test.get("/tickets", &cookie).await.text.contains("<h2>Draft "));
    let found = async |query: &str| test.get(&format!("/tickets?view=list&{query}"), &cookie).await.text;
    for (query, count) in [
        ("", "2 tickets"),
        ("text=charger", "1 ticket<"),
        ("asset=PC-2", "2 tickets"),
        ("who=me", "0 tickets"),
        ("state=done", "0 tickets"),
    ] {
        let page = found(query).await;
        assert!(page.contains(&format!(r#"role="status">{count}"#)), "{query}: {page}");
    }
    test.post("/tickets/1/assign", &cookie, "who=technician").await;
    assert!(found("who=me").await.contains(r#"role="status">1 ticket"#));
    let facts = "title=lacks+its+charger&category=access&tier=tier2&priority=urgent&asset=PC-2&person=18807&due=2099-01-05";
    test.post("/tickets/1/set", &cookie, facts).await;
    let page = test.get("/tickets/1", &cookie).await.text;
    for words in ["Request for access", "Urgent", "Tier 2", "Bo Lind (18807)", "For: id 18807", "The facts are changed."] {
        assert!(page.contains(words), "{words}: {page}");
    }
    test.post("/tickets/1/link", &cookie, "system=district&id=4711&url=javascript:alert(1)").await;
    assert!(test.get("/tickets/1", &cookie).await.text.contains("an address begins with https://"));
    test.post("/tickets/1/link", &cookie, "system=district&id=4711&url=https%3A%2F%2Fhelp.example%2F4711").await;
    assert!(test.get("/tickets/1", &cookie).await.text.contains(r#"href="https://help.example/4711""#));
}

#[tokio::test]
async fn a_loaner_goes_out_and_is_asked_back() {
    let (test, cookie) = filled().await;
    let view = test.desk.collector.keeper.view();
    let lent = view.asset_by_tag(&Tag::parse("PC-3").unwrap()).unwrap();
    assert!(view.open_loan(lent.id).is_some(), "the school has lent it");
    test.post("/tickets", &cookie, "title=cracked+screen&asset=PC-3").await;
    test.post("/tickets/1/loaner", &cookie, "tag=PJ-01").await;
    let page = test.get("/tickets/1", &cookie).await.text;
    assert!(page.contains("PJ-01</a> stands in, lent to 20431"), "{page}");
    assert!(test.get("/devices/PJ-01", &cookie).await.text.contains("It stands in as a loaner for"));
    test.post("/tickets/1/claim", &cookie, "reference=RMA-1&vendor=Dell").await;
    test.post("/tickets/1/state", &cookie, "to=done&why=new+screen").await;
    let page = test.get("/tickets/1", &cookie).await.text;
    assert!(page.contains("Take the loaner PJ-01 back from 20431.") && page.contains("The work is over: take it back."), "{page}");
    assert!(test.get("/", &cookie).await.text.contains("PJ-01 is to come back: ticket 1 is over"));
    test.post("/tickets/1/loaner/back", &cookie, "").await;
    assert!(!test.get("/", &cookie).await.text.contains("is to come back"));
}

#[tokio::test]
async fn the_undo_of_a_move_brings_back_why_and_until_when_it_waited() {
    let (test, cookie) = filled().await;
    test.post("/tickets", &cookie, "title=cracked+screen&asset=PC-1").await;
    test.post("/tickets/1/state", &cookie, "to=waiting&why=a+part+from+Dell&look_again=2099-01-05").await;
    let before = ticket(&test, 1);
    test.post("/tickets/1/state", &cookie, "to=in-progress&why=").await;
    let page = test.get("/tickets/1", &cookie).await.text;
    let again = before.look_again.unwrap();
    for (name, value) in [("to", "waiting".to_owned()), ("why", "a part from Dell".to_owned()), ("look_again", again.to_string())] {
        assert!(page.contains(&format!(r#"<input type="hidden" name="{name}" value="{value}">"#)), "{name}: {page}");
    }
    test.post("/tickets/1/state", &cookie, &format!("to=waiting&why=a+part+from+Dell&look_again={again}")).await;
    let after = ticket(&test, 1);
    assert_eq!((&after.why, after.look_again), (&before.why, before.look_again));
}

#[tokio::test]
async fn a_refused_ticket_keeps_all_that_was_written() {
    let (test, cookie) = filled().await;
    let (short, long) = ("x".repeat(1_500), "y".repeat(9_000));
    let refused = test.post("/tickets", &cookie, &format!("title=t&asset=NONE&assignee=technician&detail={short}")).await;
    let again = test.get(&refused.to, &cookie).await.text;
    assert!(again.contains(&short) && again.contains("<option selected>technician"), "{again}");
    let refused = test.post("/tickets", &cookie, &format!("title=t&asset=NONE&detail={long}")).await;
    assert!(refused.text.contains(&long) && refused.text.contains("nothing carries the tag NONE"), "{}", refused.text);
}
