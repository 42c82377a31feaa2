//! Laptops that are closed and opened again: asleep is not silent.

use super::{Scenario, nobody};
use crate::school::scenario::storm::everybody_changes;
use crate::school::{Stage, fleet};
use anyhow::Context;
use rollcall_agent::host::Word;
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "sleep-wake",
    what: "every second PC goes to sleep with a goodbye, and wakes up",
    by_road: nobody,
    run: |stage| Box::pin(run(stage)),
};

/// Longest sleep: an agent whose machine does not sleep after all calls again after 30 s.
const LONGEST: Duration = Duration::from_secs(20);

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let lasts = stage.happening().min(LONGEST);
    for seated in stage.fleet.iter_mut().step_by(2) {
        seated.agent.say(Word::Suspend).await.with_context(|| seated.member.tag.clone())?;
        seated.account.presence = "asleep";
    }
    stage.tell("every second PC is asleep");
    let asleep = Instant::now();
    stage.look_around().await?;
    sleep(lasts.saturating_sub(asleep.elapsed())).await;
    let awake = Instant::now();
    for seated in stage.fleet.iter_mut().step_by(2) {
        seated.agent.say(Word::Resume).await.with_context(|| seated.member.tag.clone())?;
        seated.account.presence = "here";
    }
    stage.record.returned = Some(fleet::connected(&stage.fleet, fleet::patience(&stage.fleet)).await.connected);
    stage.record.returned_ms = Some(awake.elapsed().as_millis());
    everybody_changes(stage).await;
    Ok(())
}
