//! Lists from elsewhere: what is wrong in a file is said with its line, and nothing is taken in by halves.

use rollcall_tests::site::TestSite;

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_with_a_bad_line_is_refused_whole_and_the_line_is_named() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    for (text, place) in [
        ("id,name\nS1,Ana\nhas space,Ben\n", "3"),
        ("id,name\nS1,Ana\nS2\n", "3"),
        ("number,name\nS1,Ana\n", "id"),
        ("id,name\nS1,Ana\nS1,Ben\n", "S1"),
        ("id,name\nS1,Ana\nS2,Ode, Ben\n", "line 3"),
        ("id,name\nS1,\"Ana\nS2,Ben\n", "line 2"),
    ] {
        let file = site.place("people.csv");
        std::fs::write(&file, text).unwrap();
        let ran = desk.run(&["person", "import", &file.to_string_lossy(), "--yes"]).await.unwrap();
        assert_eq!(ran.code, 2, "{text:?}: {ran:?}");
        assert!(ran.err.contains(place) && ran.err.contains("people.csv"), "{text:?}: {}", ran.err);
    }
    let persons = site.rest().unwrap().get("/persons").await.unwrap();
    assert_eq!(persons.as_array().unwrap().len(), 0, "{persons}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_come_from_a_file() {
    let site = TestSite::start().await.unwrap();
    let file = site.place("rooms.csv");
    std::fs::write(&file, "name,kind,seats\nLab 118,lab,30\nLibrary,library,12\n").unwrap();
    let desk = site.desk().unwrap();
    desk.json(&["room", "import", &file.to_string_lossy()]).await.unwrap();
    let rooms = desk.json(&["rooms"]).await.unwrap();
    assert!(rooms.to_string().contains("Lab 118") && rooms.to_string().contains("Library"), "{rooms}");
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_come_from_a_file_after_a_yes() {
    let site = TestSite::start().await.unwrap();
    let file = site.place("assets.csv");
    let desk = site.desk().unwrap();
    std::fs::write(&file, "tag,kind\nPRJ-1,projector\nprj-1,camera\n").unwrap();
    let place = file.to_string_lossy();
    let twice = desk.run(&["asset", "import", &place, "--yes"]).await.unwrap();
    assert!(twice.code == 2 && twice.err.contains("line 3"), "{twice:?}");
    std::fs::write(&file, "tag,kind,cost\nPRJ-1,projector,900\n").unwrap();
    let asked = desk.run(&["asset", "import", &place]).await.unwrap();
    assert!(asked.code == 3 && asked.err.contains("would add 1 asset") && asked.err.contains("the column cost is not used"), "{asked:?}");
    let imported = desk.json(&["asset", "import", &place, "--yes"]).await.unwrap();
    assert_eq!((&imported["added"], &imported["unused"]), (&1.into(), &serde_json::json!(["cost"])));
}
