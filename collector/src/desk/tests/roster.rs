//! A roster brought by a browser: shown, doubted, applied as it was shown.

use super::{Read, TestDesk, new};
use crate::feeds::oneroster;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use rollcall_site::access::Role;

const MANIFEST: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nsource.systemName,Test SIS\nfile.orgs,bulk\n\
                        file.users,bulk\nfile.roles,absent\nfile.classes,absent\nfile.enrollments,absent\nfile.demographics,absent\n";
const ORGS: &str = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\norg-1,,,Lincoln Middle,school,1,\n";
const USERS: &str = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,\
                     identifier,email,sms,phone,agentSourcedIds,grades,password\n";

fn zip(users: &str) -> Vec<u8> {
    let files = [("manifest.csv", MANIFEST.to_owned()), ("orgs.csv", ORGS.to_owned()), ("users.csv", format!("{USERS}{users}"))];
    oneroster::pack(&files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()).unwrap()
}

async fn bring(test: &TestDesk, cookie: &str, zip: &[u8]) -> Read {
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"schools\"\r\n\r\n\r\n--b\r\n".to_vec();
    body.extend(b"Content-Disposition: form-data; name=\"file\"; filename=\"day<svg>.zip\"\r\nContent-Type: application/zip\r\n\r\n");
    body.extend(zip);
    body.extend(b"\r\n--b--\r\n");
    let request = Request::post("/roster").header(header::COOKIE, cookie).header(header::HOST, "desk.school:8443");
    let request =
        request.header(header::ORIGIN, "https://desk.school:8443").header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    test.send(request.body(Body::from(body)).unwrap()).await
}

fn mark(page: &str) -> String {
    let (_, rest) = page.split_once(r#"name="mark" value=""#).unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_shown_before_it_is_applied() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    let user = |number: u32, family: &str| format!("u{number},,,true,org-1,student,,,Maya,{family},,{number},,,,,09,\n");
    let users = format!("{}{}", user(20431, "Torres"), user(20432, "<svg onload=x>"));
    assert_eq!(bring(&test, &cookie, &zip(&users)).await.to, "/roster");
    let page = test.get("/roster", &cookie).await.text;
    assert!(page.contains("2 people new") && page.contains("Maya Torres") && !page.contains("<svg"), "{page}");
    assert!(test.desk.collector.keeper.view().persons.is_empty(), "nothing is written before the yes");
    let other = test.cookie(Role::Admin).await;
    assert!(!test.get("/roster", &other).await.text.contains("Maya Torres"), "it is of whoever brought it");
    assert_eq!(test.post("/roster/apply", &cookie, "mark=other").await.to, "/roster");
    assert!(test.get("/roster", &cookie).await.text.contains("Look at it again"));
    assert_eq!(test.post("/roster/apply", &cookie, &format!("mark={}", mark(&page))).await.to, "/people");
    assert!(test.get("/people", &cookie).await.text.contains("The roster is applied: 2 people new."));
    assert_eq!(test.desk.collector.keeper.view().persons.len(), 2);
    test.post("/roster/apply", &cookie, "mark=").await;
    assert!(test.get("/roster", &cookie).await.text.contains("bring the file again"));

    // Everybody leaves: that is doubted.
    let many: String = (1..=40).map(|number| user(30_000 + number, "Lee")).collect();
    bring(&test, &cookie, &zip(&many)).await;
    let page = test.get("/roster", &cookie).await.text;
    test.post("/roster/apply", &cookie, &format!("mark={}", mark(&page))).await;
    test.get("/people", &cookie).await;
    bring(&test, &cookie, &zip(&user(30_001, "Lee"))).await;
    let page = test.get("/roster", &cookie).await.text;
    assert!(page.contains("So many leave at once"), "{page}");
    assert_eq!(test.post("/roster/apply", &cookie, &format!("mark={}", mark(&page))).await.to, "/roster");
    assert!(test.get("/roster", &cookie).await.text.contains("nothing was changed: "));
    assert_eq!(test.post("/roster/apply", &cookie, &format!("mark={}&leaving=1", mark(&page))).await.to, "/people");
}

#[tokio::test]
async fn what_is_no_roster_is_refused_and_viewers_bring_none() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    bring(&test, &cookie, b"no zip").await;
    assert!(test.get("/roster", &cookie).await.text.contains("be opened as a zip"));
    bring(&test, &cookie, &zip("u1,,,true,org-1,student,,,Maya,Lund,,1,nobody,,,,09,\nu2,,,true,org-1,student,,,Bo,Lind,,2,,,,,09,\n"))
        .await;
    let page = test.get("/roster", &cookie).await.text;
    assert!(page.contains("that can’t be used"), "{page}");
    test.post("/roster/apply", &cookie, &format!("mark={}", mark(&page))).await;
    assert!(test.get("/roster", &cookie).await.text.contains("1 row can"));
    let viewer = test.cookie(Role::Viewer).await;
    assert_eq!(test.get("/roster", &viewer).await.status, StatusCode::FORBIDDEN);
    assert_eq!(bring(&test, &viewer, b"x").await.status, StatusCode::FORBIDDEN);
    assert_eq!(test.post("/roster/apply", &viewer, "mark=").await.status, StatusCode::FORBIDDEN);
}
