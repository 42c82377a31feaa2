//! The power fails for everybody, and comes back.

use super::{Scenario, nobody};
use crate::school::account::Wanted;
use crate::school::{Stage, fleet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "power-cut",
    what: "the power fails for everybody without a goodbye, and comes back",
    by_road: nobody,
    run: |stage| Box::pin(run(stage)),
};

/// How long the power is gone: longer than the collector waits for a connection that broke.
const DARK: Duration = Duration::from_secs(5);

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    for seated in &mut stage.fleet {
        seated.agent.cut().await;
        (seated.account.presence, seated.account.silent) = ("silent", Wanted::Surely);
    }
    stage.tell("the power is gone");
    sleep(DARK).await;
    stage.look_around().await?;
    let back = Instant::now();
    for seated in &mut stage.fleet {
        seated.account.presence = "here";
        seated.resume()?;
    }
    stage.record.returned = Some(fleet::connected(&stage.fleet, fleet::patience(&stage.fleet)).await.connected);
    stage.record.returned_ms = Some(back.elapsed().as_millis());
    stage.tell("the power is back");
    Ok(())
}
