//! Runs a sweep: everybody of a room who is connected re-reads everything now, and the answers are kept.

use crate::Collector;
use crate::keeper::ChangeError;
use futures_util::stream::{self, StreamExt};
use rollcall_site::event::Actor;
use rollcall_site::sweep::{self, Answer, Sweep};
use rollcall_site::{DeviceId, RoomId, SweepId, Tag};
use std::sync::Arc;
use std::time::Duration;

/// How long a device may take to re-read everything.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How many devices are asked at once: a room's worth, so that a sweep of a large room does not make a flood of reports.
const AT_ONCE: usize = 64;

/// How far a sweep has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Devices that answered or were given up.
    pub done: usize,
    /// Devices that were asked.
    pub of: usize,
    /// What the last one did, in words; empty at the beginning.
    pub text: String,
}

/// Runs a sweep to its end; `told` hears of every answer.
///
/// # Errors
/// No such room, nothing belongs in it, or the store failed.
pub async fn run(collector: &Collector, actor: Actor, room: RoomId, mut told: impl FnMut(Step) + Send) -> Result<Arc<Sweep>, ChangeError> {
    let heard = collector.roll.heard();
    let begun = collector.keeper.change(actor.clone(), move |w| sweep::begin(w, &room, &heard)).await?;
    let asked = asked(collector, &begun);
    told(Step { done: 0, of: asked.len(), text: String::new() });

    let of = asked.len();
    let mut answers =
        stream::iter(asked).map(|(device, tag)| answer(collector, actor.clone(), begun.id, device, tag)).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some(text) = answers.next().await {
        done += 1;
        told(Step { done, of, text: text? });
    }
    drop(answers);
    collector.keeper.change(actor, move |w| sweep::finish(w, begun.id)).await
}

/// The devices that are expected to answer.
fn asked(collector: &Collector, begun: &Sweep) -> Vec<(DeviceId, Tag)> {
    let site = collector.keeper.view();
    let waiting = begun.lines.iter().filter(|line| line.answer == Answer::Waiting);
    waiting.filter_map(|line| Some((site.assets.get(&line.asset)?.device?, line.tag.clone()))).collect()
}

/// Asks one device; in words, what it did.
async fn answer(collector: &Collector, actor: Actor, id: SweepId, device: DeviceId, tag: Tag) -> Result<String, ChangeError> {
    match collector.roll.rescan(device, Vec::new(), PATIENCE).await {
        Ok(()) => {
            collector.keeper.change(actor, move |w| sweep::answered(w, id, device)).await?;
            Ok(format!("{tag} answered"))
        }
        Err(why) => Ok(format!("{tag}: {why}")),
    }
}
