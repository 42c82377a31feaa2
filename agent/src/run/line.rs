//! The line to the collector: down, calling or up; and the messages that wait for it.

use crate::identity::Identity;
use crate::link::{self, Call, CallError};
use crate::tls::{self, ServerTime};
use rollcall_proto::v1::from_agent::Message;
use rollcall_proto::v1::{FromAgent, FromCollector, Hello};
use rustls::ClientConfig;
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// A future kept across turns of a loop.
pub(super) type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How long a closing line may take to carry what is still to be said.
const FAREWELL: Duration = Duration::from_secs(1);
/// Messages that may wait; the spool, its bytes and a day of heartbeats. Beyond that the collector does not read.
const OUTBOX_LIMIT: usize = 4096;

/// What came over the line.
pub(super) enum Heard {
    /// The collector answered the call.
    Answered,
    /// A message.
    Message(Box<FromCollector>),
    /// The line broke, or the call did not come about.
    Broken(String),
}

enum State {
    Down,
    Calling(Task<Result<Call, CallError>>),
    Up(Box<Call>),
}

/// The line, with its outbox.
pub(super) struct Line {
    state: State,
    outbox: Outbox,
    // Kept from call to call with its session tickets: a district that comes back pays for few full handshakes.
    config: Option<(Vec<u8>, Arc<ClientConfig>)>,
    time: Arc<ServerTime>,
}

/// What waits to be sent. Reports keep their order; short words pass them by, so that a held or slow line still lives.
#[derive(Default)]
struct Outbox {
    words: VecDeque<FromAgent>,
    reports: VecDeque<FromAgent>,
    held_until: Option<Instant>,
}

impl Outbox {
    fn put(&mut self, message: FromAgent) {
        match message.message {
            Some(Message::Entry(_) | Message::Section(_)) => self.reports.push_back(message),
            _ => self.words.push_back(message),
        }
    }

    fn len(&self) -> usize {
        self.words.len() + self.reports.len()
    }

    fn may_send(&self) -> bool {
        !self.words.is_empty() || (!self.reports.is_empty() && self.held_until.is_none())
    }

    fn take(&mut self) -> Option<FromAgent> {
        self.words.pop_front().or_else(|| if self.held_until.is_none() { self.reports.pop_front() } else { None })
    }
}

impl Line {
    /// No call yet; `time` is what the collector last said.
    pub(super) fn down(time: Arc<ServerTime>) -> Self {
        Self { state: State::Down, outbox: Outbox::default(), config: None, time }
    }

    /// Begins a call.
    pub(super) fn call(&mut self, identity: &Identity, hello: Hello) {
        let (identity, config) = (identity.clone(), self.config(identity));
        self.outbox = Outbox::default();
        self.state = State::Calling(Box::pin(async move { link::call(&identity, config?, hello, super::clock_ms).await }));
    }

    /// The TLS configuration for this certificate.
    fn config(&mut self, identity: &Identity) -> Result<Arc<ClientConfig>, CallError> {
        match &self.config {
            Some((certificate, config)) if *certificate == identity.certificate_der => Ok(config.clone()),
            _ => {
                let config = tls::attendance(identity, self.time.clone())?;
                self.config = Some((identity.certificate_der.clone(), config.clone()));
                Ok(config)
            }
        }
    }

    /// Queues messages.
    pub(super) fn say(&mut self, messages: Vec<FromAgent>) {
        if !matches!(self.state, State::Down) {
            messages.into_iter().for_each(|message| self.outbox.put(message));
        }
    }

    /// Sends no report for `pause`.
    pub(super) fn hold(&mut self, pause: Duration) {
        self.outbox.held_until = Some(Instant::now() + pause);
    }

    /// The address at the other end.
    pub(super) fn address(&self) -> Option<&str> {
        match &self.state {
            State::Up(call) => Some(&call.address),
            _ => None,
        }
    }

    /// Waits for something to hear, and sends meanwhile. May be dropped and called again.
    pub(super) async fn hear(&mut self) -> Heard {
        match &mut self.state {
            State::Down => pending().await,
            State::Calling(call) => match call.await {
                Ok(call) => {
                    self.state = State::Up(Box::new(call));
                    Heard::Answered
                }
                Err(error) => self.broken(error.words()),
            },
            State::Up(call) => match exchange(call, &mut self.outbox).await {
                Ok(message) => Heard::Message(Box::new(message)),
                Err(why) => self.broken(why),
            },
        }
    }

    fn broken(&mut self, why: String) -> Heard {
        self.state = State::Down;
        self.outbox = Outbox::default();
        Heard::Broken(why)
    }

    /// Hangs up; the future given back carries what is still to be said.
    pub(super) fn hang_up(&mut self) -> impl Future<Output = ()> + Send + 'static {
        let state = std::mem::replace(&mut self.state, State::Down);
        let outbox = std::mem::take(&mut self.outbox);
        async move {
            if let State::Up(call) = state {
                timeout(FAREWELL, farewell(*call, outbox)).await.ok();
            }
        }
    }
}

/// Sends what is in `outbox` until a message comes.
async fn exchange(call: &mut Call, outbox: &mut Outbox) -> Result<FromCollector, String> {
    if outbox.len() > OUTBOX_LIMIT {
        return Err("the collector does not read what is sent to it".to_owned());
    }
    loop {
        tokio::select! {
            message = call.from_collector.message() => return match message {
                Ok(Some(message)) => Ok(message),
                Ok(None) => Err("the collector closed the connection".to_owned()),
                Err(status) => Err(link::status_words(&status)),
            },
            permit = call.to_collector.reserve(), if outbox.may_send() => match permit {
                Ok(permit) => if let Some(message) = outbox.take() { permit.send(message) },
                Err(_) => return Err("the connection broke".to_owned()),
            },
            () = sleep_until(outbox.held_until.unwrap_or_else(Instant::now)), if outbox.held_until.is_some() => outbox.held_until = None,
        }
    }
}

/// Says the rest, ends the stream, and waits until the other side has ended it too: dropping it at once would reset it.
async fn farewell(call: Call, mut outbox: Outbox) {
    let Call { to_collector, mut from_collector, .. } = call;
    while let Some(message) = outbox.take() {
        if to_collector.send(message).await.is_err() {
            return;
        }
    }
    drop(to_collector);
    while let Ok(Some(_)) = from_collector.message().await {}
}
