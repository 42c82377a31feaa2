//! Clocks that are wrong: by years, by minutes, and ever more.

use super::{Scenario, every_third};
use crate::school::Stage;
use crate::school::account::Wanted;
use crate::school::fleet::Seated;
use tokio::time::sleep;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "clock-skew",
    what: "every third PC's clock is wrong: years back or ahead, some minutes, or drifting away",
    by_road: every_third,
    run: |stage| Box::pin(run(stage)),
};

const MINUTE_MS: i64 = 60_000;
const YEAR_MS: i64 = 365 * 24 * 60 * MINUTE_MS;

/// How a clock is wrong, and whether that must be told: five minutes are borne.
struct Wrong {
    off_ms: i64,
    drift_ms_per_s: i64,
    told: Wanted,
}

/// In turn, for one PC after another. A drift is told as fast as a run can wait for: ten minutes a second.
const WRONG: [Wrong; 5] = [
    Wrong { off_ms: -9 * YEAR_MS, drift_ms_per_s: 0, told: Wanted::Surely },
    Wrong { off_ms: YEAR_MS + 35 * 24 * 60 * MINUTE_MS, drift_ms_per_s: 0, told: Wanted::Surely },
    Wrong { off_ms: 0, drift_ms_per_s: 10 * MINUTE_MS, told: Wanted::Surely },
    Wrong { off_ms: 2 * MINUTE_MS, drift_ms_per_s: 0, told: Wanted::Never },
    Wrong { off_ms: -10 * MINUTE_MS, drift_ms_per_s: 0, told: Wanted::Surely },
];

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let wrong = WRONG.iter().cycle();
    let lasts = stage.happening();
    let mut skewed = 0;
    for (seated, wrong) in stage.fleet.iter_mut().filter(|seated| seated.agent.road().is_some()).zip(wrong) {
        let Some(road) = seated.agent.road() else { continue };
        road.set_clock(wrong.off_ms, wrong.drift_ms_per_s);
        seated.account.skewed = wrong.told;
        skewed += 1;
        // What a battery lost shows after the machine was off.
        restart(seated).await?;
    }
    stage.tell(&format!("{skewed} clocks are wrong"));
    sleep(lasts).await;
    for seated in stage.fleet.iter_mut().filter(|seated| seated.account.skewed == Wanted::Surely) {
        restart(seated).await?;
    }
    stage.settled().await;
    Ok(())
}

async fn restart(seated: &mut Seated) -> anyhow::Result<()> {
    seated.shut_down().await;
    seated.resume()
}
