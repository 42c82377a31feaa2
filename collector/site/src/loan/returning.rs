//! Takes back: in which condition, with what of that which left with it.

use super::value::{self, Proposal};
use super::{Loan, open_of, tag_of};
use crate::asset::{AssetFacts, AssetStatus};
use crate::charge::{self, NewCharge};
use crate::facts_text::short;
use crate::record::Rest;
use crate::ticket::{self, Category, NewTicket, Priority, TicketState};
use crate::{AssetId, Refusal, Tag, Working, alert, asset, return_diff};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest words about a damage, characters.
const DAMAGE: usize = 160;

/// How something came back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Return {
    /// In which condition.
    pub condition: Condition,
    /// What left with it and did not come back, of that which has no tag.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What is damaged, in words; no names of people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub damage: String,
    /// Who took it back.
    pub by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The condition in which something comes back, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// As it left.
    #[default]
    Fine,
    /// Used, and nothing to pay.
    Worn,
    /// Something is to be repaired.
    Damaged,
    /// It can't be used any more.
    Broken,
}

impl Condition {
    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Worn => "worn",
            Self::Damaged => "damaged",
            Self::Broken => "broken",
        }
    }
}

/// What is said of something that comes back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// What.
    pub tag: Tag,
    /// In which condition.
    pub condition: Condition,
    /// What left with it and is not back: names of accessories, tags of parts of its kit.
    pub missing: Vec<String>,
    /// What is damaged.
    pub damage: String,
}

impl Returned {
    /// All of it is back, as it left.
    pub fn fine(tag: Tag) -> Self {
        Self { tag, condition: Condition::Fine, missing: Vec::new(), damage: String::new() }
    }
}

/// Takes an asset back. What is missing or damaged becomes a draft of a charge, and damage a draft of a ticket; a part of its kit that is
/// not back stays out to the same person, as a loan of its own.
///
/// # Errors
/// No such asset, it is not out, or something is called missing that did not leave with it.
pub fn back(w: &mut Working, returned: Returned) -> Result<Arc<Loan>, Refusal> {
    let loan = Arc::clone(open_of(&w.site, &returned.tag)?);
    let asset = Arc::clone(asset::get(&w.site, loan.asset)?);
    let (missing, parts) = not_back(w, &loan, &returned.missing)?;
    let condition = returned.condition;
    let how = Return { condition, missing, damage: short("a damage", &returned.damage, DAMAGE)?, by: w.actor.words(), rest: Rest::new() };
    if loan.gone.is_some() || matches!(asset.status, AssetStatus::Lost | AssetStatus::Stolen) {
        super::gone::is_here(w, &loan, &asset)?;
    }
    let loan = w.put(Loan { in_at: Some(w.now), gone: None, back: Some(Box::new(how.clone())), ..(*loan).clone() });
    let text = said(&returned.tag, &loan, &how, &parts.iter().map(|part| tag_of(&w.site, *part)).collect::<Vec<_>>());
    w.event("loan.in", text).about(&asset).person = Some(loan.person.clone());
    for part in parts {
        stays_out(w, &loan, part);
    }
    demand(w, &loan, &how)?;
    loan.assets().for_each(|asset| alert::judge(w, asset));
    return_diff::returned(w, &loan)?;
    super::get(&w.site, loan.id).cloned()
}

/// What is not back: accessories by name, and parts of the kit.
fn not_back(w: &Working, loan: &Loan, missing: &[String]) -> Result<(Vec<String>, Vec<AssetId>), Refusal> {
    let (mut names, mut parts) = (Vec::new(), Vec::new());
    for text in missing.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let accessory = loan.accessories.iter().find(|name| name.eq_ignore_ascii_case(text));
        let part = Tag::parse(text).ok().and_then(|tag| w.site.asset_by_tag(&tag)).filter(|part| loan.parts.contains(&part.id));
        match (accessory, part) {
            (Some(name), _) => names.push(name.clone()),
            (None, Some(part)) => parts.push(part.id),
            (None, None) => {
                let left = loan.along(&w.site);
                let left = if left.is_empty() { "nothing".to_owned() } else { left.join(", ") };
                let text: String = text.chars().take(60).collect();
                return Err(Refusal::invalid(format!("{text:?} did not leave with it, so it can't be missing; with it left: {left}")));
            }
        }
    }
    parts.sort_unstable();
    parts.dedup();
    Ok((names, parts))
}

/// A part of the kit that is not back is still in the borrower's hands.
pub(super) fn stays_out(w: &mut Working, loan: &Loan, part: AssetId) -> Arc<Loan> {
    let id = super::next_id(&w.site);
    let alone = Loan {
        id,
        asset: part,
        frozen: std::collections::BTreeMap::new(),
        override_reason: None,
        accessories: Vec::new(),
        parts: Vec::new(),
        in_at: None,
        gone: None,
        back: None,
        diff: None,
        ..loan.clone()
    };
    let alone = w.put(alone);
    if let Some(part) = w.site.assets.get(&part).cloned() {
        let text = format!("{} is not back: it stays lent to {}, under a loan of its own", part.tag, loan.person);
        w.event("loan.out", text).about(&part).person = Some(alone.person.clone());
    }
    alone
}

/// Proposes what the borrower is to pay, and what is to be repaired.
fn demand(w: &mut Working, loan: &Loan, how: &Return) -> Result<(), Refusal> {
    for name in &how.missing {
        propose(w, loan, value::accessory(&w.site, loan.asset, name))?;
    }
    if how.condition < Condition::Damaged {
        return Ok(());
    }
    let damage = if how.damage.is_empty() { how.condition.word().to_owned() } else { how.damage.clone() };
    propose(w, loan, value::damage(&w.site, loan.asset, how.condition, &damage, w.now))?;
    let ticket = NewTicket {
        title: format!("{} came back {}", tag_of(&w.site, loan.asset), damage_words(how)),
        category: Category::Hardware,
        state: TicketState::Draft,
        priority: Priority::Normal,
        asset: Some(loan.asset),
        loan: Some(loan.id),
        ..NewTicket::default()
    };
    ticket::open(w, ticket)?;
    if how.condition == Condition::Broken {
        asset::set(w, loan.asset, AssetFacts { status: Some(AssetStatus::InRepair), ..AssetFacts::default() })?;
    }
    Ok(())
}

fn damage_words(how: &Return) -> String {
    if how.damage.is_empty() { how.condition.word().to_owned() } else { format!("{}: {}", how.condition.word(), how.damage) }
}

/// Proposes a charge for a loan.
pub(super) fn propose(w: &mut Working, loan: &Loan, proposal: Proposal) -> Result<(), Refusal> {
    // Somebody who was forgotten meanwhile owes nothing.
    if !w.site.persons.contains_key(&loan.person) {
        return Ok(());
    }
    let Proposal { amount, why } = proposal;
    charge::draft(w, NewCharge { person: loan.person.clone(), asset: loan.asset, loan: Some(loan.id), amount, why })?;
    Ok(())
}

fn said(tag: &Tag, loan: &Loan, how: &Return, parts: &[String]) -> String {
    let mut text = format!("{tag} returned by {}", loan.person);
    if how.condition > Condition::Fine {
        text.push_str(&format!(", {}", damage_words(how)));
    }
    let missing: Vec<&str> = how.missing.iter().chain(parts).map(String::as_str).collect();
    if !missing.is_empty() {
        text.push_str(&format!("; missing: {}", missing.join(", ")));
    }
    text
}
