//! The real programs on this very machine: its own hardware, its own package database.

use rollcall_tests::command::{program, run};
use rollcall_tests::process::{AgentProcess, CollectorProcess, Ports};
use rollcall_tests::rest::Rest;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

async fn until(rest: &Rest, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let shown = rest.get(path).await;
        match shown {
            Ok(shown) if wanted(&shown) => return shown,
            other => assert!(Instant::now() < end, "not so within 20 s: {path} shows {other:#?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn enrolled(folder: &Path) -> (CollectorProcess, AgentProcess) {
    let collector = CollectorProcess::start(&folder.join("site"), Ports::free().unwrap()).await.unwrap();
    let desk = collector.desk().unwrap();
    desk.json(&["room", "add", "Workshop"]).await.unwrap();
    let token = desk.token("Workshop", 1).await.unwrap();
    let state = folder.join("agent");
    let (state_text, enroll) = (state.to_string_lossy(), collector.ports.enroll.to_string());
    let enroll = ["enroll", "--collector", &enroll, "--token", &token, "--tag", "THIS-PC", "--state", &state_text];
    let ran = run(&program("rollcall-agent").unwrap(), &enroll).await.unwrap();
    assert_eq!(ran.code, 0, "{ran:?}");
    (collector, AgentProcess::start(&state).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_in_the_inventory_and_silent_when_its_agent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (collector, agent) = enrolled(folder.path()).await;
    let rest = collector.rest().unwrap();
    let device = until(&rest, "/devices/THIS-PC", |device| !device["last_report"].is_null()).await;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(device["sections"]["os"]["content"]["kernel"], kernel.trim());
    let total = std::fs::read_to_string("/proc/meminfo").unwrap();
    let kib: u64 = total.lines().next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(device["memory_bytes"], kib * 1024);
    agent.kill().await.unwrap();
    let began = Instant::now();
    until(&rest, "/devices/THIS-PC", |device| device["presence"] == "silent").await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    collector.stop().await.unwrap();
}

/// Builds a tiny Debian package, as nobody else has it.
fn package(folder: &Path) -> String {
    let root = folder.join("package");
    std::fs::create_dir_all(root.join("DEBIAN")).unwrap();
    let control = "Package: rollcall-story\nVersion: 1.2.3\nArchitecture: all\nMaintainer: Rollcall <nobody@example.org>\nDescription: made by a test\n";
    std::fs::write(root.join("DEBIAN/control"), control).unwrap();
    let file = folder.join("rollcall-story.deb").to_string_lossy().into_owned();
    let built = std::process::Command::new("dpkg-deb").args(["--build", "--root-owner-group"]).arg(&root).arg(&file).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    file
}

/// Runs dpkg; false when this user may not, or there is none.
async fn dpkg(arguments: &[&str]) -> bool {
    match run(Path::new("/usr/bin/dpkg"), arguments).await {
        Ok(ran) => ran.code == 0,
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_removed_on_this_machine_is_in_the_timeline_when_dpkg_has_finished() {
    let folder = tempfile::tempdir().unwrap();
    if !Path::new("/usr/bin/dpkg-deb").exists() {
        return println!("skipped: this system has no dpkg");
    }
    let file = package(folder.path());
    if !dpkg(&["--install", &file]).await {
        return println!("skipped: only root may install packages");
    }
    let (collector, agent) = enrolled(folder.path()).await;
    let rest = collector.rest().unwrap();
    until(&rest, "/software?title=rollcall-story", |rows| rows[0]["version"] == "1.2.3").await;
    let removed = dpkg(&["--purge", "rollcall-story"]).await;
    let finished = Instant::now();
    assert!(removed);
    let told = |events: &Value| {
        events.as_array().unwrap().iter().any(|e| e["kind"] == "section.changed" && e["text"].as_str().unwrap().contains("rollcall-story"))
    };
    until(&rest, "/devices/THIS-PC/history", told).await;
    let took = finished.elapsed();
    println!("in the timeline {took:?} after dpkg finished");
    assert!(took < Duration::from_secs(2), "{took:?}");
    agent.stop().await.unwrap();
    until(&rest, "/devices/THIS-PC", |device| device["presence"] == "silent" || device["presence"] == "asleep").await;
    collector.stop().await.unwrap();
}
