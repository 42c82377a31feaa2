//! The real programs on this very machine.

use rollcall_tests::this_machine::{PACKAGE, TAG, ThisMachine, dpkg, package};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_in_the_inventory_and_silent_when_its_agent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let this = ThisMachine::enrol(folder.path()).await.unwrap();
    let device = this.reported().await.unwrap();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(device["sections"]["os"]["content"]["kernel"], kernel.trim());
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap();
    let kib: u64 = memory.lines().next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(device["memory_bytes"], kib * 1024);
    this.agent.kill().await.unwrap();
    let began = Instant::now();
    let (rest, collector) = (this.rest, this.collector);
    while rest.get(&format!("/devices/{TAG}")).await.unwrap()["presence"] != "silent" {
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    collector.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_removed_on_this_machine_is_in_the_timeline_when_dpkg_has_finished() {
    let folder = tempfile::tempdir().unwrap();
    let installed = match package(folder.path()) {
        Ok(file) => dpkg(&["--install", &file.to_string_lossy()]).await,
        Err(why) => Err(why),
    };
    if let Err(why) = installed {
        return println!("skipped, because only root may install packages: {why:#}");
    }
    let this = ThisMachine::enrol(folder.path()).await.unwrap();
    this.until(&format!("/software?title={PACKAGE}"), |found| found["rows"][0]["version"] == "1.2.3").await.unwrap();
    let removed = dpkg(&["--purge", PACKAGE]).await;
    let finished = Instant::now();
    removed.unwrap();
    this.told_of_removal().await.unwrap();
    let took = finished.elapsed();
    println!("in the timeline {took:?} after dpkg finished");
    assert!(took < Duration::from_secs(2), "{took:?}");
    this.agent.stop().await.unwrap();
    this.collector.stop().await.unwrap();
}
