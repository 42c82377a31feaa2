//! Long work as newline-delimited JSON: progress lines, and at the end the result or the problem.

use crate::desk::api::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use std::convert::Infallible;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

/// How far long work has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
    /// What came of the step that was done last, where each says something of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<serde_json::Value>,
}

/// One line of a stream.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// How far it has come.
    Progress(Progress),
    /// What came of it: the last line.
    Result(serde_json::Value),
    /// Why nothing came of it: the last line.
    Problem(Problem),
}

impl Line {
    /// The last line.
    pub fn last<T: Serialize>(outcome: Result<T, Problem>) -> Self {
        match outcome.map(|result| serde_json::to_value(result)) {
            Ok(Ok(result)) => Self::Result(result),
            Ok(Err(_)) => Self::Problem(Problem::broken_off()),
            Err(problem) => Self::Problem(problem),
        }
    }
}

/// A response of whatever comes in, one JSON document a line.
pub fn respond<T: Serialize + Send + 'static>(lines: mpsc::Receiver<T>) -> Response {
    let bytes = ReceiverStream::new(lines).map(|line| {
        let mut text = serde_json::to_vec(&line).unwrap_or_default();
        text.push(b'\n');
        Ok::<_, Infallible>(Bytes::from(text))
    });
    let mut response = Body::from_stream(bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response
}
