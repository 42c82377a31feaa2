//! From the words of the wire to the words of the site. What an agent says is hostile text until it has been through here.

use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Digest, SECTIONS, v1};
use rollcall_site::attend::{Goodbye, Hello, Report, Reported};
use rollcall_site::diagnosis::{Ended, Outcome, Step};
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::off_site::{Side, is_agreed};
use uuid::Uuid;

/// Longest name or serial that is kept, characters.
const NAME: usize = 100;
/// Longest sentence that is kept, characters.
const SENTENCE: usize = 300;
/// Most problems that are kept of one section.
const PROBLEMS: usize = 20;
/// Most addresses or serials that are kept of one machine.
const FACTS: usize = 32;
/// Longest name of a part behind a health reading, characters.
const PART: usize = 60;
/// Most parts of one kind that are kept behind a health reading: as many as an agent tells.
const PARTS: usize = 32;
/// Most processor threads that are kept behind a health reading.
const CORES: usize = 256;
/// A health reading is of now: nobody fills the days before with others.
const OLDEST_READING: SignedDuration = SignedDuration::from_hours(1);
/// A report is never older than this: what a laptop keeps over a summer.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What the agent said must not be said: the text of its refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unheard(pub(super) String);

fn unheard<T>(text: impl Into<String>) -> Result<T, Unheard> {
    Err(Unheard(text.into()))
}

/// Whether a character shows and does nothing else: no control character, none that turns the direction of the text.
pub(super) fn shows(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text without control characters, trimmed, of at most `longest` characters.
pub(super) fn clean(text: &str, longest: usize) -> String {
    let plain: String = text.chars().filter(|c| shows(*c)).take(longest).collect();
    plain.trim().to_owned()
}

/// A name, a serial, a version: one line.
pub(super) fn name(text: &str) -> String {
    clean(text, NAME)
}

/// What is said in words.
pub(super) fn sentence(text: &str) -> String {
    clean(text, SENTENCE)
}

/// The hardware facts of a machine.
pub(super) fn fingerprint(said: Option<v1::Fingerprint>) -> Fingerprint {
    let said = said.unwrap_or_default();
    let list = |texts: &[String]| {
        let mut texts: Vec<String> = texts.iter().take(FACTS).map(|text| name(text)).filter(|text| !text.is_empty()).collect();
        texts.sort();
        texts.dedup();
        texts
    };
    Fingerprint {
        system_uuid: name(&said.system_uuid),
        system_serial: name(&said.system_serial),
        board_serial: name(&said.board_serial),
        chassis_serial: name(&said.chassis_serial),
        macs: list(&said.macs),
        disk_serials: list(&said.disk_serials),
        machine_id: name(&said.machine_id),
    }
}

/// The first thing a device says.
///
/// # Errors
/// The session is not a UUID, or the nonce is not one of ours.
pub(super) fn hello(said: v1::Hello) -> Result<Hello, Unheard> {
    let Ok(session) = Uuid::try_parse(&said.session) else { return unheard("hello: the session is not a UUID") };
    if said.nonce.len() > 16 {
        return unheard("hello: the nonce is longer than 16 bytes");
    }
    Ok(Hello {
        session: session.to_string(),
        boot: name(&said.boot),
        nonce: hex(&said.nonce),
        next: said.next,
        fingerprint: fingerprint(said.fingerprint),
        host_name: name(&said.host_name),
        agent_version: name(&said.agent_version),
        clock_ms: said.clock_ms,
        epoch: said.epoch,
        side: Side::Inside,
    })
}

/// A step of a diagnosis that ended now; `None`: one that this version does not know. Of a machine off site nothing is kept that tells of
/// the place where it is: it was asked not to say so.
pub(super) fn step(said: &v1::DiagnosisStep, side: Side, now: Timestamp) -> Option<Ended> {
    use v1::diagnosis_step::{Outcome as Came, Step as Said};
    let step = match said.step() {
        Said::Unspecified => return None,
        Said::Gateway => Step::Gateway,
        Said::NameServers => Step::NameServers,
        Said::Path => Step::Path,
        Said::Latency => Step::Latency,
        Said::Throughput => Step::Throughput,
        Said::Disk => Step::Disk,
        Said::Camera => Step::Camera,
        Said::Microphone => Step::Microphone,
        Said::Clock => Step::Clock,
    };
    let outcome = match said.outcome() {
        Came::Unspecified => return None,
        Came::Well => Outcome::Well,
        Came::Absent => Outcome::Absent,
        Came::Unreadable => Outcome::Unreadable,
        Came::Wrong => Outcome::Wrong,
    };
    let only = |of: Step| step == of;
    let ended = Ended {
        step,
        outcome,
        found: sentence(&said.found),
        at: now,
        round_trip_us: said.round_trip_us.filter(|_| only(Step::Latency)),
        up_bps: said.up_bps.filter(|_| only(Step::Throughput)),
        down_bps: said.down_bps.filter(|_| only(Step::Throughput)),
        clock_off_ms: said.clock_off_ms.filter(|_| only(Step::Clock)),
    };
    let agreed = match step {
        Step::Gateway | Step::NameServers | Step::Path => side == Side::Inside,
        Step::Camera => is_agreed(side, "cameras"),
        Step::Microphone => is_agreed(side, "sound"),
        _ => true,
    };
    let unsaid = || Ended {
        outcome: Outcome::Unreadable,
        found: "it is off site: nothing is told of the place where it is".to_owned(),
        ..ended.clone()
    };
    Some(if agreed { ended } else { unsaid() })
}

/// The machine's clock against the collector's: what its times are corrected by, and what they may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Clock of the machine minus clock of the collector, milliseconds.
    pub(super) off_ms: i64,
    /// Now, by the collector's clock.
    pub(super) now: Timestamp,
}

impl Times {
    /// A time of the machine as the collector's clock would have shown it; never in the future.
    fn correct(self, at_ms: i64) -> Timestamp {
        let at = Timestamp::from_millisecond(at_ms.saturating_sub(self.off_ms)).unwrap_or(self.now);
        at.clamp(self.now - OLDEST, self.now)
    }
}

/// One numbered report of `session`. Sections of newer agents, unknown here, are passed over.
///
/// # Errors
/// Another session, number 0, a section named twice, or not exactly one of digest and reason.
pub(super) fn report(said: v1::Entry, session: &str, times: Times) -> Result<Report, Unheard> {
    if Uuid::try_parse(&said.session).map(|uuid| uuid.to_string()).as_deref() != Ok(session) {
        return unheard("entry: its session is not the one of the hello");
    }
    if said.number == 0 {
        return unheard("entry: numbers begin with 1");
    }
    let mut sections: Vec<Reported> = Vec::new();
    for state in said.sections {
        if !SECTIONS.contains(&state.name.as_str()) {
            tracing::debug!(section = %name(&state.name), "passed over a section that this version does not know");
            continue;
        }
        if sections.iter().any(|section| section.name == state.name) {
            return unheard(format!("entry {}: section {} stands twice", said.number, state.name));
        }
        sections.push(reported(state, said.number)?);
    }
    Ok(Report { session: session.to_owned(), number: said.number, at: times.correct(said.at_ms), full: said.full, sections })
}

fn reported(state: v1::SectionState, number: u64) -> Result<Reported, Unheard> {
    let content = match (state.digest.is_empty(), state.not_measured.is_empty()) {
        (false, true) => match Digest::from_wire(&state.digest) {
            Some(digest) => Ok(digest),
            None => return unheard(format!("entry {number}: the digest of section {} is not 32 bytes", state.name)),
        },
        (true, false) => Err(sentence(&state.not_measured)),
        _ => return unheard(format!("entry {number}: section {} needs exactly one of digest and reason", state.name)),
    };
    let problems = state.problems.iter().take(PROBLEMS).map(|text| sentence(text)).collect();
    Ok(Reported { name: state.name, content, problems })
}

/// A health reading with every value in its range; one out of range counts as not measured.
pub(super) fn health(said: v1::Health, times: Times) -> v1::Health {
    let permille = |value: Option<u32>| value.filter(|value| *value <= 1000);
    v1::Health {
        at_ms: times.correct(said.at_ms).max(times.now - OLDEST_READING).as_millisecond(),
        cpu_permille: permille(said.cpu_permille),
        memory_permille: permille(said.memory_permille),
        disk_permille: permille(said.disk_permille),
        temperature_decidegrees: said.temperature_decidegrees.filter(|value| (-1_000..=2_000).contains(value)),
        load_centi: said.load_centi.filter(|value| *value <= 10_000_000),
        uptime_s: said.uptime_s.filter(|value| *value <= 100 * 366 * 86_400),
        battery_permille: permille(said.battery_permille),
        network_errors: said.network_errors,
        swap_permille: permille(said.swap_permille),
        io_errors: said.io_errors,
        oom_kills: said.oom_kills,
        hardware_errors: said.hardware_errors,
        throttled: said.throttled,
        dns_failing: said.dns_failing,
        link_changes: said.link_changes,
    }
}

/// The parts behind a health reading, few and plain; a value out of range leaves its part out.
pub(super) fn detail(said: v1::HealthDetail) -> v1::HealthDetail {
    let full = |permille: u32| permille <= 1000;
    let named = |text: &str| Some(clean(text, PART)).filter(|text| !text.is_empty());
    let load = |value: Option<u32>| value.filter(|value| *value <= 10_000_000);
    v1::HealthDetail {
        core_permille: said.core_permille.into_iter().take(CORES).map(|permille| permille.min(1000)).collect(),
        file_systems: said
            .file_systems
            .iter()
            .take(PARTS)
            .filter(|used| full(used.permille))
            .filter_map(|used| Some(v1::FileSystemUse { mount: named(&used.mount)?, permille: used.permille }))
            .collect(),
        temperatures: said
            .temperatures
            .iter()
            .take(PARTS)
            .filter(|sensor| (-1_000..=2_000).contains(&sensor.decidegrees))
            .filter_map(|sensor| Some(v1::Sensor { name: named(&sensor.name)?, decidegrees: sensor.decidegrees }))
            .collect(),
        fans: said
            .fans
            .iter()
            .take(PARTS)
            .filter(|fan| fan.rpm <= 100_000)
            .filter_map(|fan| Some(v1::Fan { name: named(&fan.name)?, rpm: fan.rpm }))
            .collect(),
        load_5_centi: load(said.load_5_centi),
        load_15_centi: load(said.load_15_centi),
    }
}

/// Why a device stops speaking; a reason of a newer agent counts as "the agent stops", which promises least.
pub(super) fn goodbye(said: v1::Goodbye) -> Goodbye {
    match v1::Reason::try_from(said.reason) {
        Ok(v1::Reason::Shutdown) => Goodbye::Shutdown,
        Ok(v1::Reason::Suspend) => Goodbye::Suspend,
        Ok(v1::Reason::Stopped | v1::Reason::Unspecified) | Err(_) => Goodbye::Stopped,
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "0190a3c4-0000-7000-8000-000000000001";

    #[test]
    fn off_site_no_step_tells_of_the_place_whatever_the_agent_says() {
        use v1::diagnosis_step::{Outcome as Came, Step as Said};
        let steps = [
            (Said::Gateway, false),
            (Said::NameServers, false),
            (Said::Path, false),
            (Said::Latency, true),
            (Said::Throughput, true),
            (Said::Disk, true),
            (Said::Clock, true),
        ];
        for (name, is_told) in steps {
            let found = "192.168.1.1 answers".to_owned();
            let told = v1::DiagnosisStep { step: name.into(), outcome: Came::Well.into(), found, ..Default::default() };
            let ended = step(&told, Side::Outside, "2026-09-01T08:00:00Z".parse().unwrap()).unwrap();
            assert_eq!(ended.found.contains("192.168"), is_told, "{name:?}");
        }
    }

    fn state(name: &str, digest: &[u8], not_measured: &str) -> v1::SectionState {
        v1::SectionState { name: name.to_owned(), digest: digest.to_vec(), not_measured: not_measured.to_owned(), problems: Vec::new() }
    }

    fn said(sections: Vec<v1::SectionState>) -> Result<Report, Unheard> {
        let times = Times { off_ms: 0, now: "2026-09-01T08:00:00Z".parse().unwrap() };
        report(v1::Entry { session: SESSION.to_owned(), number: 7, sections, ..Default::default() }, SESSION, times)
    }

    #[track_caller]
    fn check(sections: Vec<v1::SectionState>, want: &str) {
        let said = said(sections).unwrap_err().to_string();
        assert!(said.contains(want), "{said}");
    }

    #[test]
    fn a_section_is_measured_or_not_and_stands_once() {
        check(vec![state("os", &[], "")], "section os needs exactly one");
        check(vec![state("os", &[0; 32], "why")], "section os needs exactly one");
        check(vec![state("os", &[0; 31], "")], "not 32 bytes");
        check(vec![state("os", &[0; 32], ""), state("os", &[1; 32], "")], "stands twice");
        let report = said(vec![state("os", &[0; 32], ""), state("aura", &[0; 32], ""), state("memory", &[], "needs\u{0} root\n")]).unwrap();
        assert_eq!(report.sections.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["os", "memory"]);
        assert_eq!(report.sections[1].content, Err("needs root".to_owned()));
    }

    #[test]
    fn times_are_corrected_and_never_in_the_future() {
        let now: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let times = Times { off_ms: 60_000, now };
        assert_eq!(times.correct((now - SignedDuration::from_secs(5)).as_millisecond() + 60_000), now - SignedDuration::from_secs(5));
        for at_ms in [i64::MAX, now.as_millisecond() + 3_600_000] {
            assert_eq!(times.correct(at_ms), now, "{at_ms}");
        }
        assert!(times.correct(i64::MIN) <= now);
    }

    #[test]
    fn a_reading_out_of_range_is_not_measured() {
        let times = Times { off_ms: 0, now: "2026-09-01T08:00:00Z".parse().unwrap() };
        let health = health(
            v1::Health {
                cpu_permille: Some(1001),
                memory_permille: Some(1000),
                temperature_decidegrees: Some(i32::MIN),
                ..Default::default()
            },
            times,
        );
        assert_eq!((health.cpu_permille, health.memory_permille, health.temperature_decidegrees), (None, Some(1000), None));
    }

    #[test]
    fn the_parts_behind_a_reading_are_few_and_plain() {
        let sensor = |name: &str, decidegrees| v1::Sensor { name: name.to_owned(), decidegrees };
        let said = v1::HealthDetail {
            core_permille: vec![7; 100_000],
            temperatures: vec![sensor("cpu\u{1b}[31m", 452), sensor("broken", i32::MAX), sensor("\n", 1)],
            fans: vec![v1::Fan { name: "x".repeat(9000), rpm: 0 }; 9000],
            ..v1::HealthDetail::default()
        };
        let kept = detail(said);
        assert_eq!((kept.core_permille.len(), kept.fans.len(), kept.fans[0].name.len()), (CORES, PARTS, PART));
        assert_eq!(kept.temperatures, [sensor("cpu[31m", 452)]);
        let most = v1::HealthDetail { file_systems: vec![v1::FileSystemUse { mount: "ü".repeat(99), permille: 1000 }; 99], ..kept };
        assert!(prost::Message::encoded_len(&detail(most)) < 8 * 1024, "what one device may take");
    }

    #[test]
    fn a_reading_is_of_the_last_hour() {
        let now: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let at = |at_ms| health(v1::Health { at_ms, ..Default::default() }, Times { off_ms: 0, now }).at_ms;
        let now_ms = now.as_millisecond();
        assert_eq!((at(now_ms - 60_000), at(i64::MAX)), (now_ms - 60_000, now_ms));
        assert_eq!((at(0), at(now_ms - 7_200_000)), (now_ms - 3_600_000, now_ms - 3_600_000));
    }

    #[test]
    fn unknown_reasons_promise_least() {
        assert_eq!(goodbye(v1::Goodbye { reason: 99 }), Goodbye::Stopped);
        assert_eq!(goodbye(v1::Goodbye { reason: v1::Reason::Suspend as i32 }), Goodbye::Suspend);
    }

    #[test]
    fn a_hello_needs_a_session() {
        assert!(hello(v1::Hello { session: "x".to_owned(), ..Default::default() }).is_err());
        let said = hello(v1::Hello { session: SESSION.to_owned(), host_name: "a\u{1b}[31mb".repeat(99), ..Default::default() }).unwrap();
        assert!(said.host_name.chars().count() <= NAME && !said.host_name.contains('\u{1b}'));
        assert_eq!(name("pc\u{202e}exe.\u{200f}\u{2066}\u{2069}\u{9b}"), "pcexe.");
    }
}
