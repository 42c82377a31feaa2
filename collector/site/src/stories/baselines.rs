//! Stories of baselines: tags, settings, systems, waivers, seats, versions, many devices, drift, scores, the golden seat.

use super::*;
use crate::baseline::waiver::{self, Which, Wish};
use crate::baseline::{Capture, Versions, licence};
use crate::{BaselineId, rule};

fn name(text: &str) -> BaselineId {
    BaselineId::parse(text).unwrap()
}

fn apply(school: &mut School, text: &str) -> Arc<baseline::Baseline> {
    school.must(|w| baseline::apply(w, baseline::parse(text)?))
}

fn wish(school: &School, place: waiver::Where, title: &str, hours: i64) -> Wish {
    let until = school.now + SignedDuration::from_hours(hours);
    Wish { baseline: None, place, title: title.into(), owner: Some("Ms. Ito".into()), reason: "robotics club".into(), until }
}

fn wrong(school: &School, of: &str) -> Vec<String> {
    let asset = school.site.asset_by_tag(&tag(of)).unwrap();
    baseline::judge(&rule::Facts::of(&school.site, asset, school.now)).iter().flat_map(baseline::Judged::words).collect()
}

#[test]
fn required_software_lost_is_told_at_once_and_a_resolved_one_stays_quiet() {
    let mut school = School::new();
    school.pc(1, "", &[("lockdown", "2.1")]);
    let file =
        "name = 'labs'\nrooms = ['Lab 118']\n[[required]]\ntitle = 'LockDown'\nversion = '>= 2.1'\n[[forbidden]]\ntitle = 'steam*'\n";
    let applied = school.must(|w| baseline::apply(w, baseline::parse(file)?));
    let plan = baseline::plan(&school.site, &applied, school.now);
    assert_eq!((plan.devices, plan.meet, plan.fail.len()), (1, 1, 0));
    school.report(1, 2, &[("steam-launcher", "1")]);
    assert_eq!(school.open(), ["PC1 lacks LockDown", "PC1 has steam-launcher, which is forbidden"]);
    let first = view::alerts(&school.site, AlertsShown::Open)[0].id;
    school.must(|w| alert::resolve(w, first));
    school.report(1, 3, &[("other", "1")]);
    assert!(school.open().is_empty(), "resolved by hand, it stays quiet while it holds");
    school.report(1, 4, &[("lockdown", "2.1")]);
    school.report(1, 5, &[]);
    assert_eq!(school.open(), ["PC1 lacks LockDown"], "it passed once, so it is told again");
    assert_eq!(school.verdict("PC1"), Verdict::Check);
}

#[test]
fn a_baseline_holds_for_tags_as_for_rooms() {
    let mut school = School::new();
    school.pc(1, "LAB1-01", &[("vlc", "3")]);
    school.pc(2, "LAP-02", &[("vlc", "3")]);
    let baseline = apply(&mut school, "name = 'laptops'\ntags = ['LAP-*']\nforbidden = ['vlc']\n");
    assert_eq!(school.open(), ["LAP-02 has vlc, which is forbidden"]);
    assert_eq!(baseline::plan(&school.site, &baseline, school.now).devices, 1);
    apply(&mut school, "name = 'laptops'\ntags = ['LAB1-01']\nforbidden = ['vlc']\n");
    assert_eq!(school.open(), ["LAB1-01 has vlc, which is forbidden"], "whom it no longer holds for is released");
}

#[test]
fn settings_and_systems_are_judged_and_what_is_not_known_is_no_failure() {
    let mut school = School::new();
    school.pc(1, "A1", &[]);
    apply(&mut school, "name = 'safe'\nrooms = ['*']\n[os]\ndebian = '>= 12'\n[settings]\nfirewall = 'on'\nsecure_boot = 'on'\n");
    assert_eq!(wrong(&school, "A1"), [""; 0], "nothing is known yet");
    let os = |version: &str| {
        Section::OperatingSystem(v1::OperatingSystem {
            id: "debian".into(),
            version: version.into(),
            pretty: format!("Debian {version}"),
            ..Default::default()
        })
    };
    let settings = |firewall: &str| Section::Settings(v1::Settings { firewall: firewall.into(), ..Default::default() });
    school.section(1, 2, os("11"));
    school.section(1, 3, settings("off"));
    school.section(1, 4, Section::System(v1::System { secure_boot: "off".into(), ..Default::default() }));
    assert_eq!(
        wrong(&school, "A1"),
        ["runs Debian 11, needs debian >= 12", "has firewall off, needs it on", "has secure boot off, needs it on"]
    );
    let of = |school: &School, what: &str| school.open().iter().filter(|title| title.contains(what)).count();
    assert_eq!(of(&school, "needs"), 3);
    school.section(1, 5, os("12"));
    school.section(1, 6, settings(""));
    assert_eq!((of(&school, "needs"), of(&school, "has secure boot off, needs it on")), (1, 1));
    let score = &baseline::scores(&school.site, school.now)[0];
    assert_eq!((score.checks, score.met, score.percent, score.meet), (2, 1, 50, 0), "the firewall is not known, and not counted");
}

#[test]
fn a_waived_finding_is_shown_as_waived_and_comes_back_at_its_time() {
    let mut school = School::new();
    school.pc(1, "A1", &[("steam-launcher", "1")]);
    let baseline = apply(&mut school, "name = 'labs'\nrooms = ['*']\nforbidden = ['steam*']\n");
    assert_eq!(school.verdict("A1"), Verdict::Check);
    let waiver = wish(&school, waiver::Where::Tag(tag("A1")), "steam*", 2);
    let id = school.must(|w| waiver::make(w, waiver)).id;
    assert_eq!((school.open().len(), school.verdict("A1")), (0, Verdict::Go));
    let check = verdict::check(&school.site, &school.heard, &tag("A1"), None, school.now).unwrap();
    assert!(check.reasons.iter().any(|reason| reason.text.contains("waived until") && reason.text.contains("Ms. Ito")), "{check:?}");
    let plan = baseline::plan(&school.site, &baseline, school.now);
    assert_eq!((plan.meet, plan.fail.len(), plan.waived.len()), (1, 0, 1));
    assert_eq!(waiver::rows(&school.site, Which::Open, school.now)[0].used, 1);
    assert_eq!(baseline::next_due(&school.site), Some(school.now + SignedDuration::from_hours(2)));
    school.wait(2 * 3600 - 1);
    assert!(school.open().is_empty());
    school.wait(1);
    assert_eq!(school.open(), ["A1 has steam-launcher, which is forbidden"]);
    assert_eq!((school.told("waiver.made").len(), school.told("waiver.ended")), (1, vec!["A1: steam* no longer waived: its time is up"]));
    assert_eq!(school.change(|w| waiver::end(w, id)).unwrap_err().kind, RefusalKind::Conflict);
    assert_eq!(baseline::next_due(&school.site), None);
}

#[test]
fn a_room_is_waived_by_hand_and_ends_by_hand() {
    let mut school = School::new();
    school.pc(1, "A1", &[]);
    school.pc(2, "A2", &[]);
    apply(&mut school, "name = 'labs'\nrooms = ['*']\nrequired = ['vlc']\n");
    apply(&mut school, "name = 'more'\nrooms = ['*']\nrequired = ['VLC']\n");
    assert_eq!(school.open().len(), 4);
    let mut of_labs = wish(&school, waiver::Where::Room(lab()), "VLC", 24);
    of_labs.baseline = Some(name("labs"));
    let waiver = school.must(|w| waiver::make(w, of_labs));
    assert_eq!(school.open(), ["A1 lacks VLC", "A2 lacks VLC"], "the other baseline still wants it");
    school.must(|w| waiver::end(w, waiver.id));
    assert_eq!(school.open().len(), 4);
    for (title, hours, want) in [("", 1, "1 to 200"), ("vlc", -1, "within a year"), ("vlc", 24 * 400, "within a year")] {
        let bad = wish(&school, waiver::Where::Tag(tag("A1")), title, hours);
        assert!(school.change(|w| waiver::make(w, bad)).unwrap_err().text.contains(want));
    }
    let nobody = wish(&school, waiver::Where::Tag(tag("NOBODY")), "vlc", 1);
    assert_eq!(school.change(|w| waiver::make(w, nobody)).unwrap_err().kind, RefusalKind::NotFound);
}

#[test]
fn seats_are_counted_over_the_site_and_told_once() {
    let mut school = School::new();
    for number in 1..=3 {
        school.pc(number, &format!("A{number}"), &[("geogebra", "6"), (&format!("p{number}"), "1")]);
    }
    apply(&mut school, "name = 'labs'\nrooms = ['*']\n[[licence]]\ntitle = 'GeoGebra'\nseats = 2\n");
    let over = "GeoGebra is installed on 3 machines, and 2 seats were bought";
    assert_eq!(school.open(), [over]);
    assert!(!licence::is_news(&school.site, &licence::seats(&school.site)));
    school.report(3, 2, &[]);
    let seats = licence::seats(&school.site);
    assert_eq!((seats[0].installed, licence::is_news(&school.site, &seats)), (2, true));
    school.must(|w| {
        licence::judge(w);
        Ok(())
    });
    assert_eq!((school.open().len(), school.told("alert.resolved")), (0, vec![format!("Over by itself: {over}").as_str()]));
}

#[test]
fn versions_are_kept_and_applied_again() {
    let mut school = School::new();
    school.pc(1, "A1", &[]);
    let text = |title: &str| format!("name = 'labs'\nrooms = ['*']\nrequired = ['{title}']\n");
    for title in ["vlc", "gimp", "gimp"] {
        apply(&mut school, &text(title));
    }
    let labs = name("labs");
    let versions =
        |school: &School| baseline::editions(&school.site, &labs).unwrap().iter().map(|edition| edition.version).collect::<Vec<_>>();
    assert_eq!(versions(&school), [2, 1], "the same again is no version");
    assert_eq!(baseline::edition(&school.site, &labs, 1).unwrap().text, text("vlc"));
    school.must(|w| baseline::remove(w, &labs));
    assert_eq!((versions(&school), school.open().len()), (vec![2, 1], 0));
    let again = school.must(|w| baseline::restore(w, &labs, 1));
    assert_eq!((again.version, again.applied_by.as_str(), school.open()), (3, "anna", vec!["A1 lacks vlc".to_owned()]));
    assert_eq!(school.change(|w| baseline::restore(w, &labs, 9)).unwrap_err().kind, RefusalKind::NotFound);
    // Replayed from what was written, all of it is there again.
    let mut site = Site::default();
    school.log.iter().for_each(|written| site.restore(written).unwrap());
    assert_eq!(baseline::editions(&site, &labs).unwrap().len(), 3);
}

#[test]
fn a_plan_says_who_newly_fails_and_who_is_mended() {
    let mut school = School::new();
    school.pc(1, "A1", &[("vlc", "3")]);
    school.pc(2, "A2", &[("gimp", "2")]);
    school.pc(3, "A3", &[]);
    apply(&mut school, "name = 'labs'\nrooms = ['*']\nrequired = ['vlc']\n");
    let next = baseline::parse("name = 'labs'\nrooms = ['*']\nrequired = ['gimp']\n").unwrap();
    let plan = baseline::plan(&school.site, &next, school.now);
    let newly: Vec<&str> = plan.fail.iter().filter(|line| line.newly).map(|line| line.tag.as_str()).collect();
    assert_eq!((newly, plan.newly, plan.mended.as_slice()), (vec!["A1"], 1, [tag("A2")].as_slice()));
    assert_eq!((plan.rooms[0].fail, plan.rooms[0].newly, plan.rooms[0].mended), (2, 1, 1));
    let first = baseline::parse("name = 'new'\nrooms = ['*']\nrequired = ['gimp']\n").unwrap();
    assert_eq!(baseline::plan(&school.site, &first, school.now).newly, 2, "of a new one, every failure is new");
}

#[test]
fn many_devices_are_judged_a_few_at_a_time_and_to_the_end() {
    let mut school = School::new();
    let ends = school.now + SignedDuration::from_hours(1);
    school.must(|w| token::make(w, "many".into(), Some(lab()), 500, ends));
    for number in 1..=30 {
        school.pc(number, &format!("A{number:03}"), &[]);
    }
    school.must(|w| {
        for number in 31..=200 {
            let request = Enrolment {
                token_hash: "many".into(),
                device: DeviceId(Uuid::from_u128(number)),
                asset: AssetId(Uuid::from_u128(1000 + number)),
                fingerprint: hardware(number),
                host_name: format!("pc{number}"),
                tag: format!("A{number:03}"),
                seat: String::new(),
                agent_version: String::new(),
                certificate: format!("cert{number}"),
                certificate_ends: ends,
            };
            enroll::enroll(w, request)?;
        }
        Ok(())
    });
    for number in 31..=200 {
        school.hello(number, "", "n1", hardware(number)).unwrap();
        school.report(number, 1, &[]);
    }
    let rounds = |school: &mut School| {
        let mut rounds = 0;
        while baseline::next_due(&school.site).is_some() {
            rounds += 1;
            school.wait(0);
        }
        rounds
    };
    apply(&mut school, "name = 'labs'\nrooms = ['*']\nrequired = ['vlc']\n");
    assert_eq!(school.open().len(), 64, "the first are judged at once");
    assert_eq!((rounds(&mut school), school.open().len()), (3, 200));
    school.must(|w| baseline::remove(w, &name("labs")));
    assert_eq!((rounds(&mut school), school.open().len()), (3, 0));
    assert!(school.site.rejudging.is_empty());
}

#[test]
fn drift_says_what_changed_when_and_since_which_sweep() {
    let mut school = School::new();
    school.pc(1, "A1", &[("vlc", "3")]);
    apply(&mut school, "name = 'labs'\nrooms = ['*']\nrequired = ['vlc']\nforbidden = ['steam*']\n");
    let heard = school.heard.clone();
    let begun = school.must(|w| sweep::begin(w, &lab(), &heard));
    school.must(|w| sweep::finish(w, begun.id));
    school.wait(60);
    school.report(1, 2, &[("steam", "1")]);
    school.wait(60);
    school.report(1, 3, &[("vlc", "3")]);
    let told: Vec<_> = baseline::drift::changes(&school.site, &school.events)
        .into_iter()
        .map(|change| (serde_json::to_value(change.change).unwrap(), change.text, change.since_sweep.map(|id| id.0)))
        .collect();
    let want = [
        ("baseline", "Baseline labs version 1 applied", None),
        ("gained", "A1 has steam, which is forbidden", Some(1)),
        ("lost", "A1 lacks vlc", Some(1)),
        ("mended", "Over by itself: A1 has steam, which is forbidden", Some(1)),
        ("mended", "Over by itself: A1 lacks vlc", Some(1)),
    ];
    assert_eq!(told, want.map(|(what, text, sweep)| (what.into(), text.to_owned(), sweep)));
}

#[test]
fn a_golden_seat_meets_what_was_captured_from_it() {
    let mut school = School::new();
    school.pc(1, "GOLD", &[("gimp", "2.10"), ("libc6", "2.36"), ("odd version", "1 2"), ("say \"cheese\"", "1")]);
    school.section(1, 2, Section::OperatingSystem(v1::OperatingSystem { id: "debian".into(), version: "12".into(), ..Default::default() }));
    school.section(1, 3, Section::Settings(v1::Settings { firewall: "on".into(), ..Default::default() }));
    let capture = |versions| Capture { name: None, room: None, versions };
    let text = baseline::capture(&school.site, &tag("GOLD"), &capture(Versions::AtLeast), school.now).unwrap();
    assert_eq!(text, baseline::capture(&school.site, &tag("GOLD"), &capture(Versions::AtLeast), school.now).unwrap());
    let captured = baseline::parse(&text).unwrap();
    let required: Vec<String> = captured.required.iter().map(ToString::to_string).collect();
    assert_eq!(required, ["gimp (>= 2.10)", "odd version", "say \"cheese\" (>= 1)"]);
    assert_eq!(
        (captured.os.get("debian").map(String::as_str), captured.settings.get("firewall").map(String::as_str)),
        (Some(">= 12"), Some("on"))
    );
    apply(&mut school, &text.replace("# only_allowed", "only_allowed"));
    assert_eq!(school.open(), [""; 0]);
    school.report(1, 4, &[("gimp", "2.8"), ("steam", "1"), ("libc6", "2.36")]);
    assert!(school.open().contains(&"GOLD has 1 program that is not allowed".to_owned()), "{:?}", school.open());
    assert!(school.open().contains(&"GOLD has gimp 2.8, needs >= 2.10".to_owned()), "{:?}", school.open());
    let exact = baseline::capture(&school.site, &tag("GOLD"), &capture(Versions::Exactly), school.now).unwrap();
    assert!(exact.contains("version = \"= 2.8\""), "{exact}");
    assert_eq!(baseline::capture(&school.site, &tag("X"), &capture(Versions::Any), school.now).unwrap_err().kind, RefusalKind::NotFound);
}
