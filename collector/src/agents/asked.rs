//! Who asked an agent something, and waits for the answer.

use crate::agents::conversation::Met;
use crate::agents::translate;
use rollcall_proto::v1;
use tokio::sync::oneshot;

/// Who asked the agent something, and waits.
pub(super) enum Asker {
    /// For the end of a diagnosis.
    Diagnose(oneshot::Sender<Result<(), String>>),
    /// For a report that is durable.
    Rescan(oneshot::Sender<Result<(), String>>),
    /// Whether a machine answers on the agent's link.
    Resolve(oneshot::Sender<Result<bool, String>>),
}

impl Asker {
    fn is_gone(&self) -> bool {
        match self {
            Self::Diagnose(asker) | Self::Rescan(asker) => asker.is_closed(),
            Self::Resolve(asker) => asker.is_closed(),
        }
    }
}

/// Somebody waits for the answer to the next command.
pub(super) fn await_answer(met: &mut Met, asker: Asker) {
    met.asked.retain(|_, asker| !asker.is_gone());
    met.asked.insert(met.last_command + 1, asker);
}

/// A command was carried out: its asker is told, of a rescan once the report is durable.
pub(super) fn answered(met: &mut Met, done: &v1::CommandDone) {
    let problem = (!done.problem.is_empty()).then(|| translate::sentence(&done.problem));
    match (met.asked.remove(&done.id), problem) {
        (None, _) => {}
        (Some(Asker::Diagnose(asker) | Asker::Rescan(asker)), Some(problem)) => drop(asker.send(Err(problem))),
        (Some(Asker::Resolve(asker)), Some(problem)) => drop(asker.send(Err(problem))),
        (Some(Asker::Diagnose(asker)), None) => drop(asker.send(Ok(()))),
        (Some(Asker::Rescan(asker)), None) if done.entry <= met.acknowledged => drop(asker.send(Ok(()))),
        (Some(Asker::Rescan(asker)), None) => met.reporting.push((done.entry, asker)),
        (Some(Asker::Resolve(asker)), None) => drop(asker.send(done.alive.ok_or_else(|| "it gave no answer".to_owned()))),
    }
    if met.diagnosing.as_ref().is_some_and(|diagnosing| diagnosing.command == done.id) {
        met.diagnosing = None;
    }
}
