//! One conversation with a library system: what is said, what is said again, and how long an answer is waited for.
//!
//! A question is said again under its own number when no answer comes. A change is not: whoever answers nothing may have done it, and not
//! every library system knows a number again. What became of it is asked before it is said again.

use super::answer::{self, Answer, Said, Status};
use super::frame::{self, BadFrame, Frame, LONGEST};
use super::request::{Request, Terms};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rollcall_site::library::Letters;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::{Instant, timeout, timeout_at};

/// How long an answer is waited for before the library system has said what it needs.
const AT_FIRST: Duration = Duration::from_secs(10);
/// How often a message is tried before it has.
const TRIES_AT_FIRST: u32 = 3;
/// How often one message is said again because a checksum was wrong.
const MOST_AGAIN: u32 = 5;
/// Most lines that are read for one answer: late answers to other questions may lie before it.
const MOST_LINES: u32 = 50;
/// How long the network may take to take a message up.
const SENDING: Duration = Duration::from_secs(10);

/// Something that bytes go through both ways.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Why there is no answer. The session is over then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// Nothing was changed there.
    #[error("{0}")]
    Nothing(String),
    /// Something may have been changed there.
    #[error("{0}")]
    Unknown(String),
}

/// What a session begins with.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// What every message says of this place.
    pub terms: Terms,
    /// How the library system writes letters.
    pub letters: Letters,
    /// The site's own time.
    pub zone: TimeZone,
}

/// One conversation.
pub(super) struct Session {
    wire: BufReader<Box<dyn Wire>>,
    /// What has come of a line that is not whole.
    begun: Vec<u8>,
    manner: Manner,
    sequence: u8,
    patience: Duration,
    tries: u32,
}

/// What a line that came is for the message that was said.
enum Heard {
    /// The answer.
    Answer(String),
    /// It did not arrive whole: it is to be said again.
    SayAgain,
    /// The answer did not arrive whole.
    Garbled,
    /// Something else.
    Nothing,
}

impl Session {
    /// Signs in where there is a login, and asks how the library system is.
    ///
    /// # Errors
    /// It does not answer, does not take the login, or says that it can't be used now.
    pub async fn open(wire: Box<dyn Wire>, manner: Manner, login: Option<(&str, &str)>, now: Timestamp) -> Result<(Self, Status), Failure> {
        let mut session =
            Self { wire: BufReader::new(wire), begun: Vec::new(), manner, sequence: 9, patience: AT_FIRST, tries: TRIES_AT_FIRST };
        if let Some((user, password)) = login {
            match session.ask(&Request::Login { user, password }, now).await? {
                Answer::Login(Said::Yes) => {}
                _ => return Err(Failure::Nothing(format!("it does not take the login {user}"))),
            }
        }
        let Answer::Status(status) = session.ask(&Request::Status, now).await? else {
            return Err(Failure::Nothing("it does not say how it is".to_owned()));
        };
        if status.online == Said::No {
            let why = if status.message.is_empty() { String::new() } else { format!(": {}", status.message) };
            return Err(Failure::Nothing(format!("it says that it is not online{why}")));
        }
        (session.patience, session.tries) = (status.patience, status.tries);
        Ok((session, *status))
    }

    /// Says one message and gives the answer.
    ///
    /// # Errors
    /// There is none that can be read in time. Of a change nobody knows then whether it was made.
    pub async fn ask(&mut self, request: &Request<'_>, now: Timestamp) -> Result<Answer, Failure> {
        let answer = self.exchange(request, now).await;
        answer.map_err(|why| if request.is_change() { Failure::Unknown(why) } else { Failure::Nothing(why) })
    }

    async fn exchange(&mut self, request: &Request<'_>, now: Timestamp) -> Result<Answer, String> {
        self.sequence = (self.sequence + 1) % 10;
        let text = request.text(&self.manner.terms, now, &self.manner.zone);
        let line = frame::write(&text, Some(self.sequence), self.manner.letters);
        let tries = if request.is_change() { 1 } else { self.tries };
        for _ in 0..tries {
            self.say(&line).await?;
            match self.hear(request, &line).await? {
                Some(text) => return answer::read(&text).map_err(|bad| bad.to_string()),
                None => tracing::debug!(code = request.answered_by(), "the library system did not answer in time"),
            }
        }
        Err(format!("it did not answer within {} s", self.patience.as_secs()))
    }

    /// Waits for the answer to a message, and has said again what did not arrive whole; `None`: none came in time.
    async fn hear(&mut self, request: &Request<'_>, said: &[u8]) -> Result<Option<String>, String> {
        let mut again = 0;
        let mut until = Instant::now() + self.patience;
        for _ in 0..MOST_LINES {
            let Ok(line) = timeout_at(until, self.line()).await else { return Ok(None) };
            let more = match self.make_of(&line.map_err(|error| error.to_string())?, request) {
                Heard::Answer(text) => return Ok(Some(text)),
                Heard::Nothing => continue,
                Heard::SayAgain => said.to_vec(),
                Heard::Garbled => frame::again("97"),
            };
            again += 1;
            if again > MOST_AGAIN {
                return Err("what is said between the two does not arrive whole: the checksums are wrong".to_owned());
            }
            self.say(&more).await?;
            until = Instant::now() + self.patience;
        }
        Err("it says much, and not what it was asked for".to_owned())
    }

    fn make_of(&self, line: &[u8], request: &Request<'_>) -> Heard {
        match frame::read(line, self.manner.letters) {
            Err(BadFrame::Empty) => Heard::Nothing,
            Err(BadFrame::Checksum) => Heard::Garbled,
            Ok(Frame { text, .. }) if matches!(text.as_str(), "96" | "97") => Heard::SayAgain,
            // A late answer to what was asked before.
            Ok(Frame { sequence: Some(other), .. }) if other != self.sequence => Heard::Nothing,
            Ok(Frame { text, .. }) if text.starts_with(request.answered_by()) => Heard::Answer(text),
            Ok(_) => Heard::Nothing,
        }
    }

    async fn say(&mut self, line: &[u8]) -> Result<(), String> {
        let sent = timeout(SENDING, async {
            self.wire.get_mut().write_all(line).await?;
            self.wire.get_mut().flush().await
        });
        match sent.await {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err(format!("it took nothing up within {} s", SENDING.as_secs())),
        }
    }

    /// The next line without its end, CR, LF or both. May be dropped and called again.
    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let here = self.wire.fill_buf().await?;
            if here.is_empty() {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection"));
            }
            let end = here.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let part = here.get(..end.unwrap_or(here.len())).unwrap_or_default();
            self.begun.extend_from_slice(part);
            let used = part.len() + usize::from(end.is_some());
            self.wire.consume(used);
            if end.is_some() {
                return Ok(std::mem::take(&mut self.begun));
            }
            if self.begun.len() > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it says a line that does not end"));
            }
        }
    }
}
