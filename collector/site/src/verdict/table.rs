//! The policy as a table: what holds of every reason, limit and part, and what of that is set where.

use super::policy::{Colour, LIMITS, Policy, Scope, VerdictPolicy};
use super::reasons::REASONS;
use crate::Site;
use crate::money::Money;
use crate::return_diff::PARTS;
use serde::Serialize;
use std::sync::Arc;

/// Everything that a policy says, for all assets or for one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyTable {
    /// For what.
    pub scope: Scope,
    /// For what else something is set.
    pub others: Vec<Scope>,
    /// The reasons.
    pub reasons: Vec<ReasonRow>,
    /// The limits.
    pub limits: Vec<LimitRow>,
    /// The parts.
    pub parts: Vec<PartRow>,
}

/// What is set of something, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetBy {
    /// Nowhere: as it comes.
    Nobody,
    /// For all assets.
    All,
    /// For this kind.
    Kind,
}

/// A reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReasonRow {
    /// Its code.
    pub code: &'static str,
    /// Its word.
    pub word: &'static str,
    /// What is wrong where it is not well.
    pub title: &'static str,
    /// What that comes to.
    pub colour: Colour,
    /// What it comes to where nobody sets it.
    pub usual: Colour,
    /// The mildest that may be set.
    pub least: Colour,
    /// Where it is set.
    pub set_by: SetBy,
}

/// A limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimitRow {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// What holds.
    pub value: i64,
    /// What it is where nobody sets it.
    pub usual: i64,
    /// The least that makes sense.
    pub least: i64,
    /// The most that makes sense.
    pub most: i64,
    /// What it is for.
    pub what: &'static str,
    /// Where it is set.
    pub set_by: SetBy,
}

/// A kind of part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartRow {
    /// Its word.
    pub part: &'static str,
    /// What is asked for one; none: a share of what the asset is worth.
    pub price: Option<Money>,
    /// That share, percent.
    pub share: u64,
    /// Where the price is set.
    pub set_by: SetBy,
}

impl PolicyTable {
    /// The table of a scope.
    pub fn of(site: &Site, scope: &Scope) -> Self {
        let policy = Policy::within(site, scope);
        let set_by = |has: &dyn Fn(&VerdictPolicy) -> bool| set_by(site, scope, has);
        let reasons = REASONS.iter().map(|concern| ReasonRow {
            code: concern.code,
            word: concern.word,
            title: concern.title,
            colour: policy.colour(concern),
            usual: concern.usual,
            least: concern.least,
            set_by: set_by(&|set| set.colours.contains_key(concern.code)),
        });
        let limits = LIMITS.iter().map(|limit| LimitRow {
            name: limit.name,
            unit: limit.unit,
            value: policy.limit(limit.name),
            usual: limit.value,
            least: limit.least,
            most: limit.most,
            what: limit.what,
            set_by: set_by(&|set| set.limits.contains_key(limit.name)),
        });
        let parts = PARTS.iter().map(|part| PartRow {
            part: part.word,
            price: policy.price(part.word),
            share: part.share,
            set_by: set_by(&|set| set.prices.contains_key(part.word)),
        });
        Self {
            scope: scope.clone(),
            others: site.verdict_policies.keys().filter(|other| *other != scope).cloned().collect(),
            reasons: reasons.collect(),
            limits: limits.collect(),
            parts: parts.collect(),
        }
    }
}

fn set_by(site: &Site, scope: &Scope, has: &dyn Fn(&VerdictPolicy) -> bool) -> SetBy {
    let sets = |scope: &Scope| site.verdict_policies.get(scope).is_some_and(|set: &Arc<VerdictPolicy>| has(set));
    let all = Scope::all();
    match (*scope != all && sets(scope), sets(&all)) {
        (true, _) => SetBy::Kind,
        (false, true) => SetBy::All,
        (false, false) => SetBy::Nobody,
    }
}
