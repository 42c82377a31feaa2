//! Somebody who is forgotten is nowhere: in no file of the data, and in no backup that is restored; not by any field, nor by any way in.

use crate::backup::recovery_key;
use rollcall_tests::command::Desk;
use rollcall_tests::on_disk::{contents, holds};
use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::roster::{Kind, Made, Roster};
use std::path::Path;

/// Whatever is theirs and nobody else's, in every record that may hold it.
const THEIRS: [&str; 8] =
    ["Quillon", "Zephyrine", "quillon.zephyrine", "stu-quill", "Quartermain", "walrus", "wombat", "quill-guest@example.org"];

#[track_caller]
fn nowhere(dir: &Path) {
    let contents = contents(dir).unwrap();
    assert!(holds(&contents, "LT-01").is_some(), "what is there is found, or nothing was looked at below {}", dir.display());
    for text in THEIRS {
        assert_eq!(holds(&contents, text), None, "{text} is still written below {}", dir.display());
    }
}

async fn import(desk: &Desk, folder: &Path, roster: &Roster, kind: Kind) {
    std::fs::remove_dir_all(folder).ok();
    roster.write(folder, kind).unwrap();
    desk.json(&["roster", "import", &folder.to_string_lossy(), "--yes"]).await.unwrap();
}

/// Two people with everything that can be said of them: one of the roster, whose card got another number, and one from the desk.
async fn live_a_while(desk: &Desk, folder: &Path) {
    let mut roster = Roster::of(20);
    let quill = |card: &str| Made {
        source: "stu-quill".into(),
        card: card.into(),
        given: "Quillon".into(),
        family: "Zephyrine".into(),
        ..roster.people[0].clone()
    };
    let (first, second) = (quill("5001"), quill("5002"));
    roster.people.push(first);
    import(desk, folder, &roster, Kind::Bulk).await;
    desk.json(&["person", "block", "5001", "lost the walrus"]).await.unwrap();
    desk.json(&["person", "unblock", "5001"]).await.unwrap();
    desk.json(&["person", "add", "guest", "Hester Quartermain", "--mail", "quill-guest@example.org"]).await.unwrap();
    desk.json(&["person", "set", "guest", "--grade", "wombat"]).await.unwrap();
    for tag in ["LT-01", "LT-02"] {
        desk.json(&["asset", "add", tag, "--kind", "laptop"]).await.unwrap();
    }
    desk.json(&["loan", "out", "LT-01", "5001"]).await.unwrap();
    desk.json(&["loan", "out", "LT-02", "guest"]).await.unwrap();
    import(desk, folder, &Roster { people: vec![second] }, Kind::Delta).await;
    desk.json(&["person", "merge", "guest", "5002"]).await.unwrap();
    for tag in ["LT-01", "LT-02"] {
        desk.json(&["loan", "in", tag]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_is_in_no_file_and_in_no_restored_backup() {
    let dir = tempfile::tempdir().unwrap();
    let (data, export) = (dir.path().join("site"), dir.path().join("export"));
    let process = CollectorProcess::start(&data, Ports::free().unwrap()).await.unwrap();
    let desk = process.desk().unwrap();
    live_a_while(&desk, &export).await;
    let (backups, key) = (dir.path().join("backups"), recovery_key(&process.words()));
    std::fs::create_dir_all(&backups).unwrap();
    let before = backups.join("before.age");
    desk.json(&["backup", &before.to_string_lossy()]).await.unwrap();
    assert_eq!(desk.json(&["person", "show", "5002"]).await.unwrap()["name"], "Quillon Zephyrine");
    assert_eq!(desk.json(&["person", "show", "5002"]).await.unwrap()["loans"], 2, "both loans are theirs");
    desk.json(&["person", "forget", "5002", "--yes"]).await.unwrap();
    let words = process.words();
    process.stop().await.unwrap();
    nowhere(&data);
    assert!(THEIRS.iter().all(|text| !words.contains(text)), "the log names nobody: {words}");

    // The newest list of the forgotten lies beside the backups.
    std::fs::copy(data.join("forgotten"), backups.join("forgotten")).unwrap();
    let (again, key_file) = (dir.path().join("again"), dir.path().join("recovery.key"));
    std::fs::write(&key_file, format!("{key}\n")).unwrap();
    let restore = Desk::new(&again).unwrap();
    restore.json(&["restore", &before.to_string_lossy(), "--key", &key_file.to_string_lossy()]).await.unwrap();
    nowhere(&again);
    let process = CollectorProcess::start(&again, Ports::free().unwrap()).await.unwrap();
    let desk = process.desk().unwrap();
    let people = desk.json(&["person", "list", "--all"]).await.unwrap();
    assert_eq!(people.as_array().unwrap().len(), 21, "the others are there: {people}");
    assert_eq!(desk.run(&["person", "show", "5002"]).await.unwrap().code, 1);
    process.stop().await.unwrap();
    nowhere(&again);
}
