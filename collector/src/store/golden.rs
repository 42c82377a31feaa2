//! Tests that every store of an earlier format opens with the records that it was written with, and makes such a store for later versions.
//!
//! `fixtures/NAME/` is a store as a collector left it, with `state-hash` beside it. One is added whenever the stored form changes, and
//! none is ever changed: `ROLLCALL_GOLDEN=NAME cargo test -p rollcall --lib store::golden::make -- --ignored`.

use super::contract::{noon, put};
use super::disk::entries;
use super::{Entry, Folder, Store, verify_and_replay};
use jiff::SignedDuration;
use rollcall_proto::{Digest, Section, v1};
use rollcall_site::access::{self, Role};
use rollcall_site::asset::{self, AssetFacts, AssetKind};
use rollcall_site::attend::{self, Hello, Report, Reported};
use rollcall_site::baseline::waiver;
use rollcall_site::content::Content;
use rollcall_site::diagnosis::{self, Ended, Outcome, Step};
use rollcall_site::enroll::{self, Enrolment};
use rollcall_site::event::Actor;
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::loan::{Due, NewLoan, Returned};
use rollcall_site::presence::Heard;
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::{About, AssetId, DeviceId, PersonId, Refusal, RoomId, Site, SiteId, Tag, UserName, Working};
use rollcall_site::{alert, calendar, escalation, maintenance, notice, route, rule, vitals};
use rollcall_site::{baseline, channel, loan, person, sweep, token};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// Kinds of records that a new fixture holds at least, alphabetical.
const KINDS: &[&str] = &[
    "accepted",
    "alert",
    "baseline-edition",
    "calendar",
    "channel",
    "diagnosis",
    "escalation",
    "maintenance",
    "notice",
    "outage",
    "rejudging",
    "route",
    "vitals",
    "waiver",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/fixtures")
}

/// Copies a store.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in entries(from).unwrap() {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

/// A site that changes through its own rules, and a folder that it goes to.
struct Golden {
    folder: Folder,
    site: Site,
    minute: i64,
}

impl Golden {
    /// Makes a change durable.
    fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> T {
        self.minute += 1;
        let mut working = Working::begin(self.site.clone(), noon() + SignedDuration::from_mins(self.minute), Actor::User("ana".to_owned()));
        let value = change(&mut working).unwrap();
        let finished = working.finish();
        self.folder.commit(&[Entry { records: finished.written, events: finished.events }]).unwrap();
        self.site = finished.site;
        value
    }

    fn pc(&mut self, number: u128) {
        let (device, asset) = (DeviceId(Uuid::from_u128(number)), AssetId(Uuid::from_u128(100 + number)));
        let hardware = Fingerprint { system_serial: format!("SN{number}"), ..Fingerprint::default() };
        let enrolment = Enrolment {
            token_hash: "hash".to_owned(),
            device,
            asset,
            fingerprint: hardware.clone(),
            host_name: format!("pc{number}"),
            tag: format!("PC-{number}"),
            seat: number.to_string(),
            agent_version: "0.1.0".to_owned(),
            certificate: format!("cert{number}"),
            certificate_ends: noon() + SignedDuration::from_hours(24 * 400),
        };
        let hello = Hello { session: "s".to_owned(), boot: "b".to_owned(), next: 1, fingerprint: hardware, ..Hello::default() };
        let section = Section::System(v1::System { model: format!("OptiPlex {number}"), ..v1::System::default() });
        let digest = Digest::of(&section.encode());
        put(&self.folder, &section.encode()).unwrap();
        let reported = Reported { name: "system".to_owned(), content: Ok(digest), problems: Vec::new() };
        self.change(|w| enroll::enroll(w, enrolment));
        self.change(|w| attend::hello(w, device, &format!("cert{number}"), &hello, "n1".to_owned()));
        self.change(|w| {
            let report = Report { session: "s".to_owned(), number: 1, at: w.now, full: true, sections: vec![reported] };
            attend::report(w, device, report, vec![(digest, Content::of(&section, &Arc::default()))])
        });
        for minute in 0..70 {
            let at_ms = noon().as_millisecond() + minute * 60_000;
            self.folder.put_sample(device, v1::Health { at_ms, ..v1::Health::default() });
        }
    }

    fn found(&mut self) {
        self.change(|w| {
            w.event("site.started", "Oak Hill begins its inventory");
            let id = SiteId::parse("main")?;
            w.put(About {
                id,
                name: "Oak Hill".to_owned(),
                time_zone: "UTC".to_owned(),
                epoch: 1,
                rules: Default::default(),
                rest: serde_json::Map::new(),
            });
            let room = RoomId::parse("Lab 118")?;
            room::add(w, room.clone(), RoomFacts { seats: Some(6), ..RoomFacts::default() })?;
            token::make(w, "hash".to_owned(), Some(room), 30, w.now + SignedDuration::from_hours(24))?;
            access::add_user(w, UserName::parse("ana")?, Role::Admin)?;
            access::make_key(w, access::NewKey::new("nightly", Role::Viewer), "hash".to_owned())?;
            let facts = channel::ChannelFacts { url: "https://example.org/alerts".to_owned(), ..channel::ChannelFacts::default() };
            channel::set(w, &channel::check("webhook", &facts)?)?;
            baseline::apply(w, baseline::parse("name = \"Lab\"\nrooms = [\"Lab 118\"]\n[[required]]\ntitle = \"geogebra\"\n")?)
        });
        self.change(|w| {
            person::import(w, vec![(PersonId::parse("20431")?, "Ada Lund".to_owned()), (PersonId::parse("18807")?, "Bo Lind".to_owned())]);
            let facts = AssetFacts { kind: Some(AssetKind::Projector), ..AssetFacts::default() };
            asset::add(w, AssetId(Uuid::from_u128(99)), Tag::parse("PJ-01")?, facts)
        });
    }

    /// A section that a PC reports under this number.
    fn section(&mut self, pc: u128, number: u64, section: &Section) {
        let digest = Digest::of(&section.encode());
        put(&self.folder, &section.encode()).unwrap();
        let reported = Reported { name: section.name().to_owned(), content: Ok(digest), problems: Vec::new() };
        let content = Content::of(section, &Arc::default());
        self.change(|w| {
            let report = Report { session: "s".to_owned(), number, at: w.now, full: false, sections: vec![reported] };
            attend::report(w, DeviceId(Uuid::from_u128(pc)), report, vec![(digest, content)])
        });
    }

    /// What the site says of its hours, rules, baselines and of who hears of what.
    fn settle_in(&mut self) {
        let lab = RoomId::parse("Lab 118").unwrap();
        self.change(|w| {
            calendar::set_hours(w, Some("Mon-Sun 00:00-24:00".parse()?))?;
            let period = calendar::Period { name: "1".to_owned(), span: "08:00-08:50".parse()? };
            calendar::set_schedule(w, "Normal", Some("Mon-Fri".parse()?), vec![period])?;
            let day = |day: i8| jiff::civil::date(2027, 12, day);
            calendar::close(w, calendar::Closed { from: day(20), to: day(31), name: "Winter break".to_owned() })?;
            let hours = vec!["09:00-12:00".parse()?];
            calendar::set_special(w, day(22), calendar::Special { name: "Open day".to_owned(), schedule: None, hours })
        });
        self.change(|w| {
            let facts =
                RoomFacts { hours: Some("always".to_owned()), subnets: Some(vec!["10.20.3.0/24".to_owned()]), ..RoomFacts::default() };
            room::set(w, &lab, facts)?;
            let slow = rule::Setting { settle_s: Some(30), limits: [("seconds".to_owned(), 60)].into(), ..Default::default() };
            rule::set(w, Some(&lab), "clock-skewed", slow)?;
            rule::set(w, None, "link-slow", rule::Setting { on: Some(false), ..rule::Setting::default() })?;
            let until = w.now + SignedDuration::from_hours(2);
            let planned =
                maintenance::Planned { tag: Some(Tag::parse("PC-2")?), room: None, from: None, until, reason: "new disk".to_owned() };
            maintenance::plan(w, planned)
        });
        self.change(|w| {
            let mail = channel::ChannelFacts {
                url: "smtp://smtp.example.org:587".to_owned(),
                from: "rollcall@example.org".to_owned(),
                to: vec!["it@example.org".to_owned()],
                ..channel::ChannelFacts::default()
            };
            channel::set(w, &channel::check("mail", &mail)?)?;
            let escalate = Some(route::Escalate { after_min: 1, to: "webhook".to_owned() });
            let quiet = Some(route::Quiet { hours: "17:00-07:00".parse()?, high: route::Told::AtOnce });
            route::set(w, "nights", route::RouteFacts { to: vec!["mail".to_owned()], quiet, escalate, ..route::RouteFacts::default() })
        });
        self.change(|w| {
            let text = "name = \"Lab\"\nrooms = [\"Lab 118\"]\n[[required]]\ntitle = \"gimp\"\n[settings]\nfirewall = \"on\"\n";
            let lab = baseline::apply(w, baseline::parse(text)?)?;
            w.put(baseline::Rejudging { name: lab.name.clone(), after: AssetId(Uuid::from_u128(101)), rest: serde_json::Map::new() });
            let place = waiver::Where::Tag(Tag::parse("PC-1")?);
            let until = w.now + SignedDuration::from_hours(48);
            let (title, reason) = ("gimp".to_owned(), "too small a disk".to_owned());
            waiver::make(w, waiver::Wish { baseline: None, place, title, owner: Some("Ms. Ito".to_owned()), reason, until })
        });
    }

    /// A disk is missed, a fan stands still, and a switch takes three PCs along, of which nobody takes care.
    fn have_trouble(&mut self) {
        let disks = |serial: &str| {
            let disk = v1::Disk { name: "sda".to_owned(), model: "KBG40".to_owned(), serial: serial.to_owned(), ..v1::Disk::default() };
            Section::Storage(v1::Storage { disks: vec![disk], file_systems: Vec::new() })
        };
        self.section(1, 2, &disks("S41GNX0K812345"));
        self.section(1, 3, &disks("OTHER77"));
        let fans = ["cpu fan".to_owned()];
        let reading = vitals::Reading {
            disks: [("/".to_owned(), 77)].into(),
            hottest: Some(60),
            turned: fans.clone().into(),
            still_fans: Some(fans.to_vec()),
            io_errors: Some(3),
            link_changes: Some(10),
            ..vitals::Reading::default()
        };
        self.change(|w| vitals::take(w, DeviceId(Uuid::from_u128(1)), reading));
        self.change(|w| {
            attend::silent_all(w, [3, 4, 5].map(|number| (DeviceId(Uuid::from_u128(number)), w.now)));
            Ok(())
        });
        for _ in 0..4 {
            self.change(|w| {
                alert::tick(w);
                escalation::tick(w);
                Ok(())
            });
        }
        self.change(|w| {
            let open: Vec<_> = w.site.open_alerts().filter(|alert| alert.is_told()).map(|alert| alert.id).collect();
            let until = w.now + SignedDuration::from_hours(5);
            let [first, .., last] = open.as_slice() else { unreachable!("{open:?}") };
            alert::snooze(w, *first, until)?;
            let rest = serde_json::Map::new();
            let (channel, with) = ("mail".to_owned(), notice::With::QuietHours);
            notice::owe(w, notice::Notice { channel, alert: *last, seq: w.site.seq, at: w.now, due: until, with, rest });
            Ok(())
        });
    }

    /// One PC found a name server that is not as it should be, and another is still being asked.
    fn diagnose(&mut self) {
        let [over, goes_on] = [1, 2].map(|number| DeviceId(Uuid::from_u128(number)));
        let heard: Heard = [over, goes_on].into_iter().map(|device| (device, noon())).collect();
        let begun = self.change(|w| diagnosis::begin(w, over, &heard));
        self.change(|w| {
            let bare = |step, outcome, found: &str| Ended {
                step,
                outcome,
                found: found.to_owned(),
                at: w.now,
                round_trip_us: None,
                up_bps: None,
                down_bps: None,
                clock_off_ms: None,
            };
            let ended = [
                bare(Step::NameServers, Outcome::Wrong, "10.20.3.53 does not answer"),
                bare(Step::Microphone, Outcome::Absent, ""),
                Ended { round_trip_us: Some(840), ..bare(Step::Latency, Outcome::Well, "0.8 ms") },
                Ended { up_bps: Some(94_000_000), down_bps: Some(91_000_000), ..bare(Step::Throughput, Outcome::Well, "") },
                Ended { clock_off_ms: Some(-12), ..bare(Step::Clock, Outcome::Well, "") },
            ];
            ended.into_iter().for_each(|ended| diagnosis::step_ended(w, &begun, ended));
            diagnosis::finish(w, &begun, "the connection broke off".to_owned());
            Ok(())
        });
        self.change(|w| diagnosis::begin(w, goes_on, &heard));
    }

    fn live_a_day(&mut self) {
        let heard = Heard::default();
        self.change(|w| {
            let (due, why) = (Due::At(w.now + SignedDuration::from_hours(48)), Some("an exam".to_owned()));
            let lent = NewLoan::new(Tag::parse("PC-2")?, PersonId::parse("20431")?);
            loan::out(w, &heard, NewLoan { due, override_reason: why, ..lent })
        });
        self.change(|w| {
            let sweep = sweep::begin(w, &RoomId::parse("Lab 118")?, &Heard::default())?;
            sweep::finish(w, sweep.id)
        });
        self.change(|w| attend::silent(w, DeviceId(Uuid::from_u128(1)), w.now));
    }
}

#[test]
#[ignore = "makes a fixture that later versions are held to; name it with ROLLCALL_GOLDEN"]
fn make() {
    let place = fixtures().join(std::env::var("ROLLCALL_GOLDEN").unwrap());
    assert!(!place.exists(), "{}: a golden store is never changed", place.display());
    let work = tempfile::tempdir().unwrap();
    let mut golden = Golden { folder: Folder::open(work.path()).unwrap(), site: Site::default(), minute: 0 };
    golden.found();
    (1..=5).for_each(|number| golden.pc(number));
    golden.settle_in();
    golden.have_trouble();
    golden.diagnose();
    let kinds: BTreeSet<String> = golden.site.records().map(|written| written.kind).collect();
    for kind in KINDS {
        assert!(kinds.contains(*kind), "no {kind} in {kinds:?}");
    }
    golden.folder.snapshot(&golden.site).unwrap();
    golden.live_a_day();
    let hash = golden.site.state_hash();
    drop(golden);
    fs::remove_dir_all(work.path().join("shelf")).unwrap();
    fs::remove_file(work.path().join("lock")).unwrap();
    fs::remove_file(work.path().join("ballast")).ok();
    copy(work.path(), &place.join("store"));
    fs::write(place.join("state-hash"), hash).unwrap();
}

#[test]
fn every_golden_store_opens_with_its_state() {
    let stores = entries(&fixtures()).unwrap();
    assert!(!stores.is_empty());
    for golden in stores {
        let dir = tempfile::tempdir().unwrap();
        copy(&golden.join("store"), dir.path());
        let want = fs::read_to_string(golden.join("state-hash")).unwrap();
        let name = golden.display();
        let (verified, replayed) = verify_and_replay(dir.path(), "").unwrap();
        assert_eq!((verified.damage, replayed.unwrap().as_str()), (Vec::<String>::new(), want.trim()), "{name}");
        let folder = Folder::open(dir.path()).unwrap();
        let site = folder.load().unwrap();
        assert_eq!(site.state_hash(), want.trim(), "{name}");
        assert_eq!(folder.missing(), Vec::new(), "{name}");
        assert_eq!(site.persons.values().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Bo Lind", "Ada Lund"], "{name}");
        assert_eq!(folder.events(0, 1000).unwrap().len() as u64, site.seq, "{name}");
        // The first versions kept every minute; now it is every fifth.
        assert!(folder.samples(DeviceId(Uuid::from_u128(1)), noon()).unwrap().len() >= 70 / 5, "{name}");
        // The ledger alone gives the same, and the store goes on.
        fs::remove_dir_all(dir.path().join("snapshot")).unwrap();
        assert_eq!(folder.load().unwrap().state_hash(), want.trim(), "{name}");
        let mut golden = Golden { folder, site, minute: 3000 };
        golden.change(|w| loan::back(w, Returned::fine(Tag::parse("PC-2")?)));
        assert_eq!(golden.folder.load().unwrap().state_hash(), golden.site.state_hash(), "{name}");
    }
}
