//! Ten thousand agents on one collector: memory, processor time, how soon a report is durable, and whether all come back.

use crate::meter::{Process, p99};
use crate::peer::Peer;
use crate::school::{LABS, pc, readings};
use crate::table::{Figure, tell};
use anyhow::{Context, ensure};
use futures_util::stream::{StreamExt, iter};
use rollcall_tests::process::{CollectorProcess, Ports};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Agents that do something at once: more would only wait for each other.
const AT_ONCE: usize = 64;
/// How long the collector rests before its memory is read: what is freed late is not a connection's.
const REST: Duration = Duration::from_secs(5);
/// How long a report may take until it is durable.
pub const DURABLE: Duration = Duration::from_millis(500);
/// A real agent's first call after a lost connection comes within this.
const FIRST_CALL: Duration = Duration::from_secs(20);
/// Records of the large import.
const RECORDS: usize = 50_000;
/// Rounds of unchanged reports.
const ROUNDS: u64 = 5;

/// Measures `count` agents with the collector's data in `folder`; what was measured before something broke off is in `figures` too.
///
/// # Errors
/// The collector refuses one, or ends.
pub async fn measure(folder: &Path, count: usize, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let data = folder.join("load");
    let collector = CollectorProcess::start(&data, Ports::free()?).await?;
    let process = Process(collector.id()?);
    let (rss, cpu) = (process.rss_kb()?, process.cpu()?);
    let mut peers = enrol(&collector, count).await?;
    tell(&format!("{count} agents enrolled, {:.0} µs of the collector's processor each", each(process.cpu()? - cpu, count)));
    sleep(REST).await;
    let enrolled = process.rss_kb()?;

    let cpu = process.cpu()?;
    peers = all(peers, |mut peer| async move { peer.connect().await.map(|()| peer) }).await?;
    tell(&format!("{count} agents are connected, {:.0} µs each", each(process.cpu()? - cpu, count)));
    sleep(REST).await;
    let connected = process.rss_kb()?;
    let meter = Meter::rest(process).await?;
    figures.push(Figure::words(
        format!("{count} agents at rest, heartbeats of 5 s"),
        format!("{:.1} % of a core", meter.rest * 100.0),
        "",
        true,
    ));
    tell("first inventories");
    let ((next, times), cpu) = meter.of(first(peers)).await?;
    peers = next;
    figures.push(Figure::at_least("first full inventories per CPU second", per_second(cpu, count), 1000.0, ""));
    figures.push(Figure::within("  a report durable meanwhile, p99", p99(times), DURABLE));
    sleep(REST).await;
    let held = process.rss_kb()?;
    let of_each = |kb: f64| kb / count as f64;
    tell(&format!(
        "memory of each: {:.1} KB enrolled, {:.1} KB connected, {:.1} KB its inventory",
        of_each(enrolled - rss),
        of_each(connected - enrolled),
        of_each(held - connected)
    ));
    figures.push(Figure::at_most(
        format!("memory of one of {count} connected agents, with its inventory"),
        of_each(held - rss),
        64.0,
        "KB",
    ));

    tell("unchanged reports");
    let (mut times, mut cpu) = (Vec::new(), Duration::ZERO);
    for _ in 0..ROUNDS {
        let ((next, more), spent) = meter.of(again(peers)).await?;
        peers = next;
        times.extend(more);
        cpu += spent;
    }
    figures.push(Figure::at_least("unchanged reports per CPU second", per_second(cpu, count * ROUNDS as usize), 10_000.0, ""));
    figures.push(Figure::within("  a report acknowledged meanwhile, p99", p99(times), DURABLE));
    tell("changed reports");
    let ((next, times), cpu) = meter.of(changed(peers, 1)).await?;
    peers = next;
    figures.push(Figure::words("changed reports per CPU second", format!("{:.0}", per_second(cpu, count)), "", true));
    figures.push(Figure::within("  a report durable meanwhile, p99", p99(times), DURABLE));
    peers = during_work(&collector, peers, figures).await?;
    figures.push(silences(&collector, count).await?);
    figures.push(restart(collector, &data, peers).await?);
    Ok(())
}

/// Enrols everybody, lab by lab.
async fn enrol(collector: &CollectorProcess, count: usize) -> anyhow::Result<Vec<Peer>> {
    let desk = collector.desk()?;
    let door = collector.ports.enroll.to_string();
    let mut tokens = Vec::new();
    for lab in 0..LABS {
        let name = format!("Lab {lab}");
        desk.json(&["room", "add", &name]).await?;
        tokens.push(desk.token(&name, count / LABS as usize + 1).await?);
    }
    let enrolling = iter(0..count as u64).map(|number| {
        let (door, token) = (&door, tokens.get((number % LABS) as usize));
        async move { Peer::enroll(door, token.context("no token")?, pc(number)).await }
    });
    enrolling.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
}

/// Lets every agent do something, some at once.
async fn all<F: Future<Output = anyhow::Result<T>>, T>(peers: Vec<Peer>, act: impl Fn(Peer) -> F) -> anyhow::Result<Vec<T>> {
    iter(peers).map(act).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
}

type Reported = anyhow::Result<(Vec<Peer>, Vec<Duration>)>;

/// Everybody reports everything for the first time; gives how long each waited.
async fn first(peers: Vec<Peer>) -> Reported {
    let report = |mut peer: Peer| async move {
        let readings = readings(&peer.pc, 0).await;
        peer.report_all(readings).await.map(|took| (peer, took))
    };
    Ok(all(peers, report).await?.into_iter().unzip())
}

/// Everybody reports the same again.
async fn again(peers: Vec<Peer>) -> Reported {
    let report = |mut peer: Peer| async move { peer.report_again().await.map(|took| (peer, took)) };
    Ok(all(peers, report).await?.into_iter().unzip())
}

/// Everybody reports its software after its `change`th change.
async fn changed(peers: Vec<Peer>, change: u64) -> Reported {
    let report = |mut peer: Peer| async move {
        let mut readings = readings(&peer.pc, change).await;
        readings.retain(|reading| reading.name == "software");
        peer.report(&readings, false).await.map(|took| (peer, took))
    };
    Ok(all(peers, report).await?.into_iter().unzip())
}

/// What the collector's processor spends on some work, beside what it spends at rest: on the heartbeats of everybody meanwhile.
struct Meter {
    process: Process,
    /// Of a core, at rest.
    rest: f64,
}

impl Meter {
    async fn rest(process: Process) -> anyhow::Result<Self> {
        let (before, began) = (process.cpu()?, Instant::now());
        sleep(REST * 2).await;
        let rest = (process.cpu()? - before).as_secs_f64() / began.elapsed().as_secs_f64();
        Ok(Self { process, rest })
    }

    async fn of<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(T, Duration)> {
        let (before, began) = (self.process.cpu()?, Instant::now());
        let done = work.await?;
        let spent = self.process.cpu()? - before;
        Ok((done, spent.saturating_sub(began.elapsed().mul_f64(self.rest))))
    }
}

fn each(cpu: Duration, count: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / count as f64
}

fn per_second(cpu: Duration, count: usize) -> f64 {
    count as f64 / cpu.as_secs_f64().max(0.01)
}

/// Reports go on while a large import runs, and while a baseline is planned over all devices.
async fn during_work(collector: &CollectorProcess, peers: Vec<Peer>, figures: &mut Vec<Figure>) -> anyhow::Result<Vec<Peer>> {
    let desk = collector.desk()?;
    let folder = tempfile::tempdir()?;
    let (csv, baseline) = (folder.path().join("assets.csv"), folder.path().join("baseline.toml"));
    let mut rows = "tag,kind,maker,model\n".to_owned();
    for row in 0..RECORDS {
        writeln!(rows, "IMP-{row:06},laptop,Dell Inc.,Latitude 5420")?;
    }
    std::fs::write(&csv, rows)?;
    std::fs::write(&baseline, "name = \"bench\"\nrooms = [\"*\"]\n\n[[required]]\ntitle = \"libgtk-000\"\n")?;
    let import = vec![String::from("asset"), "import".to_owned(), csv.display().to_string(), "--yes".to_owned()];
    let plan = vec![String::from("baseline"), "plan".to_owned(), baseline.display().to_string()];
    let mut peers = peers;
    for (what, command) in [(format!("an import of {RECORDS} records"), import), ("a plan over all devices".to_owned(), plan)] {
        let done = AtomicBool::new(false);
        let work = async {
            let began = Instant::now();
            let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            let ran = desk.run(&arguments).await;
            sleep(Duration::from_secs(1)).await;
            done.store(true, Ordering::Relaxed);
            ran.map(|ran| (ran, began.elapsed()))
        };
        let (ran, reported) = tokio::join!(work, steady(peers, &done));
        let (ran, took) = ran?;
        ensure!(ran.code <= 1, "{what}: {ran:?}");
        let (next, times) = reported?;
        peers = next;
        tell(&format!("{what} took {:.1} s, {} reports meanwhile", took.as_secs_f64(), times.len()));
        figures.push(Figure::within(format!("a report durable during {what}, p99"), p99(times), DURABLE));
    }
    Ok(peers)
}

/// Agents report changes at a steady pace, some hundred a second, until `done`.
///
/// # Errors
/// The collector refuses a report.
pub async fn steady(peers: Vec<Peer>, done: &AtomicBool) -> anyhow::Result<(Vec<Peer>, Vec<Duration>)> {
    let (mut waiting, mut times, mut change) = (std::collections::VecDeque::from(peers), Vec::new(), 2);
    while !done.load(Ordering::Relaxed) {
        let some: Vec<Peer> = (0..AT_ONCE / 4).filter_map(|_| waiting.pop_front()).collect();
        let (back, more) = changed(some, change).await?;
        waiting.extend(back);
        times.extend(more);
        change += 1;
        sleep(Duration::from_millis(20)).await;
    }
    Ok((waiting.into(), times))
}

/// Everybody was there all the time: nobody may have been called silent.
async fn silences(collector: &CollectorProcess, count: usize) -> anyhow::Result<Figure> {
    let (rest, mut after, mut silences, mut here) = (collector.rest()?, 0, 0, 0);
    loop {
        let events = rest.get(&format!("/events?after={after}&limit=1000")).await?;
        let Some(last) = events.as_array().and_then(|events| events.last()).and_then(|event| event["seq"].as_u64()) else { break };
        let of_kind = |kind: &str| events.as_array().into_iter().flatten().filter(|event| event["kind"] == kind).count();
        silences += of_kind("device.silent");
        here += of_kind("device.here");
        after = last;
    }
    ensure!(here >= count, "{here} of {count} agents were seen");
    Ok(Figure::words(format!("false silences of {count} agents so far"), silences.to_string(), "0", silences == 0))
}

/// The collector is stopped and started: everybody calls again within 20 s, as a real agent does.
async fn restart(collector: CollectorProcess, data: &Path, peers: Vec<Peer>) -> anyhow::Result<Figure> {
    let (count, ports) = (peers.len(), collector.ports);
    let returning = peers.into_iter().enumerate().map(|(at, mut peer)| {
        let pause = FIRST_CALL.mul_f64(at as f64 / count as f64);
        tokio::spawn(async move { peer.return_after(pause).await.map(|()| peer) })
    });
    let returning: Vec<_> = returning.collect();
    collector.stop().await?;
    let began = Instant::now();
    let collector = CollectorProcess::start(data, ports).await?;
    tell(&format!("started again in {:.2} s", began.elapsed().as_secs_f64()));
    let mut back = Vec::new();
    for peer in returning {
        back.push(peer.await??);
    }
    let took = began.elapsed();
    let here = |status: &Value| status["presence"]["here"].as_u64().unwrap_or_default();
    let status = collector.rest()?.get("/status").await?;
    ensure!(here(&status) == count as u64, "{} of {count} are here: {}", here(&status), json!(status["presence"]));
    collector.stop().await?;
    Ok(Figure::within(format!("collector started again → all {count} agents back"), took, Duration::from_secs(30)))
}
