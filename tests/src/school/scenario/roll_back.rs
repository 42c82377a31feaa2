//! A room with reboot-to-restore software: at each restart its PCs are set back to their image, and report what they have then.

use super::{Scenario, first_room, nobody};
use crate::school::account::Wanted;
use crate::school::fleet::Seated;
use crate::school::plan::Lists;
use crate::school::{Stage, fleet};
use crate::site::copy_folder;
use std::path::{Path, PathBuf};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "roll-back",
    what: "the first room's PCs are set back to their imaged state at each restart",
    by_road: nobody,
    run: |stage| Box::pin(run(stage)),
};

/// Restarts of each PC.
const RESTARTS: usize = 2;

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let title = stage.options.title.as_str();
    let patience = fleet::patience(&stage.fleet);
    let (mut room, others): (Vec<Seated>, Vec<Seated>) = std::mem::take(&mut stage.fleet).into_iter().partition(|s| first_room(&s.member));
    stage.fleet = others;
    fleet::farewell(&mut room).await?;
    for seated in &mut room {
        copy_folder(seated.agent.state(), &image(seated.agent.state()))?;
        seated.account.rolled_back = Wanted::Surely;
        seated.resume()?;
    }
    fleet::settled(&mut room, patience).await;
    for restart in 1..=RESTARTS {
        room.iter_mut().for_each(|seated| seated.change(&mut stage.lists, Some(title)));
        fleet::settled(&mut room, patience).await;
        fleet::farewell(&mut room).await?;
        for seated in &mut room {
            set_back(seated, &mut stage.lists, restart)?;
        }
        fleet::settled(&mut room, patience).await;
        stage.tell(&format!("{} PCs were set back to their image", room.len()));
    }
    for seated in &room {
        std::fs::remove_dir_all(image(seated.agent.state()))?;
    }
    stage.fleet.extend(room);
    Ok(())
}

/// Starts a PC anew from its image: with the software and the state of then, after another boot.
fn set_back(seated: &mut Seated, lists: &mut Lists, restart: usize) -> anyhow::Result<()> {
    let state = seated.agent.state().to_owned();
    std::fs::remove_dir_all(&state)?;
    copy_folder(&image(&state), &state)?;
    seated.change(lists, None);
    let boot = format!("00000000-0000-4000-8000-{restart:04x}{:08x}", seated.member.pc.number);
    seated.agent.change(|machine| machine.facts.boot = boot);
    seated.resume()
}

fn image(state: &Path) -> PathBuf {
    state.with_extension("image")
}
