//! Channels on a real store: each alert once, in order, from the cursor on; quiet hours, digests, and being away.

use super::*;
use crate::clock::Clock;
use crate::secrets::Secrets;
use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use rollcall_site::alert::Alert;
use rollcall_site::channel::{self, ChannelFacts};
use rollcall_site::route::{self, RouteFacts};
use rollcall_site::rule::Severity;
use rollcall_site::{About, AlertId, SiteId, Working};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

#[test]
fn the_list_is_sorted() {
    assert!(CHANNELS.is_sorted_by_key(|kind| kind.name));
}

#[tokio::test]
async fn every_channel_says_later_when_nobody_answers_and_never_waits_for_ever() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let message = message::tests::hostile();
    for kind in CHANNELS {
        for scheme in ["http", "smtp-plain", "smtp", "smtps", "syslog+tcp", "syslog+tls", "syslog+udp", "nonsense"] {
            let mail = Mail { from: "a@school.example".into(), to: vec!["b@school.example".into()], user: String::new() };
            let to = Address { url: format!("{scheme}://{closed}"), mail: Some(mail), ..Address::default() };
            let answer = (kind.open)().deliver(&to, &message, 0).await;
            assert!(matches!(answer, Err(Undelivered::Later(_))), "{} {scheme}: {answer:?}", kind.name);
        }
    }
}

/// A collector at noon of a Monday in UTC, and what its webhook hears.
struct Post {
    _dir: tempfile::TempDir,
    collector: Collector,
    url: String,
    heard: UnboundedReceiver<(HeaderMap, String)>,
}

impl Post {
    async fn new(answer: StatusCode) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Arc::new(crate::store::Folder::open(dir.path()).unwrap());
        let clock = Clock::manual("2026-03-02T12:00:00Z".parse().unwrap());
        let keeper = crate::keeper::Keeper::open(folder.clone(), clock).unwrap();
        let secrets = Arc::new(Secrets::open(dir.path()).unwrap());
        let collector =
            Collector { keeper, folder, roll: Default::default(), imports: Default::default(), secrets, settings: Default::default() };
        let (url, heard) = webhook::receiver(answer).await;
        let post = Self { _dir: dir, collector, url, heard };
        let about = About {
            id: SiteId::parse("main").unwrap(),
            name: "Lincoln".into(),
            time_zone: "UTC".into(),
            epoch: 1,
            rules: Default::default(),
            rest: Default::default(),
        };
        post.change(move |w| drop(w.put(about))).await;
        post
    }

    async fn change<T: Send + 'static>(&self, change: impl FnOnce(&mut Working) -> T + Send + 'static) -> T {
        self.collector.keeper.change(Actor::Rollcall, move |w| Ok(change(w))).await.unwrap()
    }

    async fn set(&self, name: &str) {
        let checked = channel::check(name, &ChannelFacts { url: self.url.clone(), ..Default::default() }).unwrap();
        keep(&self.collector.secrets, &checked).unwrap();
        self.change(move |w| drop(channel::set(w, &checked).unwrap())).await;
    }

    async fn route(&self, name: &'static str, facts: &str) {
        let facts: RouteFacts = serde_json::from_str(facts).unwrap();
        self.change(move |w| drop(route::set(w, name, facts).unwrap())).await;
    }

    /// Raises alert `id`; gives the number of the event.
    async fn raise(&self, id: u64) -> u64 {
        self.change(move |w| {
            let at = w.now;
            w.put(Alert { since: at, raised_at: Some(at), ..message::tests::alert(id, Severity::Medium) });
            w.event("alert.raised", format!("LAB1-00{id} is silent")).alert = Some(AlertId(id));
            w.site.seq
        })
        .await
    }

    async fn resolve(&self, id: u64) {
        self.change(move |w| drop(rollcall_site::alert::resolve(w, AlertId(id)).unwrap())).await;
    }

    fn advance(&self, hours: i64) {
        self.collector.keeper.clock().advance(SignedDuration::from_hours(hours));
    }

    /// Runs the channels until the cursor of `name` has reached `seq`.
    async fn run_to(&self, name: &str, seq: u64) {
        self.run_until(move |channel| channel.delivered >= seq, name).await;
    }

    async fn run_until(&self, wanted: impl Fn(&Channel) -> bool, name: &str) {
        let stop = CancellationToken::new();
        let channels = tokio::spawn(run(self.collector.clone(), stop.clone()));
        while !wanted(&self.collector.keeper.view().channels[name]) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
        channels.await.unwrap();
    }

    /// What came since the last look: kind and text.
    fn heard(&mut self) -> Vec<(String, String)> {
        let mut heard = Vec::new();
        while let Ok((headers, body)) = self.heard.try_recv() {
            let body: Value = serde_json::from_str(&body).unwrap();
            heard.push((headers["rollcall-event"].to_str().unwrap().to_owned(), body["text"].as_str().unwrap().to_owned()));
        }
        heard
    }

    fn kinds(&mut self) -> Vec<String> {
        self.heard().into_iter().map(|(kind, _)| kind).collect()
    }
}

#[tokio::test]
async fn a_channel_tells_each_alert_once_in_order_and_goes_on_from_its_cursor() {
    let mut post = Post::new(StatusCode::OK).await;
    post.raise(1).await;
    post.set("webhook").await;
    for id in [2, 4] {
        post.raise(id).await;
        post.change(|w| w.event("device.here", "LAB1-01 is here").seq).await;
        post.resolve(id).await;
        let last = post.raise(id + 1).await;
        post.run_to("webhook", last).await;
        assert_eq!(post.kinds(), ["alert.raised", "alert.resolved", "alert.raised"], "none from before the channel was set, none twice");
    }
}

#[tokio::test]
async fn a_webhook_that_follows_events_gets_each_of_them_in_order_however_late() {
    let mut post = Post::new(StatusCode::OK).await;
    let follows = vec!["ticket.*".to_owned(), "loan.out".to_owned()];
    let facts = ChannelFacts { url: post.url.clone(), follows, ..Default::default() };
    let checked = channel::check("program", &facts).unwrap();
    keep(&post.collector.secrets, &checked).unwrap();
    post.change(move |w| drop(channel::set(w, &checked).unwrap())).await;
    let mut last = 0;
    for number in 0..25 {
        last = post
            .change(move |w| {
                w.event("loan.out", format!("LAP-{number} is lent")).person = rollcall_site::PersonId::parse("S1").ok();
                w.event("loan.in", "LAP-9 is back");
                w.site.seq
            })
            .await;
    }
    post.advance(30);
    let alert = post.raise(1).await;
    post.run_to("program", alert).await;
    let heard = post.heard();
    assert!(alert > last && heard.len() == 26, "none is left out, and none gathered: {heard:?}");
    assert_eq!((heard[0].1.as_str(), heard[24].1.as_str(), heard[25].0.as_str()), ("LAP-0 is lent", "LAP-24 is lent", "alert.raised"));
}

#[tokio::test]
async fn what_quiet_hours_hold_back_survives_a_restart_and_is_told_when_they_end_as_it_then_stands() {
    let mut post = Post::new(StatusCode::OK).await;
    post.set("webhook").await;
    post.route("nights", r#"{"to": ["webhook"], "quiet": {"hours": "17:00-07:00"}}"#).await;
    post.advance(8); // 20:00
    for id in 1..=3 {
        post.raise(id).await;
    }
    post.resolve(2).await;
    let last = post.raise(4).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), [""; 0]);
    post.resolve(4).await;
    post.advance(11); // 07:00
    post.run_until(|channel| channel.arrived_at.is_some(), "webhook").await;
    assert_eq!(post.heard(), [("channel.summary".to_owned(), "2 alerts still open, 2 came and went".to_owned())]);
    assert!(post.collector.keeper.view().notices.is_empty());
    let last = post.raise(5).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), ["alert.raised"], "and nothing twice");
}

#[tokio::test]
async fn one_alert_that_was_held_back_and_is_over_is_told_as_over() {
    let mut post = Post::new(StatusCode::OK).await;
    post.set("webhook").await;
    post.route("nights", r#"{"to": ["webhook"], "quiet": {"hours": "17:00-07:00"}}"#).await;
    post.advance(8);
    let last = post.raise(1).await;
    post.run_to("webhook", last).await;
    post.advance(1);
    post.resolve(1).await;
    post.advance(10);
    post.run_until(|channel| channel.arrived_at.is_some(), "webhook").await;
    let told = "LAB1-001 is silent: was open from 2026-03-02 20:00 to 2026-03-02 21:00";
    assert_eq!(post.heard(), [("alert.resolved".to_owned(), told.to_owned())]);
}

#[tokio::test]
async fn a_digest_comes_once_a_day_on_a_quiet_day_too() {
    let mut post = Post::new(StatusCode::OK).await;
    post.set("webhook").await;
    post.route("daily", r#"{"to": ["webhook"], "told": "digest"}"#).await;
    let digested = |at: &str| {
        let at: Timestamp = at.parse().unwrap();
        move |channel: &Channel| channel.digested.is_some_and(|digested| digested >= at)
    };
    post.advance(20); // Tuesday, 08:00
    post.run_until(digested("2026-03-03T07:00:00Z"), "webhook").await;
    let texts = |post: &mut Post| post.heard().into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts(&mut post), ["Digest: nothing new, nothing open"]);
    post.raise(1).await;
    post.raise(2).await;
    post.resolve(2).await;
    let last = post.raise(3).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), [""; 0], "not before the morning");
    post.advance(24);
    post.run_until(digested("2026-03-04T07:00:00Z"), "webhook").await;
    post.resolve(1).await;
    post.advance(24);
    post.run_until(digested("2026-03-05T07:00:00Z"), "webhook").await;
    assert_eq!(texts(&mut post), ["Digest: 2 new, 0 open before, 1 resolved", "Digest: 0 new, 1 open before, 1 resolved"]);
    post.resolve(3).await;
    post.advance(24);
    post.run_until(digested("2026-03-06T07:00:00Z"), "webhook").await;
    post.advance(24);
    post.run_until(digested("2026-03-07T07:00:00Z"), "webhook").await;
    assert_eq!(texts(&mut post), ["Digest: 0 new, 0 open before, 1 resolved", "Digest: nothing new, nothing open"]);
    let last = post.raise(4).await;
    post.run_to("webhook", last).await;
    post.advance(15); // Saturday, 23:00
    let last = post.raise(5).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), [""; 0], "nothing more on this day, whatever starts again");
}

#[tokio::test]
async fn a_first_digest_waits_for_the_morning_and_a_last_one_tells_what_is_owed() {
    let mut post = Post::new(StatusCode::OK).await;
    post.set("webhook").await;
    post.advance(100); // Friday, 16:00
    post.route("daily", r#"{"to": ["webhook"], "told": "digest"}"#).await;
    let last = post.raise(1).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), [""; 0], "not at once");
    post.change(|w| route::remove(w, "daily").unwrap()).await;
    post.route("nobody", r#"{"to": ["webhook"], "least": "high"}"#).await;
    let digested = |at: &str| {
        let at: Timestamp = at.parse().unwrap();
        move |channel: &Channel| channel.digested.is_some_and(|digested| digested >= at)
    };
    post.advance(16);
    post.run_until(digested("2026-03-07T08:00:00Z"), "webhook").await;
    assert_eq!(post.heard(), [("channel.digest".to_owned(), "Digest: 1 new, 0 open before, 0 resolved".to_owned())]);
    post.advance(24);
    post.change(|w| route::remove(w, "nobody").unwrap()).await;
    let last = post.raise(2).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), ["alert.raised"], "no route gives it a digest any more");
}

#[tokio::test]
async fn three_days_of_events_or_many_at_once_are_one_summary() {
    let mut post = Post::new(StatusCode::OK).await;
    post.set("webhook").await;
    for day in 0..3 {
        post.raise(2 * day + 1).await;
        post.raise(2 * day + 2).await;
        post.resolve(2 * day + 1).await;
        post.advance(24);
    }
    let last = post.collector.keeper.view().seq;
    post.run_to("webhook", last).await;
    assert_eq!(post.heard(), [("channel.summary".to_owned(), "3 alerts still open, 3 came and went".to_owned())]);
    for id in 10..40 {
        post.raise(id).await;
    }
    let last = post.collector.keeper.view().seq;
    post.run_to("webhook", last).await;
    assert_eq!(post.heard(), [("channel.summary".to_owned(), "30 alerts still open, 0 came and went".to_owned())]);
}

#[tokio::test]
async fn what_nobody_acknowledges_goes_to_another_channel_once() {
    let mut post = Post::new(StatusCode::OK).await;
    post.set("boss").await;
    post.set("webhook").await;
    post.route("all", r#"{"to": ["webhook"], "escalate": {"after_min": 15, "to": "boss"}}"#).await;
    let last = post.raise(1).await;
    post.run_to("boss", 0).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), ["alert.raised"]);
    post.advance(1);
    post.run_until(|channel| channel.arrived_at.is_some(), "boss").await;
    let told = "Nobody has taken care of it for 60 min: LAB1-001 is silent";
    assert_eq!(post.heard(), [("alert.escalated".to_owned(), told.to_owned())]);
}

#[tokio::test]
async fn nobody_is_called_for_what_is_taken_care_of_meanwhile() {
    let mut post = Post::new(StatusCode::OK).await;
    post.set("boss").await;
    post.set("webhook").await;
    post.route("all", r#"{"to": ["webhook"], "escalate": {"after_min": 15, "to": "boss"}}"#).await;
    post.raise(1).await;
    post.advance(1);
    post.change(escalation::tick).await;
    post.change(|w| drop(rollcall_site::alert::acknowledge(w, AlertId(1)).unwrap())).await;
    let last = post.raise(2).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.collector.keeper.view().channels["boss"].arrived_at, None);
    assert!(!post.kinds().contains(&"alert.escalated".to_owned()));
}

#[tokio::test]
async fn a_receiver_that_refuses_a_message_is_shown_and_one_that_is_down_is_waited_for() {
    let check = async |answer: StatusCode, moves_on: bool| {
        let post = Post::new(answer).await;
        post.set("webhook").await;
        let last = post.raise(1).await;
        post.run_until(|channel| channel.trouble.is_some(), "webhook").await;
        let channel = post.collector.keeper.view().channels["webhook"].clone();
        assert_eq!(channel.trouble.as_ref().unwrap().text, format!("it answered {answer}"));
        assert_eq!(channel.trouble.as_ref().unwrap().since, "2026-03-02T12:00:00Z".parse().unwrap());
        assert_eq!(channel.delivered >= last, moves_on, "{answer}");
    };
    check(StatusCode::BAD_REQUEST, true).await;
    check(StatusCode::SERVICE_UNAVAILABLE, false).await;
}

#[tokio::test]
async fn a_channel_of_a_newer_version_waits_and_one_of_the_first_version_goes_on() {
    let mut post = Post::new(StatusCode::OK).await;
    let old = format!(r#"{{"name": "webhook", "url": "{}", "delivered": 0, "set_at": "2026-01-01T00:00:00Z"}}"#, post.url);
    let new = r#"{"name": "pager", "kind": "pager", "url": "pager:1", "delivered": 0, "set_at": "2026-01-01T00:00:00Z", "tone": 3}"#;
    for text in [old, new.to_owned()] {
        let channel: Channel = serde_json::from_str(&text).unwrap();
        post.change(move |w| drop(w.put(channel))).await;
    }
    let last = post.raise(1).await;
    post.run_to("webhook", last).await;
    assert_eq!(post.kinds(), ["alert.raised"]);
    assert_eq!(post.collector.keeper.view().channels["pager"].delivered, 0);
}

#[tokio::test]
async fn no_secret_stands_in_a_record_or_an_event() {
    let post = Post::new(StatusCode::OK).await;
    let facts = |url: &str| ChannelFacts { url: url.into(), ..Default::default() };
    let mail = ChannelFacts {
        from: "a@school.example".into(),
        to: vec!["b@school.example".into()],
        user: "rollcall".into(),
        password: "secret-1".into(),
        ..facts("smtp://mail.school.example")
    };
    for (name, facts) in [("mail", mail), ("chat", facts("https://hooks.example/secret-2"))] {
        let checked = channel::check(name, &facts).unwrap();
        keep(&post.collector.secrets, &checked).unwrap();
        post.change(move |w| drop(channel::set(w, &checked).unwrap())).await;
    }
    let view = post.collector.keeper.view();
    let records = view.records().filter_map(|record| record.body).map(|body| String::from_utf8(body).unwrap());
    let events = post.collector.keeper.store().events(0, 100).unwrap().into_iter().map(|event| format!("{event:?}"));
    let all: Vec<String> = records.chain(events).collect();
    assert!(all.len() > 4 && all.iter().all(|text| !text.contains("secret-")), "{all:#?}");
    let chat = view.channels["chat"].clone();
    assert_eq!(address(&post.collector, &chat).unwrap().url, "https://hooks.example/secret-2");
    forget(&post.collector.secrets, "chat").unwrap();
    assert_eq!(address(&post.collector, &chat).unwrap().url, "https://hooks.example/…");
}
