//! Carries out a diagnosis: asks the machine, writes down each step as it ends, and finishes.

use crate::Collector;
use crate::agents::roll::NotAsked;
use crate::keeper::ChangeError;
use rollcall_proto::UNKNOWN_COMMAND;
use rollcall_site::diagnosis::{self, Diagnosis, Ended, Step};
use rollcall_site::event::Actor;
use rollcall_site::{DeviceId, Working};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a machine may take for all its steps: each has its own time in the agent.
const PATIENCE: Duration = Duration::from_secs(105);

/// Diagnoses a device: begins, asks, notes each step, and finishes; `told` hears of the beginning and of each step.
///
/// # Errors
/// It is not connected, is being diagnosed already, or the changes could not be stored.
pub async fn run(
    collector: &Collector,
    device: DeviceId,
    actor: Actor,
    told: impl Fn(Option<&Ended>),
) -> Result<Arc<Diagnosis>, ChangeError> {
    let (keeper, heard) = (&collector.keeper, collector.roll.heard());
    let begun = keeper.change(actor.clone(), move |w| diagnosis::begin(w, device, &heard)).await?;
    told(None);
    collector.roll.stepped(device);
    let (steps, mut ended) = mpsc::channel(Step::ALL.len());
    let mut asked = std::pin::pin!(collector.roll.diagnose(device, steps, PATIENCE));
    let mut answer = None;
    // The stream's own end of the channel is dropped with the command: every step has come by then.
    loop {
        tokio::select! {
            biased;
            step = ended.recv() => match step {
                Some(step) => {
                    told(Some(&step));
                    let of = Arc::clone(&begun);
                    let change = move |w: &mut Working| {
                        diagnosis::step_ended(w, &of, step);
                        Ok(())
                    };
                    keeper.change(actor.clone(), change).await?;
                    collector.roll.stepped(device);
                }
                None => break,
            },
            outcome = &mut asked, if answer.is_none() => {
                answer = Some(outcome);
                ended.close();
            }
        }
    }
    let answer = match answer {
        Some(answer) => answer,
        None => asked.await,
    };
    let problem = answer.err().map(|why| problem(collector, device, &why)).unwrap_or_default();
    keeper.change(actor, move |w| Ok(diagnosis::finish(w, &begun, problem))).await
}

/// Finishes the diagnoses that a stop of the collector cut short.
///
/// # Errors
/// The changes could not be stored.
pub async fn finish_cut(collector: &Collector) -> Result<(), ChangeError> {
    let cut: Vec<Arc<Diagnosis>> = diagnosis::unfinished(&collector.keeper.view()).cloned().collect();
    for of in cut {
        let why = "the collector was stopped meanwhile".to_owned();
        collector.keeper.change(Actor::Rollcall, move |w| Ok(diagnosis::finish(w, &of, why))).await?;
    }
    Ok(())
}

/// Why a diagnosis did not come to its end, in words that say what to do.
fn problem(collector: &Collector, device: DeviceId, why: &NotAsked) -> String {
    match why {
        NotAsked::Failed(said) if said == UNKNOWN_COMMAND => {
            let site = collector.keeper.view();
            let version = site.devices.get(&device).map(|device| device.agent_version.clone()).filter(|version| !version.is_empty());
            let which = version.map(|version| format!(" ({version})")).unwrap_or_default();
            format!("this agent{which} is too old to diagnose: bring the newer rollcall-agent onto the machine")
        }
        NotAsked::NotConnected => "the machine went away meanwhile".to_owned(),
        why => why.to_string(),
    }
}
