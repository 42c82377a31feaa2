//! Many assets at once, where the seats of a room stand, reports, channels and routes: on the pages.

use super::{new, school};
use crate::desk::address::encoded;
use axum::http::StatusCode;
use rollcall_site::access::Role;
use rollcall_site::asset::AssetStatus;
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::{RoomId, Tag};

#[tokio::test]
async fn many_are_moved_at_once_or_none_and_taken_back() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let place = |tag: &str| {
        let asset = test.desk.collector.keeper.view().asset_by_tag(&Tag::parse(tag).unwrap()).cloned().unwrap();
        (asset.room.clone().map(|room| room.to_string()).unwrap_or_default(), asset.seat.clone().unwrap_or_default(), asset.status)
    };
    let before = [place("PC-1"), place("PJ-01")];
    let moved = test.post("/assets/bulk", &cookie, "tag.PC-1=1&tag.PJ-01=1&room=-&status=in-repair&back=%2Fassets%3Fpage%3D1").await;
    assert_eq!(moved.to, "/assets?page=1");
    let away = (String::new(), String::new(), AssetStatus::InRepair);
    assert_eq!([place("PC-1"), place("PJ-01")], [away.clone(), away.clone()]);
    let page = test.get("/assets", &cookie).await.text;
    let was = page.split("name=\"was\" value=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#60;", "<").replace("&#62;", ">");
    assert!(page.contains("2 assets are changed."));
    test.post("/assets/bulk", &cookie, &format!("was={}", encoded(&was))).await;
    assert_eq!([place("PC-1"), place("PJ-01")], before);

    for (form, why) in [
        ("room=-", "choose 1 to"),
        ("tag.PC-1=1", "say what is to be done"),
        ("tag.PC-1=1&tag.NONE=1&room=-", "NONE"),
        ("tag.PC-1=1&room=Nowhere", "nothing was changed"),
        ("was=PC-1%09x", "too old"),
    ] {
        let refused = test.post("/assets/bulk", &cookie, form).await;
        let page = test.get(&refused.to, &cookie).await.text;
        assert!(page.contains(why), "{form}: {page}");
    }
    assert_eq!(place("PC-1"), before[0]);
    let viewer = test.cookie(Role::Viewer).await;
    assert_eq!(test.post("/assets/bulk", &viewer, "tag.PC-1=1&room=-").await.status, StatusCode::FORBIDDEN);
    assert!(!test.get("/assets", &viewer).await.text.contains("type=\"checkbox\""));
}

#[tokio::test]
async fn a_room_is_drawn_and_its_seats_stand_so() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    assert!(test.get("/rooms/Lab%20118/plan", &cookie).await.text.contains("1 2 3"), "one to begin with");
    let kept = test.post("/rooms/Lab%20118/plan", &cookie, "text=3+.+2%0D%0A9+1").await;
    assert_eq!(kept.to, "/rooms/Lab%20118");
    let room = test.get(&kept.to, &cookie).await.text;
    let places: Vec<usize> = ["PC-3", "aisle", "PC-2", "PC-1"].iter().map(|part| room.find(&format!("{part}\"")).unwrap()).collect();
    assert!(places.is_sorted() && room.contains("With no place in the plan") && room.contains("PJ-01"), "{room}");
    let wrong = test.post("/rooms/Lab%20118/plan", &cookie, "text=1+%3Csvg%3E+1").await;
    assert!(
        wrong.text.contains("stands in it twice") && !wrong.text.contains("<svg>") && wrong.text.contains("&#60;svg"),
        "{}",
        wrong.text
    );
    test.post("/rooms/Lab%20118/plan", &cookie, "text=1&none=1").await;
    let lab = RoomId::parse("Lab 118").unwrap();
    assert_eq!(test.desk.collector.keeper.view().rooms[&lab].plan, None);
}

#[tokio::test]
async fn a_report_is_shown_and_its_sheets_are_had_as_csv() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Viewer).await;
    let page = test.get("/reports/inventory", &cookie).await.text;
    assert!(page.contains("By room") && page.contains("<td class=\"number\">4</td>"), "{page}");
    let csv = test.get("/reports/inventory/sheet.csv?sheet=2", &cookie).await.text;
    assert!(csv.contains("Lab 118,4,3,1"), "{csv}");
    assert_eq!(test.get("/reports/inventory/sheet.csv?sheet=9", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(test.get("/reports/nothing", &cookie).await.status, StatusCode::NOT_FOUND);
    assert!(test.get("/reports/loans?from=x", &cookie).await.text.contains("is not a day"));
}

#[tokio::test]
async fn channels_and_routes_are_set_and_removed() {
    let test = new().await;
    let cookie = test.cookie(Role::Admin).await;
    let hook = "name=chat&kind=slack&url=https%3A%2F%2Fhooks.example%2Fsecret-part";
    test.post("/channels", &cookie, hook).await;
    let page = test.get("/channels", &cookie).await.text;
    assert!(page.contains("chat is set") && !page.contains("secret-part"), "{page}");
    test.post("/routes", &cookie, "name=nights&to.chat=1&least=high&quiet=17%3A00-07%3A00").await;
    let page = test.get("/channels", &cookie).await.text;
    assert!(page.contains("nights leads to chat") && page.contains("quiet 17:00-07:00") && page.contains("high alone"), "{page}");
    test.post("/channels", &cookie, "name=chat&url=nonsense").await;
    assert!(test.get("/channels", &cookie).await.text.contains("notice stop"));
    test.post("/routes/nights/remove", &cookie, "").await;
    test.post("/channels/chat/remove", &cookie, "").await;
    let view = test.desk.collector.keeper.view();
    assert!(view.routes.is_empty() && view.channels.is_empty());
    let technician = test.cookie(Role::Technician).await;
    assert_eq!(test.post("/channels", &technician, hook).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn alerts_that_say_the_same_are_one_line_and_one_step() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let lacking = || {
        let site = test.desk.collector.keeper.view();
        let alerts = site.alerts.values().filter(|alert| alert.title.contains("lacks geogebra"));
        alerts.map(|alert| (alert.id.to_string(), format!("{:?}", alert.state))).collect::<Vec<_>>()
    };
    let page = test.get("/alerts", &cookie).await.text;
    let ids = page.split("name=\"ids\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(ids.contains(',') && page.contains("Acknowledge all "), "{page}");
    assert!(test.get("/", &cookie).await.text.contains(": each lacks geogebra"), "one line of the timeline, too");
    for (step, state, then) in [("acknowledge", "Acknowledged", "Reopen all "), ("reopen", "Raised", "Acknowledge all ")] {
        test.post("/alerts/together", &cookie, &format!("ids={}&step={step}", encoded(&ids))).await;
        let stand: Vec<String> = ids.split(',').map(|id| lacking().into_iter().find(|(known, _)| known == id).unwrap().1).collect();
        assert!(stand.iter().all(|now| now.starts_with(state)), "{step}: {stand:?}");
        assert!(test.get("/alerts", &cookie).await.text.contains(then));
    }
    test.post("/alerts/together", &cookie, "ids=9999,x&step=resolve").await;
    assert!(test.get("/alerts", &cookie).await.text.contains("none of these alerts is as it was shown"));
    let viewer = test.cookie(Role::Viewer).await;
    assert_eq!(test.post("/alerts/together", &viewer, &format!("ids={ids}&step=resolve")).await.status, StatusCode::FORBIDDEN);
    assert!(!test.get("/alerts", &viewer).await.text.contains("/alerts/together"));
}

#[tokio::test]
async fn a_store_room_is_a_page_that_ends() {
    let test = new().await;
    test.change(|w| room::add(w, RoomId::parse("Store").unwrap(), RoomFacts { seats: Some(450), ..RoomFacts::default() })).await;
    let page = test.get("/rooms/Store", &test.cookie(Role::Viewer).await).await.text;
    assert!(page.contains("And 50 more") && page.contains("/devices?room=Store"), "{page}");
    assert_eq!(page.matches("seat vacant").count(), 400);
}
