//! Which stream was asked for a content: identical machines that come at once upload one list, and the others wait for it.

use jiff::{SignedDuration, Timestamp};
use rollcall_proto::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How long the others wait for the one that was asked, before one of them is asked as well.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// The contents that streams were asked for.
#[derive(Debug, Default)]
pub(super) struct Claims {
    asked: Mutex<HashMap<Digest, (u64, Timestamp)>>,
    settled: watch::Sender<()>,
}

impl Claims {
    /// Whether `stream` is to be asked: nobody was, or whoever was has not answered in time.
    pub(super) fn claim(&self, digest: Digest, stream: u64, now: Timestamp) -> bool {
        let mut asked = self.asked();
        let (who, since) = asked.entry(digest).or_insert((stream, now));
        if *who != stream && now.duration_since(*since).abs() >= PATIENCE {
            (*who, *since) = (stream, now);
        }
        *who == stream
    }

    /// The site holds these contents.
    pub(super) fn held(&self, digests: &[Digest]) {
        let mut asked = self.asked();
        for digest in digests {
            asked.remove(digest);
        }
        drop(asked);
        self.settled.send_replace(());
    }

    /// A stream has ended: whoever waits for what it was asked for looks again.
    pub(super) fn leave(&self, stream: u64) {
        let mut asked = self.asked();
        let before = asked.len();
        asked.retain(|_, (who, _)| *who != stream);
        let left = before != asked.len();
        drop(asked);
        if left {
            self.settled.send_replace(());
        }
    }

    /// Changes whenever it is worth looking again.
    pub(super) fn settled(&self) -> watch::Receiver<()> {
        self.settled.subscribe()
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<Digest, (u64, Timestamp)>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_asked_and_the_next_when_it_leaves_or_is_slow() {
        let (claims, list, now) = (Claims::default(), Digest::of(b"list"), Timestamp::UNIX_EPOCH);
        let mut settled = claims.settled();
        assert!(claims.claim(list, 1, now) && claims.claim(list, 1, now));
        assert!(!claims.claim(list, 2, now));
        claims.leave(2);
        assert!(!settled.has_changed().unwrap() && !claims.claim(list, 2, now));
        claims.leave(1);
        assert!(settled.has_changed().unwrap() && claims.claim(list, 2, now));
        settled.mark_unchanged();
        assert!(claims.claim(list, 3, now + PATIENCE) && !claims.claim(list, 2, now + PATIENCE));
        claims.held(&[list]);
        assert!(settled.has_changed().unwrap() && claims.asked().is_empty());
    }
}
