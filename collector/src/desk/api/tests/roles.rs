//! Who may use which route: every one is in the table, and holds to it.

use super::*;

/// Every route with who may use it at least.
pub(in crate::desk) const ROUTES: &[(&str, &str, Role)] = &[
    ("GET", "/alerts", Role::Viewer),
    ("POST", "/alerts/1/acknowledge", Role::Technician),
    ("POST", "/alerts/1/reopen", Role::Technician),
    ("POST", "/alerts/1/resolve", Role::Technician),
    ("POST", "/alerts/1/snooze", Role::Technician),
    ("GET", "/assets", Role::Viewer),
    ("POST", "/assets", Role::Technician),
    ("POST", "/assets/import", Role::Technician),
    ("POST", "/assets/plan", Role::Technician),
    ("GET", "/assets/export", Role::Viewer),
    ("GET", "/assets/X", Role::Viewer),
    ("PATCH", "/assets/X", Role::Technician),
    ("POST", "/assets/X/accept", Role::Technician),
    ("POST", "/assets/X/dispose", Role::Technician),
    ("POST", "/assets/X/move", Role::Technician),
    ("POST", "/assets/X/take-back", Role::Technician),
    ("POST", "/backup", Role::Admin),
    ("GET", "/baselines", Role::Viewer),
    ("POST", "/baselines", Role::Technician),
    ("POST", "/baselines/plan", Role::Viewer),
    ("GET", "/baselines/X", Role::Viewer),
    ("DELETE", "/baselines/X", Role::Technician),
    ("GET", "/baselines/X/versions", Role::Viewer),
    ("GET", "/baselines/X/versions/1", Role::Viewer),
    ("POST", "/baselines/X/versions/1/restore", Role::Technician),
    ("GET", "/calendar", Role::Viewer),
    ("PATCH", "/calendar", Role::Technician),
    ("POST", "/calendar/closed", Role::Technician),
    ("GET", "/calendar/days", Role::Viewer),
    ("POST", "/calendar/import", Role::Technician),
    ("POST", "/calendar/import/plan", Role::Viewer),
    ("POST", "/calendar/open", Role::Technician),
    ("PUT", "/calendar/schedules/X", Role::Technician),
    ("DELETE", "/calendar/schedules/X", Role::Technician),
    ("PUT", "/calendar/special/2026-12-24", Role::Technician),
    ("DELETE", "/calendar/special/2026-12-24", Role::Technician),
    ("GET", "/channels", Role::Viewer),
    ("PUT", "/channels/webhook", Role::Admin),
    ("DELETE", "/channels/webhook", Role::Admin),
    ("POST", "/channels/webhook/test", Role::Technician),
    ("GET", "/charges", Role::Viewer),
    ("POST", "/charges", Role::Technician),
    ("POST", "/charges/1/change", Role::Technician),
    ("POST", "/charges/1/confirm", Role::Technician),
    ("POST", "/charges/1/pay", Role::Technician),
    ("POST", "/charges/1/waive", Role::Technician),
    ("GET", "/check/X", Role::Viewer),
    ("GET", "/devices", Role::Viewer),
    ("GET", "/devices/X", Role::Viewer),
    ("GET", "/devices/X/baseline", Role::Viewer),
    ("GET", "/devices/X/diagnose", Role::Viewer),
    ("POST", "/devices/X/diagnose", Role::Technician),
    ("GET", "/devices/X/health?range=day", Role::Viewer),
    ("GET", "/devices/X/history", Role::Viewer),
    ("POST", "/devices/X/rescan", Role::Technician),
    ("POST", "/devices/X/revoke", Role::Technician),
    ("POST", "/devices/X/accept", Role::Technician),
    ("POST", "/devices/X/rebind", Role::Technician),
    ("POST", "/devices/X/move", Role::Technician),
    ("GET", "/drift", Role::Viewer),
    ("GET", "/events", Role::Viewer),
    ("POST", "/imports?file=a.csv", Role::Technician),
    ("GET", "/imports/0190a3c4-0000-7000-8000-000000000001", Role::Technician),
    ("POST", "/imports/0190a3c4-0000-7000-8000-000000000001/accept", Role::Technician),
    ("GET", "/keys", Role::Admin),
    ("POST", "/keys", Role::Admin),
    ("DELETE", "/keys/1", Role::Admin),
    ("POST", "/ledger/verify", Role::Admin),
    ("POST", "/labels", Role::Viewer),
    ("GET", "/licences", Role::Viewer),
    ("GET", "/loans", Role::Viewer),
    ("POST", "/loans", Role::Technician),
    ("POST", "/loans/found", Role::Technician),
    ("POST", "/loans/lost", Role::Technician),
    ("GET", "/loans/policy", Role::Viewer),
    ("PATCH", "/loans/policy", Role::Admin),
    ("GET", "/loans/remind", Role::Viewer),
    ("POST", "/loans/remind", Role::Technician),
    ("POST", "/loans/renew", Role::Technician),
    ("POST", "/loans/return", Role::Technician),
    ("POST", "/loans/undo", Role::Technician),
    ("GET", "/maintenance", Role::Viewer),
    ("POST", "/maintenance", Role::Technician),
    ("DELETE", "/maintenance/1", Role::Technician),
    ("GET", "/oidc", Role::Admin),
    ("PUT", "/oidc", Role::Admin),
    ("DELETE", "/oidc", Role::Admin),
    ("POST", "/oidc/test", Role::Admin),
    ("GET", "/orders", Role::Viewer),
    ("POST", "/orders", Role::Technician),
    ("GET", "/orders/1", Role::Viewer),
    ("PATCH", "/orders/1", Role::Technician),
    ("POST", "/orders/1/end", Role::Technician),
    ("GET", "/orders/1/file.csv", Role::Viewer),
    ("POST", "/orders/1/file.csv", Role::Viewer),
    ("GET", "/orders/1/file.pdf", Role::Viewer),
    ("POST", "/orders/1/file.pdf", Role::Viewer),
    ("POST", "/orders/1/lines", Role::Technician),
    ("PATCH", "/orders/1/lines/1", Role::Technician),
    ("DELETE", "/orders/1/lines/1", Role::Technician),
    ("POST", "/orders/1/place", Role::Technician),
    ("POST", "/orders/1/receive", Role::Technician),
    ("GET", "/library", Role::Viewer),
    ("PUT", "/library", Role::Admin),
    ("DELETE", "/library", Role::Admin),
    ("GET", "/library/owed", Role::Viewer),
    ("GET", "/library/owed/1", Role::Viewer),
    ("DELETE", "/library/owed/1", Role::Technician),
    ("POST", "/library/owed/1/retry", Role::Technician),
    ("POST", "/library/test", Role::Technician),
    ("GET", "/persons", Role::Viewer),
    ("GET", "/persons/X", Role::Viewer),
    ("DELETE", "/persons/X", Role::Admin),
    ("POST", "/persons/X/agree", Role::Technician),
    ("POST", "/persons/plan", Role::Technician),
    ("POST", "/persons/import", Role::Technician),
    ("POST", "/persons", Role::Technician),
    ("PATCH", "/persons/X", Role::Technician),
    ("POST", "/persons/X/block", Role::Technician),
    ("DELETE", "/persons/X/block", Role::Technician),
    ("POST", "/persons/X/merge", Role::Technician),
    ("GET", "/roster", Role::Viewer),
    ("PATCH", "/roster", Role::Admin),
    ("GET", "/roster/classes", Role::Viewer),
    ("GET", "/roster/discrepancies", Role::Viewer),
    ("PUT", "/roster/watch", Role::Admin),
    ("DELETE", "/roster/watch", Role::Admin),
    ("POST", "/roster/plan", Role::Technician),
    ("POST", "/roster/import", Role::Technician),
    ("POST", "/roster/look", Role::Technician),
    ("POST", "/roster/waiting/plan", Role::Technician),
    ("POST", "/roster/waiting/accept", Role::Technician),
    ("POST", "/roster/forget-left", Role::Admin),
    ("GET", "/transfers", Role::Viewer),
    ("POST", "/transfers/look", Role::Technician),
    ("PUT", "/transfers/X", Role::Admin),
    ("DELETE", "/transfers/X", Role::Admin),
    ("DELETE", "/reservations/1", Role::Technician),
    ("GET", "/replacement", Role::Viewer),
    ("GET", "/reports", Role::Viewer),
    ("GET", "/reports/loans", Role::Viewer),
    ("GET", "/reservations", Role::Viewer),
    ("POST", "/replacement/requisition", Role::Technician),
    ("POST", "/reservations", Role::Technician),
    ("GET", "/rooms", Role::Viewer),
    ("GET", "/rooms/X", Role::Viewer),
    ("POST", "/rooms", Role::Technician),
    ("POST", "/rooms/import", Role::Technician),
    ("PATCH", "/rooms/X", Role::Technician),
    ("DELETE", "/rooms/X", Role::Technician),
    ("GET", "/routes", Role::Viewer),
    ("GET", "/routes/test?alert=1", Role::Viewer),
    ("PUT", "/routes/nights", Role::Admin),
    ("DELETE", "/routes/nights", Role::Admin),
    ("GET", "/rules", Role::Viewer),
    ("PUT", "/rules/clock-skewed", Role::Technician),
    ("GET", "/scores", Role::Viewer),
    ("GET", "/software?title=x", Role::Viewer),
    ("GET", "/status", Role::Viewer),
    ("GET", "/sweeps", Role::Viewer),
    ("POST", "/sweeps", Role::Technician),
    ("GET", "/sweeps/1", Role::Viewer),
    ("GET", "/ticket-policy", Role::Viewer),
    ("PUT", "/ticket-policy", Role::Technician),
    ("GET", "/tickets", Role::Viewer),
    ("POST", "/tickets", Role::Technician),
    ("GET", "/tickets/1", Role::Viewer),
    ("PATCH", "/tickets/1", Role::Technician),
    ("POST", "/tickets/1/assignee", Role::Technician),
    ("PUT", "/tickets/1/claim", Role::Technician),
    ("POST", "/tickets/1/comments", Role::Technician),
    ("PUT", "/tickets/1/labour", Role::Technician),
    ("POST", "/tickets/1/links", Role::Technician),
    ("DELETE", "/tickets/1/links", Role::Technician),
    ("POST", "/tickets/1/loaner", Role::Technician),
    ("DELETE", "/tickets/1/loaner", Role::Technician),
    ("POST", "/tickets/1/parts", Role::Technician),
    ("DELETE", "/tickets/1/parts/1", Role::Technician),
    ("POST", "/tickets/1/state", Role::Technician),
    ("GET", "/tokens", Role::Admin),
    ("POST", "/tokens", Role::Admin),
    ("DELETE", "/tokens/1", Role::Admin),
    ("GET", "/users", Role::Admin),
    ("POST", "/users", Role::Admin),
    ("POST", "/users/vera/link", Role::Admin),
    ("PATCH", "/users/x", Role::Admin),
    ("DELETE", "/users/x", Role::Admin),
    ("GET", "/verdict/policy/all", Role::Viewer),
    ("PUT", "/verdict/policy/laptop", Role::Technician),
    ("GET", "/waivers", Role::Viewer),
    ("POST", "/waivers", Role::Technician),
    ("POST", "/waivers/1/end", Role::Technician),
];

#[tokio::test]
async fn every_route_asks_who_and_refuses_who_may_not() {
    let bench = Bench::new().await;
    for (method, path, least) in ROUTES {
        assert_eq!(bench.ask_as(None, method, path, None).await.0, 401, "{method} {path} for nobody");
        for role in Role::ALL {
            let Answer(status, _, body) = bench.ask_as(Some(role), method, path, None).await;
            assert_eq!(status == 403, role < *least, "{method} {path} for {role:?}: {status} {body}");
            assert!(!matches!(status, 401 | 405 | 500), "{method} {path} for {role:?}: {status} {body}");
        }
    }
}

/// An answer that never ends, so that it is asked for on its own.
const STREAM: &str = "/events/stream";
/// What says nothing of the site, and is for everybody.
const DOCUMENT: &str = "/openapi.json";

/// The routes as the nouns' files name them: method, and path with "{id}".
pub(super) fn named() -> Vec<(String, String)> {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/desk/api")).unwrap();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok());
    let routes: Vec<String> = texts.flat_map(|text| text.split(".route(\"").skip(1).map(str::to_owned).collect::<Vec<_>>()).collect();
    let mut named = Vec::new();
    for route in routes {
        let (path, rest) = route.split_once('"').unwrap();
        let handlers = rest.split([';', '}']).next().unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            let begins = |before: &str| handlers.contains(&format!("{before}{method}("));
            if begins(" ") || begins(".") {
                named.push((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    named
}

#[tokio::test]
async fn the_stream_asks_who_as_every_route() {
    assert_eq!(Bench::new().await.ask_as(None, "GET", STREAM, None).await.0, 401);
}

#[test]
fn every_route_is_in_the_table() {
    let named = named();
    assert!(named.len() >= 90, "{named:?}");
    let is_there = |method: &str, path: &str| {
        let is_it = |row: &&(&str, &str, Role)| {
            let (asked, mut pattern) = (row.1.split('?').next().unwrap(), path.split('/'));
            let same = asked.split('/').all(|part| pattern.next().is_some_and(|of| of == part || of.starts_with('{')));
            row.0 == method && same && pattern.next().is_none()
        };
        ROUTES.iter().any(|row| is_it(&row))
    };
    let missing: Vec<_> =
        named.into_iter().filter(|(method, path)| path != STREAM && path != DOCUMENT && !is_there(method, path)).collect();
    assert!(missing.is_empty(), "these are not in the table of who may use them: {missing:?}");
}
