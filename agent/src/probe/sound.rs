//! The sound devices, and whether one can speak and hear.

use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{SoundCard, SoundCards};

const CARDS: &str = "/proc/asound/cards";
const STREAMS: &str = "/proc/asound/pcm";
const LIMIT: usize = 64 * 1024;

/// Reads the section. A kernel without sound has no device: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let text = |path: &str| match host.text(path, LIMIT) {
        Ok(text) => Ok(text),
        Err(why) if why.is_absent() => Ok(String::new()),
        Err(why) => Err(why.to_string()),
    };
    Ok(Found::whole(Section::SoundCards(SoundCards { cards: parse(&text(CARDS)?, &text(STREAMS)?) })))
}

/// Reads " 0 [PCH            ]: HDA-Intel - HDA Intel PCH", a second line of where it is, and
/// "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1" of each stream.
fn parse(cards: &str, streams: &str) -> Vec<SoundCard> {
    let card = |line: &str| {
        let (number, rest) = line.split_once('[')?;
        let number = text::number(number)?;
        let (driver, name) = rest.split_once("]: ")?.1.split_once(" - ")?;
        let own = streams.lines().filter(|line| text::number(line) == Some(number));
        let (playback, capture) =
            own.fold((false, false), |(plays, hears), line| (plays || line.contains(": playback"), hears || line.contains(": capture")));
        Some(SoundCard { name: text::clean(name), driver: text::clean(driver), playback, capture })
    };
    cards.lines().filter_map(card).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CARDS: &str = " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0xe8340000 irq 145\n 1 [Headset        ]: USB-Audio - Jabra EVOLVE\n                      Jabra at usb-1\n";
    const STREAMS: &str = "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1\n00-03: HDMI 0 : HDMI 0 : playback 1\n01-00: USB Audio : USB Audio : playback 1\n";

    #[test]
    fn a_card_says_whether_it_hears() {
        let rows: Vec<_> = parse(CARDS, STREAMS).into_iter().map(|c| (c.name, c.driver, c.playback, c.capture)).collect();
        let wanted = [("HDA Intel PCH", "HDA-Intel", true, true), ("Jabra EVOLVE", "USB-Audio", true, false)];
        assert_eq!(rows, wanted.map(|(name, driver, plays, hears)| (name.to_owned(), driver.to_owned(), plays, hears)));
        assert!(parse("--- no soundcards ---\n", "").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(cards in "(?s)([0-9 \\[\\]:-]|\n|.){0,200}", streams in "(?s)([0-9]|-|: playback|\n|.){0,100}") {
            parse(&cards, &streams);
        }
    }
}
