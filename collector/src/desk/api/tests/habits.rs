//! What every route does alike: lists in parts, ETags, idempotency keys, and a problem for whatever is refused.

use super::*;
use axum::http::{HeaderMap, StatusCode};

/// What was answered, with its headers.
async fn ask(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    request = request.extension(Who { actor: Actor::Local("maria".to_owned()), role: Role::Admin });
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_long_list_is_read_part_by_part() {
    let (_bench, router) = ready().await;
    let (mut path, mut tags) = ("/assets?kind=laptop&limit=2".to_owned(), Vec::new());
    loop {
        let (status, headers, body) = ask(&router, "GET", &path, &[], "").await;
        assert_eq!(status, 200, "{body}");
        let rows: Value = serde_json::from_str(&body).unwrap();
        assert!(rows.as_array().unwrap().len() <= 2);
        tags.extend(rows.as_array().unwrap().iter().map(|row| row["tag"].as_str().unwrap().to_owned()));
        let Some(next) = text(&headers, "link").strip_prefix("</api/v1").and_then(|link| link.strip_suffix(">; rel=\"next\"")) else {
            break;
        };
        assert!(next.contains("kind=laptop"), "the filter goes along: {next}");
        path = next.to_owned();
    }
    assert_eq!(tags, ["LAP-0", "LAP-1", "LAP-2", "LAP-3", "LAP-4"]);
    for bad in ["/assets?limit=0", "/assets?after=x", "/rooms?colour=red", "/rooms?limit=99999"] {
        assert_eq!(ask(&router, "GET", bad, &[], "").await.0, 422, "{bad}");
    }
}

/// A site with five laptops.
async fn ready() -> (Bench, Router) {
    let bench = Bench::new().await;
    for number in 0..5 {
        assert_eq!(bench.post("/assets", json!({"tag": format!("LAP-{number}"), "kind": "laptop"})).await.0, 201);
    }
    let router = on_socket(bench.collector.clone());
    (bench, router)
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again() {
    let (_bench, router) = ready().await;
    let (_, headers, _) = ask(&router, "GET", "/assets/LAP-1", &[], "").await;
    let tag = text(&headers, "etag").to_owned();
    assert!(tag.starts_with('"') && text(&headers, "x-rollcall-version").is_empty(), "{tag}");
    let (status, again, body) = ask(&router, "GET", "/assets/LAP-1", &[("if-none-match", &tag)], "").await;
    assert_eq!((status.as_u16(), body.as_str(), text(&again, "etag")), (304, "", tag.as_str()));
    assert_eq!(ask(&router, "PATCH", "/assets/LAP-1", &[], r#"{"notes":"new"}"#).await.0, 200);
    assert_eq!(ask(&router, "GET", "/assets/LAP-1", &[("if-none-match", &tag)], "").await.0, 200);
    let (_, headers, _) = ask(&router, "GET", "/assets", &[], "").await;
    assert!(!text(&headers, "etag").is_empty(), "lists have one, too");
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_meanwhile_is_refused() {
    let (bench, router) = ready().await;
    bench.post("/rooms", json!({"name": "Lab 1"})).await;
    bench.post("/persons", json!({"id": "100", "name": "Ana"})).await;
    let every = [
        ("/assets/LAP-1", "PATCH", r#"{"notes":"mine"}"#),
        ("/loans/policy", "PATCH", r#"{"renewals":3}"#),
        ("/persons/100", "PATCH", r#"{"name":"Anna"}"#),
        ("/rooms/Lab%201", "PATCH", r#"{"seats":12}"#),
        ("/ticket-policy", "PUT", r#"{"low_h":99}"#),
    ];
    for (path, method, body) in every {
        let (status, headers, read) = ask(&router, "GET", path, &[], "").await;
        assert_eq!(status, 200, "{path}: {read}");
        let tag = text(&headers, "etag").to_owned();
        let (status, _, said) = ask(&router, method, path, &[("if-match", &tag)], body).await;
        assert_eq!(status, 200, "{path}: as it was read: {said}");
        let (status, headers, said) = ask(&router, method, path, &[("if-match", &tag)], body).await;
        assert_eq!((status.as_u16(), text(&headers, "content-type")), (412, "application/problem+json"), "{path}: {said}");
        assert!(said.contains("read it again"), "{said}");
        assert_eq!(ask(&router, method, path, &[("if-match", "*")], body).await.0, 200, "{path}");
    }
    assert_eq!(ask(&router, "PATCH", "/assets/LAP-1", &[("if-match", "none")], "{}").await.0, 400);
}

#[tokio::test]
async fn the_same_request_under_one_key_is_done_once() {
    let (_bench, router) = ready().await;
    let (body, key) = (r#"{"tag":"NEW-1","kind":"laptop"}"#, [("idempotency-key", "4f1c")]);
    let (status, first, made) = ask(&router, "POST", "/assets", &key, body).await;
    assert_eq!((status.as_u16(), text(&first, "idempotency-replayed")), (201, ""), "{made}");
    let (status, again, same) = ask(&router, "POST", "/assets", &key, body).await;
    assert_eq!((status.as_u16(), text(&again, "idempotency-replayed")), (201, "true"));
    assert_eq!(same, made);
    assert_eq!(ask(&router, "POST", "/assets", &[], body).await.0, 409, "without a key it is another try");
    assert_eq!(ask(&router, "POST", "/assets", &key, r#"{"tag":"NEW-2"}"#).await.0, 422);
    let refused = [("idempotency-key", "5f1c")];
    assert_eq!(ask(&router, "POST", "/assets", &refused, r#"{"tag":"LAP-1"}"#).await.0, 409);
    assert_eq!(
        ask(&router, "POST", "/assets", &refused, r#"{"tag":"NEW-3","kind":"laptop"}"#).await.0,
        201,
        "what was refused may be put right"
    );
    for bad in ["", "a b", &"x".repeat(256)] {
        assert_eq!(ask(&router, "POST", "/assets", &[("idempotency-key", bad)], body).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn what_comes_while_the_same_is_under_way_waits_its_turn() {
    let (bench, router) = ready().await;
    bench.post("/rooms", json!({"name": "Lab 1"})).await;
    let one = || ask(&router, "POST", "/assets", &[("idempotency-key", "k")], r#"{"tag":"ONE-1","kind":"laptop"}"#);
    let answers = tokio::join!(one(), one(), one());
    let mut statuses = [answers.0.0, answers.1.0, answers.2.0].map(|status| status.as_u16());
    statuses.sort_unstable();
    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)) && statuses[0] == 201, "{statuses:?}");
    let made = bench.collector.keeper.view().assets.values().filter(|asset| asset.tag.as_str() == "ONE-1").count();
    assert_eq!(made, 1);
}

/// A request that is refused: its method, path, headers and body, and the status.
type Refused<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

#[tokio::test]
async fn whatever_is_refused_is_a_problem() {
    let (_bench, router) = ready().await;
    let json = ("content-type", "application/json");
    let every: &[Refused<'_>] = &[
        ("GET", "/nothing", &[], "", 404),
        ("GET", "/", &[], "", 404),
        ("PUT", "/rooms", &[], "", 405),
        ("OPTIONS", "/rooms", &[], "", 405),
        ("POST", "/rooms", &[], "{", 400),
        ("POST", "/rooms", &[], "[]", 422),
        ("POST", "/labels", &[json], "", 400),
        ("GET", "/calendar/days?count=x", &[], "", 422),
        ("GET", "/imports/no-uuid", &[], "", 400),
        ("GET", "/assets/%ff", &[], "", 400),
    ];
    for (method, path, headers, body, status) in every {
        let (got, headers, text_of) = ask(&router, method, path, headers, body).await;
        assert_eq!((got.as_u16(), text(&headers, "content-type")), (*status, "application/problem+json"), "{method} {path}: {text_of}");
        let problem: Value = serde_json::from_str(&text_of).unwrap();
        assert!(
            problem["status"] == *status && problem["detail"].as_str().is_some_and(|words| words.len() > 5),
            "{method} {path}: {problem}"
        );
    }
    let (_, headers, _) = ask(&router, "PUT", "/rooms", &[], "").await;
    assert_eq!(text(&headers, "allow"), "GET,HEAD,POST");
    let plain = Request::post("/api/v1/rooms").extension(Who { actor: Actor::Local("m".into()), role: Role::Admin }).body(Body::from("{}"));
    let Answer(status, kind, _) = answer(router, plain.unwrap()).await;
    assert_eq!((status, kind.as_str()), (415, "application/problem+json"));
}
