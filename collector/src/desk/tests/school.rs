//! A small school in which machines and people say hostile things.

use super::TestDesk;
use jiff::SignedDuration;
use rollcall_proto::{Digest, Section, v1};
use rollcall_site::asset::{self, AssetFacts, AssetKind};
use rollcall_site::attend::{self, Hello, Report, Reported};
use rollcall_site::content::Content;
use rollcall_site::diagnosis::{self, Ended, Outcome, Step};
use rollcall_site::enroll::{self, Enrolment};
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::loan::{Due, NewLoan};
use rollcall_site::room::{self, RoomFacts, RoomKind};
use rollcall_site::{AssetId, DeviceId, PersonId, RoomId, Tag, baseline, loan, person, token};
use uuid::Uuid;

/// What must never reach a browser as markup.
pub const HOSTILE: &str = "\"><svg onload=alert(1)>'";

/// Fills the site: two rooms, three PCs, a laptop, a projector, borrowers, a loan, a baseline, alerts.
pub async fn fill(test: &TestDesk) {
    let lab = RoomId::parse("Lab 118").unwrap();
    let (first, second) = (lab.clone(), lab.clone());
    test.change(move |w| {
        room::add(w, first.clone(), RoomFacts { seats: Some(6), ..RoomFacts::default() })?;
        room::add(w, RoomId::parse("Cart <i>C").unwrap(), RoomFacts { kind: Some(RoomKind::Cart), ..RoomFacts::default() })?;
        token::make(w, "hash".to_owned(), Some(first), 30, w.now + SignedDuration::from_hours(24))?;
        let people = [("20431", HOSTILE), ("18807", "Bo Lind")].map(|(id, name)| (PersonId::parse(id).unwrap(), name.to_owned()));
        person::import(w, people.to_vec());
        let facts = AssetFacts {
            kind: Some(AssetKind::Projector),
            name: Some(HOSTILE.to_owned()),
            room: Some("Lab 118".to_owned()),
            ..AssetFacts::default()
        };
        asset::add(w, AssetId(Uuid::from_u128(99)), Tag::parse("PJ-01").unwrap(), facts)
    })
    .await;
    for number in 1..=3 {
        pc(test, number).await;
    }
    test.change(move |w| {
        let text = format!("name = \"Lab\"\nrooms = [\"{second}\"]\n[[required]]\ntitle = \"geogebra\"\n");
        baseline::apply(w, baseline::parse(&text)?)
    })
    .await;
    let due = test.desk.collector.keeper.clock().now() + SignedDuration::from_hours(1);
    test.change(move |w| {
        let heard = Default::default();
        let lent = NewLoan::new(Tag::parse("PC-3").unwrap(), PersonId::parse("20431").unwrap());
        loan::out(w, &heard, NewLoan { due: Due::At(due), override_reason: Some(HOSTILE.to_owned()), ..lent })
    })
    .await;
    test.change(|w| {
        let device = DeviceId(Uuid::from_u128(1));
        let of = diagnosis::begin(w, device, &[(device, w.now)].into_iter().collect())?;
        let ended = |step, outcome| Ended {
            step,
            outcome,
            found: HOSTILE.to_owned(),
            at: w.now,
            round_trip_us: None,
            up_bps: None,
            down_bps: None,
            clock_off_ms: None,
        };
        let steps = [(Step::Gateway, Outcome::Wrong), (Step::Camera, Outcome::Absent), (Step::Disk, Outcome::Unreadable)];
        steps.map(|(step, outcome)| ended(step, outcome)).into_iter().for_each(|ended| diagnosis::step_ended(w, &of, ended));
        Ok(diagnosis::finish(w, &of, HOSTILE.to_owned()))
    })
    .await;
    test.change(|w| attend::silent(w, DeviceId(Uuid::from_u128(1)), w.now)).await;
}

/// A PC that enrols and reports, with hostile text wherever an agent may put one.
async fn pc(test: &TestDesk, number: u128) {
    let (device, asset) = (DeviceId(Uuid::from_u128(number)), AssetId(Uuid::from_u128(100 + number)));
    let hardware =
        Fingerprint { system_serial: format!("S{number}"), macs: vec![format!("00:11:22:33:44:{number:02x}")], ..Fingerprint::default() };
    let enrolment = Enrolment {
        token_hash: "hash".to_owned(),
        device,
        asset,
        fingerprint: hardware.clone(),
        host_name: format!("pc{number}{HOSTILE}"),
        tag: format!("PC-{number}"),
        seat: number.to_string(),
        agent_version: HOSTILE.to_owned(),
        certificate: format!("cert{number}"),
        certificate_ends: test.desk.collector.keeper.clock().now() + SignedDuration::from_hours(24 * 400),
    };
    let hello = Hello {
        session: "s".to_owned(),
        boot: "b".to_owned(),
        next: 1,
        fingerprint: hardware,
        host_name: format!("pc{number}{HOSTILE}"),
        ..Hello::default()
    };
    test.change(move |w| {
        enroll::enroll(w, enrolment)?;
        attend::hello(w, device, &format!("cert{number}"), &hello, "n1".to_owned())
    })
    .await;
    let sections: Vec<(Digest, Section)> = sections(number).into_iter().map(|section| (Digest::of(&section.encode()), section)).collect();
    let mut reported: Vec<Reported> = sections
        .iter()
        .map(|(digest, section)| Reported { name: section.name().to_owned(), content: Ok(*digest), problems: vec![HOSTILE.to_owned()] })
        .collect();
    reported.push(Reported { name: "displays".to_owned(), content: Err(HOSTILE.to_owned()), problems: Vec::new() });
    let packed: Vec<(Digest, Vec<u8>)> =
        sections.iter().map(|(digest, section)| (*digest, rollcall_proto::pack(&section.encode()).unwrap())).collect();
    test.desk.collector.keeper.store().put_blobs(&packed).unwrap();
    test.change(move |w| {
        let report = Report { session: "s".to_owned(), number: 1, at: w.now, full: true, sections: reported };
        let contents = sections.iter().map(|(digest, section)| (*digest, Content::of(section, w.site.packages()))).collect();
        attend::report(w, device, report, contents)
    })
    .await;
}

fn sections(number: u128) -> Vec<Section> {
    let hostile = || HOSTILE.to_owned();
    let package = |name: &str| v1::Package {
        name: name.to_owned(),
        version: hostile(),
        publisher: hostile(),
        source: hostile(),
        ..v1::Package::default()
    };
    let module = v1::MemoryModule { slot: hostile(), bytes: 8 << 30, kind: hostile(), serial: hostile(), ..v1::MemoryModule::default() };
    let interface =
        v1::Interface { name: hostile(), mac: format!("00:11:22:33:44:{number:02x}"), driver: hostile(), ..v1::Interface::default() };
    vec![
        Section::System(v1::System { manufacturer: hostile(), model: hostile(), serial: format!("S{number}"), ..v1::System::default() }),
        Section::Memory(v1::Memory { total_bytes: 8 << 30, modules: vec![module], slots_known: true }),
        Section::OperatingSystem(v1::OperatingSystem { pretty: hostile(), kernel: hostile(), ..v1::OperatingSystem::default() }),
        Section::Network(v1::Network { interfaces: vec![interface], ..v1::Network::default() }),
        Section::Software(v1::Software { packages: vec![package(HOSTILE), package("bash")] }),
    ]
}
