//! The REST interface over the collector's own socket: for loads that are too quick for commands.

use anyhow::{Context, bail};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The REST interface of one collector.
#[derive(Clone)]
pub struct Rest(Client);

impl Rest {
    /// The interface behind the socket of a data folder.
    ///
    /// # Errors
    /// The client can't be made.
    pub fn new(data: &Path) -> anyhow::Result<Self> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let client =
            Client::builder().unix_socket(data.join("rollcall.sock")).timeout(Duration::from_secs(20)).tls_certs_only([]).build()?;
        Ok(Self(client))
    }

    /// Reads.
    ///
    /// # Errors
    /// The collector is not there, or refuses.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    /// Reads a list with all its parts.
    ///
    /// # Errors
    /// The collector is not there, or refuses.
    pub async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.send(Method::GET, &path, None).await?;
            next = next_part(answer.headers());
            rows.append(&mut answer.json().await.with_context(|| path)?);
        }
        Ok(rows)
    }

    /// Changes; when this returns, the change is durable.
    ///
    /// # Errors
    /// The collector is not there, or refuses.
    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Sets.
    ///
    /// # Errors
    /// The collector is not there, or refuses.
    pub async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.ask(Method::PUT, path, Some(body)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let text = self.send(method, path, body).await?.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Response> {
        let mut request = self.0.request(method, format!("http://localhost/api/v1{path}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.with_context(|| path.to_owned())?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        bail!("{path}: {status}: {}", answer.text().await?)
    }
}

/// The path of the part that follows, below the interface.
fn next_part(headers: &HeaderMap) -> Option<String> {
    let (address, kind) = headers.get("link")?.to_str().ok()?.split_once(';')?;
    let path = address.trim().strip_prefix("</api/v1")?.strip_suffix('>')?;
    kind.contains("rel=\"next\"").then(|| path.to_owned())
}
