//! The desk's own accept loop: TLS with a deadline, a cap on connections, HTTP/1.1 and HTTP/2, and a quiet end.

use super::Desk;
use super::open::Open;
use super::refused::TELL;
use super::tls::{self, TlsError};
use super::trouble::chain;
use crate::Collector;
use crate::agents::listen::{Addresses, Place};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Longest TLS handshake, and longest time for a request's headers.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Connections at once: a school's desks, with room for every teacher's browser.
const CONNECTIONS: usize = 512;
/// Connections at once from one address: a staff room behind one router.
const PER_ADDRESS: usize = 64;
/// The same from this machine: a proxy brings everybody from one address.
const LOOPBACK: usize = 256;
/// How long a connection may stay open without a request; an open page's live stream is one.
const IDLE: Duration = Duration::from_secs(60);
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 64;
/// How long open answers may take to end when the collector stops.
const GRACE: Duration = Duration::from_secs(2);
/// How often the certificate is made or read anew: so that names, addresses and the site's own files may change.
const RENEW: Duration = Duration::from_secs(3600);
/// Pause after an error of accepting (no file descriptors, mostly), so that the loop does not spin.
const BREATH: Duration = Duration::from_millis(100);

/// From where a request came.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Serves the desk on `listener` until `stop`.
///
/// # Errors
/// The desk has no certificate to begin with.
pub async fn serve(listener: TcpListener, collector: Collector, stop: CancellationToken) -> Result<(), TlsError> {
    let mut acceptor = TlsAcceptor::from(tls::config(&collector)?);
    let desk = Desk::new(collector.clone());
    let router = super::router_of(desk.clone());
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let addresses = Arc::default();
    let mut renew = tokio::time::interval(RENEW);
    let mut tell = tokio::time::interval(TELL);
    loop {
        tokio::select! {
            () = stop.cancelled() => {
                desk.tell_refusals().await;
                return Ok(());
            }
            _ = tell.tick() => {
                let desk = desk.clone();
                tokio::spawn(async move { desk.tell_refusals().await });
            }
            _ = async { tokio::select! { _ = renew.tick() => {}, () = desk.renew.notified() => {} } } => match tls::config(&collector) {
                Ok(config) => acceptor = TlsAcceptor::from(config),
                Err(error) => tracing::warn!(desk.certificate = %chain(&error), "the desk keeps the certificate that it has"),
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                        tracing::warn!(desk.peer = %peer, desk.connections = CONNECTIONS, "the desk is full: connection refused");
                        continue;
                    };
                    let Some(share) = Addresses::take(&addresses, peer.ip(), PER_ADDRESS, LOOPBACK) else {
                        tracing::warn!(desk.peer = %peer, "too many connections from this address: connection refused");
                        continue;
                    };
                    let visit = Visit { peer, router: router.clone(), stop: stop.clone(), share, _place: place };
                    tokio::spawn(visit.serve(stream, acceptor.clone()));
                }
                Err(error) => {
                    tracing::warn!(desk.accept = %error, "the desk could not take a connection");
                    tokio::time::sleep(BREATH).await;
                }
            },
        }
    }
}

/// One connection.
struct Visit {
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
    share: Place,
    _place: OwnedSemaphorePermit,
}

impl Visit {
    async fn serve(mut self, stream: TcpStream, acceptor: TlsAcceptor) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(desk.peer = %self.peer, desk.nodelay = %error, "small answers may be late");
        }
        let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(desk.peer = %self.peer, desk.handshake = %error, "no TLS"),
            Err(_) => return tracing::debug!(desk.peer = %self.peer, "no TLS within 5 s"),
        };
        self.share.begun();
        let (peer, router, open) = (self.peer, self.router.clone(), Open::default());
        let idle = open.idle(IDLE);
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let (one, answer) = (open.one(), router.clone().oneshot(request));
            async move { answer.await.map(|answer| answer.map(|body| one.held_by(body))) }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HANDSHAKE);
        builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS).keep_alive_interval(Duration::from_secs(30));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = async { tokio::select! { () = idle => {}, () = self.stop.cancelled() => {} } } => {
                connection.as_mut().graceful_shutdown();
                tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            tracing::debug!(desk.peer = %self.peer, desk.connection = %error, "the connection ended early");
        }
    }
}
