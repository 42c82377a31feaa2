//! Who is signed in: server-side sessions behind one cookie, kept in memory as hashes, with an idle and an absolute end.

use jiff::{SignedDuration, Timestamp};
use rollcall_site::UserName;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The cookie: this host only, never over plain HTTP, never seen by script.
const COOKIE: &str = "__Host-rollcall";
/// A session that nobody used for so long has ended.
const IDLE: SignedDuration = SignedDuration::from_hours(3);
/// How long a password that was given speaks for whoever sits there.
const PROVEN: SignedDuration = SignedDuration::from_mins(10);
/// However much it is used, a session ends after a working day.
const LONGEST: SignedDuration = SignedDuration::from_hours(14);
/// Most sessions at once; past it the one unused for longest ends.
const MOST: usize = 1_000;
/// Most messages that wait for the next page of a session.
const MOST_NOTICES: usize = 4;

/// The name of a session: the hash of its cookie's secret.
pub type SessionKey = [u8; 32];

/// What a session's next page shows once: what was just done, and how to undo it. A line may hold a token: it has no `Debug`.
#[derive(Clone)]
pub struct Notice {
    /// "go", "check" or "stop".
    pub tone: &'static str,
    /// In words.
    pub text: String,
    /// A line to copy.
    pub line: Option<String>,
    /// A form that takes it back.
    pub undo: Option<Undo>,
}

/// A form that takes something back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// Where it is posted.
    pub action: String,
    /// Its fields.
    pub fields: Vec<(&'static str, String)>,
}

impl Notice {
    /// It is done.
    pub fn done(text: impl Into<String>) -> Self {
        Self { tone: "go", text: text.into(), line: None, undo: None }
    }
    /// It was refused, with what to do instead.
    pub fn refused(text: impl Into<String>) -> Self {
        Self { tone: "stop", text: text.into(), line: None, undo: None }
    }
    /// With a line to copy.
    #[must_use]
    pub fn with_line(self, line: String) -> Self {
        Self { line: Some(line), ..self }
    }
    /// It can be taken back so.
    #[must_use]
    pub fn with_undo(self, undo: Undo) -> Self {
        Self { undo: Some(undo), ..self }
    }
}

struct Session {
    user: UserName,
    made_at: Timestamp,
    used_at: Timestamp,
    /// When the password was last given.
    proven_at: Timestamp,
    notices: Vec<Notice>,
}

impl Session {
    fn lives(&self, now: Timestamp) -> bool {
        self.used_at + IDLE > now && self.made_at + LONGEST > now
    }
}

/// The sessions of this collector; they end when it restarts.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<SessionKey, Session>>);

/// Whether somebody showed just now that it is them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By their password, here or at the provider.
    Given,
    /// The provider knew them already.
    Owed,
}

/// Whether asking counts as use of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Somebody did something.
    Active,
    /// The open page asked by itself.
    Passive,
}

impl Sessions {
    /// Begins a session and gives the cookie's value: the whole `Set-Cookie` header.
    pub fn begin(&self, user: UserName, now: Timestamp, proof: Proof) -> Option<String> {
        let secret = secret()?;
        let proven_at = if proof == Proof::Given { now } else { Timestamp::MIN };
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.lives(now));
        if sessions.len() >= MOST
            && let Some(oldest) = sessions.iter().min_by_key(|(_, session)| session.used_at).map(|(key, _)| *key)
        {
            sessions.remove(&oldest);
        }
        sessions.insert(key(&secret), Session { user, made_at: now, used_at: now, proven_at, notices: Vec::new() });
        Some(format!("{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict"))
    }

    /// The user of a living session.
    pub fn user(&self, key: &SessionKey, now: Timestamp, how: Use) -> Option<UserName> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get_mut(key)?;
        if !session.lives(now) {
            sessions.remove(key);
            return None;
        }
        if how == Use::Active {
            session.used_at = now;
        }
        Some(session.user.clone())
    }

    /// The password was given again.
    pub fn prove(&self, key: &SessionKey, now: Timestamp) {
        if let Some(session) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key) {
            session.proven_at = now;
        }
    }

    /// Whether the password was given a short while ago.
    pub fn is_proven(&self, key: &SessionKey, now: Timestamp) -> bool {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(key).is_some_and(|session| session.proven_at <= now && now.duration_since(session.proven_at) < PROVEN)
    }

    /// Since when a session is.
    pub fn begun_at(&self, key: &SessionKey) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).map(|session| session.made_at)
    }

    /// Ends a session.
    pub fn end(&self, key: &SessionKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Ends every session of an account: its password has changed.
    pub fn end_all(&self, user: &UserName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, session| session.user != *user);
    }

    /// Leaves a message for the session's next page.
    pub fn tell(&self, key: &SessionKey, notice: Notice) {
        if let Some(session) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key) {
            session.notices.truncate(MOST_NOTICES - 1);
            session.notices.push(notice);
        }
    }

    /// Takes the messages that wait.
    pub fn notices(&self, key: &SessionKey) -> Vec<Notice> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get_mut(key).map(|session| std::mem::take(&mut session.notices)).unwrap_or_default()
    }
}

/// The session that a `Cookie` header names.
pub fn of_cookie(header: &str) -> Option<SessionKey> {
    let value = header.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    (value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit())).then(|| key(value))
}

/// The header that takes the cookie away.
pub fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// 32 random bytes as 64 hexadecimal digits; `None` when the system gives no randomness.
pub fn secret() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(blake3::Hash::from_bytes(bytes).to_hex().to_string())
}

fn key(secret: &str) -> SessionKey {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(sessions: &Sessions, now: Timestamp) -> SessionKey {
        let header = sessions.begin(UserName::parse("ana").unwrap(), now, Proof::Given).unwrap();
        for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(header.contains(attribute), "{header}");
        }
        of_cookie(&format!("other=1; {}", header.split(';').next().unwrap())).unwrap()
    }

    #[test]
    fn a_session_ends_when_idle_and_after_a_day() {
        let (sessions, start) = (Sessions::default(), Timestamp::from_second(1_000_000).unwrap());
        let key = cookie(&sessions, start);
        let after = |hours| start + SignedDuration::from_hours(hours);
        assert!(sessions.user(&key, after(2), Use::Passive).is_some());
        assert!(sessions.user(&key, after(4), Use::Active).is_none(), "passive use keeps nothing alive");
        let key = cookie(&sessions, start);
        for hours in 1..14 {
            assert!(sessions.user(&key, after(hours), Use::Active).is_some(), "hour {hours}");
        }
        assert!(sessions.user(&key, after(14), Use::Active).is_none());
    }

    #[test]
    fn a_message_is_shown_once_and_a_strange_cookie_is_nobody() {
        let (sessions, now) = (Sessions::default(), Timestamp::from_second(1_000_000).unwrap());
        let key = cookie(&sessions, now);
        sessions.tell(&key, Notice::done("lent"));
        assert_eq!(sessions.notices(&key).len(), 1);
        assert!(sessions.notices(&key).is_empty());
        sessions.end(&key);
        assert!(sessions.user(&key, now, Use::Active).is_none());
        assert!(of_cookie("__Host-rollcall=short").is_none());
        assert!(of_cookie("__Host-rollcallx=1").is_none());
    }
}
