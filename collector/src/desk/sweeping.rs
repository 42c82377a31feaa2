//! Runs a sweep: asks everybody of the room at once, and writes down each answer as it comes.

use super::Desk;
use super::door::Visitor;
use super::trouble::chain;
use crate::keeper::ChangeError;
use rollcall_site::sweep::{self, Answer, Sweep};
use rollcall_site::{AssetId, DeviceId, RoomId, SweepId};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long a machine may take to re-read everything.
const PATIENCE: Duration = Duration::from_secs(20);

impl Desk {
    /// Begins a sweep of a room and lets it run: its page shows how far it is.
    pub(super) async fn sweep(&self, visitor: &Visitor, room: RoomId) -> Result<Arc<Sweep>, ChangeError> {
        let heard = self.collector.roll.heard();
        let sweep = self.change(visitor, move |w| sweep::begin(w, &room, &heard)).await?;
        let (desk, visitor, begun) = (self.clone(), visitor.clone(), Arc::clone(&sweep));
        tokio::spawn(async move {
            if let Err(error) = desk.ask_everybody(&visitor, &begun).await {
                tracing::warn!(sweep.id = %begun.id, sweep.error = %chain(&error), "a sweep did not come to its end");
            }
        });
        Ok(sweep)
    }

    async fn ask_everybody(&self, visitor: &Visitor, sweep: &Sweep) -> Result<(), ChangeError> {
        let site = self.collector.keeper.view();
        let waiting = sweep.lines.iter().filter(|line| line.answer == Answer::Waiting).map(|line| line.asset);
        let devices = waiting.filter_map(|asset: AssetId| site.assets.get(&asset)?.device).collect::<Vec<DeviceId>>();
        let (mut asked, id) = (JoinSet::new(), sweep.id);
        for device in devices {
            let (desk, visitor) = (self.clone(), visitor.clone());
            asked.spawn(async move { desk.ask(&visitor, id, device).await });
        }
        while asked.join_next().await.is_some() {}
        self.change(visitor, move |w| sweep::finish(w, id)).await.map(drop)
    }

    /// Asks one machine; who does not answer stays waiting, and the sweep's end says so.
    async fn ask(&self, visitor: &Visitor, sweep: SweepId, device: DeviceId) {
        if self.collector.roll.rescan(device, Vec::new(), PATIENCE).await.is_err() {
            return;
        }
        if let Err(error) = self.change(visitor, move |w| sweep::answered(w, sweep, device)).await {
            tracing::warn!(sweep.id = %sweep, device.id = %device, sweep.error = %chain(&error), "an answer was not written down");
        }
    }
}
