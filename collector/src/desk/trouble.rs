//! When a page can't be shown: each reason once, with its status and with words that say what to do.

use super::assets;
use super::refused::Refused;
use crate::keeper::ChangeError;
use crate::store::StoreError;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use rollcall_site::{Refusal, RefusalKind};

/// Why a page can't be shown.
#[derive(Debug)]
pub enum Trouble {
    /// There is no such page or thing.
    NotFound(String),
    /// The site's rules refuse it.
    Refused(Refusal),
    /// Their role does not allow it: what would be needed.
    NotAllowed(&'static str),
    /// A teacher asks for a page of the technician's desk.
    NotForTeachers,
    /// A request that changes something did not come from this desk's own pages.
    Foreign,
    /// Too many sign in at this moment.
    Busy,
    /// They must wait.
    Wait {
        /// The name with which they tried to sign in.
        name: String,
        /// How long.
        seconds: i64,
    },
    /// The collector failed; the text goes to its log, not to the page.
    Broken(String),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::NotFound => Self::NotFound(refusal.text),
            _ => Self::Refused(refusal),
        }
    }
}

impl From<ChangeError> for Trouble {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(refusal) => refusal.into(),
            other => Self::Broken(chain(&other)),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Broken(chain(&error))
    }
}

/// An error with its causes, for the log.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A page without the rail, for people who are not signed in and for trouble.
#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    title: &'static str,
    text: String,
    next: &'static str,
}

impl TroublePage {
    fn css(&self) -> &'static str {
        assets::css()
    }

    fn mark(&self) -> &'static str {
        assets::mark()
    }
}

impl Trouble {
    /// What the audit is told.
    fn refused(&self) -> Option<Refused> {
        match self {
            Self::NotAllowed(needed) => Some(Refused::because(format!("it takes the role {needed}"))),
            Self::NotForTeachers => Some(Refused::because("it is not for teachers")),
            Self::Foreign => Some(Refused::because("it did not come from a page of this desk")),
            Self::Wait { name, .. } => Some(Refused::sign_in(name, "too many tries")),
            _ => None,
        }
    }

    fn page(self) -> (StatusCode, TroublePage) {
        let page = |status, title, text, next| (status, TroublePage { title, text, next });
        match self {
            Self::NotFound(text) => {
                page(StatusCode::NOT_FOUND, "Not here", text, "Check the tag or the address, or search for it from Today.")
            }
            Self::Refused(refusal) => {
                let status = match refusal.kind {
                    RefusalKind::Forbidden => StatusCode::FORBIDDEN,
                    RefusalKind::Conflict | RefusalKind::Stale => StatusCode::CONFLICT,
                    RefusalKind::Invalid | RefusalKind::NotFound => StatusCode::UNPROCESSABLE_ENTITY,
                };
                page(status, "That was not done", refusal.text, "Nothing has changed. Go back and try it differently.")
            }
            Self::NotAllowed(needed) => {
                let text = format!("Your account may not do this: it needs the role {needed}.");
                page(StatusCode::FORBIDDEN, "Not with this account", text, "Ask an administrator of the site for that role.")
            }
            Self::NotForTeachers => {
                let text = "This page belongs to the technician’s desk. With a teacher’s account you see whether the labs are ready, and report problems.";
                page(StatusCode::FORBIDDEN, "Not with this account", text.to_owned(), "Ask the technician if you need something else.")
            }
            Self::Foreign => {
                let text = "This request did not come from a page of this desk, so it was refused.".to_owned();
                page(StatusCode::FORBIDDEN, "Refused", text, "Open the desk in a tab of its own and do it there.")
            }
            Self::Busy => {
                let text = "Too many people sign in at this moment.".to_owned();
                page(StatusCode::SERVICE_UNAVAILABLE, "Wait a little", text, "Go back and try again in a few seconds.")
            }
            Self::Wait { seconds, .. } => {
                let minutes = seconds.saturating_add(59) / 60;
                let text = format!("Too many tries with a wrong name or password. Try again in {minutes} min.");
                page(StatusCode::TOO_MANY_REQUESTS, "Wait a little", text, "An administrator can set a new password for you meanwhile.")
            }
            Self::Broken(why) => {
                tracing::error!(desk.trouble = %why, "a page could not be made");
                let text = "The collector could not do this. Its log says why.".to_owned();
                page(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something failed",
                    text,
                    "Nothing has changed. Try again; if it stays so, look at the log.",
                )
            }
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let refused = self.refused();
        let (status, page) = self.page();
        let mut answer = match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, page.text).into_response(),
        };
        if let Some(refused) = refused {
            answer.extensions_mut().insert(refused);
        }
        answer
    }
}

/// A page as an answer.
pub(super) fn show(page: &impl Template) -> Result<Response, Trouble> {
    let html = page.render().map_err(|error| Trouble::Broken(format!("a page could not be rendered: {error}")))?;
    Ok(Html(html).into_response())
}
