//! Compares two states of a machine, part by part.

use super::{Difference, PARTS, PartKind};
use crate::asset::Asset;
use crate::fingerprint::fact;
use crate::inventory::Profile;
use crate::loan::Loan;
use crate::record::Rest;
use crate::verdict::Policy;
use crate::{Site, parts, words};
use jiff::Timestamp;
use rollcall_proto::Section;
use rollcall_proto::v1::{Battery, Disk, Interface, System};

/// Differences of one loan that are told, at most.
const MOST: usize = 20;
/// Characters of one, at most: an agent's text is somebody else's.
const LONGEST: usize = 160;
/// A battery may lose so much more of its design capacity in a month, percent.
const WEAR_A_MONTH: i64 = 2;
/// Hours of a month.
const MONTH: i64 = 30 * 24;

/// What of the parts is not as it was when the loan began. A part whose section was not read then, or can't be read now, proves nothing.
pub(super) fn differences(site: &Site, asset: &Asset, loan: &Loan, profile: &Profile, now: Timestamp) -> Vec<Difference> {
    let months = now.duration_since(loan.out_at).as_hours() / MONTH;
    let wear = Policy::of(site, asset.kind).limit("wear_percent") + WEAR_A_MONTH * months;
    let of_part = |part: &PartKind| {
        let Some((before, after)) = sections(site, loan, profile, part.section) else { return Vec::new() };
        let told = texts(asset, &before, &after, wear).into_iter();
        told.map(|text| Difference { part: part.word.to_owned(), text: plain(&text), rest: Rest::new() }).collect()
    };
    PARTS.iter().flat_map(of_part).take(MOST).collect()
}

/// A section when it left and now, where both are known and they are not the same.
fn sections(site: &Site, loan: &Loan, profile: &Profile, name: &str) -> Option<(Section, Section)> {
    let then = loan.frozen.get(name)?;
    let held = profile.sections.get(name).filter(|held| held.not_measured.is_none())?;
    let now = held.digest.filter(|now| now != then)?;
    let section = |digest| site.content(name, digest)?.section();
    section(then).zip(section(&now))
}

/// The first rows of a list, if it has more than any machine has: each is looked for in the other list, and an agent may send what it likes.
fn few<T>(rows: &[T]) -> &[T] {
    rows.get(..parts::MOST).unwrap_or(rows)
}

fn texts(asset: &Asset, before: &Section, after: &Section, wear: i64) -> Vec<String> {
    let lost = parts::lost_between(asset, before, after).into_iter().map(|lost| match lost.instead {
        Some(instead) => format!("there is another part: the {} left, and the {instead} came back", lost.what),
        None => format!("the {} is missing", lost.what),
    });
    let less = match (before, after) {
        (Section::Batteries(before), Section::Batteries(after)) => batteries(few(&before.batteries), few(&after.batteries), wear),
        (Section::Network(before), Section::Network(after)) => network(few(&before.interfaces), few(&after.interfaces)),
        (Section::Storage(before), Section::Storage(after)) => disks(few(&before.disks), few(&after.disks)),
        (Section::System(before), Section::System(after)) => system(before, after),
        _ => Vec::new(),
    };
    lost.chain(less).collect()
}

/// Batteries that are the same and have lost more than wear explains.
fn batteries(before: &[Battery], after: &[Battery], wear: i64) -> Vec<String> {
    let share = |battery: &Battery| i64::try_from(battery.full_mwh.saturating_mul(100).checked_div(battery.design_mwh)?).ok();
    let told = before.iter().filter_map(|then| {
        let now = after.iter().find(|now| now.name == then.name && now.serial == then.serial && now.design_mwh == then.design_mwh)?;
        let (had, has) = (share(then)?, share(now)?);
        (had - has > wear).then(|| format!("the battery {} holds {has} % of its design capacity, {had} % when it left", then.model))
    });
    told.collect()
}

/// Disks that are the same and have become smaller.
fn disks(before: &[Disk], after: &[Disk]) -> Vec<String> {
    let told = before.iter().filter(|disk| fact(&disk.serial).is_some()).filter_map(|then| {
        let now = after.iter().find(|now| now.serial == then.serial)?;
        let shrank = now.bytes > 0 && now.bytes < then.bytes / 100 * 99;
        shrank.then(|| format!("the disk {} shows {}, {} when it left", then.model, words::disk(now.bytes), words::disk(then.bytes)))
    });
    told.collect()
}

/// Adapters that are another one: what is only plugged in comes and goes, under a name of its own.
fn network(before: &[Interface], after: &[Interface]) -> Vec<String> {
    let own = |interface: &&Interface| !interface.is_virtual && !interface.mac.is_empty();
    let told = before.iter().filter(own).filter_map(|then| {
        if after.iter().any(|now| now.mac == then.mac) {
            return None;
        }
        let now = after.iter().filter(own).find(|now| now.name == then.name && now.kind == then.kind)?;
        Some(format!("the {} adapter {} has the address {}, {} when it left", then.kind, then.name, now.mac, then.mac))
    });
    told.collect()
}

/// Another board, or another machine altogether.
fn system(before: &System, after: &System) -> Vec<String> {
    let facts = [("serial number", &before.serial, &after.serial), ("board's serial number", &before.board_serial, &after.board_serial)];
    let told = facts.into_iter().filter(|(_, then, now)| fact(then).is_some() && fact(now).is_some() && then != now);
    told.map(|(what, then, now)| format!("its {what} is {now}, {then} when it left")).collect()
}

/// One line of ordinary characters, not too long.
fn plain(text: &str) -> String {
    words::cut(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssetId, Tag};
    use rollcall_proto::v1::{Batteries, Network, Storage};

    #[test]
    fn a_section_of_more_rows_than_any_machine_has_costs_no_more_for_it() {
        let asset = Asset::new(AssetId(uuid::Uuid::nil()), Tag::parse("LT-1").unwrap());
        let rows: Vec<String> = (0..100_000).map(|n| format!("row {n}")).collect();
        let battery = |(name, full_mwh): (&String, u64)| Battery { name: name.clone(), full_mwh, design_mwh: 100, ..Battery::default() };
        let batteries = |full| Section::Batteries(Batteries { batteries: rows.iter().map(|name| battery((name, full))).collect() });
        let disk = |(serial, bytes): (&String, u64)| Disk { serial: serial.clone(), bytes, ..Disk::default() };
        let disks = |bytes| Storage { disks: rows.iter().map(|serial| disk((serial, bytes))).collect(), file_systems: Vec::new() };
        let adapter =
            |(name, mark): (&String, &str)| Interface { name: name.clone(), mac: format!("{mark}{name}"), ..Interface::default() };
        let adapters =
            |mark| Section::Network(Network { interfaces: rows.iter().map(|name| adapter((name, mark))).collect(), ..Network::default() });
        for (before, after) in
            [(batteries(100), batteries(10)), (Section::Storage(disks(1_000)), Section::Storage(disks(10))), (adapters("a"), adapters("b"))]
        {
            assert_eq!(texts(&asset, &before, &after, 20).len(), parts::MOST);
        }
    }
}
