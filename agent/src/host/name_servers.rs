//! Asks the name servers whether they answer at all: a question for the root's own servers, now and then, beside everything else.

use super::{Host, World};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often they are asked at most.
const EVERY: Duration = Duration::from_secs(300);
/// How long each may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// A question that got lost is put again after this.
const AGAIN: Duration = Duration::from_millis(900);
/// How long one of them is listened to at a time.
const LISTEN: Duration = Duration::from_millis(100);
/// As many servers as the system itself uses.
const MOST: usize = 3;
const PORT: u16 = 53;

/// What was heard when they were last asked. Cheap to clone; every clone is the same.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    at: Option<Instant>,
    failing: Option<bool>,
}

impl Asked {
    /// Whether none of `servers` answered the last time. Asks anew when it is time, on a thread of its own.
    pub(super) fn fail(&self, servers: &[IpAddr]) -> Option<bool> {
        let mut book = self.book();
        if servers.is_empty() {
            *book = Book::default();
            return None;
        }
        if book.at.is_none_or(|at| at.elapsed() >= EVERY) {
            book.at = Some(Instant::now());
            let servers: Vec<SocketAddr> = servers.iter().take(MOST).map(|ip| SocketAddr::new(*ip, PORT)).collect();
            let asked = self.clone();
            let ask = move || asked.book().failing = Some(!any_answers(&servers));
            if std::thread::Builder::new().name("name-servers".to_owned()).spawn(ask).is_err() {
                book.failing = None;
            }
        }
        book.failing
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host {
    /// How long each of `servers` takes to answer now; `None`: it does not. Blocks for two seconds at most.
    ///
    /// # Errors
    /// In words: nobody can be asked.
    pub fn name_servers_answer(&self, servers: &[IpAddr]) -> Result<Vec<(IpAddr, Option<Duration>)>, String> {
        match &self.0.world {
            World::Recorded(_) => Err("a recorded machine is on no network".to_owned()),
            World::Live(_) => {
                let asked: Vec<IpAddr> = servers.iter().take(MOST).copied().collect();
                let answers = each_answer(&asked.iter().map(|ip| SocketAddr::new(*ip, PORT)).collect::<Vec<_>>());
                Ok(asked.into_iter().zip(answers).collect())
            }
        }
    }
}

/// How long each of `servers` takes to answer, all asked at once.
fn each_answer(servers: &[SocketAddr]) -> Vec<Option<Duration>> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = servers.iter().map(|server| scope.spawn(move || answer(*server))).collect();
        asked.into_iter().map(|asked| asked.join().ok().flatten()).collect()
    })
}

/// How long `server` takes to answer.
fn answer(server: SocketAddr) -> Option<Duration> {
    let began = Instant::now();
    any_answers(&[server]).then(|| began.elapsed())
}

/// Whether one of `servers` answers in time.
fn any_answers(servers: &[SocketAddr]) -> bool {
    let id = getrandom::u32().map_or([0x52, 0x43], |random| (random as u16).to_be_bytes());
    let sockets: Vec<UdpSocket> = servers.iter().filter_map(|server| socket(*server).ok()).collect();
    let began = Instant::now();
    let mut puts = 0;
    while !sockets.is_empty() && began.elapsed() < PATIENCE {
        if began.elapsed() >= AGAIN * puts {
            puts += 1;
            sockets.iter().for_each(|socket| drop(socket.send(&question(id))));
        }
        if sockets.iter().any(|socket| answers(socket, id)) {
            return true;
        }
    }
    false
}

fn socket(server: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(LISTEN))?;
    Ok(socket)
}

/// Whether an answer to the question `id` is there, or comes within a moment.
fn answers(socket: &UdpSocket, id: [u8; 2]) -> bool {
    let mut answer = [0; 512];
    match socket.recv(&mut answer) {
        Ok(length) => answer.get(..length).is_some_and(|answer| is_answer(answer, id)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => false,
        Err(_) => {
            // What is refused at once is not asked in a tight circle.
            std::thread::sleep(LISTEN);
            false
        }
    }
}

/// "Who serves the root?": 17 bytes.
fn question(id: [u8; 2]) -> [u8; 17] {
    [id[0], id[1], 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]
}

/// Any answer to the question counts, a refusal too: the server is there.
fn is_answer(message: &[u8], id: [u8; 2]) -> bool {
    matches!(message, [high, low, flags, _, ..] if [*high, *low] == id && flags & 0x80 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A server that does with each question what `answer` says; its address.
    fn server(answer: impl Fn(&mut [u8]) -> bool + Send + 'static) -> SocketAddr {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut bytes) {
                if answer(&mut bytes[..length]) {
                    socket.send_to(&bytes[..length], from).unwrap();
                }
            }
        });
        address
    }

    #[test]
    fn one_server_that_answers_is_enough_and_wrong_answers_are_none() {
        let refuses = || {
            server(|question| {
                question[2] |= 0x80;
                question[3] = 5;
                question.len() == 17
            })
        };
        let other_id = server(|question| {
            question[0] ^= 1;
            question[2] |= 0x80;
            true
        });
        let echo = server(|_| true);
        let silent = server(|_| false);
        assert!(any_answers(&[silent, refuses()]));
        assert!(!any_answers(&[silent, other_id, echo]));
        assert!(!any_answers(&["127.0.0.1:1".parse().unwrap()]));
    }

    #[test]
    fn a_question_that_got_lost_is_put_again() {
        let asked = std::sync::atomic::AtomicU32::new(0);
        let second = server(move |question| {
            question[2] |= 0x80;
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0
        });
        assert!(any_answers(&[second]));
    }

    #[test]
    fn each_server_is_asked_and_timed() {
        let good = server(|question| {
            question[2] |= 0x80;
            true
        });
        let answers = each_answer(&[good, server(|_| false), good]);
        assert!(answers[0].is_some_and(|took| took < PATIENCE) && answers[1].is_none() && answers[2].is_some(), "{answers:?}");
    }

    #[test]
    fn without_servers_nothing_is_known() {
        assert_eq!(Asked::default().fail(&[]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            is_answer(&bytes, [1, 2]);
        }
    }
}
