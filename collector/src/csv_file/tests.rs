//! Files of every kind are read, or refused with their line; what is written is read as it was.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn check(bytes: &[u8], want: &[(u64, &[&str])]) {
    let sheet = parse(bytes).unwrap();
    let got: Vec<(u64, Vec<&str>)> = sheet.rows.iter().map(|row| (row.line, row.values.iter().map(String::as_str).collect())).collect();
    let want: Vec<(u64, Vec<&str>)> = want.iter().map(|(line, values)| (*line, values.to_vec())).collect();
    assert_eq!(got, want, "{}", String::from_utf8_lossy(bytes));
}

#[test]
fn spreadsheets_of_every_kind() {
    check(b"id,name\n1,Ana\n", &[(2, &["1", "Ana"])]);
    check("\u{feff}ID;Name\r\n1; Ana \r\n\r\n2;\"Li; Wei\"\r\n".as_bytes(), &[(2, &["1", "Ana"]), (4, &["2", "Li; Wei"])]);
    check(b"id,name\n1,\"two\nlines\"\n3,x", &[(2, &["1", "two\nlines"]), (4, &["3", "x"])]);
    check(b"id,name\r1,Ana\r\r2,\"two\rlines\"\r3,x\r", &[(2, &["1", "Ana"]), (4, &["2", "two\rlines"]), (6, &["3", "x"])]);
    check(b"id;name\r1;a,b\r2;c,d,e,f\r", &[(2, &["1", "a,b"]), (3, &["2", "c,d,e,f"])]);
    check(b"\n\nid;name\n1;a,b\n", &[(4, &["1", "a,b"])]);
    check(b"id\tname\n1\tAna, B\n", &[(2, &["1", "Ana, B"])]);
    check(b"id,name\n", &[]);
    check(b"id,name\n1\n", &[(2, &["1"])]);
    check(b"id,name\n'=1+1,'tis\n", &[(2, &["=1+1", "'tis"])]);
    check(b"id,name\n1,Jos\xe9\n", &[(2, &["1", "José"])]);
}

#[test]
fn columns_are_found_by_their_heading() {
    let sheet = parse(b"Name,Grade,ID\nAna,9,100\n").unwrap();
    assert_eq!(sheet.rows[0].get(&sheet.columns, "id"), "100");
    assert_eq!(sheet.missing(&["id", "card"]), ["there is no column \"card\"; the heading has name, grade, id"]);
}

#[test]
fn what_is_no_csv_is_told() {
    assert!(parse(b"").unwrap_err().contains("empty"));
    assert!(parse(b"id,name\n1,\xe9\x81").unwrap_err().contains("byte 12 is neither UTF-8"));
    assert!(parse(b"id,name\n1,\"Ana\n2,Bo\n").unwrap_err().starts_with("line 2: a \""));
    assert!(parse(b"id,name\r1,A\r2,\"Ana\r").unwrap_err().starts_with("line 3: a \""));
    assert!(parse(b"id,name\n1,\"A \"\"B\"\" C\"\n").is_ok());
    assert!(parse(b"id,name\n1,Ana\n2,Ruiz, Ana\n").unwrap_err().starts_with("line 3: it has 3 values"));
    assert!(parse(b"id,name\n1,Ana,,\n").is_ok(), "spreadsheets leave empty cells behind");
}

#[test]
fn what_would_only_fill_the_memory_is_refused() {
    let told = |text: &str| parse(text.as_bytes()).unwrap_err();
    let wide = ",".repeat(1_000);
    assert_eq!(told(&format!("id{wide}\n")), "line 1: it has more than 1000 values: this is no list");
    assert_eq!(told(&format!("id\n\n1\n2{wide}\n")), "line 4: it has more than 1000 values: this is no list");
    assert!(parse(format!("id\n\"{wide}{wide}\"\n").as_bytes()).is_ok(), "one value");
    assert_eq!(parse(format!("id\n1{}\n", ",".repeat(999)).as_bytes()).unwrap().rows[0].values, ["1"]);
    assert!(told(&format!("\n{}\n1\n", "a".repeat(70_000))).contains("longer than 64 KB"));
    let sheet = parse(format!("{}\n1\n", "name,".repeat(900)).as_bytes()).unwrap();
    assert!(sheet.missing(&["id"])[0].len() < 400);
    assert!(Wrong::of_line(1, "a".repeat(70_000)).in_column(&"b".repeat(70_000)).to_string().len() < 1_400);
}

#[test]
fn any_list_is_a_sheet() {
    let list = json!([
        {"tag": "A-1", "model": "=cmd()", "room": null, "loan": {"person": "20431", "due": "2026-12-01"}, "macs": ["a", "b"], "late": true},
        {"tag": "A-2", "zeal": 3}
    ]);
    let bytes = of_json(list.to_string().as_bytes()).unwrap();
    let want = "\u{feff}tag,room,late,macs,model,zeal,loan.due,loan.person\nA-1,,true,a; b,'=cmd(),,2026-12-01,20431\nA-2,,,,,3,,\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), want);
    assert!(of_json(b"{\"a\": 1}").is_err());
    assert_eq!(of_json(b"[]").unwrap(), "\u{feff}\"\"\n".as_bytes().to_vec());
}

proptest! {
    /// Every text that has nothing to trim is read as it was written, however a spreadsheet might take it.
    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec("[ -~é€'=+@,;\"\n\r\t-]{0,12}", 3), 0..8)) {
        let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect()).collect();
        let mut writer = Writer::for_spreadsheets(["a", "b", "c"]);
        rows.iter().for_each(|row| writer.row(row));
        let bytes = writer.finish();
        let read: Vec<Vec<String>> = parse(&bytes).unwrap().rows.into_iter().map(|row| row.values).collect();
        let want: Vec<Vec<String>> = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
        prop_assert_eq!(read, want);
    }
}
