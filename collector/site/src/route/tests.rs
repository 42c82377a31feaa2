//! Routes on literal sites: who hears of what, and when.

use super::*;
use crate::alert::{Alert, AlertState};
use crate::channel::ChannelFacts;
use crate::event::{Actor, Event};
use crate::notice::{self, Notice, With};
use crate::{About, AlertId, SiteId, escalation};
use jiff::Timestamp;

/// A site in Los Angeles with two channels and two rooms.
struct Night {
    site: Site,
    now: Timestamp,
}

impl Night {
    fn new(now: &str) -> Self {
        let mut night = Self { site: Site::default(), now: now.parse().unwrap() };
        night.change(|w| {
            w.put(About {
                id: SiteId::parse("main").unwrap(),
                name: "Lincoln".into(),
                time_zone: "America/Los_Angeles".into(),
                epoch: 1,
                rules: Default::default(),
                rest: Rest::new(),
            });
            for room in ["Lab 1", "Lab 2"] {
                crate::room::add(w, RoomId::parse(room).unwrap(), Default::default()).unwrap();
            }
            for name in ["boss", "mail"] {
                let facts = ChannelFacts { url: "https://a.example/".into(), ..Default::default() };
                channel::set(w, &channel::check(name, &facts).unwrap()).unwrap();
            }
        });
        night
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> T) -> (T, Vec<Event>) {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::Local("anna".into()));
        let answer = change(&mut w);
        let finished = w.finish();
        self.site = finished.site;
        (answer, finished.events)
    }

    fn route(&mut self, name: &str, facts: &str) -> Result<(), String> {
        let facts = serde_json::from_str(facts).map_err(|bad: serde_json::Error| bad.to_string())?;
        self.change(|w| set(w, name, facts).map(drop).map_err(|refusal| refusal.text)).0
    }

    fn alert(&mut self, id: u64, severity: Severity, room: &str) -> Alert {
        let now = self.now;
        let alert = Alert {
            id: AlertId(id),
            rule: "machine-silent".into(),
            subject: String::new(),
            severity,
            asset: None,
            room: Some(RoomId::parse(room).unwrap()),
            title: format!("PC-{id} is silent"),
            evidence: String::new(),
            cause: String::new(),
            remedy: String::new(),
            state: AlertState::Raised,
            since: now,
            raised_at: Some(now),
            holds: true,
            times: 0,
            told: Vec::new(),
            quiet_until: None,
            rest: Rest::new(),
        };
        self.change(|w| w.put(alert.clone()));
        alert
    }

    fn decide(&self, channel: &str, alert: &Alert, at: &str) -> Decision {
        let at: Timestamp = at.parse().unwrap();
        decide(&self.site, channel, &Matter { raised_at: at, ..Matter::of(alert, at) }, at)
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn without_routes_everybody_hears_everything_at_once() {
    let mut night = Night::new("2026-11-28T08:00:00Z");
    let alert = night.alert(1, Severity::Low, "Lab 1");
    assert_eq!(night.decide("mail", &alert, "2026-11-28T08:00:00Z"), Decision::Now);
    night.route("a", r#"{"to": ["boss"]}"#).unwrap();
    assert_eq!(night.decide("mail", &alert, "2026-11-28T08:00:00Z"), Decision::Nothing);
    assert_eq!(night.decide("boss", &alert, "2026-11-28T08:00:00Z"), Decision::Now);
}

#[test]
fn severity_room_rule_and_hours_decide_who_hears() {
    let check = |facts: &str, severity, room, when: &str, want: bool| {
        let mut night = Night::new("2026-11-27T08:00:00Z");
        night.route("a", facts).unwrap();
        let alert = night.alert(1, severity, room);
        assert_eq!(night.decide("mail", &alert, when) == Decision::Now, want, "{facts} {when}");
    };
    let noon = "2026-11-27T20:00:00Z"; // Friday, 12:00
    check(r#"{"to": ["mail"], "least": "high"}"#, Severity::High, "Lab 1", noon, true);
    check(r#"{"to": ["mail"], "least": "high"}"#, Severity::Medium, "Lab 1", noon, false);
    check(r#"{"to": ["mail"], "rooms": ["Lab 2"]}"#, Severity::High, "Lab 2", noon, true);
    check(r#"{"to": ["mail"], "rooms": ["Lab 2"]}"#, Severity::High, "Lab 1", noon, false);
    check(r#"{"to": ["mail"], "rules": ["machine-silent"]}"#, Severity::Low, "Lab 1", noon, true);
    check(r#"{"to": ["mail"], "rules": ["clock-skewed"]}"#, Severity::Low, "Lab 1", noon, false);
    check(r#"{"to": ["mail"], "hours": "07:30-16:00"}"#, Severity::Low, "Lab 1", noon, true);
    check(r#"{"to": ["mail"], "hours": "07:30-16:00"}"#, Severity::Low, "Lab 1", "2026-11-28T00:00:00Z", false);
    check(r#"{"to": ["mail"], "days": "mon-fri"}"#, Severity::Low, "Lab 1", noon, true);
    check(r#"{"to": ["mail"], "days": "mon-fri"}"#, Severity::Low, "Lab 1", "2026-11-28T20:00:00Z", false);
}

#[test]
fn what_follows_goes_where_the_alert_went() {
    let mut night = Night::new("2026-11-27T23:59:00Z");
    night.route("day", r#"{"to": ["mail"], "hours": "07:30-16:00"}"#).unwrap();
    let alert = night.alert(1, Severity::Low, "Lab 1");
    let now = at("2026-11-28T02:00:00Z");
    assert_eq!(decide(&night.site, "mail", &Matter::of(&alert, now), now), Decision::Now, "raised at 15:59, over at 18:00");
}

#[test]
fn a_week_of_alerts_is_told_held_or_kept_for_the_digest() {
    let mut night = Night::new("2026-11-02T08:00:00Z");
    night.route("nights", r#"{"to": ["mail"], "quiet": {"hours": "17:00-07:00", "high": "at-once"}}"#).unwrap();
    night.route("once-a-day", r#"{"to": ["boss"], "told": "digest", "least": "medium"}"#).unwrap();
    let (low, high) = (night.alert(1, Severity::Low, "Lab 1"), night.alert(2, Severity::High, "Lab 1"));
    let mut told = [0; 4];
    for hour in 0..7 * 24 {
        let now = at("2026-11-02T08:00:00Z") + jiff::SignedDuration::from_hours(hour);
        let local = night.site.zone().to_datetime(now).hour();
        let text = now.to_string();
        assert_eq!(night.decide("mail", &high, &text), Decision::Now);
        assert_eq!(night.decide("boss", &low, &text), Decision::Nothing);
        match (night.decide("mail", &low, &text), night.decide("boss", &high, &text)) {
            (Decision::Now, Decision::Digest(_)) if (7..17).contains(&local) => told[0] += 1,
            (Decision::Hold(until), Decision::Digest(digest)) if !(7..17).contains(&local) => {
                assert_eq!((until, night.site.zone().to_datetime(until).hour()), (digest, 7));
                assert!(until > now && until.duration_since(now) <= jiff::SignedDuration::from_hours(14));
                told[1] += 1;
            }
            other => panic!("{now}: {other:?}"),
        }
    }
    assert_eq!(told[..2], [70, 98]);
}

#[test]
fn the_most_urgent_of_several_routes_holds() {
    let mut night = Night::new("2026-11-28T08:00:00Z"); // midnight
    let alert = night.alert(1, Severity::High, "Lab 1");
    let now = "2026-11-28T08:00:00Z";
    night.route("digest", r#"{"to": ["mail"], "told": "digest"}"#).unwrap();
    assert_eq!(night.decide("mail", &alert, now), Decision::Digest(at("2026-11-28T15:00:00Z")));
    night.route("nights", r#"{"to": ["mail"], "quiet": {"hours": "20:00-06:00"}}"#).unwrap();
    assert_eq!(night.decide("mail", &alert, now), Decision::Hold(at("2026-11-28T14:00:00Z")));
    night.route("high", r#"{"to": ["mail"], "least": "high"}"#).unwrap();
    assert_eq!(night.decide("mail", &alert, now), Decision::Now);
    let answers = who_hears(&night.site, &alert, at(now));
    let said: Vec<String> = answers.iter().map(|it| format!("{} {} {}", it.channel, it.route.as_deref().unwrap_or("-"), it.told)).collect();
    assert_eq!(said, ["boss - nothing", "mail digest digest", "mail high at once", "mail nights held back"]);
}

#[test]
fn nobody_acknowledges_and_another_channel_hears_once() {
    let mut night = Night::new("2026-11-28T05:00:00Z"); // 21:00
    night
        .route(
            "a",
            r#"{"to": ["mail"], "quiet": {"hours": "20:00-06:00", "high": "at-once"}, "escalate": {"after_min": 15, "to": "boss"}}"#,
        )
        .unwrap();
    let (high, low) = (night.alert(1, Severity::High, "Lab 1"), night.alert(2, Severity::Low, "Lab 1"));
    let mut escalated = |minutes: i64| {
        night.now += jiff::SignedDuration::from_mins(minutes);
        let due = escalation::is_due(&night.site, night.now);
        let told: Vec<_> = night.change(escalation::tick).1.iter().filter_map(|event| event.alert).collect();
        assert_eq!(due, !told.is_empty());
        assert!(night.change(escalation::tick).1.is_empty(), "once");
        told
    };
    assert_eq!(escalated(14), []);
    assert_eq!(escalated(1), [high.id], "told at once, 15 min ago");
    assert_eq!(escalated(9 * 60 - 1), [], "the other was held back until 06:00");
    assert_eq!(escalated(15), [low.id]);
    let mut event = Event {
        seq: 1,
        at: night.now,
        actor: Actor::Rollcall,
        kind: "alert.escalated".into(),
        text: String::new(),
        asset: None,
        room: None,
        person: None,
        alert: Some(high.id),
        ticket: None,
        data: serde_json::json!({ "to": "boss" }),
    };
    let heard = |event: &Event| ["boss", "mail"].map(|name| decide(&night.site, name, &Matter::of_event(&night.site, event), night.now));
    assert_eq!(heard(&event), [Decision::Now, Decision::Nothing]);
    event.data = serde_json::Value::Null;
    assert_eq!(heard(&event), [Decision::Nothing; 2]);
}

#[test]
fn an_alert_that_is_taken_care_of_or_over_escalates_no_more() {
    let mut night = Night::new("2026-11-28T20:00:00Z");
    night.route("a", r#"{"to": ["mail"], "escalate": {"after_min": 15, "to": "boss"}}"#).unwrap();
    night.alert(1, Severity::High, "Lab 1");
    night.alert(2, Severity::High, "Lab 1");
    night.change(|w| crate::alert::acknowledge(w, AlertId(1)).unwrap());
    night.now += jiff::SignedDuration::from_mins(20);
    assert_eq!(night.change(escalation::tick).1.len(), 1);
    night.change(|w| crate::alert::resolve(w, AlertId(2)).unwrap());
    assert!(escalation::is_due(&night.site, night.now), "what is over is forgotten");
    night.change(escalation::tick);
    assert!(night.site.escalations.is_empty() && !escalation::is_due(&night.site, night.now));
}

#[test]
fn nobody_is_called_for_what_happens_in_a_window_of_maintenance() {
    let mut night = Night::new("2026-11-28T20:00:00Z");
    night.route("a", r#"{"to": ["mail"], "escalate": {"after_min": 15, "to": "boss"}}"#).unwrap();
    night.alert(1, Severity::High, "Lab 1");
    let room = RoomId::parse("Lab 1").ok();
    let until = night.now + jiff::SignedDuration::from_mins(60);
    let planned = crate::maintenance::Planned { tag: None, room, from: None, until, reason: "new switch".into() };
    night.change(|w| crate::maintenance::plan(w, planned).unwrap());
    night.now += jiff::SignedDuration::from_mins(59);
    assert!(!escalation::is_due(&night.site, night.now));
    night.now += jiff::SignedDuration::from_mins(1);
    assert_eq!(night.change(escalation::tick).1.len(), 1);
}

fn owed(channel: &str, alert: u64, due: &str, with: With) -> Notice {
    Notice { channel: channel.into(), alert: AlertId(alert), seq: alert, at: at(due), due: at(due), with, rest: Rest::new() }
}

#[test]
fn a_digest_says_what_is_new_open_and_resolved() {
    let mut night = Night::new("2026-11-27T08:00:00Z");
    night.route("a", r#"{"to": ["boss"], "told": "digest"}"#).unwrap();
    night.alert(1, Severity::Low, "Lab 1");
    night.change(|w| {
        let boss = w.site.channels["boss"].set_at;
        channel::digested(w, &channel::Setting { name: "boss".into(), set_at: boss }, at("2026-11-27T15:00:00Z"));
    });
    assert_eq!(notice::next_due(&night.site, "boss"), Some(at("2026-11-28T15:00:00Z")));
    assert_eq!(notice::next_due(&night.site, "mail"), None);
    night.now = at("2026-11-27T20:00:00Z");
    night.alert(2, Severity::Low, "Lab 2");
    night.alert(3, Severity::Low, "Lab 2");
    night.change(|w| {
        [1, 2, 3].into_iter().for_each(|alert| notice::owe(w, owed("boss", alert, "2026-11-28T15:00:00Z", With::Digest)));
        crate::alert::resolve(w, AlertId(3)).unwrap();
    });
    let digest = notice::digest(&night.site, "boss", at("2026-11-28T15:00:00Z"));
    let ids = |alerts: &[Arc<Alert>]| alerts.iter().map(|alert| alert.id.0).collect::<Vec<_>>();
    assert_eq!((ids(&digest.new), ids(&digest.open), ids(&digest.resolved)), (vec![2], vec![1], vec![3]));
    night.change(|w| notice::settle(w, &digest.notices));
    assert!(night.site.notices.is_empty());
    assert!(notice::digest(&night.site, "mail", night.now).is_empty());
}

#[test]
fn a_digest_comes_every_morning_from_the_next_one_on() {
    let mut night = Night::new("2026-11-27T08:00:00Z"); // midnight in Los Angeles
    night.now = at("2026-12-01T20:00:00Z");
    night.route("a", r#"{"to": ["boss"], "told": "digest"}"#).unwrap();
    assert_eq!(notice::digest_due(&night.site, "boss"), Some(at("2026-12-02T15:00:00Z")), "not at once, days after the channel was set");
    night.now = at("2026-12-02T15:00:03Z");
    let digest = notice::digest(&night.site, "boss", night.now);
    assert!(digest.is_empty() && notice::is_daily(&night.site, "boss") && !notice::is_daily(&night.site, "mail"));
    assert_eq!((digest.since, digest.due), (at("2026-12-01T20:00:00Z"), at("2026-12-02T15:00:00Z")));
    night.change(|w| {
        let setting = w.site.channels["boss"].setting();
        channel::digested(w, &setting, w.now);
    });
    for again in [r#"{"to": ["boss", "mail"], "told": "digest"}"#, r#"{"to": ["boss"], "told": "digest", "least": "high"}"#] {
        night.route("a", again).unwrap();
        assert_eq!(notice::digest_due(&night.site, "boss"), Some(at("2026-12-03T15:00:00Z")), "once a day");
    }
    assert_eq!(notice::digest_due(&night.site, "mail"), None);
}

#[test]
fn what_is_owed_keeps_the_earlier_time_and_goes_with_its_channel() {
    let mut night = Night::new("2026-11-27T08:00:00Z");
    night.change(|w| {
        notice::owe(w, owed("mail", 1, "2026-11-28T15:00:00Z", With::Digest));
        notice::owe(w, owed("mail", 1, "2026-11-28T14:00:00Z", With::QuietHours));
        notice::owe(w, owed("mail", 1, "2026-11-28T16:00:00Z", With::Digest));
        notice::owe(w, owed("mail", 2, "2026-11-28T13:00:00Z", With::QuietHours));
    });
    assert_eq!(notice::next_due(&night.site, "mail"), Some(at("2026-11-28T13:00:00Z")));
    assert_eq!(notice::held_until(&night.site, "mail", at("2026-11-28T14:00:00Z")).len(), 2);
    night.change(|w| channel::remove(w, "mail").unwrap());
    assert!(night.site.notices.is_empty());
}

#[test]
fn a_route_that_makes_no_sense_is_refused() {
    let mut night = Night::new("2026-11-27T08:00:00Z");
    let mut check = |facts: &str, want: &str| {
        let refused = night.route("a", facts).unwrap_err();
        assert!(refused.contains(want), "{facts}: {refused}");
    };
    check(r#"{}"#, "a route leads to a channel");
    check(r#"{"to": ["chat"]}"#, "there is no channel \"chat\"");
    check(r#"{"to": ["mail"], "rooms": ["Lab 9"]}"#, "there is no room \"Lab 9\"");
    check(r#"{"to": ["mail"], "rules": ["pc-loud"]}"#, "there is no rule \"pc-loud\"");
    check(r#"{"to": ["mail"], "hours": "7-16"}"#, "write them as 07:30-16:00");
    check(r#"{"to": ["mail"], "told": "digest", "quiet": {"hours": "17:00-07:00"}}"#, "it has no quiet hours");
    check(r#"{"to": ["mail"], "told": "held"}"#, "at once or in a digest");
    check(r#"{"to": ["mail"], "escalate": {"after_min": 0, "to": "boss"}}"#, "it must be 1 to 10080");
    check(r#"{"to": ["mail"], "escalate": {"after_min": 5, "to": "mail"}}"#, "escalate to another channel");
    night.route("a", r#"{"to": ["boss"], "escalate": {"after_min": 5, "to": "mail"}}"#).unwrap();
    let refused = night.change(|w| channel::remove(w, "mail").unwrap_err().text).0;
    assert!(refused.contains("route a leads to mail"), "{refused}");
    night.change(|w| remove(w, "a").unwrap());
    assert!(night.change(|w| remove(w, "a").unwrap_err().text).0.contains("there is no route \"a\""));
}
