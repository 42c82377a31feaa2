//! Opens a connection to an address and closes it at once: how this machine reaches it.

use super::{Host, World};
use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Most addresses of a name that are tried.
const MOST: usize = 3;

/// A connection came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// From this address of the machine.
    pub from: IpAddr,
    /// To this one.
    pub to: IpAddr,
    /// How long it took.
    pub took: Duration,
}

/// None did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// A recorded machine is on no network.
    Recorded,
    /// The name has no address, in the system's words.
    NoAddress(String),
    /// Nobody answers, in the system's words.
    NoConnection(String),
}

impl Host {
    /// Opens a connection to HOST:PORT, of which nothing is said, within `patience` for each of its addresses. Blocks.
    ///
    /// # Errors
    /// [`Unreached`].
    pub fn reach(&self, address: &str, patience: Duration) -> Result<Reached, Unreached> {
        match &self.0.world {
            World::Recorded(_) => Err(Unreached::Recorded),
            World::Live(_) => reach(address, patience),
        }
    }
}

fn reach(address: &str, patience: Duration) -> Result<Reached, Unreached> {
    let all = address.to_socket_addrs().map_err(|error| Unreached::NoAddress(error.to_string()))?;
    let mut why = Unreached::NoAddress("it has no address".to_owned());
    for to in all.take(MOST) {
        match connect(to, patience) {
            Ok(reached) => return Ok(reached),
            Err(error) => why = Unreached::NoConnection(words(&error, patience)),
        }
    }
    Err(why)
}

fn connect(to: SocketAddr, patience: Duration) -> io::Result<Reached> {
    let began = Instant::now();
    let stream = TcpStream::connect_timeout(&to, patience)?;
    let took = began.elapsed();
    let from = stream.local_addr()?.ip();
    // It is let go a moment later in any case.
    stream.shutdown(Shutdown::Both).unwrap_or_default();
    Ok(Reached { from: from.to_canonical(), to: to.ip().to_canonical(), took })
}

fn words(error: &io::Error, patience: Duration) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => format!("nobody answers within {} s", patience.as_secs()),
        io::ErrorKind::ConnectionRefused => "that machine answers, and nothing listens there".to_owned(),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => "there is no way to it".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn what_listens_is_reached_and_what_does_not_says_why() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let host = Host::live();
        let second = Duration::from_secs(1);
        let reached = host.reach(&address.to_string(), second).unwrap();
        assert!(reached.from.is_loopback() && reached.to == address.ip() && reached.took < second);
        drop(listener);
        let refused = host.reach(&address.to_string(), second);
        assert_eq!(refused, Err(Unreached::NoConnection("that machine answers, and nothing listens there".to_owned())));
        assert!(matches!(host.reach("no port", second), Err(Unreached::NoAddress(_))));
        assert!(words(&io::Error::from(io::ErrorKind::TimedOut), second).contains("within 1 s"));
    }
}
