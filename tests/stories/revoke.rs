//! A device is revoked: it is out at once, and stays out.

use crate::titles;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_cut_off_at_once_and_can_not_return() {
    let site = TestSite::start().await.unwrap();
    let mut agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let began = Instant::now();
    site.desk().unwrap().json(&["device", "revoke", "LAB1-01"]).await.unwrap();
    let collector = site.collector().unwrap().clone();
    while !collector.roll.heard().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(5), "its stream is still open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    agent.cut().await;
    agent.resume().unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(collector.roll.heard().is_empty(), "it is in again");
}
