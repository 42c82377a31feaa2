//! Lines that take their time: some PCs read and write very slowly while everybody reports.

use super::{Scenario, every_third};
use crate::school::Stage;
use crate::school::scenario::storm;
use tokio::time::sleep;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "slow",
    what: "every third PC reads and writes very slowly, while everybody reports",
    by_road: every_third,
    run: |stage| Box::pin(run(stage)),
};

/// Of a slow line, each way: a report's few hundred bytes take about a second.
const BYTES_PER_S: u32 = 400;

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let (title, lasts) = (stage.options.title.as_str(), stage.happening());
    stage.fleet.iter().filter_map(|seated| seated.agent.road()).for_each(|road| road.line().slow(BYTES_PER_S));
    stage.tell("every third PC is slow");
    let storm = storm::drive(&mut stage.fleet, &mut stage.lists, title, sleep(lasts)).await;
    stage.record.add(storm);
    stage.settled().await;
    stage.look_around().await?;
    stage.fleet.iter().filter_map(|seated| seated.agent.road()).for_each(|road| road.line().mend());
    Ok(())
}
