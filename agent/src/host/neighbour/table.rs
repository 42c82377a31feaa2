//! The kernel's neighbour table, asked over netlink.

use super::Entry;
use rustix::fd::OwnedFd;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Numbers of `linux/netlink.h`, `linux/rtnetlink.h` and `linux/neighbour.h`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const NEW_NEIGHBOUR: u16 = 28;
const GET_NEIGHBOUR: u16 = 30;
const REQUEST_ALL: u16 = 0x301;
const ADDRESS: u16 = 1;
const LINK_ADDRESS: u16 = 2;
const CACHE_INFO: u16 = 3;
const INET: u8 = 2;
/// The kernel counts such times in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// Length of a message's head, and of the fixed part of a neighbour behind it.
const HEAD: usize = 16;
const FIXED: usize = 12;
/// Parts of the table's answer that are read at most: each holds hundreds of entries.
const PARTS: usize = 1000;

/// The way to the table.
pub(super) struct Table {
    socket: OwnedFd,
    asked: u32,
}

impl Table {
    pub(super) fn open() -> io::Result<Self> {
        // Protocol 0 is NETLINK_ROUTE.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(2)))?;
        Ok(Self { socket, asked: 0 })
    }

    /// What the table holds for `address`; of several interfaces the one that was confirmed last.
    pub(super) fn entry(&mut self, address: Ipv4Addr) -> io::Result<Option<Entry>> {
        self.asked = self.asked.wrapping_add(1);
        sendto(&self.socket, &request(self.asked), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut bytes = vec![0; 32 * 1024];
        let mut found: Option<Entry> = None;
        for _ in 0..PARTS {
            let (_, length) = recv(&self.socket, &mut *bytes, RecvFlags::empty())?;
            let part = read(bytes.get(..length).unwrap_or_default(), self.asked, address);
            found = found.into_iter().chain(part.entries).min_by_key(|entry| entry.confirmed);
            if part.is_last {
                return Ok(found);
            }
        }
        Err(io::Error::other("it has no end"))
    }
}

/// The question for every neighbour of IPv4.
fn request(number: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + FIXED);
    bytes.extend(((HEAD + FIXED) as u32).to_ne_bytes());
    bytes.extend(GET_NEIGHBOUR.to_ne_bytes());
    bytes.extend(REQUEST_ALL.to_ne_bytes());
    bytes.extend(number.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.push(INET);
    bytes.extend([0; FIXED - 1]);
    bytes
}

/// What a part of the answer holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Part {
    entries: Vec<Entry>,
    is_last: bool,
}

/// Reads a part of the answer to question `number`: the entries of `address`.
fn read(mut bytes: &[u8], number: u32, address: Ipv4Addr) -> Part {
    let mut part = Part::default();
    while let Some(length) = u32_at(bytes, 0).map(|length| length as usize).filter(|length| (HEAD..=bytes.len()).contains(length)) {
        let (message, kind) = (bytes.get(HEAD..length).unwrap_or_default(), u16_at(bytes, 4).unwrap_or_default());
        if u32_at(bytes, 8) == Some(number) {
            part.is_last |= kind == DONE || kind == ERROR;
            part.entries.extend((kind == NEW_NEIGHBOUR).then(|| entry(message, address)).flatten());
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    part
}

/// The entry in a message, if it is of `address`.
fn entry(message: &[u8], address: Ipv4Addr) -> Option<Entry> {
    let state = u16_at(message, 8)?;
    let mut entry = Entry { state, mac: String::new(), confirmed: Duration::MAX };
    let mut is_of_address = false;
    let mut left = message.get(FIXED..)?;
    while let Some(length) = u16_at(left, 0).map(usize::from).filter(|length| (4..=left.len()).contains(length)) {
        let (kind, value) = (u16_at(left, 2)?, left.get(4..length)?);
        match kind {
            ADDRESS => is_of_address = value == address.octets(),
            LINK_ADDRESS if value.len() == 6 => entry.mac = value.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"),
            CACHE_INFO => entry.confirmed = u32_at(value, 0).map_or(Duration::MAX, |ticks| TICK * ticks),
            _ => {}
        }
        left = left.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    is_of_address.then_some(entry)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = [((value.len() + 4) as u16).to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message(kind: u16, number: u32, body: &[u8]) -> Vec<u8> {
        let length = ((HEAD + body.len()) as u32).to_ne_bytes();
        [&length[..], &kind.to_ne_bytes(), &[0; 2], &number.to_ne_bytes(), &[0; 4], body].concat()
    }

    fn neighbour(number: u32, address: [u8; 4], state: u16, ticks: u32) -> Vec<u8> {
        let fixed = [&[INET, 0, 0, 0, 2, 0, 0, 0][..], &state.to_ne_bytes(), &[0, 1]].concat();
        let info = [ticks.to_ne_bytes(), [0; 4], [0; 4], [0; 4]].concat();
        let attributes = [attribute(ADDRESS, &address), attribute(LINK_ADDRESS, &[2, 0, 0, 0, 0, 0xab]), attribute(CACHE_INFO, &info)];
        message(NEW_NEIGHBOUR, number, &[fixed, attributes.concat()].concat())
    }

    #[test]
    fn the_entry_of_the_address_is_found_among_others() {
        let bytes = [neighbour(7, [10, 0, 0, 1], 2, 1), neighbour(6, [10, 0, 0, 2], 2, 2), neighbour(7, [10, 0, 0, 2], 4, 150)].concat();
        let part = read(&bytes, 7, Ipv4Addr::new(10, 0, 0, 2));
        let wanted = Entry { state: 4, mac: "02:00:00:00:00:ab".to_owned(), confirmed: Duration::from_millis(1500) };
        assert_eq!(part, Part { entries: vec![wanted], is_last: false });
        assert!(read(&message(DONE, 7, &[0; 4]), 7, Ipv4Addr::LOCALHOST).is_last);
        assert!(!read(&message(DONE, 6, &[0; 4]), 7, Ipv4Addr::LOCALHOST).is_last);
    }

    #[test]
    fn the_live_table_is_read_to_its_end() {
        let mut table = Table::open().unwrap();
        let nobody = Ipv4Addr::new(255, 255, 255, 254);
        assert_eq!([table.entry(nobody).unwrap(), table.entry(nobody).unwrap()], [None, None]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), cut in 0usize..80) {
            read(&bytes, 7, Ipv4Addr::LOCALHOST);
            let mut whole = neighbour(7, [127, 0, 0, 1], 2, 1);
            whole.truncate(cut);
            whole.extend(bytes);
            read(&whole, 7, Ipv4Addr::LOCALHOST);
        }
    }
}
