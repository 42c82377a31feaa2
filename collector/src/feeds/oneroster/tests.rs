//! Deliveries as student information systems write them, and as they should not.

use super::*;
use rollcall_site::roster::{Mode, RosterRole, RowStatus};

const MANIFEST: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nsource.systemName,Test SIS\nfile.orgs,bulk\n\
                        file.users,bulk\nfile.roles,absent\nfile.classes,absent\nfile.enrollments,absent\nfile.demographics,bulk\n";
const ORGS: &str = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\norg-1,,,Lincoln Middle,school,1,\n";
const USERS: &str = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,\
                     identifier,email,sms,phone,agentSourcedIds,grades,password\n";

fn files(some: &[(&'static str, &str)]) -> Files {
    some.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect()
}

fn users(rows: &str) -> Files {
    files(&[("manifest.csv", MANIFEST), ("orgs.csv", ORGS), ("users.csv", &format!("{USERS}{rows}"))])
}

#[test]
fn a_roster_of_version_1_1_is_read_by_the_names_of_its_columns() {
    let rows = "u1,,,true,\"org-1,org-2\",student,mtorres,\"{SIS:77},{AD:x}\",Maya,Torres,Q,20431,maya@school.example,555,556,,\"09\",secret\r\n\
                u2,,,true,org-1,guardian,,,Rosa,Torres,,,,,,,,\r\n";
    let delivery = read(&users(rows)).unwrap();
    let maya = &delivery.users.rows[0];
    assert_eq!((maya.line, maya.source.as_str(), maya.identifier.as_str(), maya.user_id.as_str()), (2, "u1", "20431", "77"));
    assert_eq!((maya.name.as_str(), maya.mail.as_str(), maya.grade.as_str()), ("Maya Torres", "maya@school.example", "9"));
    assert_eq!((maya.role, maya.orgs.as_slice()), (Some(RosterRole::Student), &["org-1".to_owned(), "org-2".to_owned()][..]));
    assert_eq!((delivery.users.rows[1].role, delivery.bad.len(), delivery.system.as_str()), (Some(RosterRole::Family), 0, "Test SIS"));
    let all = format!("{delivery:?}");
    assert!(!all.contains("secret") && !all.contains("555") && !all.contains("556"), "{all}");
    let other_order = files(&[
        ("manifest.csv", MANIFEST),
        ("orgs.csv", ORGS),
        ("users.csv", "\u{feff}familyName,role,givenName,extra,sourcedId\r\nTorres,teacher,Maya,x,u1\r\n\r\n"),
    ]);
    let delivery = read(&other_order).unwrap();
    assert_eq!((delivery.users.rows[0].name.as_str(), delivery.users.rows[0].role), ("Maya Torres", Some(RosterRole::Staff)));
}

#[test]
fn a_roster_of_version_1_2_has_its_roles_in_a_file_of_their_own() {
    let manifest =
        MANIFEST.replace("version,1.1", "version,1.2").replace("roles,absent", "roles,bulk").replace("users,bulk", "users,delta");
    let delivery = read(&files(&[
        ("manifest.csv", &manifest),
        ("orgs.csv", ORGS),
        ("users.csv", "sourcedId,status,givenName,familyName,preferredGivenName\nu1,active,Maya,Torres,May\nu2,tobedeleted,,,\n"),
        ("roles.csv", "sourcedId,userSourcedId,roleType,role,orgSourcedId,endDate\nr1,u1,primary,counselor,org-1,2027-06-30\n"),
    ]))
    .unwrap();
    assert_eq!((delivery.users.mode, delivery.users.rows[0].role, delivery.users.rows[0].name.as_str()), (Mode::Delta, None, "May Torres"));
    assert_eq!(delivery.users.rows[1].status, RowStatus::ToBeDeleted);
    assert_eq!((delivery.roles.rows[0].role, delivery.roles.rows[0].ends), (RosterRole::Staff, "2027-06-30".parse().ok()));
}

#[test]
fn every_bad_row_is_named_and_the_others_are_read() {
    let row = |source: &str, role: &str, family: &str, mail: &str| format!("{source},,,true,org-1,{role},,,X,{family},,1,{mail},,,,9,\n");
    let text = [
        row("u1", "student", "Ruiz", ""),
        "\n".to_owned(),
        row("u2", "ext:helper", "Ode", ""),
        row("", "student", "Lind", ""),
        row("u4", "student", "Long".repeat(60).as_str(), ""),
        row("u5", "student", "Lund", "nobody"),
        "u6,,,true,org-1,student,a,b,c\n".to_owned(),
    ];
    let delivery = read(&users(&text.concat())).unwrap();
    let told: Vec<(u64, &str)> = delivery.bad.iter().map(|bad| (bad.line, bad.column.as_str())).collect();
    assert_eq!(told, [(4, "role"), (5, "sourcedId"), (6, "familyName"), (7, "email"), (8, "")]);
    assert!(delivery.bad[0].what.contains("\"ext:helper\" is not a role"), "{:?}", delivery.bad[0]);
    assert_eq!((delivery.users.rows.len(), delivery.nameless, delivery.unread.len()), (1, 2, 3));
}

#[test]
fn what_is_wrong_with_the_whole_is_refused_with_its_place() {
    let refuses = |files: Files, want: &str| {
        let error = read(&files).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    };
    refuses(files(&[("users.csv", USERS)]), "manifest.csv: it is missing");
    refuses(files(&[("manifest.csv", MANIFEST), ("orgs.csv", ORGS)]), "users.csv: the manifest names it");
    refuses(files(&[("manifest.csv", &MANIFEST.replace("version,1.1", "version,1.0"))]), "1.1 and 1.2 are read");
    refuses(files(&[("manifest.csv", &MANIFEST.replace("users,bulk", "users,full"))]), "manifest.csv, line 6");
    refuses(users("u1,,,true,org-1,student,,,\"Maya,Torres\n"), "users.csv, line 2: a \" is opened here");
    let without = USERS.replace("givenName", "firstName");
    refuses(files(&[("manifest.csv", MANIFEST), ("orgs.csv", ORGS), ("users.csv", &without)]), "there is no column givenName");
    let twice = USERS.replace("identifier", "username");
    refuses(files(&[("manifest.csv", MANIFEST), ("orgs.csv", ORGS), ("users.csv", &twice)]), "username stands twice");
    refuses(users(&format!("u1{}\n", ",".repeat(1_001))), "users.csv, line 2: it has more than 1000 values");
    let keys = "org-1,".repeat(600);
    assert_eq!(read(&users(&format!("u1,,,true,\"{keys}\",student,,,Ana,Ruiz,,1,,,,,9,\n"))).unwrap().bad[0].column, "orgSourcedIds");
    let mut latin = users("u1,,,true,org-1,student,,,Ana,Ru");
    latin.get_mut("users.csv").unwrap().extend(b"\xedz\n");
    refuses(latin, "users.csv, line 2: this is not UTF-8");
}

#[test]
fn a_zip_is_read_as_its_folder_is_and_nothing_else_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = users("u1,,,true,org-1,student,,,Maya,Torres,,1,,,,,9,\n");
    for (name, bytes) in &wanted {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    std::fs::write(dir.path().join("demographics.csv"), "sourcedId,birthDate\nu1,2013-01-01\n").unwrap();
    let found = of_folder(dir.path()).unwrap();
    assert_eq!(found, wanted);
    let zip = pack(&found).unwrap();
    assert_eq!(of_zip(&zip).unwrap(), wanted);
    assert!(of_zip(&zip[..zip.len() - 30]).is_err() && of_zip(b"PK").is_err() && of_zip(b"").is_err());
    std::fs::remove_file(dir.path().join("users.csv")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("users.csv")).unwrap();
    assert!(of_folder(dir.path()).unwrap_err().to_string().contains("no plain file"));
    std::fs::remove_file(dir.path().join("users.csv")).unwrap();
    crate::feeds::plain_file::tests::pipe(&dir.path().join("users.csv"));
    assert!(of_folder(dir.path()).unwrap_err().to_string().contains("no plain file"), "and it is not waited for");
}

#[test]
fn a_hostile_zip_is_refused() {
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;
    let packed = |entries: &[(&str, &[u8])]| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let refuses = |zip: Vec<u8>, want: &str| {
        let error = of_zip(&zip).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    };
    refuses(packed(&[("export/users.csv", b"a")]), "lies in the folder \"export\"");
    refuses(packed(&[("../users.csv", b"a")]), "lies in the folder");
    refuses(packed(&[("users.csv", &vec![b'a'; 5_000_000])]), "no list of people");
    let many: Vec<(String, Vec<u8>)> = (0..201).map(|n| (format!("{n}.csv"), Vec::new())).collect();
    refuses(packed(&many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect::<Vec<_>>()), "201 entries");
    // What nobody asked for is not even unpacked.
    assert_eq!(of_zip(&packed(&[("demographics.csv", &vec![b'a'; 5_000_000]), ("__MACOSX/._users.csv", b"a")])).unwrap(), Files::new());
    let good = packed(&[("users.csv", b"sourcedId,givenName,familyName\n")]);
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 0x40;
        drop(of_zip(&changed));
    }
}
