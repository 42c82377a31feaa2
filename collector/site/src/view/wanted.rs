//! The text that somebody looks for in a list of assets or devices.

use super::{as_mac, has_mac, holds};
use crate::asset::Asset;
use crate::device::Device;
use crate::{PersonId, Site};

/// What is looked for.
pub(super) struct Wanted {
    /// In small letters.
    text: String,
    /// As a part of a hardware address; most texts can't be one, and no address is looked up for them.
    mac: Option<String>,
}

impl Wanted {
    /// What a text asks for; `None`: nothing.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let mac = Some(as_mac(&text)).filter(|mac| mac.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':'));
        (!text.is_empty()).then_some(Self { text, mac })
    }

    /// Whether a fact holds it.
    pub fn is_in(&self, fact: &str) -> bool {
        holds(fact, &self.text)
    }

    /// Whether it is in what people see first of an asset, or names whoever has it.
    pub fn is_of(&self, site: &Site, asset: &Asset) -> bool {
        [asset.tag.as_str(), &asset.name, &asset.maker, &asset.model, &asset.serial].into_iter().any(|fact| self.is_in(fact))
            || self.is_borrower_of(site, asset)
    }

    /// Whether it is in a device's host name or one of its own addresses.
    pub fn is_of_device(&self, site: &Site, device: &Device) -> bool {
        self.is_in(&device.host_name) || self.mac.as_ref().is_some_and(|mac| has_mac(site, device, |own| own.contains(mac.as_str())))
    }

    /// Whether it is in the number or the name of whoever has it.
    fn is_borrower_of(&self, site: &Site, asset: &Asset) -> bool {
        let named = |id: &PersonId| site.persons.get(id).is_some_and(|person| self.is_in(&person.name));
        site.open_loan(asset.id).is_some_and(|loan| self.is_in(loan.person.as_str()) || named(&loan.person))
    }
}
