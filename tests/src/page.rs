//! A page of the desk that somebody has open: signed in, it follows the stream of changes and fetches itself again as the browser's script does.

use crate::process::CollectorProcess;
use anyhow::{Context, bail, ensure};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, redirect};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// As `desk.js` has it: so long after a change, or after it fetched itself last.
const AFTER_CHANGE: Duration = Duration::from_millis(60);
const BETWEEN: Duration = Duration::from_millis(500);
/// A password for a minute.
const PASSWORD: &str = "correct horse battery staple";

/// Somebody who is signed in at the desk.
pub struct Visitor {
    client: Client,
    base: String,
    cookie: String,
}

/// A page that is open.
pub struct OpenPage<'a> {
    visitor: &'a Visitor,
    path: String,
    stream: Response,
    /// What came of the stream and is no whole message yet.
    heard: String,
    /// What it shows, and since when.
    page: String,
    fetched: Instant,
}

impl Visitor {
    /// Makes the first account with the link that a new collector prints; of several starts, the last one's.
    ///
    /// # Errors
    /// There is no such link, or it is refused.
    pub async fn first(process: &CollectorProcess) -> anyhow::Result<Self> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let words = process.words();
        let is_link = |word: &&str| word.starts_with("https://") && word.contains("/welcome/");
        let link = words.split_whitespace().rfind(is_link).context("the collector prints no link for the first account")?;
        let path = link.splitn(4, '/').nth(3).context("a link without a path")?;
        let base = format!("https://localhost:{}", process.ports.desk.port());
        // The certificate is the site's own, and this is this very machine.
        let client = Client::builder().tls_danger_accept_invalid_certs(true).redirect(redirect::Policy::none()).build()?;
        let form = format!("name=maria&password={0}&again={0}&hours=", PASSWORD.replace(' ', "+"));
        let request = client.post(format!("{base}/{path}")).header(ORIGIN, &base).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(form).send().await?;
        ensure!(answer.headers().contains_key(LOCATION), "the first account is not made: {}", answer.status());
        let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).context("no session")?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { client, base, cookie })
    }

    /// Opens a page, and the stream of changes with it.
    ///
    /// # Errors
    /// The desk does not answer.
    pub async fn open(&self, path: &str) -> anyhow::Result<OpenPage<'_>> {
        let stream = self.get("/live").await?;
        let page = self.get(path).await?.text().await?;
        Ok(OpenPage { visitor: self, path: path.to_owned(), stream, heard: String::new(), page, fetched: Instant::now() })
    }

    /// Sends a form, and gives the page to which that leads.
    ///
    /// # Errors
    /// The desk does not answer, or leads nowhere.
    pub async fn post(&self, path: &str, form: &str) -> anyhow::Result<String> {
        let request = self.client.post(format!("{}{path}", self.base)).header(COOKIE, &self.cookie).header(ORIGIN, &self.base);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await?;
        let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let to = to.with_context(|| format!("{path} leads nowhere: {}", answer.status()))?;
        Ok(self.get(&to).await?.text().await?)
    }

    /// A page as it comes, and how many bytes it took on the way, packed.
    ///
    /// # Errors
    /// The desk does not answer, or refuses.
    pub async fn packed(&self, path: &str) -> anyhow::Result<usize> {
        let request = self.client.get(format!("{}{path}", self.base)).header(COOKIE, &self.cookie);
        let answer = request.header(ACCEPT_ENCODING, "gzip").send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        // Nothing unpacks it here.
        Ok(answer.bytes().await?.len())
    }

    async fn get(&self, path: &str) -> anyhow::Result<Response> {
        let answer = self.client.get(format!("{}{path}", self.base)).header(COOKIE, &self.cookie).send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(answer)
    }
}

impl OpenPage<'_> {
    /// Waits until the page shows what is wanted; it is fetched again only when the stream names one of its parts.
    ///
    /// # Errors
    /// It does not within `patience`.
    pub async fn until(&mut self, patience: Duration, wanted: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + patience;
        while !wanted(&self.page) {
            let named = timeout_at(end, self.change()).await;
            let topics = named.with_context(|| format!("{} does not show it within {} s", self.path, patience.as_secs()))??;
            if concerns(&self.page, &topics) {
                sleep(AFTER_CHANGE.max((self.fetched + BETWEEN).saturating_duration_since(Instant::now()))).await;
                self.fetched = Instant::now();
                self.page = self.visitor.get(&self.path).await?.text().await?;
            }
        }
        Ok(())
    }

    /// The topics of the next change.
    async fn change(&mut self) -> anyhow::Result<BTreeSet<String>> {
        loop {
            while let Some((message, rest)) = self.heard.split_once("\n\n") {
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
                let (event, data) = (field("event:"), field("data:"));
                self.heard = rest.to_owned();
                if event == "change" {
                    return Ok(data.split(' ').map(str::to_owned).collect());
                }
            }
            let Some(bytes) = self.stream.chunk().await? else { bail!("the stream of changes has ended") };
            self.heard.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
}

/// Whether one of the page's parts follows one of these topics.
fn concerns(page: &str, topics: &BTreeSet<String>) -> bool {
    let parts = page.split("data-live=\"").skip(1).filter_map(|rest| rest.split('"').next());
    topics.contains("all") || parts.flat_map(|part| part.split(' ')).any(|topic| topics.contains(topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_concerned_by_what_its_parts_name() {
        let page = r#"<p id="a" data-live="alert asset-1">x</p><p id="b" data-live="room-2">y</p>"#;
        let check = |topic: &str, want: bool| assert_eq!(concerns(page, &BTreeSet::from([topic.to_owned()])), want, "{topic}");
        check("room-2", true);
        check("asset-1", true);
        check("all", true);
        check("loan", false);
    }
}
