//! The switch of one room loses its power: its PCs run on, and nothing of what they say arrives.

use super::{Scenario, first_room};
use crate::school::account::Wanted;
use crate::school::{Stage, fleet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "switch-lost",
    what: "the first room's PCs lose the network without a goodbye, change meanwhile, and come back",
    by_road: first_room,
    run: |stage| Box::pin(run(stage)),
};

/// How long the network is gone at least: longer than the collector waits for two heartbeats of 5 s.
const LOST: Duration = Duration::from_secs(13);

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let title = stage.options.title.as_str();
    for seated in &mut stage.fleet {
        let Some(road) = seated.agent.road() else { continue };
        road.line().cut();
        (seated.account.presence, seated.account.silent) = ("silent", Wanted::Surely);
    }
    stage.tell("the switch of the first room is gone");
    sleep(LOST.max(stage.happening())).await;
    for seated in stage.fleet.iter_mut().filter(|seated| seated.agent.road().is_some()) {
        seated.toggle(&mut stage.lists, title);
    }
    stage.look_around().await?;
    let back = Instant::now();
    for seated in &mut stage.fleet {
        if let Some(road) = seated.agent.road() {
            road.line().mend();
            seated.account.presence = "here";
        }
    }
    // What they told while the network was away is acknowledged: they are back.
    let patience = fleet::patience(&stage.fleet);
    let away = stage.fleet.iter_mut().filter(|seated| seated.agent.road().is_some());
    stage.record.returned = Some(fleet::settled(away, patience).await);
    stage.record.returned_ms = Some(back.elapsed().as_millis());
    stage.tell("the switch is back");
    Ok(())
}
