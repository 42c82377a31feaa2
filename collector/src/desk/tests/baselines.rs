//! Baselines on the pages: a file is looked at, applied, changed, taken back; exceptions; drift; what is installed where.

use super::{TestDesk, new, school};
use crate::desk::address::encoded;
use axum::http::StatusCode;
use rollcall_site::BaselineId;
use rollcall_site::access::Role;

const FILE: &str = "name = \"Exam lab\"\nrooms = [\"Lab 118\"]\n[[required]]\ntitle = \"bash\"\n";

impl TestDesk {
    fn version(&self, name: &str) -> Option<u32> {
        let view = self.desk.collector.keeper.view();
        view.baselines.get(&BaselineId::parse(name).unwrap()).map(|baseline| baseline.version)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_looked_at_before_it_holds_and_taken_back_after() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let form = |text: &str| format!("text={}", encoded(text));
    let looked = test.post("/baseline-file", &cookie, &form(FILE)).await;
    assert!(looked.text.contains("3 of 3 meet it") && looked.text.contains("Apply it"), "{}", looked.text);
    assert_eq!(test.version("Exam lab"), None, "looking changes nothing");
    let applied = test.post("/baseline-file/apply", &cookie, &form(&FILE.replace('\n', "\r\n"))).await;
    assert_eq!(applied.to, "/baselines/Exam%20lab");
    let page = test.get(&applied.to, &cookie).await.text;
    assert!(page.contains("3 of 3 machines meet it") && page.contains("/baselines/Exam%20lab/remove"), "{page}");

    let harder = FILE.replace("bash", "krita");
    assert!(test.post("/baseline-file", &cookie, &form(&harder)).await.text.contains("3 machines would newly fail, 0 no longer"));
    test.post("/baseline-file/apply", &cookie, &form(&harder)).await;
    let page = test.get("/baselines/Exam%20lab", &cookie).await.text;
    assert!(page.contains("lacks krita") && page.contains("name=\"version\" value=\"1\""), "{page}");
    assert_eq!(test.post("/baselines/Exam%20lab/restore", &cookie, "version=1").await.to, "/baselines/Exam%20lab");
    assert_eq!(test.version("Exam lab"), Some(3), "an earlier version holds again, as a new one");

    test.post("/baselines/Exam%20lab/remove", &cookie, "").await;
    assert_eq!(test.version("Exam lab"), None);
    assert!(test.get("/baselines", &cookie).await.text.contains("Undo"));
    assert!(test.get("/baselines/Exam%20lab", &cookie).await.text.contains("It is removed."));
    test.post("/baselines/Exam%20lab/restore", &cookie, "version=3").await;
    assert!(test.version("Exam lab").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_baseline_is_said_and_stays_written() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    for path in ["/baseline-file", "/baseline-file/apply"] {
        let wrong = test.post(path, &cookie, "text=name+%3D+%22%3Csvg%3E%22%0Arooms+%3D+%5B%22Nowhere%22%5D").await;
        assert!(wrong.text.contains("role=\"alert\"") && wrong.text.contains("Nowhere") && !wrong.text.contains("<svg>"), "{}", wrong.text);
    }
    let from = test.get("/baseline-file?from=PC-1&name=Golden&versions=any", &cookie).await.text;
    assert!(from.contains("Golden") && from.contains("bash"), "{from}");
    assert!(test.get("/baseline-file?from=NONE", &cookie).await.text.contains("role=\"alert\""));
    let viewer = test.cookie(Role::Viewer).await;
    for (path, form) in [("/baseline-file/apply", "text=x"), ("/baselines/Lab/remove", ""), ("/waivers", "title=x")] {
        assert_eq!(test.post(path, &viewer, form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_is_made_and_ended() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    assert!(test.get("/baselines/Lab", &cookie).await.text.contains("3 of 3 don’t meet it"));
    let form = "baseline=Lab&tag=PC-1&title=geogebra&until=30d&reason=no+licence";
    assert_eq!(test.post("/waivers", &cookie, form).await.to, "/baselines/Lab");
    let page = test.get("/baselines/Lab", &cookie).await.text;
    assert!(page.contains("2 of 3 don’t meet it") && page.contains("By a waiver alone"), "{page}");
    assert!(test.get("/baselines", &cookie).await.text.contains("1 machine uses it"));
    let both = test.post("/waivers", &cookie, "tag=PC-1&room=Lab+118&title=x&until=30d&reason=y").await;
    assert!(test.get(&both.to, &cookie).await.text.contains("one tag, or for one room"));
    let id = *test.desk.collector.keeper.view().waivers.keys().next().unwrap();
    test.post(&format!("/waivers/{id}/end"), &cookie, "").await;
    assert!(test.get("/baselines", &cookie).await.text.contains("None: every machine counts."));
    let drift = test.get("/drift", &cookie).await.text;
    assert!(drift.contains("Waiver") && drift.contains("PC-1") && drift.contains("lacks geogebra"), "{drift}");
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_are_listed_with_their_machines() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Viewer).await;
    let page = test.get("/software", &cookie).await.text;
    assert!(page.contains("2 titles") && page.contains("href=\"/software?title=bash\""), "{page}");
    assert!(test.get("/software?text=nothing", &cookie).await.text.contains("Nothing fits."));
    let csv = test.get("/software.csv?text=bas", &cookie).await.text;
    assert!(csv.contains("bash,") && csv.lines().count() == 2, "{csv}");
}
