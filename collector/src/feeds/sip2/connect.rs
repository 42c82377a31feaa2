//! Reaches a library system: over plain TCP, or TLS.

use super::session::Wire;
use crate::notify;
use rollcall_site::library::Library;
use rustls::pki_types::ServerName;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a library system may take to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection to it.
///
/// # Errors
/// Nobody answers there, or it is not who it should be: in words.
pub(super) async fn connect(library: &Library) -> Result<Box<dyn Wire>, String> {
    let (scheme, place) = library.url.split_once("://").unwrap_or(("", &library.url));
    let stream = timeout(CONNECT, TcpStream::connect(place)).await;
    let stream = stream.map_err(|_| format!("nobody answers at {place} within {} s", CONNECT.as_secs()))?;
    let stream = stream.map_err(|error| format!("there is no connection to {place}: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    if scheme != "sip2s" {
        return Ok(Box::new(stream));
    }
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host).trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name that a certificate can have"))?;
    let shaken = timeout(HANDSHAKE, TlsConnector::from(notify::tls_client(&library.ca)?).connect(name, stream)).await;
    let shaken = shaken.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no TLS handshake in time")));
    Ok(Box::new(shaken.map_err(|error| format!("there is no trusted connection to {place}: {error}"))?))
}
