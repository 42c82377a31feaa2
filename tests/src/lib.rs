//! What the stories are told with: a real site in a test, machines that exist only as their sections, a browser.

pub mod agent;
pub mod browser;
pub mod command;
pub mod hook;
pub mod pc;
pub mod process;
pub mod rest;
pub mod site;
