//! The batteries: what they were built for and what they hold now.

use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{Batteries, Battery};

/// Where the kernel lists power supplies.
pub(super) const SUPPLIES: &str = "/sys/class/power_supply";
/// Cycles are given in tens: a count that changes every other day is no inventory.
const CYCLE_STEP: u64 = 10;

/// Reads the section. A machine without power supplies has no battery: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let names = names(host)?;
    let batteries = names.iter().map(|name| battery(name, |file| supply(host, name, file))).collect();
    Ok(Found::whole(Section::Batteries(Batteries { batteries })))
}

/// The batteries that run the machine, by name; those of mice and pens are left out.
pub(super) fn names(host: &Host) -> Result<Vec<String>, String> {
    let mut names = match host.list(SUPPLIES) {
        Ok(names) => names,
        Err(why) if why.is_absent() => Vec::new(),
        Err(why) => return Err(why.to_string()),
    };
    names.retain(|name| {
        let is = |file: &str, value: &str| supply(host, name, file).is_some_and(|v| v == value);
        is("type", "Battery") && !is("scope", "Device") && !is("present", "0")
    });
    Ok(names)
}

/// One value of one power supply.
pub(super) fn supply(host: &Host, name: &str, file: &str) -> Option<String> {
    host.value(&format!("{SUPPLIES}/{name}/{file}")).ok()
}

fn battery(name: &str, value: impl Fn(&str) -> Option<String>) -> Battery {
    let number = |file: &str| value(file).and_then(|value| text::number(&value)).unwrap_or(0);
    let words = |file: &str| text::given(&value(file).unwrap_or_default());
    let millivolts = number("voltage_min_design") / 1000;
    let energy = |what: &str| match number(&format!("energy_{what}")) {
        0 => number(&format!("charge_{what}")).saturating_mul(millivolts) / 1_000_000,
        microwatt_hours => microwatt_hours / 1000,
    };
    let design_mwh = energy("full_design");
    Battery {
        name: text::clean(name),
        manufacturer: words("manufacturer"),
        model: words("model_name"),
        serial: words("serial_number"),
        chemistry: words("technology"),
        design_mwh,
        full_mwh: rounded(energy("full"), design_mwh),
        cycles: u32::try_from(number("cycle_count") / CYCLE_STEP * CYCLE_STEP).unwrap_or(0),
    }
}

/// `full` rounded to whole percents of `design`.
fn rounded(full: u64, design: u64) -> u64 {
    let percent = full.saturating_mul(100).saturating_add(design / 2).checked_div(design);
    percent.map_or(full, |percent| percent.saturating_mul(design) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn from(rows: &[(&str, &str)]) -> Battery {
        battery("BAT0", |file| rows.iter().find(|(name, _)| *name == file).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn energy_and_charge_both_give_milliwatt_hours() {
        let energy =
            from(&[("energy_full_design", "50000000"), ("energy_full", "41234000"), ("cycle_count", "317"), ("technology", "Li-poly")]);
        assert_eq!((energy.design_mwh, energy.full_mwh, energy.cycles, energy.chemistry.as_str()), (50000, 41000, 310, "Li-poly"));
        let charge = from(&[("charge_full_design", "4000000"), ("charge_full", "4000000"), ("voltage_min_design", "11400000")]);
        assert_eq!((charge.design_mwh, charge.full_mwh), (45600, 45600));
    }

    #[test]
    fn a_mouse_is_no_battery_of_the_machine() {
        let dir = tempfile::tempdir().unwrap();
        for (name, file, value) in
            [("BAT0", "type", "Battery"), ("AC", "type", "Mains"), ("mouse", "type", "Battery"), ("mouse", "scope", "Device")]
        {
            let at = dir.path().join("sys/class/power_supply").join(name);
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join(file), value).unwrap();
        }
        assert_eq!(names(&Host::recorded(dir.path()).unwrap()).unwrap(), ["BAT0"]);
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(value in "[0-9]{0,25}|.{0,20}") {
            battery("B", |_| Some(value.clone()));
        }
    }
}
