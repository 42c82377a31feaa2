//! What a channel carries: an alert event of the site as one JSON document.

use jiff::Timestamp;
use rollcall_site::event::Event;
use rollcall_site::{Site, view};
use serde_json::json;

/// The kinds of events that people elsewhere are told of, alphabetical.
const TOLD: &[&str] = &["alert.acknowledged", "alert.raised", "alert.resolved"];

/// One message of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for every try: SITE/NUMBER of the event. A receiver drops what it has seen.
    pub id: String,
    /// The event's kind: "alert.raised".
    pub kind: String,
    /// The JSON document.
    pub body: Vec<u8>,
}

/// The message of an event; `None` when nobody elsewhere is told of it.
pub(super) fn of(site: &Site, event: &Event) -> Option<Message> {
    if !TOLD.contains(&event.kind.as_str()) {
        return None;
    }
    let here = name(site);
    let id = format!("{here}/{}", event.seq);
    let alert = event.alert.and_then(|id| site.alerts.get(&id)).map(|alert| view::alert_row(site, alert));
    let body = json!({
        "id": id,
        "site": here,
        "number": event.seq,
        "event": event.kind,
        "at": event.at,
        "by": event.actor.words(),
        "text": event.text,
        "alert": alert,
    });
    Some(Message { id, kind: event.kind.clone(), body: body.to_string().into_bytes() })
}

/// A message that says that it is a test.
pub(super) fn trial(site: &Site, now: Timestamp) -> Message {
    let here = name(site);
    let (id, kind) = (format!("{here}/test-{}", now.as_millisecond()), "channel.test".to_owned());
    let body = json!({ "id": id, "site": here, "event": kind, "at": now, "text": "This is a test: alerts of this site will arrive here." });
    Message { id, kind, body: body.to_string().into_bytes() }
}

/// The site's short name.
fn name(site: &Site) -> &str {
    site.about().map_or("site", |about| about.id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::Working;
    use rollcall_site::event::{Actor, KINDS};

    #[test]
    fn only_alerts_are_told_and_each_under_its_own_number() {
        assert!(TOLD.is_sorted() && TOLD.iter().all(|told| KINDS.contains(told)));
        let mut w = Working::begin(Site::default(), "2026-03-02T08:00:00Z".parse().unwrap(), Actor::Rollcall);
        w.event("device.silent", "LAB1-01 is silent");
        w.event("alert.raised", "LAB1-01 is silent since 07:59");
        let finished = w.finish();
        let told: Vec<_> = finished.events.iter().filter_map(|event| of(&finished.site, event)).collect();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].id.as_str(), told[0].kind.as_str()), ("site/2", "alert.raised"));
        let body: serde_json::Value = serde_json::from_slice(&told[0].body).unwrap();
        assert_eq!(body["text"], "LAB1-01 is silent since 07:59");
        assert_eq!(body["at"], "2026-03-02T08:00:00Z");
        assert_eq!(body["by"], "Rollcall");
    }
}
