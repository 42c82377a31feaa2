//! Talks to the collector: over the unix socket of this machine, or over TLS with an API key.

use crate::cli::exit::Failure;
use crate::cli::pin;
use crate::cli::table::moment;
use crate::cli::words;
use crate::desk::api::{SITE_HEADER, ZONE_HEADER};
use crate::desk::keys::{BadKey, Key};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// How long the door may take to open.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an ordinary answer may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// The most rows that a part of a list may have, as the address says it.
const LARGEST_PART: &str = "10000";
/// Longest line of a stream, bytes: the result of a sweep of a very large room.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// Which collector is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// The unix socket of this machine.
    Socket(PathBuf),
    /// The desk, with an API key.
    Desk {
        /// Its address: `https://rollcall.school.example:8443`
        url: String,
        /// The key's text.
        key: String,
    },
}

/// A way to the collector. Nothing is sent until something is asked.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    door: Door,
    site: Option<String>,
    zone: OnceLock<TimeZone>,
}

/// A query: names and values.
pub type Query<'a> = &'a [(&'a str, Option<String>)];

impl Client {
    /// Makes ready to talk through a door.
    ///
    /// # Errors
    /// The address or the key is not one.
    pub fn new(door: Door, site: Option<String>) -> Result<Self, Failure> {
        let builder = reqwest::Client::builder().connect_timeout(CONNECT).redirect(reqwest::redirect::Policy::none());
        let (builder, base, pin) = match &door {
            Door::Socket(path) => (builder.unix_socket(path.as_path()), "http://rollcall".to_owned(), [0; 32]),
            Door::Desk { url, key } => {
                let key = Key::parse(key).map_err(|bad: BadKey| Failure::Usage(bad.to_string()))?;
                (builder.no_proxy().https_only(true), url.trim_end_matches('/').to_owned(), key.pin)
            }
        };
        let tls = pin::trusting(pin).map_err(|error| Failure::here("TLS", &error))?;
        let http = builder.tls_backend_preconfigured(tls).build().map_err(|error| Failure::here("HTTP client", &error))?;
        let scheme = if matches!(door, Door::Socket(_)) { "http" } else { "https" };
        let base = Url::parse(&base).ok().filter(|url| url.scheme() == scheme && url.has_host());
        let base = base.ok_or_else(|| Failure::Usage("--desk wants an address such as https://rollcall.school.example:8443".to_owned()))?;
        Ok(Self { http, base, door, site, zone: OnceLock::new() })
    }

    /// Asks a question; of a list that comes in parts, for all of them, unless a limit is set.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn get(&self, path: &[&str], query: Query<'_>) -> Result<Value, Failure> {
        let bounded = query.iter().any(|(name, value)| *name == "limit" && value.is_some());
        let response = self.call(Method::GET, path, query, None, Some(PATIENCE)).await?;
        let mut next = next_part(response.headers()).filter(|_| !bounded);
        let mut answer = self.read(response).await?;
        while let (Some(part), Value::Array(rows)) = (next, &mut answer) {
            let mut url = self.url(path, &[]);
            url.set_query(Some(&part));
            // The whole list is wanted, and each part costs the collector a look at all of it: as few as may be.
            let larger = |(name, value): (String, String)| if name == "limit" { (name, LARGEST_PART.to_owned()) } else { (name, value) };
            let pairs: Vec<_> = url.query_pairs().into_owned().map(larger).collect();
            url.query_pairs_mut().clear().extend_pairs(pairs);
            let response = self.sent(self.http.get(url).timeout(PATIENCE)).await?;
            next = next_part(response.headers());
            match self.read(response).await? {
                Value::Array(more) if !more.is_empty() => rows.extend(more),
                _ => break,
            }
        }
        Ok(answer)
    }

    /// Asks for a change.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&self, method: Method, path: &[&str], body: Value) -> Result<Value, Failure> {
        let response = self.call(method, path, &[], Some(body), Some(PATIENCE)).await?;
        self.read(response).await
    }

    /// Asks for something to be made or done.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn post(&self, path: &[&str], body: Value) -> Result<Value, Failure> {
        self.send(Method::POST, path, body).await
    }

    /// Asks for long work that gives one answer, however long that takes.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn wait(&self, path: &[&str], body: Value) -> Result<Value, Failure> {
        let response = self.call(Method::POST, path, &[], Some(body), None).await?;
        self.read(response).await
    }

    /// Asks for long work; `told` hears of its progress. What comes of it is the answer.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn work(&self, path: &[&str], body: Value, told: impl FnMut(&Value)) -> Result<Value, Failure> {
        let response = self.call(Method::POST, path, &[], Some(body), None).await?;
        self.outcome(response, told).await
    }

    async fn outcome(&self, response: Response, mut told: impl FnMut(&Value)) -> Result<Value, Failure> {
        let mut outcome = None;
        self.each_line(response, |line| {
            if let Some(progress) = line.get("progress") {
                told(progress);
            } else {
                outcome = Some(line);
            }
        })
        .await?;
        let outcome = outcome.ok_or_else(|| self.unreachable("it broke off before the work was done"))?;
        match outcome.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(refused(outcome.get("problem").unwrap_or(&Value::Null), 500)),
        }
    }

    /// Sends bytes, with what is asked of them in the query.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn upload(&self, path: &[&str], query: Query<'_>, bytes: Vec<u8>) -> Result<Value, Failure> {
        let response = self.call_with(Method::POST, path, query, |request| request.body(bytes)).await?;
        self.read(response).await
    }

    /// Sends bytes that take long work; `told` hears of its progress. What comes of it is the answer.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn upload_work(&self, path: &[&str], query: Query<'_>, bytes: Vec<u8>, told: impl FnMut(&Value)) -> Result<Value, Failure> {
        let response = self.call_with(Method::POST, path, query, |request| request.body(bytes)).await?;
        self.outcome(response, told).await
    }

    /// Follows a stream until it ends; `told` hears of every line.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn follow(&self, path: &[&str], query: Query<'_>, told: impl FnMut(Value)) -> Result<(), Failure> {
        let response = self.call(Method::GET, path, query, None, None).await?;
        self.each_line(response, told).await
    }

    /// Asks for bytes; the response streams them.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn download(&self, path: &[&str]) -> Result<Response, Failure> {
        self.call(Method::POST, path, &[], Some(Value::Object(serde_json::Map::new())), None).await
    }

    /// Asks for bytes.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn fetch(&self, path: &[&str], query: Query<'_>) -> Result<Vec<u8>, Failure> {
        let response = self.call(Method::GET, path, query, None, None).await?;
        Ok(response.bytes().await.map_err(|error| self.broke_off(&error))?.to_vec())
    }

    /// Asks for bytes to be made; what is said of them stands in the headers.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn bytes(&self, path: &[&str], body: Value) -> Result<(HeaderMap, Vec<u8>), Failure> {
        let response = self.call(Method::POST, path, &[], Some(body), None).await?;
        let headers = response.headers().clone();
        Ok((headers, response.bytes().await.map_err(|error| self.broke_off(&error))?.to_vec()))
    }

    /// A moment in a sentence, in the site's own time: "2026-11-29 23:59"; empty when it is none.
    pub fn when(&self, at: &Value) -> String {
        let zone = self.zone.get().cloned().unwrap_or(TimeZone::UTC);
        moment(at).map(|at| words::day_and_time(at, &zone)).unwrap_or_default()
    }

    /// Why a stream broke off, in words.
    pub fn broke_off(&self, error: &reqwest::Error) -> Failure {
        self.unreachable(&root_cause(error))
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: Query<'_>,
        body: Option<Value>,
        patience: Option<Duration>,
    ) -> Result<Response, Failure> {
        self.call_with(method, path, query, |request| {
            let request = match body {
                Some(body) => request.json(&body),
                None => request,
            };
            match patience {
                Some(patience) => request.timeout(patience),
                None => request,
            }
        })
        .await
    }

    async fn call_with(
        &self,
        method: Method,
        path: &[&str],
        query: Query<'_>,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        self.sent(with(self.http.request(method, self.url(path, query)))).await
    }

    async fn sent(&self, mut request: RequestBuilder) -> Result<Response, Failure> {
        if let Some(site) = &self.site {
            request = request.header(SITE_HEADER, site);
        }
        if let Door::Desk { key, .. } = &self.door {
            request = request.bearer_auth(key.trim());
        }
        let response = request.send().await.map_err(|error| self.unreachable(&root_cause(&error)))?;
        let zone = response.headers().get(ZONE_HEADER).and_then(|zone| TimeZone::get(zone.to_str().ok()?).ok());
        self.zone.get_or_init(|| zone.unwrap_or(TimeZone::UTC));
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem = response.json::<Value>().await.unwrap_or_default();
        Err(refused(&problem, status.as_u16()))
    }

    fn url(&self, path: &[&str], query: Query<'_>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        for (name, value) in query.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            url.query_pairs_mut().append_pair(name, value);
        }
        url
    }

    async fn read(&self, response: Response) -> Result<Value, Failure> {
        response.json().await.map_err(|error| self.unreachable(&root_cause(&error)))
    }

    async fn each_line(&self, response: Response, mut told: impl FnMut(Value)) -> Result<(), Failure> {
        let mut bytes = response.bytes_stream();
        let mut waiting = Vec::new();
        while let Some(piece) = bytes.next().await {
            waiting.extend_from_slice(&piece.map_err(|error| self.broke_off(&error))?);
            while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = waiting.drain(..=end).collect();
                told(serde_json::from_slice(&line).map_err(|error| self.unreachable(&format!("it answered with no JSON: {error}")))?);
            }
            if waiting.len() > LONGEST_LINE {
                return Err(self.unreachable("it answered with a line without an end"));
            }
        }
        Ok(())
    }

    /// Nobody answers: says where, why, and what to do.
    fn unreachable(&self, why: &str) -> Failure {
        Failure::Unreachable(match &self.door {
            Door::Socket(path) if why.contains("ermission denied") => return Failure::Refused(closed_socket(path)),
            Door::Socket(path) => no_socket(path, why),
            Door::Desk { url, .. } if why.contains("UnknownIssuer") => {
                format!("{url} is not the desk that this API key was made for; check the address, or make a key on that collector")
            }
            Door::Desk { url, .. } if why.contains("NotValidForName") || why.contains("not valid for name") => {
                format!("the site's own certificate does not name {url}: use an address with a name that it names")
            }
            Door::Desk { url, .. } => format!("the collector does not answer at {url}: {why}; check the address and that it runs"),
        })
    }
}

/// The query of the next part of a list.
fn next_part(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(reqwest::header::LINK)?.to_str().ok()?;
    let (address, kind) = link.strip_prefix('<')?.split_once('>')?;
    let (_, query) = address.split_once('?').filter(|_| kind.contains("rel=\"next\""))?;
    Some(query.to_owned())
}

/// What lies at the bottom of an error: all above it says only that a request was sent.
fn root_cause(error: &dyn std::error::Error) -> String {
    let bottom = std::iter::successors(error.source(), |cause| cause.source()).last();
    bottom.map_or_else(|| error.to_string(), ToString::to_string)
}

fn closed_socket(path: &Path) -> String {
    format!("{}: only root and the collector's own user may use it; call rollcall with sudo, or use --desk URL", path.display())
}

fn no_socket(path: &Path, why: &str) -> String {
    let folder = path.parent().unwrap_or(path).display();
    let why = if why.contains("No such file") { "there is no such socket" } else { why };
    let asks = "start one with `rollcall serve`, name its folder with --data, or use --desk URL from another machine";
    format!("no collector answers in {folder} ({}: {why}); {asks}", path.display())
}

fn refused(problem: &Value, status: u16) -> Failure {
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(status);
    let detail = problem["detail"].as_str().map_or_else(|| format!("the collector answered with status {status}"), str::to_owned);
    Failure::Answered { status, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client::new(Door::Socket("/nowhere/rollcall.sock".into()), None).unwrap()
    }

    #[test]
    fn names_are_no_paths() {
        let url = client().url(&["rooms", "Lab 1?#/..", "x"], &[("search", Some("a&b".to_owned())), ("room", None)]);
        assert_eq!(url.as_str(), "http://rollcall/api/v1/rooms/Lab%201%3F%23%2F../x?search=a%26b");
    }

    #[tokio::test]
    async fn nobody_home_is_told_with_what_to_do() {
        let failure = client().get(&["status"], &[]).await.unwrap_err();
        assert_eq!(failure.exit() as u8, 4);
        assert!(failure.to_string().starts_with("no collector answers in /nowhere"), "{failure}");
        assert!(failure.to_string().contains("rollcall serve"), "{failure}");
    }

    #[test]
    fn a_socket_that_is_not_ours_is_refused() {
        let failure = client().unreachable("Permission denied (os error 13)");
        assert!(failure.exit() as u8 == 3 && failure.to_string().contains("sudo"), "{failure}");
    }

    #[test]
    fn an_address_without_tls_or_key_is_refused() {
        let check = |url: &str, key: &str| Client::new(Door::Desk { url: url.to_owned(), key: key.to_owned() }, None).is_err();
        assert!(check("https://desk:8443", "no key"));
        let key = format!("rk1.1.{0}.{0}", "A".repeat(43));
        assert!(check("desk", &key));
        assert!(check("http://desk:8443", &key));
        assert!(!check("https://desk:8443/", &key));
    }
}
