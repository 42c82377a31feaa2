//! Compares the collector's record with the simulator's own, PC by PC, in words that name the PC and the place.

use super::account::{Account, Wanted};
use super::fleet::{self, Seated};
use super::record::Verdict;
use anyhow::Context;
use rollcall::cli::client::{Client, Door};
use rollcall::settings::Settings;
use rollcall_agent::survey::{Content, Reading};
use rollcall_proto::{Digest, Section};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Events in one answer.
const EVENTS: u64 = 1_000;
/// What was just acknowledged or has just ended may take this long to show: a tick of the watch, a group of changes, a busy machine.
const SOON: Duration = Duration::from_secs(15);
/// Kinds of events that the judge looks at.
const KINDS: [&str; 4] = ["device.cloned", "device.rolled-back", "device.silent", "section.changed"];

/// Events by asset: kind and words, in order.
type Events = BTreeMap<String, Vec<(String, String)>>;

/// Somebody who may read the collector's record.
pub struct Judge {
    client: Client,
    /// Events up to this one are read, or of an earlier run.
    after: u64,
    /// Only changes after this one are: a PC may begin a run with other software than it ended the last one with.
    reported: u64,
    /// Those of this run.
    events: Events,
}

/// What the collector says of everybody.
#[derive(Default)]
struct Said {
    /// Rows of the list of devices, by tag.
    rows: BTreeMap<String, Value>,
    /// Alerts that hold or settle: tag and rule; of a room as a whole, the room and the rule.
    alerts: BTreeSet<(String, String)>,
}

impl Judge {
    /// A judge who asks the collector with this data folder, or the desk at this address with a key.
    ///
    /// # Errors
    /// The collector does not answer, or the key is none.
    pub async fn new(place: &str, key: Option<&str>) -> anyhow::Result<Self> {
        let door = if place.starts_with("https://") {
            let key = key.with_context(|| format!("--judge {place}: a desk wants an API key: give it with --key or ROLLCALL_KEY"))?;
            Door::Desk { url: place.to_owned(), key: key.to_owned() }
        } else {
            Door::Socket(Settings { data: PathBuf::from(place), ..Settings::default() }.socket())
        };
        let mut judge = Self { client: Client::new(door, None)?, after: 0, reported: 0, events: BTreeMap::new() };
        judge.after = judge.last().await?;
        judge.reported = judge.after;
        Ok(judge)
    }

    /// Everybody's first report is acknowledged: from here on, what the timeline tells of changes is compared.
    ///
    /// # Errors
    /// The collector does not answer.
    pub async fn begin(&mut self) -> anyhow::Result<()> {
        self.reported = self.last().await?;
        Ok(())
    }

    /// The number of the latest event.
    async fn last(&self) -> anyhow::Result<u64> {
        let last = self.client.get(&["events"], &[("limit", Some("1".to_owned()))]).await?;
        Ok(last[0]["seq"].as_u64().unwrap_or_default())
    }

    /// Compares where everybody is, and what may and must not have happened to them.
    ///
    /// # Errors
    /// The collector does not answer.
    pub async fn whereabouts(&mut self, fleet: &[Seated]) -> anyhow::Result<Verdict> {
        let end = Instant::now() + SOON;
        loop {
            let said = self.said().await?;
            let mut verdict = Verdict::default();
            for Seated { member, account, .. } in fleet {
                whereabouts(&mut verdict, &member.tag, &member.pc.serial(), account, &said, &self.events);
            }
            if verdict.wrong.is_empty() || Instant::now() > end {
                return Ok(verdict);
            }
            sleep(fleet::look(fleet.len())).await;
        }
    }

    /// Compares everything.
    ///
    /// # Errors
    /// The collector does not answer.
    pub async fn verdict(&mut self, fleet: &mut [Seated]) -> anyhow::Result<Verdict> {
        let mut verdict = self.whereabouts(fleet).await?;
        let said = self.said().await?;
        let mut lists = BTreeMap::new();
        for seated in fleet {
            let settled = seated.settle();
            verdict.check(settled, || format!("{}: something that it told was never acknowledged", seated.member.tag));
            timeline(&mut verdict, seated, &said, &self.events);
            if settled {
                self.sections(&mut verdict, seated, &mut lists).await?;
            }
        }
        Ok(verdict)
    }

    /// Compares what its agent had acknowledged with the sections that the collector shows.
    async fn sections(&self, verdict: &mut Verdict, seated: &Seated, lists: &mut BTreeMap<Digest, Value>) -> anyhow::Result<()> {
        let tag = &seated.member.tag;
        let Ok(page) = self.client.get(&["devices", tag], &[]).await else {
            verdict.check(false, || format!("{tag}: the collector has no such device"));
            return Ok(());
        };
        let held = &page["sections"];
        let readings = seated.agent.readings().await;
        let names: Vec<&str> = held.as_object().into_iter().flat_map(|sections| sections.keys().map(String::as_str)).collect();
        let foreign: Vec<&str> = names.into_iter().filter(|name| !readings.iter().any(|reading| reading.name == *name)).collect();
        verdict.check(foreign.is_empty(), || format!("{tag}: the collector shows sections that it never told: {}", foreign.join(", ")));
        for reading in &readings {
            let (name, shown) = (reading.name, &held[reading.name]);
            match &reading.content {
                Ok(_) => {
                    let same = match shared(reading, lists) {
                        Some(list) => shown["content"] == *list,
                        None => shown["content"] == content(reading),
                    };
                    verdict.check(same, || format!("{tag}: section {name}: the collector shows other content than was acknowledged"));
                }
                Err(why) => {
                    let same = shown["not_measured"] == why.as_str();
                    verdict.check(same, || format!("{tag}: section {name}: the collector does not say that it was not measured: {why}"));
                }
            }
        }
        Ok(())
    }

    async fn said(&mut self) -> anyhow::Result<Said> {
        let rows = self.client.get(&["devices"], &[]).await?;
        let rows = list(rows).into_iter().filter_map(|row| Some((row["tag"].as_str()?.to_owned(), row))).collect();
        let alerts = self.client.get(&["alerts"], &[("shown", Some("live".to_owned()))]).await?;
        let alert = |row: &Value| Some((row["tag"].as_str().or(row["room"].as_str())?.to_owned(), row["rule"].as_str()?.to_owned()));
        let alerts = list(alerts).iter().filter_map(alert).collect();
        self.read_events().await?;
        Ok(Said { rows, alerts })
    }

    /// Reads the events that are new.
    async fn read_events(&mut self) -> anyhow::Result<()> {
        loop {
            let query = [("after", Some(self.after.to_string())), ("limit", Some(EVENTS.to_string()))];
            let batch = list(self.client.get(&["events"], &query).await?);
            let Some(last) = batch.last().and_then(|event| event["seq"].as_u64()) else { return Ok(()) };
            self.after = last;
            for event in &batch {
                let (Some(kind), Some(text)) = (event["kind"].as_str(), event["text"].as_str()) else { continue };
                let Some(asset) = event["asset"].as_str().filter(|_| KINDS.contains(&kind)) else { continue };
                // Of changes only those of the software are in the accounts.
                let is_ours = event["data"]["section"] == "software" && event["seq"].as_u64() > Some(self.reported);
                if kind != "section.changed" || is_ours {
                    self.events.entry(asset.to_owned()).or_default().push((kind.to_owned(), text.to_owned()));
                }
            }
        }
    }
}

fn list(value: Value) -> Vec<Value> {
    if let Value::Array(rows) = value { rows } else { Vec::new() }
}

/// The content of a reading as people see it.
fn content(reading: &Reading) -> Value {
    let decoded = |content: &Content| Section::decode(reading.name, &content.bytes).and_then(Result::ok);
    let section = reading.content.as_ref().ok().and_then(decoded);
    section.map(|section| section.to_json()).unwrap_or_default()
}

/// The software list of a reading, which many PCs share: each list is read once.
fn shared<'a>(reading: &Reading, lists: &'a mut BTreeMap<Digest, Value>) -> Option<&'a Value> {
    let digest = reading.content.as_ref().ok().filter(|_| reading.name == "software")?.digest;
    Some(lists.entry(digest).or_insert_with(|| content(reading)))
}

/// Compares what the collector says of one PC with its account: where it is, who it is, what happened to it, its alerts.
fn whereabouts(verdict: &mut Verdict, tag: &str, serial: &str, account: &Account, said: &Said, events: &Events) {
    let Some(row) = said.rows.get(tag) else {
        return verdict.check(false, || format!("{tag}: not in the collector's list of devices"));
    };
    let text = |field: &str| row[field].as_str().unwrap_or_default();
    verdict.check(text("presence") == account.presence, || {
        format!("{tag}: presence: it is {}, and the collector says {}", account.presence, text("presence"))
    });
    verdict.check(text("serial") == serial, || format!("{tag}: serial: it is {serial}, and the collector says {}", text("serial")));
    check(verdict, account.cloned, text("note").contains("quarantined"), || format!("{tag}: note: its quarantine"));
    let happened = |kind: &str| events.get(text("asset")).is_some_and(|events| events.iter().any(|(k, _)| k == kind));
    for (kind, wanted) in
        [("device.cloned", account.cloned), ("device.rolled-back", account.rolled_back), ("device.silent", account.silent)]
    {
        check(verdict, wanted, happened(kind), || format!("{tag}: timeline: {kind}"));
    }
    let silent_now = if account.presence == "silent" && account.cloned == Wanted::Never { Wanted::Surely } else { Wanted::Never };
    for (rule, wanted) in [("clock-skewed", account.skewed), ("identity-cloned", account.cloned), ("machine-silent", silent_now)] {
        let told = |of: &str, rule: &str| said.alerts.contains(&(of.to_owned(), rule.to_owned()));
        // Who is silent is told alone, or as part of the outage of its room.
        let found = told(tag, rule) || (rule == "machine-silent" && wanted == Wanted::Surely && told(text("room"), "room-outage"));
        check(verdict, wanted, found, || format!("{tag}: alerts: {rule}"));
    }
}

fn check(verdict: &mut Verdict, wanted: Wanted, is_so: bool, what: impl FnOnce() -> String) {
    verdict.check(wanted.holds(is_so), || format!("{} {}", what(), if is_so { "is there, and should not be" } else { "is missing" }));
}

/// Every acknowledged change of the software is in the timeline, once and in order; one that was under way may be there too.
fn timeline(verdict: &mut Verdict, seated: &Seated, said: &Said, events: &Events) {
    let (tag, account) = (&seated.member.tag, &seated.account);
    let asset = said.rows.get(tag).and_then(|row| row["asset"].as_str()).unwrap_or_default();
    let changes = events.get(asset).into_iter().flatten().filter(|(kind, _)| kind == "section.changed");
    let shown: Vec<&str> = changes.map(|(_, text)| text.as_str()).collect();
    let told: Vec<&str> = account.told.iter().chain(&account.telling).map(String::as_str).collect();
    compare(verdict, tag, &told, account.told.len(), &shown);
}

fn compare(verdict: &mut Verdict, tag: &str, told: &[&str], acknowledged: usize, shown: &[&str]) {
    for (place, told) in told.iter().enumerate().take(acknowledged.max(shown.len())) {
        let shown = shown.get(place);
        verdict.check(shown.is_some_and(|shown| shown.contains(told)), || {
            let shown = shown.map_or_else(|| "nothing".to_owned(), |shown| format!("{shown:?}"));
            format!("{tag}: timeline: change {} of {acknowledged}, {told:?}, was acknowledged, and there is {shown}", place + 1)
        });
    }
    let more: Vec<&str> = shown.iter().skip(told.len()).copied().collect();
    verdict.check(more.is_empty(), || format!("{tag}: timeline: changes that never were: {}", more.join(" · ")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(told: &[&str], acknowledged: usize, shown: &[&str], wrong: &[&str]) {
        let mut verdict = Verdict::default();
        compare(&mut verdict, "PC1", told, acknowledged, shown);
        assert_eq!(verdict.wrong.len(), wrong.len(), "{:?}", verdict.wrong);
        for (found, wanted) in verdict.wrong.iter().zip(wrong) {
            assert!(found.starts_with("PC1: timeline: ") && found.contains(wanted), "{found}");
        }
    }

    #[test]
    fn a_timeline_is_what_was_acknowledged_and_no_more() {
        check(&[], 0, &[], &[]);
        check(&["a removed", "a installed"], 2, &["PC1: a removed", "PC1: a installed (noticed 08:00)"], &[]);
        check(
            &["a removed", "a installed"],
            2,
            &["PC1: a removed"],
            &["change 2 of 2, \"a installed\", was acknowledged, and there is nothing"],
        );
        check(&["a removed", "a installed"], 1, &["PC1: a removed"], &[]);
        check(&["a removed", "a installed"], 1, &["PC1: a removed", "PC1: a installed"], &[]);
        check(&["a removed"], 1, &["PC1: a removed", "PC1: a removed"], &["never were: PC1: a removed"]);
        check(&["a removed"], 1, &["PC1: b removed"], &["there is \"PC1: b removed\""]);
    }

    /// What is wrong when the collector says so of a PC whose account is `account`.
    #[track_caller]
    fn differs(account: &Account, row: Value, events: &[&str], alerts: &[&str], wrong: &[&str]) {
        let mut said = Said::default();
        said.rows.insert("PC1".to_owned(), row);
        let events = events.iter().map(|kind| ((*kind).to_owned(), String::new())).collect();
        let events = BTreeMap::from([("a1".to_owned(), events)]);
        said.alerts.extend(alerts.iter().map(|rule| ("PC1".to_owned(), (*rule).to_owned())));
        let mut verdict = Verdict::default();
        whereabouts(&mut verdict, "PC1", "S1", account, &said, &events);
        assert_eq!((verdict.checked, verdict.wrong.len()), (9, wrong.len()), "{:?}", verdict.wrong);
        for (found, wanted) in verdict.wrong.iter().zip(wrong) {
            assert!(found.starts_with("PC1: ") && found.contains(wanted), "{found}");
        }
    }

    #[test]
    fn what_the_collector_says_of_a_pc_is_held_to_its_account() {
        let row = |presence: &str, note: &str| json!({"presence": presence, "serial": "S1", "asset": "a1", "note": note});
        let here = Account::begin(jiff::Timestamp::UNIX_EPOCH);
        differs(&here, row("here", ""), &[], &[], &[]);
        differs(&here, row("late", ""), &[], &[], &["presence: it is here, and the collector says late"]);
        differs(
            &here,
            row("here", ""),
            &["device.silent"],
            &["machine-silent"],
            &["timeline: device.silent is there", "machine-silent is there"],
        );
        differs(&here, json!({"presence": "here", "serial": "S9"}), &[], &[], &["serial: it is S1, and the collector says S9"]);
        let gone = Account { presence: "silent", silent: Wanted::Surely, ..here.clone() };
        differs(&gone, row("silent", ""), &["device.silent"], &["machine-silent"], &[]);
        differs(&gone, row("silent", ""), &[], &[], &["device.silent is missing", "machine-silent is missing"]);
        let cloned = Account { presence: "silent", cloned: Wanted::Surely, ..here };
        differs(&cloned, row("silent", "quarantined: …"), &["device.cloned"], &["identity-cloned"], &[]);
        differs(&cloned, row("silent", ""), &[], &[], &["quarantine is missing", "device.cloned is missing", "identity-cloned is missing"]);
    }
}
