//! What an agent says while it is diagnosed: steps, and echoes that are given back. Nothing of it counts at any other time.

use crate::agents::conversation::{Conversation, Met, Parting};
use crate::agents::translate;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::{MAX_FILLER, v1};
use rollcall_site::diagnosis::{Ended, Step};
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// Echoes of one diagnosis: an agent says forty.
const ECHOES: u32 = 64;
/// Bytes of filler in one diagnosis, both ways together: an agent exchanges 2 MiB.
const FILLER: usize = 5 * MAX_FILLER * 8;
/// Machines of a site that measure their line at once: more would measure each other.
const MEASURING: usize = 2;
/// How long one may measure.
const MEASURES: SignedDuration = SignedDuration::from_secs(15);

/// The diagnosis that goes on in a conversation.
pub(super) struct Diagnosing {
    /// The command's number.
    pub(super) command: u64,
    steps: mpsc::Sender<Ended>,
    ended: Vec<Step>,
    echoes: u32,
    filler: usize,
}

/// Who measures their line now: the stream's number, and until when.
#[derive(Debug, Default)]
pub(super) struct Measuring(Mutex<Vec<(u64, Timestamp)>>);

impl Measuring {
    /// Whether the stream may exchange filler at `now`: it has begun already, or there is room.
    fn may(&self, stream: u64, now: Timestamp) -> bool {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back frees everybody.
        streams.retain(|(_, until)| (SignedDuration::ZERO..=MEASURES).contains(&until.duration_since(now)));
        if streams.iter().any(|(other, _)| *other == stream) {
            return true;
        }
        let room = streams.len() < MEASURING;
        streams.extend(room.then(|| (stream, now + MEASURES)));
        room
    }

    /// The stream measures no more.
    pub(super) fn leave(&self, stream: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != stream);
    }
}

impl Diagnosing {
    /// The diagnosis that the command with this number begins; its steps go to `steps`.
    pub(super) fn new(command: u64, steps: mpsc::Sender<Ended>) -> Self {
        Self { command, steps, ended: Vec::new(), echoes: 0, filler: 0 }
    }

    /// Whether another echo with so much filler both ways is within what an agent says.
    fn takes(&mut self, filler: usize) -> bool {
        self.echoes += 1;
        self.filler = self.filler.saturating_add(filler);
        self.echoes <= ECHOES && self.filler <= FILLER
    }
}

impl Conversation {
    /// A step of the diagnosis has ended.
    pub(super) fn step(&self, met: &mut Met, said: &v1::DiagnosisStep) {
        let Some(diagnosing) = met.diagnosing.as_mut().filter(|diagnosing| diagnosing.command == said.command) else { return };
        let Some(ended) = translate::step(said, self.caller.side, self.now()) else { return };
        if diagnosing.ended.contains(&ended.step) {
            return;
        }
        if ended.step == Step::Throughput {
            self.door.measuring.leave(met.stream);
        }
        diagnosing.ended.push(ended.step);
        // Who asked may be gone; there are no more steps than have room.
        diagnosing.steps.try_send(ended).unwrap_or_default();
    }

    /// Gives an echo back. One that nobody asked for, and whatever is more than an agent says, is dropped unread.
    pub(super) async fn echo(&self, met: &mut Met, said: v1::Echo) -> Result<(), Parting> {
        let Some(diagnosing) = met.diagnosing.as_mut().filter(|diagnosing| diagnosing.command == said.command) else { return Ok(()) };
        let (up, down) = (said.filler.len(), said.wanted as usize);
        if up > MAX_FILLER || down > MAX_FILLER || !diagnosing.takes(up + down) {
            return Ok(());
        }
        let now = self.now();
        let busy = up + down > 0 && !self.door.measuring.may(met.stream, now);
        let filler = if busy { Vec::new() } else { filler(down, said.number) };
        let echoed = v1::Echoed { command: said.command, number: said.number, filler, clock_ms: now.as_millisecond(), busy };
        self.out.say(Told::Echoed(echoed)).await
    }
}

/// Bytes that nothing on the way can make fewer.
fn filler(bytes: usize, seed: u32) -> Vec<u8> {
    let mut filler = vec![0; bytes];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut filler);
    filler
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_measure_at_once_and_who_is_done_or_slow_makes_room() {
        let (measuring, now) = (Measuring::default(), "2026-09-01T08:00:00Z".parse::<Timestamp>().unwrap());
        assert!(measuring.may(1, now) && measuring.may(2, now) && measuring.may(1, now));
        assert!(!measuring.may(3, now));
        measuring.leave(2);
        assert!(measuring.may(3, now) && !measuring.may(2, now));
        assert!(measuring.may(2, now + MEASURES + SignedDuration::from_secs(1)));
        assert!(measuring.may(4, now - SignedDuration::from_hours(1)), "the clock was set back");
    }

    #[test]
    fn an_agent_is_given_back_what_it_needs_and_no_more() {
        let diagnosing = || Diagnosing::new(1, mpsc::channel(1).0);
        let mut agent = diagnosing();
        assert!((0..8).all(|_| agent.takes(0)) && (0..32).all(|_| agent.takes(MAX_FILLER)));
        let mut flood = diagnosing();
        assert_eq!((0..1000).filter(|_| flood.takes(0)).count(), 64);
        let mut heavy = diagnosing();
        assert_eq!((0..1000).filter(|_| heavy.takes(2 * MAX_FILLER)).count(), 20);
        assert!(!heavy.takes(usize::MAX) && !heavy.takes(usize::MAX));
    }

    #[test]
    fn filler_does_not_repeat() {
        assert!(filler(0, 1).is_empty());
        assert!(rollcall_proto::pack(&filler(4096, 3)).unwrap().len() > 4000);
    }
}
