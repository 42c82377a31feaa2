//! Every page, with an empty site and with a full one in which everything is hostile; and what the forms do.

use super::school::{self, HOSTILE};
use super::{Read, new};
use crate::desk::readiness::Roster;
use axum::http::StatusCode;
use rollcall_site::access::Role;
use rollcall_site::view::{self, AlertsShown};
use rollcall_site::{DeviceId, Tag, sweep};
use uuid::Uuid;

/// Pages that an empty site has.
const ALWAYS: &[&str] = &[
    "/",
    "/accounts",
    "/add",
    "/alerts",
    "/alerts?show=all",
    "/api",
    "/assets",
    "/assets?text=x&kind=laptop&status=all&page=9",
    "/audit",
    "/audit?who=%22%3E%3Csvg&kind=asset&thing=%3Csvg&from=2026-01-01&to=2026-02-01&all=1&before=9",
    "/backups",
    "/backups?page=9",
    "/baseline-file",
    "/baselines",
    "/calendar",
    "/certificate",
    "/channels",
    "/charges",
    "/charges?show=all&person=%22%3E%3Csvg",
    "/devices",
    "/devices?text=x&page=9",
    "/devices.csv",
    "/discrepancies",
    "/drift",
    "/drift?room=%3Csvg&tag=%22%3E",
    "/export",
    "/import",
    "/keys",
    "/lab",
    "/labels",
    "/library",
    "/loans",
    "/loans/class-set",
    "/loans/class-set?person=%3Csvg%3E&set=x&due=%22%3E&class=%22%3E%3Csvg",
    "/loans/overdue",
    "/loans/policy",
    "/maintenance",
    "/orders",
    "/orders?show=all",
    "/people",
    "/people?text=x&which=left&page=9",
    "/pile",
    "/pile?kind=laptop&serials=1&serial=%3Csvg",
    "/replacement",
    "/replacement?within=600&kind=pc",
    "/reports",
    "/reports/ages",
    "/reports/alerts?from=%3Csvg",
    "/reports/charges",
    "/reports/inventory",
    "/reports/loans?from=2026-08-01&to=2026-08-02",
    "/reports/lost",
    "/reservations",
    "/rooms",
    "/roster",
    "/rules",
    "/settings",
    "/software",
    "/software?text=%3Csvg&page=9",
    "/tickets",
    "/tickets?view=list&text=%22%3E%3Csvg&page=9",
    "/transfers",
    "/verdict",
    "/verdict?kind=laptop",
];
/// Pages of the full site.
const FULL: &[&str] = &[
    "/accounts/viewer",
    "/assets/PC-1",
    "/assets/pj-01",
    "/assets?text=%22%3E%3Csvg&room=Lab+118",
    "/devices/PC-1",
    "/devices/PC-1?health=month",
    "/devices/pc-2?software=svg",
    "/devices/PC-3?all=1",
    "/devices/PC-1/move",
    "/devices/PC-1/revoke",
    "/devices/PJ-01",
    "/devices?text=%22%3E%3Csvg",
    "/baseline-file?from=PC-1&versions=any",
    "/devices?room=Lab+118&presence=silent",
    "/find?scan=bas",
    "/lab/Cart%20%3Ci%3EC",
    "/lab/Lab%20118",
    "/find?scan=lab",
    "/find?scan=%3Csvg",
    "/loans?person=20431",
    "/loans?tag=PC-1",
    "/loans?tag=PC-2&person=18807",
    "/loans?tag=PC-3&person=20431",
    "/loans?tag=PJ-01&person=20431",
    "/people/18807",
    "/people/18807/forget",
    "/people/20431",
    "/people?text=%22%3E%3Csvg",
    "/report/PC-3",
    "/people/20431/forget",
    "/rooms/Cart%20%3Ci%3EC",
    "/rooms/Lab%20118",
    "/rooms/Lab%20118/plan",
    "/software?title=bash",
    "/software?title=%22%3E%3Csvg*",
];

fn check(path: &str, read: &Read) {
    assert_eq!(read.status, StatusCode::OK, "{path}: {}", read.text);
    for part in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
    {
        assert!(read.policy.contains(part), "{path}: {}", read.policy);
    }
    if path.starts_with("/devices.csv") {
        return;
    }
    for bad in ["<svg", "<i>C", " style=", "<style", " onclick=", "<script>", "javascript:"] {
        assert!(!read.text.contains(bad), "{path} holds {bad}: {}", read.text);
    }
    // Escaped text has no quote or bracket of its own: an attribute that it could open would show here.
    assert!(!read.text.contains(HOSTILE), "{path}");
    assert!(read.text.contains("</html>"), "{path}");
}

#[tokio::test]
async fn every_page_shows_an_empty_site() {
    let test = new().await;
    let cookie = test.cookie(Role::Admin).await;
    for path in ALWAYS {
        check(path, &test.get(path, &cookie).await);
    }
    assert!(test.get("/", &cookie).await.text.contains("No device reports yet"));
    let nothing = test.get("/nothing", &cookie).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert!(nothing.policy.contains("default-src 'none'"));
    assert!(test.get("/api/v1/status", "").await.policy.contains("default-src 'none'"), "the interface, too");
    assert_eq!(test.get("/devices/NONE", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(test.get("/rooms/None", &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_page_shows_a_full_site_and_hostile_text_stays_text() {
    let test = new().await;
    school::fill(&test).await;
    for role in [Role::Viewer, Role::Technician, Role::Admin] {
        let cookie = test.cookie(role).await;
        for path in ALWAYS.iter().chain(FULL) {
            let needed = match *path {
                "/import" | "/roster" => Role::Technician,
                "/accounts" | "/accounts/viewer" | "/add" | "/certificate" | "/keys" => Role::Admin,
                _ if path.starts_with("/backups") => Role::Admin,
                _ if path.starts_with("/baseline-file") => Role::Technician,
                _ if path.ends_with("/forget") => Role::Admin,
                _ if path.starts_with("/audit") || path.ends_with("/plan") || path.ends_with("/move") || path.ends_with("/revoke") => {
                    Role::Technician
                }
                _ => Role::Viewer,
            };
            if role >= needed {
                check(path, &test.get(path, &cookie).await);
            }
        }
    }
    let cookie = test.cookie(Role::Viewer).await;
    let device = test.get("/devices/PC-1", &cookie).await.text;
    for words in ["Not measured, because", "&#60;svg onload", "Silent", "8 GB"] {
        assert!(device.contains(words), "{words}");
    }
    for words in ["2 steps need a look", "It did not come to its end", "Compare its address and gateway", "Not measured", "Not yet"] {
        assert!(device.contains(words), "of its diagnosis: {words}");
    }
    assert!(!test.get("/devices/PC-2", &cookie).await.text.contains("Not yet"), "one that was never diagnosed");
    assert!(test.get("/devices.csv", &cookie).await.text.lines().count() >= 4);
}

#[tokio::test]
async fn a_scan_lends_and_a_second_scan_takes_back() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let out = |tag: &str| {
        let view = test.desk.collector.keeper.view();
        view.asset_by_tag(&Tag::parse(tag).unwrap()).is_some_and(|asset| view.open_loan(asset.id).is_some())
    };
    assert_eq!(test.post("/loans", &cookie, "scan=pj-01").await.to, "/loans?tag=PJ-01");
    let lent = test.post("/loans", &cookie, "scan=18807&tag=PJ-01&due=2099-12-04").await;
    assert_eq!((lent.to.as_str(), out("PJ-01")), ("/loans", true), "GO lends at once");
    let page = test.get("/loans", &cookie).await.text;
    assert!(page.contains("PJ-01 is lent to Bo Lind (18807)") && page.contains("Undo"), "{page}");
    assert!(!test.get("/loans", &cookie).await.text.contains("is lent to"), "the message is shown once");

    assert_eq!(test.post("/loans", &cookie, "scan=PJ-01").await.to, "/loans?tag=PJ-01");
    assert!(test.get("/loans?tag=PJ-01", &cookie).await.text.contains("Take it back"));
    test.post("/loans", &cookie, "scan=PJ-01&tag=PJ-01").await;
    assert!(!out("PJ-01"));
    test.post("/loans/out", &cookie, "tag=PJ-01&person=18807&reason=taken+back+by+mistake").await;
    assert!(out("PJ-01"), "undone");

    let strange = test.post("/loans", &cookie, "scan=%3Csvg%3E").await;
    assert_eq!(strange.to, "/loans");
    assert!(test.get("/loans", &cookie).await.text.contains("is no tag of this site"));
    let refused = test.post("/loans/out", &cookie, "tag=PC-3&person=18807").await;
    assert!(refused.to.starts_with("/loans?tag=PC-3"));
    assert!(test.get("/loans", &cookie).await.text.contains("out already"));
}

#[tokio::test]
async fn the_scan_box_finds_machines_and_people() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Viewer).await;
    let check = async |scan: &str, to: &str| assert_eq!(test.get(&format!("/find?scan={scan}"), &cookie).await.to, to, "{scan}");
    check("pc-1", "/devices/PC-1").await;
    check("00:11:22:33:44:02", "/devices/PC-2").await;
    check("18807", "/loans?person=18807").await;
    check("who+knows", "/devices?text=who%20knows").await;
    check("lab+118", "/rooms/Lab%20118").await;
    let found = async |scan: &str| test.get(&format!("/find?scan={scan}"), &cookie).await.text;
    let (bash, lab, bo) = (found("bas").await, found("118").await, found("bo+l").await);
    assert!(bash.contains(r#"href="/software?title=bash" data-hit>bash</a><span class="soft">3 machines"#), "{bash}");
    assert!(lab.contains(r#"href="/rooms/Lab%20118" data-hit"#), "{lab}");
    assert!(bo.contains(r#"href="/loans?person=18807" data-hit>Bo Lind"#) && !bo.contains("/software?title"), "{bo}");
    let machines = test.get("/software?title=bash", &cookie).await.text;
    assert!(machines.contains("3 machines") && machines.contains("/devices/PC-2"), "{machines}");
}

#[tokio::test]
async fn a_person_is_forgotten_by_an_admin_once_nothing_is_out() {
    let test = new().await;
    school::fill(&test).await;
    let (technician, admin) = (test.cookie(Role::Technician).await, test.cookie(Role::Admin).await);
    assert!(!test.get("/loans?person=18807", &technician).await.text.contains("Forget them"));
    assert_eq!(test.post("/people/18807/forget", &technician, "").await.status, StatusCode::FORBIDDEN);
    assert!(test.get("/loans?person=18807", &admin).await.text.contains("/people/18807/forget"));
    let asked = test.get("/people/20431/forget", &admin).await.text;
    assert!(asked.contains("still has something") && asked.contains("PC-3") && !asked.contains("danger"), "{asked}");
    assert_eq!(test.post("/people/20431/forget", &admin, "").await.to, "/loans?person=20431");
    assert!(test.get("/loans", &admin).await.text.contains("20431 still has PC-3"));
    assert_eq!(test.post("/people/18807/forget", &admin, "").await.to, "/people");
    assert!(test.get("/people", &admin).await.text.contains("18807 is forgotten"));
    assert!(!test.desk.collector.keeper.view().persons.contains_key(&rollcall_site::PersonId::parse("18807").unwrap()));
    assert_eq!(test.get("/people/18807/forget", &admin).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn equal_alerts_of_a_room_are_one_line_with_each_machine_under_it() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let page = test.get("/alerts", &cookie).await.text;
    let machines = page.matches("/acknowledge").count();
    assert!(page.contains("Lab 118: 3 machines, each lacks geogebra") && page.contains("<summary>The 3 machines"), "{page}");
    let first = test.desk.collector.keeper.view().alerts.values().find(|alert| alert.rule == "software-required").unwrap().id;
    test.post(&format!("/alerts/{first}/acknowledge"), &cookie, "").await;
    let page = test.get("/alerts", &cookie).await.text;
    assert_eq!(page.matches("/acknowledge").count(), machines - 1);
    assert!(page.contains("Lab 118: 2 machines, each lacks geogebra") && page.contains("acknowledged by technician"), "{page}");
}

#[tokio::test]
async fn a_tally_counts_what_the_seats_say() {
    let test = new().await;
    school::fill(&test).await;
    let look = test.desk.look();
    let roster = Roster::take(&look, None, &view::alerts(&look.site, AlertsShown::Open));
    let mut broken = 0;
    for room in look.site.rooms.keys() {
        let tones: Vec<&str> = roster.seats(&look, room).map(|seat| seat.state.tone).collect();
        let count = |tone| tones.iter().filter(|other| **other == tone).count();
        let tally = roster.tally(&look, room);
        let said = [count("go"), count("stop"), count("check"), count("away"), tones.len()];
        assert_eq!([tally.ready, tally.broken, tally.doubtful, tally.away, tally.all], said, "{room}: {tones:?}");
        broken += tally.broken;
    }
    assert!(broken > 0, "a silent machine and one that lacks what it must have");
}

#[tokio::test]
async fn a_room_that_is_swept_loads_itself_again_where_no_script_runs() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let again = r#"<noscript><meta http-equiv="refresh""#;
    assert!(!test.get("/rooms/Lab%20118", &cookie).await.text.contains(again));
    let sweep =
        test.change(|w| sweep::begin(w, &"Lab 118".parse().unwrap(), &[(DeviceId(Uuid::from_u128(2)), w.now)].into_iter().collect())).await;
    let page = test.get("/rooms/Lab%20118", &cookie).await;
    assert!(page.text.contains(again) && !page.policy.contains("navigate-to"), "{}", page.text);
    test.change(move |w| sweep::finish(w, sweep.id)).await;
    assert!(!test.get("/rooms/Lab%20118", &cookie).await.text.contains(again));
}

#[tokio::test]
async fn a_device_is_moved_and_revoked_and_alerts_are_acknowledged() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    assert_eq!(test.post("/devices/PC-2/move", &cookie, "room=Lab+118&seat=6").await.to, "/devices/PC-2");
    assert!(test.get("/devices/PC-2", &cookie).await.text.contains("belongs in Lab 118, seat 6"));
    let room = test.get("/rooms/Lab%20118", &cookie).await.text;
    assert!(
        room.contains("seat </span>6") && room.contains("seat </span>2</small><span>empty") && room.contains("3 seats empty"),
        "{room}"
    );
    test.post("/devices/PC-2/move", &cookie, "room=Lab+118&seat=2").await;
    assert!(test.get("/devices/PC-2", &cookie).await.text.contains("Undo"));
    test.post("/devices/PC-2/revoke", &cookie, "").await;
    assert!(test.get("/devices/PC-2", &cookie).await.text.contains("may no longer report"));
    let id = *test.desk.collector.keeper.view().alerts.keys().next().expect("the baseline raised alerts");
    test.post(&format!("/alerts/{id}/acknowledge"), &cookie, "back=%2Fdevices%2FPC-1").await;
    let page = test.get("/alerts?show=all", &cookie).await.text;
    assert!(page.contains("You look after this now") && page.contains("acknowledged by technician"), "{page}");
}

#[tokio::test]
async fn an_alert_is_put_off_and_reopened_and_maintenance_is_begun_and_ended() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let id = *test.desk.collector.keeper.view().alerts.keys().next().expect("the baseline raised alerts");
    test.post(&format!("/alerts/{id}/snooze"), &cookie, "until=2h").await;
    let page = test.get("/alerts", &cookie).await.text;
    assert!(page.contains("snoozed by technician until ") && page.contains(&format!("/alerts/{id}/reopen")), "{page}");
    test.post(&format!("/alerts/{id}/snooze"), &cookie, "until=yesterday").await;
    assert!(test.get("/alerts", &cookie).await.text.contains("is not a moment"));
    test.post(&format!("/alerts/{id}/reopen"), &cookie, "").await;
    assert!(test.get("/alerts", &cookie).await.text.contains("Open again: "));
    test.post("/maintenance", &cookie, "room=Lab+118&until=2h&reason=new+switch").await;
    let page = test.get("/maintenance", &cookie).await.text;
    assert!(page.contains("Nobody is told of Lab 118 until") && page.contains("new switch") && page.contains("End it"), "{page}");
    assert!(!test.get("/", &cookie).await.text.contains("An alert follows"), "nobody is told");
    test.post("/maintenance/1/end", &cookie, "").await;
    assert!(test.get("/maintenance", &cookie).await.text.contains("No maintenance."));
    assert!(test.get("/", &cookie).await.text.contains("An alert follows"));
    test.post("/rules/clock-skewed", &cookie, "room=Lab+118&on=off&limit.seconds=60").await;
    let page = test.get("/rules", &cookie).await.text;
    assert!(page.contains("Lab 118: <b>is off, seconds 60</b>"), "{page}");
    test.post("/rules/clock-skewed", &cookie, "limit.seconds=0").await;
    assert!(test.get("/rules", &cookie).await.text.contains("it must be 1 to 86400 s"));
}

#[tokio::test]
async fn a_token_is_shown_once_with_the_line_to_run() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Admin).await;
    assert_eq!(test.post("/add", &cookie, "room=Lab+118&uses=30&days=7").await.to, "/add");
    let page = test.get("/add", &cookie).await.text;
    assert!(page.contains("rollcall-agent enroll --collector desk.school:7444 --token rc1.main."), "{page}");
    assert!(!test.get("/add", &cookie).await.text.contains("rc1.main."));
}
