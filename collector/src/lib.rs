//! The site's collector: agents report to it, people and scripts ask it.

pub mod agents;
pub mod clock;
pub mod collector;
pub mod keeper;
pub mod metrics;
pub mod notify;
pub mod secrets;
pub mod settings;
pub mod store;

pub use collector::Collector;
