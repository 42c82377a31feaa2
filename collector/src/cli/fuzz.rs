//! What a technician's files hold: CSV lists and baselines.

use super::csv_file;
use crate::asset_file::{Options, Reader};
use rollcall_proto::fuzz::Target;
use rollcall_site::version::{Range, compare};
use rollcall_site::{AssetId, BaselineId, PersonId, RoomId, SiteId, Tag, UserName, baseline};
use std::cmp::Ordering;
use std::fmt::Display;
use std::str::FromStr;

const BASELINE: &[u8] =
    b"name = \"labs\"\nrooms = [\"Lab 118\"]\n[[required]]\ntitle = \"gimp\"\nversion = \">= 2\"\n[[forbidden]]\ntitle = \"x\"\n";

const LISTS: &[&[u8]] = &[
    b"tag,kind,room,bought,price,custom.Grant\nA-1,pc,Lab 1,2026-08-01,349.00,T4\n",
    b"Asset Tag,Category,Status,Warranty,Purchase Date,EOL,Checked Out To: Username\nA-1,Laptops,Archived,36,8/1/2026,48,20431\n",
    b"deviceId,serialNumber,annotatedAssetId,model,status,autoUpdateExpiration\n1,5CD1,CB-1,HP,DISABLED,1906588800000\n",
];

/// Every file that a person brings, and the words in it.
pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("asset-list", LISTS, asset_list),
        Target::new("baseline", &[BASELINE], baseline),
        Target::new("csv", &[b"tag,serial\nLAB1-01,5CG1\n\"a \"\"b\"\"\",c\n", b"\xef\xbb\xbfid;name\r\n1;Ada\r\n"], csv),
        Target::new("name", &[b"LAB1-01", b"Lab 118", b"20431", b"0190a3c4-0000-7000-8000-000000000001"], names),
        Target::new("version", &[b"1:2.10~rc1-3+deb12u1\n2.10-3\n>= 2.1, < 3", b"6.0.848.0\n6.0.850.0\n=6"], version),
    ]
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn csv(bytes: &[u8]) {
    if let Ok(sheet) = csv_file::parse(bytes) {
        let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64 + 1;
        assert!(sheet.rows.iter().all(|row| (1..=lines).contains(&row.line)), "a row lies outside its {lines} lines");
        assert!(sheet.rows.is_sorted_by_key(|row| row.line));
        assert!(!sheet.columns.is_empty());
    }
}

/// A list of assets is read, or what is wrong in it has its line.
fn asset_list(bytes: &[u8]) {
    let Ok(decoded) = crate::csv_file::decode(bytes) else { return };
    let options = Options { tag_from_serial: true, add_rooms: true, ..Options::default() };
    if let Ok(reader) = Reader::begin(&decoded.text, [RoomId::parse("Lab 1")].into_iter().flatten(), &options) {
        let lines = decoded.text.matches(['\n', '\r']).count() as u64 + 1;
        for row in reader {
            let line = row.map_or_else(|wrong| wrong.line, |entry| Some(entry.line));
            assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{line:?} of {lines}");
        }
    }
}

fn baseline(bytes: &[u8]) {
    if let Ok(read) = baseline::parse(&lossy(bytes)) {
        assert!(!read.rooms.is_empty() || !read.tags.is_empty());
        assert!(baseline::parse(&read.text).is_ok_and(|again| again == read), "what is kept of a baseline reads the same");
    }
}

fn version(bytes: &[u8]) {
    let text = lossy(bytes);
    let [a, b, c] = {
        let mut lines = text.lines();
        [(); 3].map(|()| lines.next().unwrap_or_default())
    };
    assert_eq!(compare(a, b), compare(b, a).reverse());
    assert_eq!(compare(a, a), Ordering::Equal);
    if compare(a, b).is_le() && compare(b, c).is_le() {
        assert!(compare(a, c).is_le(), "{a:?} {b:?} {c:?}");
    }
    let range = |sign: &str, bound: &str| Range::parse(&format!("{sign} {bound}")).ok().filter(|_| !bound.contains(','));
    if let (Some(below), Some(at_least)) = (range("<", b), range(">=", b)) {
        assert_ne!(below.holds(a), at_least.holds(a), "{a:?} {b:?}");
    }
    if let Some(exactly) = range("=", a) {
        assert!(exactly.holds(a.trim()), "{a:?} is not itself");
    }
    if let Ok(range) = Range::parse(c) {
        range.holds(a);
    }
}

/// A name that is taken is printed and read as the same name, on one line.
fn names(bytes: &[u8]) {
    let text = lossy(bytes);
    stays::<AssetId>(&text);
    stays::<BaselineId>(&text);
    stays::<PersonId>(&text);
    stays::<RoomId>(&text);
    stays::<SiteId>(&text);
    stays::<Tag>(&text);
    stays::<UserName>(&text);
}

fn stays<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(name) = text.parse::<T>() {
        let printed = name.to_string();
        assert!(!printed.chars().any(char::is_control) && printed.chars().count() <= 100, "{printed:?}");
        assert!(printed.parse::<T>().is_ok_and(|again| again == name), "{printed:?}");
    }
}
