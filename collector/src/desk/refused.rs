//! What was refused at the desk, for the audit: thinned, so that nobody fills the ledger by asking again and again, and counted, so
//! that nothing is hidden by it.
//!
//! Whatever refuses says so on its answer ([`Refused`], or status 403); one layer around the whole desk writes it down. One event per
//! who, route and minute. Every account and key has an allowance of its own, so that a flood by strangers hides no insider.

use super::accept::Peer;
use super::proof::peer_of;
use super::who::Who;
use super::{Desk, trouble};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::access;
use rollcall_site::event::Actor;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The same who and route are written down once in this time.
const APART: SignedDuration = SignedDuration::from_mins(1);
/// Refusals that are written down at once, of one allowance …
const ALLOWED: u32 = 30;
/// … and how long until there is room for one more: a day of it is at most 700 events.
const REFILL: SignedDuration = SignedDuration::from_mins(2);
/// Whos and routes that are remembered at once; past it refusals are only counted.
const REMEMBERED: usize = 2_000;
/// How often what was only counted is written down.
pub(super) const TELL: Duration = Duration::from_secs(600);

/// What a refusal says of itself, on the answer.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    why: String,
    /// The name with which somebody tried to sign in.
    typed: Option<String>,
}

impl Refused {
    /// Somebody may not do something.
    pub fn because(why: impl Into<String>) -> Self {
        Self { why: why.into(), typed: None }
    }

    /// Somebody may not come in as `typed`.
    pub fn sign_in(typed: &str, why: impl Into<String>) -> Self {
        let typed = typed.chars().filter(|c| !c.is_control()).take(40).collect();
        Self { why: why.into(), typed: Some(typed) }
    }
}

/// What was refused of late.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Late>);

#[derive(Default)]
struct Late {
    /// When who was last written down for a route.
    noted: HashMap<(String, String), Timestamp>,
    allowances: HashMap<String, Allowance>,
}

struct Allowance {
    left: u32,
    filled_at: Timestamp,
    /// What was only counted.
    more: u64,
}

impl Refusals {
    /// Whether a refusal is written down; then with how many more before it that were not.
    fn take(&self, of: &str, who: &str, route: &str, now: Timestamp) -> Option<u64> {
        let mut late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if late.noted.len() >= REMEMBERED {
            late.noted.retain(|_, at| *at + APART > now);
        }
        let full = late.noted.len() >= REMEMBERED;
        let Late { noted, allowances } = &mut *late;
        let allowance = match allowances.entry(of.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Allowance { left: ALLOWED, filled_at: now, more: 0 }),
        };
        allowance.refill(now);
        let key = (who.to_owned(), route.to_owned());
        let is_new = noted.get(&key).is_none_or(|at| *at + APART <= now || *at > now);
        if !is_new || full || allowance.left == 0 {
            allowance.more += 1;
            return None;
        }
        noted.insert(key, now);
        allowance.left -= 1;
        Some(std::mem::take(&mut allowance.more))
    }

    /// What was only counted, by allowance; those that need no remembering are forgotten.
    fn counted(&self, now: Timestamp) -> Vec<(String, u64)> {
        let mut late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = late.allowances.iter_mut().filter(|(_, allowance)| allowance.more > 0);
        let counted = counted.map(|(of, allowance)| (of.clone(), std::mem::take(&mut allowance.more))).collect();
        late.allowances.retain(|_, allowance| {
            allowance.refill(now);
            allowance.left < ALLOWED
        });
        counted
    }
}

impl Allowance {
    fn refill(&mut self, now: Timestamp) {
        let passed = now.duration_since(self.filled_at);
        if passed.is_negative() {
            self.filled_at = now;
            return;
        }
        let steps = u32::try_from(passed.as_secs() / REFILL.as_secs()).unwrap_or(u32::MAX);
        if steps > 0 {
            self.left = self.left.saturating_add(steps).min(ALLOWED);
            self.filled_at = now;
        }
    }
}

/// The layer around the desk: writes down what was refused.
pub(super) async fn noted(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("no page", MatchedPath::as_str).to_owned();
    let from = peer_of(request.extensions().get::<Peer>());
    let answer = next.run(request).await;
    let refused = answer.extensions().get::<Refused>().cloned();
    if refused.is_some() || answer.status() == StatusCode::FORBIDDEN {
        let who = answer.extensions().get::<Who>().map(|who| who.actor.clone());
        let refused = refused.unwrap_or_else(|| Refused::because("the site’s rules refuse it"));
        desk.note(refused, who, &format!("{} {route}", plain(&method)), &from.to_string()).await;
    }
    answer
}

/// A method that a page or a route has; others are a stranger's own words.
fn plain(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    if known.contains(method) { method.as_str() } else { "another method on" }
}

impl Desk {
    async fn note(&self, refused: Refused, who: Option<Actor>, what: &str, from: &str) {
        let now = self.collector.keeper.clock().now();
        let (of, name) = match (&refused.typed, &who) {
            (Some(typed), _) => ("sign-in".to_owned(), format!("{typed}\n{from}")),
            (None, Some(who)) => (who.words(), who.words()),
            (None, None) => ("strangers".to_owned(), from.to_owned()),
        };
        let Some(more) = self.refusals.take(&of, &name, what, now) else { return };
        let (what, from) = (what.to_owned(), from.to_owned());
        let written = self.collector.keeper.change(who.unwrap_or(Actor::Rollcall), move |w| {
            match &refused.typed {
                Some(typed) => access::sign_in_refused(w, typed, &refused.why, &from, more),
                None => access::refused(w, &what, &refused.why, &from, more),
            }
            Ok(())
        });
        if let Err(error) = written.await {
            tracing::warn!(desk.refused = %trouble::chain(&error), "a refusal is not in the audit");
        }
    }

    /// Writes down how often more was refused than was written down.
    pub(super) async fn tell_refusals(&self) {
        for (of, more) in self.refusals.counted(self.collector.keeper.clock().now()) {
            let written = self.collector.keeper.change(Actor::Rollcall, move |w| {
                access::more_refused(w, &of, more);
                Ok(())
            });
            if let Err(error) = written.await {
                tracing::warn!(desk.refused = %trouble::chain(&error), "a count of refusals is not in the audit");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    #[test]
    fn the_same_who_and_route_is_written_once_a_minute_and_the_rest_counted() {
        let refusals = Refusals::default();
        let take = |route, seconds| refusals.take("vera", "vera", route, at(seconds));
        assert_eq!(take("GET /accounts", 0), Some(0));
        assert_eq!((take("GET /accounts", 1), take("GET /accounts", 59)), (None, None));
        assert_eq!(take("GET /add", 59), Some(2), "with what was not written before it");
        assert_eq!(take("GET /accounts", 60), Some(0));
        assert_eq!(take("GET /accounts", 61), None);
        assert_eq!(refusals.counted(at(600)), [("vera".to_owned(), 1)]);
        assert_eq!(refusals.counted(at(600)), []);
        assert!(take("GET /accounts", -5).is_some(), "a clock that is set back keeps nothing silent");
    }

    #[test]
    fn a_flood_of_strangers_is_thirty_events_and_a_count_and_hides_no_insider() {
        let refusals = Refusals::default();
        let written = (0..50_000).filter(|n| refusals.take("strangers", &n.to_string(), "POST /rooms", at(0)).is_some()).count();
        assert_eq!(written, 30);
        assert_eq!(refusals.take("vera", "vera", "GET /accounts", at(0)), Some(0));
        assert!(refusals.0.lock().unwrap().noted.len() <= REMEMBERED);
        assert_eq!(refusals.counted(at(1)), [("strangers".to_owned(), 49_970)]);
        let later = (0..50_000).filter(|n| refusals.take("strangers", &n.to_string(), "POST /rooms", at(3600)).is_some()).count();
        assert_eq!(later, 30);
        assert_eq!(refusals.counted(at(100_000)).len(), 1);
        assert!(refusals.0.lock().unwrap().allowances.is_empty(), "nothing is remembered of who was silent for long");
    }
}
