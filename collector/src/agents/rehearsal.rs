//! The agents' door without wires, tasks and waits, for a test with a clock of its own: the same words through the same translation, queue,
//! roll, rules and keeper, in the order in which the conversation and the watch call them.
//!
//! Not part of the interface. What it leaves out is what needs real time: paces, claims between streams, certificates.

use crate::agents::attend::{refuse, unwelcome};
use crate::agents::conversation::{CLOCK_SET, schedule};
use crate::agents::intake::open;
use crate::agents::pauses::Pauses;
use crate::agents::pending::{Pending, Ready};
use crate::agents::roll::{Ended, Roll, Standing};
use crate::agents::translate::{self, Times};
use crate::agents::watch::{BACK, CHECKPOINT, LATE};
use crate::keeper::{ChangeError, Keeper};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::refusal::Why;
use rollcall_proto::{Digest, v1};
use rollcall_site::attend::Met;
use rollcall_site::device::DeviceState;
use rollcall_site::event::Actor;
use rollcall_site::presence::{self, Presence};
use rollcall_site::{DeviceId, Refusal, Working};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The door of one run of a collector.
pub struct Rehearsal {
    keeper: Arc<Keeper>,
    roll: Arc<Roll>,
    pauses: Pauses,
    ticked: Timestamp,
    checkpointed: Timestamp,
    lines: HashMap<u64, Line>,
    runtime: Runtime,
}

/// One connection past its hello.
struct Line {
    device: DeviceId,
    stream: u64,
    session: String,
    off_ms: i64,
    acknowledged: u64,
    pending: Pending,
    _orders: tokio::sync::mpsc::Receiver<super::roll::Order>,
}

/// What the door answers.
#[derive(Debug, Default)]
pub struct Answer {
    /// To this connection, in order.
    pub told: Vec<Told>,
    /// The door ends the connection after that.
    pub parts: bool,
}

impl Answer {
    fn refused(why: Why, text: impl Into<String>) -> Self {
        Self { told: vec![Told::Refusal(refuse(why, text))], parts: true }
    }
}

impl Rehearsal {
    /// Over a keeper; devices that were here have `grace` to come back.
    ///
    /// # Errors
    /// There can be no runtime for the keeper's changes.
    pub fn open(keeper: Arc<Keeper>, grace: SignedDuration) -> io::Result<Self> {
        let (now, runtime) = (keeper.clock().now(), tokio::runtime::Builder::new_current_thread().build()?);
        let (view, roll) = (keeper.view(), Arc::new(Roll::default()));
        let here = view.devices.values().filter(|device| device.state == DeviceState::Active && device.presence == Presence::Here);
        roll.expect(here.map(|device| (device.id, rollcall_site::heard::last(&view, device))), now, now + grace);
        let rehearsal = Self { keeper, roll, pauses: Pauses::default(), ticked: now, checkpointed: now, lines: HashMap::new(), runtime };
        rehearsal.hold(now + grace).map_err(io::Error::other)?;
        Ok(rehearsal)
    }

    fn hold(&self, least: Timestamp) -> Result<(), ChangeError> {
        self.change(Actor::Rollcall, move |w| {
            rollcall_site::alert::hold(w, least);
            Ok(())
        })
    }

    /// The keeper behind it.
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Makes a change as anybody may.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn change<T: Send + 'static>(
        &self,
        actor: Actor,
        change: impl FnOnce(&mut Working) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, ChangeError> {
        self.runtime.block_on(self.keeper.change(actor, change))
    }

    /// Where each machine is, as every page shows it.
    pub fn presences(&self, devices: &[DeviceId]) -> Vec<Option<Presence>> {
        let (view, heard, now) = (self.keeper.view(), self.roll.heard(), self.now());
        let of = |device: &DeviceId| {
            let record = view.devices.get(device)?;
            let asset = view.assets.get(&record.asset)?;
            Some(presence::of(&view, &heard, asset, record, now).presence)
        };
        devices.iter().map(of).collect()
    }

    /// A device says hello on a new connection, whose number is `line`.
    pub fn hello(&mut self, line: u64, certificate: &str, said: v1::Hello) -> Answer {
        let Ok(hello) = translate::hello(said) else { return Answer::refused(Why::Protocol, "hello") };
        let (view, now) = (self.keeper.view(), self.now());
        let Some(device) = view.device_by_certificate(certificate) else { return Answer::refused(Why::Revoked, "unknown") };
        if let Some(refusal) = unwelcome(&device.state) {
            return Answer { told: vec![Told::Refusal(refusal)], parts: true };
        }
        // A nonce need only be new: chance would make no two runs alike.
        let nonce = blake3::hash(format!("{line} {now}").as_bytes()).as_bytes().iter().take(16).copied().collect::<Vec<u8>>();
        let (id, held, shown, own) = (device.id, certificate.to_owned(), hello.clone(), translate::hex(&nonce));
        let met = self.change(Actor::Device(id.to_string()), move |w| rollcall_site::attend::hello(w, id, &held, &shown, own));
        let greeting = match met {
            Ok(Met::Welcome(greeting)) => greeting,
            Ok(Met::Clone(text)) => {
                self.roll.close(id);
                return Answer::refused(Why::Clone, text);
            }
            Err(error) => return Answer::refused(Why::Busy, error.to_string()),
        };
        let heartbeat = SignedDuration::from_millis(i64::from(greeting.heartbeat_ms));
        let (stream, orders) = self.roll.join(id, heartbeat, hello.fingerprint, now);
        let met = Line {
            device: id,
            stream,
            session: hello.session.clone(),
            off_ms: hello.clock_ms.saturating_sub(now.as_millisecond()),
            acknowledged: greeting.acknowledged,
            pending: Pending::default(),
            _orders: orders,
        };
        self.lines.insert(line, met);
        let welcome = v1::Welcome {
            session: hello.session,
            acknowledged: greeting.acknowledged,
            nonce,
            schedule: Some(schedule(greeting.heartbeat_ms)),
            clock_ms: now.as_millisecond(),
            epoch: greeting.epoch,
            addresses: Vec::new(),
            off_site: None,
        };
        Answer { told: vec![Told::Welcome(welcome)], parts: false }
    }

    /// A word comes on a connection.
    pub fn hear(&mut self, line: u64, word: v1::FromAgent) -> Answer {
        let Some(mut met) = self.lines.remove(&line) else { return Answer { told: Vec::new(), parts: true } };
        match self.roll.hear(met.device, met.stream, self.now()) {
            Standing::Live => {}
            Standing::Superseded => {
                self.lines.insert(line, met);
                return Answer::default();
            }
            Standing::Dismissed => return self.dismissed(&met),
            Standing::Overlap => return self.overlap(&met),
        }
        let mut answer = self.take(&mut met, word);
        if answer.parts {
            self.roll.leave(met.device, met.stream, Ended::Told, self.now());
        } else {
            answer.parts = self.roll.hear(met.device, met.stream, self.now()) == Standing::Dismissed;
            self.lines.insert(line, met);
        }
        answer
    }

    /// A connection ends without a word.
    pub fn broke(&mut self, line: u64) {
        if let Some(met) = self.lines.remove(&line) {
            self.roll.leave(met.device, met.stream, Ended::Broken, self.now());
        }
    }

    /// What the watch does twice a second.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn tick(&mut self) -> Result<(), ChangeError> {
        let now = self.now();
        let gap = now.duration_since(self.ticked);
        if gap > LATE {
            self.pauses.note(now, gap);
            self.hold(now + BACK)?;
        }
        self.ticked = now;
        for (device, heard) in self.roll.silent(now, &self.pauses) {
            self.change(Actor::Rollcall, move |w| rollcall_site::attend::silent(w, device, heard))?;
        }
        if rollcall_site::alert::next_due(&self.keeper.view()).is_some_and(|due| due <= now) {
            self.change(Actor::Rollcall, |w| {
                rollcall_site::alert::tick(w);
                Ok(())
            })?;
        }
        if now.duration_since(self.checkpointed) >= CHECKPOINT {
            self.checkpointed = now;
            let heard = self.roll.heard();
            self.change(Actor::Rollcall, move |w| {
                rollcall_site::heard::checkpoint(w, &heard);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Nobody is connected or waited for: until somebody comes, no tick has anything to do.
    pub fn is_still(&self) -> bool {
        self.lines.is_empty() && self.roll.heard().is_empty() && rollcall_site::alert::next_due(&self.keeper.view()).is_none()
    }

    /// Nothing was looked at since the last tick because nothing could happen: that was no pause of the collector.
    pub fn rested(&mut self) {
        self.ticked = self.now();
    }

    fn now(&self) -> Timestamp {
        self.keeper.clock().now()
    }

    fn dismissed(&self, met: &Line) -> Answer {
        let refusal = self.keeper.view().devices.get(&met.device).and_then(|device| unwelcome(&device.state));
        Answer { told: refusal.map(Told::Refusal).into_iter().collect(), parts: true }
    }

    fn overlap(&mut self, met: &Line) -> Answer {
        let other = self.roll.fingerprint(met.device).map(Arc::unwrap_or_clone).unwrap_or_default();
        let device = met.device;
        match self.change(Actor::Device(device.to_string()), move |w| rollcall_site::attend::overlap(w, device, other)) {
            Ok(()) => {
                self.roll.close(device);
                self.dismissed(met)
            }
            Err(error) => Answer::refused(Why::Busy, error.to_string()),
        }
    }

    fn take(&self, met: &mut Line, word: v1::FromAgent) -> Answer {
        let (device, times) = (met.device, Times { off_ms: met.off_ms, now: self.now() });
        match word.message {
            Some(Said::Hello(_)) => Answer::refused(Why::Protocol, "hello was said twice"),
            Some(Said::Entry(entry)) => self.entry(met, entry, times),
            Some(Said::Section(section)) => self.section(met, section),
            Some(Said::Heartbeat(heartbeat)) => {
                let off_ms = heartbeat.health.map(|health| health.at_ms.saturating_sub(times.now.as_millisecond()));
                if let Some(off_ms) = off_ms.filter(|off_ms| off_ms.abs_diff(met.off_ms) >= CLOCK_SET) {
                    met.off_ms = off_ms;
                    drop(self.change(Actor::Device(device.to_string()), move |w| rollcall_site::attend::clock(w, device, off_ms)));
                }
                Answer::default()
            }
            Some(Said::Goodbye(goodbye)) => {
                let why = translate::goodbye(goodbye);
                let said = self.change(Actor::Device(device.to_string()), move |w| rollcall_site::attend::goodbye(w, device, why));
                Answer { told: Vec::new(), parts: said.is_ok() }
            }
            Some(Said::Done(_) | Said::Renewal(_) | Said::Step(_) | Said::Echo(_)) | None => Answer::default(),
        }
    }

    fn entry(&self, met: &mut Line, said: v1::Entry, times: Times) -> Answer {
        let Ok(report) = translate::report(said, &met.session, times) else { return Answer::refused(Why::Protocol, "entry") };
        if report.number <= met.acknowledged {
            return Answer { told: vec![acknowledged(met)], parts: false };
        }
        let view = self.keeper.view();
        if met.pending.is_empty() && !rollcall_site::attend::is_news(&view, met.device, &report, times.now) {
            met.acknowledged = report.number;
            return Answer { told: vec![acknowledged(met)], parts: false };
        }
        let ask = match met.pending.push(report, times.now, |name, digest| view.holds(name, digest)) {
            Ok(ask) => ask,
            Err(much) => return Answer::refused(Why::Busy, much.to_string()),
        };
        let digests: Vec<Vec<u8>> = ask.iter().map(|digest| digest.as_bytes().to_vec()).collect();
        let mut answer = self.take_in(met);
        if !digests.is_empty() {
            answer.told.insert(0, Told::Want(v1::Want { digests }));
        }
        answer
    }

    fn section(&self, met: &mut Line, said: v1::SectionBytes) -> Answer {
        let Some(digest) = Digest::from_wire(&said.digest) else { return Answer::default() };
        let Some(names) = met.pending.wanted(&digest).map(|names| names.iter().cloned().collect::<Vec<_>>()) else {
            return Answer::default();
        };
        let opened = match open(&digest, &names, &said.zstd, self.keeper.view().packages()) {
            Ok(opened) => opened,
            Err(bad) => return Answer::refused(Why::Protocol, bad.to_string()),
        };
        let (contents, bytes) = opened;
        match met.pending.arrive(digest, contents, said.zstd, bytes) {
            Ok(()) => self.take_in(met),
            Err(much) => Answer::refused(Why::Busy, much.to_string()),
        }
    }

    fn take_in(&self, met: &mut Line) -> Answer {
        let before = met.acknowledged;
        loop {
            let view = self.keeper.view();
            let Some(Ready { report, contents, packed }) = met.pending.pop(self.now(), |name, digest| view.holds(name, digest)) else {
                break;
            };
            if let Err(error) = self.keeper.store().put_blobs(&packed) {
                return Answer::refused(Why::Busy, error.to_string());
            }
            let device = met.device;
            match self.change(Actor::Device(device.to_string()), move |w| rollcall_site::attend::report(w, device, report, contents)) {
                Ok(up_to) => met.acknowledged = up_to,
                Err(ChangeError::Refused(refusal)) => return Answer::refused(Why::Protocol, refusal.text),
                Err(error) => return Answer::refused(Why::Busy, error.to_string()),
            }
        }
        Answer { told: (met.acknowledged > before).then(|| acknowledged(met)).into_iter().collect(), parts: false }
    }
}

fn acknowledged(met: &Line) -> Told {
    Told::Ack(v1::Ack { session: met.session.clone(), up_to: met.acknowledged })
}
