//! A webhook's receiver: what a site's own script would be.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// One delivery: the headers by lower-case name, and the body.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// Receives deliveries on this machine.
pub struct Hook {
    address: SocketAddr,
    posted: mpsc::UnboundedReceiver<Posted>,
    answer: Arc<Mutex<&'static str>>,
}

impl Hook {
    /// Begins to receive, and answers 204.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (told, posted) = mpsc::unbounded_channel();
        let hook = Self { address: listener.local_addr()?, posted, answer: Arc::new(Mutex::new("204 No Content")) };
        let answer = Arc::clone(&hook.answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, told.clone(), Arc::clone(&answer)));
            }
        });
        Ok(hook)
    }

    /// The address to set the channel to.
    pub fn url(&self) -> String {
        format!("http://{}/alerts", self.address)
    }

    /// Answers otherwise from now on: "503 Service Unavailable".
    pub fn answer(&self, answer: &'static str) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    /// The next delivery, within 15 s.
    ///
    /// # Errors
    /// None came.
    pub async fn next(&mut self) -> anyhow::Result<Posted> {
        timeout(Duration::from_secs(15), self.posted.recv())
            .await
            .context("nothing was delivered within 15 s")?
            .context("the receiver is gone")
    }

    /// What was delivered and not yet looked at.
    pub fn waiting(&mut self) -> Vec<Posted> {
        std::iter::from_fn(|| self.posted.try_recv().ok()).collect()
    }
}

async fn serve(stream: TcpStream, told: mpsc::UnboundedSender<Posted>, answer: Arc<Mutex<&'static str>>) {
    let mut stream = BufReader::new(stream);
    while let Ok(posted) = read(&mut stream).await {
        let answer = *answer.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        told.send(posted).ok();
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Posted> {
    let mut headers = BTreeMap::new();
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        bail!("the sender is gone");
    }
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Posted { headers, body: String::from_utf8(body)? })
}
