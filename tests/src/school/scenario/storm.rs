//! Everybody reports the same two software lists in turn, as fast as reports are acknowledged.

use super::{Scenario, nobody};
use crate::school::fleet::{Seated, look};
use crate::school::plan::Lists;
use crate::school::{Stage, fleet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "storm",
    what: "every agent reports the same again and again, as fast as it may",
    by_road: nobody,
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let (title, lasts) = (stage.options.title.as_str(), stage.happening());
    let storm = drive(&mut stage.fleet, &mut stage.lists, title, sleep(lasts)).await;
    stage.tell(&format!("{} reports were acknowledged in {} s", storm.reports, lasts.as_secs()));
    stage.record.add(storm);
    stage.settled().await;
    Ok(())
}

/// What a storm came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Storm {
    /// Reports that were acknowledged.
    pub reports: u64,
    /// The longest that a PC on the common way waited for one.
    pub longest: Duration,
}

/// Lets everybody change and report until `end`, each as soon as its last report was acknowledged.
pub async fn drive(fleet: &mut [Seated], lists: &mut Lists, title: &str, end: impl Future<Output = ()>) -> Storm {
    let mut storm = Storm::default();
    let mut since: Vec<Option<Instant>> = vec![None; fleet.len()];
    let mut end = std::pin::pin!(end);
    loop {
        for (seated, since) in fleet.iter_mut().zip(&mut since) {
            let waited = since.map(|since| since.elapsed());
            if !seated.settle() {
                // A wait that has not ended counts as well.
                storm.note(seated, waited);
                continue;
            }
            storm.reports += u64::from(since.is_some());
            storm.note(seated, waited);
            seated.toggle(lists, title);
            *since = Some(Instant::now());
        }
        tokio::select! {
            () = &mut end => return storm,
            () = sleep(look(fleet.len())) => {}
        }
    }
}

impl Storm {
    fn note(&mut self, seated: &Seated, waited: Option<Duration>) {
        if let Some(waited) = waited.filter(|_| seated.agent.road().is_none()) {
            self.longest = self.longest.max(waited);
        }
    }
}

/// Lets everybody change once, and waits until it is acknowledged: who manages that is there in truth.
pub(super) async fn everybody_changes(stage: &mut Stage<'_>) -> usize {
    let title = stage.options.title.as_str();
    stage.fleet.iter_mut().for_each(|seated| seated.toggle(&mut stage.lists, title));
    fleet::settled(&mut stage.fleet, fleet::patience(&[])).await
}
