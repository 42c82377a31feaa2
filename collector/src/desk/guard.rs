//! What stands before every page: headers that keep the browser strict, a check of the origin, limits of size and time.

use super::trouble::Trouble;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// Longest body of a form, bytes.
const LONGEST_FORM: usize = 64 * 1024;
/// Longest time that a page may take, its request's body included.
const PATIENCE: Duration = Duration::from_secs(30);

/// What reads everything that is kept before it answers, and how long that may take.
const LONG: &[&str] = &["/backups/download"];
const LONG_PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Nothing but this desk's own files; no frames, no inline script or style.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Headers of every answer, unless the answer brings its own. No HSTS: a self-signed desk would lock its people out.
const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"), // with "no-referrer" a browser hides the origin of the desk's own forms, too
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Puts the guards before the pages; the outermost comes last.
pub(super) fn before(pages: Router) -> Router {
    // Only this desk's own pages can ask with somebody's cookie, so that nobody learns of a secret by the length of an answer.
    let worth = DefaultPredicate::new().and(NotForContentType::const_new("application/octet-stream"));
    let smaller = CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(worth);
    let pages = pages.layer(smaller).layer(DefaultBodyLimit::max(LONGEST_FORM));
    pages.layer(middleware::from_fn(same_origin)).layer(middleware::from_fn(in_time))
}

/// What every answer of this door gets, pages and interface alike: a panic becomes an answer, and every answer is strict.
pub(super) fn around(all: Router) -> Router {
    all.layer(CatchPanicLayer::custom(after_panic)).layer(middleware::from_fn(strict_headers))
}

async fn strict_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn in_time(request: Request, next: Next) -> Response {
    let patience = if LONG.contains(&request.uri().path()) { LONG_PATIENCE } else { PATIENCE };
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the desk waited too long for this request; try again").into_response(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that the layer wants")]
fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Trouble::Broken(format!("a page panicked: {}", words.unwrap_or("no words"))).into_response()
}

async fn same_origin(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe || is_same_origin(request.headers(), request.uri()) {
        return next.run(request).await;
    }
    Trouble::Foreign.into_response()
}

/// Whether a request that changes something comes from this desk's own pages. A browser always says where it comes from;
/// what says nothing is refused.
fn is_same_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = uri.authority().map(|authority| authority.as_str()).or_else(|| text(header::HOST));
    let by_site = text(HeaderName::from_static("sec-fetch-site")).map(|site| site == "same-origin");
    let by_origin = match text(header::ORIGIN) {
        // Hidden by the browser's own settings: what it says of the site decides.
        Some("null") => by_site,
        origin => origin.map(|origin| host.is_some_and(|host| origin.strip_prefix("https://") == Some(host))),
    };
    match (by_site, by_origin) {
        (None, None) => false,
        (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_desks_own_pages_may_change_something() {
        let check = |pairs: &[(&str, &str)], good| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("desk.school:8443"));
            for (name, value) in pairs {
                headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(is_same_origin(&headers, &Uri::from_static("/alerts/1/resolve")), good, "{pairs:?}");
        };
        check(&[], false);
        check(&[("origin", "https://desk.school:8443")], true);
        check(&[("origin", "https://desk.school:8443"), ("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("origin", "https://evil.example")], false);
        check(&[("origin", "http://desk.school:8443")], false);
        check(&[("origin", "null")], false);
        check(&[("origin", "null"), ("sec-fetch-site", "cross-site")], false);
        check(&[("origin", "null"), ("sec-fetch-site", "same-origin")], true);
        check(&[("origin", "https://desk.school:8443"), ("sec-fetch-site", "cross-site")], false);
        check(&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("sec-fetch-site", "none")], false);
    }
}
