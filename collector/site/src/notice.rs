//! Notices: what a channel still owes of an alert, because quiet hours hold it back or a digest will tell it.

use crate::alert::Alert;
use crate::record::{Record, Rest, Table};
use crate::route::{self, Decision, Matter};
use crate::{AlertId, Site, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What a channel still owes of an alert. Where the alert stands is asked when it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The channel.
    pub channel: String,
    /// The alert.
    pub alert: AlertId,
    /// The event that it was first for.
    pub seq: u64,
    /// When that was.
    pub at: Timestamp,
    /// When it is told.
    pub due: Timestamp,
    /// With what.
    pub with: With,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a notice is told with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum With {
    /// The others of the same quiet hours.
    QuietHours,
    /// The digest of a day.
    Digest,
}

/// What a notice is found by: "mail-office/12".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeKey(pub String, pub AlertId);

impl fmt::Display for NoticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

impl FromStr for NoticeKey {
    type Err = crate::id::BadId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (channel, alert) = text.rsplit_once('/').unwrap_or((text, ""));
        Ok(Self(channel.to_owned(), alert.parse()?))
    }
}

impl Record for Notice {
    type Key = NoticeKey;
    const KIND: &'static str = "notice";
    fn key(&self) -> NoticeKey {
        NoticeKey(self.channel.clone(), self.alert)
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.notices
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.notices
    }
}

/// The notices of a channel.
pub fn of<'a>(site: &'a Site, channel: &str) -> impl Iterator<Item = &'a Arc<Notice>> + use<'a> {
    let channel = channel.to_owned();
    let first = NoticeKey(channel.clone(), AlertId(0));
    site.notices.range(first..).map(|(_, notice)| notice).take_while(move |notice| notice.channel == channel)
}

/// Whether a channel still owes something of an alert.
pub fn is_owed(site: &Site, channel: &str, alert: AlertId) -> bool {
    site.notices.contains_key(&NoticeKey(channel.to_owned(), alert))
}

/// Keeps in mind that a channel is to be told of an alert later; what it owes already stays, and the earlier time holds.
pub fn owe(w: &mut Working, notice: Notice) {
    match w.site.notices.get(&notice.key()).cloned() {
        Some(owed) if owed.due <= notice.due => {}
        Some(owed) => drop(w.put(Notice { due: notice.due, with: notice.with, ..(*owed).clone() })),
        None => drop(w.put(notice)),
    }
}

/// These notices are told, or there is nothing left to tell of them.
pub fn settle(w: &mut Working, told: &[NoticeKey]) {
    for key in told {
        if w.site.notices.contains_key(key) {
            w.remove::<Notice>(key);
        }
    }
}

/// When a channel has next to tell what was held back, or a digest.
pub fn next_due(site: &Site, channel: &str) -> Option<Timestamp> {
    let held = of(site, channel).filter(|notice| notice.with == With::QuietHours).map(|notice| notice.due).min();
    held.into_iter().chain(digest_due(site, channel)).min()
}

/// What was held back and is to be told at `now`, in the order in which it came.
pub fn held_until(site: &Site, channel: &str, now: Timestamp) -> Vec<Arc<Notice>> {
    let mut due: Vec<Arc<Notice>> =
        of(site, channel).filter(|notice| notice.with == With::QuietHours && notice.due <= now).cloned().collect();
    due.sort_by_key(|notice| notice.seq);
    due
}

/// When the next digest of a channel is due; `None`: no route gives it one, and none is owed.
pub fn digest_due(site: &Site, channel: &str) -> Option<Timestamp> {
    let record = site.channels.get(channel)?;
    let owed = || of(site, channel).any(|notice| notice.with == With::Digest);
    (is_daily(site, channel) || owed()).then(|| route::next(route::DIGEST, record.digested.unwrap_or(record.set_at), &site.zone()))
}

/// Whether a route gives a channel a digest: then one comes every day, also of a day on which nothing happened. So the ledger's checkpoint
/// leaves the machine every day, and a digest that does not come says that something is wrong.
pub fn is_daily(site: &Site, channel: &str) -> bool {
    site.routes.values().any(|route| route.told == route::Told::Digest && route.to.iter().any(|to| to == channel))
}

/// What a digest has to say; each list by number.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// When the one before it went out, or digests began.
    pub since: Timestamp,
    /// When it was due: the same for every try to send it.
    pub due: Timestamp,
    /// Raised since the last one, and open.
    pub new: Vec<Arc<Alert>>,
    /// Raised before, and open.
    pub open: Vec<Arc<Alert>>,
    /// Resolved since the last one.
    pub resolved: Vec<Arc<Alert>>,
    /// What is told with it.
    pub notices: Vec<NoticeKey>,
}

impl Digest {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.is_quiet() && self.open.is_empty()
    }

    /// Whether nothing came and nothing went.
    pub fn is_quiet(&self) -> bool {
        self.new.is_empty() && self.resolved.is_empty()
    }
}

/// The digest of a channel at `now`.
pub fn digest(site: &Site, channel: &str, now: Timestamp) -> Digest {
    let Some(record) = site.channels.get(channel) else { return Digest::default() };
    let since = record.digested.unwrap_or(record.set_at);
    let owed: Vec<&Arc<Notice>> = of(site, channel).filter(|notice| notice.with == With::Digest).collect();
    let due = digest_due(site, channel).unwrap_or(now);
    let mut digest = Digest { since, due, notices: owed.iter().map(|notice| notice.key()).collect(), ..Digest::default() };
    let resolved = owed.iter().filter_map(|notice| site.alerts.get(&notice.alert)).filter(|alert| !alert.is_open());
    digest.resolved = resolved.cloned().collect();
    for alert in site.open_alerts().filter(|alert| alert.is_told()) {
        let told = route::decide(site, channel, &Matter::of(alert, now), now);
        if matches!(told, Decision::Digest(_)) || is_owed(site, channel, alert.id) {
            let list = if alert.raised_at.is_some_and(|at| at >= since) { &mut digest.new } else { &mut digest.open };
            list.push(Arc::clone(alert));
        }
    }
    for list in [&mut digest.new, &mut digest.open] {
        list.sort_by_key(|alert| alert.id);
    }
    digest
}
