//! Answers whether a machine that fell silent is alive on this one's own link. For no other address is anything sent.

use crate::host::Host;
use crate::probe;
use std::net::Ipv4Addr;

/// Who answered under an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The machine that was meant answers.
    pub alive: bool,
    /// The MAC of whoever answers, lower case with colons; empty: nobody does.
    pub mac: String,
}

impl Answer {
    /// What is to be said when `heard` answers and `wanted` was meant.
    pub fn of(heard: Option<String>, wanted: &str) -> Self {
        let mac = heard.unwrap_or_default();
        Self { alive: !mac.is_empty() && mac.eq_ignore_ascii_case(wanted), mac }
    }
}

/// Whether the machine with the MAC `wanted` answers under `address`. Blocks for up to a minute: not for an async task.
///
/// # Errors
/// In words: the address is not on a link of this machine's own hardware, or it could not be asked for.
pub fn resolve(host: &Host, address: Ipv4Addr, wanted: &str) -> Result<Answer, String> {
    let physical = probe::physical(host);
    let own: Vec<String> = host.addresses().into_iter().filter(|(name, _)| physical.contains(name)).map(|(_, own)| own).collect();
    if !own.iter().any(|own| is_beside(own, address)) {
        return Err(format!("{address} is not on this machine's own link"));
    }
    host.neighbour(address).map(|heard| Answer::of(heard, wanted))
}

/// Whether `address` is another machine's in the subnet of `own`, "10.20.3.17/24".
pub(crate) fn is_beside(own: &str, address: Ipv4Addr) -> bool {
    let Some((own, prefix)) =
        own.split_once('/').and_then(|(own, prefix)| Some((own.parse::<Ipv4Addr>().ok()?, prefix.parse::<u32>().ok()?)))
    else {
        return false;
    };
    // The first address of a subnet names it, and the last is everybody's.
    let Some(mask) = 32u32.checked_sub(prefix).filter(|bits| (2..32).contains(bits)).map(|bits| u32::MAX << bits) else { return false };
    let (own, asked) = (u32::from(own), u32::from(address));
    own & mask == asked & mask && own != asked && asked & !mask != 0 && asked & !mask != !mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;

    #[test]
    fn only_other_machines_of_an_own_subnet_are_asked_for() {
        for (address, wanted) in [
            ("10.20.3.1", true),
            ("10.20.3.254", true),
            ("10.20.3.17", false),
            ("10.20.3.0", false),
            ("10.20.3.255", false),
            ("10.20.4.1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(is_beside("10.20.3.17/24", address.parse().unwrap()), wanted, "{address}");
        }
        for own in ["10.20.3.17/32", "10.20.3.17/31", "10.20.3.17/0", "10.20.3.17/99", "10.20.3.17", "fe80::1/64", "rubbish/24"] {
            assert!(!is_beside(own, Ipv4Addr::new(10, 20, 3, 16)), "{own}");
        }
    }

    #[test]
    fn a_link_without_hardware_is_not_asked() {
        let (_dir, host) = machine(
            r#"{"present":["/sys/class/net/eth0/device"],"names":{"/sys/class/net":["docker0","eth0"]},
                "addresses":[["docker0","172.17.0.1/16"],["eth0","10.0.0.5/24"]]}"#,
            &[],
        );
        let why = |address: [u8; 4]| resolve(&host, address.into(), "").unwrap_err();
        assert!(why([172, 17, 0, 9]).contains("own link"), "containers are nobody's neighbours");
        assert!(why([10, 0, 0, 9]).contains("recorded machine"));
    }

    #[test]
    fn another_machine_under_the_address_is_not_the_one_that_was_meant() {
        let check = |heard: Option<&str>, wanted: &str, alive: bool| {
            assert_eq!(Answer::of(heard.map(str::to_owned), wanted).alive, alive, "{heard:?} {wanted}");
        };
        check(Some("02:00:00:00:00:01"), "02:00:00:00:00:01", true);
        check(Some("02:00:00:00:00:0a"), "02:00:00:00:00:0A", true);
        check(Some("02:00:00:00:00:02"), "02:00:00:00:00:01", false);
        check(None, "", false);
    }
}
