//! ETags: a read says what its answer is, a repeated read is spared, and a write may say which version it was made from.
//!
//! The tag of an answer is the hash of it. Where the answer is one thing that can be changed, the version of its record stands before
//! that, for `If-Match` alone: what a machine said meanwhile makes another answer, and is no reason to refuse a change.

use crate::desk::api::problem::Problem;
use axum::Json;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rollcall_site::{Refusal, RefusalKind};
use serde::Serialize;

/// Longest answer that gets a tag, bytes.
const LONGEST: usize = 64 * 1024 * 1024;
/// Characters of a hash in a tag: 64 bits, so that two answers of a caller are never taken for one.
const SHORT: usize = 16;
/// From a handler to this layer alone: the version of the one thing that is shown.
const VERSION: HeaderName = HeaderName::from_static("x-rollcall-version");

/// The version of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// The version of what this record says.
    pub fn of<T: Serialize>(record: &T) -> Self {
        Self(short(&serde_json::to_vec(record).unwrap_or_default()))
    }
}

/// An answer that shows one thing, with the version of its record.
pub struct Versioned<T>(pub Version, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.1).into_response();
        if let Ok(version) = HeaderValue::from_str(&self.0.0) {
            response.headers_mut().insert(VERSION, version);
        }
        response
    }
}

/// The versions from which a change may be made.
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Refuses a change of what is of another version now.
    ///
    /// # Errors
    /// Somebody changed it since it was read.
    pub fn holds<T: Serialize>(&self, record: &T) -> Result<(), Refusal> {
        let Some(tags) = &self.0 else { return Ok(()) };
        let Version(now) = Version::of(record);
        if tags.iter().any(|tag| tag == "*" || tag.split('.').next() == Some(&now)) {
            return Ok(());
        }
        let text = "it was changed since it was read: read it again, look at what is new, and send the change with the new ETag".to_owned();
        Err(Refusal { kind: RefusalKind::Stale, text })
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match tags(&parts.headers, header::IF_MATCH) {
            Some(tags) if tags.is_empty() => {
                Err(Problem::new(StatusCode::BAD_REQUEST, "If-Match holds no ETag: send one as a read gave it, in quotes"))
            }
            tags => Ok(Self(tags)),
        }
    }
}

/// The tags of a header, without quotes and "W/"; `None`: there is no such header.
fn tags(headers: &HeaderMap, name: HeaderName) -> Option<Vec<String>> {
    let values = headers.get_all(name);
    values.iter().next()?;
    let texts = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let read = |text: &str| {
        let text = text.trim();
        if text == "*" {
            Some(text.to_owned())
        } else {
            Some(text.trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"')?.to_owned())
        }
    };
    Some(texts.filter_map(read).collect())
}

fn short(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().chars().take(SHORT).collect()
}

/// Puts a tag on what is read, and answers 304 where the caller has it already. What streams has none.
pub async fn tag(request: Request, next: Next) -> Response {
    // A HEAD comes here without the body that its tag would be of.
    let reads = *request.method() == Method::GET;
    let known = tags(request.headers(), header::IF_NONE_MATCH).filter(|_| reads);
    let mut response = next.run(request).await;
    let version = response.headers_mut().remove(VERSION);
    let whole = response.body().size_hint().exact().is_some_and(|length| length <= LONGEST as u64);
    if !reads || response.status() != StatusCode::OK || !whole {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else { return Problem::broken_off().into_response() };
    let mut tag = version.and_then(|version| version.to_str().map(|version| format!("{version}.")).ok()).unwrap_or_default();
    tag.push_str(&short(&bytes));
    if let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        parts.headers.insert(header::ETAG, value);
    }
    if known.is_some_and(|known| known.iter().any(|one| one == "*" || *one == tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_holds_for_the_version_that_was_read_alone() {
        let record = "as it is";
        let Version(now) = Version::of(&record);
        let holds = |tags: Option<&[String]>| IfMatch(tags.map(<[String]>::to_vec)).holds(&record).is_ok();
        assert!(holds(None) && holds(Some(&["*".to_owned()])) && holds(Some(&["x.y".to_owned(), format!("{now}.seen")])));
        assert!(!holds(Some(&[Version::of(&"as it was").0])) && !holds(Some(&[])));
    }

    #[test]
    fn tags_are_read_as_callers_send_them() {
        let check = |value: &str, want: &[&str]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
            assert_eq!(tags(&headers, header::IF_MATCH).unwrap(), want, "{value}");
        };
        check("\"a.b\"", &["a.b"]);
        check("W/\"a\", \"b\"", &["a", "b"]);
        check("*", &["*"]);
        check("a", &[]);
    }
}
