//! Stories of the edges: a clock set back, hostile text, what is removed, what is refused.

use super::*;

#[test]
fn a_clock_that_is_set_back_delays_no_alert_beyond_its_settle_time() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.now += SignedDuration::from_hours(24 * 365);
    school.silence(device);
    school.now -= SignedDuration::from_hours(24 * 365);
    school.must(|w| {
        alert::clock_set_back(w);
        Ok(())
    });
    school.wait(60);
    assert_eq!(school.open(), ["PC1 fell silent"]);
}

#[test]
fn nobody_is_told_of_who_could_not_come_back_while_the_collector_was_down() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    school.now += SignedDuration::from_secs(400);
    let least = school.now + SignedDuration::from_secs(60);
    school.must(|w| {
        alert::hold(w, least);
        Ok(())
    });
    school.wait(59);
    assert!(school.open().is_empty());
    school.wait(1);
    assert_eq!(school.open(), ["PC1 fell silent"]);
}

#[test]
fn a_baseline_that_goes_takes_its_alerts_along_and_an_unchanged_one_is_not_new() {
    let mut school = School::new();
    school.pc(1, "", &[]);
    let file = "name = 'labs'\nrooms = ['*']\n[[required]]\ntitle = 'vlc'\n";
    for _ in 0..2 {
        school.must(|w| baseline::apply(w, baseline::parse(file)?));
    }
    assert_eq!((school.told("baseline.applied").len(), school.open().len()), (1, 1));
    let name = crate::BaselineId::parse("labs").unwrap();
    school.must(|w| baseline::remove(w, &name));
    assert!(school.open().is_empty());
    assert_eq!(school.change(|w| baseline::remove(w, &name)).unwrap_err().kind, RefusalKind::NotFound);
    let both = "name = 'x'\nrooms = ['*']\n[[required]]\ntitle = 'vlc'\n[[forbidden]]\ntitle = 'VLC'\n";
    assert!(baseline::parse(both).unwrap_err().text.contains("both required and forbidden"));
}

#[test]
fn a_revoked_machine_is_barred_in_a_sweep_and_has_no_open_alerts() {
    let mut school = School::new();
    let device = school.pc(1, "A1", &[]);
    school.must(|w| baseline::apply(w, baseline::parse("name = 'labs'\nrooms = ['*']\n[[required]]\ntitle = 'vlc'\n")?));
    school.must(|w| enroll::revoke(w, device));
    assert!(school.open().is_empty());
    let heard = Heard::new();
    let begun = school.must(|w| sweep::begin(w, &lab(), &heard));
    let sweep = school.must(|w| sweep::finish(w, begun.id));
    assert_eq!(sweep.counts().barred, 1);
    assert_eq!(school.change(|w| room::remove(w, &lab())).unwrap_err().kind, RefusalKind::Conflict);
}

#[test]
fn an_unknown_borrower_is_a_stop_and_an_override_is_recorded_only_over_one() {
    let mut school = School::new();
    school.pc(1, "LT-1", &[]);
    let (anna, heard) = (pupil(&mut school, "20431"), school.heard.clone());
    let nobody = PersonId::parse("99999").unwrap();
    let check = verdict::check(&school.site, &heard, &tag("LT-1"), Some(&nobody), school.now).unwrap();
    assert_eq!((check.verdict, check.reasons[0].code), (Verdict::Stop, "borrower"));
    let loan =
        school.must(|w| loan::out(w, &heard, NewLoan { override_reason: Some("because".into()), ..NewLoan::new(tag("LT-1"), anna) }));
    assert_eq!(loan.override_reason, None);
    assert!(school.told("loan.out").iter().all(|text| !text.contains("overridden")));
}

#[test]
fn hostile_text_of_an_agent_is_cut_before_it_is_kept_or_told() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    for maker in ["A".repeat(100_000), "\u{1}B".repeat(100_000)] {
        let section = Section::System(v1::System { manufacturer: maker, ..v1::System::default() });
        let digest = Digest::of(&section.encode());
        let sections = vec![Reported { name: "system".into(), content: Ok(digest), problems: Vec::new() }];
        let number = school.site.devices.get(&device).unwrap().acknowledged + 1;
        let report = Report { session: "s1".into(), number, at: school.now, full: false, sections };
        school.must(|w| attend::report(w, device, report, vec![(digest, Content::of(&section, &Arc::default()))]));
    }
    assert_eq!(school.site.assets.values().next().unwrap().maker, "B".repeat(120));
    assert!(school.events.iter().all(|event| event.text.len() < 1_000));
}

#[test]
fn a_product_names_its_maker_once() {
    let check = |maker: &str, model: &str, want: &str| assert_eq!(asset::product(maker, model), want);
    check("HP", "HP ProDesk 400 G7", "HP ProDesk 400 G7");
    check("Dell Inc.", "Latitude 3340", "Dell Inc. Latitude 3340");
    check("", "OptiPlex", "OptiPlex");
    check("Acme", "", "Acme");
    check("", "", "");
}

#[test]
fn a_report_that_says_nothing_new_writes_nothing_until_its_age_would_be_wrong() {
    let mut school = School::new();
    let device = school.pc(1, "", &[("vlc", "3")]);
    let written = school.log.len();
    assert_eq!(school.report(1, 2, &[("vlc", "3")]), 2);
    assert_eq!(school.log.len(), written, "the same again");
    let reported = school.site.profiles.get(&device).unwrap().reported_at;
    school.wait(crate::inventory::FRESH.as_secs());
    school.report(1, 3, &[("vlc", "3")]);
    assert!(school.log.len() > written && school.site.profiles.get(&device).unwrap().reported_at > reported);
    let written = school.log.len();
    school.report(1, 4, &[("vlc", "4")]);
    assert!(school.log.len() > written && school.told("section.changed").len() == 1);
    let report = |sections: Vec<Reported>, full: bool| Report { session: "s1".into(), number: 5, at: school.now, full, sections };
    let same = Reported {
        name: "software".into(),
        content: Ok(Digest::of(&Section::Software(software(&[("vlc", "4")])).encode())),
        problems: Vec::new(),
    };
    let news = |report: &Report| attend::is_news(&school.site, device, report, school.now);
    assert!(!news(&report(vec![same.clone()], true)));
    assert!(news(&report(Vec::new(), true)), "a section is gone");
    assert!(!news(&report(Vec::new(), false)));
    assert!(news(&report(vec![Reported { problems: vec!["odd".into()], ..same.clone() }], false)));
    assert!(news(&report(vec![Reported { content: Err("denied".into()), ..same.clone() }], false)));
    assert!(news(&Report { session: "s2".into(), ..report(vec![same.clone()], false) }), "another session");
}

#[test]
fn the_kinds_of_events_are_sorted() {
    assert!(crate::event::KINDS.is_sorted());
}

#[test]
fn a_token_is_spent_and_a_wrong_one_refused() {
    let mut school = School::new();
    let (now, ends) = (school.now, school.now + SignedDuration::from_hours(1));
    school.must(|w| token::make(w, "one".into(), None, 1, ends));
    assert!(enroll::admit(&school.site, "one", now).is_ok());
    assert!(enroll::admit(&school.site, "one", ends).unwrap_err().text.contains("ended"));
    assert_eq!(enroll::admit(&school.site, "two", now).unwrap_err().kind, RefusalKind::Forbidden);
}
