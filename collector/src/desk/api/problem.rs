//! The interface's one error: problem+json (RFC 9457), mapped once from whatever refused.

use crate::erasure::NotForgotten;
use crate::keeper::ChangeError;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rollcall_site::{Refusal, RefusalKind};
use serde::Serialize;

/// The media type of a problem.
pub const MEDIA: &str = "application/problem+json";

/// Why a request was not done, as RFC 9457 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The kind of problem; there is no more to read about any of them.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, where, and what to do instead.
    pub detail: String,
}

impl Problem {
    /// A problem with this status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Problem");
        Self { kind: "about:blank", title, status: status.as_u16(), detail: detail.into() }
    }

    /// What was said does not fit.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Stale => StatusCode::PRECONDITION_FAILED,
        };
        Self::new(status, refusal.text)
    }
}

impl From<rollcall_site::id::BadId> for Problem {
    fn from(bad: rollcall_site::id::BadId) -> Self {
        Refusal::from(bad).into()
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "the collector is stopping; try again when it runs"),
            ChangeError::Broken(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            ChangeError::Store(source) => Self::stored(&source, "nothing has changed"),
        }
    }
}

impl From<NotForgotten> for Problem {
    fn from(error: NotForgotten) -> Self {
        match error {
            NotForgotten::Change(error) => error.into(),
            NotForgotten::Key { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::stored(&error, "nothing could be read")
    }
}

impl Problem {
    fn stored(error: &StoreError, then: &str) -> Self {
        tracing::error!(error = %with_causes(error), "store failed a request");
        let detail = format!("the store failed, {then}: {}; look at the collector's log and its disk", with_causes(error));
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Work ended before it was done: a task was stopped or fell over.
    pub fn broken_off() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the work broke off; look at the collector's log and try again")
    }
}

/// An error with everything that caused it, in one line; a cause that the line already says is left out.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes
        .map(ToString::to_string)
        .fold(error.to_string(), |line, cause| if line.contains(&cause) { line } else { format!("{line}: {cause}") })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_status() {
        let check = |refusal: Refusal, status: u16| assert_eq!(Problem::from(refusal).status, status);
        check(Refusal::not_found("x"), 404);
        check(Refusal::conflict("x"), 409);
        check(Refusal::invalid("x"), 422);
        check(Refusal::forbidden("x"), 403);
        assert_eq!(Problem::from(ChangeError::Stopping).status, 503);
    }

    #[test]
    fn a_problem_reads_as_rfc_9457_has_it() {
        let json = serde_json::to_value(Problem::from(Refusal::conflict("LAB1-1 is out already"))).unwrap();
        let want = serde_json::json!({"type": "about:blank", "title": "Conflict", "status": 409, "detail": "LAB1-1 is out already"});
        assert_eq!(json, want);
    }

    #[test]
    fn a_failed_disk_is_told_with_its_cause() {
        let source = std::io::Error::other("no space left on device");
        let error = StoreError::Io { action: "appending an entry", path: "/data/ledger/1".into(), source };
        assert!(Problem::from(error).detail.contains("/data/ledger/1: appending an entry: no space left on device"));
    }
}
