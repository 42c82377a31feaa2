//! What the library system is owed, whatever happens at the desk and however late it is looked at.

use super::*;
use crate::asset::{Asset, AssetStatus};
use crate::event::Actor;
use crate::loan::Loan;
use crate::person::Person;
use crate::{MirroringId, Tag};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A site with a library system, laptops LT-1 to LT-3 and a printer PR-9.
struct Desk {
    site: Site,
    now: Timestamp,
    /// What the library system took, in order.
    told: Vec<String>,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self { site: Site::default(), now: "2026-11-23T07:00:00Z".parse().unwrap(), told: Vec::new() };
        desk.change(|w| {
            for (number, tag, kind) in [(1, "LT-1", "laptop"), (2, "LT-2", "laptop"), (3, "LT-3", "laptop"), (9, "PR-9", "printer")] {
                let asset = Asset::new(asset(number), Tag::parse(tag).unwrap());
                w.put(Asset { kind: serde_json::from_value(kind.into()).unwrap(), ..asset });
            }
            for (id, name) in [("S1", "Ana Ruiz"), ("S2", "Ben Ode")] {
                w.put(Person::new(person(id), name.to_owned()));
            }
            let facts = LibraryFacts { url: "sip2://koha:6001".into(), kinds: vec!["laptop".into()], ..LibraryFacts::default() };
            set(w, &check(&facts).unwrap());
        });
        desk
    }

    fn change(&mut self, change: impl FnOnce(&mut Working)) {
        self.now += SignedDuration::from_secs(1);
        let mut w = Working::begin(self.site.clone(), self.now, Actor::User("anna".into()));
        change(&mut w);
        self.site = w.finish().site;
    }

    fn lend(&mut self, number: u64, of: u128, to: &str) {
        let (asset, out_at) = (asset(of), self.now + SignedDuration::from_secs(1));
        // What is not said here is as an older version wrote it: the fields of a loan are its own affair.
        let loan: Loan = serde_json::from_value(serde_json::json!({
            "id": number, "asset": asset, "person": to, "out_at": out_at, "by": "anna", "frozen": {},
        }))
        .unwrap();
        self.change(|w| drop(w.put(loan)));
    }

    fn edit(&mut self, number: u64, edit: impl FnOnce(&mut Loan, Timestamp)) {
        self.change(|w| {
            let mut loan = (**w.site.loans.get(&LoanId(number)).unwrap()).clone();
            edit(&mut loan, w.now);
            w.put(loan);
        });
    }

    fn status(&mut self, of: u128, status: AssetStatus) {
        self.change(|w| {
            let known = (**w.site.assets.get(&asset(of)).unwrap()).clone();
            w.put(Asset { status, ..known });
        });
    }

    fn back(&mut self, number: u64) {
        self.edit(number, |loan, now| loan.in_at = Some(now));
    }

    fn follow(&mut self) {
        let all: BTreeSet<AssetId> = self.site.assets.keys().copied().collect();
        let (set_at, seq) = (of(&self.site).unwrap().set_at, self.site.seq);
        self.change(|w| follow(w, set_at, seq, &all));
    }

    /// The library system is told what is next, and answers.
    fn tell(&mut self, answer: impl FnOnce(&Mirroring) -> Outcome) -> bool {
        let Some(owed) = next(&self.site).cloned() else { return false };
        let (set_at, outcome) = (of(&self.site).unwrap().set_at, answer(&owed));
        if matches!(outcome, Outcome::Taken(_)) {
            self.told.push(format!("{} {} {}", owed.step.word(), owed.item, owed.person));
        }
        self.change(|w| settle(w, set_at, owed.id, outcome));
        true
    }

    fn tell_all(&mut self) {
        while self.tell(|_| Outcome::Taken(String::new())) {}
    }

    fn alerts(&self) -> Vec<String> {
        self.site.open_alerts().map(|alert| alert.rule.clone()).collect()
    }

    fn owed(&self) -> Vec<String> {
        self.site.mirrorings.values().map(|owed| format!("{} {} {}", owed.step.word(), owed.item, owed.person)).collect()
    }
}

fn asset(number: u128) -> AssetId {
    AssetId(Uuid::from_u128(number))
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn refuse(_: &Mirroring) -> Outcome {
    Outcome::Refused("unknown patron".into())
}

#[test]
fn a_loan_is_told_once_however_often_it_is_looked_at() {
    let mut desk = Desk::new();
    desk.lend(1, 1, "S1");
    desk.follow();
    desk.follow();
    assert_eq!(desk.owed(), ["check-out LT-1 S1"]);
    desk.tell_all();
    desk.follow();
    desk.back(1);
    desk.follow();
    desk.follow();
    desk.tell_all();
    assert_eq!(desk.told, ["check-out LT-1 S1", "check-in LT-1 S1"]);
    assert!(desk.owed().is_empty());
}

#[test]
fn what_happened_while_nobody_looked_is_told_in_order() {
    let mut desk = Desk::new();
    desk.lend(1, 1, "S1");
    desk.back(1);
    desk.lend(2, 1, "S2");
    desk.lend(3, 9, "S2");
    desk.follow();
    desk.tell_all();
    assert_eq!(desk.told, ["check-out LT-1 S1", "check-in LT-1 S1", "check-out LT-1 S2"], "printers are not mirrored");
}

#[test]
fn a_renewal_another_borrower_and_an_undone_loan_are_told() {
    let mut desk = Desk::new();
    desk.lend(1, 1, "S1");
    desk.follow();
    desk.edit(1, |loan, now| loan.due = Some(now + SignedDuration::from_hours(24)));
    desk.follow();
    desk.edit(1, |loan, _| loan.person = person("S2"));
    assert_eq!(renumbered(&desk.site).collect::<Vec<_>>(), [asset(1)]);
    desk.follow();
    assert_eq!(renumbered(&desk.site).count(), 0);
    desk.change(|w| w.remove::<Loan>(&LoanId(1)));
    desk.follow();
    desk.tell_all();
    let want = ["check-out LT-1 S1", "renewal LT-1 S1", "check-in LT-1 S1", "check-out LT-1 S2", "check-in LT-1 S2"];
    assert_eq!(desk.told, want);
}

#[test]
fn what_leaves_as_part_of_a_kit_is_told_and_what_is_undone_or_lost_is_not() {
    let mut desk = Desk::new();
    let kit = |desk: &mut Desk, number| desk.edit(number, |loan, _| loan.parts = vec![asset(3)]);
    desk.lend(1, 2, "S1");
    kit(&mut desk, 1);
    desk.back(1);
    desk.lend(2, 1, "S2");
    kit(&mut desk, 2);
    desk.follow();
    desk.tell_all();
    let want = ["check-out LT-2 S1", "check-in LT-2 S1", "check-out LT-3 S1", "check-in LT-3 S1", "check-out LT-1 S2", "check-out LT-3 S2"];
    assert_eq!(desk.told, want);
    desk.lend(3, 2, "S1");
    desk.edit(3, |loan, now| (loan.in_at, loan.undone) = (Some(now), true));
    desk.status(1, AssetStatus::Lost);
    desk.edit(2, |loan, now| {
        (loan.in_at, loan.gone) = (Some(now), serde_json::from_value(serde_json::json!({ "how": "lost", "at": now })).unwrap())
    });
    desk.follow();
    assert_eq!(desk.owed(), [""; 0]);
}

#[test]
fn a_return_that_is_undone_is_a_check_out_again() {
    let mut desk = Desk::new();
    desk.lend(1, 1, "S1");
    desk.edit(1, |loan, _| loan.parts = vec![asset(3)]);
    desk.follow();
    desk.back(1);
    let alone = desk.site.loans.get(&LoanId(1)).unwrap().clone();
    desk.change(|w| drop(w.put(Loan { id: LoanId(2), asset: asset(3), in_at: None, parts: vec![], ..(*alone).clone() })));
    desk.follow();
    desk.edit(2, |loan, now| (loan.in_at, loan.undone) = (Some(now), true));
    desk.edit(1, |loan, _| loan.in_at = None);
    desk.follow();
    desk.follow();
    desk.tell_all();
    let of = |desk: &Desk, item: &str| desk.told.iter().filter(|told| told.contains(item)).cloned().collect::<Vec<_>>();
    assert_eq!(of(&desk, "LT-1"), ["check-out LT-1 S1", "check-in LT-1 S1", "check-out LT-1 S1"]);
    assert_eq!(of(&desk, "LT-3").last().map(String::as_str), Some("check-out LT-3 S1"));
    desk.back(1);
    desk.follow();
    desk.follow();
    assert_eq!(desk.owed(), ["check-in LT-1 S1", "check-in LT-3 S1"]);
}

#[test]
fn what_was_lost_and_answered_for_is_told_back_when_it_is_found() {
    let mut desk = Desk::new();
    let lose = |desk: &mut Desk, number, of| {
        desk.status(of, AssetStatus::Lost);
        desk.edit(number, |loan, now| {
            (loan.in_at, loan.gone) = (Some(now), serde_json::from_value(serde_json::json!({ "how": "lost", "at": now })).unwrap());
        });
        desk.follow();
        desk.follow();
    };
    desk.lend(1, 1, "S1");
    desk.lend(2, 2, "S1");
    lose(&mut desk, 1, 1);
    lose(&mut desk, 2, 2);
    assert_eq!(desk.owed(), ["check-out LT-1 S1", "check-out LT-2 S1"], "lent there until they are found");
    desk.status(1, AssetStatus::InService);
    desk.follow();
    desk.follow();
    desk.status(2, AssetStatus::InService);
    desk.lend(3, 2, "S2");
    desk.follow();
    desk.tell_all();
    let want = ["check-out LT-1 S1", "check-out LT-2 S1", "check-in LT-1 S1", "check-in LT-2 S1", "check-out LT-2 S2"];
    assert_eq!(desk.told, want);
}

#[test]
fn loans_that_began_before_are_not_mirrored() {
    let mut desk = Desk::new();
    desk.change(|w| remove(w).unwrap());
    desk.lend(1, 1, "S1");
    let facts = LibraryFacts { url: "sip2://koha".into(), kinds: vec!["laptop".into()], prefix: "T".into(), ..LibraryFacts::default() };
    desk.change(|w| drop(set(w, &check(&facts).unwrap())));
    desk.back(1);
    desk.lend(2, 1, "S1");
    desk.follow();
    assert_eq!(desk.owed(), ["check-out TLT-1 S1"]);
}

#[test]
fn a_refusal_holds_up_its_asset_alone_and_is_shown_until_somebody_decides() {
    let mut desk = Desk::new();
    desk.lend(1, 1, "S1");
    desk.lend(2, 2, "S2");
    desk.follow();
    desk.tell(refuse);
    desk.tell_all();
    assert_eq!((desk.told.clone(), desk.alerts()), (vec!["check-out LT-2 S2".to_owned()], vec!["library-refused".to_owned()]));
    desk.change(|w| drop(retry(w, MirroringId(1)).unwrap()));
    assert!(desk.alerts().is_empty());
    desk.tell(refuse);
    desk.change(|w| drop(drop_one(w, MirroringId(1)).unwrap()));
    assert!(desk.alerts().is_empty() && desk.owed().is_empty());
    desk.back(1);
    desk.follow();
    desk.tell(refuse);
    desk.lend(3, 1, "S2");
    desk.follow();
    desk.tell_all();
    assert_eq!(desk.owed(), ["check-in LT-1 S1", "check-out LT-1 S2"], "in order, behind what is refused");
}

#[test]
fn a_refused_loan_that_is_over_is_told_no_more() {
    let mut desk = Desk::new();
    desk.lend(1, 1, "S1");
    desk.follow();
    desk.tell(refuse);
    desk.edit(1, |loan, now| loan.due = Some(now + SignedDuration::from_hours(24)));
    desk.follow();
    assert_eq!(desk.owed(), ["check-out LT-1 S1"]);
    desk.back(1);
    desk.follow();
    assert!(desk.owed().is_empty() && desk.alerts().is_empty() && desk.told.is_empty());
}

#[test]
fn what_waits_long_is_an_alert_that_passes() {
    let mut desk = Desk::new();
    desk.lend(1, 1, "S1");
    desk.follow();
    let minutes = |desk: &mut Desk, count| {
        desk.now += SignedDuration::from_mins(count);
        let is_news = is_news(&desk.site, desk.now);
        desk.change(judge);
        (is_news, desk.alerts())
    };
    assert_eq!(minutes(&mut desk, 29), (false, vec![]));
    assert_eq!(minutes(&mut desk, 1), (true, vec!["library-behind".to_owned()]));
    assert!(!is_news(&desk.site, desk.now));
    desk.tell_all();
    assert_eq!(minutes(&mut desk, 0), (true, vec![]));
}

#[test]
fn what_the_library_system_says_names_nobody() {
    let desk = Desk::new();
    let check = |said: &str, want: &str| assert_eq!(without_names(&desk.site, &person("S1"), said), want);
    check("Patron RUIZ, Ana is blocked", "Patron S1 is blocked");
    check("ana may not borrow", "S1 may not borrow");
    check("It is out to Ben Ode until May", "It is out to S2 until May");
    check("Ben may not", "Ben may not");
    check("RUIZ,ANA: no, no!", "S1: no, no!");
    check("It is out to Ode/Ben, until May", "It is out to S2, until May");
    check("line\r\nend\u{7}", "line end");
}

#[test]
fn what_can_be_no_library_system_is_refused() {
    let facts = || LibraryFacts { url: "sip2://koha".into(), kinds: vec!["laptop".into()], ..LibraryFacts::default() };
    let told = |facts: LibraryFacts| check(&facts).map(|checked| checked.url).map_err(|refusal| refusal.text);
    assert_eq!(told(facts()).as_deref(), Ok("sip2://koha:6001"));
    assert_eq!(told(LibraryFacts { url: "sip2s://[::1]:9/".into(), ..facts() }).as_deref(), Ok("sip2s://[::1]:9"));
    let check = |bad: LibraryFacts, want: &str| {
        let told = told(bad).unwrap_err();
        assert!(told.contains(want), "{told}");
    };
    check(LibraryFacts { url: "koha:6001".into(), ..facts() }, "can't be a library system's address");
    check(LibraryFacts { url: "sip2://a b".into(), ..facts() }, "can't be a library system's address");
    check(LibraryFacts { kinds: vec![], ..facts() }, "say which kinds");
    check(LibraryFacts { kinds: vec!["book".into()], ..facts() }, "\"book\" is no kind of asset");
    check(LibraryFacts { user: "a|b".into(), ..facts() }, "the login is one line");
    check(LibraryFacts { password: "x".into(), ..facts() }, "belongs to a login");
    check(LibraryFacts { ca: "x".into(), ..facts() }, "belongs to sip2s://");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens at the desk, and whenever it is looked at: the library system is told of each asset check-outs and check-ins by
    /// turns, of the right borrower, and at the end what is so.
    #[test]
    fn told_by_turns_and_at_the_end_what_is_so(acts in prop::collection::vec((0..6_u8, 1..4_u128, any::<bool>()), 1..60)) {
        let mut desk = Desk::new();
        for (act, of, first) in acts {
            let open = desk.site.open_loan(asset(of)).map(|loan| loan.id.0);
            match (act, open) {
                (0 | 1, None) => {
                    // The number of a loan that was undone is given again.
                    let number = desk.site.loans.get_max().map_or(1, |(id, _)| id.0 + 1);
                    desk.lend(number, of, if first { "S1" } else { "S2" });
                }
                (0 | 1, Some(open)) => desk.back(open),
                (2, Some(open)) if first => desk.change(|w| w.remove::<Loan>(&LoanId(open))),
                (2, Some(open)) => desk.edit(open, |loan, now| loan.due = Some(now + SignedDuration::from_hours(9))),
                (3, _) => desk.follow(),
                (4, None) => {
                    let last = desk.site.loans_of(asset(of)).next_back().map(|loan| loan.id.0);
                    last.into_iter().for_each(|last| desk.edit(last, |loan, _| loan.in_at = None));
                }
                _ => { desk.tell(|_| if first { Outcome::Taken(String::new()) } else { Outcome::Unknown("broken".into()) }); }
            }
        }
        desk.follow();
        desk.tell_all();
        for (of, item) in [(1, "LT-1"), (2, "LT-2"), (3, "LT-3")] {
            let mut out: Option<String> = None;
            for told in desk.told.iter().filter(|told| told.contains(item)) {
                let person = told.rsplit(' ').next().unwrap_or_default().to_owned();
                if told.starts_with("check-out") {
                    prop_assert_eq!(out.replace(person), None, "{:?}", desk.told);
                } else if told.starts_with("check-in") {
                    prop_assert_eq!(out.take(), Some(person), "{:?}", desk.told);
                } else {
                    prop_assert_eq!(out.as_ref(), Some(&person), "{:?}", desk.told);
                }
            }
            let now = desk.site.open_loan(asset(of)).map(|loan| loan.person.to_string());
            prop_assert_eq!(out, now, "{:?}", desk.told);
        }
    }
}
