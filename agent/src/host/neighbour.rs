//! Who answers for an address on the own link: a fresh resolution, made without root and without raw sockets.
//!
//! The kernel's neighbour table itself proves nothing: it keeps the dead for minutes and misses the quiet. So a datagram to the discard
//! port makes the kernel resolve the address, and only what it confirms after that counts, or its word that nobody answered.
#![cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux is asked so far"))]

#[cfg(test)]
mod link;
#[cfg(target_os = "linux")]
mod table;

use super::{Host, World};
use std::time::Duration;

/// How long a resolution may take. An entry that was confirmed just before holds up to 45 s, and then needs 8 s.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a diagnosis waits for its gateway: then what the kernel last heard of it counts. An entry that the kernel kept, and has not
/// confirmed of late, needs 8 s to fail, and 3 s more when everybody is asked.
const SHORT: Duration = Duration::from_secs(13);
/// How often the kernel's table is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// States of an entry, as the kernel numbers them.
const REACHABLE: u16 = 0x02;
const STALE: u16 = 0x04;
const FAILED: u16 = 0x20;

/// What the kernel's table holds for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    state: u16,
    /// Empty: none yet.
    mac: String,
    /// How long ago somebody last answered.
    confirmed: Duration,
}

/// What an entry says.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    /// This MAC answered after the question.
    Answered(String),
    /// Nobody did.
    Silence,
    /// Nothing goes on: another datagram sets it going.
    Nothing,
    /// It goes on.
    Wait,
}

/// What `entry` says when `since` has passed since the first datagram; a machine that refused it is alive.
fn judge(entry: Option<Entry>, since: Duration, refused: bool) -> Says {
    match entry {
        Some(entry) if !entry.mac.is_empty() && (refused || (entry.state & REACHABLE != 0 && entry.confirmed < since)) => {
            Says::Answered(entry.mac)
        }
        Some(Entry { state, .. }) if state & FAILED != 0 => Says::Silence,
        Some(Entry { state, .. }) if state & STALE != 0 => Says::Nothing,
        None => Says::Nothing,
        Some(_) => Says::Wait,
    }
}

impl Host {
    /// Who answers under the address of the gateway: a MAC; `None`: nobody. Blocks for 13 seconds at most: an entry that the kernel still
    /// trusts by then counts as an answer.
    ///
    /// # Errors
    /// In words: it could not be asked.
    pub fn gateway_answers(&self, gateway: std::net::Ipv4Addr) -> Result<Option<String>, String> {
        match &self.0.world {
            World::Recorded(_) => Err("a recorded machine is on no network".to_owned()),
            World::Live(_) => match resolve(gateway, SHORT)? {
                Resolved::Nobody => Ok(None),
                Resolved::Answered(mac) => Ok(Some(mac)),
                Resolved::NoEnd(Some(entry)) if entry.state & REACHABLE != 0 && !entry.mac.is_empty() => Ok(Some(entry.mac)),
                Resolved::NoEnd(_) => Err(format!("the resolution came to no end within {} s", SHORT.as_secs())),
            },
        }
    }
}

/// What a resolution came to.
enum Resolved {
    /// This MAC answered after the question.
    Answered(String),
    Nobody,
    /// Nothing was decided in time; what the table held last.
    NoEnd(Option<Entry>),
}

/// Asks for `address`; gives the MAC that answered, or `None`.
pub(super) fn ask(address: std::net::Ipv4Addr) -> Result<Option<String>, String> {
    match resolve(address, PATIENCE)? {
        Resolved::Answered(mac) => Ok(Some(mac)),
        Resolved::Nobody => Ok(None),
        Resolved::NoEnd(_) => Err(format!("the resolution of {address} came to no end within {} s", PATIENCE.as_secs())),
    }
}

#[cfg(target_os = "linux")]
fn resolve(address: std::net::Ipv4Addr, patience: Duration) -> Result<Resolved, String> {
    use std::io::ErrorKind;
    let words = |what: &str, error: std::io::Error| format!("{what}: {error}");
    let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0)).map_err(|error| words("no datagram socket", error))?;
    let discard = 9;
    socket.connect((address, discard)).map_err(|error| words("no way to the address", error))?;
    socket.set_nonblocking(true).map_err(|error| words("no datagram socket", error))?;
    let mut table = table::Table::open().map_err(|error| words("the neighbour table", error))?;
    let (began, mut refused) = (std::time::Instant::now(), false);
    // Whoever is kept in the table is asked alone; only when it does not answer, everybody is.
    let (mut kept, mut nudge, mut last) = (false, true, None);
    while began.elapsed() < patience {
        // What an earlier datagram came to is told as an error of the next call.
        let told = [nudge.then(|| socket.send(&[0]).err()).flatten(), socket.recv(&mut [0]).err()];
        refused |= told.iter().flatten().any(|error| error.kind() == ErrorKind::ConnectionRefused);
        std::thread::sleep(LOOK);
        let entry = table.entry(address).map_err(|error| words("the neighbour table", error))?;
        kept |= entry.as_ref().is_some_and(|entry| !entry.mac.is_empty());
        last.clone_from(&entry);
        match judge(entry, began.elapsed(), refused) {
            Says::Answered(mac) => return Ok(Resolved::Answered(mac)),
            Says::Silence if !std::mem::take(&mut kept) => return Ok(Resolved::Nobody),
            Says::Silence => nudge = true,
            says => nudge = says == Says::Nothing,
        }
    }
    Ok(Resolved::NoEnd(last))
}

/// Nobody is asked here.
#[cfg(not(target_os = "linux"))]
fn resolve(_address: std::net::Ipv4Addr, _patience: Duration) -> Result<Resolved, String> {
    Err("only Linux resolves addresses so far".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_confirmed_after_the_question_counts() {
        let check = |state, mac: &str, confirmed_s, refused, wanted: Says| {
            let entry = Entry { state, mac: mac.to_owned(), confirmed: Duration::from_secs(confirmed_s) };
            assert_eq!(judge(Some(entry), Duration::from_secs(5), refused), wanted, "{state} {mac} {confirmed_s}");
        };
        let answered = || Says::Answered("02:00:00:00:00:01".to_owned());
        let mac = "02:00:00:00:00:01";
        check(REACHABLE, mac, 1, false, answered());
        check(REACHABLE, mac, 9, false, Says::Wait);
        check(REACHABLE, mac, 9, true, answered());
        check(STALE, mac, 9, false, Says::Nothing);
        check(0x08, mac, 9, false, Says::Wait);
        check(0x10, mac, 1, false, Says::Wait);
        check(FAILED, "", 9, false, Says::Silence);
        check(FAILED, mac, 9, false, Says::Silence);
        check(0x01, "", 0, false, Says::Wait);
        check(0x01, "", 0, true, Says::Wait);
        check(0x80, mac, 0, false, Says::Wait);
        assert_eq!(judge(None, Duration::from_secs(5), false), Says::Nothing);
    }
}
