//! How long each page takes with 10,000 devices: a measurement, for a release build.

use super::{TestDesk, new};
use jiff::SignedDuration;
use rollcall_proto::{Digest, Section, v1};
use rollcall_site::access::Role;
use rollcall_site::attend::{self, Hello, Report, Reported};
use rollcall_site::content::Content;
use rollcall_site::enroll::{self, Enrolment};
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::loan::{Due, NewLoan};
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::{AssetId, DeviceId, PersonId, RoomId, loan, person, token};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const ROOMS: u32 = 334;
const SEATS: u32 = 30;
const TRIES: usize = 21;

/// A site of 10,020 machines in 334 rooms: one in twenty silent, one in fifty on loan.
async fn fill(test: &TestDesk) {
    test.change(|w| {
        token::make(w, "hash".to_owned(), None, 10_000, w.now + SignedDuration::from_hours(24))?;
        token::make(w, "more".to_owned(), None, 10_000, w.now + SignedDuration::from_hours(24))?;
        let people = (0..2_000).map(|n| (PersonId::parse(&format!("{n}")).unwrap(), format!("Person {n}"))).collect::<Vec<_>>();
        person::import(w, people);
        Ok(())
    })
    .await;
    let packages = (0..900).map(|n| v1::Package { name: format!("package-{n}"), version: "1.2.3".to_owned(), ..v1::Package::default() });
    let list = Section::Software(v1::Software { packages: packages.collect() });
    test.desk.collector.keeper.store().put_blobs(&[(Digest::of(&list.encode()), rollcall_proto::pack(&list.encode()).unwrap())]).unwrap();
    let (packages, digest) = (Arc::clone(test.desk.collector.keeper.view().packages()), Digest::of(&list.encode()));
    let list = (digest, Content::of(&list, &packages));
    for number in 1..=ROOMS {
        let list = list.clone();
        test.change(move |w| {
            let id = RoomId::parse(&format!("Lab {number}"))?;
            room::add(w, id.clone(), RoomFacts { seats: Some(SEATS), ..RoomFacts::default() })?;
            for seat in 1..=SEATS {
                machine(w, number * 100 + seat, &format!("LAB{number}-{seat:03}"), &id, seat, &list)?;
            }
            Ok(())
        })
        .await;
    }
    test.change(|w| {
        for n in (0..200).map(|n| n * 1_000) {
            let tag = w.site.assets.values().nth(n / 20).map(|asset| asset.tag.clone()).unwrap();
            let person = PersonId::parse(&format!("{}", n / 1_000)).unwrap();
            let measured = NewLoan { due: Due::Never, override_reason: Some("measured".to_owned()), ..NewLoan::new(tag, person) };
            loan::out(w, &Default::default(), measured)?;
        }
        Ok(())
    })
    .await;
}

fn machine(
    w: &mut rollcall_site::Working,
    n: u32,
    tag: &str,
    room: &RoomId,
    seat: u32,
    list: &(Digest, Content),
) -> Result<(), rollcall_site::Refusal> {
    let (device, asset) = (DeviceId(Uuid::from_u128(n.into())), AssetId(Uuid::from_u128(u128::from(n) << 32)));
    let mac = format!("02:00:00:{:02x}:{:02x}:{:02x}", n >> 16, (n >> 8) & 255, n & 255);
    let hardware = Fingerprint { system_serial: format!("S{n}"), macs: vec![mac.clone()], ..Fingerprint::default() };
    let enrolment = Enrolment {
        token_hash: if n.is_multiple_of(2) { "hash" } else { "more" }.to_owned(),
        device,
        asset,
        fingerprint: hardware.clone(),
        host_name: tag.to_lowercase(),
        tag: tag.to_owned(),
        seat: String::new(),
        agent_version: "0.1.0".to_owned(),
        certificate: format!("cert{n}"),
        certificate_ends: w.now + SignedDuration::from_hours(24 * 400),
    };
    enroll::enroll(w, enrolment)?;
    enroll::relocate(w, asset, Some(room.clone()), Some(seat.to_string()))?;
    let hello = Hello { session: "s".to_owned(), boot: "b".to_owned(), next: 1, fingerprint: hardware, ..Hello::default() };
    attend::hello(w, device, &format!("cert{n}"), &hello, "n".to_owned())?;
    let own = [
        Section::System(v1::System {
            manufacturer: "Dell Inc.".to_owned(),
            model: "OptiPlex 7090".to_owned(),
            serial: format!("S{n}"),
            ..v1::System::default()
        }),
        Section::Network(v1::Network {
            interfaces: vec![v1::Interface { name: "eno1".to_owned(), mac, ..v1::Interface::default() }],
            ..v1::Network::default()
        }),
        Section::Memory(v1::Memory { total_bytes: 16 << 30, ..v1::Memory::default() }),
        Section::OperatingSystem(v1::OperatingSystem {
            pretty: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            ..v1::OperatingSystem::default()
        }),
    ];
    let own = own.iter().map(|section| (Digest::of(&section.encode()), Content::of(section, w.site.packages())));
    let contents: Vec<(Digest, Content)> = own.chain([list.clone()]).collect();
    let named =
        |(digest, content): &(Digest, Content)| Reported { name: content.name().to_owned(), content: Ok(*digest), problems: Vec::new() };
    let report = Report { session: "s".to_owned(), number: 1, at: w.now, full: true, sections: contents.iter().map(named).collect() };
    attend::report(w, device, report, contents)?;
    if n.is_multiple_of(20) { attend::silent(w, device, w.now) } else { Ok(()) }
}

/// What all threads have worked: on a machine that others use the clock says little.
fn processor_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let nanoseconds = |text: String| text.split(' ').next().and_then(|first| first.parse::<u64>().ok());
    let each = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok()).filter_map(nanoseconds);
    Duration::from_nanos(each.sum())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: the median of each page with 10,000 devices"]
async fn ten_thousand_devices() {
    let test = new().await;
    fill(&test).await;
    let cookie = test.cookie(Role::Admin).await;
    println!("{} devices", test.desk.collector.keeper.view().devices.len());
    let pages = [
        "/",
        "/rooms",
        "/rooms/Lab%2017",
        "/devices",
        "/devices?page=90",
        "/devices?presence=silent",
        "/devices?text=lab17-",
        "/devices?text=02:00:00:00",
        "/devices.csv",
        "/devices/LAB17-005",
        "/devices/LAB17-005?health=year",
        "/alerts",
        "/find?scan=lab",
        "/find?scan=no-such-title",
        "/loans",
        "/loans?tag=LAB17-005",
        "/find?scan=lab17-005",
        "/find?scan=S1705",
        "/accounts",
        "/add",
    ];
    for page in pages {
        let mut times = Vec::new();
        for _ in 0..TRIES {
            // Nothing is served from the census before.
            test.desk.collector.keeper.clock().advance(SignedDuration::from_secs(2));
            let begun = (Instant::now(), processor_time());
            let read = test.get(page, &cookie).await;
            times.push((begun.0.elapsed(), processor_time().saturating_sub(begun.1)));
            assert!(read.status.is_success() || read.status.is_redirection(), "{page}: {}", read.status);
        }
        let median = |mut times: Vec<Duration>| {
            times.sort();
            times[TRIES / 2]
        };
        let (wall, busy) = times.into_iter().unzip();
        println!("{page:34} median {:>8.1?} of processor time, {:>8.1?} on the clock", median(busy), median(wall));
    }
    let begun = Instant::now();
    let mut asked = 0;
    while begun.elapsed() < Duration::from_secs(1) {
        test.get("/", &cookie).await;
        asked += 1;
    }
    println!("Today, asked again and again: {:.1} ms each", 1000.0 / f64::from(asked));
}
