//! Idempotency keys: the same request under the same key is done once, and answered as it was the first time.
//!
//! Kept in memory: for a day, and not over a restart. What was refused changed nothing and is not kept, so that it can be asked for again
//! under the same key; what took too long may be done all the same, and is not done again. A request with a key is finished even if its
//! caller is gone: that is when callers ask again.

use crate::Collector;
use crate::desk::api::problem::Problem;
use crate::desk::who::Who;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The header with the key.
const KEY: &str = "idempotency-key";
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long an answer is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Answers that are kept at once: a script that changes an asset a second for some hours.
const MOST: usize = 10_000;
/// Longest answer that is kept, bytes; of a longer one only that it was given.
const LONGEST_ANSWER: usize = 16 * 1024;
/// Longest key, bytes.
const LONGEST_KEY: usize = 255;

/// Who asked, and under which key.
type Name = (String, String);

/// What was asked for and answered under keys.
#[derive(Clone, Default)]
pub struct Answered(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    entries: HashMap<Name, Entry>,
    /// Keys by age, the oldest first.
    order: VecDeque<(Timestamp, Name)>,
}

/// What became of a request.
struct Entry {
    request: blake3::Hash,
    at: Timestamp,
    state: Stage,
}

enum Stage {
    UnderWay,
    Done { status: StatusCode, headers: HeaderMap, body: Option<Bytes> },
}

/// What is to be done with a request.
enum Turn {
    Go,
    Answer(Box<Response>),
}

impl Answered {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request up, or says what is answered in its place.
    fn take_up(&self, name: &Name, request: blake3::Hash, now: Timestamp) -> Turn {
        let mut kept = self.kept();
        kept.forget_old(now);
        let problem = |status, text: &str| Turn::Answer(Box::new(Problem::new(status, text).into_response()));
        match kept.entries.get(name) {
            None if kept.entries.len() >= MOST => {
                problem(StatusCode::SERVICE_UNAVAILABLE, "too many requests with an Idempotency-Key are under way; try again in a moment")
            }
            None => {
                kept.order.push_back((now, name.clone()));
                kept.entries.insert(name.clone(), Entry { request, at: now, state: Stage::UnderWay });
                Turn::Go
            }
            Some(entry) if entry.request != request => problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "this Idempotency-Key was used for another request: make up a new one for each thing that is to be done",
            ),
            Some(Entry { state: Stage::UnderWay, .. }) => {
                problem(StatusCode::CONFLICT, "the same request is under way: wait, then ask again under the same Idempotency-Key")
            }
            Some(Entry { state: Stage::Done { body: None, .. }, .. }) => problem(
                StatusCode::CONFLICT,
                "this was begun under the same Idempotency-Key, and its answer was not kept: look at what there is now",
            ),
            Some(Entry { state: Stage::Done { status, headers, body: Some(body) }, .. }) => {
                let mut response = (*status, headers.clone(), body.clone()).into_response();
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                Turn::Answer(Box::new(response))
            }
        }
    }

    /// Keeps an answer, or forgets the key of a request that was not done.
    fn end(&self, name: &Name, answer: Option<Stage>) {
        let mut kept = self.kept();
        match (kept.entries.get_mut(name), answer) {
            (Some(entry), Some(answer)) => entry.state = answer,
            (Some(_), None) => {
                kept.entries.remove(name);
                // Its place, too: what was refused pushes nobody's answer out.
                let place = kept.order.iter().rposition(|(_, one)| one == name);
                place.into_iter().for_each(|place| drop(kept.order.remove(place)));
            }
            (None, _) => {}
        }
    }
}

impl Kept {
    fn forget_old(&mut self, now: Timestamp) {
        while let Some((at, name)) = self.order.front() {
            // What was asked for again meanwhile has a later place of its own.
            let entry = self.entries.get(name).filter(|entry| entry.at == *at);
            let under_way = entry.is_some_and(|entry| matches!(entry.state, Stage::UnderWay));
            let old = now.duration_since(*at) > KEPT_FOR || self.order.len() >= MOST;
            if entry.is_some() && (under_way || !old) {
                return;
            }
            if entry.is_some() {
                self.entries.remove(&name.clone());
            }
            self.order.pop_front();
        }
    }
}

/// Does a request that has a key once.
pub async fn once(State((collector, answered)): State<(Collector, Answered)>, request: Request, next: Next) -> Response {
    let writes = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    let who = request.extensions().get::<Who>().map(|who| who.actor.words());
    let (Some(key), Some(who), true) = (request.headers().get(KEY), who, writes) else { return next.run(request).await };
    let Some(key) = key.to_str().ok().filter(|key| is_key(key)).map(str::to_owned) else {
        let text = format!("an Idempotency-Key is 1 to {LONGEST_KEY} letters, digits and signs without spaces; a UUID is a good one");
        return Problem::new(StatusCode::BAD_REQUEST, text).into_response();
    };
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, super::MAX_BODY).await else {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "with an Idempotency-Key a body is 8 MB at most: send this without one")
            .into_response();
    };
    let mut asked = blake3::Hasher::new();
    for part in [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &bytes] {
        asked.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    let name = (who, key);
    match answered.take_up(&name, asked.finalize(), collector.keeper.clock().now()) {
        Turn::Answer(response) => *response,
        Turn::Go => {
            let work = tokio::spawn(async move {
                let slip = Slip { answered, name, ended: false };
                slip.kept(next.run(Request::from_parts(parts, Body::from(bytes))).await).await
            });
            work.await.unwrap_or_else(|_| Problem::broken_off().into_response())
        }
    }
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Frees the key of a request that fell over.
struct Slip {
    answered: Answered,
    name: Name,
    ended: bool,
}

impl Slip {
    async fn kept(mut self, response: Response) -> Response {
        self.ended = true;
        if response.status() == StatusCode::GATEWAY_TIMEOUT {
            // It may be done all the same: what is asked for again must not be done twice.
            let done = Stage::Done { status: response.status(), headers: HeaderMap::new(), body: None };
            self.answered.end(&self.name, Some(done));
            return response;
        }
        if !response.status().is_success() {
            self.answered.end(&self.name, None);
            return response;
        }
        let (parts, body) = response.into_parts();
        let (status, headers) = (parts.status, parts.headers.clone());
        let done = |body| Stage::Done { status, headers, body };
        let short = body.size_hint().exact().is_some_and(|length| length <= LONGEST_ANSWER as u64);
        if !short {
            self.answered.end(&self.name, Some(done(None)));
            return Response::from_parts(parts, body);
        }
        let bytes = to_bytes(body, LONGEST_ANSWER).await.ok();
        self.answered.end(&self.name, Some(done(bytes.clone())));
        bytes.map_or_else(|| Problem::broken_off().into_response(), |bytes| Response::from_parts(parts, Body::from(bytes)))
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        if !self.ended {
            self.answered.end(&self.name, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answered: &Answered, key: &str, request: &str, at: i64) -> u16 {
        let (name, now) = (("maria".to_owned(), key.to_owned()), Timestamp::from_second(at).unwrap());
        match answered.take_up(&name, blake3::hash(request.as_bytes()), now) {
            Turn::Go => 0,
            Turn::Answer(response) => response.status().as_u16(),
        }
    }

    fn end(answered: &Answered, key: &str, body: Option<&'static str>) {
        let done = Stage::Done { status: StatusCode::CREATED, headers: HeaderMap::new(), body: body.map(Bytes::from) };
        answered.end(&("maria".to_owned(), key.to_owned()), Some(done));
    }

    #[test]
    fn a_key_is_for_one_request_and_for_a_day() {
        let answered = Answered::default();
        assert_eq!(asked(&answered, "k", "lend", 0), 0);
        assert_eq!(asked(&answered, "k", "lend", 1), 409, "it is under way");
        assert_eq!(asked(&answered, "k", "other", 1), 422);
        end(&answered, "k", Some("{}"));
        assert_eq!(asked(&answered, "k", "lend", 2), 201, "the answer of the first time");
        assert_eq!(asked(&answered, "k", "lend", 86_400), 201);
        assert_eq!(asked(&answered, "k", "lend", 86_401), 0, "a day is over");
        answered.end(&("maria".to_owned(), "k".to_owned()), None);
        assert_eq!(asked(&answered, "k", "other", 86_402), 0, "what was refused may be put right under the same key");
        end(&answered, "k", None);
        assert_eq!(asked(&answered, "k", "other", 86_403), 409, "too long to be kept");
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let answered = Answered::default();
        for number in 0..=MOST {
            let key = format!("k{number}");
            assert_eq!(asked(&answered, &key, "x", i64::try_from(number).unwrap()), 0);
            end(&answered, &key, Some(""));
        }
        assert!(answered.kept().entries.len() <= MOST + 1 && answered.kept().order.len() <= MOST + 1);
        assert_eq!(asked(&answered, "k1", "x", 20_000), 0, "the oldest were forgotten");
        assert_eq!(asked(&answered, &format!("k{MOST}"), "x", 20_000), 201);
    }

    #[test]
    fn what_was_refused_pushes_no_answer_out() {
        let answered = Answered::default();
        assert_eq!(asked(&answered, "kept", "x", 0), 0);
        end(&answered, "kept", Some("{}"));
        for _ in 0..=MOST {
            assert_eq!(asked(&answered, "again", "x", 1), 0);
            answered.end(&("maria".to_owned(), "again".to_owned()), None);
        }
        assert_eq!(asked(&answered, "kept", "x", 2), 201);
        assert_eq!(answered.kept().order.len(), 1);
    }

    #[tokio::test]
    async fn what_took_too_long_may_be_done_and_is_not_done_again() {
        let answered = Answered::default();
        assert_eq!(asked(&answered, "k", "order", 0), 0);
        let slip = Slip { answered: answered.clone(), name: ("maria".to_owned(), "k".to_owned()), ended: false };
        slip.kept(StatusCode::GATEWAY_TIMEOUT.into_response()).await;
        assert_eq!(asked(&answered, "k", "order", 1), 409, "whoever asks again looks first");
    }
}
