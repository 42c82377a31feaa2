//! Passwords: argon2id hashes in the sealed file, never more than two being computed at once, and few that wait.

use crate::secrets::{Secrets, SecretsError};
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rollcall_site::UserName;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Fewest characters of a password.
pub const SHORTEST: usize = 10;
/// Most bytes of a password: what is longer is refused before it is hashed.
pub const LONGEST: usize = 1024;
/// Memory of one hash, KiB: 19 MiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Hashes at once: each holds its memory and a processor.
const AT_ONCE: usize = 2;
/// Hashes that may wait for their turn: about a second's work.
const WAITING: usize = 8;

/// Why a password was not kept.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It is too short or too long.
    #[error("a password has at least {SHORTEST} characters and at most {LONGEST} bytes: choose another one")]
    Length,
    /// The hash could not be computed.
    #[error("the password could not be hashed now: try again in a few seconds")]
    Hash,
    /// The sealed file could not be written.
    #[error("the password could not be kept")]
    Secrets(#[from] SecretsError),
}

/// Hashes and checks passwords.
pub struct Passwords {
    secrets: Arc<Secrets>,
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Passwords {
    /// Over the sealed file.
    pub fn new(secrets: Arc<Secrets>) -> Self {
        Self { secrets, turns: Arc::new(Semaphore::new(AT_ONCE)), queue: Arc::new(Semaphore::new(AT_ONCE + WAITING)) }
    }

    /// Whether `user` has a password.
    pub fn known(secrets: &Secrets, user: &UserName) -> bool {
        secrets.get(&place(user)).is_some()
    }

    /// Forgets the password of an account that is no more.
    ///
    /// # Errors
    /// The sealed file could not be written.
    pub fn forget(secrets: &Secrets, user: &UserName) -> Result<(), SecretsError> {
        secrets.remove(&place(user))
    }

    /// Refuses what would not be kept, before anything else is done.
    ///
    /// # Errors
    /// [`PasswordError::Length`].
    pub fn fits(password: &str) -> Result<(), PasswordError> {
        let fits = password.chars().count() >= SHORTEST && password.len() <= LONGEST;
        fits.then_some(()).ok_or(PasswordError::Length)
    }

    /// Keeps the hash of a password; durable when it returns.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn keep(&self, user: &UserName, password: String) -> Result<(), PasswordError> {
        Self::fits(&password)?;
        let (secrets, place) = (Arc::clone(&self.secrets), place(user));
        self.in_turn(move || {
            let hash = hasher().hash_password(password.as_bytes()).map_err(|_| PasswordError::Hash)?;
            Ok(secrets.set(&place, hash.to_string().as_bytes())?)
        })
        .await
        .unwrap_or(Err(PasswordError::Hash))
    }

    /// Whether `password` is that of `user`; takes as long for a name that nobody has. `None`: too many wait already.
    pub async fn check(&self, user: Option<&UserName>, password: String) -> Option<bool> {
        if password.len() > LONGEST {
            return Some(false);
        }
        let kept = user.and_then(|user| self.secrets.get(&place(user))).and_then(|hash| String::from_utf8(hash).ok());
        let compare = move || match kept {
            Some(hash) => hasher().verify_password(password.as_bytes(), hash.as_str()).is_ok(),
            None => hasher().hash_password(password.as_bytes()).is_err(),
        };
        self.in_turn(compare).await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let place = Arc::clone(&self.queue).try_acquire_owned().ok()?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let work = move || {
            let done = work();
            drop((turn, place));
            done
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

fn place(user: &UserName) -> String {
    format!("password.{user}")
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_says_how_it_was_made() {
        let hash = hasher().hash_password(b"correct horse").unwrap().to_string();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher().verify_password(b"correct horse", hash.as_str()).is_ok());
        assert!(hasher().verify_password(b"wrong horse", hash.as_str()).is_err());
    }

    #[tokio::test]
    async fn few_wait_for_their_turn() {
        let dir = tempfile::tempdir().unwrap();
        let passwords = Passwords::new(Arc::new(Secrets::open(dir.path()).unwrap()));
        let checks = (0..20).map(|_| passwords.check(None, "wrong horse".to_owned()));
        let checked = futures_util::future::join_all(checks).await;
        assert_eq!(checked.iter().filter(|right| **right == Some(false)).count(), AT_ONCE + WAITING);
        assert_eq!(checked.iter().filter(|right| right.is_none()).count(), 20 - AT_ONCE - WAITING);
        assert_eq!(passwords.check(None, "wrong horse".to_owned()).await, Some(false));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(Passwords::fits("ten chars!").is_ok());
        assert!(Passwords::fits("nine char").is_err());
        assert!(Passwords::fits(&"x".repeat(LONGEST + 1)).is_err());
    }
}
