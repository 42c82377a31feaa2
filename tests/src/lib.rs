//! What the stories are told with: a real site in a test, machines that exist only as their sections, a browser.

#![expect(clippy::indexing_slicing, reason = "a document without the field is null, and the story that reads it fails and says where")]

pub mod agent;
pub mod authority;
pub mod browser;
pub mod cable;
pub mod command;
pub mod crash;
pub mod fuzz;
pub mod hook;
pub mod mail;
pub mod on_disk;
pub mod page;
pub mod pc;
pub mod process;
pub mod provider;
pub mod rest;
pub mod road;
pub mod rogue;
pub mod roster;
pub mod school;
pub mod sip2_server;
pub mod site;
pub mod this_machine;
pub mod walk;
pub mod wire;
