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
    std::fs::write(&file, "tag,kind\nPRJ-1,projector\nprj-1,camera\nPRJ-2,fridge\n").unwrap();
    let place = file.to_string_lossy();
    let wrong = desk.run(&["asset", "import", &place, "--yes"]).await.unwrap();
    assert!(wrong.code == 2 && wrong.err.contains("line 3: PRJ-1 stands on line 2 already"), "{wrong:?}");
    assert!(wrong.err.contains("line 4, kind: \"fridge\" is no kind"), "{wrong:?}");
    std::fs::write(&file, "tag,kind,cost\nPRJ-1,projector,900\n").unwrap();
    let asked = desk.run(&["asset", "import", &place]).await.unwrap();
    assert!(
        asked.code == 3 && asked.err.contains("would add 1 asset") && asked.err.contains("left out (--keep NAME keeps one): cost"),
        "{asked:?}"
    );
    assert_eq!(desk.json(&["asset", "import", &place, "--dry-run"]).await.unwrap()["added"], 1);
    let none = site.rest().unwrap().get("/assets").await.unwrap();
    assert_eq!(none.as_array().unwrap().len(), 0, "nothing was written: {none}");
    let imported = desk.json(&["asset", "import", &place, "--yes", "--keep", "cost"]).await.unwrap();
    assert_eq!((&imported["added"], &imported["left_out"]), (&1.into(), &serde_json::json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_imports_as_the_same() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    desk.json(&["room", "add", "Lab 118"]).await.unwrap();
    // A Snipe-IT list as Excel saves it for a school in Québec: Windows-1252, CR line ends, a formula.
    let snipe = "Asset Tag,Name,Category,Manufacturer,Model,Serial,Location,Purchase Date,Purchase Cost,Status,Checkout Type,\
        Checked Out To: Username\rLAP-1,=HYPERLINK(\"x\"),Laptops,Lenovo,Salle d'\u{e9}tude,5CG1234567,lab 118,2023-08-01,\"1,266.13\",\
        Ready to Deploy,User,20431\rPRJ-1,@home,Projectors,Epson,EB-W06,X4ZZ1,Gym,,,Out for Repair,,\r";
    let bytes: Vec<u8> = snipe.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let (file, written) = (site.place("snipe.csv"), site.place("assets.csv"));
    std::fs::write(&file, bytes).unwrap();
    let looked = desk.run(&["asset", "import", &file.to_string_lossy(), "--dry-run"]).await.unwrap();
    for said in [
        "a list of Snipe-IT, 2 rows",
        "read as Windows-1252",
        "no rooms here, kept as the field location: Gym",
        "makes no loans without --loans",
    ] {
        assert!(looked.err.contains(said), "{said}: {looked:?}");
    }
    let asked = desk.run(&["asset", "import", &file.to_string_lossy()]).await.unwrap();
    assert_eq!((asked.code, asked.err.matches("would add 2 assets").count()), (3, 1), "what it would do is said once: {asked:?}");
    let imported = desk.json(&["asset", "import", &file.to_string_lossy(), "--yes"]).await.unwrap();
    assert_eq!((&imported["added"], &imported["loans"]), (&2.into(), &0.into()));
    desk.json(&["asset", "export", &written.to_string_lossy()]).await.unwrap();
    let rows = desk.json(&["asset", "export"]).await.unwrap();
    assert_eq!((&rows[0]["tag"], &rows[0]["serial"], &rows[1]["kind"]), (&"LAP-1".into(), &"5CG1234567".into(), &"projector".into()));
    let text = std::fs::read_to_string(&written).unwrap();
    assert!(text.contains("'=HYPERLINK") && text.contains("'@home") && text.contains("d'\u{e9}tude"), "no spreadsheet runs it: {text}");
    let same = desk.json(&["asset", "import", &written.to_string_lossy(), "--yes"]).await.unwrap();
    assert_eq!((&same["added"], &same["changed"], &same["same"]), (&0.into(), &0.into(), &2.into()), "{same}");
    let listed = desk.run(&["asset", "list", "--csv"]).await.unwrap();
    assert!(listed.out.starts_with("tag,kind,name,") && listed.out.contains("'@home"), "{listed:?}");
    let shown = desk.json(&["asset", "show", "LAP-1"]).await.unwrap();
    assert_eq!((&shown["name"], &shown["room"]), (&"=HYPERLINK(\"x\")".into(), &"Lab 118".into()));
}
