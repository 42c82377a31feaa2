//! What a process costs, as the system counts it: processor time, memory, bytes on its connections.

use anyhow::{Context, ensure};
use std::time::Duration;

/// Ticks of the system's clock in a second: the same on every Linux.
const TICKS: u64 = 100;

/// A process that is measured.
#[derive(Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    fn file(self, name: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{name}", self.0);
        std::fs::read_to_string(&path).with_context(|| format!("{path}: the process has ended"))
    }

    fn kilobytes(self, file: &str, key: &str) -> anyhow::Result<f64> {
        let text = self.file(file)?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)).with_context(|| format!("no {key} in {file}"))?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }

    /// Resident memory, KB.
    pub fn rss_kb(self) -> anyhow::Result<f64> {
        self.kilobytes("status", "VmRSS:")
    }

    /// Its share of the memory, KB: what is shared with other processes counts in parts.
    pub fn pss_kb(self) -> anyhow::Result<f64> {
        self.kilobytes("smaps_rollup", "Pss:")
    }

    /// Processor time of all its threads, in ticks of 10 ms.
    pub fn cpu(self) -> anyhow::Result<Duration> {
        let stat = self.file("stat")?;
        let after_name = stat.rsplit_once(')').context("no stat")?.1;
        let field = |at: usize| after_name.split_whitespace().nth(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        Ok(Duration::from_millis((field(11) + field(12)) * 1000 / TICKS))
    }

    /// Processor time of the threads that it has now, to the nanosecond.
    pub fn fine_cpu(self) -> anyhow::Result<Duration> {
        let mut nanoseconds = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.0))? {
            let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Bytes that it has sent and received on its connection to `port`, TLS included, TCP's own headers not; with `ss`.
    pub fn bytes(self, port: u16) -> anyhow::Result<f64> {
        let ran =
            std::process::Command::new("ss").args(["-tinpH", "dport", "=", &format!(":{port}")]).output().context("there is no `ss`")?;
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        let mine = format!("pid={},", self.0);
        let mut lines = text.lines().skip_while(|line| !line.contains(&mine)).skip(1);
        let counters = lines.next().with_context(|| format!("no connection to port {port}: {text}"))?;
        let count =
            |key: &str| counters.split_whitespace().find_map(|word| word.strip_prefix(key)).and_then(|text| text.parse::<f64>().ok());
        let (sent, received) = (count("bytes_sent:"), count("bytes_received:"));
        ensure!(sent.is_some(), "ss counts no bytes here: {counters}");
        Ok(sent.unwrap_or_default() + received.unwrap_or_default())
    }
}

/// Processor time of all programs that this one has run and that have ended.
pub fn children_cpu() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').context("no stat")?.1;
    let field = |at: usize| after_name.split_whitespace().nth(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    Ok(Duration::from_millis((field(13) + field(14)) * 1000 / TICKS))
}

/// The time in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The time that 99 in a hundred don't exceed.
pub fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get((times.len() * 99 / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}
