//! What a channel delivers next, and what is written down once it has arrived: pure, from the site, the events and the time.

use super::gather::{self, Waiting};
use super::message::{self, Message, Speaker};
use jiff::{SignedDuration, Timestamp};
use rollcall_site::alert::AlertState;
use rollcall_site::channel::{self, Channel, Outcome, Setting};
use rollcall_site::event::Event;
use rollcall_site::notice::{self, Notice, NoticeKey, With};
use rollcall_site::route::{self, Decision, Matter};
use rollcall_site::{Record, Working};

/// Where the oldest message has waited longer than this, what waits becomes one summary: nobody acts on it one by one.
const LATE: SignedDuration = SignedDuration::from_hours(1);
/// Where more messages wait than this, they become one summary.
const MANY: usize = 20;

/// One delivery: a message, and what it settles.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parcel {
    /// What is delivered; `None`: there is nothing to tell, but something to write down.
    pub message: Option<Message>,
    /// Since when the oldest of it waits.
    pub since: Option<Timestamp>,
    /// The cursor once it has arrived.
    pub seq: u64,
    /// What is owed from then on.
    owed: Vec<Notice>,
    /// What is owed no more.
    told: Vec<NoticeKey>,
    /// It was the digest of this time.
    digested: Option<Timestamp>,
}

impl Parcel {
    /// Whether something must be written down although nothing is to be delivered.
    pub fn is_to_be_kept(&self) -> bool {
        !self.owed.is_empty() || !self.told.is_empty() || self.digested.is_some()
    }

    /// Writes down that it is done with.
    pub fn keep(&self, w: &mut Working, setting: &Setting, outcome: Outcome) {
        if w.site.channels.get(&setting.name).is_none_or(|channel| channel.set_at != setting.set_at) {
            return;
        }
        channel::moved(w, setting, self.seq, outcome);
        notice::settle(w, &self.told);
        self.owed.iter().for_each(|owed| notice::owe(w, owed.clone()));
        if let Some(at) = self.digested {
            channel::digested(w, setting, at);
        }
    }
}

/// What quiet hours held back and is due, or a digest; the cursor stays at `seq`.
pub(super) fn due(speaker: &Speaker<'_>, channel: &Channel, seq: u64, now: Timestamp) -> Option<Parcel> {
    let held = held(speaker, channel, now);
    if !held.told.is_empty() {
        let message = held.waiting.message(speaker, now, "Held back in quiet hours");
        return Some(Parcel { message, since: held.due, seq, told: held.told, ..Parcel::default() });
    }
    if notice::digest_due(speaker.site, &channel.name).is_none_or(|due| due > now) {
        return None;
    }
    let digest = notice::digest(speaker.site, &channel.name, now);
    let is_sent = notice::is_daily(speaker.site, &channel.name) || !digest.is_empty();
    let message = is_sent.then(|| gather::digest(speaker, &digest, now));
    Some(Parcel { message, since: Some(now), seq, told: digest.notices, digested: Some(now), ..Parcel::default() })
}

/// What quiet hours held back and is due.
#[derive(Default)]
struct Held {
    waiting: Waiting,
    told: Vec<NoticeKey>,
    due: Option<Timestamp>,
}

fn held(speaker: &Speaker<'_>, channel: &Channel, now: Timestamp) -> Held {
    let mut held = Held::default();
    for notice in notice::held_until(speaker.site, &channel.name, now) {
        held.due = Some(held.due.map_or(notice.due, |due| due.min(notice.due)));
        held.told.push(notice.key());
        if speaker.site.alerts.contains_key(&notice.alert) {
            held.waiting.add(Some(notice.alert), "alert.held", notice.seq, notice.at);
        }
    }
    held
}

/// What the next of some events come to: up to the first that is told at once; whether what waits is so much or so old that all of it is to
/// be read for a summary.
pub(super) fn next(speaker: &Speaker<'_>, channel: &Channel, events: &[Event], now: Timestamp) -> Next {
    let mut parcel = Parcel::default();
    let mut at_once = events.iter().filter(|event| is_told(channel, event) && decide(speaker, channel, event, now) == Decision::Now);
    let first = at_once.next();
    // A program that follows events gets each of them, in order.
    let gathers = channel.follows.is_empty();
    if gathers && (first.is_some_and(|event| now.duration_since(event.at) >= LATE) || at_once.count() >= MANY) {
        return Next::Summary;
    }
    for event in events {
        parcel.seq = event.seq;
        if first.is_some_and(|first| first.seq == event.seq) {
            (parcel.message, parcel.since) = (Some(speaker.event(event)), Some(event.at));
            break;
        }
        parcel.owed.extend(owed(speaker, channel, event, now));
    }
    Next::Parcel(Box::new(parcel))
}

/// What comes next.
pub(super) enum Next {
    /// This.
    Parcel(Box<Parcel>),
    /// Everything that waits, in one.
    Summary,
}

/// Takes up everything that waits, batch by batch, into one summary.
pub(super) struct Summary {
    waiting: Waiting,
    parcel: Parcel,
}

impl Summary {
    /// Begins with what quiet hours held back and is due as well.
    pub fn over(speaker: &Speaker<'_>, channel: &Channel, now: Timestamp) -> Self {
        let Held { waiting, told, .. } = held(speaker, channel, now);
        Self { waiting, parcel: Parcel { told, ..Parcel::default() } }
    }

    /// Takes up some events more.
    pub fn add(&mut self, speaker: &Speaker<'_>, channel: &Channel, events: &[Event], now: Timestamp) {
        for event in events {
            self.parcel.seq = event.seq;
            if is_told(channel, event) && decide(speaker, channel, event, now) == Decision::Now {
                self.waiting.add(event.alert, &event.kind, event.seq, event.at);
            } else {
                self.parcel.owed.extend(owed(speaker, channel, event, now));
            }
        }
    }

    /// The one message of it all.
    pub fn parcel(self, speaker: &Speaker<'_>, now: Timestamp) -> Parcel {
        let message = self.waiting.message(speaker, now, "What could not be told when it happened");
        Parcel { message, since: self.waiting.since, ..self.parcel }
    }
}

/// Whether a channel is told of events of this kind.
fn is_told(channel: &Channel, event: &Event) -> bool {
    message::is_told(event) || channel::names(&channel.follows, &event.kind)
}

/// What becomes of an event here. What is owed of its alert already is told with that; and nobody is called for what is taken care of.
fn decide(speaker: &Speaker<'_>, channel: &Channel, event: &Event, now: Timestamp) -> Decision {
    if channel::names(&channel.follows, &event.kind) {
        return Decision::Now;
    }
    let matter = Matter::of_event(speaker.site, event);
    let alert = matter.alert.and_then(|alert| speaker.site.alerts.get(&alert));
    let passed_by = match alert {
        Some(alert) if matter.only.is_some() => alert.state != AlertState::Raised,
        Some(alert) => notice::is_owed(speaker.site, &channel.name, alert.id),
        None => false,
    };
    if passed_by { Decision::Nothing } else { route::decide(speaker.site, &channel.name, &matter, now) }
}

fn owed(speaker: &Speaker<'_>, channel: &Channel, event: &Event, now: Timestamp) -> Option<Notice> {
    let (alert, told) = (event.alert?, message::is_told(event));
    let (due, with) = match decide(speaker, channel, event, now) {
        Decision::Hold(until) if told => (until, With::QuietHours),
        Decision::Digest(at) if told => (at, With::Digest),
        _ => return None,
    };
    let rest = rollcall_site::record::Rest::new();
    Some(Notice { channel: channel.name.clone(), alert, seq: event.seq, at: event.at, due, with, rest })
}
