//! Flags an asset with the serial number of another one.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::AssetId;
use crate::asset::Asset;
use crate::fingerprint::fact;

pub(super) const RULE: Rule = Rule {
    code: "serial-duplicate",
    title: "Two assets have one serial number",
    severity: Severity::Low,
    settle: Settle::Minutes(30),
    cause: "It was entered twice, once by hand and once by its agent; or a board was replaced and took the serial along.",
    remedy: "Look at both labels. Retire the entry that is too many, or set the right serial with `rollcall asset set TAG --serial`.",
    limits: &[],
    check,
};

/// Of more assets than this nobody needs each named.
const MOST: usize = 16;

/// Told of the one that was added later.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    if facts.asset.status.is_gone() {
        return Vec::new();
    }
    let Some(hash) = facts.asset.serial_hash() else { return Vec::new() };
    let alike = facts.site.by_serial.range((hash, AssetId(uuid::Uuid::nil()))..).take_while(|(other, _)| *other == hash);
    let before = alike.map(|(_, id)| id).take_while(|id| **id < facts.asset.id).take(MOST);
    let is_so = |other: &&Asset| !other.status.is_gone() && fact(&other.serial) == fact(&facts.asset.serial);
    let first = before.filter_map(|id| facts.site.assets.get(id)).map(|asset| &**asset).find(is_so);
    let told = |other: &Asset| {
        let evidence = format!("{} and {} both have the serial {}", other.tag, facts.asset.tag, other.serial);
        Finding::of_it(format!("has the serial number of {}", other.tag), evidence)
    };
    first.map(told).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::asset::AssetStatus;
    use crate::record;
    use uuid::Uuid;

    #[test]
    fn the_later_of_two_is_told_and_junk_is_no_serial() {
        let two = |one: &str, other: &str, status| {
            let mut sample = Sample::new().edit_asset(|asset| (asset.serial, asset.status) = (one.to_owned(), status));
            sample.another(7, "PC7");
            let later = AssetId(Uuid::from_u128(7));
            let asset = (**sample.site.assets.get(&later).unwrap()).clone();
            record::put(&mut sample.site, Asset { serial: other.to_owned(), ..asset });
            sample.check(&RULE, &[]);
            sample.asset = later;
            sample
        };
        let used = AssetStatus::InService;
        two("PF1A2B3C", "pf1a2b3c", used).check(&RULE, &["has the serial number of PC1"]);
        two("PF1A2B3C", "PF1A2B3D", used).check(&RULE, &[]);
        two("PF1A2B3C", "PF1A2B3C", AssetStatus::Retired).check(&RULE, &[]);
        two("To be filled by O.E.M.", "To be filled by O.E.M.", used).check(&RULE, &[]);
    }
}
