//! Flags a machine whose clock is wrong.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::device::DeviceState;
use crate::words;
use jiff::SignedDuration;

pub(super) const RULE: Rule = Rule {
    code: "clock-skewed",
    title: "A machine's clock is wrong",
    severity: Severity::Medium,
    settle: Settle::AsTheRoom,
    cause: "The time service is off or reaches no server; or the coin battery on the board is empty, if it happens at every start.",
    remedy: "Look whether its time service runs and reaches a time server. If it loses the time whenever it is unplugged, replace the coin battery on its board.",
    limits: &[Limit {
        name: "seconds",
        unit: "s",
        value: 300,
        least: 1,
        most: 86_400,
        what: "more is wrong: sign-in to most networks fails there",
    }],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(device) = facts.device.filter(|device| device.state == DeviceState::Active) else { return Vec::new() };
    let off = SignedDuration::from_millis(device.clock_off_ms);
    if off.abs() <= SignedDuration::from_secs(facts.limit(&RULE, "seconds")) {
        return Vec::new();
    }
    let (way, by) = (if off.is_positive() { "fast" } else { "slow" }, words::span(off.abs()));
    let evidence = format!("when it was last here its clock was {by} {way} against the collector's");
    vec![Finding { subject: String::new(), title: format!("has a clock that is {by} {way}"), evidence }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Asset;
    use crate::device::Device;
    use crate::{AssetId, DeviceId, Site, Tag};

    #[test]
    fn five_minutes_are_borne_and_more_is_told_either_way() {
        let (site, asset) = (Site::default(), Asset::new(AssetId(uuid::Uuid::nil()), Tag::parse("PC1").unwrap()));
        let check = |off_s: i64, state: DeviceState, want: Option<&str>| {
            let nobody = uuid::Uuid::nil();
            let device =
                Device { clock_off_ms: off_s * 1000, state, ..Device::new(DeviceId(nobody), AssetId(nobody), jiff::Timestamp::UNIX_EPOCH) };
            let found = check(&Facts::new(&site, &asset, Some(&device), None, jiff::Timestamp::UNIX_EPOCH));
            let titles: Vec<_> = found.iter().map(|finding| finding.title.as_str()).collect();
            assert_eq!(titles, want.into_iter().collect::<Vec<_>>(), "{off_s} s");
        };
        for borne in [0, 300, -300] {
            check(borne, DeviceState::Active, None);
        }
        check(360, DeviceState::Active, Some("has a clock that is 6 min fast"));
        check(-10 * 365 * 86_400, DeviceState::Active, Some("has a clock that is 3650 days slow"));
        check(i64::MAX / 1000, DeviceState::Active, Some("has a clock that is 106751991167 days fast"));
        check(360, DeviceState::Revoked, None);
    }
}
