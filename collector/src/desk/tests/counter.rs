//! The counter: boot it now, what is to be settled after a return, the policy of the verdict.

use super::school::{self, HOSTILE};
use super::{TestDesk, new};
use rollcall_proto::{Digest, Section, v1};
use rollcall_site::access::Role;
use rollcall_site::attend::{self, Report, Reported};
use rollcall_site::charge::ChargeState;
use rollcall_site::content::Content;
use rollcall_site::loan::{self, NewLoan, Returned};
use rollcall_site::ticket::TicketState;
use rollcall_site::verdict::{Colour, Scope};
use rollcall_site::{DeviceId, PersonId, Tag, verdict};
use uuid::Uuid;

fn tag() -> Tag {
    Tag::parse("PC-2").unwrap()
}

/// PC-2 is lent, loses its memory meanwhile, and comes back.
async fn returned_without_memory(test: &TestDesk) {
    let memory = Section::Memory(v1::Memory { total_bytes: 4 << 30, modules: vec![], slots_known: true });
    let digest = Digest::of(&memory.encode());
    test.desk.collector.keeper.store().put_blobs(&[(digest, rollcall_proto::pack(&memory.encode()).unwrap())]).unwrap();
    test.change(move |w| {
        let lent = NewLoan::new(tag(), PersonId::parse("18807").unwrap());
        loan::out(w, &Default::default(), NewLoan { override_reason: Some("a test".to_owned()), ..lent })?;
        let sections = vec![Reported { name: "memory".to_owned(), content: Ok(digest), problems: Vec::new() }];
        let report = Report { session: "s".to_owned(), number: 2, at: w.now, full: false, sections };
        let contents = vec![(digest, Content::of(&memory, w.site.packages()))];
        attend::report(w, DeviceId(Uuid::from_u128(2)), report, contents)?;
        loan::back(w, Returned::fine(tag()))
    })
    .await;
}

#[tokio::test]
async fn drafts_of_a_return_are_confirmed_and_waived_at_the_desk() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    assert!(test.get("/loans", &cookie).await.text.contains("aria-labelledby=\"settle-title\" hidden"));
    returned_without_memory(&test).await;
    let page = test.get("/loans", &cookie).await.text;
    for words in ["To settle", "came back from Bo Lind (18807)", "It differs from when it left", "Open the ticket", "Charge it", "waive it"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains(HOSTILE) && !page.contains("<svg"));
    let seen = test.get("/loans", &test.cookie(Role::Viewer).await).await.text;
    assert!(seen.contains("To settle") && !seen.contains("Charge it"), "who only looks confirms nothing");

    let view = || test.desk.collector.keeper.view();
    let (ticket, charge) = (view().tickets.values().next().unwrap().id, view().charges.values().next().unwrap().id);
    let wrong = test.post(&format!("/loans/charges/{charge}/confirm"), &cookie, "amount=much").await;
    assert_eq!(wrong.to, "/loans");
    assert!(test.get("/loans", &cookie).await.text.contains("is not an amount"));
    test.post(&format!("/loans/charges/{charge}/confirm"), &cookie, "amount=45").await;
    test.post(&format!("/loans/tickets/{ticket}/confirm"), &cookie, "").await;
    let page = test.get("/loans", &cookie).await.text;
    assert!(page.contains("45.00 is due from Bo Lind (18807).") && page.contains("settle-title\" hidden"), "{page}");
    assert_eq!(view().charges.values().next().unwrap().state, ChargeState::Due);
    assert_eq!(view().tickets.values().next().unwrap().state, TicketState::Open);
}

#[tokio::test]
async fn the_page_waits_for_a_machine_and_without_script_one_looks_again() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let page = test.get("/loans?tag=PC-1", &cookie).await.text;
    assert!(page.contains("Boot it now") && page.contains("/loans?tag=PC-1&#38;boot="), "{page}");
    let now = test.desk.collector.keeper.clock().now().as_second();
    let waits = test.get(&format!("/loans?tag=PC-1&boot={}", now - 40), &cookie).await.text;
    for words in ["Waiting for PC-1: switch it on here", "40 s ago", "Look again", " data-again"] {
        assert!(waits.contains(words), "{words}: {waits}");
    }
    let over = test.get(&format!("/loans?tag=PC-1&boot={}", now - 3_000), &cookie).await.text;
    assert!(over.contains("PC-1 did not report") && !over.contains(" data-again"), "{over}");
    for odd in ["", "x", "-1", "99999999999999999999", "1"] {
        let page = test.get(&format!("/loans?tag=PC-1&boot={odd}"), &cookie).await.text;
        assert!(!page.contains("id=\"boot\""), "{odd}");
    }
    assert!(!test.get("/loans?tag=PJ-01", &cookie).await.text.contains("Boot it now"), "it has no agent");
}

#[tokio::test]
async fn a_policy_is_set_by_its_form() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let set = test.post("/verdict", &cookie, "kind=pc&reason.device=stop&limit.report_hours=48&price.memory=45&reason.disk=").await;
    assert_eq!(set.to, "/verdict?kind=pc");
    let page = test.get("/verdict?kind=pc", &cookie).await.text;
    assert!(page.contains("The policy for pc is set.") && page.contains("value=\"48\"") && page.contains("value=\"45.00\""), "{page}");
    let view = test.desk.collector.keeper.view();
    let pcs = view.verdict_policies.get(&"pc".parse::<Scope>().unwrap()).unwrap();
    assert_eq!((pcs.colours.len(), pcs.colours.get("device")), (1, Some(&Colour::Stop)));
    assert!(test.get("/verdict", &cookie).await.text.contains("/verdict?kind=pc"), "the page says where else something is set");
    test.post("/verdict", &cookie, "kind=all&reason.loan=go").await;
    assert!(test.get("/verdict", &cookie).await.text.contains("loan can&#39;t be go"));
    assert_eq!(verdict::Policy::of(&view, rollcall_site::asset::AssetKind::Laptop).limit("report_hours"), 24);
}
