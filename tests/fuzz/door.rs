//! The one fuzz target, which stands for all: feeds the parser or door that `ROLLCALL_TARGETS` names.
//!
//! With `ROLLCALL_SEEDS_TO` it lays the target's own inputs into that folder before it begins; with `ROLLCALL_LIST` it names every target.

#![no_main]
#![expect(clippy::print_stdout, reason = "the list is for the script that runs it")]

use libfuzzer_sys::fuzz_target;
use rollcall_proto::fuzz::{Feed, Target};
use rollcall_tests::fuzz::targets;
use std::cell::RefCell;

thread_local! {
    static DOOR: RefCell<Feed> = RefCell::new(named().begin());
}

fn named() -> Target {
    let name = std::env::var("ROLLCALL_TARGETS").unwrap_or_default();
    let named = targets().into_iter().find(|target| target.name == name);
    named.unwrap_or_else(|| panic!("there is no target {name:?}: name one in ROLLCALL_TARGETS"))
}

fn begin() {
    if std::env::var_os("ROLLCALL_LIST").is_some() {
        targets().iter().for_each(|target| println!("{}", target.name));
        std::process::exit(0);
    }
    if let Some(folder) = std::env::var_os("ROLLCALL_SEEDS_TO").map(std::path::PathBuf::from) {
        for (number, seed) in named().seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
    }
}

fuzz_target!(init: begin(), |bytes: &[u8]| DOOR.with_borrow_mut(|door| door(bytes)));
