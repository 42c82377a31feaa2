//! What is kept comes back: from a backup, and without the shelf.

use crate::{titles, titles_without};
use rollcall_tests::command::Desk;
use rollcall_tests::pc::Pc;
use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::site::TestSite;

/// The hash over everything that the site holds.
fn state_hash(site: &TestSite) -> String {
    site.collector().unwrap().keeper.view().state_hash()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shelf_can_be_deleted_without_loss() {
    let mut site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.change(|machine| machine.put("software", titles_without("gimp")));
    site.event_until("section.changed").await.unwrap();
    // What settles would be held a while longer at each start.
    site.desk().unwrap().json(&["room", "set", "Lab 1", "--settle", "0"]).await.unwrap();
    agent.kill().await;
    site.event_until("alert.raised").await.unwrap();
    site.pause().await.unwrap();
    site.resume().await.unwrap();
    let before = state_hash(&site);
    let history = site.desk().unwrap().json(&["device", "LAB1-01", "--history"]).await.unwrap();
    site.pause().await.unwrap();
    let shelves: Vec<_> = std::fs::read_dir(site.data())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("shelf"))
        .collect();
    assert!(!shelves.is_empty(), "there is no shelf to delete");
    for shelf in shelves {
        std::fs::remove_dir_all(shelf).unwrap();
    }
    site.resume().await.unwrap();
    assert_eq!(state_hash(&site), before);
    let shelved = |status: &serde_json::Value| status["store"]["shelf"] == "ok";
    site.until("/status", "the shelf is rebuilt", shelved).await.unwrap();
    assert_eq!(site.desk().unwrap().json(&["device", "LAB1-01", "--history"]).await.unwrap(), history);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_restores_into_an_empty_folder_and_raises_the_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("site");
    let process = CollectorProcess::start(&data, Ports::free().unwrap()).await.unwrap();
    let desk = process.desk().unwrap();
    desk.json(&["room", "add", "Lab 1"]).await.unwrap();
    desk.json(&["asset", "add", "LT-01", "--kind", "laptop", "--room", "Lab 1"]).await.unwrap();
    let epoch = desk.json(&["status"]).await.unwrap()["epoch"].as_u64().unwrap();
    let file = folder.path().join("site.backup");
    desk.json(&["backup", &file.to_string_lossy()]).await.unwrap();
    let key = recovery_key(&process.words());
    process.stop().await.unwrap();
    assert!(!String::from_utf8_lossy(&std::fs::read(&file).unwrap()).contains("LT-01"), "a backup is encrypted");

    let again = folder.path().join("again");
    let key_file = folder.path().join("recovery.key");
    std::fs::write(&key_file, format!("{key}\n")).unwrap();
    let (file_name, key_name) = (file.to_string_lossy(), key_file.to_string_lossy());
    let nobody = Desk::new(&folder.path().join("nobody")).unwrap();
    let checked = nobody.json(&["backup", "check", &file_name, "--recovery-key", &key_name]).await.unwrap();
    assert_eq!((&checked["site"]["assets"], &checked["site"]["name"]), (&1.into(), &"My school".into()), "{checked}");
    assert!(checked["damage"].as_array().unwrap().is_empty() && checked["checkpoint"].is_string(), "{checked}");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let (bad, scratch) = (folder.path().join("bad.age"), folder.path().join("scratch"));
    std::fs::write(&bad, bytes).unwrap();
    std::fs::create_dir(&scratch).unwrap();
    let words = ["backup", "check", &bad.to_string_lossy(), "--recovery-key", &key_name, "--scratch", &scratch.to_string_lossy()];
    let ran = nobody.run(&words).await.unwrap();
    assert!(ran.code == 1 && ran.out.contains("take another backup"), "{ran:?}");
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "nothing stays of what was unpacked");
    let restore = Desk::new(&again).unwrap();
    restore.json(&["restore", &file.to_string_lossy(), "--key", &key_file.to_string_lossy()]).await.unwrap();
    let process = CollectorProcess::start(&again, Ports::free().unwrap()).await.unwrap();
    let desk = process.desk().unwrap();
    assert_eq!(desk.json(&["asset", "show", "LT-01"]).await.unwrap()["room"], "Lab 1");
    assert!(desk.json(&["status"]).await.unwrap()["epoch"].as_u64().unwrap() > epoch);
    process.stop().await.unwrap();
}

/// The key that the first start shows once.
pub(crate) fn recovery_key(words: &str) -> String {
    let start = words.find("AGE-SECRET-KEY-").unwrap_or_else(|| panic!("the first start shows no recovery key:\n{words}"));
    words[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}
