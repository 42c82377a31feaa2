//! Which survey runs and which waits: at most one of each, whatever is asked meanwhile.

use super::queue::Listing;
use crate::probe::{LIVELY_SECTIONS, PACKAGE_SECTIONS};
use rollcall_proto::v1::Cause;

/// A survey that somebody asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The sections to read; none: all.
    pub sections: Vec<&'static str>,
    /// Why.
    pub cause: Cause,
    /// Ids of the commands it answers.
    pub commands: Vec<u64>,
}

impl Request {
    /// A survey of everything.
    pub(super) fn of(cause: Cause) -> Self {
        Self { sections: Vec::new(), cause, commands: Vec::new() }
    }

    /// A survey of what follows the package database.
    pub(super) fn of_packages() -> Self {
        Self { sections: PACKAGE_SECTIONS.to_vec(), cause: Cause::Packages, commands: Vec::new() }
    }

    /// A survey of what changes while a machine is used.
    pub(super) fn of_lively() -> Self {
        Self { sections: LIVELY_SECTIONS.to_vec(), cause: Cause::Hardware, commands: Vec::new() }
    }

    /// What its entry lists. Somebody who asked gets an answer even when nothing changed; a start says everything once;
    /// the schedule says it is all still so, but does not fill the spool with that while nobody listens.
    pub(super) fn listing(&self, live: bool) -> Listing {
        match self.cause {
            _ if !self.sections.is_empty() && self.commands.is_empty() => Listing::Changes,
            Cause::Rescan | Cause::Start => Listing::Everything,
            Cause::Schedule if live => Listing::Everything,
            _ => Listing::Changes,
        }
    }

    fn join(mut self, other: Self) -> Self {
        if self.sections.is_empty() || other.sections.is_empty() {
            self.sections.clear();
        } else {
            self.sections.extend(other.sections);
            self.sections.sort_unstable();
            self.sections.dedup();
        }
        self.commands.extend(other.commands);
        let rank = |cause: Cause| {
            [Cause::Rescan, Cause::Packages, Cause::Hardware, Cause::Start, Cause::Schedule].iter().position(|c| *c == cause)
        };
        if rank(other.cause) < rank(self.cause) {
            self.cause = other.cause;
        }
        self
    }
}

/// The running survey and the waiting one.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    running: Option<Request>,
    waiting: Option<Request>,
}

impl Agenda {
    /// Takes in `request`; gives the sections to read when it can begin now. One that runs may have read before the
    /// reason came up, so it never answers for a later request.
    pub(super) fn ask(&mut self, request: Request) -> Option<Vec<&'static str>> {
        if self.running.is_none() {
            let sections = request.sections.clone();
            self.running = Some(request);
            return Some(sections);
        }
        self.waiting = Some(match self.waiting.take() {
            Some(waiting) => waiting.join(request),
            None => request,
        });
        None
    }

    /// The running survey is done: gives it back, and the sections of the next.
    pub(super) fn done(&mut self) -> (Option<Request>, Option<Vec<&'static str>>) {
        let done = self.running.take();
        self.running = self.waiting.take();
        (done, self.running.as_ref().map(|request| request.sections.clone()))
    }

    /// Whether a survey of everything runs or waits.
    pub(super) fn will_list_all(&self) -> bool {
        [&self.running, &self.waiting].into_iter().flatten().any(|request| request.sections.is_empty())
    }

    /// Forgets which commands the surveys answer: who asked is gone.
    pub(super) fn forget_commands(&mut self) {
        [&mut self.running, &mut self.waiting].into_iter().flatten().for_each(|request| request.commands.clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_meanwhile_becomes_one_survey() {
        let mut agenda = Agenda::default();
        assert_eq!(agenda.ask(Request::of(Cause::Start)), Some(vec![]));
        assert_eq!(agenda.ask(Request::of_packages()), None);
        assert_eq!(agenda.ask(Request { sections: vec!["os"], cause: Cause::Rescan, commands: vec![7] }), None);
        let (done, next) = agenda.done();
        assert_eq!(done.map(|request| request.cause), Some(Cause::Start));
        assert_eq!(next, Some(vec!["os", "software", "software-dates", "updates"]));
        let (done, next) = agenda.done();
        assert_eq!(done.map(|request| (request.cause, request.commands)), Some((Cause::Rescan, vec![7])));
        assert_eq!(next, None);
        assert_eq!(agenda.done(), (None, None));
    }
}
