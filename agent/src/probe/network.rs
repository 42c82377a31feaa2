//! The network interfaces and their permanent addresses.

use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{Interface, Network};

/// Where the kernel lists interfaces.
pub(super) const CLASS: &str = "/sys/class/net";
/// Kinds of interface that an administrator sets up once; containers and tunnels come and go by the hour.
const LASTING: [&str; 2] = ["bond", "vlan"];

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let names = host.list(CLASS).map_err(|why| why.to_string())?;
    let mut problems = Vec::new();
    let interfaces = names.iter().filter_map(|name| interface(host, name, &mut problems)).collect();
    let host_name = host.value("/proc/sys/kernel/hostname").unwrap_or_default();
    let domain = domain(&host.value("/proc/sys/kernel/domainname").unwrap_or_default(), &host_name);
    Ok(Found { section: Section::Network(Network { interfaces, domain }), problems })
}

/// The interfaces that have hardware behind them, by name.
pub fn physical(host: &Host) -> Vec<String> {
    let mut names = host.list(CLASS).unwrap_or_default();
    names.retain(|name| host.exists(&format!("{CLASS}/{name}/device")));
    names
}

/// Permanent addresses of the built-in interfaces, sorted: part of the fingerprint. An adapter on USB wanders.
pub fn permanent_macs(host: &Host) -> Vec<String> {
    let built_in =
        physical(host).into_iter().filter(|name| !host.link(&format!("{CLASS}/{name}")).is_ok_and(|target| target.contains("/usb")));
    let mut macs: Vec<String> = built_in.filter_map(|name| permanent_mac(host, &name).ok()).filter(|mac| !mac.is_empty()).collect();
    macs.sort_unstable();
    macs.dedup();
    macs
}

fn interface(host: &Host, name: &str, problems: &mut Vec<String>) -> Option<Interface> {
    let at = format!("{CLASS}/{name}");
    let device_kind = host.value(&format!("{at}/uevent")).map(|uevent| device_kind(&uevent)).unwrap_or_default();
    if !host.exists(&format!("{at}/device")) {
        let lasting = LASTING.contains(&device_kind.as_str());
        return lasting.then(|| Interface { name: text::clean(name), kind: device_kind, is_virtual: true, ..Interface::default() });
    }
    let wireless = host.exists(&format!("{at}/phy80211"));
    let kind = match host.value(&format!("{at}/type")).as_deref() {
        _ if wireless => "wifi",
        _ if device_kind == "wwan" => "wwan",
        Ok("1") => "ethernet",
        _ => "",
    };
    let mac = permanent_mac(host, name).unwrap_or_else(|why| {
        problems.push(format!("permanent address of {name}: {why}"));
        String::new()
    });
    let driver = host.link(&format!("{at}/device/driver")).unwrap_or_default();
    let driver = text::clean(driver.rsplit('/').next().unwrap_or_default());
    Some(Interface { name: text::clean(name), mac, kind: kind.to_owned(), driver, is_virtual: false })
}

/// The address the hardware came with, not one that the system made up for privacy.
fn permanent_mac(host: &Host, name: &str) -> Result<String, String> {
    let at = format!("{CLASS}/{name}");
    if let Ok(address) = host.value(&format!("{at}/phy80211/macaddress")) {
        return mac(&address).ok_or_else(|| format!("{address:?} is no address"));
    }
    let assigned = host.value(&format!("{at}/addr_assign_type"));
    if assigned.is_ok_and(|how| how != "0") {
        return Err("the present one was set by the system".to_owned());
    }
    let address = host.value(&format!("{at}/address")).map_err(|why| why.to_string())?;
    mac(&address).ok_or_else(|| format!("{address:?} is no address"))
}

/// Six bytes in lower case with colons; not all zero, not a group's.
fn mac(address: &str) -> Option<String> {
    let address = address.to_ascii_lowercase();
    let bytes: Option<Vec<u8>> = address.split(':').map(|part| u8::from_str_radix(part, 16).ok().filter(|_| part.len() == 2)).collect();
    let bytes = bytes.filter(|bytes| bytes.len() == 6 && bytes.iter().any(|byte| *byte != 0))?;
    bytes.first().filter(|byte| **byte & 1 == 0).map(|_| address)
}

fn device_kind(uevent: &str) -> String {
    text::clean(uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE=")).unwrap_or_default())
}

fn domain(domain_name: &str, host_name: &str) -> String {
    match domain_name {
        "" | "(none)" => text::clean(host_name.split_once('.').map_or("", |(_, domain)| domain)),
        name => text::clean(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_checked() {
        assert_eq!(mac("00:1A:2b:3c:4d:5E").as_deref(), Some("00:1a:2b:3c:4d:5e"));
        for bad in [
            "",
            "00:00:00:00:00:00",
            "01:00:5e:00:00:01",
            "00:1a:2b:3c:4d",
            "00:1a:2b:3c:4d:5e:6f",
            "0:1a:2b:3c:4d:5e",
            "é0:1a:2b:3c:4d:5e",
        ] {
            assert_eq!(mac(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_domain_is_the_machines_own() {
        assert_eq!(domain("(none)", "lab2-17.school.example"), "school.example");
        assert_eq!(domain("ad.school.example", "lab2-17"), "ad.school.example");
    }

    fn put(dir: &std::path::Path, rows: &[(&str, &str)]) {
        for (path, value) in rows {
            let at = dir.join("sys/class/net").join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, value).unwrap();
        }
    }

    #[test]
    fn hardware_and_lasting_interfaces_are_listed_and_only_permanent_addresses() {
        let dir = tempfile::tempdir().unwrap();
        put(
            dir.path(),
            &[
                ("eth0/device/x", ""),
                ("eth0/address", "00:1a:2b:3c:4d:5e\n"),
                ("eth0/type", "1\n"),
                ("wlan0/device/x", ""),
                ("wlan0/address", "7a:11:22:33:44:55"),
                ("wlan0/addr_assign_type", "3"),
                ("wlan0/phy80211/macaddress", "38:de:ad:00:00:01"),
                ("usb0/device/x", ""),
                ("usb0/address", "02:11:22:33:44:55"),
                ("usb0/addr_assign_type", "1"),
                ("veth12ab/address", "02:42:00:00:00:01"),
                ("bond0/uevent", "INTERFACE=bond0\nDEVTYPE=bond\n"),
            ],
        );
        let host = Host::recorded(dir.path()).unwrap();
        let found = read(&host).unwrap();
        let Section::Network(network) = found.section else { panic!() };
        let rows: Vec<_> = network.interfaces.iter().map(|i| (i.name.as_str(), i.mac.as_str(), i.kind.as_str(), i.is_virtual)).collect();
        assert_eq!(
            rows,
            [
                ("bond0", "", "bond", true),
                ("eth0", "00:1a:2b:3c:4d:5e", "ethernet", false),
                ("usb0", "", "", false),
                ("wlan0", "38:de:ad:00:00:01", "wifi", false)
            ]
        );
        assert_eq!(found.problems, ["permanent address of usb0: the present one was set by the system"]);
        assert_eq!(permanent_macs(&host), ["00:1a:2b:3c:4d:5e", "38:de:ad:00:00:01"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,100}") {
            drop((mac(&text), device_kind(&text), domain(&text, &text)));
        }
    }
}
