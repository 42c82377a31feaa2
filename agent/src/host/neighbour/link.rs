//! The question on a real link: two network namespaces and a cable between them, made by the test. Needs root.
#![cfg(target_os = "linux")]

use super::ask;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Names the address to the question that runs inside.
const ASK: &str = "ROLLCALL_ASK";

/// A cable between "here" (10.99.0.1) and "there" (10.99.0.2), gone with it.
struct Link {
    here: String,
    there: String,
}

impl Link {
    /// `None`, with a word, where this may not be done.
    fn lay() -> Option<Self> {
        static LAID: AtomicU32 = AtomicU32::new(0);
        let number = LAID.fetch_add(1, Ordering::Relaxed);
        let name = |side: &str| format!("rc-{side}-{}-{number}", std::process::id());
        let link = Self { here: name("here"), there: name("there") };
        let (here, there) = (link.here.as_str(), link.there.as_str());
        let laid = ip(&["netns", "add", here])
            && ip(&["netns", "add", there])
            && ip(&["-n", here, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", there])
            && ip(&["-n", here, "address", "add", "10.99.0.1/24", "dev", "eth0"])
            && ip(&["-n", there, "address", "add", "10.99.0.2/24", "dev", "eth0"])
            && ip(&["-n", here, "link", "set", "eth0", "up"])
            && ip(&["-n", there, "link", "set", "eth0", "up"]);
        if !laid {
            eprintln!("SKIPPED: no network namespaces can be made here (needs root and iproute2); no neighbour was asked");
        }
        laid.then_some(link)
    }

    /// What the question for `address` gives here.
    fn ask(&self, address: &str) -> String {
        let program = std::env::current_exe().unwrap();
        let inside = ["--exact", "host::neighbour::link::inside", "--ignored", "--nocapture"];
        let ran = Command::new("ip").args(["netns", "exec", &self.here]).arg(program).args(inside).env(ASK, address).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        let answer = said.lines().find_map(|line| line.split_once("ANSWER ")).map(|(_, answer)| answer.to_owned());
        answer.unwrap_or_else(|| panic!("no answer: {said}\n{}", String::from_utf8_lossy(&ran.stderr)))
    }

    fn set_there(&self, what: &[&str]) {
        assert!(ip(&[&["-n", &self.there, "link", "set", "dev", "eth0"], what].concat()), "{what:?}");
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for name in [&self.here, &self.there] {
            ip(&["netns", "delete", name]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|ran| ran.status.success())
}

#[test]
#[ignore = "the part of the tests below that runs inside a network namespace"]
fn inside() {
    let Ok(address) = std::env::var(ASK) else { return };
    match ask(address.parse().unwrap()) {
        Ok(Some(mac)) => println!("\nANSWER {mac}"),
        Ok(None) => println!("\nANSWER nobody"),
        Err(why) => println!("\nANSWER trouble: {why}"),
    }
}

#[test]
fn who_is_alive_answers_with_its_mac_and_who_is_not_does_not() {
    let Some(link) = Link::lay() else { return };
    link.set_there(&["address", "02:00:00:00:00:02"]);
    assert_eq!(link.ask("10.99.0.2"), "02:00:00:00:00:02");
    assert_eq!(link.ask("10.99.0.3"), "nobody");
    assert_eq!(link.ask("10.99.0.3"), "nobody", "a failure that is remembered is not taken for an answer");
    let elsewhere = link.ask(&Ipv4Addr::new(192, 0, 2, 1).to_string());
    assert!(elsewhere.contains("trouble"), "{elsewhere}");
}

#[test]
fn a_table_that_keeps_the_dead_is_not_believed() {
    let Some(link) = Link::lay() else { return };
    link.set_there(&["address", "02:00:00:00:00:02"]);
    // An entry as an hour of quiet leaves it; and the machine is gone.
    let keep =
        |state: &str| ip(&["-n", &link.here, "neigh", "replace", "10.99.0.2", "lladdr", "02:00:00:00:00:09", "nud", state, "dev", "eth0"]);
    assert!(keep("stale"));
    assert!(ip(&["-n", &link.there, "address", "del", "10.99.0.2/24", "dev", "eth0"]));
    assert_eq!(link.ask("10.99.0.2"), "nobody");
    assert!(ip(&["-n", &link.there, "address", "add", "10.99.0.2/24", "dev", "eth0"]) && keep("stale"));
    assert_eq!(link.ask("10.99.0.2"), "02:00:00:00:00:02", "the MAC is that of who answers, not of who did before");
}
