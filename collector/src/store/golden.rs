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
use rollcall_site::content::Content;
use rollcall_site::enroll::{self, Enrolment};
use rollcall_site::event::Actor;
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::{About, AssetId, DeviceId, PersonId, Refusal, RoomId, Site, SiteId, Tag, UserName, Working};
use rollcall_site::{baseline, channel, loan, person, sweep, token};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

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
            access::make_key(w, "nightly", Role::Viewer, "hash".to_owned(), None)?;
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

    fn live_a_day(&mut self) {
        let heard = rollcall_site::presence::Heard::default();
        self.change(|w| {
            let due = Some(w.now + SignedDuration::from_hours(48));
            loan::out(w, &heard, &Tag::parse("PC-2")?, &PersonId::parse("20431")?, due, Some("an exam".to_owned()))
        });
        self.change(|w| {
            let sweep = sweep::begin(w, &RoomId::parse("Lab 118")?, &rollcall_site::presence::Heard::default())?;
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
    golden.pc(1);
    golden.pc(2);
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
        let (verified, replayed) = verify_and_replay(dir.path()).unwrap();
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
        golden.change(|w| loan::back(w, &Tag::parse("PC-2")?));
        assert_eq!(golden.folder.load().unwrap().state_hash(), golden.site.state_hash(), "{name}");
    }
}
