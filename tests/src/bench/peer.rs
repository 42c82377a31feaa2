//! A light agent of the load bench: it enrols and calls as the real one does, and says what it is told to; ten thousand fit in one process.

use anyhow::{Context, bail};
use rollcall::clock::Clock;
use rollcall_agent::enroll::{Enrolment, Token, enroll};
use rollcall_agent::identity::Identity;
use rollcall_agent::link::call;
use rollcall_agent::survey::{Content, Reading};
use rollcall_agent::tls::{ServerTime, attendance};
use rollcall_proto::v1::from_agent::Message as Say;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::{Entry, FromAgent, FromCollector, Health, Heartbeat, Hello, SectionBytes};
use rollcall_proto::{Digest, Section, pack};
use rollcall_tests::pc::Pc;
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tonic::Streaming;

/// How often it says that it is there: what a collector asks of a lab.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long it goes on calling a collector that starts.
const CALLING: Duration = Duration::from_secs(60);

/// A machine of the bench.
pub struct Peer {
    /// Which one.
    pub pc: Pc,
    identity: Identity,
    tls: Arc<ClientConfig>,
    session: String,
    nonce: Vec<u8>,
    said: u64,
    /// What it reported in full.
    readings: Vec<Reading>,
    line: Option<Line>,
}

/// Its connection.
struct Line {
    say: mpsc::Sender<FromAgent>,
    hear: Streaming<FromCollector>,
    beats: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.beats.abort();
    }
}

impl Peer {
    /// Enrols `pc` at the enrolment door `collector` with a token.
    ///
    /// # Errors
    /// It is refused.
    pub async fn enroll(collector: &str, token: &str, pc: Pc) -> anyhow::Result<Self> {
        let facts = pc.machine(Content::of(&Section::Software(rollcall_proto::v1::Software::default()))).facts;
        let token = Token::parse(token)?;
        let enrolment = Enrolment { collector, token: &token, facts: &facts, tag: &pc.name, seat: "", version: "bench" };
        let identity = enroll(&enrolment).await?;
        let tls = attendance(&identity, ServerTime::said(0))?;
        let session = format!("0190a3c4-0000-7000-8000-{:012x}", pc.number);
        Ok(Self { pc, identity, tls, session, nonce: Vec::new(), said: 0, readings: Vec::new(), line: None })
    }

    /// Calls, says hello, and sends heartbeats from now on.
    ///
    /// # Errors
    /// It is refused.
    pub async fn connect(&mut self) -> anyhow::Result<()> {
        self.line = None;
        let hello = Hello {
            session: self.session.clone(),
            boot: "boot".to_owned(),
            nonce: self.nonce.clone(),
            next: self.said + 1,
            fingerprint: Some(self.pc.fingerprint()),
            host_name: self.pc.name.clone(),
            ..Hello::default()
        };
        let call = call(&self.identity, Arc::clone(&self.tls), hello, now_ms).await?;
        let first = HEARTBEAT * u32::try_from(self.pc.number * 7919 % 1000)? / 1000;
        let beats = tokio::spawn(beats(call.to_collector.clone(), first));
        self.line = Some(Line { say: call.to_collector, hear: call.from_collector, beats });
        match self.hear().await? {
            Told::Welcome(welcome) => {
                self.nonce = welcome.nonce;
                Ok(())
            }
            other => bail!("no welcome: {other:?}"),
        }
    }

    /// Waits until the collector hangs up, then calls again after `pause`, and until it is let in.
    ///
    /// # Errors
    /// It is not let in within a minute.
    pub async fn return_after(&mut self, pause: Duration) -> anyhow::Result<()> {
        while self.hear().await.is_ok() {}
        sleep(pause).await;
        let end = Instant::now() + CALLING;
        loop {
            match self.connect().await {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => sleep(Duration::from_millis(500)).await,
            }
        }
    }

    /// Reports everything that it has, and remembers it.
    ///
    /// # Errors
    /// As [`Peer::report`].
    pub async fn report_all(&mut self, readings: Vec<Reading>) -> anyhow::Result<Duration> {
        self.readings = readings;
        self.report_again().await
    }

    /// Reports the same as the last time that it reported everything.
    ///
    /// # Errors
    /// As [`Peer::report`].
    pub async fn report_again(&mut self) -> anyhow::Result<Duration> {
        let readings = std::mem::take(&mut self.readings);
        let reported = self.report(&readings, true).await;
        self.readings = readings;
        reported
    }

    /// Reports these sections, uploads what is wanted, and says how long it took until they were durable.
    ///
    /// # Errors
    /// The collector refuses or hangs up.
    pub async fn report(&mut self, sections: &[Reading], full: bool) -> anyhow::Result<Duration> {
        self.said += 1;
        let number = self.said;
        let states = sections.iter().map(Reading::state).collect();
        let entry = Entry { session: self.session.clone(), number, at_ms: now_ms(), full, sections: states, cause: 1 };
        let asked = Instant::now();
        self.say(Say::Entry(entry)).await?;
        loop {
            match self.hear().await? {
                Told::Ack(ack) if ack.up_to >= number => return Ok(asked.elapsed()),
                Told::Want(want) => {
                    for digest in want.digests.iter().filter_map(|digest| Digest::from_wire(digest)) {
                        let mut contents = sections.iter().filter_map(|reading| reading.content.as_ref().ok());
                        let content = contents.find(|content| content.digest == digest).context("it wants what nobody has")?;
                        let zstd = pack(&content.bytes)?;
                        self.say(Say::Section(SectionBytes { digest: digest.as_bytes().to_vec(), zstd })).await?;
                    }
                }
                Told::Ack(_) | Told::Command(_) => {}
                other => bail!("no acknowledgement: {other:?}"),
            }
        }
    }

    async fn say(&mut self, message: Say) -> anyhow::Result<()> {
        let line = self.line.as_ref().context("not connected")?;
        Ok(line.say.send(FromAgent { message: Some(message) }).await?)
    }

    async fn hear(&mut self) -> anyhow::Result<Told> {
        let line = self.line.as_mut().context("not connected")?;
        line.hear.message().await?.and_then(|word| word.message).context("the collector hung up")
    }
}

/// Says every so often that it is there, with a reading.
async fn beats(say: mpsc::Sender<FromAgent>, first: Duration) {
    sleep(first).await;
    loop {
        let health =
            Health { at_ms: now_ms(), cpu_permille: Some(120), memory_permille: Some(430), load_centi: Some(55), ..Health::default() };
        let beat = Heartbeat { health: Some(health), ..Heartbeat::default() };
        if say.send(FromAgent { message: Some(Say::Heartbeat(beat)) }).await.is_err() {
            return;
        }
        sleep(HEARTBEAT).await;
    }
}

fn now_ms() -> i64 {
    Clock::system().now().as_millisecond()
}
