//! What somebody, or the machines, may do to the tickets of a small school.

use super::super::TicketState;
use proptest::prelude::*;

/// Assets of the school: the first ones sit in the lab, the others lie on a shelf.
pub(super) const ASSETS: u8 = 6;
pub(super) const SEATED: u8 = 3;
/// Matters of which alerts come and go.
pub(super) const MATTERS: u8 = 3;

/// What somebody, or the machines, may do.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Open { asset: u8, draft: bool },
    Go { ticket: u8, to: TicketState },
    Comment { ticket: u8 },
    Assign { ticket: u8 },
    Lend { ticket: u8, spare: u8 },
    TakeBack { ticket: u8 },
    LoanOut { asset: u8 },
    LoanIn { asset: u8 },
    Found { matter: u8 },
    Passed { matter: u8 },
    Resolve { matter: u8 },
    Setting { on: bool },
    Wait { hours: u8 },
    Retire { asset: u8 },
    Link { ticket: u8, matter: u8 },
}

/// Any of them, the likely ones more often.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let asset = || 0..ASSETS;
    let ticket = || 0..8_u8;
    prop_oneof![
        3 => (asset(), any::<bool>()).prop_map(|(asset, draft)| Step::Open { asset, draft }),
        8 => (ticket(), 0..TicketState::ALL.len()).prop_map(|(ticket, to)| Step::Go { ticket, to: TicketState::ALL[to] }),
        1 => ticket().prop_map(|ticket| Step::Comment { ticket }),
        1 => ticket().prop_map(|ticket| Step::Assign { ticket }),
        4 => (ticket(), asset()).prop_map(|(ticket, spare)| Step::Lend { ticket, spare }),
        2 => ticket().prop_map(|ticket| Step::TakeBack { ticket }),
        2 => asset().prop_map(|asset| Step::LoanOut { asset }),
        2 => asset().prop_map(|asset| Step::LoanIn { asset }),
        4 => (0..MATTERS).prop_map(|matter| Step::Found { matter }),
        4 => (0..MATTERS).prop_map(|matter| Step::Passed { matter }),
        1 => (0..MATTERS).prop_map(|matter| Step::Resolve { matter }),
        1 => any::<bool>().prop_map(|on| Step::Setting { on }),
        1 => (1..100_u8).prop_map(|hours| Step::Wait { hours }),
        1 => asset().prop_map(|asset| Step::Retire { asset }),
        1 => (ticket(), 0..MATTERS).prop_map(|(ticket, matter)| Step::Link { ticket, matter }),
    ]
}
