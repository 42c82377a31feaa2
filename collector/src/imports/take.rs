//! Takes in what was shown, some rows at a time, so that nobody else's change waits for all of them.

use super::draft::{AT_ONCE, People, Taken, draft, hash_of, take_row};
use super::plan::{Outcome, Plan};
use super::{Desk, Import, State};
use crate::asset_file::{Entry, Reader};
use crate::csv_file::decode;
use crate::keeper::ChangeError;
use rollcall_site::device::DeviceState;
use rollcall_site::event::Actor;
use rollcall_site::intake::{Detail, Lent, What};
use rollcall_site::{DeviceId, Refusal, Site, Working};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Takes in a list that was shown as `shown`, and says what it is then. Called outside of the tasks that serve.
pub(super) fn take(desk: &Desk, import: &Import, actor: &Actor, shown: &Plan) -> State {
    let drafted = match draft(desk, import, actor) {
        Ok(drafted) => drafted,
        Err(wrong) => return State::Failed(wrong.to_string()),
    };
    if drafted.plan.digest != shown.digest || drafted.plan.wrong_count > 0 {
        return State::Planned(Box::new(Plan { anew: true, ..drafted.plan }));
    }
    import.has_done(0);
    match rows(desk, import, actor, &drafted.parts) {
        Ok(outcome) => State::Done(outcome),
        Err((0, why)) => State::Failed(format!("nothing is taken in: {why}")),
        Err((done, why)) => State::Failed(format!(
            "{done} of {} rows are taken in, then: {why}. Bring the file again: what is in stays as it is",
            drafted.plan.rows
        )),
    }
}

/// What broke an import off, after how many rows.
type Broken = (usize, String);

fn rows(desk: &Desk, import: &Import, actor: &Actor, parts: &[blake3::Hash]) -> Result<Outcome, Broken> {
    let decoded = decode(&import.bytes).map_err(|why| (0, why))?;
    let site = desk.keeper.view();
    let mut reader = Reader::begin(&decoded.text, site.rooms.keys().cloned(), &import.options).map_err(|wrong| (0, wrong.to_string()))?;
    let people = import.options.loans.then(|| Arc::new(People::of(&site)));
    drop(site);
    let mut outcome = Outcome::default();
    for (number, part) in parts.iter().enumerate() {
        let done = number * AT_ONCE;
        let entries: Vec<Entry> = reader.by_ref().take(AT_ONCE).collect::<Result<_, _>>().map_err(|wrong| (done, wrong.to_string()))?;
        let (heard, people, part) = (desk.roll.heard(), people.clone(), *part);
        let some = move |w: &mut Working| {
            let taken: Vec<_> =
                entries.iter().map(|entry| take_row(w, &heard, entry, people.as_deref(), Detail::Tag)).collect::<Result<_, _>>()?;
            if hash_of(&taken) != part {
                return Err(Refusal::conflict("somebody else has changed one of these assets in this moment"));
            }
            let count = |what: What| taken.iter().filter(|one| one.step.what == what).count();
            let loans = taken.iter().filter(|one| matches!(one.lent, Some(Ok(Lent::Made)))).count();
            let outcome = Outcome { added: count(What::Add), changed: count(What::Change), same: count(What::Same), loans };
            Ok((outcome, silenced(&w.site, &taken)))
        };
        let (more, silenced) =
            Handle::current().block_on(desk.keeper.change(actor.clone(), some)).map_err(|error| (done, words(&error)))?;
        outcome.added += more.added;
        outcome.changed += more.changed;
        outcome.same += more.same;
        outcome.loans += more.loans;
        silenced.iter().for_each(|device| desk.roll.close(*device));
        import.has_done(done + AT_ONCE);
    }
    Ok(outcome)
}

/// The agents that may not speak any more: their assets were retired.
fn silenced(site: &Site, taken: &[Taken]) -> Vec<DeviceId> {
    let retired = taken.iter().filter(|one| one.step.changes.iter().any(|change| change.fact == "status"));
    let devices = retired.filter_map(|one| site.assets.get(&one.step.asset).and_then(|asset| site.device_of(asset)));
    devices.filter(|device| device.state == DeviceState::Retired).map(|device| device.id).collect()
}

fn words(error: &ChangeError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
