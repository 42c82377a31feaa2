//! The collector's own tick: who fell silent, whose alert is due, when devices were last heard, whose certificate should be renewed, and
//! who is to be judged again.

use crate::agents::door::Door;
use crate::agents::neighbours::Neighbours;
use crate::agents::pauses::Pauses;
use crate::agents::roll::Order;
use crate::agents::rounds::Rounds;
use crate::keeper::ChangeError;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::device::DeviceState;
use rollcall_site::event::Actor;
use rollcall_site::presence::Presence;
use rollcall_site::{DeviceId, Working, baseline};
use std::sync::Arc;
use std::time::Duration;

/// How often the watch looks: a killed agent is silent on the page within 5 s, 3 of which it has to come back.
const TICK: Duration = Duration::from_millis(500);
/// A tick that comes later than this was a pause of the collector, not silence of the devices.
pub(super) const LATE: SignedDuration = SignedDuration::from_secs(2);
/// Who lost its connection in a pause is back within this: an agent's first call comes within 20 s.
pub(super) const BACK: SignedDuration = SignedDuration::from_secs(30);
/// How often it is written down when devices were last heard.
pub(super) const CHECKPOINT: SignedDuration = SignedDuration::from_mins(5);
/// How often certificates are looked through.
const RENEWALS: SignedDuration = SignedDuration::from_hours(1);
/// How often the seats of licences are counted.
const COUNTED: SignedDuration = SignedDuration::from_secs(30);
/// Rounds of judging by a changed baseline in one tick: it is for what a stop cut off, and silence is looked for in between.
const ROUNDS: usize = 20;
/// Devices in one change: a whole site falls silent in a few commits, and none holds up the others for long.
const BATCH: usize = 256;

/// Changes of one tick at the edge of expected hours; what is left comes with the next.
const MOST_CHANGES: usize = 100;

/// The watch of one site.
struct Watch {
    door: Arc<Door>,
    pauses: Pauses,
    neighbours: Neighbours,
    ticked: Timestamp,
    checkpointed: Timestamp,
    renewed: Timestamp,
    rounds: Rounds,
    counted: Timestamp,
}

/// Whether less than half of a certificate's life is left.
pub(super) fn half_over(ends: Timestamp, now: Timestamp) -> bool {
    ends.duration_since(now) < super::authority::DEVICE_LIFE / 2
}

/// Devices that were here when the collector stopped have `grace` to come back before they are silent.
pub fn expect_back(door: &Door, grace: SignedDuration) {
    let (view, now) = (door.view(), door.clock().now());
    let here = view.devices.values().filter(|device| device.state == DeviceState::Active && device.presence == Presence::Here);
    door.roll().expect(here.map(|device| (device.id, rollcall_site::heard::last(&view, device))), now, now + grace);
}

/// Watches until the door stops; whoever fell silent shortly before the start has `grace` to come back, too.
pub async fn run(door: Arc<Door>, grace: SignedDuration) {
    let now = door.clock().now();
    let mut watch = Watch {
        pauses: Pauses::default(),
        neighbours: Neighbours::default(),
        ticked: now,
        checkpointed: now,
        renewed: now,
        counted: now,
        rounds: Rounds::new(now),
        door,
    };
    if let Err(error) = watch.hold(now + grace).await {
        tracing::error!(%error, "alerts that were settling before the start may be told early");
    }
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = watch.door.stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = watch.tick().await {
            tracing::error!(%error, "the watch could not write down what it saw");
        }
    }
}

impl Watch {
    async fn tick(&mut self) -> Result<(), ChangeError> {
        let now = self.door.clock().now();
        self.mind_the_gap(now).await?;
        for batch in self.door.roll().silent(now, &self.pauses).chunks(BATCH) {
            self.silent(batch.to_vec()).await?;
            self.neighbours.ask_about(&self.door, batch.iter().map(|(device, _)| *device), now);
        }
        self.tell(now).await?;
        self.baselines(now).await?;
        if passed(self.checkpointed, CHECKPOINT, now) {
            self.checkpointed = now;
            self.checkpoint().await?;
        }
        if passed(self.renewed, RENEWALS, now) {
            self.renewed = now;
            self.renew(now);
        }
        self.rounds.go(&self.door, now).await
    }

    /// What is due is told: alerts that have settled, and rooms whose expected hours begin or end, some rooms in each change.
    async fn tell(&self, now: Timestamp) -> Result<(), ChangeError> {
        let keeper = &self.door.collector.keeper;
        for _ in 0..MOST_CHANGES {
            if rollcall_site::alert::next_due(&keeper.view()).is_none_or(|due| due > now) {
                break;
            }
            let tell = |w: &mut Working| {
                rollcall_site::alert::tick(w);
                Ok(())
            };
            keeper.change(Actor::Rollcall, tell).await?;
        }
        Ok(())
    }

    /// Waivers end, devices are judged by a baseline that changed, and seats are counted.
    async fn baselines(&mut self, now: Timestamp) -> Result<(), ChangeError> {
        let keeper = Arc::clone(&self.door.collector.keeper);
        for _ in 0..ROUNDS {
            if baseline::next_due(&keeper.view()).is_none_or(|due| due > now) {
                break;
            }
            let tick = |w: &mut Working| {
                baseline::tick(w);
                Ok(())
            };
            keeper.change(Actor::Rollcall, tick).await?;
        }
        if passed(self.counted, COUNTED, now) {
            self.counted = now;
            let view = keeper.view();
            let is_news = move || baseline::licence::is_news(&view, &baseline::licence::seats(&view));
            if tokio::task::spawn_blocking(is_news).await.unwrap_or(false) {
                let judge = |w: &mut Working| {
                    baseline::licence::judge(w);
                    Ok(())
                };
                keeper.change(Actor::Rollcall, judge).await?;
            }
        }
        Ok(())
    }

    /// A late tick extends every deadline by the gap; a clock that was turned back leaves nobody heard in the future.
    async fn mind_the_gap(&mut self, now: Timestamp) -> Result<(), ChangeError> {
        let gap = now.duration_since(self.ticked);
        if gap > LATE {
            tracing::warn!(gap_ms = gap.as_millis() as i64, "the collector was paused; every deadline is extended by the gap");
            self.pauses.note(now, gap);
            self.hold(now + BACK).await?;
        } else if gap.is_negative() {
            tracing::warn!(gap_ms = gap.as_millis() as i64, "the clock was turned back");
            self.door.roll().turned_back(now);
            self.door
                .collector
                .keeper
                .change(Actor::Rollcall, |w| {
                    rollcall_site::alert::clock_set_back(w);
                    Ok(())
                })
                .await?;
        }
        self.ticked = now;
        Ok(())
    }

    /// Nobody is told before `least` of what settles.
    async fn hold(&self, least: Timestamp) -> Result<(), ChangeError> {
        let keeper = &self.door.collector.keeper;
        if rollcall_site::alert::next_due(&keeper.view()).is_none_or(|due| due >= least) {
            return Ok(());
        }
        let hold = move |w: &mut Working| {
            rollcall_site::alert::hold(w, least);
            Ok(())
        };
        keeper.change(Actor::Rollcall, hold).await
    }

    async fn silent(&self, batch: Vec<(DeviceId, Timestamp)>) -> Result<(), ChangeError> {
        let roll = Arc::clone(&self.door.collector.roll);
        let keeper = &self.door.collector.keeper;
        keeper
            .change(Actor::Rollcall, move |w| {
                // Whoever came back meanwhile is not silent.
                rollcall_site::attend::silent_all(w, batch.into_iter().filter(|(device, _)| !roll.present(*device)));
                Ok(())
            })
            .await
    }

    async fn checkpoint(&self) -> Result<(), ChangeError> {
        let heard = self.door.roll().heard();
        let write = move |w: &mut Working| {
            rollcall_site::heard::checkpoint(w, &heard);
            Ok(())
        };
        self.door.collector.keeper.change(Actor::Rollcall, write).await
    }

    fn renew(&self, now: Timestamp) {
        let (view, heard) = (self.door.view(), self.door.roll().heard());
        let due = |device: &&DeviceId| view.devices.get(*device).is_some_and(|record| half_over(record.certificate_ends, now));
        for device in heard.keys().filter(due) {
            if let Err(error) = self.door.roll().order(*device, Order::Renew) {
                tracing::debug!(device.id = %device, %error, "a device could not be told to renew its certificate");
            }
        }
    }
}

/// Whether `every` has passed since `last`, or the clock was turned back behind it.
fn passed(last: Timestamp, every: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(last) >= every || now < last
}
