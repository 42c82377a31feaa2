//! What to write to whoever gives accounts, addresses and privileges, with the facts filled in: made when it is read, kept nowhere.

use super::{Category, Ticket};
use crate::asset::Asset;
use crate::person::PersonRole;
use crate::{Site, words};
use rollcall_proto::Section;

/// The text of a request, to be copied; `None`: this ticket asks nobody for anything.
pub fn text(site: &Site, ticket: &Ticket) -> Option<String> {
    let wanted = match ticket.category {
        Category::Account => "an account",
        Category::NetworkAddress => "a network address",
        Category::Access => "access",
        _ => return None,
    };
    let name = site.about().map_or_else(String::new, |about| about.name.clone());
    let mut lines = vec![format!("Request for {wanted}: {}", ticket.title)];
    lines.extend(Some(&ticket.detail).filter(|detail| !detail.is_empty()).cloned());
    let asset = ticket.asset.and_then(|id| site.assets.get(&id));
    lines.extend(asset.into_iter().flat_map(|asset| machine(site, asset)));
    lines.extend(ticket.person.as_ref().map(|id| {
        let role = site.persons.get(id).map(|person| if person.role == PersonRole::Staff { " (staff)" } else { " (student)" });
        format!("For: id {id}{}", role.unwrap_or_default())
    }));
    lines.push(format!("Our ticket: {} of {}, {name}", ticket.id, words::utc(ticket.opened_at)).trim_end_matches(", ").to_owned());
    Some(lines.join("\n"))
}

/// What is known of a machine that needs something.
fn machine(site: &Site, asset: &Asset) -> Vec<String> {
    let mut lines = vec![format!("Machine: {}, {}", asset.tag, asset.title())];
    if !asset.serial.is_empty() {
        lines.push(format!("Serial: {}", asset.serial));
    }
    if let Some(id) = &asset.room {
        let seat = asset.seat.as_ref().map_or_else(String::new, |seat| format!(", seat {seat}"));
        lines.push(format!("Room: {id}{seat}"));
        let subnets = site.rooms.get(id).map(|room| room.subnets.iter().map(ToString::to_string).collect::<Vec<_>>());
        lines.extend(subnets.filter(|subnets| !subnets.is_empty()).map(|subnets| format!("Subnet: {}", subnets.join(", "))));
    }
    let Some(device) = site.device_of(asset) else { return lines };
    lines.push(format!("Host name: {}", device.host_name));
    if let Some(Section::Network(network)) = site.section(device.id, "network") {
        let cards = network.interfaces.iter().filter(|card| !card.is_virtual && !card.mac.is_empty());
        lines.extend(cards.map(|card| format!("MAC: {} ({}, {})", card.mac, card.name, card.kind)));
    }
    let addresses: Vec<String> =
        site.profiles.get(&device.id).into_iter().flat_map(|profile| &profile.addresses).map(ToString::to_string).collect();
    if !addresses.is_empty() {
        lines.push(format!("Address now: {}", addresses.join(", ")));
    }
    lines
}
