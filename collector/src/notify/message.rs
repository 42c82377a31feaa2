//! What a channel carries: one message with its parts, each harmless, and the same as a JSON document.

use super::clean;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rollcall_site::alert::{Alert, AlertState};
use rollcall_site::event::Event;
use rollcall_site::rule::Severity;
use rollcall_site::{Site, route, view};
use serde_json::{Value, json};

/// The kinds of events that people elsewhere are told of, alphabetical.
const TOLD: &[&str] = &["alert.acknowledged", "alert.escalated", "alert.raised", "alert.reopened", "alert.resolved", "alert.snoozed"];

/// Longest line of a message, characters.
const LINE: usize = 600;
/// Longest subject, characters.
const SUBJECT: usize = 180;

/// One message of a channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The same for every try: SITE/NUMBER of the event. A receiver drops what it has seen.
    pub id: String,
    /// What kind: that of its event, "alert.raised", or "channel.summary", "channel.digest", "channel.test".
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// In one line: "[Lincoln] HIGH Lab 118: LAB1-003 lacks geogebra".
    pub subject: String,
    /// How bad; `None` for what is no alarm.
    pub severity: Option<Severity>,
    /// What is known, with what it is: ("Seen", "not in the list of software").
    pub facts: Vec<(&'static str, String)>,
    /// Lists under their headings.
    pub lists: Vec<(String, Vec<String>)>,
    /// Where it is at the desk.
    pub link: Option<String>,
    /// What messages of one alert share.
    pub thread: Option<String>,
    /// The JSON document.
    pub body: Vec<u8>,
}

/// The site as messages speak of it.
pub(super) struct Speaker<'a> {
    /// The site.
    pub site: &'a Site,
    /// The address of the desk, where the settings know one: "https://rollcall.school.example:8443".
    pub desk: Option<&'a str>,
    /// Its time zone.
    pub zone: TimeZone,
    /// The last signed checkpoint of the ledger, as a line of text.
    pub checkpoint: Option<String>,
}

/// Whether people elsewhere are told of an event.
pub(super) fn is_told(event: &Event) -> bool {
    TOLD.contains(&event.kind.as_str())
}

/// Whether an event calls somebody.
fn is_alarm(kind: &str) -> bool {
    matches!(kind, "alert.escalated" | "alert.raised" | "alert.reopened")
}

impl<'a> Speaker<'a> {
    /// Speaks of `site`.
    pub fn of(site: &'a Site, desk: Option<&'a str>) -> Self {
        Self { site, desk, zone: site.zone(), checkpoint: None }
    }

    /// With the last signed checkpoint, which a digest carries away from this machine.
    #[must_use]
    pub fn signed(self, checkpoint: Option<String>) -> Self {
        Self { checkpoint, ..self }
    }

    /// The message of an event about an alert.
    pub fn event(&self, event: &Event) -> Message {
        let alert = event.alert.and_then(|id| self.site.alerts.get(&id)).map(|alert| &**alert);
        let id = format!("{}/{}", self.name(), event.seq);
        let tag = event.asset.and_then(|asset| self.site.assets.get(&asset)).map(|asset| &asset.tag);
        let mut body = json!({
            "id": id,
            "site": self.name(),
            "number": event.seq,
            "event": event.kind,
            "at": event.at,
            "by": event.actor.words(),
            "text": event.text,
            "alert": alert.map(|alert| view::alert_row(self.site, alert)),
        });
        // What it is about, where that is known.
        if let (Some(body), Value::Object(about)) = (
            body.as_object_mut(),
            json!({ "tag": tag, "room": event.room, "person": event.person, "ticket": event.ticket, "data": event.data }),
        ) {
            body.extend(about.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let severity = alert.map(|alert| alert.severity);
        let subject = match severity {
            Some(severity) if is_alarm(&event.kind) => format!("{} {}", loud(severity), placed(alert, &event.text)),
            _ => placed(alert, &event.text),
        };
        let mut message = self.message(id, &event.kind, event.at, &subject, &body);
        message.severity = severity.filter(|_| is_alarm(&event.kind));
        message.facts.push(("What", clean::line(&event.text, LINE)));
        if let Some(alert) = alert {
            message.facts.extend(self.facts(alert, &event.kind));
            message.thread = Some(thread(alert));
        }
        message
    }

    /// The message of an alert that was held back, as it stands now: never as open when it is over.
    pub fn held(&self, alert: &Alert, seq: u64) -> Message {
        let id = format!("{}/{seq}", self.name());
        let at = alert.raised_at.unwrap_or(alert.since);
        let (kind, text) = match &alert.state {
            AlertState::Resolved { .. } => ("alert.resolved", self.passed(alert)),
            _ => ("alert.raised", alert.title.clone()),
        };
        let subject = match kind {
            "alert.raised" => format!("{} {}", loud(alert.severity), placed(Some(alert), &text)),
            _ => placed(Some(alert), &text),
        };
        let body = json!({
            "id": id, "site": self.name(), "number": seq, "event": kind, "at": at, "by": "Rollcall", "text": text,
            "alert": view::alert_row(self.site, alert),
        });
        let mut message = self.message(id, kind, at, &subject, &body);
        message.severity = Some(alert.severity).filter(|_| kind == "alert.raised");
        message.facts.push(("What", clean::line(&text, LINE)));
        message.facts.extend(self.facts(alert, kind));
        message.thread = Some(thread(alert));
        message
    }

    /// A message that says that it is a test.
    pub fn trial(&self, now: Timestamp) -> Message {
        let text = "This is a test: alerts of this site will arrive here.";
        let (id, kind) = (format!("{}/test-{}", self.name(), now.as_millisecond()), "channel.test");
        let body = json!({ "id": id, "site": self.name(), "event": kind, "at": now, "text": text });
        let mut message = self.message(id, kind, now, "Test", &body);
        message.facts.push(("What", text.to_owned()));
        message
    }

    /// A message without facts.
    pub fn message(&self, id: String, kind: &str, at: Timestamp, subject: &str, body: &Value) -> Message {
        let site = self.site.about().map_or("Rollcall", |about| about.name.as_str());
        let subject = format!("[{}] {}", clean::line(site, 40), clean::line(subject, SUBJECT));
        let link = self.desk.map(|desk| format!("{desk}/alerts"));
        Message { id, kind: kind.to_owned(), at, subject, link, body: body.to_string().into_bytes(), ..Message::default() }
    }

    /// One alert in a line of a list.
    pub fn row(&self, alert: &Alert) -> String {
        let line = match &alert.state {
            AlertState::Resolved { .. } => self.passed(alert),
            AlertState::Acknowledged { by, .. } => {
                format!("{} {} (since {}, {by} takes care of it)", loud(alert.severity), alert.title, self.when(alert.since))
            }
            _ => format!("{} {} (since {})", loud(alert.severity), alert.title, self.when(alert.since)),
        };
        clean::line(&line, LINE)
    }

    /// The site's short name.
    pub fn name(&self) -> &str {
        self.site.about().map_or("site", |about| about.id.as_str())
    }

    /// A moment in the site's time: "2026-11-28 07:12".
    pub fn when(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%F %H:%M").to_string()
    }

    fn passed(&self, alert: &Alert) -> String {
        let to = if let AlertState::Resolved { at, .. } = alert.state { at } else { alert.since };
        format!("{}: was open from {} to {}", alert.title, self.when(alert.raised_at.unwrap_or(alert.since)), self.when(to))
    }

    /// What helps whoever reads it.
    fn facts(&self, alert: &Alert, kind: &str) -> Vec<(&'static str, String)> {
        let mut facts = vec![("Seen", alert.evidence.clone())];
        if kind != "alert.resolved" {
            facts.extend([("Probably", alert.cause.clone()), ("Try first", alert.remedy.clone())]);
        }
        facts.push(("Since", self.when(alert.since)));
        if is_alarm(kind) && !matches!(alert.state, AlertState::Acknowledged { .. }) {
            facts.push(("To take care of it", format!("rollcall alert ack {}", alert.id)));
        }
        let harmless = facts.into_iter().map(|(name, text)| (name, clean::line(&text, LINE)));
        harmless.filter(|(_, text)| !text.is_empty()).collect()
    }
}

/// What is said of an alert, after the name of its room.
fn placed(alert: Option<&Alert>, text: &str) -> String {
    match alert.and_then(|alert| alert.room.as_ref()) {
        Some(room) => format!("{room}: {text}"),
        None => text.to_owned(),
    }
}

/// What messages of one alert share: one that is raised anew begins anew.
fn thread(alert: &Alert) -> String {
    format!("alert-{}-{}", alert.id, alert.raised_at.unwrap_or(alert.since).as_second())
}

/// A severity as a subject says it.
fn loud(severity: Severity) -> String {
    route::severity(severity).to_uppercase()
}

impl Message {
    /// The facts and lists, line by line.
    pub(super) fn lines(&self) -> Vec<String> {
        let facts = self.facts.iter().map(|(name, text)| if *name == "What" { text.clone() } else { format!("{name}: {text}") });
        let lists = self
            .lists
            .iter()
            .flat_map(|(head, lines)| [String::new(), head.clone()].into_iter().chain(lines.iter().map(|line| format!("- {line}"))));
        facts.chain(lists).collect()
    }

    /// The lines as one text of at most `most` characters.
    pub(super) fn text(&self, most: usize) -> String {
        let mut text = String::new();
        for line in self.lines() {
            if text.chars().count() + line.chars().count() + 20 > most {
                text.push_str("… the desk has more\n");
                break;
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rollcall_site::Working;
    use rollcall_site::event::{Actor, KINDS};

    /// A message whose every part was hostile.
    pub(in crate::notify) fn hostile() -> Message {
        let site = Site::default();
        let mut alert = alert(1, Severity::High);
        alert.title = clean::tests::HOSTILE.to_owned();
        (alert.evidence, alert.remedy) = (alert.title.clone(), alert.title.clone());
        Speaker::of(&site, Some("https://desk.example:8443")).held(&alert, 7)
    }

    /// An alert that stands raised.
    pub(in crate::notify) fn alert(id: u64, severity: Severity) -> Alert {
        let at: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        Alert {
            id: rollcall_site::AlertId(id),
            rule: "machine-silent".into(),
            subject: String::new(),
            severity,
            asset: None,
            room: rollcall_site::RoomId::parse("Lab 118").ok(),
            title: format!("LAB1-00{id} is silent"),
            evidence: "last heard at 07:59".into(),
            cause: "it is off".into(),
            remedy: "press the button".into(),
            state: AlertState::Raised,
            since: at,
            raised_at: Some(at),
            holds: true,
            times: 0,
            told: Vec::new(),
            quiet_until: None,
            rest: Default::default(),
        }
    }

    #[test]
    fn only_alerts_are_told_and_each_under_its_own_number() {
        assert!(TOLD.is_sorted() && TOLD.iter().all(|told| KINDS.contains(told)));
        let mut w = Working::begin(Site::default(), "2026-03-02T08:00:00Z".parse().unwrap(), Actor::Rollcall);
        w.event("device.silent", "LAB1-01 is silent");
        w.event("alert.raised", "LAB1-01 is silent since 07:59");
        let finished = w.finish();
        let speaker = Speaker::of(&finished.site, None);
        let told: Vec<_> = finished.events.iter().filter(|event| is_told(event)).map(|event| speaker.event(event)).collect();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].id.as_str(), told[0].kind.as_str()), ("site/2", "alert.raised"));
        let body: Value = serde_json::from_slice(&told[0].body).unwrap();
        assert_eq!(body["text"], "LAB1-01 is silent since 07:59");
        assert_eq!(body["at"], "2026-03-02T08:00:00Z");
        assert_eq!(body["by"], "Rollcall");
    }

    #[test]
    fn a_message_says_what_where_why_and_what_to_do() {
        let site = Site::default();
        let speaker = Speaker::of(&site, Some("https://desk.example:8443"));
        let message = speaker.held(&alert(3, Severity::High), 9);
        assert_eq!(message.subject, "[Rollcall] HIGH Lab 118: LAB1-003 is silent");
        assert_eq!(message.link.as_deref(), Some("https://desk.example:8443/alerts"));
        let want = "LAB1-003 is silent\nSeen: last heard at 07:59\nProbably: it is off\nTry first: press the button\n\
                    Since: 2026-03-02 08:00\nTo take care of it: rollcall alert ack 3\n";
        assert_eq!(message.text(2000), want);
        assert!(message.text(120).ends_with("… the desk has more\n"), "{}", message.text(120));
    }

    #[test]
    fn what_is_over_is_never_told_as_open() {
        let site = Site::default();
        let at: Timestamp = "2026-03-02T09:30:00Z".parse().unwrap();
        let over = Alert { state: AlertState::Resolved { by: "Rollcall".into(), at }, ..alert(3, Severity::High) };
        let message = Speaker::of(&site, None).held(&over, 9);
        assert_eq!((message.kind.as_str(), message.severity), ("alert.resolved", None));
        assert_eq!(message.subject, "[Rollcall] Lab 118: LAB1-003 is silent: was open from 2026-03-02 08:00 to 2026-03-02 09:30");
        assert!(!message.text(2000).contains("alert ack"));
    }

    #[test]
    fn hostile_text_stays_in_its_line() {
        let message = hostile();
        let lines: Vec<String> = message.lines().into_iter().chain([message.subject]).collect();
        assert!(lines.iter().all(|line| !line.chars().any(|c| c.is_control() || c == '\u{202e}')), "{lines:?}");
    }
}
