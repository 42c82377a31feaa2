//! Somebody who shows the school takes a switch away and brings it back, as often as he likes.

use super::{Scenario, first_room};
use crate::school::Stage;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "switch-at-signal",
    what: "SIGUSR1 takes the first room's switch away; the next one, or two minutes, bring it back",
    by_road: first_room,
    run: |stage| Box::pin(run(stage)),
};

/// How long the switch stays away when nobody brings it back: longer than a room settles, 60 s.
const AWAY: Duration = Duration::from_secs(120);

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let mut asked = signal(SignalKind::user_defined1())?;
    while asked.recv().await.is_some() {
        roads(stage).for_each(|line| line.cut());
        stage.tell("the switch of the first room is gone");
        // Whether it was asked for or waited for, it comes back.
        timeout(AWAY, asked.recv()).await.ok();
        roads(stage).for_each(|line| line.mend());
        stage.tell("the switch is back");
    }
    Ok(())
}

fn roads<'a>(stage: &'a Stage<'_>) -> impl Iterator<Item = &'a crate::wire::Line> {
    stage.fleet.iter().filter_map(|seated| seated.agent.road()).map(|road| road.line())
}
