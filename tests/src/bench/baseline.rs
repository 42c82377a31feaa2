//! A new baseline over a very large site: how soon one sees whom it would fail, how soon all are judged, and who waits meanwhile.

use crate::load::{DURABLE, steady};
use crate::meter::p99;
use crate::peer::Peer;
use crate::school::RARE;
use crate::table::{Figure, tell};
use anyhow::ensure;
use rollcall_tests::command::Desk;
use rollcall_tests::process::CollectorProcess;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How soon it must be seen, and judged.
const SOON: Duration = Duration::from_secs(2);
/// How long reports go on after it.
const AFTER: Duration = Duration::from_secs(1);

/// Plans and applies baselines for every room while `peers` report changes.
///
/// # Errors
/// The collector refuses one, or ends.
pub async fn measure(collector: &CollectorProcess, devices: u64, peers: Vec<Peer>) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str, text: &str| {
        let path = folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, format!("name = \"{name}\"\nrooms = [\"*\"]\n{text}")).map(|()| path.to_string_lossy().into_owned())
    };
    // Titles that everybody has, and one that few have.
    let kinds = ["gtk", "qt", "perl", "python3", "x11"];
    let required =
        (0..20).filter_map(|at| Some(format!("[[required]]\ntitle = \"lib{}-{at:03}\"\nversion = \">= 1\"\n", kinds.get(at % 5)?)));
    let few = file("few", &format!("forbidden = [\"{RARE}\"]\n{}", required.collect::<String>()))?;
    // Three in ten have another version of this one.
    let many = file("many", "[[required]]\ntitle = \"libgtk-000\"\nversion = \"< 3\"\n")?;
    let desk = collector.desk()?;
    let (peers, planned) = beside(peers, &desk, &["baseline", "plan", &few]).await?;
    let (peers, applied) = beside(peers, &desk, &["baseline", "apply", &few]).await?;
    let (_, all) = beside(peers, &desk, &["baseline", "apply", &many]).await?;
    let of = |what: &str| format!("{what}, {devices} devices");
    Ok(vec![
        Figure::within(of("a new baseline planned"), planned.took, SOON),
        Figure::within(of("a new baseline applied → all are judged, 1 in 2,000 fails"), applied.took, SOON),
        Figure::within(of("  a report durable meanwhile, p99"), applied.p99, DURABLE),
        Figure::words(of("  the same when 3 in 10 fail, each an alert"), format!("{:.1} s", all.took.as_secs_f64()), "", true),
        Figure::within(of("  a report durable meanwhile, p99"), all.p99, DURABLE),
    ])
}

/// What a command cost.
struct Beside {
    took: Duration,
    /// Of the reports meanwhile.
    p99: Duration,
}

/// Runs a command while agents report.
async fn beside(peers: Vec<Peer>, desk: &Desk, command: &[&str]) -> anyhow::Result<(Vec<Peer>, Beside)> {
    let done = AtomicBool::new(false);
    let work = async {
        sleep(AFTER).await;
        let began = Instant::now();
        let ran = desk.run(command).await;
        let took = began.elapsed();
        done.store(true, Ordering::Relaxed);
        ran.map(|ran| (ran, took))
    };
    let (ran, reported) = tokio::join!(work, steady(peers, &done));
    let ((ran, took), (peers, times)) = (ran?, reported?);
    ensure!(ran.code <= 1, "{command:?}: {ran:?}");
    tell(&format!("{}: {:.2} s, {} reports meanwhile", command.join(" "), took.as_secs_f64(), times.len()));
    Ok((peers, Beside { took, p99: p99(times) }))
}
