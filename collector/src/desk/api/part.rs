//! Lists in parts: `?limit=&after=`, and a `Link` header that leads to the next part.
//!
//! `after` names the row that was last given, and where it stood: a list that changes meanwhile goes on behind that row, and where the row
//! is gone, at its place.

use crate::desk::api::ask;
use crate::desk::api::problem::Problem;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Rows of a part when nobody says how many.
const USUAL: usize = 1_000;
/// Most rows of a part.
pub const MOST: usize = 10_000;
/// Longest key of a row in an address, characters.
const LONGEST_KEY: usize = 100;

/// The query of a list, and which part of the list is asked for.
pub struct Paged<T>(pub T, pub Part);

/// The query of a list that can't be narrowed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// On a request of the desk's own: the list is wanted whole.
#[derive(Clone, Copy)]
pub struct Whole;

/// Which part of a list is asked for.
pub struct Part {
    limit: Option<usize>,
    after: Option<After>,
    uri: Uri,
}

/// The row behind which a part begins.
#[derive(Debug, PartialEq, Eq)]
struct After {
    place: usize,
    key: String,
}

/// One part of a list.
pub struct Listed<T> {
    rows: Vec<T>,
    next: Option<String>,
}

impl Part {
    /// As many rows as this when nobody says how many.
    pub fn usually(mut self, rows: usize) -> Self {
        self.limit = self.limit.or(Some(rows));
        self
    }

    /// The part of `rows` that is asked for; `key` tells a row from all others.
    pub fn of<T>(self, rows: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Listed<T> {
        let mut rows: Vec<T> = rows.into_iter().collect();
        let key = |row: &T| key(row).chars().take(LONGEST_KEY).collect::<String>();
        let limit = self.limit.unwrap_or(USUAL);
        let first = self.after.as_ref().map_or(0, |after| match rows.get(after.place) {
            // As a rule the list is as it was.
            Some(row) if key(row) == after.key => after.place + 1,
            _ => rows.iter().position(|row| key(row) == after.key).map_or(after.place, |place| place + 1),
        });
        let end = first.saturating_add(limit);
        let more = rows.len() > end;
        rows.truncate(end);
        rows.drain(..first.min(rows.len()));
        let last = rows.last().filter(|_| more).map(|last| After { place: end - 1, key: key(last) });
        Listed { next: last.map(|after| self.link(limit, &after)), rows }
    }

    /// The address of the part behind a row.
    fn link(&self, limit: usize, after: &After) -> String {
        let kept = self
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_ours(pair.split('=').next().unwrap_or_default()));
        let mut link = format!("/api/v1{}?", self.uri.path());
        for pair in kept {
            let _ = write!(link, "{pair}&");
        }
        let _ = write!(link, "limit={limit}&after={}-", after.place);
        for byte in after.key.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => link.push(char::from(byte)),
                byte => drop(write!(link, "%{byte:02X}")),
            }
        }
        link
    }
}

impl<T> Listed<T> {
    /// Rows, and the address of those behind them.
    pub fn with_next(rows: Vec<T>, next: Option<String>) -> Self {
        Self { rows, next }
    }
}

fn is_ours(name: &str) -> bool {
    matches!(name, "limit" | "after")
}

/// What a list takes beside its own query.
#[derive(Deserialize)]
struct Bounds {
    limit: Option<usize>,
    after: Option<String>,
}

impl Bounds {
    fn read(self, uri: Uri) -> Result<Part, Problem> {
        if self.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
            return Err(Problem::invalid(format!("limit is a number from 1 to {MOST}")));
        }
        let after = self.after.map(|after| {
            let (place, key) = after.split_once('-')?;
            Some(After { place: place.parse().ok().filter(|place| *place < usize::MAX / 2)?, key: key.to_owned() })
        });
        match after {
            Some(None) => Err(Problem::invalid("after is what the `Link` header of the part before says: follow that")),
            after => Ok(Part { limit: self.limit, after: after.flatten(), uri }),
        }
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Paged<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let (ours, theirs): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| is_ours(pair.split('=').next().unwrap_or_default()));
        let bounds: Bounds = ask::query(&ours.join("&"))?;
        let mut part = bounds.read(parts.uri.clone())?;
        if parts.extensions.get::<Whole>().is_some() {
            part.limit = Some(usize::MAX);
        }
        Ok(Self(ask::query(&theirs.join("&"))?, part))
    }
}

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.rows).into_response();
        if let Some(link) = self.next.and_then(|next| HeaderValue::try_from(format!("<{next}>; rel=\"next\"")).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(query: &str) -> Part {
        let uri: Uri = format!("/rooms?{query}").parse().unwrap();
        ask::query::<Bounds>(query).and_then(|bounds| bounds.read(uri)).unwrap()
    }

    fn check(query: &str, rows: &[&str], want: &[&str], next: Option<&str>) {
        let listed = part(query).of(rows.to_vec(), |row| (*row).to_owned());
        assert_eq!((listed.rows.as_slice(), listed.next.as_deref()), (want, next), "{query}");
    }

    #[test]
    fn a_list_goes_on_behind_the_row_that_was_last_given() {
        let rows = ["a", "b/1", "c", "d"];
        check("", &rows, &rows, None);
        check("limit=2", &rows, &["a", "b/1"], Some("/api/v1/rooms?limit=2&after=1-b%2F1"));
        check("limit=2&after=1-b%2F1", &rows, &["c", "d"], None);
        check("limit=2&after=1-b%2F1", &["0", "a", "b/1", "c"], &["c"], None); // one came before it
        check("limit=9&after=1-b%2F1", &["a", "c", "d"], &["c", "d"], None); // it went, and nothing is missed
        check("after=99-z", &rows, &[], None);
    }

    #[test]
    fn what_no_list_gave_is_refused() {
        let refused = |query: &str| {
            let uri: Uri = "/rooms".parse().unwrap();
            ask::query::<Bounds>(query).and_then(|bounds| bounds.read(uri)).err().map(|problem| problem.status)
        };
        for query in ["limit=0", "limit=10001", "limit=x", "limit=-1", "after=", "after=x", "after=99999999999999999999-x"] {
            assert_eq!(refused(query), Some(422), "{query}");
        }
        assert_eq!(refused("limit=10000&after=7-"), None);
    }
}
