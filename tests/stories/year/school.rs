//! The school's collector: the site's pure functions, called as the agents' door and the watch call them.

use super::calendar::{CLOSED, Expected, SPECIAL, ZONE};
use super::machine::Machine;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Digest, Section};
use rollcall_site::attend::{self, Goodbye, Hello, Report, Reported};
use rollcall_site::calendar::{self, Closed, Special};
use rollcall_site::content::Content;
use rollcall_site::enroll::{self, Enrolment};
use rollcall_site::event::{Actor, Event};
use rollcall_site::loan::{Due, NewLoan, Returned};
use rollcall_site::off_site::Side;
use rollcall_site::presence::{Heard, Presence};
use rollcall_site::room::{self, RoomFacts, RoomKind};
use rollcall_site::vitals::{self, Reading};
use rollcall_site::{
    About, PersonId, Refusal, RoomId, Site, SiteId, Tag, Working, alert, baseline, loan, maintenance, person, round, rule, token,
};
use std::sync::Arc;

/// A room of the school.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub name: &'static str,
    pub kind: RoomKind,
    pub expected: Expected,
    pub machines: usize,
    pub heartbeat: i64,
    /// Its machines are restored at every start.
    pub restored: bool,
    /// Pupils switch its machines on and off; others stay on.
    pub daily: bool,
}

const fn place(name: &'static str, kind: RoomKind, expected: Expected, machines: usize, heartbeat: i64) -> Place {
    let daily = !matches!(expected, Expected::Always | Expected::Night);
    Place { name, kind, expected, machines, heartbeat, restored: false, daily }
}

/// 200 machines.
pub const PLACES: [Place; 10] = [
    place("Lab 101", RoomKind::Lab, Expected::School, 30, 5),
    Place { restored: true, ..place("Lab 102", RoomKind::Lab, Expected::School, 30, 5) },
    place("Lab 103", RoomKind::Lab, Expected::School, 30, 5),
    place("Lab 104", RoomKind::Lab, Expected::School, 24, 5),
    place("Media lab", RoomKind::Lab, Expected::School, 16, 10),
    place("Cart A", RoomKind::Cart, Expected::Never, 30, 30),
    place("Library", RoomKind::Library, Expected::Library, 20, 30),
    place("Office", RoomKind::Office, Expected::School, 12, 30),
    place("Server room", RoomKind::Other, Expected::Always, 4, 30),
    place("Archive", RoomKind::Other, Expected::Night, 4, 30),
];

/// What the labs must have.
pub const REQUIRED: [&str; 4] = ["geogebra", "gimp", "libreoffice", "lockdown"];

pub struct School {
    pub site: Site,
    pub events: Vec<Event>,
    pub changes: u64,
}

pub fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

impl School {
    pub fn found(now: i64, places: &[Place], machines: &[Machine]) -> Self {
        let mut school = Self { site: Site::default(), events: Vec::new(), changes: 0 };
        school.change(now, |w| {
            let id = SiteId::parse("main").unwrap();
            let (epoch, rules) = (1, Default::default());
            w.put(About { id, name: "Lincoln".into(), time_zone: ZONE.into(), epoch, rules, rest: Default::default() });
            calendar::set_hours(w, Some("Mon-Fri 07:30-16:00".parse()?))?;
            for (from, to, name) in CLOSED {
                calendar::close(w, Closed { from, to, name: name.into() })?;
            }
            for (day, from, to, name) in SPECIAL {
                let span = format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60).parse()?;
                calendar::set_special(w, day, Special { name: name.into(), schedule: None, hours: vec![span] })?;
            }
            for (number, place) in places.iter().enumerate() {
                let heartbeat_ms = Some(place.heartbeat as u32 * 1000);
                let facts = RoomFacts {
                    kind: Some(place.kind),
                    heartbeat_ms,
                    hours: place.expected.hours().map(Into::into),
                    ..RoomFacts::default()
                };
                room::add(w, RoomId::parse(place.name)?, facts)?;
                token::make(w, format!("token{number}"), Some(RoomId::parse(place.name)?), 100, w.now + SignedDuration::from_hours(1))?;
            }
            person::import(w, vec![(pupil(), "A pupil".into())]);
            // Loans that are over belong to the stories of circulation: the year's record says nothing of them.
            rule::set(w, None, "overdue-seen", rule::Setting { on: Some(false), ..rule::Setting::default() })?;
            let required: String = REQUIRED.iter().map(|title| format!("[[required]]\ntitle = '{title}'\n")).collect();
            let rooms: Vec<String> =
                places.iter().filter(|place| place.kind == RoomKind::Lab).map(|place| format!("'{}'", place.name)).collect();
            baseline::apply(w, baseline::parse(&format!("name = 'labs'\nrooms = [{}]\n{required}", rooms.join(", ")))?).map(drop)
        });
        for machine in machines {
            let request = Enrolment {
                token_hash: format!("token{}", machine.room),
                device: machine.device,
                asset: machine.asset,
                fingerprint: machine.fingerprint(),
                host_name: machine.tag.to_lowercase(),
                tag: machine.tag.clone(),
                seat: String::new(),
                agent_version: "0.1.0".into(),
                certificate: machine.tag.clone(),
                certificate_ends: time(now) + SignedDuration::from_hours(24 * 800),
            };
            school.change(now, |w| enroll::enroll(w, request).map(drop));
        }
        school
    }

    pub fn change(&mut self, now: i64, change: impl FnOnce(&mut Working) -> Result<(), Refusal>) {
        let mut w = Working::begin(self.site.clone(), time(now), Actor::Rollcall);
        change(&mut w).unwrap();
        let finished = w.finish();
        self.site = finished.site;
        self.changes += 1;
        self.events.extend(finished.events.into_iter().filter(|event| event.kind.starts_with("alert.")));
    }

    /// A machine connects: hello, its report, its readings.
    pub fn hello(&mut self, now: i64, machine: &mut Machine) {
        machine.hellos += 1;
        let nonce = format!("{}-{}", machine.tag, machine.hellos);
        let hello = Hello {
            session: format!("session {}", machine.boot),
            boot: format!("boot {}", machine.boot),
            nonce: machine.nonce.clone(),
            next: machine.reports + 1,
            fingerprint: machine.fingerprint(),
            host_name: machine.tag.to_lowercase(),
            agent_version: "0.1.0".into(),
            clock_ms: (now + machine.off) * 1000,
            epoch: 1,
            side: Side::Inside,
        };
        self.change(now, |w| match attend::hello(w, machine.device, &machine.tag, &hello, nonce.clone())? {
            attend::Met::Welcome(_) => Ok(()),
            attend::Met::Clone(why) => Err(Refusal::conflict(why)),
        });
        machine.nonce = nonce;
    }

    pub fn report(&mut self, now: i64, machine: &mut Machine, sections: Vec<Section>, full: bool) {
        machine.reports += 1;
        let mut contents = Vec::new();
        let mut reported = Vec::new();
        for section in sections {
            let digest = Digest::of(&section.encode());
            reported.push(Reported { name: section.name().into(), content: Ok(digest), problems: Vec::new() });
            contents.push((digest, Content::of(&section, &Arc::default())));
        }
        let session = format!("session {}", machine.boot);
        let report = Report { session, number: machine.reports, at: time(now), full, sections: reported };
        if attend::is_news(&self.site, machine.device, &report, time(now)) {
            self.change(now, |w| attend::report(w, machine.device, report, contents).map(drop));
        }
    }

    pub fn vitals(&mut self, now: i64, machine: &Machine) {
        let disks = [("/".to_owned(), machine.disk_step)].into();
        let reading = Reading { disks, ..Reading::default() };
        if vitals::is_news(&self.site, machine.device, &reading, time(now)) {
            self.change(now, |w| vitals::take(w, machine.device, reading));
        }
    }

    pub fn goodbye(&mut self, now: i64, machine: &Machine, why: Goodbye) {
        self.change(now, |w| attend::goodbye(w, machine.device, why));
    }

    /// They are not heard any more, with when they were heard last.
    pub fn silent(&mut self, now: i64, fell: Vec<(&Machine, i64)>) {
        let fell: Vec<_> = fell.into_iter().map(|(machine, heard)| (machine.device, time(heard))).collect();
        self.change(now, |w| {
            attend::silent_all(w, fell);
            Ok(())
        });
    }

    pub fn is_here(&self, machine: &Machine) -> bool {
        self.site.devices.get(&machine.device).is_some_and(|device| device.presence == Presence::Here)
    }

    /// When the watch next has something to do.
    pub fn next_due(&self) -> Option<i64> {
        let due = [alert::next_due(&self.site), baseline::next_due(&self.site)].into_iter().flatten().min()?;
        Some(due.as_second() + i64::from(due.subsec_nanosecond() > 0))
    }

    /// The watch looks: whatever is due is done.
    pub fn tick(&mut self, now: i64) {
        for _ in 0..100 {
            if self.next_due().is_none_or(|due| due > now) {
                return;
            }
            self.change(now, |w| {
                alert::tick(w);
                baseline::tick(w);
                Ok(())
            });
        }
        panic!("there is always more to do at {}", time(now));
    }

    pub fn hold(&mut self, now: i64, least: i64) {
        self.change(now, |w| {
            alert::hold(w, time(least));
            Ok(())
        });
    }

    /// The slow round.
    pub fn round(&mut self, now: i64) {
        let all = round::next(&self.site, None, usize::MAX);
        let stale = round::stale(&self.site, &all, time(now));
        if !stale.is_empty() {
            self.change(now, |w| {
                stale.into_iter().for_each(|asset| alert::judge(w, asset));
                Ok(())
            });
        }
    }

    pub fn lend(&mut self, now: i64, machine: &Machine, due: i64) {
        let (tag, reason) = (Tag::parse(&machine.tag).unwrap(), Some("the class needs it".to_owned()));
        self.change(now, |w| {
            loan::out(w, &Heard::new(), NewLoan { due: Due::At(time(due)), override_reason: reason, ..NewLoan::new(tag, pupil()) })
                .map(drop)
        });
    }

    pub fn take_back(&mut self, now: i64, machine: &Machine) {
        let tag = Tag::parse(&machine.tag).unwrap();
        self.change(now, |w| loan::back(w, Returned::fine(tag)).map(drop));
    }

    pub fn maintain(&mut self, now: i64, room: &str, until: i64) {
        let (room, reason) = (Some(RoomId::parse(room).unwrap()), "rebuilt".to_owned());
        let planned = maintenance::Planned { tag: None, room, from: None, until: time(until), reason };
        self.change(now, |w| maintenance::plan(w, planned).map(drop));
    }
}

fn pupil() -> PersonId {
    PersonId::parse("20431").unwrap()
}
