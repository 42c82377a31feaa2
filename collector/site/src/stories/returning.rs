//! Stories of laptops that come back otherwise than they left.

use super::*;
use crate::asset::AssetKind;
use crate::charge::ChargeState;
use crate::loan::{Due, NewLoan, Returned};
use crate::money::Money;
use crate::return_diff::Diff;
use crate::ticket::TicketState;
use crate::verdict::{Change, Scope, policy};

/// A laptop of two modules that is here.
fn laptop(school: &mut School) -> DeviceId {
    let device = school.pc(1, "LT-1", &[]);
    let mut asset = (**school.site.assets.get(&AssetId(Uuid::from_u128(1001))).unwrap()).clone();
    asset.kind = AssetKind::Laptop;
    let purchase = asset::Purchase { price: Some(Money(80_000)), ..asset::Purchase::default() };
    asset.purchase = Some(Box::new(purchase));
    school.must(|w| Ok(w.put(asset)));
    full(school, 2, &[memory(&["11AA", "22BB"]), battery(45_000)]);
    device
}

fn memory(serials: &[&str]) -> Section {
    let module = |(slot, serial): (usize, &&str)| v1::MemoryModule {
        slot: format!("A{slot}"),
        bytes: 8 << 30,
        kind: "DDR4".into(),
        serial: (*serial).into(),
        ..v1::MemoryModule::default()
    };
    let total_bytes = (serials.len() as u64) * (8 << 30);
    Section::Memory(v1::Memory { total_bytes, slots_known: true, modules: serials.iter().enumerate().map(module).collect() })
}

fn battery(full_mwh: u64) -> Section {
    let battery = v1::Battery {
        name: "BAT0".into(),
        model: "L19".into(),
        serial: "B7".into(),
        design_mwh: 50_000,
        full_mwh,
        ..v1::Battery::default()
    };
    Section::Batteries(v1::Batteries { batteries: vec![battery] })
}

/// A report of every section.
fn full(school: &mut School, number: u64, sections: &[Section]) {
    let contents: Vec<_> = sections.iter().map(|section| (Digest::of(&section.encode()), Content::of(section, &Arc::default()))).collect();
    let reported =
        |(digest, content): &(Digest, Content)| Reported { name: content.name().to_owned(), content: Ok(*digest), problems: Vec::new() };
    let sections = contents.iter().map(reported).collect();
    let report = Report { session: "s1".into(), number, at: school.now, full: true, sections };
    school.must(|w| attend::report(w, DeviceId(Uuid::from_u128(1)), report, contents));
}

fn lent(person: &PersonId) -> NewLoan {
    NewLoan { due: Due::Never, override_reason: Some("a story".into()), ..NewLoan::new(tag("LT-1"), person.clone()) }
}

fn lend(school: &mut School, person: &str) -> PersonId {
    let person = pupil(school, person);
    let heard = school.heard.clone();
    school.must(|w| loan::out(w, &heard, lent(&person)));
    school.now += SignedDuration::from_hours(24 * 10);
    person
}

fn leave(school: &mut School, device: DeviceId) {
    school.heard.remove(&device);
    school.must(|w| attend::goodbye(w, device, Goodbye::Shutdown));
}

fn take_back(school: &mut School) -> Diff {
    let loan = school.must(|w| loan::back(w, Returned::fine(tag("LT-1"))));
    loan.diff.as_deref().cloned().unwrap_or_default()
}

fn diff(school: &School) -> Diff {
    school.site.loans.values().next_back().and_then(|loan| loan.diff.as_deref().cloned()).unwrap_or_default()
}

#[test]
fn a_missing_module_is_found_with_the_first_report_and_drafts_a_ticket_and_a_charge() {
    let mut school = School::new();
    let device = laptop(&mut school);
    let ana = lend(&mut school, "S1");
    leave(&mut school, device);
    let at_return = take_back(&mut school);
    assert!(at_return.pending && at_return.at.is_none(), "{at_return:?}");
    let frozen: Vec<Digest> = school.site.loans.values().flat_map(|loan| loan.frozen.values().copied()).collect();
    let is_used = |school: &School, digest: &Digest| school.site.used_contents().iter().any(|(_, used)| used == digest);
    assert!(frozen.iter().all(|digest| is_used(&school, digest)));

    school.now += SignedDuration::from_hours(1);
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    full(&mut school, 3, &[memory(&["11AA"]), battery(45_000)]);
    let diff = diff(&school);
    assert!(!diff.pending && diff.at == Some(school.now), "{diff:?}");
    assert_eq!(diff.differences.len(), 1, "{diff:?}");
    assert!(diff.words().contains("8 GB DDR4 module of A1 (serial 22BB) is missing"), "{}", diff.words());
    let ticket = school.site.tickets.get(&diff.ticket.unwrap()).unwrap();
    assert_eq!(
        (ticket.state, ticket.asset, ticket.loan),
        (TicketState::Draft, Some(AssetId(Uuid::from_u128(1001))), Some(crate::LoanId(1)))
    );
    let alert = school.site.alerts.values().find(|alert| alert.rule == "memory-missing").unwrap();
    assert_eq!(ticket.alerts, [alert.id], "the ticket names the alert of the same matter");
    let charge = school.site.charges.get(&diff.charge.unwrap()).unwrap();
    assert_eq!((charge.state, &charge.person, charge.amount), (ChargeState::Draft, &ana, Money(8_000)));
    assert!(school.told("loan.compared")[0].contains("LT-1 differs from when it left under loan 1"));
    assert_eq!(school.verdict("LT-1"), Verdict::Stop, "the alert is of high severity");

    full(&mut school, 4, &[memory(&["11AA"]), battery(45_000)]);
    assert_eq!((school.site.tickets.len(), school.site.charges.len()), (1, 1), "nothing is proposed twice");
    let old = frozen.iter().filter(|digest| !is_used(&school, digest)).count();
    assert!(old <= 1, "what was compared is let go, but for what the asset was accepted with");
}

#[test]
fn what_is_here_at_its_return_is_compared_at_once() {
    let mut school = School::new();
    laptop(&mut school);
    lend(&mut school, "S1");
    let back = take_back(&mut school);
    assert!(!back.pending && back.at.is_some() && back.words() == "its hardware is as it left", "{back:?}");
    assert!(school.told("loan.compared")[0].contains("is as it left"));
    assert!(school.site.uncompared_loans.is_empty());

    lend(&mut school, "S2");
    full(&mut school, 3, &[memory(&["11AA", "99ZZ"]), battery(45_000)]);
    let back = take_back(&mut school);
    assert!(back.words().contains("there is another part") && back.ticket.is_some() && back.charge.is_some(), "{back:?}");
}

#[test]
fn a_price_of_the_policy_counts_and_a_battery_may_wear() {
    let mut school = School::new();
    let device = laptop(&mut school);
    let prices = [("battery".to_owned(), Some(Money(6_500)))].into();
    school.must(|w| policy::set(w, &Scope::kind(AssetKind::Laptop), Change { prices, ..Change::default() }));
    lend(&mut school, "S1");
    full(&mut school, 3, &[memory(&["11AA", "22BB"]), battery(41_500)]);
    assert!(take_back(&mut school).differences.is_empty(), "7 % are wear");
    lend(&mut school, "S2");
    full(&mut school, 4, &[memory(&["11AA", "22BB"]), battery(30_000)]);
    let back = take_back(&mut school);
    assert!(back.words().contains("holds 60 % of its design capacity, 83 % when it left"), "{back:?}");
    assert_eq!(school.site.charges.get(&back.charge.unwrap()).unwrap().amount, Money(6_500));
    leave(&mut school, device);
}

#[test]
fn one_that_was_lent_again_before_it_reported_is_charged_to_nobody() {
    let mut school = School::new();
    let device = laptop(&mut school);
    lend(&mut school, "S1");
    leave(&mut school, device);
    take_back(&mut school);
    let ben = pupil(&mut school, "S2");
    let heard = school.heard.clone();
    school.must(|w| loan::out(w, &heard, lent(&ben)));
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    full(&mut school, 3, &[memory(&["11AA"]), battery(45_000)]);
    let first = school.site.loans.values().next().and_then(|loan| loan.diff.as_deref().cloned()).unwrap();
    assert!(first.ticket.is_some() && first.charge.is_none(), "{first:?}");
}

#[test]
fn a_report_of_some_sections_or_from_before_the_return_ends_no_waiting() {
    let mut school = School::new();
    let device = laptop(&mut school);
    lend(&mut school, "S1");
    leave(&mut school, device);
    let before = school.now;
    school.now += SignedDuration::from_hours(1);
    take_back(&mut school);
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    let now = std::mem::replace(&mut school.now, before);
    full(&mut school, 3, &[memory(&["11AA", "22BB"]), battery(45_000)]);
    school.now = now;
    school.section(1, 4, battery(45_000));
    assert!(diff(&school).pending);
    check_reason(&school);
    full(&mut school, 5, &[memory(&["11AA", "22BB"]), battery(45_000)]);
    assert!(!diff(&school).pending && diff(&school).differences.is_empty());
}

#[track_caller]
fn check_reason(school: &School) {
    let check = verdict::check(&school.site, &school.heard, &tag("LT-1"), None, school.now).unwrap();
    assert!(check.reasons.iter().any(|reason| reason.code == "return" && reason.text.contains("when it next reports")), "{check:?}");
}
