//! The desk's pages over a large site and a very large one: how long each takes, and what it weighs with its style and script.

use crate::meter::median;
use crate::table::{Figure, tell};
use crate::{counter, large};
use anyhow::Context;
use rollcall_tests::page::Visitor;
use rollcall_tests::process::{CollectorProcess, Ports};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often each page is asked for.
const ROUNDS: usize = 21;
/// The sites, and how long a page of each may take.
const SITES: &[(u64, Duration)] = &[(10_000, Duration::from_millis(20)), (100_000, Duration::from_millis(60))];
/// What a page may weigh in all, bytes.
const HEAVIEST: usize = 100 * 1024;
/// Pages that people have open: each of the rail, and those that are lists.
const PAGES: &[&str] = &[
    "/",
    "/loans",
    "/loans/overdue",
    "/people",
    "/rooms",
    "/rooms/Lab%200",
    "/devices",
    "/devices?text=pc-00",
    "/devices/PC-000007",
    "/assets",
    "/alerts",
    "/tickets",
    "/baselines",
    "/software",
    "/reports",
    "/reports/inventory",
    "/reports/loans",
    "/settings",
];

/// Measures every page over each site, with its data in `folder`.
///
/// # Errors
/// A site can't be written, does not start, or refuses a page.
pub async fn measure(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (devices, most) in SITES {
        figures.extend(of_site(&folder.join(format!("pages-{devices}")), *devices, *most).await?);
    }
    Ok(figures)
}

async fn of_site(data: &Path, devices: u64, most: Duration) -> anyhow::Result<Vec<Figure>> {
    large::write_down(data, devices).await?;
    counter::fill(data)?;
    tell(&format!("a site of {devices} devices for the pages is written"));
    let collector = CollectorProcess::start(data, Ports::free()?).await?;
    let visitor = Visitor::first(&collector).await?;
    let mut took = Vec::new();
    let mut heaviest = (0, "");
    for path in PAGES {
        visitor.packed(path).await?;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let bytes = visitor.packed(path).await?;
            times.push(begun.elapsed());
            heaviest = heaviest.max((bytes, *path));
        }
        took.push((median(times), *path));
    }
    collector.stop().await?;
    took.sort_unstable();
    let (slowest, path) = took.last().copied().context("no page")?;
    let middle = took.get(took.len() / 2).map(|(time, _)| *time).unwrap_or_default();
    let few: Vec<String> = took.iter().rev().take(4).map(|(time, path)| format!("{path} {:.1}", time.as_secs_f64() * 1000.0)).collect();
    let beside = include_str!("../../../collector/assets/desk.css").len() + include_str!("../../../collector/assets/desk.js").len();
    let of = |what: &str| format!("{what}, {devices} assets");
    Ok(vec![
        Figure::within(of(&format!("the slowest page, {path}, median")), slowest, most),
        Figure::words(of("the slowest pages, ms"), few.join(", "), "", true),
        Figure::words(of("the middle page, median"), format!("{:.1} ms", middle.as_secs_f64() * 1000.0), "", true),
        Figure::at_most(
            of(&format!("the heaviest page, {}, packed, with style and script unpacked", heaviest.1)),
            (heaviest.0 + beside) as f64 / 1024.0,
            HEAVIEST as f64 / 1024.0,
            "KB",
        ),
    ])
}
