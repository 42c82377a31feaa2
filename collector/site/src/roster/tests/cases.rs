//! What deliveries do, one by one.

use super::*;

#[test]
fn who_is_not_in_a_full_roster_any_more_has_left_and_stays_known() {
    let mut school = School::new();
    let first = school.take(&bulk(vec![user("a", "1", "Ana"), user("b", "2", "Bo")]), &Terms::default());
    assert_eq!((first.counts.added, first.card), (2, CardSource::Identifier));
    school.lend(1, "2");
    let second = school.take(&bulk(vec![user("a", "1", "Ana")]), &Terms::default());
    assert_eq!((second.counts.left, second.counts.same), (1, 1));
    assert_eq!(school.person("2").standing, Standing::Left(now()));
    let found = discrepancies(&school.0, now());
    assert_eq!((found[0].doubt, found[0].has[0].as_str()), (Doubt::LeftWithThings, "LT-1"));
    let third = school.take(&bulk(vec![user("a", "1", "Ana"), user("b", "2", "Bo")]), &Terms::default());
    assert_eq!(third.counts.back, 1);
    assert_eq!(school.here(), ["1", "2"]);
}

#[test]
fn changes_alone_touch_nobody_else() {
    let mut school = School::new();
    school.take(&bulk(vec![user("a", "1", "Ana"), user("b", "2", "Bo"), user("c", "3", "Cy")]), &Terms::default());
    let plan = school.take(&delta(vec![gone("b"), user("c", "3", "Cyrus"), user("d", "4", "Di")]), &Terms::default());
    assert_eq!((plan.counts.left, plan.counts.changed, plan.counts.added, plan.counts.same), (1, 1, 1, 1));
    assert_eq!(school.here(), ["1", "3", "4"]);
    assert_eq!(school.person("3").name, "Cyrus");
}

#[test]
fn a_roster_gone_short_is_refused_unless_a_person_says_that_it_is_right() {
    let mut school = School::new();
    let rows: Vec<UserRow> = (0..60).map(|n| user(&format!("s{n}"), &format!("{n}"), "Name")).collect();
    school.take(&bulk(rows.clone()), &Terms::default());
    let terms = Terms::default();
    assert!(school.plan(&bulk(rows[..48].to_vec()), &terms).suspicious.is_empty(), "one in five may leave");
    let short = school.plan(&bulk(rows[..47].to_vec()), &terms);
    assert!(short.suspicious[0].contains("gone short: 13 people of 60"), "{:?}", short.suspicious);
    assert!(!school.plan(&bulk(Vec::new()), &terms).suspicious.is_empty());
    school.take(&bulk(rows[..47].to_vec()), &Terms { leaving: Guard::Off, ..terms });
    assert_eq!(school.here().len(), 47);
    let few = School::new();
    assert!(few.plan(&bulk(Vec::new()), &Terms::default()).suspicious[0].contains("nobody"), "an empty roster");
}

#[test]
fn a_file_of_which_thousands_of_rows_cant_be_used_is_no_roster() {
    let school = School::new();
    let refused = |rows: Vec<UserRow>| plan(&school.0, &bulk(rows), &Terms::default(), today()).unwrap_err().text;
    let twice: Vec<UserRow> = (0..=MOST_BAD + 1).map(|_| user("a", "1", "Ana")).collect();
    assert!(school.plan(&bulk(twice[1..].to_vec()), &Terms::default()).bad.len() == MOST_BAD);
    assert!(refused(twice).contains("more than 5000 rows"));
    let one_card = (0..=MOST_BAD + 1).map(|n| UserRow { source: format!("s{n:255}"), ..user("", "1", "Ana") }).collect();
    let text = refused(one_card);
    assert!(text.contains("--card") && text.len() < 1_000, "{text}");
}

#[test]
fn families_and_other_schools_are_not_taken_in() {
    let mut school = School::new();
    let mother = UserRow { role: Some(RosterRole::Family), ..user("m", "9", "Mother") };
    let other = UserRow { orgs: vec!["org-2".into()], ..user("o", "8", "Other") };
    let teacher = UserRow { role: Some(RosterRole::Staff), ..user("t", "7", "Teacher") };
    let orgs = vec![Org { source: "org-1".into(), name: "Lincoln Middle".into(), kind: "school".into() }];
    let mut delivery = bulk(vec![user("a", "1", "Ana"), mother, other, teacher]);
    delivery.orgs = Part { mode: Mode::Bulk, rows: orgs };
    let refused = plan(&school.0, &delivery, &Terms { schools: Some(vec!["Adams".into()]), ..Terms::default() }, today()).unwrap_err();
    assert!(refused.text.contains("Lincoln Middle (org-1)"), "{refused}");
    let plan = school.take(&delivery, &Terms { schools: Some(vec!["lincoln middle".into()]), ..Terms::default() });
    assert_eq!((plan.left_out.family, plan.left_out.elsewhere, plan.counts.added), (1, 1, 2));
    assert_eq!(school.person("7").role, PersonRole::Staff);
    assert_eq!(settings(&school.0).schools, ["org-1"]);
    // Said beforehand by name, as when a folder is watched before anything came.
    let mut early = School::new();
    early.change(|w| choose(w, None, Some(vec!["Lincoln Middle".into()])));
    assert_eq!((early.take(&delivery, &Terms::default()).counts.added, &settings(&early.0).schools), (2, &vec!["org-1".to_owned()]));
    let changes = delta(vec![user("b", "2", "Bo")]);
    assert_eq!(early.take(&changes, &Terms::default()).counts.added, 1, "a delivery without orgs");
}

#[test]
fn the_card_is_the_first_column_that_fits_everybody_and_stays_it() {
    let school = |rows: Vec<UserRow>| School::new().plan(&bulk(rows), &Terms::default());
    let with = |row: UserRow, username: &str| UserRow { username: username.into(), ..row };
    assert_eq!(school(vec![with(user("a", "1", "Ana"), "ana"), with(user("b", "", "Bo"), "bo")]).card, CardSource::Username);
    assert_eq!(school(vec![user("a", "", "Ana"), user("b", "", "Bo")]).card, CardSource::SourcedId);
    let mut school = School::new();
    school.take(&bulk(vec![with(user("a", "1", "Ana"), "ana")]), &Terms::default());
    let plan = school.plan(&delta(vec![with(user("b", "", "Bo"), "bo")]), &Terms::default());
    assert_eq!((plan.card, plan.bad.len(), plan.counts.added), (CardSource::Identifier, 1, 0));
    assert!(plan.bad[0].what.contains("empty"), "{:?}", plan.bad);
}

#[test]
fn two_with_one_card_are_neither_taken_in_nor_let_go() {
    let mut school = School::new();
    school.take(&bulk(vec![user("a", "1", "Ana"), user("b", "2", "Bo")]), &Terms::default());
    let twice = UserRow { line: 3, ..user("b", "1", "Bo") };
    let plan = school.take(&bulk(vec![user("a", "1", "Ana"), twice]), &Terms::default());
    assert_eq!((plan.bad.len(), plan.bad[0].line, plan.steps.len()), (1, 3, 0));
    let held = school.take(&delta(vec![user("c", "1", "Cy")]), &Terms::default());
    assert!(held.bad[0].what.contains("the card 1 is that of another person"), "{:?}", held.bad);
    assert_eq!((school.here(), school.person("1").name.as_str()), (vec!["1", "2"], "Ana"));
}

#[test]
fn rows_that_cannot_be_used_let_nobody_go() {
    let mut school = School::new();
    school.take(&bulk(vec![user("a", "1", "Ana"), user("b", "2", "Bo"), user("c", "3", "Cy")]), &Terms::default());
    let named = Delivery { unread: ["b".to_owned()].into(), ..bulk(vec![user("a", "1", "Ana")]) };
    assert_eq!(school.plan(&named, &Terms::default()).steps.iter().map(|step| step.entry.id.as_str()).collect::<Vec<_>>(), ["3"]);
    let nameless = Delivery { nameless: 1, ..bulk(vec![user("a", "1", "Ana")]) };
    assert!(school.plan(&nameless, &Terms::default()).steps.is_empty());
}

#[test]
fn a_new_card_takes_everything_with_it_and_a_reused_one_takes_nothing() {
    let mut school = School::new();
    school.take(&bulk(vec![user("a", "1", "Ana"), user("b", "2", "Bo")]), &Terms::default());
    school.lend(1, "1");
    school.change(|w| person::block(w, &id("1"), "owes 20").unwrap());
    let plan = school.take(&bulk(vec![user("a", "11", "Ana"), user("b", "2", "Bo")]), &Terms::default());
    assert_eq!(plan.counts.renumbered, 1);
    assert_eq!(school.here(), ["11", "2"]);
    assert_eq!((person::has(&school.0, &id("11")).len(), school.person("11").blocked.as_deref()), (1, Some("owes 20")));
    // Bo leaves, and his number is given to somebody else.
    school.lend(2, "2");
    school.take(&bulk(vec![user("a", "11", "Ana")]), &Terms::default());
    let plan = school.take(&bulk(vec![user("a", "11", "Ana"), user("c", "2", "Cy")]), &Terms::default());
    assert!(plan.bad[0].what.contains("still has something") && plan.steps.is_empty(), "{plan:?}");
    // The student information system names everybody anew.
    let plan = school.take(&bulk(vec![user("x", "11", "Ana"), user("b", "2", "Bo")]), &Terms::default());
    assert_eq!((plan.counts.changed, plan.counts.back, plan.counts.left), (1, 1, 0));
    assert_eq!(school.person("11").source, "x");
}

#[test]
fn somebody_else_on_a_card_of_before_waits_until_its_former_holder_is_forgotten() {
    let mut school = School::new();
    school.take(&bulk(vec![user("a", "1", "Ana Ruiz"), user("b", "2", "Bo")]), &Terms::default());
    school.change(|w| person::block(w, &id("2"), "owes 20").unwrap());
    let next = bulk(vec![user("a", "1", "Ana Ruiz"), user("c", "2", "Cy")]);
    // Bo leaves with the delivery that gives his card to Cy.
    for left in [1, 0] {
        let plan = school.take(&next, &Terms::default());
        assert!(plan.bad[0].what.contains("has left: forget them with `rollcall person forget 2`"), "{:?}", plan.bad);
        assert_eq!((plan.counts.left, plan.counts.added, school.person("2").name.as_str()), (left, 0, "Bo"));
    }
    let moved = school.plan(&bulk(vec![user("a", "2", "Ana Ruiz")]), &Terms { cards: Guard::Off, leaving: Guard::Off, ..Terms::default() });
    assert!(moved.bad[0].what.contains("`rollcall person forget 2`"), "somebody known, too: {:?}", moved.bad);
    school.change(|w| {
        asset::add(w, AssetId(uuid::Uuid::from_u128(7)), Tag::parse("LT-7").unwrap(), AssetFacts::default()).unwrap();
        charge::propose(w, &id("2"), &Tag::parse("LT-7").unwrap(), Money(500), "a key").unwrap();
        person::forget(w, &id("2")).unwrap();
    });
    let owes = school.take(&next, &Terms::default());
    assert!(owes.bad[0].what.contains("`rollcall charge waive 1 REASON`") && owes.steps.is_empty(), "{:?}", owes.bad);
    school.change(|w| charge::waive(w, ChargeId(1), "a gift").unwrap());
    assert_eq!(school.take(&next, &Terms::default()).counts.added, 1);
    assert_eq!((school.person("2").name.as_str(), &school.person("2").blocked), ("Cy", &None));
    // The same human being under a new key, and written otherwise.
    let again = school.take(&bulk(vec![user("x", "1", "RUIZ, Ana"), user("c", "2", "Cy")]), &Terms::default());
    assert_eq!((again.counts.changed, again.bad.len(), school.person("1").source.as_str()), (1, 0, "x"));
}

#[test]
fn provisional_borrowers_are_reconciled_by_card_or_by_word() {
    let mut school = School::new();
    let new = |name: &str| NewPerson { name: Some(name.into()), ..NewPerson::default() };
    school.change(|w| person::add(w, id("1"), new("Ana R.")).unwrap());
    school.change(|w| person::add(w, id("guest"), new("bo")).unwrap());
    school.lend(1, "1");
    school.lend(2, "guest");
    let plan = school.take(&bulk(vec![user("a", "1", "Ana Ruiz"), user("b", "2", "Bo")]), &Terms::default());
    assert_eq!((plan.counts.reconciled, plan.counts.added), (1, 1));
    assert_eq!((school.person("1").standing, school.person("1").name.as_str()), (Standing::Enrolled, "Ana Ruiz"));
    let found = discrepancies(&school.0, now());
    assert_eq!((found.len(), found[0].doubt, &found[0].people), (1, Doubt::Provisional, &vec![id("guest"), id("2")]));
    let merged = school.change(|w| person::merge(w, &id("guest"), &id("2")).unwrap());
    assert_eq!((merged.loans, person::has(&school.0, &id("2")).len()), (1, 1));
    assert!(!school.0.persons.contains_key(&id("guest")) && discrepancies(&school.0, now()).is_empty());
    assert!(school.change(|w| person::merge(w, &id("1"), &id("2"))).is_err(), "two of the roster");
}

#[test]
fn roles_of_their_own_file_come_and_go() {
    let mut school = School::new();
    let plain = |source: &str, card: &str| UserRow { role: None, orgs: Vec::new(), ..user(source, card, source) };
    let role = |source: &str, user: &str, role: RosterRole| RoleRow {
        source: source.into(),
        status: RowStatus::Active,
        user: user.into(),
        role,
        org: "org-1".into(),
        ends: None,
    };
    let with = |delivery: Delivery, mode: Mode, rows: Vec<RoleRow>| Delivery { roles: Part { mode, rows }, ..delivery };
    let rows = vec![
        role("r1", "a", RosterRole::Student),
        role("r2", "t", RosterRole::Staff),
        role("r3", "t", RosterRole::Student),
        role("r4", "m", RosterRole::Family),
        RoleRow { ends: Some("2026-11-22".parse().unwrap()), ..role("r5", "o", RosterRole::Staff) },
    ];
    let all = vec![plain("a", "1"), plain("t", "2"), plain("m", "3"), plain("o", "4"), plain("n", "5")];
    let plan = school.take(&with(bulk(all), Mode::Bulk, rows), &Terms::default());
    assert_eq!((plan.counts.added, plan.left_out), (2, LeftOut { family: 1, elsewhere: 1, no_role: 1 }));
    let gone = |row: RoleRow| RoleRow { status: RowStatus::ToBeDeleted, ..row };
    let one = with(Delivery::default(), Mode::Delta, vec![gone(role("r3", "t", RosterRole::Student))]);
    school.take(&one, &Terms::default());
    assert_eq!(school.person("2").role, PersonRole::Staff);
    let last = with(Delivery::default(), Mode::Delta, vec![gone(role("r2", "t", RosterRole::Staff))]);
    assert_eq!(school.take(&last, &Terms::default()).counts.left, 1);
    assert_eq!(school.here(), ["1"]);
}

#[test]
fn classes_name_their_people_only_in_the_peoples_own_records() {
    let mut school = School::new();
    let teacher = UserRow { role: Some(RosterRole::Staff), ..user("t", "7", "Ana Ruiz") };
    let row = |class: &str, title: &str| ClassRow {
        id: class_id(class),
        status: RowStatus::Active,
        title: title.into(),
        code: String::new(),
        room: "118".into(),
        school: String::new(),
    };
    let sits = |class: &str, user: &str| EnrollmentRow { status: RowStatus::Active, class: class_id(class), user: user.into() };
    let mut delivery = bulk(vec![user("a", "1", "Bo"), teacher]);
    delivery.classes = Part { mode: Mode::Bulk, rows: vec![row("c1", "Algebra 1"), row("c2", "Ruiz: art")] };
    let rows = vec![sits("c1", "a"), sits("c1", "t"), sits("c2", "t"), sits("c9", "a"), sits("c1", "nobody")];
    delivery.enrollments = Part { mode: Mode::Bulk, rows };
    let plan = school.take(&delivery, &Terms::default());
    assert_eq!(plan.counts.classes, 2);
    assert_eq!(school.0.classes[&class_id("c2")].title, "c2");
    let who = |role| class::with_role(&school.0, &class_id("c1"), role).map(|person| person.id.to_string()).collect::<Vec<_>>();
    assert_eq!((who(PersonRole::Student), who(PersonRole::Staff)), (vec!["1".into()], vec!["7".into()]));
    let leaves = EnrollmentRow { status: RowStatus::ToBeDeleted, ..sits("c1", "a") };
    let moved = Delivery { enrollments: Part { mode: Mode::Delta, rows: vec![leaves, sits("c2", "a")] }, ..Delivery::default() };
    assert_eq!(school.take(&moved, &Terms::default()).counts.changed, 1);
    assert_eq!(class::members(&school.0, &class_id("c2")).count(), 2);
    school.change(|w| person::forget(w, &id("1")).unwrap());
    assert_eq!(class::members(&school.0, &class_id("c2")).count(), 1);
    delivery.classes.rows.pop();
    assert_eq!(school.take(&delivery, &Terms::default()).counts.classes_gone, 1);
    assert!(school.person("7").classes.len() == 1 && school.here() == ["1", "7"]);
}

#[test]
fn who_left_long_ago_is_proposed_to_be_forgotten_and_nobody_else() {
    let mut school = School::new();
    let all = vec![user("a", "1", "Ana"), user("b", "2", "Bo"), user("c", "3", "Cy")];
    school.take(&bulk(all.clone()), &Terms::default());
    school.lend(1, "3");
    school.take(&bulk(all[..1].to_vec()), &Terms::default());
    school.change(|w| keep_for(w, 30).unwrap());
    let later = |days: i64| now() + jiff::SignedDuration::from_hours(24 * days);
    assert!(to_forget(&school.0, later(29)).is_empty());
    assert_eq!(to_forget(&school.0, later(30)).iter().map(|person| person.id.as_str()).collect::<Vec<_>>(), ["2"]);
}

#[test]
fn the_mark_of_a_plan_is_that_of_what_it_does() {
    let mut school = School::new();
    let delivery = bulk(vec![user("a", "1", "Ana")]);
    let mark = school.plan(&delivery, &Terms::default()).mark();
    assert_eq!(mark, school.plan(&delivery, &Terms::default()).mark());
    assert_ne!(mark, school.plan(&bulk(vec![user("a", "1", "Ann")]), &Terms::default()).mark());
    school.take(&delivery, &Terms::default());
    let again = school.plan(&delivery, &Terms::default());
    assert!(again.is_empty() && again.mark() != mark);
}

#[test]
fn a_delivery_that_waits_is_an_alert_until_it_is_applied() {
    let mut school = School::new();
    let waiting = Waiting { file: "r.zip".into(), digest: "d".into(), why: "13 would leave".into(), since: now() };
    school.change(|w| waits(w, Some(waiting.clone())));
    let told: Vec<String> = school.0.open_alerts().map(|alert| alert.title.clone()).collect();
    assert_eq!(told, ["A delivery of the roster waits: 13 would leave"]);
    school.take(&bulk(vec![user("a", "1", "Ana")]), &Terms::default());
    assert_eq!((school.0.open_alerts().count(), &settings(&school.0).waiting), (0, &None));
}
