//! Judges devices by the baselines that hold for them.

use super::matcher::{Listed, Matcher};
use super::record::Baseline;
use super::waiver::{self, Waiver};
use super::{EVERY_ROOM, settings};
use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::packages::Package;
use crate::rule::Facts;
use crate::title::Title;
use crate::version::{Range, Scheme};
use crate::{Site, WaiverId};
use jiff::Timestamp;
use rollcall_proto::{Digest, Section};
use serde::Serialize;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// What a baseline says of a device.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The baseline.
    pub baseline: Arc<Baseline>,
    /// How many things it was checked for.
    pub checks: usize,
    /// What is wrong.
    pub wrong: Vec<Wrong>,
    /// What is wrong and was waived.
    pub waived: Vec<Waived>,
    /// What could not be judged, because it was not measured.
    pub unknown: Vec<&'static str>,
    /// Since when its list of software is so; empty: not known.
    pub since: String,
}

impl Judged {
    /// How many of its checks hold; what is waived counts as held.
    pub fn met(&self) -> usize {
        let mut failed: Vec<usize> = self.wrong.iter().map(|wrong| wrong.check).collect();
        failed.sort_unstable();
        failed.dedup();
        self.checks.saturating_sub(failed.len())
    }

    /// What is wrong, in words.
    pub fn words(&self) -> Vec<String> {
        self.wrong.iter().map(|wrong| wrong.text.clone()).collect()
    }

    /// What is waived, in words.
    pub fn waived_words(&self) -> Vec<String> {
        self.waived.iter().map(Waived::words).collect()
    }
}

/// One thing that is not as a baseline has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// What kind of thing.
    pub kind: Kind,
    /// Which check it failed, counted within the baseline.
    #[serde(skip)]
    pub check: usize,
    /// What it is about: a title, a package's name, a setting, "os".
    pub subject: String,
    /// In words, without the machine.
    pub text: String,
    /// What the baseline does: "requires vlc (>= 3)".
    pub wants: String,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A required title is missing, or has the wrong version.
    Required,
    /// A forbidden title is there.
    Forbidden,
    /// A program is there that is neither required nor allowed.
    NotAllowed,
    /// The operating system is of another version.
    Os,
    /// A setting is otherwise.
    Setting,
}

impl Wrong {
    /// A package that should not be there.
    pub(super) fn of_package(kind: Kind, check: usize, package: &Package<'_>) -> Self {
        let (word, wants) = if kind == Kind::Forbidden { ("forbidden", "forbids it") } else { ("not allowed", "allows no other programs") };
        let named = format!("{} {}", package.name, package.version);
        Self {
            kind,
            check,
            subject: package.name.to_owned(),
            text: format!("has {}, which is {word}", named.trim_end()),
            wants: wants.to_owned(),
        }
    }
}

/// What is wrong, and who answers for it until when.
#[derive(Clone, Debug)]
pub struct Waived {
    /// What is wrong.
    pub wrong: Wrong,
    /// The waiver.
    pub waiver: WaiverId,
    /// When it ends.
    pub until: Timestamp,
    /// Who answers for it.
    pub owner: String,
}

impl Waived {
    /// In words, without the machine.
    pub fn words(&self) -> String {
        format!("{} (waived until {}, {})", self.wrong.text, crate::words::utc(self.until), self.owner)
    }
}

/// What devices with the same sections have in common is judged once.
#[derive(Default)]
pub(super) struct Memo {
    lists: HashMap<Digest, Rc<Listed>>,
}

/// What a baseline says of an asset's device, which may speak.
pub(super) fn judge_one(
    site: &Site,
    baseline: &Arc<Baseline>,
    matcher: &Matcher,
    asset: &Asset,
    device: &Device,
    now: Timestamp,
    memo: &mut Memo,
) -> Judged {
    let mut judged = Judged {
        baseline: Arc::clone(baseline),
        checks: 0,
        wrong: Vec::new(),
        waived: Vec::new(),
        unknown: Vec::new(),
        since: String::new(),
    };
    if baseline.asks_for_software() {
        software(site, baseline, matcher, device, memo, &mut judged);
    }
    if !baseline.os.is_empty() {
        os(site, baseline, matcher.checks(), device, &mut judged);
    }
    if !baseline.settings.is_empty() {
        settings::judge(site, baseline, matcher.checks() + 1, device, &mut judged);
    }
    if !judged.wrong.is_empty() {
        let waivers: Vec<(&Arc<Waiver>, Title)> =
            waiver::of(site, baseline, asset, now).map(|waiver| (waiver, Title::new(&waiver.title))).collect();
        let wrong = std::mem::take(&mut judged.wrong);
        for wrong in wrong {
            match waivers.iter().find(|(_, title)| title.is(&wrong.subject)) {
                Some((waiver, _)) => {
                    judged.waived.push(Waived { wrong, waiver: waiver.id, until: waiver.until, owner: waiver.owner.clone() })
                }
                None => judged.wrong.push(wrong),
            }
        }
    }
    judged
}

fn software(site: &Site, baseline: &Baseline, matcher: &Matcher, device: &Device, memo: &mut Memo, judged: &mut Judged) {
    let held = site.profiles.get(&device.id).and_then(|profile| profile.sections.get("software"));
    let Some((held, digest, list)) = held.and_then(|held| Some((held, held.digest?, site.content("software", &held.digest?)?))) else {
        judged.unknown.push("software");
        return;
    };
    judged.checks += baseline.required.len() + baseline.forbidden.len() + usize::from(baseline.only_allowed);
    judged.since = held.since.map_or_else(String::new, crate::words::utc);
    let listed = memo.lists.entry(digest).or_insert_with(|| Rc::new(matcher.judge(list)));
    judged.wrong.extend(listed.wrong.iter().cloned());
}

fn os(site: &Site, baseline: &Baseline, check: usize, device: &Device, judged: &mut Judged) {
    let Some(Section::OperatingSystem(os)) = site.section(device.id, "os") else {
        judged.unknown.push("os");
        return;
    };
    // A system that the baseline does not name may have any version; one that rolls has none.
    let Some(wanted) = baseline.os.get(&os.id) else { return };
    let Some(range) = Range::parse(wanted).ok().filter(|_| !os.version.is_empty()) else {
        judged.unknown.push("os");
        return;
    };
    judged.checks += 1;
    if !range.holds_by(Scheme::Dotted, &os.version) {
        let name = if os.pretty.is_empty() { format!("{} {}", os.name, os.version) } else { os.pretty };
        let (text, wants) = (format!("runs {name}, needs {} {wanted}", os.id), format!("wants {} {wanted}", os.id));
        judged.wrong.push(Wrong { kind: Kind::Os, check, subject: "os".to_owned(), text, wants });
    }
}

/// What every baseline says of an asset's device; nothing of one that may not speak.
pub fn judge(facts: &Facts<'_>) -> Vec<Judged> {
    let Some(device) = facts.device.filter(|device| device.state == DeviceState::Active) else { return Vec::new() };
    let held = facts.site.baselines.values().filter(|baseline| holds_for(baseline, facts.asset));
    let with_matcher = held.filter_map(|baseline| Some((baseline, facts.site.matchers.get(&baseline.name)?)));
    with_matcher
        .map(|(baseline, matcher)| judge_one(facts.site, baseline, matcher, facts.asset, device, facts.now, &mut Memo::default()))
        .collect()
}

/// Whether a baseline holds for an asset.
pub(crate) fn holds_for(baseline: &Baseline, asset: &Asset) -> bool {
    baseline.rooms.iter().any(|room| room.as_str() == EVERY_ROOM || Some(room) == asset.room.as_ref())
        || baseline.tags.iter().any(|tag| Title::new(tag).is(asset.tag.as_str()))
}
