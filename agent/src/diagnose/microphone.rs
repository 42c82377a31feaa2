//! Whether a sound device can hear.

use super::{Around, Finding, OffSite, Step, Work, section};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::time::Duration;

pub(super) const STEP: Step =
    Step { name: Name::Microphone, off_site: OffSite::With("sound"), limit: Duration::from_secs(5), work: Work::Look(look) };

fn look(host: &Host, _: &Around) -> Finding {
    let cards = match section(host, "sound") {
        Ok(Section::SoundCards(section)) => section.cards,
        Ok(_) => Vec::new(),
        Err(why) => return Finding::unreadable(why),
    };
    let hears: Vec<&str> = cards.iter().filter(|card| card.capture).map(|card| card.name.as_str()).collect();
    match (hears.as_slice(), cards.as_slice()) {
        ([], []) => Finding::absent("no sound device"),
        ([], cards) => {
            let names = cards.iter().map(|card| card.name.as_str()).collect::<Vec<_>>().join(", ");
            Finding::absent(format!("no microphone; what is there only plays: {names}"))
        }
        (hears, _) => Finding::well(hears.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;

    #[test]
    fn a_device_that_only_plays_is_no_microphone() {
        let of = |streams: &str, cards: &str| {
            let (_dir, host) = machine("{}", &[("proc/asound/cards", cards), ("proc/asound/pcm", streams)]);
            look(&host, &Around::default())
        };
        let card = " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      at 0xe8340000\n";
        assert_eq!(of("00-00: ALC257 : ALC257 : playback 1 : capture 1\n", card), Finding::well("HDA Intel PCH"));
        let plays = "no microphone; what is there only plays: HDA Intel PCH";
        assert_eq!(of("00-00: ALC257 : ALC257 : playback 1\n", card), Finding::absent(plays));
        assert_eq!(of("", "--- no soundcards ---\n"), Finding::absent("no sound device"));
    }
}
