//! Backups at the desk: the list, one more, one to take away, and what may not go.

use super::{TestDesk, new, new_with, school};
use crate::secrets::RECOVERY;
use crate::settings::Backups;
use crate::store::backup::{CheckReport, check};
use age::secrecy::ExposeSecret;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use rollcall_site::UserName;
use rollcall_site::access::Role;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, UNIX_EPOCH};

/// A desk with a daily folder, and the recovery key of its backups.
struct Case {
    test: TestDesk,
    dir: tempfile::TempDir,
    key: String,
}

async fn case() -> Case {
    let dir = tempfile::tempdir().unwrap();
    let backups = Backups { dir: dir.path().join("daily"), keep: 14 };
    let test = new_with(|settings| settings.upkeep.backups = Some(backups)).await;
    school::fill(&test).await;
    let identity = age::x25519::Identity::generate();
    test.desk.collector.secrets.set(RECOVERY, identity.to_public().to_string().as_bytes()).unwrap();
    Case { test, dir, key: identity.to_string().expose_secret().to_owned() }
}

impl Case {
    fn daily(&self) -> PathBuf {
        self.dir.path().join("daily")
    }

    fn check(&self, file: &Path) -> CheckReport {
        check(file, &self.key, self.dir.path(), &AtomicBool::new(false)).unwrap()
    }

    fn events(&self, kind: &str) -> Vec<String> {
        let events = self.test.desk.collector.keeper.store().history(None, 50).unwrap();
        events.into_iter().filter(|event| event.kind == kind).map(|event| format!("{}: {}", event.actor.words(), event.text)).collect()
    }
}

async fn admin(test: &TestDesk) -> String {
    let cookie = test.cookie(Role::Admin).await;
    test.desk.passwords.keep(&UserName::parse("admin").unwrap(), "four plain words".to_owned()).await.unwrap();
    cookie
}

#[tokio::test]
async fn one_more_is_made_beside_the_daily_ones_and_stands_in_the_list() {
    let case = case().await;
    let cookie = admin(&case.test).await;
    let page = case.test.get("/backups", &cookie).await.text;
    assert!(page.contains("No backup lies here yet") && page.contains("never made"), "{page}");
    fs::create_dir(case.daily()).unwrap();
    let old = case.daily().join("rollcall-2026-01-02.age");
    fs::write(&old, vec![0; 2000]).unwrap();
    let made = u64::try_from(case.test.desk.collector.keeper.clock().now().as_second()).unwrap() - 49 * 3600;
    fs::File::options().write(true).open(&old).unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(made)).unwrap();
    let page = case.test.get("/backups", &cookie).await.text;
    assert!(page.contains("rollcall-2026-01-02.age") && page.contains("</i>old</span>"), "{page}");

    assert_eq!(case.test.post("/backups", &cookie, "").await.to, "/backups");
    while case.events("backup.made").is_empty() {
        assert!(case.events("backup.failed").is_empty(), "{:?}", case.events("backup.failed"));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let names: Vec<PathBuf> = fs::read_dir(case.daily()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let made = names.iter().find(|path| **path != old && path.extension().is_some_and(|ending| ending == "age")).unwrap();
    let report = case.check(made);
    assert!(report.damage.is_empty() && report.site.unwrap().name == "Lincoln Middle School", "{:?}", report.damage);
    assert!(case.events("backup.made")[0].starts_with("admin: The backup rollcall-"), "{:?}", case.events("backup.made"));
    let name = made.file_name().unwrap().to_str().unwrap();
    let page = case.test.get("/backups", &cookie).await.text;
    let (newest, older) = (
        page.find(&format!("<td><code class=\"told\">{name}")).unwrap(),
        page.find("<td><code class=\"told\">rollcall-2026-01-02").unwrap(),
    );
    assert!(newest < older && page.contains("by hand") && page.contains("</i>Made</span>"), "{page}");
    assert!(page.contains(&format!("rollcall backup check {} --recovery-key recovery.key", made.display())), "{page}");
    let data = case.test.desk.collector.settings.data.display().to_string();
    assert!(page.contains(&format!("mv {data}-restored {data}")), "{page}");
    assert!(page.contains("age1") && !page.contains(&case.key), "only the half that is no secret is shown");
}

#[tokio::test]
async fn one_is_taken_away_by_who_shows_the_password_again_and_the_audit_says_so() {
    let case = case().await;
    let cookie = admin(&case.test).await;
    case.test.desk.collector.keeper.clock().advance(SignedDuration::from_mins(11));
    let asked = case.test.post("/backups/download", &cookie, "").await;
    assert!(asked.status == StatusCode::UNAUTHORIZED && case.events("backup.taken").is_empty(), "{}", asked.text);
    assert_eq!(case.test.post("/backups/download", &cookie, "own=guess").await.status, StatusCode::FORBIDDEN);
    let request = Request::post("/backups/download")
        .header(header::COOKIE, &cookie)
        .header(header::HOST, "desk.school:8443")
        .header(header::ORIGIN, "https://desk.school:8443")
        .header(header::ACCEPT_ENCODING, "gzip")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = case.test.answer(request.body(Body::from("own=four+plain+words")).unwrap()).await;
    assert_eq!((answer.status(), answer.headers().get(header::CONTENT_ENCODING)), (StatusCode::OK, None), "it can't be made smaller");
    let said = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(said.starts_with("attachment; filename=\"rollcall-2") && said.ends_with(".age\""), "{said}");
    let length: usize = answer.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
    let bytes = axum::body::to_bytes(answer.into_body(), 8 << 20).await.unwrap();
    assert_eq!(bytes.len(), length);
    let file = case.dir.path().join("taken.age");
    fs::write(&file, &bytes).unwrap();
    assert!(case.check(&file).damage.is_empty());
    assert!(
        case.events("backup.taken")[0].starts_with("admin: A backup of everything was taken away"),
        "{:?}",
        case.events("backup.taken")
    );
    assert!(!case.daily().exists(), "nothing lies in the folder for it");
}

#[tokio::test]
async fn what_can_not_be_done_is_said_with_what_to_do() {
    let test = new().await;
    let cookie = admin(&test).await;
    assert!(test.get("/backups", &cookie).await.text.contains("--backup-to DIR"));
    assert_eq!(test.post("/backups", &cookie, "").await.to, "/backups");
    assert!(test.get("/backups", &cookie).await.text.contains("There is no folder for backups: start the collector with"));
    assert_eq!(test.post("/backups/download", &cookie, "").await.to, "/backups");
    let page = test.get("/backups", &cookie).await.text;
    assert!(page.contains("no backup was made: there is no recovery key in the sealed file"), "{page}");

    let case = case().await;
    let cookie = admin(&case.test).await;
    fs::write(case.daily(), "a file in the place of the folder").unwrap();
    let page = case.test.get("/backups", &cookie).await.text;
    assert!(page.contains("can&#39;t be listed"), "{page}");
    case.test.post("/backups", &cookie, "").await;
    while case.events("backup.failed").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let page = case.test.get("/backups", &cookie).await.text;
    assert!(page.contains("</i>Failed</span>") && page.contains("can&#39;t be made"), "{page}");
}
