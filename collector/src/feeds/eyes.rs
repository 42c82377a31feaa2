//! Looks every minute at what must come: the files of the transfers, and the folder of the roster. Only what changed is read.

use crate::Collector;
use crate::feeds::dropped::{self, Outcome};
use crate::feeds::plain_file::Face;
use crate::feeds::roster::name_of;
use crate::feeds::transfers::Memory;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::event::Actor;
use rollcall_site::roster::{self, Watch, settings};
use rollcall_site::transfer;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(60);
/// How long a file of the folder must have stayed as it is before it counts as whole.
const STILL: Duration = Duration::from_secs(5);

/// What was seen so far. Whoever asks for a look now begins with nothing seen, and may look beside the task: deliveries are taken in turn.
#[derive(Default)]
pub struct Eyes {
    transfers: Memory,
    /// The deliveries that were seen last, and what came of them.
    roster: Option<(Vec<Face>, Option<Outcome>)>,
    looked_at: Option<Timestamp>,
}

/// Looks until `stop`.
pub async fn run(collector: Collector, stop: CancellationToken) {
    let mut eyes = Eyes::default();
    loop {
        eyes.transfers(&collector).await;
        eyes.roster_when_due(&collector).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

impl Eyes {
    /// Looks at every watched transfer, and says what is otherwise than before.
    pub async fn transfers(&mut self, collector: &Collector) {
        let site = collector.keeper.view();
        if site.transfers.is_empty() {
            return;
        }
        let (mut memory, view) = (std::mem::take(&mut self.transfers), Arc::clone(&site));
        let looked = tokio::task::spawn_blocking(move || {
            let seen = memory.look(view.transfers.values().map(|transfer| &**transfer));
            (memory, seen)
        });
        let Ok((memory, seen)) = looked.await else { return };
        self.transfers = memory;
        if transfer::is_news(&site, &seen, collector.keeper.clock().now()) {
            let told = collector
                .keeper
                .change(Actor::Rollcall, move |w| {
                    transfer::saw(w, seen);
                    Ok(())
                })
                .await;
            if let Err(error) = told {
                tracing::error!(%error, "what was seen of watched transfers could not be stored; it is tried again");
            }
        }
    }

    async fn roster_when_due(&mut self, collector: &Collector) {
        let Some(watch) = settings(&collector.keeper.view()).watch.clone() else { return };
        let now = collector.keeper.clock().now();
        let since = self.looked_at.map(|at| now.duration_since(at));
        // A file that is not known to be whole is looked at again at once.
        let is_open = self.roster.as_ref().is_some_and(|(_, outcome)| outcome.is_none());
        if is_open || since.is_none_or(|since| since.is_negative() || since >= SignedDuration::from_secs(watch.every_s.into())) {
            self.looked_at = Some(now);
            self.roster(collector, &watch).await;
        }
    }

    /// Looks at the folder once; new files are taken when they are found the same a second time.
    async fn roster(&mut self, collector: &Collector, watch: &Watch) -> Option<Outcome> {
        let folder = Path::new(&watch.dir).to_owned();
        let taken = settings(&collector.keeper.view()).folder_at;
        let newer = tokio::task::spawn_blocking({
            let folder = folder.clone();
            move || dropped::newer(&folder, taken)
        });
        let faces = match newer.await.unwrap_or_else(|_| Ok(Vec::new())) {
            Ok(faces) => faces,
            Err(why) => return Some(dropped::wait(collector, name_of(&folder), String::new(), why).await),
        };
        self.mended(collector, &faces).await;
        if faces.is_empty() {
            return Some(if taken.is_some() { Outcome::Known } else { Outcome::Nothing });
        }
        if let Some(face) = dropped::ahead(&faces, collector.keeper.clock().now()) {
            let why = "its time is in the future, so nobody can say what came before it and what after: set the clock of the machine that \
                       writes it right, and `touch` the file";
            return Some(dropped::wait(collector, name_of(&face.path), String::new(), why.to_owned()).await);
        }
        // A few minutes to come are those of another clock, and say nothing.
        let is_still = faces.iter().all(|face| face.at.elapsed().map_or(true, |since| since >= STILL));
        match &self.roster {
            Some((before, Some(outcome))) if *before == faces && *outcome != Outcome::Nothing => Some(Outcome::Known),
            Some((before, _)) if *before == faces && is_still => {
                let outcome = dropped::consider(collector, &faces).await;
                self.roster = Some((faces, Some(outcome.clone())));
                Some(outcome)
            }
            _ => {
                self.roster = Some((faces, None));
                None
            }
        }
    }
}

impl Eyes {
    /// Nobody has to look any more at a folder that can be read again, or at a delivery that was taken away.
    async fn mended(&self, collector: &Collector, faces: &[Face]) {
        let is_there = |file: &str| faces.iter().any(|face| name_of(&face.path) == file);
        let is_over = settings(&collector.keeper.view()).waiting.as_ref().is_some_and(|waiting| !is_there(&waiting.file));
        if is_over && let Err(error) = collector.keeper.change(Actor::Rollcall, |w| Ok(roster::waits(w, None))).await {
            tracing::error!(%error, "it could not be said that no delivery of the roster waits any more");
        }
    }
}

/// Looks at the folder of the roster now, and waits until a file in it is whole.
///
/// # Errors
/// In words: no folder is watched, or the file goes on changing.
pub async fn look_now(collector: &Collector) -> Result<Outcome, String> {
    let watch = settings(&collector.keeper.view()).watch.clone().ok_or("no folder is watched; `rollcall roster watch DIR` watches one")?;
    let mut eyes = Eyes::default();
    for _ in 0..20 {
        match eyes.roster(collector, &watch).await {
            Some(outcome) => return Ok(outcome),
            None => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
    Err("the newest file of the folder goes on changing; it is looked at again within the next minutes".to_owned())
}
