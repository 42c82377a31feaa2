//! State folders are copied: onto other hardware, and onto the same machine run twice.

use super::{Scenario, nobody};
use crate::agent::TestAgent;
use crate::pc::Pc;
use crate::school::Stage;
use crate::school::account::Wanted;
use crate::school::fleet::Seated;
use crate::site::copy_folder;
use rollcall_agent::source::Simulated;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "clones",
    what: "some state folders are copied onto other hardware, and some are run twice",
    by_road: nobody,
    run: |stage| Box::pin(run(stage)),
};

/// One in so many is copied onto other hardware, and as many are run twice; one of each at least.
const ONE_IN: usize = 20;
/// How long a copy may run unnoticed: both must speak, and they do so every 5 s.
const UNNOTICED: Duration = Duration::from_secs(45);
/// Numbers of PCs that no school has.
const OTHER_HARDWARE: u64 = 900_000_000;

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let each = (stage.fleet.len() / ONE_IN).max(1);
    let mut copies = Vec::new();
    for (place, seated) in stage.fleet.iter_mut().enumerate().take(2 * each) {
        let folder = copy_of(seated);
        let machine = if place < each {
            // A disk image that is written onto another PC while the first is off.
            seated.shut_down().await;
            let other = Pc::new(OTHER_HARDWARE + seated.member.pc.number, "copy");
            Simulated::new(other.machine(stage.lists.of(&seated.member, Some(&stage.options.title))))
        } else {
            seated.agent.machine()
        };
        copy_folder(seated.agent.state(), &folder)?;
        copies.push((TestAgent::start(&folder, machine)?, folder));
        (seated.account.presence, seated.account.cloned) = ("silent", Wanted::Surely);
    }
    stage.tell(&format!("{} state folders run on two machines", copies.len()));
    let end = Instant::now() + UNNOTICED;
    while !copies.iter().all(|(copy, _)| copy.is_refused(Duration::ZERO)) && Instant::now() < end {
        sleep(Duration::from_millis(50)).await;
    }
    for (copy, folder) in copies {
        copy.kill().await;
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

fn copy_of(seated: &Seated) -> PathBuf {
    seated.agent.state().with_extension("copy")
}
