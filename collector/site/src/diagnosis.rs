//! Diagnoses: what a machine found when somebody asked it to look at its network and at itself; the last one of each is kept.

mod page;
mod step;

pub use page::{DiagnosisPage, StepRow};
pub use step::{Outcome, Step};

use crate::presence::Heard;
use crate::record::{Record, Rest, Table};
use crate::{DeviceId, Refusal, Site, Working, device, words};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// No diagnosis lasts longer: the steps of an agent end within a minute and a half.
pub const LONGEST: SignedDuration = SignedDuration::from_mins(2);
/// Machines of a site that are diagnosed at once.
pub const AT_ONCE: usize = 16;

/// The last diagnosis of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The device.
    pub device: DeviceId,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was over; `None`: it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// By whom.
    pub by: String,
    /// The steps that have ended, in the order in which they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<Ended>,
    /// Why it did not come to its end; empty: it did, or goes on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A step that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The step.
    pub step: Step,
    /// What came of it.
    pub outcome: Outcome,
    /// What was found, or why not, in the machine's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
    /// When.
    pub at: Timestamp,
    /// To the collector and back, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_us: Option<u32>,
    /// To the collector, bits a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_bps: Option<u64>,
    /// From it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_bps: Option<u64>,
    /// Clock of the machine minus clock of the collector, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_off_ms: Option<i64>,
}

impl Record for Diagnosis {
    type Key = DeviceId;
    const KIND: &'static str = "diagnosis";
    fn key(&self) -> DeviceId {
        self.device
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.diagnoses
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.diagnoses
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            site.diagnosing.remove(&old.device);
        }
        if let Some(new) = new.filter(|new| new.finished_at.is_none()) {
            site.diagnosing.insert(new.device);
        }
    }
}

impl Diagnosis {
    /// Whether it goes on: one that was never finished is over by itself after a while.
    pub fn goes_on(&self, now: Timestamp) -> bool {
        self.finished_at.is_none() && now.duration_since(self.began_at).abs() < LONGEST
    }

    /// The steps that ended and need a look.
    pub fn to_look_at(&self) -> impl Iterator<Item = &Ended> {
        self.ended.iter().filter(|ended| ended.step.needs_look(ended.outcome))
    }
}

/// Diagnoses that are not finished.
pub fn unfinished(site: &Site) -> impl Iterator<Item = &Arc<Diagnosis>> {
    site.diagnosing.iter().filter_map(|device| site.diagnoses.get(device))
}

/// Begins a diagnosis; the last one of the device gives way to it.
///
/// # Errors
/// The device may not speak or is not connected, it is being diagnosed already, or too many are.
pub fn begin(w: &mut Working, device: DeviceId, heard: &Heard) -> Result<Arc<Diagnosis>, Refusal> {
    let tag = tag_of(w, device::speaking(&w.site, device)?.asset);
    if let Some(other) = w.site.diagnoses.get(&device).filter(|other| other.goes_on(w.now)) {
        return Err(Refusal::conflict(format!("{tag} is being diagnosed already, for {}: wait for its end", other.by)));
    }
    if !heard.contains_key(&device) {
        return Err(Refusal::conflict(format!("{tag} is not connected: it can be diagnosed when it is switched on and on the network")));
    }
    if unfinished(&w.site).filter(|other| other.goes_on(w.now)).count() >= AT_ONCE {
        return Err(Refusal::conflict(format!("{AT_ONCE} machines are being diagnosed now: ask again in a minute")));
    }
    let (began_at, by) = (w.now, w.actor.words());
    Ok(w.put(Diagnosis { device, began_at, finished_at: None, by, ended: Vec::new(), problem: String::new(), rest: Rest::new() }))
}

/// A step has ended. One that ended before, and one of a diagnosis that is over, changes nothing.
pub fn step_ended(w: &mut Working, of: &Diagnosis, ended: Ended) {
    if let Some(mut diagnosis) = open(&w.site, of).filter(|diagnosis| diagnosis.ended.iter().all(|other| other.step != ended.step)) {
        diagnosis.ended.push(ended);
        w.put(diagnosis);
    }
}

/// Ends a diagnosis; `problem` says why before its time.
pub fn finish(w: &mut Working, of: &Diagnosis, problem: String) -> Arc<Diagnosis> {
    let Some(diagnosis) = open(&w.site, of) else {
        return w.site.diagnoses.get(&of.device).cloned().unwrap_or_else(|| Arc::new(of.clone()));
    };
    let diagnosis = w.put(Diagnosis { finished_at: Some(w.now), problem, ..diagnosis });
    if let Some(asset) = w.site.devices.get(&of.device).and_then(|device| w.site.assets.get(&device.asset)).cloned() {
        w.event("device.diagnosed", format!("{} was diagnosed: {}", asset.tag, diagnosis.summary())).about(&asset);
    }
    diagnosis
}

impl Diagnosis {
    /// What came of it, in a few words.
    pub fn summary(&self) -> String {
        let look: Vec<&str> = self.to_look_at().map(|ended| ended.step.title()).collect();
        let all = words::count(self.ended.len(), "step", "steps");
        match (self.problem.is_empty(), look.as_slice()) {
            (true, []) if self.finished_at.is_some() && self.ended.is_empty() => "it told of no step".to_owned(),
            (true, []) if self.finished_at.is_some() => format!("all {all} are well"),
            (true, []) => format!("{all} so far, all well"),
            (true, [one]) => format!("1 of {all} needs a look: {one}"),
            (true, look) => format!("{} of {all} need a look: {}", look.len(), look.join(", ")),
            (false, []) => format!("it broke off after {all}: {}", self.problem),
            (false, look) => format!("it broke off after {all}: {}; a look is needed at: {}", self.problem, look.join(", ")),
        }
    }
}

/// The same diagnosis as it stands now, if it is not over.
fn open(site: &Site, of: &Diagnosis) -> Option<Diagnosis> {
    let same = |now: &&Arc<Diagnosis>| now.began_at == of.began_at && now.finished_at.is_none();
    site.diagnoses.get(&of.device).filter(same).map(|diagnosis| (**diagnosis).clone())
}

fn tag_of(w: &Working, asset: crate::AssetId) -> String {
    w.site.assets.get(&asset).map_or_else(|| "this machine".to_owned(), |asset| asset.tag.to_string())
}

#[cfg(test)]
mod tests;
