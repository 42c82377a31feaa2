//! TLS tickets under a key that is kept: after a restart a whole district resumes its sessions instead of shaking hands anew.
//!
//! Invariant: a ticket speaks for nobody. The certificate that it brings back is looked up at every call as any other.

use crate::secrets::{Secrets, SecretsError};
use jiff::{SignedDuration, Timestamp};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use rustls::server::ProducesTickets;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The name of the keys among the secrets.
const SECRET: &str = "attendance-tickets";
/// A key makes tickets this long, and opens them as long again: what is recorded today can't be read after that.
const ROTATE: SignedDuration = SignedDuration::from_hours(12);
/// How long a ticket is good at least, seconds.
const LIFETIME_S: u32 = 12 * 3600;
/// Bytes of a key as it is kept: the second from which it makes tickets, and the key.
const KEPT: usize = 8 + 32;
const NONCE: usize = 12;
/// Longest ticket that is looked at, bytes: a session with a certificate is about 1 KB.
const LONGEST: usize = 8 * 1024;

/// Makes and opens tickets with the newest key, and opens those of the one before.
pub struct Tickets {
    keys: RwLock<Vec<Key>>,
}

struct Key {
    since: Timestamp,
    secret: [u8; 32],
    key: LessSafeKey,
}

/// Why there are no keys for tickets.
#[derive(Debug, thiserror::Error)]
pub enum TicketsError {
    /// The sealed file.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// No random bytes.
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
    /// The cryptography refuses a key.
    #[error("a key for TLS tickets can't be used")]
    Key,
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

impl Tickets {
    /// With the keys that are kept; what is kept and can't be read is made anew: it costs handshakes, and nothing else.
    ///
    /// # Errors
    /// [`TicketsError`].
    pub fn open(secrets: &Secrets, now: Timestamp) -> Result<Arc<Self>, TicketsError> {
        let kept = secrets.get(SECRET).unwrap_or_default();
        let keys = kept.chunks_exact(KEPT).filter_map(Key::read).collect();
        let tickets = Self { keys: RwLock::new(keys) };
        tickets.rotate(secrets, now)?;
        Ok(Arc::new(tickets))
    }

    /// Makes a new key when it is time, keeps it, and forgets those that are too old. A key of the future is of a clock that was wrong.
    ///
    /// # Errors
    /// [`TicketsError`]; then the old keys go on.
    pub fn rotate(&self, secrets: &Secrets, now: Timestamp) -> Result<(), TicketsError> {
        let age = |key: &Key| now.duration_since(key.since);
        let mut next: Vec<Key> = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            if keys.first().is_some_and(|key| age(key) < ROTATE && !age(key).is_negative()) {
                return Ok(());
            }
            let good = keys.iter().filter(|key| age(key) < ROTATE * 2 && !age(key).is_negative());
            good.take(1).filter_map(|key| Key::new(key.since, key.secret)).collect()
        };
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        next.insert(0, Key::new(now, secret).ok_or(TicketsError::Key)?);
        let kept: Vec<u8> = next.iter().flat_map(Key::written).collect();
        secrets.set(SECRET, &kept)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }
}

impl Key {
    fn new(since: Timestamp, secret: [u8; 32]) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &secret).ok()?);
        Some(Self { since, secret, key })
    }

    fn read(kept: &[u8]) -> Option<Self> {
        let (since, secret) = kept.split_first_chunk::<8>()?;
        Self::new(Timestamp::from_second(i64::from_be_bytes(*since)).ok()?, secret.try_into().ok()?)
    }

    fn written(&self) -> Vec<u8> {
        [&self.since.as_second().to_be_bytes()[..], &self.secret].concat()
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME_S
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut sealed = plain.to_vec();
        keys.first()?.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = ticket.split_first_chunk::<NONCE>().filter(|_| ticket.len() <= LONGEST)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find_map(|key| {
            let mut sealed = sealed.to_vec();
            let plain = key.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed).ok()?;
            Some(plain.to_vec())
        })
    }
}

/// Tickets that nobody made, and keys as they are kept.
pub(crate) mod fuzz {
    use super::{Key, ProducesTickets, RwLock, Tickets, Timestamp};
    use rollcall_proto::fuzz::{Feed, Target};

    pub(crate) fn target() -> Target {
        Target::with_state("ticket", &[&[7; 60], &[0; 40]], feed)
    }

    fn feed() -> Feed {
        let tickets = Tickets { keys: RwLock::new(Key::new(Timestamp::UNIX_EPOCH, [7; 32]).into_iter().collect()) };
        Box::new(move |bytes| {
            assert_eq!(tickets.decrypt(bytes), None, "nobody guesses a ticket");
            let sealed = tickets.encrypt(bytes).filter(|ticket| ticket.len() <= super::LONGEST);
            assert!(sealed.is_none_or(|ticket| tickets.decrypt(&ticket).is_some_and(|plain| plain == bytes)));
            assert!(Key::read(bytes).is_none_or(|key| key.written() == bytes), "a key that was kept");
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_open_after_a_restart_and_until_the_second_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let (secrets, now) = (Secrets::open(dir.path()).unwrap(), "2026-09-01T08:00:00Z".parse::<Timestamp>().unwrap());
        let tickets = Tickets::open(&secrets, now).unwrap();
        let ticket = tickets.encrypt(b"session").unwrap();
        assert_eq!(tickets.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        let mut forged = ticket.clone();
        forged[20] ^= 1;
        for bad in [&forged[..], &[], &ticket[..11], &vec![0; LONGEST + 1]] {
            assert_eq!(tickets.decrypt(bad), None);
        }
        let again = Tickets::open(&secrets, now + ROTATE / 2).unwrap();
        assert!(again.decrypt(&ticket).is_some(), "after a restart");
        again.rotate(&secrets, now + ROTATE).unwrap();
        let later = again.encrypt(b"later").unwrap();
        assert!(again.decrypt(&ticket).is_some() && tickets.decrypt(&later).is_none());
        again.rotate(&secrets, now + ROTATE * 2).unwrap();
        assert!(again.decrypt(&ticket).is_none() && again.decrypt(&later).is_some());
    }

    #[test]
    fn keys_that_can_not_be_read_or_come_from_the_future_are_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (secrets, now) = (Secrets::open(dir.path()).unwrap(), "2026-09-01T08:00:00Z".parse::<Timestamp>().unwrap());
        secrets.set(SECRET, b"rubbish").unwrap();
        let ticket = Tickets::open(&secrets, now + ROTATE * 9).unwrap().encrypt(b"x").unwrap();
        let turned_back = Tickets::open(&secrets, now).unwrap();
        assert!(turned_back.decrypt(&ticket).is_none() && turned_back.encrypt(b"x").is_some());
    }
}
