//! Stories of one site in memory: a school's day runs in a millisecond.

mod alerts;
mod baselines;
mod calendar;
mod checked;
mod edges;
mod identity;
mod lending;
mod malfunction;
mod outage;
mod returning;
mod tickets;

use crate::asset::{self, AssetFacts};
use crate::attend::{Goodbye, Hello, Met, Report, Reported};
use crate::content::Content;
use crate::enroll::{Enrolled, Enrolment};
use crate::event::{Actor, Event};
use crate::fingerprint::Fingerprint;
use crate::loan::{NewLoan, Returned};
use crate::presence::{Heard, Presence};
use crate::room::RoomFacts;
use crate::verdict::Verdict;
use crate::version::Range;
use crate::view::{AlertsShown, DeviceFilter};
use crate::{About, AssetId, DeviceId, PersonId, Refusal, RefusalKind, RoomId, Site, SiteId, Tag, Working};
use crate::{alert, attend, baseline, enroll, loan, person, room, sweep, token, verdict, view};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Digest, Section, v1};
use std::sync::Arc;
use uuid::Uuid;

/// A site, its clock, and everything that was written: to replay.
struct School {
    site: Site,
    now: Timestamp,
    heard: Heard,
    events: Vec<Event>,
    log: Vec<crate::Written>,
}

impl School {
    fn new() -> Self {
        let mut school = Self {
            site: Site::default(),
            now: "2026-11-23T07:00:00Z".parse().unwrap(),
            heard: Heard::new(),
            events: Vec::new(),
            log: Vec::new(),
        };
        school.must(|w| {
            w.put(About {
                id: SiteId::parse("main").unwrap(),
                name: "Lincoln".into(),
                time_zone: "UTC".into(),
                epoch: 1,
                rules: crate::rule::Settings::new(),
                rest: Default::default(),
            });
            room::add(w, lab(), RoomFacts::default())?;
            token::make(w, "hash".into(), Some(lab()), 30, w.now + SignedDuration::from_hours(1))
        });
        school
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::User("anna".into()));
        let answer = change(&mut w)?;
        let finished = w.finish();
        self.site = finished.site;
        self.events.extend(finished.events);
        self.log.extend(finished.written);
        Ok(answer)
    }

    fn must<T>(&mut self, change: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> T {
        self.change(change).unwrap()
    }

    fn enroll(&mut self, number: u128, tag: &str) -> Result<Enrolled, Refusal> {
        let request = Enrolment {
            token_hash: "hash".into(),
            device: DeviceId(Uuid::from_u128(number)),
            asset: AssetId(Uuid::from_u128(1000 + number)),
            fingerprint: hardware(number),
            host_name: format!("pc{number}"),
            tag: tag.into(),
            seat: String::new(),
            agent_version: "0.1.0".into(),
            certificate: format!("cert{number}"),
            certificate_ends: self.now + SignedDuration::from_hours(24 * 400),
        };
        self.change(|w| enroll::enroll(w, request))
    }

    fn hello(&mut self, number: u128, nonce: &str, next_nonce: &str, fingerprint: Fingerprint) -> Result<Met, Refusal> {
        let hello = Hello {
            session: "s1".into(),
            boot: "b1".into(),
            nonce: nonce.into(),
            next: 1,
            fingerprint,
            host_name: format!("pc{number}"),
            clock_ms: self.now.as_millisecond(),
            ..Hello::default()
        };
        let device = DeviceId(Uuid::from_u128(number));
        let met = self.change(|w| attend::hello(w, device, &format!("cert{number}"), &hello, next_nonce.into()))?;
        self.heard.insert(device, self.now);
        Ok(met)
    }

    fn report(&mut self, number: u128, entry: u64, packages: &[(&str, &str)]) -> u64 {
        let section = Section::Software(software(packages));
        let digest = Digest::of(&section.encode());
        let sections = vec![Reported { name: "software".into(), content: Ok(digest), problems: Vec::new() }];
        let report = Report { session: "s1".into(), number: entry, at: self.now, full: false, sections };
        self.must(|w| attend::report(w, DeviceId(Uuid::from_u128(number)), report, vec![(digest, Content::of(&section, &Arc::default()))]))
    }

    /// A report of one section other than the software.
    fn section(&mut self, number: u128, entry: u64, section: Section) {
        let digest = Digest::of(&section.encode());
        let sections = vec![Reported { name: section.name().into(), content: Ok(digest), problems: Vec::new() }];
        let report = Report { session: "s1".into(), number: entry, at: self.now, full: false, sections };
        let contents = vec![(digest, Content::of(&section, &Arc::default()))];
        self.must(|w| attend::report(w, DeviceId(Uuid::from_u128(number)), report, contents));
    }

    /// A PC that is enrolled, here, and has reported its software.
    fn pc(&mut self, number: u128, tag: &str, packages: &[(&str, &str)]) -> DeviceId {
        let enrolled = self.enroll(number, tag).unwrap();
        self.hello(number, "", "n1", hardware(number)).unwrap();
        self.report(number, 1, packages);
        enrolled.device
    }

    fn silence(&mut self, device: DeviceId) {
        self.heard.remove(&device);
        let now = self.now;
        self.must(|w| attend::silent(w, device, now));
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.must(|w| {
            alert::tick(w);
            baseline::tick(w);
            Ok(())
        });
    }

    fn open(&self) -> Vec<String> {
        view::alerts(&self.site, AlertsShown::Open).into_iter().map(|row| row.title).collect()
    }

    fn verdict(&self, of: &str) -> Verdict {
        verdict::check(&self.site, &self.heard, &tag(of), None, self.now).unwrap().verdict
    }

    fn told(&self, kind: &str) -> Vec<&str> {
        self.events.iter().filter(|event| event.kind == kind).map(|event| event.text.as_str()).collect()
    }
}

fn lab() -> RoomId {
    RoomId::parse("Lab 118").unwrap()
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

fn pupil(school: &mut School, id: &str) -> PersonId {
    let id = PersonId::parse(id).unwrap();
    school.must(|w| Ok(person::import(w, vec![(id.clone(), "A pupil".into())])));
    id
}

fn hardware(number: u128) -> Fingerprint {
    let serial = format!("serial-{number}");
    Fingerprint {
        system_uuid: Uuid::from_u128(77_000 + number).to_string(),
        system_serial: serial.clone(),
        board_serial: serial,
        disk_serials: vec![format!("disk-{number}")],
        ..Fingerprint::default()
    }
}

fn software(packages: &[(&str, &str)]) -> v1::Software {
    let one = |(name, version): &(&str, &str)| v1::Package { name: (*name).into(), version: (*version).into(), ..v1::Package::default() };
    v1::Software { packages: packages.iter().map(one).collect() }
}

#[test]
fn a_machine_enrols_once_and_its_tag_is_not_taken_from_it() {
    let mut school = School::new();
    assert_eq!(school.enroll(1, "").unwrap().tag, tag("PC1"));
    let refusal = school.enroll(2, "pc1").unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Conflict);
    assert!(refusal.text.contains("rollcall device rebind PC1"), "{refusal}");
    let asset = school.site.asset_by_tag(&tag("PC1")).unwrap().id;
    school.must(|w| enroll::allow_rebind(w, asset));
    let rebound = school.enroll(3, "pc1").unwrap();
    assert_eq!(rebound.asset, asset);
    assert_eq!(school.told("device.rebound").len(), 1);
}

#[test]
fn a_report_is_taken_in_once_and_its_changes_are_told() {
    let mut school = School::new();
    let device = school.pc(1, "", &[("vlc", "3.0"), ("geogebra", "6.0.1")]);
    assert_eq!(school.report(1, 2, &[("geogebra", "6.0.2")]), 2);
    let seq = school.site.seq;
    assert_eq!(school.report(1, 2, &[]), 2, "a duplicate is acknowledged");
    assert_eq!(school.site.seq, seq, "and changes nothing");
    assert_eq!(school.told("section.changed"), ["PC1: geogebra 6.0.1 → 6.0.2; vlc 3.0 removed"]);
    assert_eq!(view::software(&school.site, "geo*", None, 9).rows.len(), 1);
    assert_eq!(view::find_device(&school.site, "pc1").unwrap(), device);
}

#[test]
fn who_has_a_title_is_counted_whole_and_shown_in_part() {
    let mut school = School::new();
    let old = [("gimp", "2.8"), ("gimp", "2.8"), ("bash", "5.2")];
    for number in 1..=4 {
        school.pc(number, &format!("LAB-{number}"), if number < 4 { &old } else { &[("gimp", "2.10")] });
    }
    let found = view::software(&school.site, "GIMP", None, 3);
    assert_eq!((found.machines, found.row_count, found.version_count), (4, 7, 2));
    let versions: Vec<_> = found.versions.iter().map(|count| (count.version.as_str(), count.machines)).collect();
    assert_eq!(versions, [("2.8", 3), ("2.10", 1)]);
    let tags: Vec<&str> = found.rows.iter().map(|row| row.tag.as_str()).collect();
    assert_eq!(tags, ["LAB-1", "LAB-1", "LAB-2"], "the first in order, whatever list they have");
    // Asked for few, it goes room by room; for all, list by list: the first are the same, and machines of no room come last.
    let all = view::software(&school.site, "*", None, 99).rows;
    let few = view::software(&school.site, "*", None, 1).rows;
    assert_eq!((all.len(), few.as_slice()), (10, &all[..1]));
    let nowhere = AssetFacts { room: Some(String::new()), ..AssetFacts::default() };
    school.must(|w| asset::set(w, AssetId(Uuid::from_u128(1001)), nowhere));
    let moved = view::software(&school.site, "*", None, 1).rows;
    assert_eq!((moved[0].tag.as_str(), moved[0].room.as_ref()), ("LAB-2", Some(&lab())));
    assert_eq!(view::software(&school.site, "*", None, 99).rows[9].tag.as_str(), "LAB-1");
    let newer = Range::parse(">= 2.10").unwrap();
    assert_eq!(view::software(&school.site, "gimp", Some(&newer), 9).rows.len(), 1);
    let titles = |text, part| {
        let (rows, found) = view::titles(&school.site, text, part);
        (rows.into_iter().map(|row| (row.title, row.machines, row.versions)).collect::<Vec<_>>(), found)
    };
    let [gimp, bash] = [("gimp".to_owned(), 4, 2), ("bash".to_owned(), 3, 1)];
    assert_eq!(titles(None, 0..9), (vec![gimp.clone(), bash], 2), "what most have comes first");
    assert_eq!((titles(Some("IM"), 0..9), titles(None, 2..9)), ((vec![gimp], 1), (vec![], 2)));
    // What a machine has no more is no longer found.
    school.report(4, 2, &[("bash", "5.2")]);
    assert_eq!(view::titles(&school.site, Some("gimp"), 0..9).0[0].versions, 1);
    assert_eq!(view::software(&school.site, "gimp", Some(&newer), 9), view::Installed::default());
    assert_eq!(view::software(&school.site, "bash", None, 0).machines, 4);
    school.must(|w| enroll::revoke(w, DeviceId(Uuid::from_u128(1))));
    assert_eq!(view::software(&school.site, "bash", None, 0).machines, 3);
}

#[test]
fn an_unmeasured_section_keeps_what_was_known() {
    let mut school = School::new();
    let device = school.pc(1, "", &[("vlc", "3.0")]);
    let sections = vec![Reported { name: "software".into(), content: Err("the package database is locked".into()), problems: Vec::new() }];
    let report = Report { session: "s1".into(), number: 2, at: school.now, full: false, sections };
    school.must(|w| attend::report(w, device, report, Vec::new()));
    let page = view::device(&school.site, &school.heard, device, school.now).unwrap();
    let section = page.sections.get("software").unwrap();
    assert!(section.content.is_some());
    assert_eq!(section.not_measured.as_deref(), Some("the package database is locked"));
}

#[test]
fn silence_settles_before_a_person_is_told_and_return_resolves_it() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    assert_eq!(view::devices(&school.site, &school.heard, &DeviceFilter::default(), school.now)[0].presence, Presence::Silent);
    assert!(school.open().is_empty());
    assert_eq!(alert::next_due(&school.site), Some(school.now + SignedDuration::from_secs(60)));
    school.wait(60);
    assert_eq!(school.open(), ["PC1 fell silent"]);
    assert_eq!(school.verdict("PC1"), Verdict::Check);
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    assert!(school.open().is_empty());
    assert_eq!(school.told("alert.resolved"), ["Over by itself: PC1 fell silent"]);
}

#[test]
fn a_short_silence_is_never_told_and_a_goodbye_is_none() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    school.now += SignedDuration::from_secs(20);
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    school.wait(120);
    school.must(|w| attend::goodbye(w, device, Goodbye::Shutdown));
    school.heard.clear();
    school.wait(600);
    assert!(school.told("alert.raised").is_empty());
}

#[test]
fn another_machine_with_the_same_key_is_quarantined() {
    let mut school = School::new();
    school.pc(1, "", &[]);
    assert!(matches!(school.hello(1, "n1", "n2", hardware(9)).unwrap(), Met::Clone(_)));
    assert_eq!(school.hello(1, "n1", "n2", hardware(1)).unwrap_err().kind, RefusalKind::Forbidden);
    assert_eq!(school.open(), ["PC1 holds an identity that another machine holds too"]);
    assert_eq!(school.verdict("PC1"), Verdict::Stop);
}

#[test]
fn a_rolled_back_disk_loses_nothing_and_is_no_clone() {
    let mut school = School::new();
    school.pc(1, "", &[("vlc", "1")]);
    for (held, given) in [("n1", "n2"), ("n2", "n3")] {
        school.hello(1, held, given, hardware(1)).unwrap();
    }
    school.report(1, 2, &[("vlc", "2")]);
    assert_eq!(school.report(1, 3, &[("vlc", "3")]), 3);
    let Met::Welcome(greeting) = school.hello(1, "n1", "n4", hardware(1)).unwrap() else { panic!("no clone") };
    assert_eq!(greeting.acknowledged, 0);
    assert_eq!(school.report(1, 1, &[("vlc", "1")]), 1, "its report counts again");
    assert_eq!(school.told("device.rolled-back").len(), 1);
}

#[test]
fn a_sweep_says_who_is_there_and_what_changed() {
    let mut school = School::new();
    let (one, two) = (school.pc(1, "A1", &[("vlc", "3")]), school.pc(2, "A2", &[("vlc", "3")]));
    let first = school.must(|w| sweep::begin(w, &lab(), &imbl::HashMap::from(vec![(one, w.now), (two, w.now)])));
    for device in [one, two] {
        school.must(|w| sweep::answered(w, first.id, device));
    }
    school.must(|w| sweep::finish(w, first.id));
    school.silence(two);
    let heard = school.heard.clone();
    let second = school.must(|w| sweep::begin(w, &lab(), &heard));
    school.report(1, 2, &[("vlc", "4")]);
    school.must(|w| sweep::answered(w, second.id, one));
    let second = school.must(|w| sweep::finish(w, second.id));
    assert_eq!(second.lines[0].changes, ["vlc 3 → 4"]);
    assert!(matches!(second.lines[1].answer, sweep::Answer::Missing { since: Some(_), .. }));
    let counts = second.counts();
    assert_eq!((counts.present, counts.missing, counts.changed), (1, 1, 1));
    let refusal = school.change(|w| sweep::answered(w, second.id, one)).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Conflict);
}

#[test]
fn a_laptop_is_lent_once_and_away_is_no_alert() {
    let mut school = School::new();
    let device = school.pc(1, "LT-1", &[]);
    let (anna, ben) = (pupil(&mut school, "20431"), pupil(&mut school, "18807"));
    let heard = school.heard.clone();
    assert_eq!(school.verdict("LT-1"), Verdict::Go);
    school.must(|w| loan::out(w, &heard, NewLoan::new(tag("LT-1"), anna)));
    let refusal = school
        .change(|w| loan::out(w, &heard, NewLoan { override_reason: Some("really".into()), ..NewLoan::new(tag("LT-1"), ben) }))
        .unwrap_err();
    assert!(refusal.text.contains("lent to 20431"), "{refusal}");
    school.silence(device);
    school.wait(600);
    assert!(school.open().is_empty());
    assert_eq!(view::devices(&school.site, &school.heard, &DeviceFilter::default(), school.now)[0].presence, Presence::Away);
    school.must(|w| loan::back(w, Returned::fine(tag("LT-1"))));
    assert_eq!(school.change(|w| loan::back(w, Returned::fine(tag("LT-1")))).unwrap_err().kind, RefusalKind::Conflict);
    assert!(school.told("loan.out").iter().all(|text| !text.contains("A pupil")), "events name people by id only");
}

#[test]
fn a_replay_of_what_was_written_gives_the_same_state() {
    let mut school = School::new();
    let device = school.pc(1, "LT-1", &[("vlc", "3")]);
    let anna = pupil(&mut school, "20431");
    let heard = school.heard.clone();
    school.must(|w| loan::out(w, &heard, NewLoan::new(tag("LT-1"), anna)));
    school.silence(device);
    school.wait(100);
    let mut replayed = Site { seq: school.site.seq, ..Site::default() };
    for written in &school.log {
        replayed.restore(written).unwrap();
    }
    assert_eq!(replayed.state_hash(), school.site.state_hash());
    assert!(replayed.device_by_certificate("cert1").is_some(), "the indexes are rebuilt");
    assert!(!replayed.by_list.is_empty() && replayed.by_list == school.site.by_list, "{:?}", replayed.by_list);
    let mut text = serde_json::to_string(&**school.site.assets.values().next().unwrap()).unwrap();
    text = text.replacen('{', "{\"of_a_newer_version\":7,", 1);
    let asset: asset::Asset = serde_json::from_str(&text).unwrap();
    assert!(serde_json::to_string(&asset).unwrap().contains("\"of_a_newer_version\":7"), "unknown fields survive");
}
