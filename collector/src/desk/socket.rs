//! The unix socket of the command line: for root and the collector's own user alone, who are named in the audit.

use crate::desk::api::problem::Problem;
use crate::desk::who::Who;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rollcall_site::access::Role;
use rollcall_site::event::Actor;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Connections served at once: a person and their scripts, with room to spare.
const CONNECTIONS: usize = 64;
/// How long a caller may take to send the head of a request. Each connection carries one request, as a command does: one that is kept
/// open between requests would hold its place for so long while others wait.
const HEAD: Duration = Duration::from_secs(10);
/// How long answers that are under way may take when the collector stops.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long to wait after the listener failed (too many open files): it passes.
const PAUSE: Duration = Duration::from_millis(100);

/// Why the socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another collector answers on it.
    #[error("{}: another collector serves this folder; stop it first, or give another folder with --data", .0.display())]
    Taken(PathBuf),
    /// Something that is no socket has its name.
    #[error("{}: a file that is no socket stands there; move it away", .0.display())]
    NotASocket(PathBuf),
    /// The system refused.
    #[error("{}: the socket can't be opened", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// The system's word; a path of more than about 100 bytes is too long for a socket.
        #[source]
        source: io::Error,
    },
}

/// Serves `router` on the socket at `path` until `stop`; every request carries who asks.
///
/// # Errors
/// [`SocketError`], before anything is served.
pub async fn serve(path: &Path, router: Router, stop: CancellationToken) -> Result<(), SocketError> {
    let listener = bind(path).await?;
    listen(path, listener, router, stop).await
}

/// Opens the socket at `path`, readable by its owner alone; one that nobody serves any more is replaced.
///
/// # Errors
/// [`SocketError`].
pub async fn bind(path: &Path) -> Result<UnixListener, SocketError> {
    let failed = |source| SocketError::Io { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(SocketError::NotASocket(path.to_owned())),
        Ok(_) if UnixStream::connect(path).await.is_ok() => return Err(SocketError::Taken(path.to_owned())),
        Ok(_) => std::fs::remove_file(path).map_err(failed)?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Serves an opened socket until `stop`, then removes it.
///
/// # Errors
/// [`SocketError::Io`] when the socket has gone from the disk.
pub async fn listen(path: &Path, listener: UnixListener, router: Router, stop: CancellationToken) -> Result<(), SocketError> {
    let own = std::fs::metadata(path).map_err(|source| SocketError::Io { path: path.to_owned(), source })?.uid();
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let (router, stop) = (router.clone(), stop.clone());
                connections.spawn(async move {
                    converse(stream, router, own, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(socket.path = %path.display(), %error, "socket could not accept a caller");
                tokio::time::sleep(PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(socket.path = %path.display(), %error, "socket was gone already");
    }
    if tokio::time::timeout(FAREWELL, async { while connections.join_next().await.is_some() {} }).await.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

/// Waits for a free place, then for a caller.
async fn accept(listener: &UnixListener, places: &Arc<Semaphore>) -> io::Result<(UnixStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

/// Serves one caller until they go or the collector stops.
async fn converse(stream: UnixStream, router: Router, own: u32, stop: CancellationToken) {
    let who = stream.peer_cred().ok().map(|peer| peer.uid()).and_then(|uid| admitted(uid, own));
    let service = tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let (router, who) = (router.clone(), who.clone());
        async move {
            let Some(who) = who else { return Ok(refused().into_response()) };
            request.extensions_mut().insert(who);
            router.oneshot(request).await
        }
    });
    let mut server = auto::Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).keep_alive(false);
    let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "socket conversation broke off");
    }
}

/// Who a caller with this user id is; `None`: they may not.
fn admitted(uid: u32, own: u32) -> Option<Who> {
    (uid == 0 || uid == own).then(|| Who { actor: Actor::Local(user_name(&accounts(), uid)), role: Role::Admin })
}

fn refused() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "only root and the collector's own user may use this socket: call it with sudo, or use --desk URL with an API key",
    )
}

/// The system's accounts; where it has no such file, users are named by number.
fn accounts() -> String {
    std::fs::read_to_string("/etc/passwd").unwrap_or_default()
}

/// The name of a user of the system, or "uid 1000" where it has none.
fn user_name(passwd: &str, uid: u32) -> String {
    let found = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| format!("uid {uid}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Extension;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn users_are_named_as_the_system_names_them() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nmaria:x:1000:1000::/home/maria:/bin/sh\n";
        let check = |uid, want: &str| assert_eq!(user_name(passwd, uid), want);
        check(0, "root");
        check(1000, "maria");
        check(33, "uid 33");
    }

    #[test]
    fn only_root_and_the_own_user_are_admitted() {
        assert!(admitted(0, 1000).is_some());
        assert!(admitted(1000, 1000).is_some());
        assert_eq!(admitted(1001, 1000), None);
        assert_eq!(admitted(1000, 0), None);
    }

    #[tokio::test]
    async fn the_socket_names_who_asks_and_goes_when_it_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.sock");
        let router = Router::new().route("/", get(|Extension(who): Extension<Who>| async move { format!("{:?}", who.role) }));
        let stop = CancellationToken::new();
        let listener = bind(&path).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let served = tokio::spawn({
            let (path, stop) = (path.clone(), stop.clone());
            async move { listen(&path, listener, router, stop).await }
        });

        let mut caller = UnixStream::connect(&path).await.unwrap();
        caller.write_all(b"GET / HTTP/1.1\r\nhost: rollcall\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        caller.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nAdmin"), "{answer}");
        assert!(matches!(bind(&path).await, Err(SocketError::Taken(_))));
        stop.cancel();
        served.await.unwrap().unwrap();
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn no_caller_holds_a_place_between_two_requests() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.sock");
        let slow = || async { tokio::time::sleep(Duration::from_millis(20)).await };
        let router = Router::new().route("/", get(slow));
        let (stop, listener) = (CancellationToken::new(), bind(&path).await.unwrap());
        let served = tokio::spawn({
            let (path, stop) = (path.clone(), stop.clone());
            async move { listen(&path, listener, router, stop).await }
        });

        rustls::crypto::ring::default_provider().install_default().ok();
        let pooled = reqwest::Client::builder().unix_socket(path.clone()).tls_certs_only([]).build().unwrap();
        let asked = (0..3 * CONNECTIONS + 8).map(|_| pooled.get("http://localhost/").send());
        let answers = tokio::time::timeout(HEAD / 2, futures_util::future::join_all(asked)).await.unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status().is_success())), "{answers:?}");
        stop.cancel();
        served.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_socket_that_nobody_serves_is_replaced_and_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(bind(&path).await.is_ok());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "precious").unwrap();
        assert!(matches!(bind(&path).await, Err(SocketError::NotASocket(_))));
    }
}
