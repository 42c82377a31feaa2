//! Stories of the loan desk's verdict: its reasons, and the policies that colour them.

use super::*;
use crate::asset::AssetKind;
use crate::charge::{self, NewCharge};
use crate::loan::{Due, NewLoan, Returned};
use crate::money::Money;
use crate::person::{Person, Standing};
use crate::ticket::{self, NewTicket, Priority, TicketState};
use crate::verdict::{Change, Check, Colour, LIMITS, REASONS, Scope, policy};
use crate::vitals::{self, Reading};

/// A laptop that is here and has reported.
fn laptop(school: &mut School) -> DeviceId {
    let device = school.pc(1, "LT-1", &[]);
    let asset = AssetFacts { kind: Some(AssetKind::Laptop), ..AssetFacts::default() };
    school.must(|w| asset::set(w, AssetId(Uuid::from_u128(1001)), asset));
    device
}

fn check_for(school: &School, person: Option<&PersonId>) -> Check {
    verdict::check(&school.site, &school.heard, &tag("LT-1"), person, school.now).unwrap()
}

/// The verdict, and what the reason of that code says.
#[track_caller]
fn check(school: &School, person: Option<&PersonId>, code: &str, want: Verdict, words: &str) {
    let check = check_for(school, person);
    let of_code: Vec<_> = check.reasons.iter().filter(|reason| reason.code == code).collect();
    assert!(of_code.iter().any(|reason| reason.verdict == want && reason.text.contains(words)), "{code} {words}: {check:#?}");
    assert!(of_code.iter().all(|reason| (reason.verdict == Verdict::Go) || !reason.remedy.is_empty()), "{check:#?}");
}

fn is_told(school: &School, code: &str) -> bool {
    check_for(school, None).reasons.iter().any(|reason| reason.code == code)
}

fn off(school: &mut School, device: DeviceId) {
    school.heard.remove(&device);
    school.must(|w| attend::goodbye(w, device, Goodbye::Shutdown));
}

fn lent(person: &PersonId) -> NewLoan {
    NewLoan { due: Due::Never, override_reason: Some("a story".into()), ..NewLoan::new(tag("LT-1"), person.clone()) }
}

fn lend_and_take_back(school: &mut School, person: &PersonId) {
    let heard = school.heard.clone();
    school.must(|w| loan::out(w, &heard, lent(person)));
    school.now += SignedDuration::from_hours(24);
    school.must(|w| loan::back(w, Returned::fine(tag("LT-1"))));
}

#[test]
fn the_codes_of_reasons_are_told_apart_and_every_reason_has_its_words() {
    let mut codes: Vec<&str> = REASONS.iter().map(|concern| concern.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), REASONS.len());
    assert!(REASONS.iter().all(|concern| !concern.title.is_empty() && !concern.word.is_empty() && concern.usual >= concern.least));
    assert!(LIMITS.iter().all(|limit| (limit.least..=limit.most).contains(&limit.value)));
}

#[test]
fn health_of_the_machine_has_its_say() {
    let mut school = School::new();
    let device = laptop(&mut school);
    check(&school, None, "seen", Verdict::Go, "it is here");
    let battery = |full| {
        let battery = v1::Battery { name: "BAT0".into(), design_mwh: 50_000, full_mwh: full, cycles: 1, ..v1::Battery::default() };
        Section::Batteries(v1::Batteries { batteries: vec![battery] })
    };
    school.section(1, 2, battery(45_000));
    check(&school, None, "battery", Verdict::Go, "90 % of its design capacity, 1 cycle");
    school.section(1, 3, battery(30_000));
    check(&school, None, "battery", Verdict::Check, "60 %");
    let reading = |charge, used| Reading { charge: Some(charge), disks: [("/".to_owned(), used)].into(), ..Reading::default() };
    school.must(|w| vitals::take(w, device, reading(80, 40)));
    check(&school, None, "battery-charge", Verdict::Go, "about 80 %");
    check(&school, None, "disk", Verdict::Go, "/ has 60 % of its space free");
    school.now += SignedDuration::from_mins(5);
    school.must(|w| vitals::take(w, device, reading(20, 91)));
    check(&school, None, "battery-charge", Verdict::Check, "about 20 %");
    check(&school, None, "disk", Verdict::Check, "9 %");
    school.section(1, 4, Section::Updates(v1::Updates { restart_needed: true, ..v1::Updates::default() }));
    check(&school, None, "restart", Verdict::Go, "needed a restart");
    school.now += SignedDuration::from_hours(24 * 4);
    check(&school, None, "restart", Verdict::Check, "4 days");
}

#[test]
fn a_borrower_has_their_standing_and_their_block() {
    let mut school = School::new();
    laptop(&mut school);
    let ana = pupil(&mut school, "S1");
    let says = |school: &School, code, want, words| check(school, Some(&ana), code, want, words);
    says(&school, "borrower", Verdict::Go, "S1 is in the roster and has nothing out");
    let with = |school: &mut School, edit: fn(&mut Person)| {
        let mut person = (**school.site.persons.get(&ana).unwrap()).clone();
        edit(&mut person);
        school.must(|w| Ok(w.put(person)));
    };
    with(&mut school, |person| person.blocked = Some("lost two chargers".into()));
    says(&school, "blocked", Verdict::Stop, "lost two chargers");
    with(&mut school, |person| (person.blocked, person.standing) = (None, Standing::Provisional));
    says(&school, "provisional", Verdict::Check, "not in the roster yet");
    with(&mut school, |person| person.standing = Standing::Left("2026-11-02T08:00:00Z".parse().unwrap()));
    says(&school, "left", Verdict::Stop, "since 2026-11-02");
    let nobody = PersonId::parse("S9").unwrap();
    check(&school, Some(&nobody), "borrower", Verdict::Stop, "nobody in the roster");
}

#[test]
fn a_ticket_keeps_it_here_by_its_priority_and_accessories_are_handed_out() {
    let mut school = School::new();
    laptop(&mut school);
    let asset = AssetId(Uuid::from_u128(1001));
    let open = |school: &mut School, title: &str, priority, state| {
        let new = NewTicket { title: title.into(), priority, state, asset: Some(asset), ..NewTicket::default() };
        school.must(|w| ticket::open(w, new))
    };
    open(&mut school, "a key is loose", Priority::Normal, TicketState::Draft);
    check(&school, None, "tickets", Verdict::Check, "ticket 1 is proposed: a key is loose");
    open(&mut school, "smells of smoke", Priority::Urgent, TicketState::Open);
    check(&school, None, "tickets-pressing", Verdict::Stop, "ticket 2 is open: smells of smoke");
    let mut with = (**school.site.assets.get(&asset).unwrap()).clone();
    with.accessories = vec!["charger".into(), "case".into()];
    school.must(|w| Ok(w.put(with)));
    check(&school, None, "accessories", Verdict::Go, "charger, case");
    assert_eq!(check_for(&school, None).hand_out, ["charger", "case"]);
}

#[test]
fn one_that_is_switched_off_is_judged_by_the_age_of_its_report() {
    let mut school = School::new();
    let device = laptop(&mut school);
    off(&mut school, device);
    school.now += SignedDuration::from_hours(20);
    check(&school, None, "seen", Verdict::Go, "it is switched off; its last report is 20 h old");
    school.now += SignedDuration::from_hours(5);
    check(&school, None, "seen", Verdict::Check, "last heard 25 h ago");
    assert_eq!(check_for(&school, None).awaits, Some(verdict::Awaits::Start));
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    assert_eq!(check_for(&school, None).awaits, Some(verdict::Awaits::Report));
    school.report(1, 2, &[]);
    assert_eq!(check_for(&school, None).awaits, None);
    check(&school, None, "seen", Verdict::Go, "it is here");
    school.now += SignedDuration::from_hours(25);
    school.heard.insert(device, school.now);
    check(&school, None, "seen", Verdict::Check, "it is here, but its last report is 25 h old");
    assert_eq!(check_for(&school, None).awaits, Some(verdict::Awaits::Rescan));
}

#[test]
fn one_that_lies_on_its_shelf_since_a_clean_return_stays_go() {
    let mut school = School::new();
    let device = laptop(&mut school);
    let ana = pupil(&mut school, "S1");
    school.section(1, 2, Section::Memory(v1::Memory { total_bytes: 8 << 30, ..v1::Memory::default() }));
    let days = |school: &mut School, days: i64| school.now += SignedDuration::from_hours(24 * days);
    lend_and_take_back(&mut school, &ana);
    off(&mut school, device);
    days(&mut school, 20);
    check(&school, None, "seen", Verdict::Go, "switched off since it came back clean on 2026-11-24");
    days(&mut school, 80);
    check(&school, None, "seen", Verdict::Check, "last heard");
    school.must(|w| policy::set(w, &Scope::all(), Change { limits: [("shelf_days".into(), Some(200))].into(), ..Change::default() }));
    check(&school, None, "seen", Verdict::Go, "came back clean");
    let new = NewTicket { title: "a key is loose".into(), asset: Some(AssetId(Uuid::from_u128(1001))), ..NewTicket::default() };
    school.must(|w| ticket::open(w, new));
    check(&school, None, "seen", Verdict::Check, "last heard");
}

#[test]
fn one_that_was_lost_and_answered_for_is_not_clean_when_it_is_found() {
    let mut school = School::new();
    let device = laptop(&mut school);
    let ana = pupil(&mut school, "S1");
    let heard = school.heard.clone();
    let lent = NewLoan { due: Due::Never, override_reason: Some("a story".into()), ..NewLoan::new(tag("LT-1"), ana) };
    school.must(|w| loan::out(w, &heard, lent));
    off(&mut school, device);
    school.now += SignedDuration::from_hours(24);
    school.must(|w| loan::lost(w, &tag("LT-1"), loan::How::Lost, ""));
    let charge = *school.site.charges.get_max().map(|(id, _)| id).unwrap();
    school.must(|w| charge::waive(w, charge, "it was old"));
    school.now += SignedDuration::from_hours(48);
    school.must(|w| loan::found(w, &tag("LT-1"), loan::Found::Here));
    check(&school, None, "seen", Verdict::Check, "last heard");
}

#[test]
fn one_that_reported_long_before_its_return_must_be_switched_on() {
    let mut school = School::new();
    let device = laptop(&mut school);
    let ana = pupil(&mut school, "S1");
    off(&mut school, device);
    school.now += SignedDuration::from_hours(24 * 5);
    lend_and_take_back(&mut school, &ana);
    check(&school, None, "seen", Verdict::Check, "last heard");
    school.must(|w| policy::set(w, &Scope::all(), Change { limits: [("return_days".into(), Some(6))].into(), ..Change::default() }));
    check(&school, None, "seen", Verdict::Go, "came back clean");
}

#[test]
fn a_policy_colours_reasons_by_kind_and_never_below_their_floor() {
    let mut school = School::new();
    let device = laptop(&mut school);
    off(&mut school, device);
    school.now += SignedDuration::from_hours(30);
    let colour = |colour| Change { colours: [("seen".to_owned(), colour)].into(), ..Change::default() };
    let laptops = Scope::kind(AssetKind::Laptop);
    school.must(|w| policy::set(w, &laptops, colour(Some(Colour::Stop))));
    assert_eq!(school.verdict("LT-1"), Verdict::Stop);
    school.must(|w| policy::set(w, &Scope::all(), colour(Some(Colour::Go))));
    assert_eq!(school.verdict("LT-1"), Verdict::Stop, "the kind's own word counts first");
    school.must(|w| policy::set(w, &laptops, colour(None)));
    assert!(school.verdict("LT-1") == Verdict::Go && is_told(&school, "seen"));
    assert_eq!(school.site.verdict_policies.len(), 1, "nothing is left of a policy that says nothing");
    school.must(|w| policy::set(w, &Scope::all(), colour(Some(Colour::Off))));
    assert!(!is_told(&school, "seen"));
    let hours = Change { limits: [("report_hours".into(), Some(48))].into(), ..colour(None) };
    school.must(|w| policy::set(w, &laptops, hours));
    school.must(|w| policy::set(w, &Scope::all(), colour(None)));
    check(&school, None, "seen", Verdict::Go, "30 h old");

    let refused = |school: &mut School, change: Change| school.change(|w| policy::set(w, &Scope::all(), change)).unwrap_err().text;
    let loan = Change { colours: [("loan".into(), Some(Colour::Go))].into(), ..Change::default() };
    assert!(refused(&mut school, loan).contains("loan can't be go"));
    let odd = Change { colours: [("moon".into(), None)].into(), ..Change::default() };
    assert!(refused(&mut school, odd).contains("there are accessories, "));
    let hours = Change { limits: [("report_hours".into(), Some(0))].into(), ..Change::default() };
    assert!(refused(&mut school, hours).contains("must be 1 to 8760 h"));
    let price = Change { prices: [("wheel".into(), Some(Money(1)))].into(), ..Change::default() };
    assert!(refused(&mut school, price).contains("there is no part \"wheel\""));
    assert!("toaster".parse::<Scope>().is_err() && "LAPTOP".parse::<Scope>() == Ok(laptops));
}

#[test]
fn charges_of_the_borrower_do_not_keep_the_page_from_answering() {
    let mut school = School::new();
    laptop(&mut school);
    let ana = pupil(&mut school, "S1");
    let new =
        NewCharge { person: ana.clone(), asset: AssetId(Uuid::from_u128(1001)), loan: None, amount: Money(100), why: "a story".into() };
    school.must(|w| charge::draft(w, new));
    assert!(check_for(&school, Some(&ana)).person == Some(ana));
}
