//! Flags a machine whose microphone is gone.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::parts;

pub(super) const RULE: Rule = Rule {
    code: "microphone-missing",
    title: "A microphone is missing",
    severity: Severity::Low,
    settle: Settle::Minutes(15),
    cause: "It was unplugged, its sound card failed, or an update lost its driver.",
    remedy: "Plug it in again; else restart the machine and look for its sound driver. If it is to be without it, run `rollcall asset accept TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let lost = parts::lost(facts, "sound").into_iter();
    lost.map(|lost| Finding::of(lost.key, "lacks its microphone", format!("it was accepted with the {}; now it is not seen", lost.what)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::asset::AssetKind;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{SoundCard, SoundCards};

    fn sound(cards: &[(&str, &str, bool)]) -> Section {
        let card = |(name, driver, capture): &(&str, &str, bool)| SoundCard {
            name: (*name).to_owned(),
            driver: (*driver).to_owned(),
            playback: true,
            capture: *capture,
        };
        Section::SoundCards(SoundCards { cards: cards.iter().map(card).collect() })
    }

    #[test]
    fn a_card_that_hears_is_missed_and_one_that_only_plays_is_not() {
        let check = |now: &[(&str, &str, bool)], want: &[&str]| {
            let accepted = sound(&[("HDA Intel PCH", "HDA-Intel", true), ("HDMI", "HDA-Intel", false)]);
            Sample::new().accepted_with(accepted).has(sound(now)).check(&RULE, want);
        };
        check(&[("HDMI", "HDA-Intel", false)], &["lacks its microphone"]);
        check(&[("HDA Intel PCH", "HDA-Intel", false)], &["lacks its microphone"]);
        check(&[("HDA Intel PCH", "HDA-Intel", true)], &[]);
    }

    #[test]
    fn a_headset_is_no_part_of_a_laptop() {
        let headset = || sound(&[("Headset", "USB-Audio", true)]);
        let told = ["lacks its microphone"];
        Sample::new().accepted_with(headset()).has(sound(&[])).check(&RULE, &told);
        let laptop = Sample::new().edit_asset(|asset| asset.kind = AssetKind::Laptop);
        laptop.accepted_with(headset()).has(sound(&[])).check(&RULE, &[]);
    }
}
