//! What a baseline means, machine by machine: as much of it as a page holds.

use crate::desk::words::{Chip, count};
use rollcall_site::baseline::{Plan, PlanLine};

/// Machines that stand on the page.
const MOST: usize = 200;

/// What a baseline means, or would mean.
pub(super) struct Planned {
    plan: Plan,
}

impl Planned {
    /// As it was worked out.
    pub(super) fn of(plan: Plan) -> Self {
        Self { plan }
    }

    /// How many machines meet it, as a state.
    pub(super) fn chip(&self) -> Chip {
        let Plan { devices, meet, unmeasured, fail, .. } = &self.plan;
        match (devices, fail.len()) {
            (0, _) => Chip::rest("holds for no machine"),
            (_, 0) if unmeasured == devices => Chip::rest("not measured yet"),
            (_, 0) => Chip::go(format!("{meet} of {devices} meet it")),
            (_, wrong) => Chip::stop(format!("{wrong} of {devices} don’t meet it")),
        }
    }

    /// Machines that don't meet it, as many as are shown.
    pub(super) fn fail(&self) -> &[PlanLine] {
        let shown = self.plan.fail.len().min(MOST);
        self.plan.fail.get(..shown).unwrap_or_default()
    }

    /// Machines that meet it by a waiver alone, as many as are shown.
    pub(super) fn waived(&self) -> &[PlanLine] {
        let shown = self.plan.waived.len().min(MOST);
        self.plan.waived.get(..shown).unwrap_or_default()
    }

    /// How many that don't meet it are not shown.
    pub(super) fn unshown(&self) -> usize {
        self.plan.fail.len().saturating_sub(MOST)
    }

    /// Room by room.
    pub(super) fn rooms(&self) -> &[rollcall_site::baseline::PlanRoom] {
        &self.plan.rooms
    }

    /// What applying it would change.
    pub(super) fn change(&self) -> String {
        let mended = self.plan.mended.len();
        match (self.plan.newly, mended) {
            (0, 0) => "Nothing would change for anybody.".to_owned(),
            (newly, mended) => format!("{} would newly fail, {} no longer.", count(newly, "machine", "machines"), mended),
        }
    }

    /// Machines of which nothing is known; empty: there are none.
    pub(super) fn unmeasured(&self) -> String {
        match self.plan.unmeasured {
            0 => String::new(),
            some => format!("The software of {} was never read.", count(some, "machine", "machines")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::{Site, baseline};

    fn plan() -> Plan {
        let labs = baseline::parse("name = \"labs\"\nrooms = [\"*\"]\n[[required]]\ntitle = \"bash\"\n").unwrap();
        baseline::plan(&Site::default(), &labs, jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn nothing_measured_is_neither_met_nor_failed() {
        let said = |plan: Plan| Planned::of(plan).chip().word;
        assert_eq!(said(plan()), "holds for no machine");
        assert_eq!(said(Plan { devices: 3, unmeasured: 3, ..plan() }), "not measured yet");
        assert_eq!(said(Plan { devices: 3, unmeasured: 1, meet: 2, ..plan() }), "2 of 3 meet it");
        assert_eq!(Planned::of(Plan { unmeasured: 1, ..plan() }).unmeasured(), "The software of 1 machine was never read.");
    }

    #[test]
    fn a_change_is_said_in_numbers() {
        assert_eq!(Planned::of(plan()).change(), "Nothing would change for anybody.");
        assert_eq!(Planned::of(Plan { newly: 2, ..plan() }).change(), "2 machines would newly fail, 0 no longer.");
    }
}
