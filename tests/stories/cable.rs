//! A cable is cut. Its row in `tests/bench` measures what this story bounds generously.

use rollcall_tests::cable::{Cable, CablePc};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_cable_is_noticed_by_silence_and_a_closed_connection_at_once() {
    let cable = match Cable::lay().await {
        Ok(cable) => cable,
        Err(why) => return println!("SKIPPED, because only root with iproute2 may make network namespaces: {why:#}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let pc = CablePc::enrol(cable, folder.path()).await.unwrap();
    let cut = pc.cut().await.unwrap();
    assert!(cut < Duration::from_secs(25), "a cut cable was silent after {cut:?} only");
    assert!(cut > Duration::from_secs(5), "two heartbeats may be lost before a machine is silent, but it was after {cut:?}");
    pc.mend().await.unwrap();
    let closed = pc.close().await.unwrap();
    assert!(closed < Duration::from_secs(12), "a closed connection was silent after {closed:?} only");
    println!("silent {cut:?} after the cable was cut, {closed:?} after the connection was closed");
}
