//! A school's own sign-in on this machine: a real provider of OpenID Connect, with TLS under a CA of its own; and a browser without pages
//! that goes where it is sent.

use crate::authority::Issued;
use anyhow::{Context, bail, ensure};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode, Url, redirect};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// The provider as a script.
const SCRIPT: &str = include_str!("provider.mjs");
/// The secret that the desk and the provider share: one that must be encoded, of the characters that RFC 6749 (A.2) allows.
pub const SECRET: &str = "a secret: with+odd/characters% & more";
/// Most redirects that are followed.
const MOST: usize = 12;

/// Where the provider says what somebody's groups are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claims {
    /// In the token.
    InTheToken,
    /// Beside it, when it is asked.
    Beside,
}

/// A provider that runs.
pub struct Provider {
    folder: PathBuf,
    at: SocketAddr,
    _running: Child,
}

impl Provider {
    /// Starts one that leads back to a desk at `desk`, `https://HOST:PORT`.
    ///
    /// # Errors
    /// There is no node with oidc-provider here, or it does not start.
    pub async fn start(folder: &Path, desk: &str, claims: Claims) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let Issued { ca, certificate, key } = Issued::to("localhost")?;
        let setting = json!({ "secret": SECRET, "redirect_uri": format!("{desk}/sign-in/oidc/back"), "beside": claims == Claims::Beside });
        for (name, text) in [
            ("ca.pem", ca.pem()),
            ("cert.pem", certificate.pem()),
            ("key.pem", key.serialize_pem()),
            ("secret", SECRET.to_owned()),
            ("setting.json", setting.to_string()),
            ("accounts.json", "{}".to_owned()),
            ("provider.mjs", SCRIPT.to_owned()),
        ] {
            std::fs::write(folder.join(name), text)?;
        }
        let at = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let modules = std::env::var("ROLLCALL_NPM").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/npm").to_owned());
        let log = std::fs::File::create(folder.join("log"))?;
        let mut command = Command::new("node");
        command.arg(folder.join("provider.mjs")).arg(folder).args([&at.port().to_string(), &modules]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let mut running = command.spawn().context("node does not start: run the stories with tests/run, which installs it")?;
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(at).is_err() {
            if running.try_wait()?.is_some() || Instant::now() > end {
                let words = std::fs::read_to_string(folder.join("log"))?;
                bail!("the provider does not run; tests/run installs oidc-provider where it looks for it, {modules}\n{words}");
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { folder: folder.to_owned(), at, _running: running })
    }

    /// Its own name.
    pub fn issuer(&self) -> String {
        format!("https://localhost:{}", self.at.port())
    }

    /// A file of its folder: "ca.pem", "secret".
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// Says what it knows of people from now on.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn knows(&self, accounts: &Value) -> anyhow::Result<()> {
        Ok(std::fs::write(self.folder.join("accounts.json"), accounts.to_string())?)
    }
}

/// A browser without pages: it keeps cookies by host and port, and goes where it is sent.
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where a browser came to.
#[derive(Clone, Debug)]
pub struct Page {
    /// The address.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The text.
    pub text: String,
}

/// What somebody does who is asked by the provider who they are.
#[derive(Clone, Copy, Debug)]
pub enum Says<'a> {
    /// They are this one.
    Am(&'a str),
    /// They do not want to.
    No,
}

impl Browser {
    /// A fresh one.
    ///
    /// # Errors
    /// The client can't be made.
    pub fn fresh() -> anyhow::Result<Self> {
        rustls::crypto::ring::default_provider().install_default().ok();
        // The certificates are the tests' own, and this is this very machine.
        let client = Client::builder().tls_danger_accept_invalid_certs(true).redirect(redirect::Policy::none()).build()?;
        Ok(Self { client, cookies: BTreeMap::new() })
    }

    /// Goes to an address once, and follows nothing; where it is sent then.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn step(&mut self, url: &Url) -> anyhow::Result<(Page, Option<Url>)> {
        let jar = self.cookies.entry(url.authority().to_owned()).or_default();
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self.client.get(url.clone()).header(COOKIE, cookies.join("; ")).send().await?;
        for cookie in answer.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()) {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            if value.is_empty() {
                jar.remove(name)
            } else {
                jar.insert(name.to_owned(), value.to_owned())
            };
        }
        let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
        let (status, url) = (answer.status(), url.clone());
        Ok((Page { url, status, text: answer.text().await? }, to))
    }

    /// Goes to an address and wherever that leads; says so at the provider when it is asked.
    ///
    /// # Errors
    /// Nobody answers, or it goes round in circles.
    pub async fn go(&mut self, url: &str, says: Says<'_>) -> anyhow::Result<Page> {
        let mut url: Url = url.parse()?;
        for _ in 0..MOST {
            if url.path().starts_with("/login/") {
                match says {
                    Says::Am(name) => url.query_pairs_mut().append_pair("as", name),
                    Says::No => url.query_pairs_mut().append_pair("deny", "1"),
                };
            }
            match self.step(&url).await? {
                (_, Some(to)) => url = to,
                (page, None) => return Ok(page),
            }
        }
        bail!("round in circles, at {url}")
    }

    /// Goes on from a page that leads on by itself.
    ///
    /// # Errors
    /// It does not, or nobody answers.
    pub async fn on(&mut self, page: &Page) -> anyhow::Result<Page> {
        let to = page.text.split("content=\"0;url=").nth(1).and_then(|rest| rest.split('"').next());
        let to = to.with_context(|| format!("{} leads nowhere: {}", page.url, page.text))?;
        ensure!(page.status.is_success(), "{}: {}", page.url, page.status);
        self.go(page.url.join(to)?.as_str(), Says::No).await
    }

    /// Forgets every cookie of a host whose name begins so.
    pub fn forget(&mut self, begin: &str) {
        self.cookies.values_mut().for_each(|jar| jar.retain(|name, _| !name.starts_with(begin)));
    }
}
