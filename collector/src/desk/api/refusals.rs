//! Makes a problem of every refusal that is none yet: what the framework refuses before a handler sees it, in plain text or without a word.

use crate::desk::api::problem::{MEDIA, Problem};
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Longest words of a refusal that are kept, bytes.
const LONGEST: usize = 2_000;

/// Lets a request through; a refusal comes back as a problem.
pub async fn in_words(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == MEDIA);
    if told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, LONGEST).await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let detail = if text.trim().is_empty() { words(status).to_owned() } else { text };
    let mut problem = Problem::new(status, detail).into_response();
    // What the audit trail is told.
    *problem.extensions_mut() = parts.extensions;
    // Such as `Allow` of a method that is not possible.
    for (name, value) in parts.headers.iter().filter(|(name, _)| !matches!(**name, header::CONTENT_TYPE | header::CONTENT_LENGTH)) {
        problem.headers_mut().insert(name.clone(), value.clone());
    }
    problem
}

/// What a status means that came without words.
fn words(status: StatusCode) -> &'static str {
    match status {
        StatusCode::GATEWAY_TIMEOUT => "the answer took too long; what was asked for may be done all the same: look before you ask again",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than 8 MB: send it in parts",
        _ => "it was refused, and nobody said why",
    }
}
