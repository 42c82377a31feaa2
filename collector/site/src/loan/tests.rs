//! Tests of lending and taking back.

use super::policy::Said;
use super::sample::{LoanDesk, person, tag};
use super::*;
use crate::asset::{AssetFacts, AssetKind, AssetStatus};
use crate::charge::{self, ChargeState};
use crate::money::Money;
use crate::person::PersonRole;
use crate::presence::Heard;
use crate::{ChargeId, ticket};

fn lend(w: &mut crate::Working, new: NewLoan) -> Result<Arc<Loan>, Refusal> {
    out(w, &Heard::new(), new)
}

fn charges(desk: &LoanDesk) -> Vec<(u64, ChargeState, String)> {
    desk.site.charges.values().map(|charge| (charge.amount.0, charge.state, charge.why.clone())).collect()
}

#[test]
fn a_kit_leaves_and_comes_back_together() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "HOT-1", "HOT-2"]);
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    desk.write("CAM-1", |asset| asset.accessories = vec!["charger".into(), "case".into()]);
    for part in ["HOT-1", "HOT-2"] {
        desk.write(part, |asset| asset.part_of = Some(whole));
    }
    desk.lend("HOT-2", "ben");
    let loan = desk.lend("CAM-1", "ana");
    assert_eq!((loan.accessories.len(), loan.parts.len()), (2, 1));
    assert!(desk.last().contains("with charger, case, HOT-1; HOT-2 is not with it: it is out to ben"), "{}", desk.last());
    // Its part is out with it, and nowhere else.
    let refusal = desk.refused(|w| lend(w, NewLoan::new(tag("HOT-1"), person("ben"))));
    assert!(refusal.contains("as a part of the kit of CAM-1"), "{refusal}");
    assert!(desk.refused(|w| back(w, Returned::fine(tag("HOT-1")))).contains("scan CAM-1 instead"));

    let missing = vec!["Charger".to_owned(), "hot-1".to_owned()];
    desk.policy(Said { accessory: Some(("Charger".into(), "39".into())), ..Said::default() });
    let odd = desk.refused(|w| back(w, Returned { missing: vec!["dock".into()], ..Returned::fine(tag("CAM-1")) }));
    assert!(odd.contains("with it left: charger, case, HOT-1"), "{odd}");
    let loan = desk.must(|w| back(w, Returned { missing, ..Returned::fine(tag("CAM-1")) }));
    assert_eq!(loan.back.as_ref().unwrap().missing, ["charger"]);
    assert_eq!(charges(&desk), [(3_900, ChargeState::Draft, "CAM-1 came back without its charger".to_owned())]);
    let alone = open_of(&desk.site, &tag("HOT-1")).unwrap();
    assert_eq!((alone.person.as_str(), alone.id != loan.id), ("ana", true), "what is not back is still out");
}

#[test]
fn what_stays_behind_is_lent_to_somebody_else() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "HOT-1"]);
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    desk.write("HOT-1", |asset| asset.part_of = Some(whole));
    let without =
        NewLoan { without: vec![tag("HOT-1")], accessories: Some(vec![" strap ".into()]), ..NewLoan::new(tag("CAM-1"), person("ana")) };
    let loan = desk.must(|w| lend(w, without));
    assert_eq!((loan.accessories.as_slice(), loan.parts.len()), (&["strap".to_owned()][..], 0));
    desk.lend("HOT-1", "ben");
    let odd = NewLoan { without: vec![tag("HOT-1")], ..NewLoan::new(tag("HOT-1"), person("ben")) };
    desk.must(|w| back(w, Returned::fine(tag("HOT-1"))));
    assert!(desk.refused(|w| lend(w, odd)).contains("is no part of the kit of HOT-1"));
}

#[test]
fn limits_overdue_items_charges_and_the_agreement_stop_a_loan() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2", "CAM-3"]);
    desk.lend("CAM-1", "ana");
    desk.policy(Said { role: Some(PersonRole::Student), kind: Some(AssetKind::Camera), at_once: Some(1), ..Said::default() });
    let third = || NewLoan::new(tag("CAM-3"), person("ana"));
    assert!(desk.refused(|w| lend(w, third())).contains("has 1 of the kind camera out, and may have 1 at once"));
    let overridden = desk.must(|w| lend(w, NewLoan { override_reason: Some("a film".into()), ..third() }));
    assert_eq!(overridden.override_reason.as_deref(), Some("a film"));
    desk.must(|w| undo_one(w, overridden.id));

    desk.policy(Said { at_once: Some(5), kind: Some(AssetKind::Camera), ..Said::default() });
    desk.hours(24 * 15);
    assert!(desk.refused(|w| lend(w, third())).contains("has 1 loan overdue: CAM-1"));
    desk.policy(Said { overdue_blocks: Some(false), kind: Some(AssetKind::Camera), agreement: Some(true), ..Said::default() });
    assert!(desk.refused(|w| lend(w, third())).contains("has not accepted the loan agreement"));
    desk.must(|w| agree(w, &person("ana")));
    desk.must(|w| agree(w, &person("ana")));
    assert_eq!(desk.events.iter().filter(|event| event.kind == "agreement.accepted").count(), 1);

    desk.bought("CAM-1", 200, "2026-11-01");
    desk.must(|w| lost(w, &tag("CAM-1"), How::Lost, ""));
    desk.must(|w| charge::confirm(w, ChargeId(1), None));
    assert!(desk.refused(|w| lend(w, third())).contains("owes 196.66, more than 50.00"));
    desk.must(|w| charge::pay(w, ChargeId(1)));
    desk.must(|w| lend(w, third()));
    desk.hours(24 * 365);
    desk.must(|w| back(w, Returned::fine(tag("CAM-3"))));
    assert!(desk.refused(|w| lend(w, third())).contains("has not accepted"), "an agreement is of one school year");
}

#[test]
fn what_somebody_had_is_found_by_who_it_was() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2"]);
    desk.lend("CAM-1", "ana");
    desk.must(|w| back(w, Returned::fine(tag("CAM-1"))));
    desk.lend("CAM-1", "ben");
    desk.lend("CAM-2", "ana");
    let had = |desk: &LoanDesk, who: &str| desk.site.loans_to(&person(who)).map(|loan| loan.id.0).collect::<Vec<_>>();
    assert_eq!((had(&desk, "ana"), had(&desk, "ben"), had(&desk, "an")), (vec![1, 3], vec![2], vec![]));
    assert_eq!(crate::person::loans(&desk.site, &person("ana")), (vec![tag("CAM-2")], 2));
    desk.must(|w| crate::person::merge(w, &person("ben"), &person("ana")));
    assert_eq!((had(&desk, "ana"), had(&desk, "ben")), (vec![1, 2, 3], vec![]));
    desk.must(|w| {
        w.remove::<Loan>(&LoanId(2));
        Ok(())
    });
    assert_eq!(had(&desk, "ana"), [1, 3]);
}

#[test]
fn a_charge_of_nothing_is_waived_and_says_how() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1"]);
    let charge = desk.must(|w| charge::propose(w, &person("ana"), &tag("CAM-1"), Money(100), "a scratch"));
    let how = format!("`rollcall charge waive {} REASON`", charge.id);
    assert!(desk.refused(|w| charge::confirm(w, charge.id, Some(Money::ZERO))).contains(&how));
    assert!(desk.refused(|w| charge::change(w, charge.id, Money::ZERO, "a gift")).contains(&how));
}

#[test]
fn lost_paid_and_found_again() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "CAM-2"]);
    desk.bought("CAM-1", 480, "2024-11-24");
    let loan = desk.lend("CAM-1", "ana");
    desk.must(|w| lost(w, &tag("CAM-1"), How::Lost, ""));
    assert_eq!(charges(&desk), [(28_800, ChargeState::Draft, "CAM-1 is lost; worth 288.00 by price and age".to_owned())]);
    let refusal =
        desk.refused(|w| lend(w, NewLoan { override_reason: Some("because".into()), ..NewLoan::new(tag("CAM-1"), person("ben")) }));
    assert!(refusal.contains("is out already"), "{refusal}");
    assert!(!desk.site.loans[&loan.id].is_overdue(desk.now + jiff::SignedDuration::from_hours(10_000)));

    desk.must(|w| found(w, &tag("CAM-1"), Found::WithBorrower));
    assert_eq!(desk.site.charges[&ChargeId(1)].state, ChargeState::Waived);
    assert!(desk.site.loans[&loan.id].is_open() && desk.site.loans[&loan.id].gone.is_none());

    desk.must(|w| lost(w, &tag("CAM-1"), How::Lost, ""));
    desk.must(|w| charge::confirm(w, ChargeId(2), Some(Money(20_000))));
    desk.must(|w| charge::pay(w, ChargeId(2)));
    assert!(desk.site.held_by(&person("ana")).next().is_none(), "who has paid has answered for it");
    assert_eq!(desk.site.asset_by_tag(&tag("CAM-1")).unwrap().status, AssetStatus::Lost);
    let refusal =
        desk.refused(|w| lend(w, NewLoan { override_reason: Some("because".into()), ..NewLoan::new(tag("CAM-1"), person("ben")) }));
    assert!(refusal.contains("`rollcall loan found CAM-1`"), "{refusal}");
    desk.must(|w| found(w, &tag("CAM-1"), Found::Here));
    assert!(desk.events.iter().any(|event| event.text.contains("was paid for under charge 2: 200.00 may be owed back to ana")));
    desk.lend("CAM-1", "ben");

    // What was stolen and reported is answered for by the report.
    desk.lend("CAM-2", "ana");
    desk.must(|w| lost(w, &tag("CAM-2"), How::Stolen, "PD 26-4711"));
    assert_eq!((desk.site.charges.len(), desk.site.held_by(&person("ana")).count()), (2, 0));
}

#[test]
fn who_has_answered_for_a_lost_one_still_has_the_rest_of_its_kit() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "HOT-1", "HOT-2"]);
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    desk.write("HOT-1", |asset| asset.part_of = Some(whole));
    desk.write("HOT-2", |asset| asset.part_of = Some(whole));
    let has = |desk: &LoanDesk, part: &str| {
        let loan = desk.site.open_loan(desk.site.asset_by_tag(&tag(part)).unwrap().id);
        loan.map(|loan| (loan.person.to_string(), loan.asset == whole, loan.gone.is_some()))
    };
    desk.lend("CAM-1", "ana");
    desk.must(|w| lost(w, &tag("CAM-1"), How::Lost, ""));
    desk.must(|w| lost(w, &tag("HOT-2"), How::Lost, ""));
    assert_eq!(charges(&desk).len(), 2, "a part that is lost too is a charge of its own");
    desk.must(|w| charge::waive(w, ChargeId(1), "it was old"));
    assert_eq!(has(&desk, "CAM-1"), None);
    assert_eq!(has(&desk, "HOT-1"), Some(("ana".into(), false, false)));
    assert_eq!(has(&desk, "HOT-2"), Some(("ana".into(), false, true)));
    assert!(desk.refused(|w| lend(w, NewLoan::new(tag("HOT-1"), person("ben")))).contains("lent to ana"));
}

#[test]
fn what_is_lent_is_lost_and_found_by_its_loan() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1"]);
    let id = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    let status = |status| AssetFacts { status: Some(status), ..AssetFacts::default() };
    desk.lend("CAM-1", "ana");
    assert!(desk.refused(|w| asset::set(w, id, status(AssetStatus::Stolen))).contains("`rollcall loan lost CAM-1`"));
    desk.must(|w| asset::set(w, id, status(AssetStatus::InRepair)));
    desk.must(|w| lost(w, &tag("CAM-1"), How::Lost, ""));
    assert!(desk.refused(|w| asset::set(w, id, status(AssetStatus::InService))).contains("`rollcall loan found CAM-1`"));
    desk.must(|w| asset::set(w, id, status(AssetStatus::Lost)));
    desk.must(|w| found(w, &tag("CAM-1"), Found::Here));
    desk.must(|w| asset::set(w, id, status(AssetStatus::Lost)));
    desk.must(|w| asset::set(w, id, status(AssetStatus::InService)));
}

#[test]
fn what_a_newer_version_says_is_kept() {
    fn kept<R: Serialize + serde::de::DeserializeOwned>(mut said: serde_json::Value) {
        said["newer"] = 7.into();
        let read: R = serde_json::from_value(said.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), said);
    }
    let terms = policy::LoanPolicy::default().staff;
    kept::<policy::RoleTerms>(serde_json::to_value(&terms).unwrap());
    kept::<crate::return_diff::Difference>(serde_json::json!({ "part": "disk", "text": "it is missing" }));
    let (step, at) = (crate::reminder::Step::Before, Timestamp::UNIX_EPOCH);
    kept::<crate::reminder::Sent>(serde_json::json!({ "step": step, "due": at, "at": at }));
    let short: policy::RoleTerms = serde_json::from_str("{}").unwrap();
    assert_eq!(short.in_all, 4, "what is not written does not mean none");
}

#[test]
fn a_damage_proposes_a_charge_and_a_ticket() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1"]);
    desk.bought("CAM-1", 400, "2026-11-24");
    for (condition, damage, amount, status) in [
        (Condition::Worn, "", None, AssetStatus::InService),
        (Condition::Damaged, "the lens is scratched", Some(10_000), AssetStatus::InService),
        (Condition::Broken, "it fell", Some(40_000), AssetStatus::InRepair),
    ] {
        desk.lend("CAM-1", "ana");
        let before = (desk.site.charges.len(), desk.site.tickets.len());
        desk.must(|w| back(w, Returned { condition, damage: damage.into(), ..Returned::fine(tag("CAM-1")) }));
        let new = usize::from(amount.is_some());
        assert_eq!((desk.site.charges.len(), desk.site.tickets.len()), (before.0 + new, before.1 + new), "{condition:?}");
        if let Some(amount) = amount {
            assert_eq!(desk.site.charges.get_max().unwrap().1.amount, Money(amount));
        }
        let camera = desk.site.asset_by_tag(&tag("CAM-1")).unwrap();
        assert_eq!(camera.status, status);
        assert!(ticket::open_of(&desk.site, camera.id).all(|ticket| ticket.state == ticket::TicketState::Draft));
    }
}

#[test]
fn a_class_set_is_undone_in_one_and_kept_in_the_record() {
    let mut desk = LoanDesk::new();
    let tags: Vec<String> = (1..=30).map(|number| format!("CAM-{number}")).collect();
    desk.cameras(&tags.iter().map(String::as_str).collect::<Vec<_>>());
    let mut first = None;
    for text in &tags {
        let batch = Some(first.map_or(Batch::Begins, Batch::Of));
        let loan = desk.must(|w| lend(w, NewLoan { batch, ..NewLoan::new(tag(text), person("ms-lee")) }));
        first = first.or(loan.batch);
    }
    let first = first.unwrap();
    desk.must(|w| back(w, Returned::fine(tag("CAM-7"))));
    let undone = desk.must(|w| undo(w, first));
    assert_eq!((undone.undone.len(), undone.over, desk.site.open_loan_count()), (29, 1, 0));
    assert_eq!(of_batch(&desk.site, first).filter(|loan| loan.undone).count(), 29);
    assert!(desk.refused(|w| undo(w, first)).contains("nothing to undo"));
    assert!(desk.refused(|w| undo(w, LoanId(2))).contains("no class set begins with loan 2"));
}

#[test]
fn a_return_that_was_a_mistake_is_undone() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "HOT-1", "HOT-2"]);
    desk.bought("CAM-1", 400, "2026-11-24");
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    desk.write("CAM-1", |asset| asset.accessories = vec!["charger".into()]);
    desk.write("HOT-1", |asset| asset.part_of = Some(whole));
    desk.write("HOT-2", |asset| asset.part_of = Some(whole));
    let new = NewLoan { batch: Some(Batch::Begins), class: Some("Film".into()), ..NewLoan::new(tag("CAM-1"), person("ana")) };
    desk.must(|w| lend(w, new));
    desk.hours(24);
    let before = desk.must(|w| renew(w, &tag("CAM-1"), Due::ByPolicy, None));
    assert!(desk.refused(|w| reopen(w, before.id)).contains("there is no return to undo"));
    let (condition, missing) = (Condition::Broken, vec!["charger".to_owned(), "HOT-1".to_owned()]);
    let returned = || Returned { condition, missing: missing.clone(), damage: "it fell".into(), tag: tag("CAM-1") };
    desk.must(|w| back(w, returned()));
    desk.hours(1);
    assert_eq!(desk.must(|w| reopen(w, before.id)), before, "as it was, with its parts");
    let said = desk.events.iter().find(|event| event.kind == "loan.reopened").map(|event| event.text.as_str());
    assert_eq!(said, Some("The return of CAM-1 is undone: it is still lent to ana"));
    assert_eq!(desk.site.asset_by_tag(&tag("CAM-1")).unwrap().status, AssetStatus::InService);
    assert!(charges(&desk).iter().all(|(_, state, _)| *state == ChargeState::Waived));
    assert!(ticket::open_of(&desk.site, whole).next().is_none());
    assert_eq!((desk.site.open_loan_count(), desk.site.open_loans.len()), (1, 3), "no loan of HOT-1 by itself");

    // A part that came back since is here.
    desk.must(|w| back(w, returned()));
    desk.must(|w| back(w, Returned::fine(tag("HOT-1"))));
    assert_eq!(desk.must(|w| reopen(w, before.id)).parts.len(), 1);
    // What is owed already stands, and so does the return once another loan followed.
    desk.must(|w| back(w, Returned { missing: vec!["charger".into()], ..Returned::fine(tag("CAM-1")) }));
    let charge = desk.site.charges.get_max().unwrap().1.id;
    desk.must(|w| charge::confirm(w, charge, Some(Money(900))));
    assert!(desk.refused(|w| reopen(w, before.id)).contains("is owed: the return stands"));
    desk.must(|w| charge::waive(w, charge, "it was found"));
    let next = desk.lend("CAM-1", "ben");
    assert!(desk.refused(|w| reopen(w, before.id)).contains("is out already: lent to ben"));
    desk.must(|w| back(w, Returned::fine(tag("CAM-1"))));
    assert!(desk.refused(|w| reopen(w, before.id)).contains("only its last return"));
    desk.must(|w| reopen(w, next.id));
    desk.must(|w| undo_one(w, next.id));
    assert!(desk.refused(|w| reopen(w, next.id)).contains("was undone itself"));
    desk.must(|w| reopen(w, before.id));
}

#[test]
fn a_part_that_went_to_somebody_else_since_stays_where_it_is() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "HOT-1"]);
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    desk.write("HOT-1", |asset| asset.part_of = Some(whole));
    let loan = desk.lend("CAM-1", "ana");
    assert_eq!(loan.parts.len(), 1);
    desk.hours(1);
    desk.must(|w| back(w, Returned::fine(tag("CAM-1"))));
    desk.lend("HOT-1", "ben");
    assert!(desk.refused(|w| reopen(w, loan.id)).contains("HOT-1"), "ben has it");
    desk.hours(1);
    desk.must(|w| back(w, Returned::fine(tag("HOT-1"))));
    assert!(desk.must(|w| reopen(w, loan.id)).parts.is_empty(), "it lies on the shelf");
    assert!(desk.last().contains("HOT-1, which came back since, is here"), "{}", desk.last());
}

#[test]
fn what_was_out_again_as_a_part_of_a_kit_was_lent_again() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "HOT-1", "CAM-2"]);
    let [first, other] = ["CAM-1", "CAM-2"].map(|whole| desk.site.asset_by_tag(&tag(whole)).unwrap().id);
    let alone = desk.lend("HOT-1", "ana");
    desk.hours(1);
    desk.must(|w| back(w, Returned::fine(tag("HOT-1"))));
    desk.write("HOT-1", |asset| asset.part_of = Some(first));
    let kit = desk.lend("CAM-1", "ben");
    desk.hours(1);
    desk.must(|w| back(w, Returned::fine(tag("CAM-1"))));
    assert!(desk.refused(|w| reopen(w, alone.id)).contains("HOT-1 was lent again after loan 1"), "ben had it in the meantime");

    // The same for a part that went along with another whole since: it stays where it is.
    desk.write("HOT-1", |asset| asset.part_of = Some(other));
    assert_eq!(desk.lend("CAM-2", "ana").parts.len(), 1);
    desk.hours(1);
    assert!(desk.refused(|w| reopen(w, kit.id)).contains("HOT-1 is out already"));
    desk.must(|w| back(w, Returned::fine(tag("CAM-2"))));
    assert!(desk.must(|w| reopen(w, kit.id)).parts.is_empty());
}

#[test]
fn a_loan_is_renewed_as_often_as_the_policy_says() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1"]);
    desk.lend("CAM-1", "ana");
    assert!(desk.refused(|w| renew(w, &tag("CAM-1"), Due::ByPolicy, None)).contains("is due 2026-12-08 23:59 UTC already"));
    for time in 1..=2 {
        desk.hours(24);
        assert_eq!(desk.must(|w| renew(w, &tag("CAM-1"), Due::ByPolicy, None)).renewals, time);
    }
    desk.hours(24);
    assert!(desk.refused(|w| renew(w, &tag("CAM-1"), Due::ByPolicy, None)).contains("was renewed 2 times already"));
    desk.must(|w| renew(w, &tag("CAM-1"), Due::ByPolicy, Some("exams")));
    assert!(desk.last().contains("(renewal 3); although it was renewed 2 times already, which is the most: exams"), "{}", desk.last());
}

#[test]
fn a_replay_in_the_order_of_keys_knows_who_has_a_part_that_stayed_out() {
    let mut desk = LoanDesk::new();
    desk.cameras(&["CAM-1", "HOT-1", "CAM-2"]);
    let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
    desk.write("HOT-1", |asset| asset.part_of = Some(whole));
    for _ in 0..8 {
        desk.lend("CAM-2", "ben");
        desk.must(|w| back(w, Returned::fine(tag("CAM-2"))));
    }
    assert_eq!(desk.lend("CAM-1", "ana").id, LoanId(9));
    let mut replayed = desk.site.clone();
    let mut w = crate::Working::begin(desk.site.clone(), desk.now, crate::event::Actor::Rollcall);
    back(&mut w, Returned { missing: vec!["HOT-1".into()], ..Returned::fine(tag("CAM-1")) }).unwrap();
    let done = w.finish();
    let keys: Vec<&str> = done.written.iter().filter(|written| written.kind == "loan").map(|written| &*written.key).collect();
    assert_eq!(keys, ["10", "9"], "the new loan comes first");
    done.written.iter().for_each(|written| replayed.restore(written).unwrap());
    let part = replayed.asset_by_tag(&tag("HOT-1")).unwrap().id;
    assert_eq!(replayed.open_loan(part).map(|loan| loan.id), Some(LoanId(10)));
    assert_eq!(replayed.open_loans, done.site.open_loans);
}
