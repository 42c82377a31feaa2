//! The line to the collector: down, calling or up; and the messages that wait for it.

use crate::identity::Identity;
use crate::link::{self, Call, CallError};
use rollcall_proto::v1::{FromAgent, FromCollector, Hello};
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::timeout;

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
    outbox: VecDeque<FromAgent>,
}

impl Line {
    pub(super) fn down() -> Self {
        Self { state: State::Down, outbox: VecDeque::new() }
    }

    /// Begins a call.
    pub(super) fn call(&mut self, identity: &Identity, hello: Hello) {
        let identity = identity.clone();
        self.outbox.clear();
        self.state = State::Calling(Box::pin(async move { link::call(&identity, hello, super::clock_ms).await }));
    }

    /// Queues messages.
    pub(super) fn say(&mut self, messages: Vec<FromAgent>) {
        if !matches!(self.state, State::Down) {
            self.outbox.extend(messages);
        }
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
        self.outbox.clear();
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
async fn exchange(call: &mut Call, outbox: &mut VecDeque<FromAgent>) -> Result<FromCollector, String> {
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
            permit = call.to_collector.reserve(), if !outbox.is_empty() => match permit {
                Ok(permit) => if let Some(message) = outbox.pop_front() { permit.send(message) },
                Err(_) => return Err("the connection broke".to_owned()),
            },
        }
    }
}

/// Says the rest, ends the stream, and waits until the other side has ended it too: dropping it at once would reset it.
async fn farewell(call: Call, outbox: VecDeque<FromAgent>) {
    let Call { to_collector, mut from_collector, .. } = call;
    for message in outbox {
        if to_collector.send(message).await.is_err() {
            return;
        }
    }
    drop(to_collector);
    while let Ok(Some(_)) = from_collector.message().await {}
}
