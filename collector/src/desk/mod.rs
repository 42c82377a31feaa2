//! The people's door: pages over HTTPS that work without script, and keep themselves true with it. It translates and calls the site; it decides nothing.

mod accept;
mod address;
mod anew;
pub mod api;
mod aside;
mod assets;
mod backing_up;
mod brought;
mod census;
mod certificate;
mod chart;
mod checking;
mod diagnosing;
mod door;
mod fold;
mod frame;
pub(crate) mod fuzz;
mod gate;
mod guard;
mod judging;
pub mod keys;
mod labelling;
mod live;
mod look;
mod measure;
pub mod names;
mod oidc;
mod open;
mod pages;
mod password;
mod proof;
mod readiness;
mod refused;
mod scanned;
pub mod session;
pub mod socket;
mod sweeping;
#[cfg(test)]
mod tests;
pub mod tls;
mod trail;
mod tries;
mod trouble;
mod welcome;
pub mod who;
mod window;
mod words;

pub use accept::{Peer, serve};
pub use welcome::first_link;

use crate::Collector;
use crate::keeper::ChangeError;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Router, middleware};
use door::Visitor;
use look::Look;
use password::Passwords;
use rollcall_site::{Refusal, Working};
use session::{Notice, Sessions};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};
use tries::Tries;
use trouble::Trouble;

/// The desk's pages over one collector, guards before them.
pub fn router(collector: Collector) -> Router {
    router_of(Desk::new(collector))
}

fn router_of(desk: Desk) -> Router {
    let api = api::behind_keys(desk.collector.clone());
    let pages = guard::before(pages::routes(&desk).merge(assets::routes()).with_state(desk.clone()));
    guard::around(pages.merge(api).layer(middleware::from_fn_with_state(desk, refused::noted)))
}

/// What the pages share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    collector: Collector,
    sessions: Arc<Sessions>,
    tries: Arc<Tries>,
    passwords: Arc<Passwords>,
    pulse: Arc<live::Pulse>,
    censuses: Arc<census::Censuses>,
    brought: Arc<brought::Brought>,
    counts: Arc<frame::LastCounts>,
    /// Gives the name of its file.
    backing_up: Arc<aside::Aside<String>>,
    checking: Arc<aside::Aside<Arc<crate::store::Verified>>>,
    oidc: Arc<oidc::Oidc>,
    /// The certificate has changed.
    renew: Arc<Notify>,
    refusals: Arc<refused::Refusals>,
    /// Held while the first account is made: the link works once.
    first: Arc<Mutex<()>>,
}

/// What a page answers.
type Answer = Result<Response, Trouble>;

impl Desk {
    fn new(collector: Collector) -> Self {
        Self {
            sessions: Arc::default(),
            tries: Arc::default(),
            passwords: Arc::new(Passwords::new(Arc::clone(&collector.secrets))),
            pulse: Arc::default(),
            censuses: Arc::default(),
            brought: Arc::default(),
            counts: Arc::default(),
            backing_up: Arc::default(),
            checking: Arc::default(),
            oidc: Arc::default(),
            renew: Arc::default(),
            refusals: Arc::default(),
            first: Arc::default(),
            collector,
        }
    }

    /// The address at which people's browsers find the desk.
    fn address(&self) -> String {
        names::desk(&self.collector.settings)
    }

    /// One look at the site.
    fn look(&self) -> Look {
        Look::take(&self.collector)
    }

    /// Makes a change in the visitor's name.
    async fn change<T: Send + 'static>(
        &self,
        visitor: &Visitor,
        change: impl FnOnce(&mut Working) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, ChangeError> {
        self.collector.keeper.change(visitor.who.actor.clone(), change).await
    }

    /// Makes a page away from the tasks that serve, for it may read the disk or walk over every device.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T, Trouble> + Send + 'static) -> Result<T, Trouble> {
        let desk = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&desk)).await;
        done.map_err(|error| Trouble::Broken(format!("a page was not finished: {error}")))?
    }

    /// After something was done or refused: says so on the page at `to`.
    fn then(&self, visitor: &Visitor, outcome: Result<Notice, Trouble>, to: &str) -> Answer {
        let notice = match outcome {
            Ok(notice) => notice,
            Err(Trouble::Refused(refusal)) => Notice::refused(refusal.text),
            Err(Trouble::NotFound(text)) => Notice::refused(text),
            Err(trouble) => return Err(trouble),
        };
        self.sessions.tell(&visitor.session, notice);
        Ok(Redirect::to(to).into_response())
    }
}
