//! Peers that mean harm: raw sockets, broken TLS, broken HTTP/2, and words that a real agent never says.

use crate::pc::{Pc, software};
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rollcall::clock::Clock;
use rollcall_agent::identity::Identity;
use rollcall_agent::tls::{ServerTime, attendance};
use rollcall_proto::v1::attendance_client::AttendanceClient;
use rollcall_proto::v1::from_agent::Message as Say;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::{Cause, Entry, FromAgent, FromCollector, Hello, SectionBytes, SectionState};
use rollcall_proto::{Digest, MAX_SECTION, pack};
use rustls::pki_types::ServerName;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::codegen::http;
use tonic::transport::Endpoint;

/// How long the collector may take to hang up or refuse.
const PATIENCE: Duration = Duration::from_secs(20);
/// Sockets that are opened and say nothing.
const IDLE: usize = 200;
/// Streams that are opened and reset at once.
const RESETS: usize = 2_000;

/// An attack: nothing when the collector stood it and refused it, else how it gave way.
pub struct Attack {
    /// In a few words.
    pub what: &'static str,
    run: for<'a> fn(&'a Peer) -> Trying<'a>,
}

/// An attack under way.
type Trying<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'a>>;

/// Every attack, alphabetical.
pub const ATTACKS: &[Attack] = &[
    Attack { what: "a certificate of its own making", run: |peer| Box::pin(peer.own_certificate()) },
    Attack { what: "a message of a gigabyte", run: |peer| Box::pin(peer.oversize()) },
    Attack { what: "a section that never ends", run: |peer| Box::pin(peer.section(|_| pack(&vec![0; MAX_SECTION * 4]))) },
    Attack { what: "bytes with another digest", run: |peer| Box::pin(peer.section(|_| pack(b"something else"))) },
    Attack { what: "garbage", run: |peer| Box::pin(peer.garbage()) },
    Attack { what: "idle sockets", run: |peer| Box::pin(peer.idle()) },
    Attack { what: "rapid resets", run: |peer| Box::pin(peer.resets()) },
    Attack { what: "reports before a hello", run: |peer| Box::pin(peer.no_hello()) },
];

/// Somebody who took a PC's key.
pub struct Peer {
    identity: Identity,
    address: String,
    pc: Pc,
}

/// What is said and heard on an open stream.
type Talk = (mpsc::Sender<FromAgent>, Streaming<FromCollector>);

impl Peer {
    /// With this key, of this PC.
    ///
    /// # Errors
    /// The identity names no address.
    pub fn new(identity: Identity, pc: Pc) -> anyhow::Result<Self> {
        let address = identity.addresses.first().context("the identity names no address")?.clone();
        Ok(Self { identity, address, pc })
    }

    /// Tries every attack, one after another; gives what became of each.
    pub async fn attack(&self) -> Vec<(&'static str, anyhow::Result<()>)> {
        let mut outcomes = Vec::new();
        for attack in ATTACKS {
            let outcome = timeout(PATIENCE * 2, (attack.run)(self)).await;
            outcomes.push((attack.what, outcome.unwrap_or_else(|_| bail!("the collector neither refused nor hung up"))));
        }
        outcomes
    }

    async fn idle(&self) -> anyhow::Result<()> {
        let mut idle = Vec::new();
        for _ in 0..IDLE {
            idle.push(TcpStream::connect(&self.address).await?);
        }
        sleep(Duration::from_millis(500)).await;
        Ok(())
    }

    async fn garbage(&self) -> anyhow::Result<()> {
        for garbage in [&[0xa5; 4096][..], b"GET / HTTP/1.1\r\nhost: rollcall\r\n\r\n", b"\x16\x03\x01\xff\xff\x01garbage"] {
            let mut stream = TcpStream::connect(&self.address).await?;
            // The other side may hang up while this is written.
            stream.write_all(garbage).await.ok();
            ends(&mut stream).await?;
        }
        let mut stream = self.stream(self.identity.clone()).await?;
        stream.write_all(&[0x5a; 4096]).await.ok();
        ends(&mut stream).await
    }

    async fn own_certificate(&self) -> anyhow::Result<()> {
        let key = KeyPair::generate()?;
        let certificate_der = CertificateParams::new(vec![self.identity.server_name.clone()])?.self_signed(&key)?.der().to_vec();
        let own = Identity { key_der: key.serialize_der(), certificate_der, ..self.identity.clone() };
        // With TLS 1.3 the client learns only afterwards that its certificate was not taken.
        match self.stream(own).await {
            Ok(mut stream) => ends(&mut stream).await,
            Err(_) => Ok(()),
        }
    }

    async fn oversize(&self) -> anyhow::Result<()> {
        let (send, connection) = self.h2().await?;
        let mut send = send.ready().await?;
        let (answer, mut body) = send.send_request(attend()?, false)?;
        body.send_data(Bytes::from_static(&[0, 0x40, 0, 0, 0]), false)?;
        let answer = timeout(PATIENCE, answer).await.context("no answer")?;
        if let Ok(answer) = answer {
            let mut said = answer.into_body();
            while let Some(Ok(bytes)) = timeout(PATIENCE, said.data()).await.context("the stream stays open")? {
                ensure!(bytes.len() < 4096, "it is told more than a refusal: {} bytes", bytes.len());
            }
        }
        connection.abort();
        Ok(())
    }

    async fn resets(&self) -> anyhow::Result<()> {
        let (mut send, connection) = self.h2().await?;
        for _ in 0..RESETS {
            let Ok(ready) = send.clone().ready().await else { break };
            send = ready;
            let Ok((_, mut stream)) = send.send_request(attend()?, false) else { break };
            stream.send_reset(Reason::CANCEL);
        }
        drop(send);
        timeout(PATIENCE, connection).await.context("the connection stays open")?.ok();
        Ok(())
    }

    async fn no_hello(&self) -> anyhow::Result<()> {
        let (say, mut hear) = self.talk().await?;
        say.send(said(Say::Entry(self.entry("", Digest::of(b"nothing"))))).await?;
        is_refused(&mut hear, |_| None, &say).await
    }

    /// Announces a section and sends `bytes` when it is asked for.
    async fn section(&self, bytes: fn(&Digest) -> std::io::Result<Vec<u8>>) -> anyhow::Result<()> {
        let (say, mut hear) = self.talk().await?;
        let session = uuid::Uuid::now_v7().to_string();
        let hello = Hello {
            session: session.clone(),
            boot: session.clone(),
            next: 1,
            fingerprint: Some(self.pc.fingerprint()),
            host_name: self.pc.name.clone(),
            clock_ms: now_ms(),
            ..Hello::default()
        };
        say.send(said(Say::Hello(hello))).await?;
        // A list that nobody else has: it will be asked for.
        let list = software(&[("rogue", session.as_str())]);
        say.send(said(Say::Entry(self.entry(&session, list.digest)))).await?;
        let answer = |told: &Told| match told {
            Told::Want(_) => Some(bytes(&list.digest).map(|zstd| SectionBytes { digest: list.digest.as_bytes().to_vec(), zstd })),
            _ => None,
        };
        is_refused(&mut hear, answer, &say).await
    }

    fn entry(&self, session: &str, digest: Digest) -> Entry {
        let state = SectionState { name: "software".to_owned(), digest: digest.as_bytes().to_vec(), ..SectionState::default() };
        Entry { session: session.to_owned(), number: 1, at_ms: now_ms(), full: false, sections: vec![state], cause: Cause::Packages.into() }
    }

    async fn stream(&self, identity: Identity) -> anyhow::Result<TlsStream<TcpStream>> {
        let tls = attendance(&identity, ServerTime::said(0))?;
        let name = ServerName::try_from(identity.server_name)?;
        Ok(TlsConnector::from(tls).connect(name, TcpStream::connect(&self.address).await?).await?)
    }

    async fn h2(&self) -> anyhow::Result<(SendRequest<Bytes>, tokio::task::JoinHandle<Result<(), h2::Error>>)> {
        let (send, connection) = h2::client::handshake(self.stream(self.identity.clone()).await?).await?;
        Ok((send, tokio::spawn(connection)))
    }

    async fn talk(&self) -> anyhow::Result<Talk> {
        let mut once = Some(TokioIo::new(self.stream(self.identity.clone()).await?));
        let connect = tower::service_fn(move |_| {
            let stream = once.take().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotConnected));
            std::future::ready(stream)
        });
        let channel = Endpoint::from_static("http://rollcall.internal").connect_with_connector(connect).await?;
        let (say, words) = mpsc::channel(16);
        let hear = AttendanceClient::new(channel).attend(ReceiverStream::new(words)).await?.into_inner();
        Ok((say, hear))
    }
}

/// Listens until the stream ends; what `answer` says to a word is sent. An acknowledgement would mean that the attack was let in.
async fn is_refused(
    hear: &mut Streaming<FromCollector>,
    answer: impl Fn(&Told) -> Option<std::io::Result<SectionBytes>>,
    say: &mpsc::Sender<FromAgent>,
) -> anyhow::Result<()> {
    loop {
        let told = timeout(PATIENCE, hear.message()).await.context("it is neither refused nor answered")?;
        let Ok(Some(FromCollector { message: Some(told) })) = told else { bail!("the stream ended without a refusal") };
        match &told {
            Told::Refusal(_) => return Ok(()),
            Told::Ack(_) => bail!("it was acknowledged"),
            _ => {}
        }
        if let Some(section) = answer(&told) {
            say.send(said(Say::Section(section?))).await?;
        }
    }
}

/// Waits until the other side hangs up.
async fn ends(stream: &mut (impl AsyncReadExt + Unpin)) -> anyhow::Result<()> {
    let mut told = [0; 4096];
    let mut all = 0;
    loop {
        match timeout(PATIENCE, stream.read(&mut told)).await.context("the connection stays open")? {
            Ok(0) | Err(_) => return Ok(()),
            Ok(bytes) => all += bytes,
        }
        ensure!(all < 64 * 1024, "garbage is answered at length");
    }
}

fn attend() -> anyhow::Result<http::Request<()>> {
    let request = http::Request::post("http://rollcall.internal/rollcall.v1.Attendance/Attend");
    Ok(request.header("content-type", "application/grpc").body(())?)
}

fn said(message: Say) -> FromAgent {
    FromAgent { message: Some(message) }
}

fn now_ms() -> i64 {
    Clock::system().now().as_millisecond()
}
