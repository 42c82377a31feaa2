//! Stories: what people and machines do with a real site, one file per family.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a story that can't go on ends there, and says where")]

mod assets;
mod axe;
mod backup;
mod baselines;
mod browser;
mod cable;
mod change;
mod circulation;
mod clone;
mod commands;
mod counter;
mod crash;
mod diagnose;
mod enrol;
mod erase;
mod identity;
mod import;
mod interface;
mod label;
mod lend;
mod library;
mod malfunction;
mod moments;
mod notify;
mod off_site;
mod outage;
mod real;
mod report;
mod revoke;
mod roster;
mod school;
mod sign_in;
mod silence;
mod software;
mod sweep;
mod ticket;
mod versions;
mod week;
mod year;

use rollcall_tests::pc::{self, Title};

/// What the PCs of the stories have installed.
const TITLES: [Title<'static>; 4] = [("apt", "2.6.1"), ("bash", "5.2.15-2+b7"), ("gimp", "2.10.34-1"), ("libreoffice-core", "4:7.4.7-1")];

/// The software list of the stories.
fn titles() -> rollcall_agent::survey::Content {
    pc::software(&TITLES)
}

/// The same without `title`.
fn titles_without(title: &str) -> rollcall_agent::survey::Content {
    pc::software(&TITLES.into_iter().filter(|(name, _)| *name != title).collect::<Vec<_>>())
}
