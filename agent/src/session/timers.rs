//! When the next heartbeat, health reading, survey and renewal are due.

use super::Now;
use rollcall_proto::v1::Schedule;
use std::time::Duration;

/// Until a collector says otherwise.
const DEFAULT: Schedule = Schedule { heartbeat_ms: 5_000, health_s: 60, survey_s: 86_400 };
/// How long to wait for an answer before asking for a certificate again.
const RENEWAL_RETRY: Duration = Duration::from_secs(3600);

/// How often the lively sections are read again while somebody listens.
const LOOK: Duration = Duration::from_secs(300);
/// The parts behind a health reading go along with every so many.
const DETAILED: u32 = 5;

/// What is due now.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Due {
    pub heartbeat: bool,
    pub health: bool,
    pub survey: bool,
    pub look: bool,
    pub renewal: bool,
}

#[derive(Debug)]
pub(super) struct Timers {
    schedule: Schedule,
    heartbeat_at: Duration,
    health_at: Duration,
    readings: u32,
    survey_at: Option<Duration>,
    look_at: Duration,
    renew_at_ms: i64,
    renewal_not_before: Duration,
}

impl Timers {
    pub(super) fn new(renew_at_ms: i64) -> Self {
        let never = Duration::ZERO;
        Self {
            schedule: DEFAULT,
            heartbeat_at: never,
            health_at: never,
            readings: 0,
            survey_at: None,
            look_at: never,
            renew_at_ms,
            renewal_not_before: never,
        }
    }

    /// A connection begins to live: a health reading goes along at once.
    pub(super) fn welcomed(&mut self, schedule: Option<Schedule>, now: Duration) {
        if let Some(schedule) = schedule {
            self.set(schedule);
        }
        self.health_at = now;
        self.readings = 0;
        self.look_at = now + LOOK;
        self.heartbeat_at = now + self.heartbeat();
        self.renewal_not_before = now;
    }

    /// Follows a new schedule, brought within its bounds; 0 stands for the default.
    pub(super) fn set(&mut self, schedule: Schedule) {
        let pick = |value: u32, default: u32, least: u32, most: u32| if value == 0 { default } else { value.clamp(least, most) };
        self.schedule = Schedule {
            heartbeat_ms: pick(schedule.heartbeat_ms, DEFAULT.heartbeat_ms, 5_000, 60_000),
            health_s: pick(schedule.health_s, DEFAULT.health_s, 5, 86_400),
            survey_s: pick(schedule.survey_s, DEFAULT.survey_s, 5, 86_400),
        };
        self.survey_at = None;
        self.heartbeat_at = Duration::ZERO;
        self.health_at = Duration::ZERO;
    }

    pub(super) fn installed(&mut self, renew_at_ms: i64) {
        self.renew_at_ms = renew_at_ms;
    }

    /// Asks for a certificate at once.
    pub(super) fn renew_now(&mut self) {
        self.renew_at_ms = i64::MIN;
        self.renewal_not_before = Duration::ZERO;
    }

    /// What is due; `random` from 0 to 1 spreads the surveys of machines that started together.
    pub(super) fn due(&mut self, now: Now, live: bool, random: f64) -> Due {
        let mut due = Due::default();
        let period = Duration::from_secs(self.schedule.survey_s.into());
        let survey_at = *self.survey_at.get_or_insert(now.elapsed + period.mul_f64(0.9 + 0.1 * random));
        if survey_at <= now.elapsed {
            due.survey = true;
            self.survey_at = Some(now.elapsed + period);
        }
        if !live {
            return due;
        }
        if self.health_at <= now.elapsed {
            due.health = true;
            self.readings = self.readings.wrapping_add(1);
            self.health_at = now.elapsed + Duration::from_secs(self.schedule.health_s.into());
        }
        if self.heartbeat_at <= now.elapsed {
            due.heartbeat = true;
            self.heartbeat_at = now.elapsed + self.heartbeat();
        }
        if self.look_at <= now.elapsed {
            due.look = true;
            self.look_at = now.elapsed + LOOK;
        }
        if self.renew_at_ms <= now.clock_ms && self.renewal_not_before <= now.elapsed {
            due.renewal = true;
            self.renewal_not_before = now.elapsed + RENEWAL_RETRY;
        }
        due
    }

    /// When something is due next. The renewal rides on a heartbeat: it is months away.
    pub(super) fn next(&self, live: bool) -> Duration {
        let survey = self.survey_at.unwrap_or(Duration::ZERO);
        if live { survey.min(self.health_at).min(self.heartbeat_at).min(self.look_at) } else { survey }
    }

    /// Whether the parts of the reading that was due last go along.
    pub(super) fn is_detailed(&self) -> bool {
        self.readings % DETAILED == 1
    }

    fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.schedule.heartbeat_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(seconds: u64) -> Now {
        Now { elapsed: Duration::from_secs(seconds), clock_ms: seconds as i64 * 1000 }
    }

    #[test]
    fn a_minute_has_its_heartbeats_and_one_reading() {
        let mut timers = Timers::new(i64::MAX);
        timers.welcomed(Some(Schedule { heartbeat_ms: 1, health_s: 60, survey_s: 0 }), Duration::ZERO);
        let all: Vec<Due> = (0..60).map(|s| timers.due(now(s), true, 0.5)).collect();
        assert_eq!(all.iter().filter(|due| due.heartbeat).count(), 11);
        assert_eq!(all.iter().filter(|due| due.health).count(), 1);
        assert!(all.iter().all(|due| !due.survey && !due.renewal));
    }

    #[test]
    fn lively_sections_and_details_come_every_five_minutes() {
        let mut timers = Timers::new(i64::MAX);
        timers.welcomed(None, Duration::ZERO);
        let mut details = 0;
        let looks = (0..=900).filter(|second| {
            let due = timers.due(now(*second), true, 0.5);
            details += u32::from(due.health && timers.is_detailed());
            due.look
        });
        assert_eq!(looks.collect::<Vec<_>>(), [300, 600, 900]);
        assert_eq!(details, 4);
    }

    #[test]
    fn a_certificate_is_asked_for_once_an_hour_from_half_its_life() {
        let mut timers = Timers::new(100_000);
        timers.welcomed(None, Duration::ZERO);
        assert!(!timers.due(now(99), true, 0.0).renewal);
        assert!(!timers.due(now(100), false, 0.0).renewal);
        assert!(timers.due(now(100), true, 0.0).renewal);
        assert!(!timers.due(now(200), true, 0.0).renewal);
        assert!(timers.due(now(3701), true, 0.0).renewal);
        timers.installed(i64::MAX);
        assert!(!timers.due(now(9999), true, 0.0).renewal);
    }
}
