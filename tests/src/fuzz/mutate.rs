//! The mutator: flips, cuts, splices, doublings, magic numbers and, for messages of the wire, every field at its limits. The same seed gives
//! the same inputs.

use rollcall_proto::fuzz::Target;

/// Longest input, bytes; what is doubled again and again ends there.
const LONGEST: usize = 64 * 1024;
/// Most changes of one input.
const CHANGES: u64 = 6;

/// Numbers at which something may break, as they stand in binary formats.
const NUMBERS: [u64; 12] = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, 1 << 63, u64::MAX];

/// Words at which a text may break.
const WORDS: [&[u8]; 20] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\t",
    b"\"",
    b"\\",
    b"\xff",
    b"\xc3",
    b"\x1b[31m",
    b"\xe2\x80\xae",
    b"18446744073709551615",
    b"-9223372036854775808",
    b"99999999999999999999999",
    b"1e400",
    b"null",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":",
    b"../",
    b"%00",
    b"<svg onload=x>",
];

/// Chance that is the same each time.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// From a seed; 0 is as good as any.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }

    /// Whether something happens that happens `times` in a thousand.
    pub fn chance(&mut self, times: u64) -> bool {
        self.below(1000) < times
    }

    /// One of `all`.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len() as u64) as usize)
    }

    fn at(&mut self, length: usize) -> usize {
        self.below(length as u64 + 1) as usize
    }
}

/// Makes inputs of one target.
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    fields: Vec<Vec<u8>>,
    random: Random,
}

impl Mutator {
    /// Of a target, with chance from `seed`.
    pub fn new(target: &Target, seed: u64) -> Self {
        let fields = target.message.map(|message| super::fields(message, 4)).unwrap_or_default();
        let mut seeds = target.seeds.clone();
        seeds.push(Vec::new());
        Self { seeds, fields, random: Random::new(seed) }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut bytes = self.random.pick(&self.seeds).cloned().unwrap_or_default();
        if !self.fields.is_empty() {
            for _ in 0..self.random.below(5) {
                bytes.extend(self.random.pick(&self.fields).into_iter().flatten());
            }
        }
        for _ in 0..self.random.below(CHANGES) {
            self.change(&mut bytes);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let random = &mut self.random;
        let (from, to) = (random.at(bytes.len()), random.at(bytes.len()));
        let (from, to) = (from.min(to), from.max(to));
        match random.below(10) {
            0 | 1 => {
                let bit = 1 << random.below(8);
                bytes.get_mut(from).into_iter().for_each(|byte| *byte ^= bit);
            }
            2 => {
                let byte = random.draw() as u8;
                bytes.get_mut(from).into_iter().for_each(|there| *there = byte);
            }
            3 => bytes.truncate(from),
            4 => drop(bytes.drain(from..to)),
            5 => {
                let part: Vec<u8> = bytes.get(from..to).unwrap_or_default().to_vec();
                let times = 1 + random.below(4) as usize * random.below(4) as usize;
                drop(bytes.splice(to..to, part.repeat(times)));
            }
            6 => {
                let other = random.pick(&self.seeds).cloned().unwrap_or_default();
                let end = random.at(other.len());
                drop(bytes.splice(from..to, other.into_iter().skip(end / 2).take(end)));
            }
            7 => {
                let word = random.pick(&WORDS).copied().unwrap_or_default();
                drop(bytes.splice(from..from, word.iter().copied()));
            }
            8 => {
                let word = random.pick(&WORDS).copied().unwrap_or_default();
                let there = bytes.len().min(from + word.len());
                drop(bytes.splice(from..there, word.iter().copied()));
            }
            _ => {
                let number = random.pick(&NUMBERS).copied().unwrap_or_default();
                let width = 1 << random.below(4);
                let order = random.below(2) == 0;
                let number = if order { number.to_le_bytes() } else { (number << (64 - 8 * width)).to_be_bytes() };
                let there = bytes.len().min(from + width);
                drop(bytes.splice(from..there, number.into_iter().take(width)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_gives_the_same_inputs_and_they_differ() {
        let target = Target::new("t", &[b"Package: vim\n", b"\0\x01\x02\x03"], |_| ());
        let inputs = |seed| {
            let mut mutator = Mutator::new(&target, seed);
            (0..500).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        assert!(inputs(1).iter().collect::<BTreeSet<_>>().len() > 300);
        assert!(inputs(1).iter().all(|input| input.len() <= LONGEST));
    }
}
