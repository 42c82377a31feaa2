//! The site's collector: agents report to it, people and scripts ask it.

pub mod agents;
pub mod cli;
pub mod clock;
pub mod collector;
pub mod desk;
pub mod keeper;
pub mod restore;
pub mod secrets;
pub mod settings;
pub mod store;
pub mod sweep;

pub use collector::Collector;
