//! Where bytes enter that somebody else wrote: the form in which each crate lists its parsers and doors, and those of the wire itself.
//!
//! Not part of the interface: tests and fuzzers alone call it.

use crate::{Digest, MAX_SECTION, SECTIONS, Section, digest::BadPack, pack, unpack};

/// Takes bytes in, and panics when something does not hold that must.
pub type Feed = Box<dyn FnMut(&[u8])>;

/// One parser or door.
pub struct Target {
    /// Its name, unlike any other's.
    pub name: &'static str,
    /// Inputs to begin with.
    pub seeds: Vec<Vec<u8>>,
    /// The message of `rollcall.v1` that the bytes are, "FromAgent"; `None`: they are none.
    pub message: Option<&'static str>,
    begin: Box<dyn Fn() -> Feed>,
}

impl Target {
    /// A parser that keeps nothing from one input to the next.
    pub fn new(name: &'static str, seeds: &[&[u8]], feed: impl Fn(&[u8]) + Copy + 'static) -> Self {
        Self::with_state(name, seeds, move || Box::new(feed))
    }

    /// A door that stands before something: `begin` makes both.
    pub fn with_state(name: &'static str, seeds: &[&[u8]], begin: impl Fn() -> Feed + 'static) -> Self {
        let seeds = seeds.iter().map(|seed| seed.to_vec()).collect();
        Self { name, seeds, message: None, begin: Box::new(begin) }
    }

    /// The same with more inputs to begin with.
    pub fn and(mut self, seeds: Vec<Vec<u8>>) -> Self {
        self.seeds.extend(seeds);
        self
    }

    /// The same, whose bytes are a message of the wire.
    pub fn of(self, message: &'static str) -> Self {
        Self { message: Some(message), ..self }
    }

    /// Ready to take bytes in.
    pub fn begin(&self) -> Feed {
        (self.begin)()
    }
}

/// What the wire itself reads, alphabetical.
pub fn targets() -> Vec<Target> {
    let packed = pack(b"bash\t5.2\n").unwrap_or_default();
    vec![
        Target::new("wire-digest", &[b"f0009a90c4daa4403aebb229e81d56715d6fd158736ba13d9ed07e80e8b09c26"], digest),
        Target::new("wire-section", &[b"\x00", b"\x0e\x0a\x06\x0a\x04bash"], section),
        Target::new("wire-unpack", &[], unpacked).and(vec![packed]),
    ]
}

fn digest(bytes: &[u8]) {
    if let Some(digest) = std::str::from_utf8(bytes).ok().and_then(Digest::from_hex) {
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
    }
    assert_eq!(Digest::from_wire(bytes).is_some(), bytes.len() == 32);
}

/// The first byte picks the section.
fn section(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let Some(name) = SECTIONS.get(usize::from(*first) % SECTIONS.len()) else { return };
    if let Some(Ok(section)) = Section::decode(name, bytes) {
        let again = section.encode();
        let read = Section::decode(name, &again).and_then(Result::ok);
        assert_eq!(read.map(|read| read.encode()), Some(again), "{name}: what is read and written reads the same");
        assert!(section.to_json().is_object());
    }
}

fn unpacked(bytes: &[u8]) {
    match unpack(bytes) {
        Ok(plain) => {
            assert!(plain.len() <= MAX_SECTION);
            let again = pack(&plain).ok().and_then(|packed| unpack(&packed).ok());
            assert!(again.is_some_and(|again| again == plain), "what was packed unpacks to the same");
        }
        Err(BadPack::TooLarge | BadPack::NotZstd(_)) => {}
    }
}
