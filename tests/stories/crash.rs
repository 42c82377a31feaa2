//! The collector is killed without warning, again and again, while people change things and PCs report: nothing that it acknowledged is lost.

use rollcall_tests::crash;

/// How often it is killed: 5 times, or as the environment says.
fn rounds() -> u64 {
    std::env::var("ROLLCALL_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_loses_no_acknowledged_change() {
    let folder = tempfile::tempdir().unwrap();
    let tell = |round: u64, changes: usize, reports: u64| {
        if round.is_multiple_of(10) {
            println!("killed {round} times: {changes} changes and {reports} reports acknowledged");
        }
    };
    let outcome = crash::rounds(&folder.path().join("site"), rounds(), tell).await.unwrap();
    println!("{outcome:?}");
    assert!(outcome.holds(), "{:#?}", outcome.wrong);
}
