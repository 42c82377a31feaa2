//! Metrics and a health check for the site's own monitoring, over HTTP on this machine only.

use crate::Collector;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use rollcall_site::event::Actor;
use rollcall_site::{Site, ticket};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The writer has this long to answer the health check.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves `/metrics` and `/healthz` until `stop`. A listener that others could reach is refused.
pub async fn serve(listener: TcpListener, collector: Collector, stop: CancellationToken) {
    match listener.local_addr() {
        Ok(address) if address.ip().is_loopback() => {}
        Ok(address) => return tracing::error!(%address, "metrics are for this machine only; give an address of 127.0.0.0/8 or [::1]"),
        Err(why) => return tracing::error!(error = %why, "metrics: the listener has no address"),
    }
    let app = Router::new().route("/metrics", get(metrics)).route("/healthz", get(health)).with_state(collector);
    if let Err(why) = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await {
        tracing::error!(error = %why, "metrics are no longer served");
    }
}

async fn metrics(State(collector): State<Collector>) -> impl IntoResponse {
    match text(&collector) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the metrics could not be written: {why}\n")).into_response(),
    }
}

/// Well when the writer takes a change that changes nothing, in time.
async fn health(State(collector): State<Collector>) -> impl IntoResponse {
    match tokio::time::timeout(PATIENCE, collector.keeper.change(Actor::Rollcall, |_| Ok(()))).await {
        Ok(Ok(())) => {
            let state = collector.keeper.store().state();
            (StatusCode::OK, format!("ok\nevents {}\nshelf {}\n", state.seq, state.shelf))
        }
        Ok(Err(why)) => (StatusCode::SERVICE_UNAVAILABLE, format!("the keeper takes no changes: {why}\n")),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, format!("the keeper did not answer within {} s\n", PATIENCE.as_secs())),
    }
}

fn text(collector: &Collector) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("rollcall");
    about_site(&mut registry, &collector.keeper.view());
    number(&mut registry, "devices_connected", "Devices with a live stream", None, collector.roll.heard().len() as u64);
    about_store(&mut registry, collector);
    if let Some(bytes) = resident_bytes(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()) {
        number(&mut registry, "resident_memory", "Memory of the collector's process", Some(Unit::Bytes), bytes);
    }
    registry.register("build", "The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn about_site(registry: &mut Registry, site: &Site) {
    let devices = site.devices.iter().map(|(_, device)| word(&device.presence));
    counted(registry, "devices", "Devices by presence", "presence", devices);
    let open = site.open_alerts().filter(|alert| alert.is_pressing());
    counted(
        registry,
        "alerts_open",
        "Alerts that people were told of and that are neither resolved nor snoozed",
        "severity",
        open.map(|alert| word(&alert.severity)),
    );
    let tickets = ticket::live(site).map(|ticket| word(&ticket.tier));
    counted(registry, "tickets_open", "Tickets that are neither done nor dropped", "tier", tickets);
    number(registry, "assets", "Assets with and without an agent", None, site.assets.len() as u64);
}

fn about_store(registry: &mut Registry, collector: &Collector) {
    let state = collector.keeper.store().state();
    number(registry, "events", "Number of the last durable event", None, state.seq);
    number(registry, "ledger", "Size of the ledger", Some(Unit::Bytes), state.ledger_bytes);
    number(registry, "shelf_ok", "1 when the shelf serves, 0 while it is rebuilt or suspect", None, u64::from(state.shelf == "ok"));
    if let Some(free) = state.free_bytes {
        number(registry, "disk_free", "Free on the disk of the data folder", Some(Unit::Bytes), free);
    }
}

/// One number without labels.
fn number(registry: &mut Registry, name: &str, help: &str, unit: Option<Unit>, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, gauge),
        None => registry.register(name, help, gauge),
    }
}

/// How often each word comes, one line per word.
fn counted(registry: &mut Registry, name: &str, help: &str, label: &'static str, words: impl Iterator<Item = String>) {
    let mut counts = BTreeMap::<String, i64>::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let family = Family::<Vec<(&str, String)>, Gauge>::default();
    for (word, count) in counts {
        family.get_or_create(&vec![(label, word)]).set(count);
    }
    registry.register(name, help, family);
}

/// A value's word on the wire: `Presence::Here` is "here".
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The resident memory in the kernel's account of a process; `None` where there is none.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::presence::Presence;

    #[test]
    fn memory_is_read_from_the_kernels_account() {
        assert_eq!(resident_bytes("VmPeak:\t  9 kB\nVmRSS:\t  2048 kB\n"), Some(2_097_152));
        assert_eq!(resident_bytes(""), None);
        assert_eq!(resident_bytes("VmRSS:\tmany kB\n"), None);
    }

    #[test]
    fn words_are_counted_with_their_label() {
        let mut registry = Registry::with_prefix("rollcall");
        let presences = [Presence::Here, Presence::Silent, Presence::Here];
        counted(&mut registry, "devices", "Devices by presence", "presence", presences.iter().map(word));
        number(&mut registry, "ledger", "Size of the ledger", Some(Unit::Bytes), 7);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert!(text.contains("rollcall_devices{presence=\"here\"} 2\n"), "{text}");
        assert!(text.contains("rollcall_devices{presence=\"silent\"} 1\n"), "{text}");
        assert!(text.contains("rollcall_ledger_bytes 7\n"), "{text}");
    }
}
