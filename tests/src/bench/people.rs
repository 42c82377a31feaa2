//! A district's roster: preview, apply, the same again; and how long somebody else's change waits meanwhile.

use crate::table::Figure;
use anyhow::{Context, ensure};
use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::rest::Rest;
use rollcall_tests::roster::{Kind, Roster};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Measures a roster of so many people.
///
/// # Errors
/// The collector does not start, or refuses it.
pub async fn measure(folder: &Path, people: usize) -> anyhow::Result<Vec<Figure>> {
    // One in twenty more is staff; families are in the file and never taken in.
    let roster = Roster::of(people * 20 / 21);
    let (data, file) = (folder.join("people"), folder.join("roster.zip"));
    std::fs::write(&file, roster.zip(Kind::Bulk)?)?;
    let collector = CollectorProcess::start(&data, Ports::free()?).await?;
    let (desk, place) = (collector.desk()?, file.to_string_lossy().into_owned());
    let began = Instant::now();
    let shown = desk.run(&["roster", "import", &place, "--json"]).await?;
    let preview = began.elapsed();
    ensure!(shown.code == 3, "the preview: {shown:?}");
    let is_over = Arc::new(AtomicBool::new(false));
    let other = tokio::spawn(others(collector.rest()?, Arc::clone(&is_over)));
    let began = Instant::now();
    let done = desk.json(&["roster", "import", &place, "--yes"]).await?;
    let applied = began.elapsed();
    is_over.store(true, Ordering::SeqCst);
    let waits = other.await??;
    let added = done["counts"]["added"].as_u64().unwrap_or(0);
    let began = Instant::now();
    let again = desk.json(&["roster", "import", &place, "--yes"]).await?;
    let same = began.elapsed();
    ensure!(again["counts"]["same"].as_u64() == Some(added), "the same again: {again}");
    let began = Instant::now();
    let checked = desk.run(&["roster", "check", "--json"]).await?;
    let check = began.elapsed();
    ensure!(checked.code <= 1, "the check: {checked:?}");
    collector.stop().await?;
    let of = |what: &str| format!("{what}, {added} people");
    let (median, worst) =
        waits.iter().max().map(|worst| (crate::meter::median(waits.clone()), *worst)).context("nobody else changed anything")?;
    let words = format!("{:.0} ms at the median, {:.0} ms at worst", millis(median), millis(worst));
    Ok(vec![
        Figure::within(of("roster: preview and apply"), preview + applied, Duration::from_secs(10)),
        Figure::words(of("roster: preview alone"), format!("{:.1} s", preview.as_secs_f64()), "", true),
        Figure::words(of("roster: the same again"), format!("{:.1} s", same.as_secs_f64()), "", true),
        Figure::words(of("roster: `roster check`"), format!("{:.2} s", check.as_secs_f64()), "", true),
        Figure::words(of("roster: another change waits meanwhile"), words, "≤ 1000 ms", worst <= Duration::from_secs(1)),
    ])
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Small changes of somebody else, one after another; how long each took.
async fn others(rest: Rest, is_over: Arc<AtomicBool>) -> anyhow::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    for number in 0.. {
        let began = Instant::now();
        rest.post("/persons", json!({ "id": format!("guest-{number}"), "name": "A guest" })).await?;
        waits.push(began.elapsed());
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(waits)
}
