//! Several alerts in one message: a summary after a channel was away or hours were quiet, and the digest of a day.

use super::message::{Message, Speaker};
use jiff::Timestamp;
use rollcall_site::alert::Alert;
use rollcall_site::notice::Digest;
use rollcall_site::{AlertId, view, words};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines of one list; what is more is counted.
const LINES: usize = 30;
/// Rooms of one digest; what is more is counted.
const ROOMS: usize = 40;
/// Alerts of one list in the JSON document.
const ROWS: usize = 200;

/// What waits for a channel, alert by alert in the order in which they came, with the first event of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    alerts: Vec<(AlertId, u64)>,
    /// How many events of each kind.
    kinds: BTreeMap<String, usize>,
    /// The first and the last event.
    ends: Option<(u64, u64)>,
    /// When the first happened.
    pub since: Option<Timestamp>,
}

impl Waiting {
    /// Takes one more.
    pub fn add(&mut self, alert: Option<AlertId>, kind: &str, seq: u64, at: Timestamp) {
        self.ends = Some((self.ends.map_or(seq, |(first, _)| first.min(seq)), self.ends.map_or(seq, |(_, last)| last.max(seq))));
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        if let Some(alert) = alert.filter(|alert| !self.alerts.iter().rev().take(ROWS).any(|(known, _)| known == alert)) {
            self.alerts.push((alert, seq));
        }
    }

    /// One message of it all: that of the alert where it is but one. `None`: nothing is left to tell.
    pub fn message(&self, speaker: &Speaker<'_>, now: Timestamp, why: &str) -> Option<Message> {
        let (first, last) = self.ends?;
        let mut known: BTreeMap<AlertId, (u64, &Arc<Alert>)> = BTreeMap::new();
        for (id, seq) in &self.alerts {
            if let Some(alert) = speaker.site.alerts.get(id) {
                known.entry(*id).or_insert((*seq, alert));
            }
        }
        let mut alerts: Vec<(u64, &Arc<Alert>)> = known.into_values().collect();
        alerts.sort_by_key(|(seq, _)| *seq);
        match alerts.as_slice() {
            [(seq, alert)] => Some(speaker.held(alert, *seq)),
            _ => Some(self.summary(speaker, now, why, (first, last), &alerts)),
        }
    }

    fn summary(&self, speaker: &Speaker<'_>, now: Timestamp, why: &str, ends: (u64, u64), alerts: &[(u64, &Arc<Alert>)]) -> Message {
        let (open, passed): (Vec<&Arc<Alert>>, Vec<&Arc<Alert>>) =
            alerts.iter().map(|(_, alert)| *alert).partition(|alert| alert.is_open());
        let counts = self.counts();
        let subject = format!("{} still open, {} came and went", words::count(open.len(), "alert", "alerts"), passed.len());
        let id = format!("{}/{}-{}", speaker.name(), ends.0, ends.1);
        let since = self.since.unwrap_or(now);
        let body = json!({
            "id": id, "site": speaker.name(), "event": "channel.summary", "at": now, "since": since, "text": subject, "why": why,
            "counts": self.kinds, "open": rows(speaker, &open), "passed": rows(speaker, &passed),
        });
        let mut message = speaker.message(id, "channel.summary", now, &subject, &body);
        message.severity = open.iter().map(|alert| alert.severity).max();
        message.facts = vec![("What", format!("{why}, since {}: {counts}.", speaker.when(since)))];
        for (head, alerts) in [("Still open", open), ("Came and went", passed)] {
            if !alerts.is_empty() {
                message.lists.push((format!("{head}: {}", alerts.len()), lines(speaker, &alerts)));
            }
        }
        message
    }

    /// "12 raised, 9 resolved".
    fn counts(&self) -> String {
        let counts = self.kinds.iter().map(|(kind, count)| format!("{count} {}", kind.rsplit('.').next().unwrap_or(kind)));
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// The digest of a day, room by room.
pub(super) fn digest(speaker: &Speaker<'_>, digest: &Digest, now: Timestamp) -> Message {
    let subject = digest_subject(digest);
    let id = format!("{}/digest-{}", speaker.name(), digest.due.as_second());
    let all = |alerts: &[Arc<Alert>]| rows(speaker, &alerts.iter().collect::<Vec<_>>());
    let body = json!({
        "id": id, "site": speaker.name(), "event": "channel.digest", "at": now, "text": subject, "checkpoint": speaker.checkpoint,
        "new": all(&digest.new), "open": all(&digest.open), "resolved": all(&digest.resolved),
    });
    let mut message = speaker.message(id, "channel.digest", now, &subject, &body);
    message.severity = digest.new.iter().chain(&digest.open).map(|alert| alert.severity).max();
    if digest.is_quiet() {
        message.facts = vec![("What", quiet_day(speaker, digest))];
    }
    message.lists = by_room(speaker, digest);
    if let Some(line) = &speaker.checkpoint {
        let why = "Keep this line: `rollcall ledger verify --against` holds the record of everything to it".to_owned();
        message.lists.push((why, vec![line.clone()]));
    }
    message
}

/// "Digest: 2 new, 0 open before, 1 resolved", "Digest: nothing new, 3 open".
fn digest_subject(digest: &Digest) -> String {
    let (new, open, resolved) = (digest.new.len(), digest.open.len(), digest.resolved.len());
    match (digest.is_quiet(), open) {
        (true, 0) => "Digest: nothing new, nothing open".to_owned(),
        (true, open) => format!("Digest: nothing new, {open} open"),
        (false, open) => format!("Digest: {new} new, {open} open before, {resolved} resolved"),
    }
}

/// What is said of a day on which nothing happened: only of what the routes to this channel take, since others may have heard of more.
fn quiet_day(speaker: &Speaker<'_>, digest: &Digest) -> String {
    let open = match digest.open.len() {
        0 => "nothing is open".to_owned(),
        1 => "1 alert is still open".to_owned(),
        more => format!("{more} alerts are still open"),
    };
    format!("Of what is told here nothing happened since {}, and {open}.", speaker.when(digest.since))
}

fn by_room(speaker: &Speaker<'_>, digest: &Digest) -> Vec<(String, Vec<String>)> {
    let mut rooms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (what, alerts) in [("new", &digest.new), ("open", &digest.open), ("resolved", &digest.resolved)] {
        for alert in alerts {
            let room = alert.room.as_ref().map_or_else(|| "In no room".to_owned(), ToString::to_string);
            rooms.entry(room).or_default().push(format!("{what}: {}", speaker.row(alert)));
        }
    }
    let more = rooms.len().saturating_sub(ROOMS);
    let mut lists: Vec<(String, Vec<String>)> = rooms.into_iter().take(ROOMS).map(|(room, lines)| (room, first(lines))).collect();
    if more > 0 {
        lists.push((format!("and {}", words::count(more, "more room", "more rooms")), Vec::new()));
    }
    lists
}

/// Room by room, the worst first.
fn lines(speaker: &Speaker<'_>, alerts: &[&Arc<Alert>]) -> Vec<String> {
    let mut alerts = alerts.to_vec();
    alerts.sort_by(|a, b| (&a.room, b.severity, a.id).cmp(&(&b.room, a.severity, b.id)));
    let line = |alert: &&Arc<Alert>| match &alert.room {
        Some(room) => format!("{room}: {}", speaker.row(alert)),
        None => speaker.row(alert),
    };
    first(alerts.iter().map(line).collect())
}

fn first(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn rows(speaker: &Speaker<'_>, alerts: &[&Arc<Alert>]) -> Value {
    json!(alerts.iter().take(ROWS).map(|alert| view::alert_row(speaker.site, alert)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::alert;
    use super::*;
    use rollcall_site::alert::AlertState;
    use rollcall_site::event::Actor;
    use rollcall_site::rule::Severity;
    use rollcall_site::{Site, Working};

    /// A site with alerts 1 to `count`, of which the odd ones are over.
    fn site(count: u64) -> Site {
        let at: Timestamp = "2026-03-02T08:10:00Z".parse().unwrap();
        let mut w = Working::begin(Site::default(), at, Actor::Rollcall);
        for id in 1..=count {
            let alert = alert(id, Severity::Medium);
            let over = AlertState::Resolved { by: "Rollcall".into(), at };
            w.put(if id % 2 == 1 { Alert { state: over, ..alert } } else { alert });
        }
        w.finish().site
    }

    fn waiting(ids: std::ops::RangeInclusive<u64>) -> Waiting {
        let mut waiting = Waiting::default();
        for id in ids {
            waiting.add(Some(AlertId(id)), "alert.raised", id * 10, "2026-03-02T08:00:00Z".parse().unwrap());
        }
        waiting
    }

    #[test]
    fn several_alerts_are_one_message_that_says_which_are_open() {
        let site = site(4);
        let now: Timestamp = "2026-03-05T08:00:00Z".parse().unwrap();
        let message = waiting(1..=4).message(&Speaker::of(&site, None), now, "Away").unwrap();
        assert_eq!((message.id.as_str(), message.kind.as_str()), ("site/10-40", "channel.summary"));
        assert_eq!(message.subject, "[Rollcall] 2 alerts still open, 2 came and went");
        let want = "Away, since 2026-03-02 08:00: 4 raised.\n\nStill open: 2\n- Lab 118: MEDIUM LAB1-002 is silent (since 2026-03-02 08:00)\n\
                    - Lab 118: MEDIUM LAB1-004 is silent (since 2026-03-02 08:00)\n\nCame and went: 2\n\
                    - Lab 118: LAB1-001 is silent: was open from 2026-03-02 08:00 to 2026-03-02 08:10\n\
                    - Lab 118: LAB1-003 is silent: was open from 2026-03-02 08:00 to 2026-03-02 08:10\n";
        assert_eq!(message.text(2000), want);
    }

    #[test]
    fn one_alert_is_told_as_itself_and_a_thousand_are_counted() {
        let site = site(1000);
        let now: Timestamp = "2026-03-05T08:00:00Z".parse().unwrap();
        let speaker = Speaker::of(&site, None);
        let mut one = waiting(2..=2);
        one.add(Some(AlertId(2)), "alert.acknowledged", 25, now);
        assert_eq!(one.message(&speaker, now, "Away").unwrap().kind, "alert.raised");
        assert_eq!(waiting(1..=1).message(&speaker, now, "Away").unwrap().kind, "alert.resolved");
        assert!(Waiting::default().message(&speaker, now, "Away").is_none());
        let many = waiting(1..=1000).message(&speaker, now, "Away").unwrap();
        assert_eq!(many.lists.iter().map(|(_, lines)| lines.len()).collect::<Vec<_>>(), [31, 31]);
        assert!(many.lists[0].1.last().unwrap() == "and 470 more" && many.body.len() < 500_000, "{}", many.body.len());
    }

    #[test]
    fn a_digest_goes_room_by_room() {
        let site = site(3);
        let all = |id: u64| Arc::clone(&site.alerts[&AlertId(id)]);
        let found = Digest { new: vec![all(2)], resolved: vec![all(1), all(3)], ..Digest::default() };
        let speaker = || Speaker::of(&site, None);
        let message = digest(&speaker(), &found, "2026-03-05T08:00:00Z".parse().unwrap());
        assert_eq!(message.subject, "[Rollcall] Digest: 1 new, 0 open before, 2 resolved");
        assert_eq!(message.lists.len(), 1);
        assert_eq!(message.lists[0].0, "Lab 118");
        assert!(message.lists[0].1[0].starts_with("new: MEDIUM LAB1-002") && message.lists[0].1[2].starts_with("resolved: LAB1-003"));
        let line = "checkpoint group=8 event=12 head=00".to_owned();
        let message = digest(&speaker().signed(Some(line.clone())), &found, "2026-03-05T08:00:00Z".parse().unwrap());
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        assert!(message.text(4_000).contains(&line) && body["checkpoint"] == line, "{}", message.text(4_000));
    }

    #[test]
    fn a_quiet_day_is_one_line_what_is_open_and_the_checkpoint() {
        let site = site(4);
        let (since, due) = ("2026-03-04T07:00:02Z".parse().unwrap(), "2026-03-05T07:00:00Z".parse().unwrap());
        let check = |open: &[u64], subject: &str, want: &str| {
            let open = open.iter().map(|id| Arc::clone(&site.alerts[&AlertId(*id)])).collect();
            let found = Digest { since, due, open, ..Digest::default() };
            let speaker = Speaker::of(&site, None).signed(Some("checkpoint group=8".to_owned()));
            let [at_seven, later] =
                ["2026-03-05T07:00:01Z", "2026-03-05T09:30:00Z"].map(|now| digest(&speaker, &found, now.parse().unwrap()));
            assert_eq!((later.subject.as_str(), later.text(4_000).as_str()), (subject, want));
            assert_eq!(at_seven.id, later.id, "a receiver drops what it has from an earlier try");
        };
        let kept = "\nKeep this line: `rollcall ledger verify --against` holds the record of everything to it\n- checkpoint group=8\n";
        let quiet = "Of what is told here nothing happened since 2026-03-04 07:00, and nothing is open.\n";
        check(&[], "[Rollcall] Digest: nothing new, nothing open", &format!("{quiet}{kept}"));
        let quiet = "Of what is told here nothing happened since 2026-03-04 07:00, and 1 alert is still open.\n";
        let open = "\nLab 118\n- open: MEDIUM LAB1-002 is silent (since 2026-03-02 08:00)\n";
        check(&[2], "[Rollcall] Digest: nothing new, 1 open", &format!("{quiet}{open}{kept}"));
    }
}
