//! The interface over a real keeper in a temporary folder: who may, what is answered, what is refused.

mod document;
mod habits;
pub(in crate::desk) mod roles;

use super::{SITE_HEADER, behind_keys, on_socket};
use crate::Collector;
use crate::agents::roll::Roll;
use crate::clock::Clock;
use crate::desk::keys::{Key, Secret};
use crate::desk::who::Who;
use crate::keeper::Keeper;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::Folder;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use rollcall_site::access::{self, Role};
use rollcall_site::event::Actor;
use rollcall_site::{About, SiteId};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// A collector without doors; its folder goes with it.
struct Bench {
    collector: Collector,
    _folder: tempfile::TempDir,
}

/// What was answered: status, content type, body.
struct Answer(u16, String, String);

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.2).unwrap_or_else(|bad| panic!("{bad}: {}", self.2))
    }
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Folder::open(folder.path()).unwrap());
        let keeper = Keeper::open(Arc::clone(&store) as Arc<_>, Clock::turned()).unwrap();
        let found = |w: &mut rollcall_site::Working| {
            let id = SiteId::parse("oak").unwrap();
            let time_zone = "America/Los_Angeles".to_owned();
            w.put(About {
                id,
                name: "Oak Hill".to_owned(),
                time_zone,
                epoch: 1,
                rules: rollcall_site::rule::Settings::new(),
                rest: rollcall_site::record::Rest::new(),
            });
            Ok(())
        };
        keeper.change(Actor::Rollcall, found).await.unwrap();
        let secrets = Arc::new(Secrets::open(folder.path()).unwrap());
        let settings = Arc::new(Settings { data: folder.path().to_owned(), ..Settings::default() });
        Self {
            collector: Collector { keeper, folder: store, roll: Arc::new(Roll::default()), imports: Arc::default(), secrets, settings },
            _folder: folder,
        }
    }

    async fn ask_as(&self, role: Option<Role>, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if let Some(role) = role {
            request = request.extension(Who { actor: Actor::Local("maria".to_owned()), role });
        }
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        answer(on_socket(self.collector.clone()), request.unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask_as(Some(Role::Viewer), "GET", path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask_as(Some(Role::Admin), "POST", path, Some(body)).await
    }
}

async fn answer(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Answer(status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn what_is_refused_is_a_problem_with_words() {
    let bench = Bench::new().await;
    let check = |answer: Answer, status: u16, words: &str| {
        assert_eq!((answer.0, answer.1.as_str()), (status, "application/problem+json"), "{}", answer.2);
        assert!(answer.json()["detail"].as_str().unwrap().contains(words), "{}", answer.2);
    };
    check(bench.get("/check/NOSUCH").await, 404, "NOSUCH");
    check(bench.get("/check/a%20b").await, 422, "is not a tag");
    check(bench.get("/nothing").await, 404, "there is no /nothing in this interface");
    check(bench.get("/devices?presence=gone").await, 422, "presence");
    check(bench.get("/devices?room=Lab%209").await, 404, "Lab 9");
    check(bench.post("/rooms", json!({"name": "Lab 1", "colour": "red"})).await, 422, "colour");
    check(bench.post("/loans", json!({"tag": "X"})).await, 422, "who borrows it");
    check(bench.ask_as(Some(Role::Admin), "PUT", "/rooms", None).await, 405, "PUT");
    check(bench.post("/persons/import", json!([{"id": "1", "name": "x".repeat(9_000_000)}])).await, 413, "length limit");
}

#[tokio::test]
async fn an_account_gets_a_link_to_choose_a_password() {
    let bench = Bench::new().await;
    assert_eq!(bench.post("/users/vera/link", json!({})).await.0, 404);
    assert_eq!(bench.post("/users", json!({ "name": "vera", "role": "viewer" })).await.0, 201);
    let made = bench.post("/users/vera/link", json!({})).await;
    assert_eq!(made.0, 201, "{}", made.2);
    let link = made.json()["link"].as_str().unwrap().to_owned();
    let secret = link.rsplit_once("/welcome/").unwrap().1;
    let vera = crate::desk::welcome::For::User(rollcall_site::UserName::parse("vera").unwrap());
    assert_eq!(crate::desk::welcome::is_for(&bench.collector, secret), Some(vera));
    let events = bench.collector.keeper.store().history(None, 10).unwrap();
    assert!(events.iter().any(|event| event.kind == "user.link-made") && events.iter().all(|event| !event.text.contains(secret)));
}

#[tokio::test]
async fn a_laptop_goes_out_once() {
    let bench = Bench::new().await;
    assert_eq!(bench.post("/rooms", json!({"name": "Lab 1", "seats": 30})).await.0, 201);
    assert_eq!(bench.post("/assets", json!({"tag": "lap-1", "kind": "laptop", "room": "Lab 1"})).await.0, 201);
    let people = json!([{"id": "100", "name": "Ana"}, {"id": "101", "name": "Li"}]);
    assert_eq!(bench.post("/persons/plan", people.clone()).await.json()["added"], 2);
    assert_eq!(bench.post("/persons/import", people).await.json()["added"], 2);
    assert_eq!(bench.get("/check/LAP-1?person=100").await.json()["verdict"], "CHECK");

    let out = bench.post("/loans", json!({"tag": "LAP-1", "person": "100", "due": "5d"})).await;
    assert_eq!((out.0, &out.json()["by"]), (201, &json!("maria on the collector")), "{}", out.2);
    assert_eq!(bench.post("/loans", json!({"tag": "LAP-1", "person": "101"})).await.0, 409);
    assert_eq!(bench.get("/check/LAP-1").await.json()["verdict"], "STOP");
    assert_eq!(bench.get("/loans").await.json().as_array().unwrap().len(), 1);
    let kept = bench.ask_as(Some(Role::Admin), "DELETE", "/persons/100", None).await;
    assert!(kept.0 == 409 && kept.2.contains("100 still has LAP-1"), "{}", kept.2);
    assert_eq!(bench.post("/loans/return", json!({"tag": "LAP-1"})).await.0, 200);
    assert_eq!(bench.post("/loans/return", json!({"tag": "LAP-1"})).await.0, 409);
    let has = bench.get("/persons/100").await.json();
    assert_eq!((&has["has"], &has["loans"]), (&json!([]), &json!(1)));
    let kinds: Vec<Value> =
        bench.get("/events?limit=2").await.json().as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["loan.out", "loan.in"]);

    let forgotten = bench.ask_as(Some(Role::Admin), "DELETE", "/persons/100", None).await;
    assert_eq!((forgotten.0, forgotten.json()), (200, json!({"forgotten": "100"})));
    assert_eq!(bench.get("/persons/100").await.0, 404);
    let keys = std::fs::read_to_string(bench.collector.folder.dir().join("people.keys")).unwrap();
    assert!(!keys.contains("100\t") && keys.contains("101\t"));
}

#[tokio::test]
async fn a_loan_is_not_due_yesterday() {
    let bench = Bench::new().await;
    let answer = bench.post("/loans", json!({"tag": "LAP-1", "person": "100", "due": "2020-01-01"})).await;
    assert!(answer.0 == 422 && answer.2.contains("is over already"), "{}", answer.2);
}

#[tokio::test]
async fn a_sweep_streams_to_its_end() {
    let bench = Bench::new().await;
    bench.post("/rooms", json!({"name": "Lab 1"})).await;
    bench.post("/assets", json!({"tag": "PRJ-1", "kind": "projector", "room": "Lab 1"})).await;
    let Answer(status, kind, body) = bench.post("/sweeps", json!({"room": "Lab 1"})).await;
    assert_eq!((status, kind.as_str()), (200, "application/x-ndjson"));
    let last: Value = serde_json::from_str(body.lines().last().unwrap()).unwrap();
    assert_eq!((&last["result"]["no_agent"], &last["result"]["lines"][0]["tag"]), (&json!(1), &json!("PRJ-1")), "{body}");
    assert_eq!(bench.get("/sweeps/1").await.json(), last["result"]);

    let refused = bench.post("/sweeps", json!({"room": "Lab 9"})).await;
    assert_eq!((refused.0, &refused.json()["status"]), (404, &json!(404)), "{}", refused.2);
    let alike = bench.post("/sweeps", json!({"room": "lab 1"})).await;
    assert!(alike.0 == 404 && alike.2.contains(r#"there is \"Lab 1\""#), "{}", alike.2);
}

#[tokio::test]
async fn rooms_are_imported_all_or_none() {
    let bench = Bench::new().await;
    bench.post("/rooms", json!({"name": "Lab 1"})).await;
    let rows = json!([{"name": "Lab 1", "seats": 20}, {"name": "Cart B", "kind": "cart"}]);
    assert_eq!(bench.post("/rooms/import", rows).await.json(), json!({"added": 1, "changed": 1}));
    let bad = json!([{"name": "Lab 3"}, {"name": "Lab 1", "heartbeat_ms": 1}]);
    assert_eq!(bench.post("/rooms/import", bad).await.0, 422);
    assert_eq!(bench.get("/rooms").await.json().as_array().unwrap().len(), 2, "Lab 3 left no trace");
}

#[tokio::test]
async fn a_plan_is_refused_as_applying_is_and_says_what_holds() {
    let bench = Bench::new().await;
    let file = json!({"text": "name = \"Exam\"\nrooms = [\"Lab 1\"]\n[[required]]\ntitle = \"gimp\"\n"});
    assert_eq!(bench.post("/baselines/plan", file.clone()).await.0, 404, "there is no such room");
    bench.post("/rooms", json!({"name": "Lab 1"})).await;
    assert_eq!(bench.post("/baselines/plan", file.clone()).await.json()["applied"], false);
    assert_eq!(bench.post("/baselines", file.clone()).await.json()["applied"], true);
    assert_eq!(bench.post("/baselines/plan", file.clone()).await.json()["applied"], true);
    let remove = |path: &'static str| bench.ask_as(Some(Role::Technician), "DELETE", path, None);
    assert_eq!(remove("/baselines/Exam").await.json(), json!({"removed": "Exam"}));
    assert_eq!(bench.post("/baselines/plan", file).await.json()["applied"], false);
    bench.post("/assets", json!({"tag": "PRJ-1", "room": "Lab 1"})).await;
    assert_eq!(remove("/rooms/Lab%201").await.0, 409, "something belongs there");
    bench.post("/assets/PRJ-1/move", json!({"room": null})).await;
    assert_eq!(remove("/rooms/Lab%201").await.json(), json!({"removed": "Lab 1"}));
    assert!(remove("/rooms/Lab%201").await.2.contains("no room"));
}

#[tokio::test]
async fn assets_are_imported_all_or_none() {
    let bench = Bench::new().await;
    bench.post("/assets", json!({"tag": "PRJ-1", "kind": "projector"})).await;
    let rows = json!([{"tag": "prj-1", "maker": "Epson"}, {"tag": "PRJ-2", "kind": "projector"}]);
    let would = json!({"added": 1, "changed": 1, "same": 0});
    assert_eq!(bench.post("/assets/plan", rows.clone()).await.json(), would);
    assert_eq!(bench.get("/assets/PRJ-2").await.0, 404, "a plan changes nothing");
    assert_eq!(bench.post("/assets/import", rows.clone()).await.json(), would);
    assert_eq!(bench.post("/assets/plan", rows).await.json(), json!({"added": 0, "changed": 0, "same": 2}));
    let more = json!([{"tag": "PRJ-1", "maker": "Epson", "cost": "900", "Warranty": "2027"}]);
    let would = json!({"added": 0, "changed": 0, "same": 1, "unused": ["Warranty", "cost"]});
    assert_eq!(bench.post("/assets/plan", more.clone()).await.json(), would);
    assert_eq!(bench.post("/assets/import", more).await.json(), would);
    let facts: serde_json::Map<_, _> = rollcall_site::asset::FACTS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    assert_eq!(serde_json::from_value::<rollcall_site::asset::AssetFacts>(facts.into()).unwrap(), Default::default(), "every name is one");
    assert_eq!(bench.post("/assets/import", json!([{"tag": "A-1"}, {"tag": "a-1"}])).await.0, 422, "a tag twice");
    assert_eq!(bench.get("/assets/PRJ-1").await.json()["maker"], "Epson");
    let bad = bench.post("/assets/import", json!([{"tag": "PRJ-3"}, {"tag": "PRJ-4", "room": "Lab 9"}])).await;
    assert!(bad.0 >= 400 && bad.2.contains("PRJ-4"), "{}", bad.2);
    assert_eq!(bench.get("/assets/PRJ-3").await.0, 404);
}

#[tokio::test]
async fn the_https_door_knows_people_by_their_key() {
    let bench = Bench::new().await;
    let secret = Secret::fresh().unwrap();
    let hash = secret.hash();
    let kept = bench
        .collector
        .keeper
        .change(Actor::Rollcall, move |w| access::make_key(w, access::NewKey::new("report", Role::Viewer), hash))
        .await;
    let key = Key { id: kept.unwrap().id, secret, pin: [0; 32] }.text();
    let ask = |method: &str, key: Option<&str>| {
        let request = Request::builder().method(method).uri("/api/v1/rooms").header(header::CONTENT_TYPE, "application/json");
        let request = match key {
            Some(key) => request.header(header::AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        };
        answer(behind_keys(bench.collector.clone()), request.body(Body::from(r#"{"name": "Lab 1"}"#)).unwrap())
    };
    assert_eq!(ask("GET", Some(&key)).await.0, 200);
    assert_eq!(ask("POST", Some(&key)).await.0, 403, "a viewer's key changes nothing");
    assert_eq!(ask("GET", Some("rk1.1.x.y")).await.0, 401);
    assert_eq!(ask("GET", None).await.0, 401);
}

#[tokio::test]
async fn another_site_is_not_meant_and_may_not_ask() {
    let bench = Bench::new().await;
    let ask = |name: &str, value: &str, method: &str| {
        let who = Who { actor: Actor::Rollcall, role: Role::Admin };
        let request = Request::builder().method(method).uri("/api/v1/rooms/import").header(header::CONTENT_TYPE, "application/json");
        let request = request.header(name, value).extension(who).body(Body::from("[]")).unwrap();
        answer(on_socket(bench.collector.clone()), request)
    };
    assert_eq!(ask(SITE_HEADER, "oak", "POST").await.0, 200);
    assert_eq!(ask(SITE_HEADER, "Oak Hill", "POST").await.0, 200);
    assert_eq!(ask(SITE_HEADER, "elm", "POST").await.0, 404);
    assert_eq!(ask("sec-fetch-site", "same-origin", "POST").await.0, 200);
    assert_eq!(ask("sec-fetch-site", "cross-site", "POST").await.0, 403);
}
