//! Some PCs lose a title.

use super::{Scenario, nobody};
use crate::school::Stage;

pub(super) const SCENARIO: Scenario =
    Scenario { name: "remove-package", what: "some PCs lose a title", by_road: nobody, run: |stage| Box::pin(run(stage)) };

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let title = stage.options.title.as_str();
    for seated in stage.fleet.iter_mut().take(stage.options.on) {
        seated.change(&mut stage.lists, Some(title));
        stage.record.removed_on.push(seated.member.tag.clone());
    }
    stage.tell(&format!("{title} is gone on {} PCs", stage.record.removed_on.len()));
    stage.settled().await;
    Ok(())
}
