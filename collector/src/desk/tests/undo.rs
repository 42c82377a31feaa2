//! What the desk offers to undo: it takes back just what was done, and nothing that happened since.

use super::school;
use super::{TestDesk, new};
use rollcall_site::access::Role;
use rollcall_site::loan::Loan;
use rollcall_site::{LoanId, Tag};
use std::sync::Arc;

fn loan(test: &TestDesk, tag: &str) -> Arc<Loan> {
    let view = test.desk.collector.keeper.view();
    let asset = view.asset_by_tag(&Tag::parse(tag).unwrap()).unwrap().id;
    Arc::clone(view.loans_of(asset).next_back().unwrap())
}

fn is_out(test: &TestDesk, id: LoanId) -> bool {
    test.desk.collector.keeper.view().loans[&id].is_open()
}

#[tokio::test]
async fn a_lending_is_undone_by_its_loan_and_never_ends_another() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    test.post("/loans/out", &cookie, "tag=PJ-01&person=18807").await;
    let first = loan(&test, "PJ-01").id;
    let page = test.get("/loans", &cookie).await.text;
    let undo = format!(r#"<input type="hidden" name="loan" value="{first}">"#);
    assert_eq!(page.matches(&undo).count(), 2, "the notice and the line of today: {page}");
    assert!(!page.contains(r#"action="/loans/in""#), "{page}");
    test.post("/loans/in", &cookie, "tag=PJ-01").await;
    test.post("/loans/out", &cookie, "tag=PJ-01&person=20431").await;
    let second = loan(&test, "PJ-01").id;
    assert_eq!(test.post("/loans/undo", &cookie, &format!("loan={first}")).await.to, "/loans");
    assert!(test.get("/loans", &cookie).await.text.contains("there is nothing to undo"));
    assert!(is_out(&test, second), "a stale undo leaves the next loan");
    test.post("/loans/undo", &cookie, &format!("loan={second}")).await;
    assert!(test.get("/loans", &cookie).await.text.contains("that loan is undone"));
    assert!(loan(&test, "PJ-01").undone && !is_out(&test, second));
}

#[tokio::test]
async fn a_return_is_undone_and_the_same_loan_goes_on() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    test.post("/loans/out", &cookie, "tag=PJ-01&person=18807&due=2099-12-04").await;
    let before = loan(&test, "PJ-01");
    for back in ["/loans/in", "/loans/return"] {
        test.get("/loans", &cookie).await;
        test.post(back, &cookie, "tag=PJ-01&condition=damaged&damage=a+crack").await;
        let page = test.get("/loans", &cookie).await.text;
        let undo = format!(r#"<input type="hidden" name="returned" value="{}">"#, before.id);
        assert_eq!(page.matches(&undo).count(), 2, "the notice and the line of today: {page}");
        test.post("/loans/undo", &cookie, &format!("returned={}", before.id)).await;
        assert!(test.get("/loans", &cookie).await.text.contains("PJ-01 is not back: Bo Lind (18807) still has it"));
        assert_eq!(*loan(&test, "PJ-01"), *before, "as it was");
    }
    test.post("/loans/undo", &cookie, &format!("returned={}", before.id)).await;
    assert!(test.get("/loans", &cookie).await.text.contains("there is no return to undo"));
}

#[tokio::test]
async fn no_undo_is_offered_that_would_leave_an_agent_silent_or_a_kit_apart() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    for tag in ["HUB-1", "HUB-2", "HUB-3"] {
        test.post("/pile", &cookie, &format!("kind=projector&scan={tag}")).await;
        test.get("/pile", &cookie).await;
    }
    let said = async |path: &str, form: &str| {
        test.post(path, &cookie, form).await;
        test.get("/assets", &cookie).await.text
    };
    let offers = |page: &str| page.contains(">Undo</button>");
    assert!(offers(&said("/assets/HUB-3", "status=retired").await), "it has no agent");
    let page = said("/assets/PC-1", "status=retired").await;
    assert!(page.contains("PC-1 is changed.") && !offers(&page), "{page}");
    assert!(offers(&said("/assets/PC-2", "notes=a+dent").await));
    said("/assets/HUB-2", "part_of=HUB-1").await;
    let page = said("/assets/HUB-1/dispose", "method=recycled&wiped=nothing").await;
    assert!(page.contains("HUB-1 is disposed of") && !offers(&page), "{page}");
    let page = said("/assets/HUB-2/dispose", "method=recycled&wiped=nothing").await;
    assert!(page.contains("HUB-2 is disposed of") && offers(&page), "{page}");
}
