//! The site's collector: agents report to it, people and scripts ask it.

pub mod agents;
pub mod asset_file;
mod backoff;
pub mod backups;
pub mod calendar_file;
pub mod cli;
pub mod clock;
pub mod collector;
pub mod csv_file;
pub mod desk;
pub mod diagnoses;
pub mod erasure;
pub mod feeds;
#[doc(hidden)]
pub mod fuzz;
pub mod imports;
pub mod keeper;
pub mod label;
pub mod metrics;
pub mod notify;
pub mod paper;
pub mod reminders;
pub mod requisition;
pub mod restore;
pub mod secrets;
pub mod serve;
pub mod settings;
pub mod store;
pub mod sweeps;
pub mod tickets;
pub mod tls;
pub mod upkeep;

pub use collector::Collector;
