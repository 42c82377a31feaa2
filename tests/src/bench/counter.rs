//! The loan desk of a very large site: a verdict inside the collector and on the page, a loan out and in, and ten thousand who scan the same
//! laptop at once.

use crate::large;
use crate::meter::{median, p99};
use crate::school::pc;
use crate::table::{Figure, tell};
use anyhow::ensure;
use futures_util::future::join_all;
use rollcall::clock::Clock;
use rollcall::keeper::{ChangeError, Keeper};
use rollcall::store::{Entry, Folder, Store};
use rollcall_site::event::Actor;
use rollcall_site::loan::{self, Due, NewLoan, Returned};
use rollcall_site::presence::Heard;
use rollcall_site::{PersonId, Refusal, RefusalKind, Site, Tag, Working, person, verdict};
use rollcall_tests::page::Visitor;
use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::rest::Rest;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// People of the roster.
const PEOPLE: u64 = 50_000;
/// Loans that are open, and those that are over for each.
const OPEN: u64 = 4_000;
const OVER: u64 = 4;
/// Changes that are written down in one go.
const GROUP: u64 = 1_000;
/// Verdicts inside, pages, and loans that are measured.
const VERDICTS: u64 = 2_000;
const PAGES: u64 = 101;
const LOANS: u64 = 101;
/// Who scan one laptop at the same time: inside the collector, and through its interface.
const AT_ONCE: u64 = 10_000;
const BY_REST: u64 = 400;

/// Measures a site of `devices` with its data in `folder`; one that was written there before is taken as it is.
///
/// # Errors
/// It can't be written, or does not start.
pub async fn measure(folder: &Path, devices: u64) -> anyhow::Result<Vec<Figure>> {
    ensure!(devices >= 2 * OPEN, "the loan desk is measured with {} devices at least", 2 * OPEN);
    let data = folder.join("large");
    if !data.exists() {
        large::write_down(&data, devices).await?;
    }
    let loans = fill(&data)?;
    tell(&format!("a site of {devices} devices, {PEOPLE} people and {loans} loans is written"));
    let of = |what: &str| format!("{what}, {devices} assets, {loans} loans");
    let mut figures = inside(&data, &of)?;
    figures.extend(at_the_desk(&data, devices, &of).await?);
    figures.push(at_once(&data, devices).await?);
    Ok(figures)
}

fn borrower(number: u64) -> anyhow::Result<PersonId> {
    Ok(PersonId::parse(&format!("P{:05}", number % PEOPLE))?)
}

fn tag(number: u64) -> anyhow::Result<Tag> {
    Ok(Tag::parse(&pc(number).name)?)
}

fn lent(number: u64, to: u64) -> anyhow::Result<NewLoan> {
    let due = Due::Never;
    Ok(NewLoan { due, override_reason: Some("measured".to_owned()), ..NewLoan::new(tag(number)?, borrower(to)?) })
}

/// Writes people and loans into the store; gives how many loans there are.
pub(crate) fn fill(data: &Path) -> anyhow::Result<usize> {
    let store = Folder::open(data)?;
    let mut site = store.load()?;
    let now = Clock::system().now();
    let mut commit = |run: &mut dyn FnMut(&mut Working) -> anyhow::Result<()>| -> anyhow::Result<()> {
        let mut working = Working::begin(site.clone(), now, Actor::Rollcall);
        run(&mut working)?;
        let finished = working.finish();
        store.commit(&[Entry { records: finished.written, events: finished.events }])?;
        site = finished.site;
        Ok(())
    };
    for group in 0..PEOPLE / GROUP {
        commit(&mut |w| {
            let people = (group * GROUP..(group + 1) * GROUP).map(|n| Ok((borrower(n)?, format!("Person {n}"))));
            person::import(w, people.collect::<anyhow::Result<Vec<_>>>()?);
            Ok(())
        })?;
    }
    // Each of the first assets was lent and came back, and is out again; those after them were never lent.
    for group in 0..OPEN / GROUP {
        commit(&mut |w| {
            for number in group * GROUP..(group + 1) * GROUP {
                for round in 0..OVER {
                    loan::out(w, &Heard::new(), lent(number, number + round * OPEN)?)?;
                    loan::back(w, Returned::fine(tag(number)?))?;
                }
                loan::out(w, &Heard::new(), lent(number, number + OVER * OPEN)?)?;
            }
            Ok(())
        })?;
    }
    store.snapshot(&site)?;
    Ok(site.loans.len())
}

/// Every so many-eth asset, those that are out among them, with somebody of the roster.
fn scanned(at: u64, of: u64, devices: u64) -> (u64, u64) {
    (at * devices / of, at * PEOPLE / of)
}

/// The verdict itself, without any door.
fn inside(data: &Path, of: &dyn Fn(&str) -> String) -> anyhow::Result<Vec<Figure>> {
    let site: Site = Folder::open(data)?.load()?;
    let (heard, now) = (Heard::new(), Clock::system().now());
    let devices = site.devices.len() as u64;
    let mut took = Vec::new();
    for at in 0..VERDICTS {
        let (asset, person) = scanned(at, VERDICTS, devices);
        let (tag, person) = (tag(asset)?, borrower(person)?);
        let begun = Instant::now();
        let check = verdict::check(&site, &heard, &tag, Some(&person), now)?;
        took.push(begun.elapsed());
        ensure!(!check.reasons.is_empty(), "{tag} has no reasons");
    }
    let most = Duration::from_millis(5);
    Ok(vec![
        Figure::within(of("tag scanned → verdict inside the collector"), median(took.clone()), most),
        Figure::within(of("the same, 99 in a hundred"), p99(took), most),
    ])
}

/// The page over HTTPS, and loans through the interface, each durable before it answers.
async fn at_the_desk(data: &Path, devices: u64, of: &dyn Fn(&str) -> String) -> anyhow::Result<Vec<Figure>> {
    let collector = CollectorProcess::start(data, Ports::free()?).await?;
    let visitor = Visitor::first(&collector).await?;
    let mut pages = Vec::new();
    for at in 0..PAGES {
        let (asset, _) = scanned(at, PAGES, devices);
        let name = pc(asset).name;
        let begun = Instant::now();
        let page = visitor.post("/loans", &format!("scan={name}")).await?;
        pages.push(begun.elapsed());
        ensure!(page.contains(&name) && page.contains("id=\"verdict\""), "{name}: {page}");
    }
    let rest = Rest::new(data)?;
    let (mut outs, mut ins) = (Vec::new(), Vec::new());
    for at in 0..LOANS {
        // None of these is out.
        let name = pc(OPEN + at).name;
        let begun = Instant::now();
        let body = json!({ "tag": name, "person": borrower(at)?.to_string(), "due": "never", "override": "measured" });
        rest.post("/loans", body).await?;
        outs.push(begun.elapsed());
        let begun = Instant::now();
        rest.post("/loans/return", json!({ "tag": name })).await?;
        ins.push(begun.elapsed());
    }
    let by_rest = through_rest(data, &pc(OPEN + LOANS).name).await?;
    collector.stop().await?;
    let most = Duration::from_millis(50);
    Ok(vec![
        Figure::within(of("tag scanned → verdict on the page (HTTPS, POST and GET)"), median(pages.clone()), most),
        Figure::within(of("the same, 99 in a hundred"), p99(pages), most),
        Figure::words(of("a loan, durable"), format!("out {:.1} ms, in {:.1} ms", ms(median(outs)), ms(median(ins))), "", true),
        by_rest,
    ])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// So many desks, each with a connection of its own, lend one laptop.
async fn through_rest(data: &Path, name: &str) -> anyhow::Result<Figure> {
    let asked = (0..BY_REST).map(|number| async move {
        let body = json!({ "tag": name, "person": borrower(number)?.to_string(), "due": "never", "override": "measured" });
        anyhow::Ok(Rest::new(data)?.post("/loans", body).await)
    });
    let (mut lent, mut refused) = (0, 0);
    for answer in join_all(asked).await {
        match answer? {
            Ok(_) => lent += 1,
            Err(why) if why.to_string().contains(": 409 ") => refused += 1,
            Err(why) => return Err(why.context("neither lent nor refused")),
        }
    }
    let listed = Rest::new(data)?.list("/loans").await?;
    let out = listed.iter().filter(|row| row.get("tag").is_some_and(|tag| tag == name)).count();
    let held = (lent, refused, out) == (1, BY_REST - 1, 1);
    let words = format!("{lent} lent, {refused} refused, {out} in the list");
    Ok(Figure::words(format!("{BY_REST} lend one laptop at once through the interface"), words, "exactly 1", held))
}

/// Ten thousand changes that lend one laptop, all of them under way at the same time.
async fn at_once(data: &Path, devices: u64) -> anyhow::Result<Figure> {
    let keeper = Keeper::open(Arc::new(Folder::open(data)?), Clock::system())?;
    let laptop = devices - 1;
    let before = keeper.view().loans.len();
    let changes = (0..AT_ONCE).map(|number| {
        let keeper = Arc::clone(&keeper);
        async move {
            let new = lent(laptop, number)?;
            anyhow::Ok(keeper.change(Actor::Rollcall, move |w| loan::out(w, &Heard::new(), new)).await)
        }
    });
    let begun = Instant::now();
    let answers = join_all(changes).await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let took = begun.elapsed();
    let lent = answers.iter().filter(|answer| answer.is_ok()).count();
    let is_conflict = |error: &ChangeError| matches!(error, ChangeError::Refused(Refusal { kind: RefusalKind::Conflict, .. }));
    let refused = answers.iter().filter(|answer| answer.as_ref().is_err_and(is_conflict)).count();
    let made = keeper.view().loans.len() - before;
    let held = (lent, refused as u64, made) == (1, AT_ONCE - 1, 1);
    let words = format!("{lent} lent, {refused} refused, in {:.1} s", took.as_secs_f64());
    tokio::task::spawn_blocking(move || keeper.stop()).await?;
    Ok(Figure::words(format!("{AT_ONCE} lend one laptop at once"), words, "exactly 1", held))
}
