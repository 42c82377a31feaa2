//! Lists of every form say what they mean, and what is wrong in them is named by line and column.

use super::*;
use crate::csv_file::Wrong;
use jiff::Timestamp;
use proptest::prelude::*;
use rollcall_site::asset::{AssetFacts, AssetKind};
use rollcall_site::event::Actor;
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::{AssetId, RoomId, Site, Tag, Working, intake};
use serde_json::{Value, json};
use uuid::Uuid;

fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

/// The rows, the columns that were left out, and the form's name.
type Whole = (Vec<Result<Entry, Wrong>>, Vec<String>, &'static str);

fn read(text: &str, options: &Options) -> Result<Whole, Wrong> {
    let mut reader = Reader::begin(text, [room("Lab 118")].into_iter(), options)?;
    let rows = reader.by_ref().collect();
    Ok((rows, reader.left_out(), reader.format.name))
}

/// Checks the one row of a list: its tag, and what is said of the asset.
fn check(text: &str, options: &Options, format: &str, tag: &str, want: Value) -> Entry {
    let (mut rows, _, name) = read(text, options).unwrap();
    assert_eq!((name, rows.len()), (format, 1), "{text}");
    let entry = rows.remove(0).unwrap_or_else(|wrong| panic!("{text}: {wrong}"));
    assert_eq!(entry.row.tag.as_ref().map(Tag::as_str).unwrap_or_default(), tag, "{text}");
    assert_eq!(serde_json::to_value(&entry.row.facts).unwrap(), want, "{text}");
    entry
}

const SNIPE: &str = "Company,Name,Asset Tag,Category,Supplier,Manufacturer,Location,Order Number,Model,Model Notes,Model Number,Asset Notes,\
    Purchase Date,Purchase Cost,Checkout Type,Checked Out To: Username,Checked Out To: First Name,Checked Out To: Last Name,\
    Checked Out To: Email,Checked Out To: Location,Asset EOL Date\n";

#[test]
fn snipe_its_sample() {
    let none = Options::default();
    let row = "School,Cart 3 no 7,lap-042,Laptops,CDW,Lenovo,LAB 118,PO-17,L14,,20X2,\"two\nlines\",2023-08-01,\"1,266.13\",User,20431,Maya,\
        Torres,MTorres@school.example,,2027-08-01\n";
    let want = json!({
        "kind": "laptop", "name": "Cart 3 no 7", "maker": "Lenovo", "model": "L14", "room": "Lab 118", "vendor": "CDW", "price": "1266.13",
        "bought": "2023-08-01", "life_months": "48", "notes": "two\nlines", "custom": {"order number": "PO-17", "model number": "20X2"}
    });
    let entry = check(&format!("{SNIPE}{row}"), &none, "Snipe-IT", "LAP-042", want);
    let borrower = entry.borrower.unwrap();
    assert_eq!((borrower.ids, borrower.mail), (vec!["20431".to_owned()], vec!["mtorres@school.example".to_owned()]));
    let placed = check(
        &format!("{SNIPE},,P-1,Railings,,,Gym,,,,,,,,Location,,,,,Gym,\n"),
        &none,
        "Snipe-IT",
        "P-1",
        json!({
            "custom": {"category": "Railings", "location": "Gym"}
        }),
    );
    assert_eq!((placed.borrower, placed.row.kind_if_new, placed.place.as_deref()), (None, Some(AssetKind::Other), Some("Gym")));
    let added = Options { add_rooms: true, ..none };
    check(&format!("{SNIPE},,P-1,,,,Gym,,,,,,,,,,,,,,\n"), &added, "Snipe-IT", "P-1", json!({"room": "Gym"}));
}

#[test]
fn snipe_its_custom_report() {
    let text = "\u{feff}ID,Company,Name,Asset Tag,Model,Model No.,Category,Manufacturer,Serial,Purchase Date,Cost,EOL,Warranty,Order Number,\
        Supplier,Location,Checked Out To,Username,Status,Expected Checkin,Notes,Grant\n\
        9,,,PRJ-1,EB-W06,V11H,Projectors,Epson,X4ZZ1,\"Tue Aug 01, 2023\",$499.00,36 months,24,,,,Maya Torres,20431,Out for Repair,2026-12-18,,T4\n";
    let want = json!({
        "kind": "projector", "maker": "Epson", "model": "EB-W06", "serial": "X4ZZ1", "status": "in-repair", "price": "499.00", "bought": "2023-08-01",
        "warranty_until": "2025-07-31", "life_months": "36", "custom": {"model number": "V11H", "Grant": "T4"}
    });
    let keep = Options { keep: vec!["grant".to_owned()], ..Options::default() };
    let entry = check(text, &keep, "Snipe-IT", "PRJ-1", want);
    assert_eq!(entry.borrower.unwrap().due, Some("2026-12-18".parse().unwrap()));
    assert_eq!(read(text, &Options::default()).unwrap().1, ["ID", "Company", "Grant"]);
}

#[test]
fn googles_chromebooks() {
    let text = "deviceId,serialNumber,status,lastSync,annotatedUser,annotatedLocation,annotatedAssetId,notes,model,orgUnitPath,macAddress,\
        autoUpdateExpiration\n\
        1e1,5CD1234XYZ,DEPROVISIONED,2026-10-01T08:00:00.000Z,maya@school.example,Lab 118,CB-7,,HP Chromebook 11,/Students,a0b1,1906588800000\n";
    let want = json!({
        "kind": "chromebook", "model": "HP Chromebook 11", "serial": "5CD1234XYZ", "status": "retired", "room": "Lab 118",
        "custom": {"google device id": "1e1", "mac address": "a0b1", "org unit": "/Students", "updates until": "2030-06-02"}
    });
    let entry = check(text, &Options::default(), "Google Admin", "CB-7", want);
    assert_eq!(entry.borrower.unwrap().mail, ["maya@school.example"]);
    assert_eq!(read(text, &Options::default()).unwrap().1, ["lastSync"]);
    let untagged = "deviceId,serialNumber,model\n1,5CD1234XYZ,ASUS Chromebox 4\n";
    let said = json!({"kind": "pc", "model": "ASUS Chromebox 4", "serial": "5CD1234XYZ", "custom": {"google device id": "1"}});
    check(untagged, &Options::default(), "Google Admin", "", said.clone());
    check(untagged, &Options { tag_from_serial: true, ..Options::default() }, "Google Admin", "5CD1234XYZ", said);
}

#[test]
fn what_is_wrong_is_named_by_line_and_column() {
    let check = |text: &str, want: &str| {
        let wrong: Vec<String> = match read(text, &Options::default()) {
            Ok((rows, ..)) => rows.into_iter().filter_map(Result::err).map(|wrong| wrong.to_string()).collect(),
            Err(wrong) => vec![wrong.to_string()],
        };
        assert!(wrong.len() == 1 && wrong[0].contains(want), "{text}: {wrong:?}");
    };
    check("tag,kind\nA-1,pc\nA 2,pc\n", "line 3, tag: \"A 2\" is not a tag");
    check("tag,Kind\nA-1,fridge\n", "line 2, Kind: \"fridge\" is no kind of asset");
    check("tag,bought\nA-1,yesterday\n", "line 2, bought: \"yesterday\" is no day");
    check("tag,price\nA-1,1.234.5\n", "line 2, price: ");
    check("tag,price\nA-1,-5\n", "line 2, price: ");
    check("tag,kind\nA-1,pc,x\n", "line 2: it has 3 values");
    check("Asset Tag,Status\nA-1,With Jo\n", "line 2, Status: no status here is \"With Jo\"");
    check("Asset Tag,Warranty\nA-1,long\n", "line 2, Warranty: \"long\" is no number");
    check("number,name\n1,x\n", "no list of assets that is known here: the heading has number, name");
    check("tag,Tag\nA-1,A-1\n", "the heading has Tag twice");
    let without = Options { without: vec!["colour".to_owned()], ..Options::default() };
    assert!(read("tag\nA-1\n", &without).is_err_and(|wrong| wrong.text.contains("no column \"colour\"")));
    let without = Options { without: vec!["Kind".to_owned()], ..Options::default() };
    let (rows, left_out, _) = read("tag,kind\nA-1,fridge\n", &without).unwrap();
    assert!(rows[0].is_ok() && left_out == ["kind"]);
}

fn text() -> impl Strategy<Value = String> {
    "[ -~é€'=+@;\"]{0,20}".prop_map(|text| text.trim().to_owned())
}

prop_compose! {
    fn facts()(
        kind in prop::sample::select(AssetKind::ALL.to_vec()),
        texts in prop::collection::vec(text(), 6),
        notes in "[a-z\n\"=,-]{0,20}",
        seat in "[0-9]{1,3}",
        price in prop::option::of(0_u64..99_999_999),
        bought in prop::option::of((1980_i16..2100, 1_i8..=12, 1_i8..=28)),
        custom in prop::collection::btree_map("[a-zA-Z][a-z.]{0,6}", text(), 0..4),
        accessories in prop::collection::vec("[a-z]{1,8}", 0..3),
    ) -> AssetFacts {
        let [name, maker, model, serial, vendor, funding]: [String; 6] = texts.try_into().unwrap();
        serde_json::from_value(json!({
            "kind": kind, "name": name, "maker": maker, "model": model, "serial": format!("S{serial}"), "vendor": vendor, "funding": funding,
            "notes": notes, "room": "Lab 118", "seat": seat, "accessories": accessories, "custom": custom,
            "price": price.map(|cents| rollcall_site::money::Money(cents).to_string()),
            "bought": bought.map(|(year, month, day)| format!("{year}-{month:02}-{day:02}")),
        })).unwrap()
    }
}

fn site() -> Working {
    let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
    room::add(&mut w, room("Lab 118"), RoomFacts::default()).unwrap();
    w
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// What is written is read again as the same, into an empty site; and changes nothing where it was written.
    #[test]
    fn an_export_imports_as_the_same(said in prop::collection::vec(facts(), 1..6)) {
        let mut w = site();
        for (number, facts) in said.into_iter().enumerate() {
            let id = AssetId(Uuid::from_u128(number as u128 + 1));
            let tag = Tag::parse(&format!("A-{number}")).unwrap();
            // Some of these seats are taken: such an asset is not there.
            drop(rollcall_site::asset::add(&mut w, id, tag, facts));
        }
        let assets: Vec<_> = w.site.assets.values().cloned().collect();
        let bytes = write(&w.site, &assets);
        let decoded = crate::csv_file::decode(&bytes).unwrap();
        let (mut there, mut elsewhere) = (w, site());
        let options = Options::default();
        for entry in Reader::begin(&decoded.text, [room("Lab 118")].into_iter(), &options).unwrap() {
            let entry = entry.unwrap();
            let id = there.site.asset_by_tag(entry.row.tag.as_ref().unwrap()).unwrap().id;
            let same = intake::take(&mut there, AssetId(Uuid::nil()), entry.row.clone(), intake::Detail::Full).unwrap();
            prop_assert_eq!((same.what, same.changes), (intake::What::Same, vec![]));
            intake::take(&mut elsewhere, id, entry.row, intake::Detail::Tag).unwrap();
        }
        prop_assert_eq!(elsewhere.site.assets.values().cloned().collect::<Vec<_>>(), assets);
    }
}
