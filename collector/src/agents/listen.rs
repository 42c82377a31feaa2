//! The accept loop of both agents' doors: caps, handshake deadline, and what is known of the caller.

use rollcall_site::off_site::Side;
use rustls::ServerConfig;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::server::{Connected, Server};
use tower_http::catch_panic::CatchPanicLayer;

/// Handshakes at once from one address: one that stalls them holds up itself and no other.
const TURNS: usize = 8;
/// The same from this machine.
const LOOPBACK_TURNS: usize = 32;
/// Connections of one address that have not finished their handshake: the PCs of a building that come back together.
const BEGINNING: usize = 64;
/// The same from this machine.
const LOOPBACK_BEGINNING: usize = 4096;
/// Most bytes of a caller's first record that are waited for: a hello has some 300, with post-quantum keys 1,800.
const FIRST_RECORD: usize = 4096;
/// The kind of record with which TLS begins.
const HANDSHAKE_RECORD: u8 = 22;
/// How long the door looks away at most from a caller whose first record is not whole.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The address of whoever comes from outside.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What a door bears. Each is a setting; the defaults are meant for a school of some thousands of PCs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Connections at once: a large site and room to spare; each costs about 40 KB, and its inventory 20.
    pub connections: usize,
    /// Connections at once from one address: a building behind one router. Loopback is exempt: who is on this machine may do worse.
    pub per_address: usize,
    /// Handshakes at once: each costs processor time, and the rest may wait a moment.
    pub handshakes: usize,
    /// How long a caller may take for its handshake.
    pub handshake: Duration,
    /// How long a connection may last; `None`: as long as it likes.
    pub age: Option<Duration>,
    /// From which side of the site its callers come.
    pub side: Side,
}

impl Caps {
    /// Of the attendance door: one lasting connection per device.
    pub fn attendance() -> Self {
        Self { connections: 20_000, per_address: 1024, handshakes: 64, handshake: Duration::from_secs(5), age: None, side: Side::Inside }
    }

    /// Of the enrolment door: one short question per machine, asked by anyone.
    pub fn enrolment() -> Self {
        Self {
            connections: 1024,
            per_address: 64,
            handshakes: 16,
            handshake: Duration::from_secs(5),
            age: Some(Duration::from_secs(30)),
            side: Side::Inside,
        }
    }
}

/// What is known of the caller of a request, from its connection.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Its address; all zeros for one from outside.
    pub address: SocketAddr,
    /// The address under which it reached this machine.
    pub reached: SocketAddr,
    /// Its certificate, DER; `None` at the enrolment door.
    pub certificate: Option<Arc<[u8]>>,
    /// By which door it came. Of one from outside the address is not known here: nothing that is written down can hold it.
    pub side: Side,
}

/// Serves `routes` to whoever gets through the handshake, until `stop`; then waits for those who are still connected.
///
/// # Errors
/// The server itself failed; a single caller never makes it fail.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    caps: Caps,
    routes: Routes,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let (callers, incoming) = mpsc::channel::<io::Result<Connection>>(caps.handshakes);
    let server = Server::builder()
        .layer(CatchPanicLayer::new())
        .max_concurrent_streams(8) // an agent needs one
        .initial_stream_window_size(128 * 1024) // memory one caller can make us hold
        .initial_connection_window_size(256 * 1024)
        .max_frame_size(16 * 1024)
        .http2_max_header_list_size(8 * 1024)
        .http2_max_pending_accept_reset_streams(Some(16))
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)));
    let mut server = match caps.age {
        Some(age) => server.max_connection_age(age).max_connection_age_grace(Duration::from_secs(5)),
        None => server,
    };
    let gate = Gate::new(TlsAcceptor::from(tls), caps, callers);
    let accepting = tokio::spawn(gate.accept(listener, stop.clone()));
    let incoming = tokio_stream::wrappers::ReceiverStream::new(incoming);
    let served = server.add_routes(routes).serve_with_incoming_shutdown(incoming, stop.cancelled_owned()).await;
    accepting.abort();
    served
}

/// Lets callers in, as far as the caps allow.
struct Gate {
    tls: TlsAcceptor,
    caps: Caps,
    connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    callers: mpsc::Sender<io::Result<Connection>>,
}

impl Gate {
    fn new(tls: TlsAcceptor, caps: Caps, callers: mpsc::Sender<io::Result<Connection>>) -> Self {
        let (connections, handshakes) = (Arc::new(Semaphore::new(caps.connections)), Arc::new(Semaphore::new(caps.handshakes)));
        Self { tls, caps, connections, handshakes, addresses: Arc::default(), callers }
    }

    async fn accept(self, listener: TcpListener, stop: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address),
                Err(error) => {
                    // Out of file descriptors, or a caller that is gone already: the next one may fare better.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Begins a caller's handshake, or hangs up when a cap is reached. Only the caps look at where one from outside is.
    fn admit(&self, stream: TcpStream, from: SocketAddr) {
        let side = self.caps.side;
        let address = if side == Side::Inside { from } else { NOWHERE };
        let Ok(connection) = Arc::clone(&self.connections).try_acquire_owned() else {
            tracing::warn!(%address, cap = self.caps.connections, "hung up: too many connections");
            return;
        };
        let Some(mut place) = Addresses::take(&self.addresses, from.ip(), self.caps.per_address, usize::MAX) else {
            tracing::warn!(%address, cap = self.caps.per_address, "hung up: too many connections from this address");
            return;
        };
        let (tls, handshakes, callers, patience) =
            (self.tls.clone(), Arc::clone(&self.handshakes), self.callers.clone(), self.caps.handshake);
        tokio::spawn(async move {
            match shake_hands(tls, &handshakes, &place, stream, patience).await {
                Ok(tls) => {
                    place.begun();
                    let caller = Connection::new(tls, address, side, connection, place);
                    // Nobody takes it once the door is closed.
                    let _gone = callers.send(Ok(caller)).await;
                }
                Err(error) => tracing::debug!(%address, %error, "a handshake failed"),
            }
        });
    }
}

/// A caller takes a place among the handshakes once its whole first word is here, and an address takes few of them: neither
/// silent callers nor slow ones keep the others out.
async fn shake_hands(
    tls: TlsAcceptor,
    places: &Semaphore,
    address: &Place,
    stream: TcpStream,
    patience: Duration,
) -> io::Result<TlsStream<TcpStream>> {
    stream.set_nodelay(true)?;
    timeout(patience, first_record(&stream)).await??;
    let _turn = timeout(patience * 2, address.turns.acquire()).await?.map_err(io::Error::other)?;
    let _place = timeout(patience * 2, places.acquire()).await?.map_err(io::Error::other)?;
    timeout(patience, tls.accept(stream)).await?
}

/// Waits until the caller's first TLS record is here, and leaves it there to be read.
async fn first_record(stream: &TcpStream) -> io::Result<()> {
    let mut record = [0; FIRST_RECORD];
    let mut pause = Duration::from_millis(5);
    loop {
        let here = stream.peek(&mut record).await?;
        match *record.get(..here).unwrap_or_default() {
            [] => return Err(io::ErrorKind::UnexpectedEof.into()),
            [kind, ..] if kind != HANDSHAKE_RECORD => return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no TLS")),
            [_, _, _, high, low, ..] if here >= (5 + usize::from(u16::from_be_bytes([high, low]))).min(FIRST_RECORD) => return Ok(()),
            _ => {}
        }
        // What is here makes the socket readable for ever: the rest is looked for ever more seldom.
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What the addresses have.
#[derive(Default)]
pub(crate) struct Addresses(Mutex<HashMap<IpAddr, Lot>>);

/// What one address has.
struct Lot {
    connections: usize,
    /// Of them, those whose handshake is not finished.
    beginning: usize,
    /// Handshakes at once.
    turns: Arc<Semaphore>,
}

impl Addresses {
    /// A place for one more connection of `address`, of at most `cap`, or of `loopback` for this machine itself: who is on it
    /// may do worse, and a simulated school or a proxy is many behind one address. `None`: it has too many, or too many that
    /// never began.
    pub(crate) fn take(this: &Arc<Self>, address: IpAddr, cap: usize, loopback: usize) -> Option<Place> {
        let (address, most, beginning, turns) = match neighbourhood(address) {
            here if here.is_loopback() => (Ipv4Addr::LOCALHOST.into(), loopback, LOOPBACK_BEGINNING, LOOPBACK_TURNS),
            address => (address, cap, BEGINNING, TURNS),
        };
        let mut lots = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lot = lots.entry(address).or_insert_with(|| Lot { connections: 0, beginning: 0, turns: Arc::new(Semaphore::new(turns)) });
        if lot.connections >= most || lot.beginning >= beginning {
            return None;
        }
        lot.connections += 1;
        lot.beginning += 1;
        Some(Place { turns: Arc::clone(&lot.turns), addresses: Arc::clone(this), address, beginning: true })
    }
}

/// One connection's place among those of its address; given back when dropped.
pub(crate) struct Place {
    turns: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    address: IpAddr,
    beginning: bool,
}

impl Place {
    /// The handshake is finished.
    pub(crate) fn begun(&mut self) {
        if std::mem::take(&mut self.beginning)
            && let Some(lot) = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&self.address)
        {
            lot.beginning -= 1;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.begun();
        let mut lots = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lot) = lots.get_mut(&self.address) {
            lot.connections -= 1;
            if lot.connections == 0 {
                lots.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: with IPv6 a machine has its whole /64.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        other => other,
    }
}

/// A connection past its handshake; it gives its places back when dropped.
struct Connection {
    tls: TlsStream<TcpStream>,
    caller: Caller,
    _connection: OwnedSemaphorePermit,
    _place: Place,
}

impl Connection {
    fn new(tls: TlsStream<TcpStream>, address: SocketAddr, side: Side, connection: OwnedSemaphorePermit, place: Place) -> Self {
        let reached = tls.get_ref().0.local_addr().unwrap_or(address);
        let certificate = tls.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|leaf| Arc::from(leaf.as_ref()));
        Self { tls, caller: Caller { address, reached, certificate, side }, _connection: connection, _place: place }
    }
}

impl Connected for Connection {
    type ConnectInfo = Caller;
    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_so_many_places_and_gives_them_back() {
        let addresses = Arc::new(Addresses::default());
        let take = |text: &str| Addresses::take(&addresses, text.parse().unwrap(), 2, 9);
        let (first, second) = (take("10.0.0.7"), take("10.0.0.7"));
        assert!(first.is_some() && second.is_some() && take("10.0.0.7").is_none());
        assert!(take("10.0.0.8").is_some(), "another address has its own");
        drop(first);
        assert!(take("10.0.0.7").is_some());
        let six = (take("2001:db8::1"), take("2001:db8::2"));
        assert!(six.0.is_some() && six.1.is_some() && take("2001:db8::3").is_none(), "one /64 is one machine");
        let loopback: Vec<_> = (0..9).map(|_| take("127.0.0.1")).collect();
        assert!(loopback.iter().all(Option::is_some) && take("127.0.0.2").is_none() && take("::1").is_none());
        drop((second, six, loopback));
        assert!(addresses.0.lock().unwrap().is_empty());
    }

    #[test]
    fn an_address_has_few_that_never_begin() {
        let addresses = Arc::new(Addresses::default());
        let take = || Addresses::take(&addresses, "10.0.0.7".parse().unwrap(), 1000, 0);
        let mut places: Vec<_> = std::iter::from_fn(take).take(1000).collect();
        assert_eq!(places.len(), BEGINNING);
        places.iter_mut().for_each(Place::begun);
        assert!(take().is_some(), "who has begun counts no more");
        drop(places);
        assert!(addresses.0.lock().unwrap().is_empty());
    }
}
