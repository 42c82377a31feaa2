//! Calls the collector: TCP and TLS with deadlines, then gRPC over that one connection.

use crate::identity::Identity;
use hyper_util::rt::TokioIo;
use rollcall_proto::MAX_MESSAGE;
use rollcall_proto::v1::attendance_client::AttendanceClient;
use rollcall_proto::v1::from_agent::Message;
use rollcall_proto::v1::{FromAgent, FromCollector, Hello};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

/// How long a name may take to resolve and a host to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the collector may take to open the stream.
const OPEN: Duration = Duration::from_secs(20);
/// How often the connection is tried when nothing else travels.
const PING: Duration = Duration::from_secs(20);
/// How long the answer to that may take.
const PONG: Duration = Duration::from_secs(10);
/// Most addresses tried, best first.
const ADDRESSES_LIMIT: usize = 8;
/// How rustls begins to say that a connection broke off: the rest is advice for programmers.
const ABRUPT: &str = "peer closed connection without sending TLS close_notify";
/// Messages on their way to the connection.
const IN_FLIGHT: usize = 16;

/// Why a call did not come about.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The identity names no address.
    #[error("no address of the collector is known; enrol again")]
    NoAddress,
    /// Nobody there.
    #[error("{address}: no connection")]
    Connect {
        /// The address.
        address: String,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// The TLS handshake failed: the other side is somebody else, or refused.
    #[error("{address}: no trusted connection")]
    Handshake {
        /// The address.
        address: String,
        /// The words of TLS.
        #[source]
        source: io::Error,
    },
    /// Key, certificate or CA cannot be used.
    #[error("the certificate cannot be used")]
    Tls(#[from] rustls::Error),
    /// HTTP/2 did not come about.
    #[error("{address}: no HTTP/2")]
    Transport {
        /// The address.
        address: String,
        /// What went wrong.
        #[source]
        source: tonic::transport::Error,
    },
    /// The stream was not opened.
    #[error("{address}: {}", status_words(status))]
    Refused {
        /// The address.
        address: String,
        /// The collector's answer.
        status: Box<Status>,
    },
}

impl CallError {
    /// The error with its causes, on one line.
    pub fn words(&self) -> String {
        chain(self)
    }
}

/// A status with its causes, on one line.
pub fn status_words(status: &Status) -> String {
    match status.source() {
        Some(source) => chain(source),
        None => format!("{}: {}", status.code().description(), status.message()),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    let words = match words.find(ABRUPT) {
        Some(at) => format!("{}the other side went away without a word", words.get(..at).unwrap_or_default()),
        None => words,
    };
    crate::probe::text::clean(&words)
}

/// An open roll call.
pub struct Call {
    /// Takes messages for the collector; drop it to end the stream.
    pub to_collector: mpsc::Sender<FromAgent>,
    /// Gives the collector's messages.
    pub from_collector: Streaming<FromCollector>,
    /// The address that answered.
    pub address: String,
}

/// Calls the collector with a `config` of [`crate::tls::attendance`] and says `hello`; `clock_ms` gives the wall clock at that moment.
///
/// # Errors
/// [`CallError`] of the last address tried.
pub async fn call(
    identity: &Identity,
    config: Arc<ClientConfig>,
    mut hello: Hello,
    clock_ms: impl FnOnce() -> i64,
) -> Result<Call, CallError> {
    let (channel, address) = channel(&identity.addresses, &identity.server_name, config).await?;
    let (to_collector, outgoing) = mpsc::channel(IN_FLIGHT);
    hello.clock_ms = clock_ms();
    to_collector.try_send(FromAgent { message: Some(Message::Hello(hello)) }).ok();
    let mut client = AttendanceClient::new(channel).max_decoding_message_size(MAX_MESSAGE);
    let refused = |status: Status| CallError::Refused { address: address.clone(), status: Box::new(status) };
    let opened = timeout(OPEN, client.attend(ReceiverStream::new(outgoing))).await;
    let opened = opened.unwrap_or_else(|_| Err(Status::deadline_exceeded("the collector did not answer the greeting")));
    let from_collector = opened.map_err(refused)?.into_inner();
    Ok(Call { to_collector, from_collector, address })
}

/// Opens HTTP/2 over TLS to the first of `addresses` that answers as `server_name`; gives that address too.
///
/// # Errors
/// [`CallError`] of the last address tried.
pub async fn channel(addresses: &[String], server_name: &str, config: Arc<ClientConfig>) -> Result<(Channel, String), CallError> {
    let mut last = CallError::NoAddress;
    for address in addresses.iter().take(ADDRESSES_LIMIT) {
        match connect(address, server_name, config.clone()).await {
            Ok(stream) => return Ok((http2(stream, address, server_name).await?, address.clone())),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn connect(address: &str, server_name: &str, config: Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, CallError> {
    let late = |what: &str, limit: Duration| io::Error::new(io::ErrorKind::TimedOut, format!("{what} within {} s", limit.as_secs()));
    let stream = timeout(CONNECT, TcpStream::connect(address)).await.unwrap_or_else(|_| Err(late("nobody answered", CONNECT)));
    let stream = stream.map_err(|source| CallError::Connect { address: address.to_owned(), source })?;
    let failed = |source: io::Error| CallError::Handshake { address: address.to_owned(), source };
    stream.set_nodelay(true).map_err(failed)?;
    let name = ServerName::try_from(server_name.to_owned()).map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let handshake = timeout(HANDSHAKE, TlsConnector::from(config).connect(name, stream)).await;
    handshake.unwrap_or_else(|_| Err(late("no TLS handshake", HANDSHAKE))).map_err(failed)
}

/// gRPC over the one connection that stands; when it breaks, the channel is thrown away.
async fn http2(stream: TlsStream<TcpStream>, address: &str, server_name: &str) -> Result<Channel, CallError> {
    let failed = |source| CallError::Transport { address: address.to_owned(), source };
    let endpoint = Endpoint::from_shared(format!("http://{server_name}"))
        .map_err(failed)?
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .keep_alive_while_idle(true)
        .buffer_size(IN_FLIGHT);
    let mut once = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_| {
        let stream = once.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected));
        std::future::ready(stream)
    });
    endpoint.connect_with_connector(connector).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_on_one_line_without_advice_for_programmers() {
        let source = io::Error::other(format!("{ABRUPT}: https://docs.rs/rustls"));
        let error = CallError::Handshake { address: "c:7443".into(), source };
        assert_eq!(error.words(), "c:7443: no trusted connection: the other side went away without a word");
        assert_eq!(CallError::NoAddress.words(), "no address of the collector is known; enrol again");
    }
}
