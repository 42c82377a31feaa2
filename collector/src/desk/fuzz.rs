//! The people's door fed with hostile requests: pages, forms, the REST interface, cookies and keys, in-process over a real keeper that
//! keeps nothing.
//!
//! An input is the head and body of a request: "METHOD /path?query", a line feed, the body.

use super::session::{Proof, of_cookie};
use super::who::Who;
use super::{Desk, address, api, router_of};
use crate::Collector;
use crate::agents::roll::Roll;
use crate::clock::Clock;
use crate::desk::keys::Key;
use crate::keeper::Keeper;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::Folder;
use crate::store::fuzz::Scratch;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::{Extension, Router};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rollcall_proto::fuzz::{Feed, Target};
use rollcall_site::access::{self, Role};
use rollcall_site::event::Actor;
use rollcall_site::person::Person;
use rollcall_site::sweep::Sweep;
use rollcall_site::{About, AssetId, PersonId, Record, Refusal, RoomId, SiteId, Tag, UserName, Working, Written, loan};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// After so many inputs the site begins anew: what was taken makes every later look longer.
const LIFE: u32 = 2_000;
/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
const ORIGIN: &str = "https://desk.school:8443";

/// A body for every change of the interface.
const CHANGES: &[&[u8]] = &[
    b"POST /api/v1/alerts/1/acknowledge\n{\"note\":\"seen\"}",
    b"POST /api/v1/assets\n{\"tag\":\"LAB1-02\",\"serial\":\"5CG1\",\"room\":\"Lab 1\",\"seat\":\"2\"}",
    b"PATCH /api/v1/assets/LAB1-01\n{\"serial\":\"5CG2\"}",
    b"POST /api/v1/assets/import\n[{\"tag\":\"LAB1-03\",\"room\":\"Lab 1\"}]",
    b"POST /api/v1/assets/LAB1-01/move\n{\"room\":\"Lab 1\",\"seat\":\"9\"}",
    b"POST /api/v1/baselines\n{\"text\":\"name = \\\"labs\\\"\\nrooms = [\\\"*\\\"]\\n\"}",
    b"PUT /api/v1/channels/chat\n{\"url\":\"https://127.0.0.1:9/x\",\"kind\":\"webhook\"}",
    b"PUT /api/v1/channels/mail\n{\"url\":\"smtps://127.0.0.1:9\",\"from\":\"a@b\",\"to\":[\"c@d\"],\"user\":\"u\",\"password\":\"p\"}",
    b"PUT /api/v1/routes/nights\n{\"to\":[\"chat\"],\"least\":\"high\",\"days\":\"mon-fri\",\"quiet\":{\"hours\":\"17:00-07:00\"}}",
    b"POST /api/v1/imports?file=a.csv\ntag,kind\nA-1,pc\n",
    b"POST /api/v1/labels\n{\"tags\":\"LAB1-01\",\"sheet\":\"l7160\",\"start\":\"3\"}",
    b"GET /api/v1/devices?text=lab&presence=silent&room=Lab%201",
    b"GET /api/v1/events?limit=10&after=1&kind=room.added",
    b"POST /api/v1/keys\n{\"name\":\"script\",\"role\":\"viewer\",\"expires\":\"30d\"}",
    b"POST /api/v1/loans\n{\"tag\":\"LAB1-01\",\"person\":\"20431\",\"due\":\"5d\"}",
    b"POST /api/v1/loans/return\n{\"tag\":\"LAB1-01\"}",
    b"POST /api/v1/persons/import\n[{\"id\":\"20431\",\"name\":\"Maya\"}]",
    b"POST /api/v1/rooms\n{\"name\":\"Lab 2\",\"seats\":30,\"heartbeat_s\":5}",
    b"PATCH /api/v1/rooms/Lab%201\n{\"seats\":12}",
    b"GET /api/v1/software?title=gimp",
    b"POST /api/v1/tokens\n{\"room\":\"Lab 1\",\"uses\":3,\"expires\":\"2d\"}",
    b"POST /api/v1/users\n{\"name\":\"bo\",\"role\":\"technician\"}",
    b"PATCH /api/v1/users/ana\n{\"role\":\"viewer\"}",
    b"PUT /api/v1/verdict/policy/laptop\n{\"colours\":{\"battery\":\"stop\"},\"limits\":{\"report_hours\":48},\"prices\":{\"memory\":4500}}",
];

/// What the pages are asked.
const PAGES: &[&[u8]] = &[
    b"GET /",
    b"GET /devices?text=lab&room=Lab+1&presence=silent&sort=seen&page=2",
    b"GET /devices.csv?text=lab",
    b"GET /devices/LAB1-01?range=month&history=30",
    b"GET /export/devices.csv?text=lab",
    b"GET /find?scan=LAB1-01",
    b"GET /labels?tags=LAB1-01&sheet=l7160&start=3&content=qr&offset_x=1",
    b"GET /loans?person=20431&device=LAB1-01",
    b"POST /add\nroom=Lab+1&uses=3&days=2",
    b"POST /alerts/1/resolve\nback=%2Falerts",
    b"POST /alerts/1/snooze\nuntil=2h",
    b"POST /devices/LAB1-01/move\nroom=Lab+1&seat=3",
    b"POST /loans/out\ntag=LAB1-01&person=20431&due=2026-12-01",
    b"POST /loans\nscan=LAB1-01&person=20431",
    b"POST /loans/charges/1/confirm\namount=45.00",
    b"POST /loans/tickets/1/confirm\n",
    b"POST /loans/class-set\nperson=1&class=x&due=period+3&set=2&scan=PC-1&reason=x",
    b"POST /loans/lost\ntag=PC-1&how=stolen&report=PD+1",
    b"POST /loans/renew\ntag=PC-1&due=2099-12-04&reason=x",
    b"POST /loans/return\ntag=PC-1&condition=broken&damage=x&missing%2Fcharger=on",
    b"POST /loans/undo\nset=2",
    b"POST /maintenance\nroom=Lab+1&tag=&until=2h&reason=new+switch",
    b"POST /rooms\nname=Lab+3&seats=20",
    b"POST /rooms/Lab%201/sweep\n",
    b"POST /verdict\nkind=laptop&reason.battery=stop&limit.report_hours=48&price.memory=45",
];

/// What comes before anybody is let in.
const HEADS: &[&[u8]] = &[
    b"rollcall=0000000000000000000000000000000000000000000000000000000000000000",
    b"Bearer rk1.7.BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc.BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
    b"https://desk.school:8443",
];

/// Everything that a person, or who plays one, may ask.
pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::with_state("desk-api", CHANGES, || requests(Door::Api)),
        Target::new("desk-cookie", HEADS, cookie),
        Target::with_state("desk-heads", HEADS, heads),
        Target::new("desk-moment", &[b"5d", b"2026-12-01", b"2026-12-01T08:00:00Z", b"never", b"tomorrow period 1"], moment),
        Target::new("desk-next", &[b"/devices?text=a", b"//evil.example"], next),
        Target::with_state("desk-pages", PAGES, || requests(Door::Pages)),
    ]
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn cookie(bytes: &[u8]) {
    let text = lossy(bytes);
    assert!(of_cookie(&text).is_none() || text.contains('='));
    if let Ok(key) = Key::parse(&text) {
        assert_eq!(Key::parse(&key.text()), Ok(key.clone()));
        assert!(!format!("{key:?}").contains(&text));
    }
}

fn next(bytes: &[u8]) {
    let text = lossy(bytes);
    let inside = address::inside(&text);
    assert!(inside.starts_with('/') && !inside.starts_with("//") && !inside.contains(['\\', '\r', '\n']), "{inside:?}");
    assert!(address::encoded(&text).bytes().all(|byte| byte.is_ascii_graphic()));
}

fn moment(bytes: &[u8]) {
    let (text, now) = (lossy(bytes), Timestamp::UNIX_EPOCH);
    for zone in ["UTC", "America/Los_Angeles"].into_iter().filter_map(|name| TimeZone::get(name).ok()) {
        if let Ok(at) = api::moment::after(&text, now, &zone) {
            assert!(at > now);
        }
    }
    if let Ok(loan::Due::At(at)) = api::moment::due(Some(&text), now, &rollcall_site::Site::default()) {
        assert!(at > now);
    }
}

/// Which door is asked.
#[derive(Clone, Copy)]
enum Door {
    /// The interface, as an administrator.
    Api,
    /// The pages, signed in as an administrator.
    Pages,
}

/// A desk over a small site.
struct Site {
    collector: Collector,
    pages: Router,
    api: Router,
    cookie: HeaderValue,
    runtime: Runtime,
    _scratch: Scratch,
}

impl Site {
    fn new() -> Option<Self> {
        let scratch = Scratch::new();
        let folder = Arc::new(Folder::open(scratch.dir()).ok()?);
        let keeper = Keeper::open(Arc::new(crate::store::fuzz::Nowhere), Clock::turned()).ok()?;
        let secrets = Arc::new(Secrets::open(scratch.dir()).ok()?);
        let settings = Settings { data: scratch.dir().to_owned(), reach: vec!["desk.school".to_owned()], ..Settings::default() };
        let collector =
            Collector { keeper, folder, roll: Arc::new(Roll::default()), imports: Arc::default(), secrets, settings: Arc::new(settings) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(collector.keeper.change(Actor::Rollcall, begin)).ok()?;
        let desk = Desk::new(collector.clone());
        let admin = UserName::parse("ana").ok()?;
        let cookie = desk.sessions.begin(admin, collector.keeper.clock().now(), Proof::Given)?;
        let cookie = HeaderValue::from_str(cookie.split(';').next()?).ok()?;
        let who = Who { actor: Actor::User("ana".to_owned()), role: Role::Admin };
        let api = api::on_socket(collector.clone()).layer(Extension(who));
        Some(Self { pages: router_of(desk), api, collector, cookie, runtime, _scratch: scratch })
    }

    /// Asks one of the doors; gives the answer's status and text.
    fn ask(&self, door: Door, request: Request<Body>) -> (StatusCode, String) {
        let router = match door {
            Door::Api => self.api.clone(),
            Door::Pages => self.pages.clone(),
        };
        let streams = request.uri().path().ends_with("/live") || request.uri().path().ends_with("/stream");
        let read = async {
            let answer: Response<Body> = match router.oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            let (status, body) = (answer.status(), answer.into_body());
            let bytes = if streams { None } else { axum::body::to_bytes(body, 64 << 20).await.ok() };
            (status, bytes.map(|bytes| lossy(&bytes)).unwrap_or_default())
        };
        let answered = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, read).await });
        assert!(answered.is_ok(), "no answer within {} s", PATIENCE.as_secs());
        answered.unwrap_or_default()
    }

    /// Everything that is recorded but sweeps, which go on by themselves.
    fn records(&self) -> Vec<Written> {
        self.collector.keeper.view().records().filter(|written| written.kind != Sweep::KIND).collect()
    }
}

/// A room, a machine in it, a person, an administrator.
fn begin(w: &mut Working) -> Result<(), Refusal> {
    let invalid = |error: rollcall_site::id::BadId| Refusal::invalid(error.to_string());
    let id = SiteId::parse("main").map_err(invalid)?;
    w.put(About {
        id,
        name: "School".into(),
        time_zone: "America/Los_Angeles".into(),
        epoch: 1,
        rules: Default::default(),
        rest: Default::default(),
    });
    access::add_user(w, UserName::parse("ana").map_err(invalid)?, Role::Admin)?;
    rollcall_site::room::add(w, RoomId::parse("Lab 1").map_err(invalid)?, Default::default())?;
    let facts = rollcall_site::asset::AssetFacts::default();
    rollcall_site::asset::add(w, AssetId(uuid::Uuid::from_u128(7)), Tag::parse("LAB1-01").map_err(invalid)?, facts)?;
    let person = PersonId::parse("20431").map_err(invalid)?;
    w.put(Person::new(person, "Maya Torres".to_owned()));
    Ok(())
}

fn requests(door: Door) -> Feed {
    let (mut site, mut fed) = (Site::new(), 0);
    assert!(site.is_some(), "the desk can't be made");
    Box::new(move |bytes| {
        fed += 1;
        if fed % LIFE == 0 {
            site = Site::new();
        }
        let (Some(site), Some(request)) = (&site, request(bytes)) else { return };
        let reads = request.method().is_safe();
        let request = dress(request, site, door);
        let before = site.records();
        let (status, text) = site.ask(door, request);
        assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{status}: {text:.500}");
        assert!(!text.contains("<svg onload=x>") || !text.contains("<!doctype html>"), "text of somebody's is taken for a page's own");
        if reads || (400..600).contains(&status.as_u16()) {
            assert!(site.records() == before, "{status}, and the site has changed");
        }
    })
}

/// The request that the bytes are; `None` when a server's own parser refuses them, or the answer would go out into the world.
fn request(bytes: &[u8]) -> Option<Request<Body>> {
    let (head, body) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let (method, path) = std::str::from_utf8(head).ok()?.split_once(' ')?;
    // A channel's test calls whatever address was given; a backup has no end worth waiting for.
    let goes_out = path.ends_with("/test") || path.contains("/backup");
    let request = Request::builder().method(method).uri(path).body(Body::from(body.get(1..).unwrap_or_default().to_vec())).ok()?;
    let plain = request.uri().path().starts_with('/') && request.uri().authority().is_none();
    (plain && !goes_out).then_some(request)
}

/// Puts on it what a browser, or a script, of an administrator would.
fn dress(mut request: Request<Body>, site: &Site, door: Door) -> Request<Body> {
    let kind = match door {
        Door::Api => "application/json",
        Door::Pages => "application/x-www-form-urlencoded",
    };
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::HOST, HeaderValue::from_static("desk.school:8443"));
    headers.insert(header::ORIGIN, HeaderValue::from_static(ORIGIN));
    headers.insert(header::COOKIE, site.cookie.clone());
    request
}

/// The bytes come as every header that lets somebody in; none of them does.
fn heads() -> Feed {
    let site = Site::new();
    assert!(site.is_some(), "the desk can't be made");
    Box::new(move |bytes| {
        let (Some(site), Ok(value)) = (&site, HeaderValue::from_bytes(bytes)) else { return };
        let before = site.records();
        for name in [header::COOKIE, header::AUTHORIZATION, header::ORIGIN, header::HOST] {
            for (method, path) in [("GET", "/devices"), ("POST", "/rooms"), ("GET", "/api/v1/devices"), ("POST", "/api/v1/rooms")] {
                let asked = Request::builder().method(method).uri(path).header(&name, value.clone()).body(Body::empty());
                let Ok(asked) = asked else { continue };
                let (status, text) = site.ask(Door::Pages, asked);
                let kept_out = matches!(status.as_u16(), 303 | 400 | 401 | 403 | 415);
                assert!(kept_out, "{name}: {method} {path}: {status}: {text:.200}");
            }
        }
        assert!(site.records() == before, "the site has changed");
    })
}
