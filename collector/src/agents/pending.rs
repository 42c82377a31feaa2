//! Reports that wait for their contents, in the order in which they came. Pure.

use jiff::Timestamp;
use rollcall_proto::{Digest, Section};
use rollcall_site::attend::Report;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

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

/// A content that is durable and waits for its report.
struct Arrived {
    section: Arc<Section>,
    bytes: usize,
}

/// The reports of one stream that wait.
#[derive(Default)]
pub(super) struct Pending {
    reports: VecDeque<(Report, usize)>,
    wanted: BTreeMap<Digest, String>,
    arrived: BTreeMap<Digest, Arrived>,
    weight: usize,
    content: usize,
    front_since: Option<Timestamp>,
}

/// A report whose contents are all here, with those that the site does not hold yet.
pub(super) type Ready = (Report, Vec<(Digest, Arc<Section>)>);

impl Pending {
    /// Takes a report into the queue and says which contents to ask for.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(super) fn push(&mut self, report: Report, now: Timestamp, holds: impl Fn(&Digest) -> bool) -> Result<Vec<Digest>, TooMuch> {
        let weight = weigh(&report);
        if self.reports.len() >= MOST_REPORTS || self.weight + weight > MOST_WEIGHT {
            return Err(TooMuch);
        }
        let mut ask = Vec::new();
        for section in &report.sections {
            if let Ok(digest) = section.content
                && !holds(&digest)
                && !self.arrived.contains_key(&digest)
                && !self.wanted.contains_key(&digest)
            {
                self.wanted.insert(digest, section.name.clone());
                ask.push(digest);
            }
        }
        self.weight += weight;
        self.reports.push_back((report, weight));
        self.front_since.get_or_insert(now);
        Ok(ask)
    }

    /// The section that a content was asked for; `None`: it was not.
    pub(super) fn wanted(&self, digest: &Digest) -> Option<&str> {
        self.wanted.get(digest).map(String::as_str)
    }

    /// A content that was asked for is durable.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(super) fn arrive(&mut self, digest: Digest, section: Arc<Section>, bytes: usize) -> Result<(), TooMuch> {
        self.wanted.remove(&digest);
        self.content += bytes;
        self.arrived.insert(digest, Arrived { section, bytes });
        if self.content > MOST_CONTENT { Err(TooMuch) } else { Ok(()) }
    }

    /// Takes out the first report, if all its contents are here. A later one never overtakes it.
    pub(super) fn pop(&mut self, now: Timestamp, holds: impl Fn(&Digest) -> bool) -> Option<Ready> {
        let here = |digest: &Digest| self.arrived.contains_key(digest) || holds(digest);
        let ready = self.reports.front().is_some_and(|(report, _)| report.sections.iter().all(|s| s.content.as_ref().map_or(true, here)));
        let (report, weight) = if ready { self.reports.pop_front()? } else { return None };
        self.weight -= weight;
        self.front_since = (!self.reports.is_empty()).then_some(now);
        let mut contents = Vec::new();
        for digest in report.sections.iter().filter_map(|section| section.content.as_ref().ok()) {
            if let Some(arrived) = self.arrived.remove(digest) {
                self.content -= arrived.bytes;
                contents.push((*digest, arrived.section));
            }
        }
        Some((report, contents))
    }

    /// Since when the first report waits.
    pub(super) fn front_since(&self) -> Option<Timestamp> {
        self.front_since
    }
}

fn weigh(report: &Report) -> usize {
    let texts = |s: &rollcall_site::attend::Reported| s.content.as_ref().err().map_or(0, String::len) + s.problems.iter().map(String::len).sum::<usize>();
    200 + report.sections.iter().map(|section| 200 + texts(section)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1;
    use rollcall_site::attend::Reported;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn report(number: u64, contents: &[&[u8]]) -> Report {
        let sections = contents.iter().map(|bytes| Reported { name: "os".to_owned(), content: Ok(Digest::of(bytes)), problems: Vec::new() });
        Report { session: String::new(), number, at: NOW, full: false, sections: sections.collect() }
    }

    fn os() -> Arc<Section> {
        Arc::new(Section::Displays(v1::Displays::default()))
    }

    #[test]
    fn a_later_report_never_overtakes_an_earlier_one() {
        let (mut pending, nothing) = (Pending::default(), |_: &Digest| false);
        assert_eq!(pending.push(report(1, &[b"a", b"b"]), NOW, nothing).unwrap(), [Digest::of(b"a"), Digest::of(b"b")]);
        assert_eq!(pending.push(report(2, &[b"b"]), NOW, nothing).unwrap(), [], "it is asked for already");
        pending.arrive(Digest::of(b"b"), os(), 1).unwrap();
        assert!(pending.pop(NOW, nothing).is_none(), "the second is complete, the first is not");
        pending.arrive(Digest::of(b"a"), os(), 1).unwrap();
        let (first, contents) = pending.pop(NOW, nothing).unwrap();
        assert_eq!((first.number, contents.len()), (1, 2));
        let (second, contents) = pending.pop(NOW, |digest| *digest == Digest::of(b"b")).unwrap();
        assert_eq!((second.number, contents.len()), (2, 0), "the site holds it by now");
        assert_eq!((pending.front_since(), pending.weight, pending.content), (None, 0, 0));
    }

    #[test]
    fn what_one_stream_can_make_us_hold_is_bounded() {
        let (mut pending, nothing) = (Pending::default(), |_: &Digest| false);
        let pushed = (0..).take_while(|number| pending.push(report(*number, &[b"a"]), NOW, nothing).is_ok()).count();
        assert_eq!(pushed, MOST_REPORTS);
        assert_eq!(pending.arrive(Digest::of(b"x"), os(), MOST_CONTENT + 1), Err(TooMuch));
    }
}
