//! Reports that wait for their contents, in the order in which they came. Pure.

use jiff::Timestamp;
use rollcall_proto::Digest;
use rollcall_site::attend::Report;
use rollcall_site::content::Content;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Reports that may wait at once on one stream: a spool after a long absence.
const MOST_REPORTS: usize = 4096;
/// What waiting reports may weigh together, bytes.
const MOST_WEIGHT: usize = 4 * 1024 * 1024;
/// What contents may weigh that are here before their report's turn, bytes unpacked: a sane agent sends them in order.
const MOST_CONTENT: usize = 24 * 1024 * 1024;

/// A stream asks the collector to hold too much for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more reports wait for their contents than one stream may have")]
pub(super) struct TooMuch;

/// A content that is checked and waits for its report.
struct Arrived {
    content: Content,
    bytes: usize,
}

/// The reports of one stream that wait.
#[derive(Default)]
pub(super) struct Pending {
    reports: VecDeque<(Report, usize)>,
    /// Asked for, with the sections that it is for: two may have the same bytes.
    wanted: BTreeMap<Digest, BTreeSet<String>>,
    arrived: BTreeMap<(String, Digest), Arrived>,
    /// The bytes of these as they came, not kept yet.
    packed: BTreeMap<Digest, Vec<u8>>,
    weight: usize,
    content: usize,
    front_since: Option<Timestamp>,
}

/// A report whose contents are all here.
pub(super) struct Ready {
    pub(super) report: Report,
    /// Those that the site does not hold yet.
    pub(super) contents: Vec<(Digest, Content)>,
    /// Their bytes as they came, to be kept before the report is taken in.
    pub(super) packed: Vec<(Digest, Vec<u8>)>,
}

impl Pending {
    /// Takes a report into the queue and says which contents to ask for.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(super) fn push(&mut self, report: Report, now: Timestamp, holds: impl Fn(&str, &Digest) -> bool) -> Result<Vec<Digest>, TooMuch> {
        let weight = weigh(&report);
        if self.reports.len() >= MOST_REPORTS || self.weight + weight > MOST_WEIGHT {
            return Err(TooMuch);
        }
        let mut ask = Vec::new();
        for (name, digest) in contents(&report) {
            if holds(name, &digest) || self.arrived.contains_key(&(name.to_owned(), digest)) {
                continue;
            }
            let sections = self.wanted.entry(digest).or_default();
            if sections.is_empty() {
                ask.push(digest);
            }
            sections.insert(name.to_owned());
        }
        self.weight += weight;
        self.reports.push_back((report, weight));
        self.front_since.get_or_insert(now);
        Ok(ask)
    }

    /// The sections that a content was asked for; `None`: it was not.
    pub(super) fn wanted(&self, digest: &Digest) -> Option<&BTreeSet<String>> {
        self.wanted.get(digest)
    }

    /// Whether a content that was to be asked for is there without asking: it came, or the site holds it as every section named.
    pub(super) fn found(&mut self, digest: &Digest, holds: impl Fn(&str) -> bool) -> bool {
        let found = self.wanted.get(digest).is_none_or(|sections| sections.iter().all(|name| holds(name)));
        if found {
            self.wanted.remove(digest);
        }
        found
    }

    /// A content that was asked for is checked: the sections that it is, its bytes as they came, and its size unpacked, bytes.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(super) fn arrive(&mut self, digest: Digest, contents: Vec<Content>, packed: Vec<u8>, bytes: usize) -> Result<(), TooMuch> {
        self.wanted.remove(&digest);
        self.content += packed.len();
        self.packed.insert(digest, packed);
        for content in contents {
            self.content += bytes;
            self.arrived.insert((content.name().to_owned(), digest), Arrived { content, bytes });
        }
        if self.content > MOST_CONTENT { Err(TooMuch) } else { Ok(()) }
    }

    /// Takes out the first report, if all its contents are here. A later one never overtakes it.
    pub(super) fn pop(&mut self, now: Timestamp, holds: impl Fn(&str, &Digest) -> bool) -> Option<Ready> {
        let (report, _) = self.reports.front()?;
        if !contents(report).all(|(name, digest)| self.arrived.contains_key(&(name.to_owned(), digest)) || holds(name, &digest)) {
            return None;
        }
        let (report, weight) = self.reports.pop_front()?;
        self.weight -= weight;
        self.front_since = (!self.reports.is_empty()).then_some(now);
        let (mut taken, mut kept) = (Vec::new(), Vec::new());
        for (name, digest) in contents(&report) {
            if let Some(arrived) = self.arrived.remove(&(name.to_owned(), digest)) {
                self.content -= arrived.bytes;
                taken.push((digest, arrived.content));
            }
            if let Some(packed) = self.packed.remove(&digest) {
                self.content -= packed.len();
                kept.push((digest, packed));
            }
        }
        Some(Ready { report, contents: taken, packed: kept })
    }

    /// Whether no report waits.
    pub(super) fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    /// Since when the first report waits.
    pub(super) fn front_since(&self) -> Option<Timestamp> {
        self.front_since
    }
}

fn contents(report: &Report) -> impl Iterator<Item = (&str, Digest)> {
    report.sections.iter().filter_map(|section| Some((section.name.as_str(), *section.content.as_ref().ok()?)))
}

fn weigh(report: &Report) -> usize {
    let texts = |s: &rollcall_site::attend::Reported| {
        s.content.as_ref().err().map_or(0, String::len) + s.problems.iter().map(String::len).sum::<usize>()
    };
    200 + report.sections.iter().map(|section| 200 + texts(section)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::{Section, v1};
    use rollcall_site::attend::Reported;
    use std::sync::Arc;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn report(number: u64, contents: &[(&str, &[u8])]) -> Report {
        let sections = contents.iter().map(|(name, bytes)| Reported {
            name: (*name).to_owned(),
            content: Ok(Digest::of(bytes)),
            problems: Vec::new(),
        });
        Report { session: String::new(), number, at: NOW, full: false, sections: sections.collect() }
    }

    fn displays() -> Content {
        Content::of(&Section::Displays(v1::Displays::default()), &Arc::default())
    }

    fn battery() -> Content {
        Content::of(&Section::Batteries(v1::Batteries::default()), &Arc::default())
    }

    fn nothing(_: &str, _: &Digest) -> bool {
        false
    }

    #[test]
    fn a_later_report_never_overtakes_an_earlier_one() {
        let (mut pending, a, b) = (Pending::default(), Digest::of(b"a"), Digest::of(b"b"));
        assert_eq!(pending.push(report(1, &[("battery", b"a"), ("displays", b"b")]), NOW, nothing).unwrap(), [a, b]);
        assert_eq!(pending.push(report(2, &[("displays", b"b")]), NOW, nothing).unwrap(), [], "it is asked for already");
        pending.arrive(b, vec![displays()], vec![2], 1).unwrap();
        assert!(pending.pop(NOW, nothing).is_none(), "the second is complete, the first is not");
        pending.arrive(a, vec![battery()], vec![1], 1).unwrap();
        let first = pending.pop(NOW, nothing).unwrap();
        assert_eq!((first.report.number, first.contents.len(), first.packed.len()), (1, 2, 2));
        let second = pending.pop(NOW, |_, digest| *digest == b).unwrap();
        assert_eq!((second.report.number, second.contents.len()), (2, 0), "the site holds it by now");
        assert_eq!((pending.front_since(), pending.weight, pending.content), (None, 0, 0));
    }

    #[test]
    fn two_sections_may_have_the_same_bytes() {
        let (mut pending, empty) = (Pending::default(), Digest::of(b""));
        assert_eq!(pending.push(report(1, &[("battery", b""), ("displays", b"")]), NOW, nothing).unwrap(), [empty]);
        assert_eq!(pending.wanted(&empty).map(BTreeSet::len), Some(2));
        pending.arrive(empty, vec![battery(), displays()], vec![1], 0).unwrap();
        let ready = pending.pop(NOW, nothing).unwrap();
        assert_eq!((ready.contents.len(), ready.packed.len(), pending.content), (2, 1, 0), "kept once");
    }

    #[test]
    fn what_one_stream_can_make_us_hold_is_bounded() {
        let mut pending = Pending::default();
        let pushed = (0..).take_while(|number| pending.push(report(*number, &[("battery", b"a")]), NOW, nothing).is_ok()).count();
        assert_eq!(pushed, MOST_REPORTS);
        assert_eq!(pending.arrive(Digest::of(b"x"), vec![displays()], Vec::new(), MOST_CONTENT + 1), Err(TooMuch));
    }
}
