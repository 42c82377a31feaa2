//! One device's conversation: hello, then whatever it says, until one of both parts.

use crate::agents::asked::{Asker, answered, await_answer};
use crate::agents::attend::{refuse, unwelcome};
use crate::agents::diagnosis::Diagnosing;
use crate::agents::door::Door;
use crate::agents::listen::Caller;
use crate::agents::pending::Pending;
use crate::agents::roll::{Ended, Order, Standing};
use crate::agents::translate::{self, Times, Unheard};
use crate::agents::vitals;
use crate::keeper::ChangeError;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::refusal::Why;
use rollcall_proto::{Digest, v1};
use rollcall_site::DeviceId;
use rollcall_site::event::Actor;
use rollcall_site::off_site::Side;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tonic::{Status, Streaming};

/// How long an agent may take to read what it is told.
const READING: Duration = Duration::from_secs(10);
/// How long the door listens on after a refusal, so that the agent reads it before the connection ends.
const LINGER: Duration = Duration::from_secs(2);
/// How often a stream looks by itself for contents that another one was asked for.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// An agent that speaks too fast is told so this often at most.
const REMIND: SignedDuration = SignedDuration::from_secs(30);
/// A difference between the clocks that changes by this was set by somebody: readings take seconds to come, milliseconds.
pub(super) const CLOCK_SET: u64 = 60_000;
/// So often on one stream: a clock that is set all day is noticed again at the next hello.
const CLOCK_SETS: u32 = 100;
/// What an agent that speaks too fast is asked to wait, seconds.
const BACK_OFF_S: u32 = 10;

/// One device's conversation, before its hello.
pub(super) struct Conversation {
    pub(super) door: Arc<Door>,
    pub(super) device: DeviceId,
    /// SHA-256 of its certificate, hexadecimal.
    pub(super) certificate: String,
    pub(super) caller: Caller,
    pub(super) out: Out,
}

/// What an agent is told.
pub(super) type Answer = Result<v1::FromCollector, Status>;

/// The way to the agent. Boxed: a channel keeps room for 32 at least, in each of ten thousand streams.
pub(super) struct Out(pub(super) mpsc::Sender<Box<Answer>>);

/// Why a conversation ends.
#[derive(Debug)]
pub(super) enum Parting {
    /// The connection ended, or the agent reads nothing.
    Broken,
    /// The device said goodbye.
    Goodbye,
    /// The collector says no more to it: it is silent, or a newer stream took its place.
    Dismissed,
    /// The collector stops: the agent calls again as after a lost connection, at once and then ever more slowly.
    Stopping,
    /// The collector refuses it.
    Refused(v1::Refusal),
}

/// What is kept of a device that has said hello.
pub(super) struct Met {
    pub(super) stream: u64,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) session: String,
    /// Clock of the machine minus clock of the collector, milliseconds.
    pub(super) off_ms: i64,
    pub(super) acknowledged: u64,
    pub(super) pending: Pending,
    /// Contents that another stream was asked for.
    pub(super) hoped: Vec<Digest>,
    /// When they are looked for at the latest, however much is said meanwhile.
    pub(super) look_again: Instant,
    /// Says when it is worth looking for them.
    pub(super) settled: watch::Receiver<()>,
    pub(super) reminded: Option<Timestamp>,
    pub(super) renewals: u32,
    pub(super) clock_sets: u32,
    pub(super) last_command: u64,
    /// Who waits for the answer to a command.
    pub(super) asked: HashMap<u64, Asker>,
    /// The diagnosis that goes on.
    pub(super) diagnosing: Option<Diagnosing>,
    /// Rescans whose report is not durable yet, by its number.
    pub(super) reporting: Vec<(u64, oneshot::Sender<Result<(), String>>)>,
}

impl Out {
    /// Tells the agent something; one that reads nothing is given up.
    pub(super) async fn say(&self, message: Told) -> Result<(), Parting> {
        let sent = self.0.send_timeout(Box::new(Ok(v1::FromCollector { message: Some(message) })), READING).await;
        sent.map_err(|_| Parting::Broken)
    }

    async fn end(&self, status: Status) {
        // An agent that reads nothing is not told either.
        let _gone = self.0.send_timeout(Box::new(Err(status)), READING).await;
    }
}

impl Conversation {
    /// Runs until one of both parts.
    pub(super) async fn run(self, mut words: Streaming<v1::FromAgent>) {
        // Boxed: a conversation that waits keeps no room for what it does now and then.
        let parting = match Box::pin(self.greet(&mut words)).await {
            Ok(mut met) => {
                let parting = self.converse(&mut met, &mut words).await;
                let how = if matches!(parting, Parting::Goodbye | Parting::Refused(_)) { Ended::Told } else { Ended::Broken };
                self.door.roll().leave(self.device, met.stream, how, self.now());
                self.door.claims.leave(met.stream);
                self.door.measuring.leave(met.stream);
                parting
            }
            Err(parting) => parting,
        };
        match parting {
            Parting::Refused(refusal) => {
                tracing::info!(device.id = %self.device, address = %self.caller.address, reason = %refusal.text, "refused a device");
                let _gone = self.out.say(Told::Refusal(refusal)).await;
            }
            Parting::Stopping => self.out.end(Status::unavailable("the collector is stopping")).await,
            Parting::Broken | Parting::Goodbye | Parting::Dismissed => {}
        }
        let Self { out, .. } = self;
        drop(out);
        let heard_out = timeout(LINGER, async { while let Ok(Some(_)) = words.message().await {} }).await;
        tracing::trace!(heard_out = heard_out.is_ok(), "a conversation ended");
    }

    pub(super) fn now(&self) -> Timestamp {
        self.door.clock().now()
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::Device(self.device.to_string())
    }

    async fn converse(&self, met: &mut Met, words: &mut Streaming<v1::FromAgent>) -> Parting {
        loop {
            let step = tokio::select! {
                biased;
                () = self.door.stop.cancelled() => return Parting::Stopping,
                order = met.orders.recv() => match order {
                    Some(order) => Box::pin(self.obey(met, order)).await,
                    None => return self.dismissed(),
                },
                _ = timeout_at(met.look_again, met.settled.changed()), if !met.hoped.is_empty() => Box::pin(self.look_again(met)).await,
                word = words.message() => match word {
                    Ok(Some(word)) => Box::pin(self.listen(met, word)).await,
                    Ok(None) => return Parting::Broken,
                    Err(status) => {
                        tracing::debug!(device.id = %self.device, %status, "a stream broke");
                        return Parting::Broken;
                    }
                },
            };
            if let Err(parting) = step {
                return parting;
            }
        }
    }

    /// The roll has no more orders: the device may no longer speak, or this stream is not its stream any more.
    fn dismissed(&self) -> Parting {
        let view = self.door.view();
        view.devices.get(&self.device).and_then(|device| unwelcome(&device.state)).map_or(Parting::Dismissed, Parting::Refused)
    }

    async fn obey(&self, met: &mut Met, order: Order) -> Result<(), Parting> {
        use v1::command::Command;
        let command = match order {
            Order::Diagnose { steps, done } => {
                met.diagnosing = Some(Diagnosing::new(met.last_command + 1, steps));
                await_answer(met, Asker::Diagnose(done));
                Command::Diagnose(v1::Diagnose {})
            }
            Order::Rescan { sections, done } => {
                await_answer(met, Asker::Rescan(done));
                Command::Rescan(v1::Rescan { sections })
            }
            Order::Heartbeat(heartbeat_ms) => Command::SetSchedule(schedule(heartbeat_ms)),
            Order::Renew => Command::Renew(v1::Renew {}),
            Order::Resolve { address, mac, done } => {
                await_answer(met, Asker::Resolve(done));
                Command::Resolve(v1::Resolve { address: address.to_string(), mac })
            }
        };
        self.command(met, command).await
    }

    pub(super) async fn command(&self, met: &mut Met, command: v1::command::Command) -> Result<(), Parting> {
        met.last_command += 1;
        self.out.say(Told::Command(v1::Command { id: met.last_command, command: Some(command) })).await
    }

    async fn listen(&self, met: &mut Met, word: v1::FromAgent) -> Result<(), Parting> {
        match self.door.roll().hear(self.device, met.stream, self.now()) {
            Standing::Live => {}
            Standing::Superseded => return Ok(()),
            Standing::Dismissed => return Err(self.dismissed()),
            Standing::Overlap => return Err(self.overlap().await),
        }
        let wanted = matches!(&word.message, Some(Said::Section(section)) if self.wanted(met, section).is_some());
        if !wanted {
            self.keep_pace(met, &word).await?;
        }
        match word.message {
            Some(Said::Hello(_)) => Err(protocol("hello was said twice")),
            Some(Said::Entry(entry)) => self.entry(met, entry).await,
            Some(Said::Section(section)) => self.section(met, section).await,
            Some(Said::Heartbeat(heartbeat)) => self.heartbeat(met, heartbeat).await,
            Some(Said::Goodbye(goodbye)) => Err(self.goodbye(goodbye).await),
            Some(Said::Done(done)) => {
                answered(met, &done);
                Ok(())
            }
            Some(Said::Step(step)) => {
                self.step(met, &step);
                Ok(())
            }
            Some(Said::Echo(echo)) => self.echo(met, echo).await,
            Some(Said::Renewal(request)) => self.renew(met, request).await,
            None => Ok(()), // a word of a newer agent
        }
    }

    /// Reads on only as fast as a device may speak; the rest waits on the agent's side. A long spool is only slowed: an
    /// agent that was sent away with it would come back with the same.
    async fn keep_pace(&self, met: &mut Met, word: &v1::FromAgent) -> Result<(), Parting> {
        let now = self.now();
        let Some(wait) = self.door.paces.word(self.device, now) else { return Ok(()) };
        let spool = matches!(word.message, Some(Said::Entry(_)));
        if !spool && met.reminded.is_none_or(|at| now.duration_since(at) > REMIND) {
            met.reminded = Some(now);
            tracing::warn!(device.id = %self.device, "a device speaks too fast");
            self.command(met, v1::command::Command::BackOff(v1::BackOff { seconds: BACK_OFF_S })).await?;
        }
        sleep(wait.unsigned_abs()).await;
        Ok(())
    }

    async fn heartbeat(&self, met: &mut Met, heartbeat: v1::Heartbeat) -> Result<(), Parting> {
        if let Some(mut health) = heartbeat.health {
            if self.caller.side == Side::Outside {
                // What it says of the network around it is of no concern here.
                (health.network_errors, health.dns_failing, health.link_changes) = (None, None, None);
            }
            self.mind_the_clock(met, health.at_ms).await?;
            let times = Times { off_ms: met.off_ms, now: self.now() };
            let (health, detail) = (translate::health(health, times), heartbeat.detail.map(translate::detail));
            self.door.store().put_sample(self.device, health);
            if let Some(detail) = &detail {
                self.door.roll().measured(self.device, met.stream, times.now, detail);
            }
            self.take_vitals(&health, detail.as_ref(), times.now).await?;
        }
        self.contents_in_time(met)
    }

    /// What rules look at of a reading is written down where it says anything new.
    async fn take_vitals(&self, health: &v1::Health, detail: Option<&v1::HealthDetail>, now: Timestamp) -> Result<(), Parting> {
        let (view, device) = (self.door.view(), self.device);
        let before = view.vitals.get(&device).map(|vitals| &vitals.reading);
        let reading = vitals::reading(health, detail, before);
        if !rollcall_site::vitals::is_news(&view, device, &reading, now) {
            return Ok(());
        }
        drop(view);
        let change = self.door.collector.keeper.change(self.actor(), move |w| rollcall_site::vitals::take(w, device, reading));
        change.await.map_err(|error| self.failed(&error))
    }

    /// The machine's clock was set since its hello: its times are corrected by the new difference from now on.
    async fn mind_the_clock(&self, met: &mut Met, at_ms: i64) -> Result<(), Parting> {
        let off_ms = at_ms.saturating_sub(self.now().as_millisecond());
        if off_ms.abs_diff(met.off_ms) < CLOCK_SET || met.clock_sets >= CLOCK_SETS {
            return Ok(());
        }
        (met.off_ms, met.clock_sets) = (off_ms, met.clock_sets + 1);
        let device = self.device;
        let change = self.door.collector.keeper.change(self.actor(), move |w| rollcall_site::attend::clock(w, device, off_ms));
        change.await.map_err(|error| self.failed(&error))
    }

    async fn goodbye(&self, goodbye: v1::Goodbye) -> Parting {
        let (device, why) = (self.device, translate::goodbye(goodbye));
        let change = self.door.collector.keeper.change(self.actor(), move |w| rollcall_site::attend::goodbye(w, device, why));
        match change.await {
            Ok(()) => Parting::Goodbye,
            Err(error) => self.failed(&error),
        }
    }

    /// Both streams speak: nobody is the device until a technician decides.
    async fn overlap(&self) -> Parting {
        let (device, other) = (self.device, self.door.roll().fingerprint(self.device).unwrap_or_default());
        let other = Arc::unwrap_or_clone(other);
        let change = self.door.collector.keeper.change(self.actor(), move |w| rollcall_site::attend::overlap(w, device, other));
        match change.await {
            Ok(()) => {
                self.door.roll().close(device);
                self.dismissed()
            }
            Err(error) => self.failed(&error),
        }
    }

    async fn renew(&self, met: &mut Met, request: v1::CertificateRequest) -> Result<(), Parting> {
        met.renewals += 1;
        if met.renewals > 3 {
            return Err(protocol("a stream renews its certificate three times at most"));
        }
        let device = self.device;
        let issued = self.door.authority.sign(&request.csr_der, device, self.now()).map_err(|bad| protocol(bad.to_string()))?;
        let (held, sha256, ends) = (self.certificate.clone(), issued.sha256, issued.ends);
        let keeper = &self.door.collector.keeper;
        let change = keeper.change(self.actor(), move |w| rollcall_site::enroll::renewed(w, device, &held, sha256, ends));
        change.await.map_err(|error| self.failed(&error))?;
        let certificate = v1::Certificate { certificate_der: issued.der, ca_der: self.door.authority.ca().to_vec() };
        self.out.say(Told::Certificate(certificate)).await
    }

    /// How a change that did not happen ends the conversation.
    pub(super) fn failed(&self, error: &ChangeError) -> Parting {
        match error {
            ChangeError::Refused(refusal) => match self.dismissed() {
                Parting::Refused(refusal) => Parting::Refused(refusal),
                _ => protocol(refusal.text.clone()),
            },
            ChangeError::Store(_) => Parting::Refused(refuse(Why::Busy, "the collector can't store anything now; come back later")),
            ChangeError::Broken(_) => {
                tracing::error!(device.id = %self.device, %error, "a change of a device broke off");
                Parting::Refused(refuse(Why::Busy, "the collector could not take this in; come back later"))
            }
            ChangeError::Stopping => Parting::Stopping,
        }
    }
}

/// The agent said something it must not.
pub(super) fn protocol(text: impl Into<String>) -> Parting {
    Parting::Refused(refuse(Why::Protocol, text))
}

impl From<Unheard> for Parting {
    fn from(unheard: Unheard) -> Self {
        protocol(unheard.0)
    }
}

/// How often an agent of a room with this heartbeat reports: a health reading a minute, everything once an hour.
pub(super) fn schedule(heartbeat_ms: u32) -> v1::Schedule {
    v1::Schedule { heartbeat_ms, health_s: 60, survey_s: 3600 }
}
