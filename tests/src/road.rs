//! A road of its own for one agent: it can be cut, slowed, and have another clock, and neither side knows of it.
//!
//! It stands between the two with the agent's key and a CA that the agent is made to trust, because the agent would leave a plain relay:
//! every welcome names the collector's own addresses.

use crate::authority::Issued;
use crate::wire::{Line, Wire};
use anyhow::Context;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rollcall_agent::identity::Identity;
use rollcall_agent::tls::{ServerTime, attendance};
use rollcall_proto::MAX_MESSAGE;
use rollcall_proto::v1::attendance_client::AttendanceClient;
use rollcall_proto::v1::attendance_server::{Attendance, AttendanceServer};
use rollcall_proto::v1::{FromAgent, FromCollector, from_agent, from_collector};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ServerConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, Streaming};

/// Messages on their way.
const ON_THE_WAY: usize = 4;

/// A road that is open while it lives.
pub struct Road {
    address: SocketAddr,
    ca_der: Vec<u8>,
    line: Arc<Line>,
    clock: Arc<Clock>,
    open: JoinHandle<()>,
}

/// How wrong the clock of whoever takes the road is.
#[derive(Debug, Default)]
struct Clock(Mutex<Wrong>);

#[derive(Debug, Default)]
struct Wrong {
    off_ms: i64,
    /// How much more it is wrong every second, milliseconds, and since when.
    drift: Option<(i64, Instant)>,
}

impl Road {
    /// Builds a road to the collector of this identity.
    ///
    /// # Errors
    /// There is no port, or the identity is not one.
    pub async fn build(identity: &Identity) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (line, clock) = (Arc::<Line>::default(), Arc::<Clock>::default());
        let (ca_der, tls) = guise(&identity.server_name)?;
        let beyond = Beyond {
            address: identity.addresses.first().context("the identity names no address")?.clone(),
            name: ServerName::try_from(identity.server_name.clone())?,
            tls: attendance(identity, ServerTime::said(0))?,
            line: Arc::clone(&line),
            clock: Arc::clone(&clock),
        };
        let open = tokio::spawn(let_in(listener, TlsAcceptor::from(Arc::new(tls)), Arc::new(beyond)));
        Ok(Self { address, ca_der, line, clock, open })
    }

    /// The identity of an agent that takes this road.
    #[must_use]
    pub fn lead(&self, identity: Identity) -> Identity {
        Identity { addresses: vec![self.address.to_string()], ca_der: self.ca_der.clone(), ..identity }
    }

    /// The line that the road runs over.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Makes the clock of whoever takes the road wrong by so many milliseconds, and by so many more every second from now on.
    pub fn set_clock(&self, off_ms: i64, drift_ms_per_s: i64) {
        let drift = (drift_ms_per_s != 0).then(|| (drift_ms_per_s, Instant::now()));
        *self.clock.0.lock().unwrap_or_else(PoisonError::into_inner) = Wrong { off_ms, drift };
    }
}

impl Drop for Road {
    fn drop(&mut self) {
        self.open.abort();
    }
}

impl Clock {
    /// Sets the times of a message as the wrong clock would.
    fn set(&self, word: &mut FromAgent) {
        let off_ms = self.off_ms();
        let at = match &mut word.message {
            Some(from_agent::Message::Hello(hello)) => &mut hello.clock_ms,
            Some(from_agent::Message::Entry(entry)) => &mut entry.at_ms,
            Some(from_agent::Message::Heartbeat(heartbeat)) => match &mut heartbeat.health {
                Some(health) => &mut health.at_ms,
                None => return,
            },
            _ => return,
        };
        *at = at.saturating_add(off_ms);
    }

    fn off_ms(&self) -> i64 {
        let wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drifted = wrong.drift.map(|(ms, since)| (since.elapsed().as_secs_f64() * ms as f64) as i64);
        wrong.off_ms.saturating_add(drifted.unwrap_or_default())
    }
}

/// A CA and a server under it that has the collector's name.
fn guise(name: &str) -> anyhow::Result<(Vec<u8>, ServerConfig)> {
    let Issued { ca, certificate, key } = Issued::to(name)?;
    let chain = vec![certificate.der().clone(), ca.der().clone()];
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut tls = tls.with_single_cert(chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))?;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Ok((ca.der().to_vec(), tls))
}

async fn let_in(listener: TcpListener, tls: TlsAcceptor, beyond: Arc<Beyond>) {
    // What dies with the road: its connections.
    let mut callers = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, beyond) = (tls.clone(), Arc::clone(&beyond));
        callers.spawn(async move {
            let Ok(stream) = tls.accept(Wire::new(stream, Arc::clone(&beyond.line))).await else { return };
            let service = AttendanceServer::from_arc(beyond).max_decoding_message_size(MAX_MESSAGE);
            let served = auto::Builder::new(TokioExecutor::new()).http2_only();
            // However it ends, the agent has seen it.
            served.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await.ok();
        });
        while callers.try_join_next().is_some() {}
    }
}

/// The way on from the road's end to the collector.
struct Beyond {
    address: String,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
    line: Arc<Line>,
    clock: Arc<Clock>,
}

impl Beyond {
    async fn channel(&self) -> anyhow::Result<Channel> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let wire = Wire::new(stream, Arc::clone(&self.line));
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(self.name.clone(), wire).await?;
        let mut once = Some(TokioIo::new(stream));
        let connect = tower::service_fn(move |_| {
            let stream = once.take().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotConnected));
            std::future::ready(stream)
        });
        Ok(Endpoint::from_static("http://rollcall.internal").connect_with_connector(connect).await?)
    }
}

#[tonic::async_trait]
impl Attendance for Beyond {
    type AttendStream = Pin<Box<dyn Stream<Item = Result<FromCollector, Status>> + Send>>;

    async fn attend(&self, request: Request<Streaming<FromAgent>>) -> Result<Response<Self::AttendStream>, Status> {
        let channel = self.channel().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let (say, words) = mpsc::channel(ON_THE_WAY);
        let (mut said, clock) = (request.into_inner(), Arc::clone(&self.clock));
        tokio::spawn(async move {
            while let Ok(Some(mut word)) = said.message().await {
                clock.set(&mut word);
                if say.send(word).await.is_err() {
                    return;
                }
            }
        });
        let mut client = AttendanceClient::new(channel).max_decoding_message_size(MAX_MESSAGE);
        let heard = client.attend(ReceiverStream::new(words)).await?.into_inner();
        Ok(Response::new(Box::pin(heard.map(|told| told.map(without_addresses)))))
    }
}

/// An agent that heard of the collector's addresses would leave the road.
fn without_addresses(mut told: FromCollector) -> FromCollector {
    if let Some(from_collector::Message::Welcome(welcome)) = &mut told.message {
        welcome.addresses.clear();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1::{Heartbeat, Hello};

    #[test]
    fn a_wrong_clock_shows_in_what_is_said() {
        let said = |clock: &Clock, message| {
            let mut word = FromAgent { message: Some(message) };
            clock.set(&mut word);
            word.message
        };
        let clock = Clock(Mutex::new(Wrong { off_ms: -5_000, drift: None }));
        let hello = from_agent::Message::Hello(Hello { clock_ms: 20_000, ..Hello::default() });
        assert!(matches!(said(&clock, hello), Some(from_agent::Message::Hello(hello)) if hello.clock_ms == 15_000));
        let beat = from_agent::Message::Heartbeat(Heartbeat::default());
        assert_eq!(said(&clock, beat.clone()), Some(beat));
        let since = Instant::now().checked_sub(std::time::Duration::from_secs(2)).unwrap();
        let drifting = Clock(Mutex::new(Wrong { off_ms: 0, drift: Some((1_000, since)) }));
        assert!((2_000..3_000).contains(&drifting.off_ms()), "{}", drifting.off_ms());
    }
}
