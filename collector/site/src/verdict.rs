//! GO, CHECK or STOP for lending an asset, with reasons.

use crate::asset::{self, Asset, AssetKind, AssetStatus};
use crate::baseline::Judged;
use crate::device::{Device, DeviceState};
use crate::presence::{self, Heard, Presence};
use crate::rule::{Facts, Severity};
use crate::{AssetId, PersonId, Refusal, Site, Tag, person, words};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::Section;
use rollcall_proto::v1::Battery;
use serde::Serialize;
use std::cmp::Reverse;
use std::sync::Arc;

/// May it leave?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Yes.
    Go,
    /// Look first.
    Check,
    /// No.
    Stop,
}

/// One reason, good or bad.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// What this reason alone would say.
    pub verdict: Verdict,
    /// "seen", "alerts", "baseline", "battery", "loan", "status", "borrower", "device".
    pub code: &'static str,
    /// In words, with when and how much.
    pub text: String,
    /// What to do; empty when all is well.
    pub remedy: String,
}

/// The answer at the loan desk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The worst of the reasons.
    pub verdict: Verdict,
    /// Worst first.
    pub reasons: Vec<Reason>,
    /// The tag.
    pub tag: Tag,
    /// What it is: maker and model, or its name.
    pub title: String,
    /// The asset.
    pub asset: AssetId,
    /// The borrower, if one was named.
    pub person: Option<PersonId>,
    /// To whom it is out now.
    pub out_to: Option<PersonId>,
}

/// A battery below this share of its design capacity is worth a look, percent: a school day needs about that much.
const BATTERY_LOW: u64 = 70;
/// A report older than this is worth a look.
const REPORT_OLD: SignedDuration = SignedDuration::from_hours(24);

/// Checks a scanned tag, for a borrower if one is named.
///
/// # Errors
/// No such tag.
pub fn check(site: &Site, heard: &Heard, tag: &Tag, person: Option<&PersonId>, now: Timestamp) -> Result<Check, Refusal> {
    let asset = asset::tagged(site, tag)?;
    let mut reasons = vec![status(asset), loan(site, asset, now)];
    match site.device_of(asset) {
        Some(device) => {
            reasons.push(seen(site, heard, asset, device, now));
            reasons.extend(alerts(site, asset));
            reasons.extend(baselines(site, asset, now));
            reasons.push(battery(site, device));
        }
        None => reasons.push(without_agent(asset)),
    }
    if let Some(person) = person {
        reasons.push(Some(borrower(site, person, now)));
        reasons.extend(policies(site, asset, person, now));
    }
    let mut reasons: Vec<Reason> = reasons.into_iter().flatten().collect();
    reasons.sort_by_key(|reason| Reverse(reason.verdict));
    Ok(Check {
        verdict: reasons.first().map_or(Verdict::Go, |reason| reason.verdict),
        reasons,
        tag: tag.clone(),
        title: asset.title(),
        asset: asset.id,
        person: person.cloned(),
        out_to: site.open_loan(asset.id).map(|loan| loan.person.clone()),
    })
}

fn reason(verdict: Verdict, code: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Option<Reason> {
    Some(Reason { verdict, code, text: text.into(), remedy: remedy.into() })
}

fn status(asset: &Asset) -> Option<Reason> {
    match asset.status {
        AssetStatus::InService => None,
        status => reason(Verdict::Stop, "status", format!("it is {}", status.word()), "Lend another one, or put it back in service."),
    }
}

fn loan(site: &Site, asset: &Asset, now: Timestamp) -> Option<Reason> {
    let loan = site.open_loan(asset.id)?;
    let text = format!("it is out: lent to {} {} ago", loan.person, words::ago(loan.out_at, now));
    reason(Verdict::Stop, "loan", text, "Take it back first.")
}

fn seen(site: &Site, heard: &Heard, asset: &Asset, device: &Device, now: Timestamp) -> Option<Reason> {
    let code = "seen";
    match &device.state {
        DeviceState::Active => {}
        DeviceState::Quarantined { why, .. } => {
            return reason(Verdict::Stop, code, format!("its identity is quarantined: {why}"), "Enrol it anew, then check again.");
        }
        DeviceState::Revoked | DeviceState::Retired => {
            return reason(Verdict::Check, code, "its agent may no longer report", "Enrol it anew, then check again.");
        }
    }
    if let Some(ago) = device.lapsed(now) {
        let text = format!("its certificate lapsed {} ago, so it can't report", words::span(ago));
        return reason(Verdict::Check, code, text, "Switch it on, on the school's network: it renews the certificate by itself.");
    }
    let Some(profile) = site.profiles.get(&device.id) else {
        return reason(Verdict::Check, code, "it has never reported", "Switch it on, on the school's network, and check again.");
    };
    let age = words::ago(profile.reported_at, now);
    let place = presence::of(site, heard, asset, device, now);
    match place.presence {
        Presence::Late => reason(Verdict::Check, code, "it is late: its connection is being lost", "Wait a moment, and check again."),
        Presence::Here if now.duration_since(profile.reported_at) <= REPORT_OLD => {
            reason(Verdict::Go, code, format!("it is here, and its last report is {age} old"), "")
        }
        Presence::Here => reason(Verdict::Check, code, format!("it is here, but its last report is {age} old"), "Rescan it."),
        _ => {
            let silent = words::ago(crate::heard::last(site, device), now);
            reason(
                Verdict::Check,
                code,
                format!("it is {}: last heard {silent} ago", place.presence.word()),
                "Switch it on, on the school's network, and check again.",
            )
        }
    }
}

/// Open alerts, without those whose matter has a reason of its own here.
fn alerts(site: &Site, asset: &Asset) -> Vec<Option<Reason>> {
    let own = [
        "machine-silent",
        "identity-cloned",
        "os-too-old",
        "setting-wrong",
        "software-forbidden",
        "software-not-allowed",
        "software-required",
    ];
    let open = site.live_alerts(Some(asset.id)).filter(|alert| alert.is_told() && !own.contains(&alert.rule.as_str()));
    let mut reasons: Vec<_> = open
        .map(|alert| {
            let verdict = if alert.severity == Severity::High { Verdict::Stop } else { Verdict::Check };
            reason(verdict, "alerts", format!("{}: {}", alert.title, alert.evidence), alert.remedy.clone())
        })
        .collect();
    if reasons.is_empty() {
        reasons.push(reason(Verdict::Go, "alerts", "no hardware alert is open", ""));
    }
    reasons
}

fn baselines(site: &Site, asset: &Arc<Asset>, now: Timestamp) -> Vec<Option<Reason>> {
    let facts = Facts::of(site, asset, now);
    facts.baselines().iter().map(of_baseline).collect()
}

fn of_baseline(judged: &Judged) -> Option<Reason> {
    let name = &judged.baseline.name;
    if judged.unknown.contains(&"software") {
        let text = format!("its software was never read, so baseline {name} can't be judged");
        return reason(Verdict::Check, "baseline", text, "Rescan it.");
    }
    if !judged.wrong.is_empty() {
        let wrong = words::first(judged.words().into_iter().chain(judged.waived_words()).collect(), 5);
        return reason(
            Verdict::Check,
            "baseline",
            format!("it {} (baseline {name})", wrong.join(", ")),
            "Install, remove or set what is named.",
        );
    }
    if judged.waived.is_empty() {
        return reason(Verdict::Go, "baseline", format!("it meets baseline {name}"), "");
    }
    let waived = words::first(judged.waived_words(), 5).join(", ");
    reason(Verdict::Go, "baseline", format!("it meets baseline {name}, but for what is waived: it {waived}"), "")
}

fn battery(site: &Site, device: &Device) -> Option<Reason> {
    let Section::Batteries(batteries) = site.section(device.id, "battery")? else { return None };
    let share = |battery: &Battery| battery.full_mwh.saturating_mul(100).checked_div(battery.design_mwh);
    let worst = batteries.batteries.iter().filter_map(|battery| Some((share(battery)?, battery))).min_by_key(|(share, _)| *share)?;
    let cycles = if worst.1.cycles > 0 { format!(", {} cycles", worst.1.cycles) } else { String::new() };
    let text = format!("its battery holds {} % of its design capacity{cycles}", worst.0);
    if worst.0 >= BATTERY_LOW {
        return reason(Verdict::Go, "battery", text, "");
    }
    reason(Verdict::Check, "battery", text, "A school day needs about 70 %: lend a charger along, or another one.")
}

fn without_agent(asset: &Asset) -> Option<Reason> {
    match asset.kind {
        AssetKind::Pc | AssetKind::Laptop => {
            reason(Verdict::Check, "device", "it has no agent: nothing is known of its state", "Look at it yourself, or enrol it.")
        }
        _ => reason(Verdict::Go, "device", "it has no agent, as expected of its kind", ""),
    }
}

/// What the loan policy has against it.
fn policies(site: &Site, asset: &Asset, person: &PersonId, now: Timestamp) -> Vec<Option<Reason>> {
    let Some(person) = site.persons.get(person) else { return Vec::new() };
    let objections = crate::loan::objections(site, asset, person, now);
    objections.into_iter().map(|objection| reason(Verdict::Stop, objection.code, objection.text, objection.remedy)).collect()
}

fn borrower(site: &Site, person: &PersonId, now: Timestamp) -> Reason {
    if let Err(refusal) = person::get(site, person) {
        let remedy = "Look at the card again, or bring the person in with `rollcall person import`.".to_owned();
        return Reason { verdict: Verdict::Stop, code: "borrower", text: refusal.text, remedy };
    }
    let held: Vec<_> = site.held_by(person).collect();
    let overdue = held.iter().filter(|loan| loan.due.is_some_and(|due| due < now)).count();
    let (verdict, text, remedy) = match (held.len(), overdue) {
        (0, _) => (Verdict::Go, format!("{person} is in the roster and has nothing out"), ""),
        (held, 0) => (Verdict::Go, format!("{person} is in the roster and has {held} out, none overdue"), ""),
        (_, overdue) => (Verdict::Check, format!("{person} has {overdue} overdue"), "Ask for it back first."),
    };
    Reason { verdict, code: "borrower", text, remedy: remedy.to_owned() }
}
