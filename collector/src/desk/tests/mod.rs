//! The desk driven as a browser would, in-process, over a real keeper in a temporary folder.

mod assets;
mod audit;
mod backups;
mod baselines;
mod calendar;
mod certificate;
mod connection;
mod counter;
mod lending;
mod lists;
mod many;
mod pages;
mod proof;
mod roles;
mod roster;
mod scans;
mod school;
mod sign_in;
mod speed;
mod teacher;
mod tickets;
mod undo;

use super::session::Proof;
use super::{Desk, router_of};
use crate::Collector;
use crate::agents::roll::Roll;
use crate::clock::Clock;
use crate::keeper::Keeper;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::folder::Folder;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use rollcall_site::access::{self, Role};
use rollcall_site::event::Actor;
use rollcall_site::{About, Refusal, SiteId, UserName, Working};
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// A desk in a test.
pub(super) struct TestDesk {
    pub desk: Desk,
    router: Router,
    _dir: TempDir,
}

/// An answer, read to its end.
pub(super) struct Read {
    pub status: StatusCode,
    pub to: String,
    pub cookie: String,
    pub policy: String,
    pub text: String,
}

/// A desk of a site that was just founded.
pub(super) async fn new() -> TestDesk {
    new_with(|_| ()).await
}

/// The same with some settings of its own.
pub(super) async fn new_with(set: impl FnOnce(&mut Settings)) -> TestDesk {
    let dir = tempfile::tempdir().unwrap();
    let folder = Arc::new(Folder::open(dir.path()).unwrap());
    let keeper = Keeper::open(Arc::clone(&folder) as Arc<_>, Clock::turned()).unwrap();
    let secrets = Arc::new(Secrets::open(dir.path()).unwrap());
    let mut settings = Settings { data: dir.path().to_owned(), reach: vec!["desk.school".to_owned()], ..Settings::default() };
    set(&mut settings);
    let collector =
        Collector { keeper, folder, roll: Arc::new(Roll::default()), imports: Arc::default(), secrets, settings: Arc::new(settings) };
    let desk = Desk::new(collector);
    let test = TestDesk { router: router_of(desk.clone()), desk, _dir: dir };
    let about = About {
        id: SiteId::parse("main").unwrap(),
        name: "Lincoln Middle School".to_owned(),
        time_zone: "America/Los_Angeles".to_owned(),
        epoch: 1,
        rules: rollcall_site::rule::Settings::new(),
        rest: rollcall_site::record::Rest::new(),
    };
    test.change(move |w| Ok(w.put(about))).await;
    test
}

impl TestDesk {
    pub async fn change<T: Send + 'static>(&self, change: impl FnOnce(&mut Working) -> Result<T, Refusal> + Send + 'static) -> T {
        self.desk.collector.keeper.change(Actor::User("ana".to_owned()), change).await.unwrap()
    }

    /// The cookie of somebody who is signed in with `role`.
    pub async fn cookie(&self, role: Role) -> String {
        let name = UserName::parse(&format!("{role:?}").to_lowercase()).unwrap();
        let user = name.clone();
        if !self.desk.collector.keeper.view().users.contains_key(&name) {
            self.change(move |w| access::add_user(w, user, role)).await;
        }
        let header = self.desk.sessions.begin(name, self.desk.collector.keeper.clock().now(), Proof::Given).unwrap();
        header.split(';').next().unwrap().to_owned()
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Read {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    /// A form as the desk's own page sends it.
    pub async fn post(&self, path: &str, cookie: &str, form: &str) -> Read {
        self.post_from(path, cookie, form, Some("https://desk.school:8443")).await
    }

    pub async fn post_from(&self, path: &str, cookie: &str, form: &str, origin: Option<&str>) -> Read {
        let mut request = Request::post(path).header(header::COOKIE, cookie).header(header::HOST, "desk.school:8443");
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// An answer whose body is not read.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn send(&self, request: Request<Body>) -> Read {
        let answer = self.answer(request).await;
        let head = |name| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let (status, to, cookie, policy) =
            (answer.status(), head(header::LOCATION), head(header::SET_COOKIE), head(header::CONTENT_SECURITY_POLICY));
        let bytes = axum::body::to_bytes(answer.into_body(), 8 << 20).await.unwrap();
        Read { status, to, cookie, policy, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}
