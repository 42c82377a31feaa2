//! Carries out a sweep: everyone of the room who is connected re-reads everything now.

use crate::Collector;
use crate::keeper::ChangeError;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rollcall_site::event::Actor;
use rollcall_site::sweep::{Answer, Sweep};
use rollcall_site::{DeviceId, RoomId, SweepId};
use std::sync::Arc;
use std::time::Duration;

/// How long a device may take to re-read everything.
const PATIENCE: Duration = Duration::from_secs(30);
/// Devices that re-read at once: they report at once, too.
const AT_ONCE: usize = 64;

/// How far a sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SweepProgress {
    /// Devices whose report is durable, or that did not answer in time.
    pub answered: usize,
    /// Devices that were asked.
    pub total: usize,
}

/// Sweeps a room: begins, asks everyone connected, notes each answer, and finishes.
///
/// # Errors
/// No such room, nothing belongs in it, or the changes could not be stored.
pub async fn run(collector: &Collector, room: RoomId, actor: Actor, progress: impl Fn(SweepProgress)) -> Result<Arc<Sweep>, ChangeError> {
    let (keeper, heard) = (&collector.keeper, collector.roll.heard());
    let sweep = keeper.change(actor.clone(), move |w| rollcall_site::sweep::begin(w, &room, &heard)).await?;
    let mut waiting = devices(collector, &sweep).into_iter();
    let total = waiting.len();
    progress(SweepProgress { answered: 0, total });

    let mut asked: FuturesUnordered<_> = waiting.by_ref().take(AT_ONCE).map(|device| ask(collector, device)).collect();
    let mut answered = 0;
    while let Some((device, here)) = asked.next().await {
        asked.extend(waiting.next().map(|device| ask(collector, device)));
        if here {
            let id = sweep.id;
            keeper.change(actor.clone(), move |w| rollcall_site::sweep::answered(w, id, device)).await?;
        }
        answered += 1;
        progress(SweepProgress { answered, total });
    }
    keeper.change(actor, move |w| rollcall_site::sweep::finish(w, sweep.id)).await
}

/// Finishes the sweeps that a stop of the collector cut short: who had not answered by then counts as slow.
///
/// # Errors
/// The changes could not be stored.
pub async fn finish_cut(collector: &Collector) -> Result<(), ChangeError> {
    let keeper = &collector.keeper;
    let open: Vec<SweepId> = keeper.view().sweeps.values().filter(|sweep| sweep.finished_at.is_none()).map(|sweep| sweep.id).collect();
    for id in open {
        keeper.change(Actor::Rollcall, move |w| rollcall_site::sweep::finish(w, id)).await?;
        tracing::info!(sweep.id = %id, "finished a sweep that was cut short");
    }
    Ok(())
}

async fn ask(collector: &Collector, device: DeviceId) -> (DeviceId, bool) {
    let asked = collector.roll.rescan(device, Vec::new(), PATIENCE).await;
    if let Err(error) = &asked {
        tracing::info!(device.id = %device, %error, "a device did not answer the sweep");
    }
    (device, asked.is_ok())
}

fn devices(collector: &Collector, sweep: &Sweep) -> Vec<DeviceId> {
    let view = collector.keeper.view();
    let waiting = sweep.lines.iter().filter(|line| line.answer == Answer::Waiting);
    waiting.filter_map(|line| view.assets.get(&line.asset)?.device).collect()
}
