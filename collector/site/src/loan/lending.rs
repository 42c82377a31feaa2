//! Lends: one asset with its kit, to one person.

use super::{Loan, next_id, policy, school_day, tag_of};
use crate::asset::{Asset, AssetStatus};
use crate::facts_text::short;
use crate::person::Person;
use crate::presence::Heard;
use crate::record::Rest;
use crate::verdict::{self, Question, Verdict};
use crate::{AssetId, LoanId, PersonId, Refusal, Site, Tag, Working, alert, asset, person, reservation};
use jiff::Timestamp;
use std::sync::Arc;

/// Most accessories of one loan.
const MOST_ACCESSORIES: usize = 20;
/// Longest name of a class or an accessory, characters.
const NAME: usize = 60;
/// Longest reason, characters.
const REASON: usize = 300;

/// What is said of a loan to be made.
#[derive(Clone, Debug)]
pub struct NewLoan {
    /// What is lent.
    pub tag: Tag,
    /// Who borrows it.
    pub person: PersonId,
    /// When it is to be back.
    pub due: Due,
    /// Why it is lent though the verdict is STOP; goes unused where it is not.
    pub override_reason: Option<String>,
    /// What leaves with it that has no tag; none: all that belongs to it.
    pub accessories: Option<Vec<String>>,
    /// The parts of its kit that stay; none of them: the whole kit leaves.
    pub without: Vec<Tag>,
    /// The class set that it belongs to.
    pub batch: Option<Batch>,
    /// The class that it is for.
    pub class: Option<String>,
}

impl NewLoan {
    /// A loan by policy, with all that belongs to the asset.
    pub fn new(tag: Tag, person: PersonId) -> Self {
        Self { tag, person, due: Due::ByPolicy, override_reason: None, accessories: None, without: Vec::new(), batch: None, class: None }
    }

    /// What the verdict is asked of it.
    pub fn question(&self) -> Question<'_> {
        Question { tag: &self.tag, person: Some(&self.person), due: self.due, without: &self.without }
    }
}

/// When something is to be back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Due {
    /// As the policy says for the borrower and the kind of asset.
    #[default]
    ByPolicy,
    /// Then.
    At(Timestamp),
    /// Some day.
    Never,
}

/// The class set that a loan belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// This loan is its first.
    Begins,
    /// The set that began with that loan.
    Of(LoanId),
}

/// Lends an asset.
///
/// # Errors
/// No such asset or person; it is out already (`Conflict`, says to whom); it is lost, stolen or gone; the verdict is STOP and no reason to
/// override it was given; the due date is over.
pub fn out(w: &mut Working, heard: &Heard, new: NewLoan) -> Result<Arc<Loan>, Refusal> {
    let asset = Arc::clone(asset::tagged(&w.site, &new.tag)?);
    let person = Arc::clone(person::get(&w.site, &new.person)?);
    is_at_hand(&w.site, &asset)?;
    let due = due_of(&w.site, &asset, &person, new.due, w.now)?;
    let override_reason = overridden(w, heard, &new)?;
    let (parts, left) = kit(&w.site, &asset, &new.without)?;
    let id = next_id(&w.site);
    let batch = match new.batch {
        None => None,
        Some(Batch::Begins) => Some(id),
        Some(Batch::Of(first)) => Some(super::class_set::begun(&w.site, first)?),
    };
    let loan = w.put(Loan {
        id,
        asset: asset.id,
        person: person.id.clone(),
        out_at: w.now,
        due,
        in_at: None,
        by: w.actor.words(),
        frozen: frozen(&w.site, &asset),
        override_reason,
        accessories: given_along(&asset, new.accessories)?,
        parts,
        batch,
        class: new.class.map(|class| short("a class", &class, NAME)).transpose()?.filter(|class| !class.is_empty()),
        renewals: 0,
        gone: None,
        back: None,
        diff: None,
        undone: false,
        rest: Rest::new(),
    });
    let text = said(&w.site, &loan, &left);
    w.event("loan.out", text).about(&asset).person = Some(loan.person.clone());
    reservation::fulfil(w, &loan);
    loan.assets().for_each(|asset| alert::judge(w, asset));
    Ok(loan)
}

/// What is out, lost or gone is not lent, whatever reason there is: nothing can be in two places.
pub(super) fn is_at_hand(site: &Site, asset: &Asset) -> Result<(), Refusal> {
    let tag = &asset.tag;
    if let Some(loan) = site.open_loan(asset.id) {
        let (holder, day) = (&loan.person, loan.out_at.strftime("%F"));
        return Err(Refusal::conflict(if loan.asset == asset.id {
            format!("{tag} is out already: lent to {holder} on {day}; take it back first with `rollcall loan in {tag}`")
        } else {
            let main = tag_of(site, loan.asset);
            format!(
                "{tag} is out already, as a part of the kit of {main}: lent to {holder} on {day}; take {main} back first with `rollcall loan in {main}`"
            )
        }));
    }
    match asset.status {
        AssetStatus::Lost | AssetStatus::Stolen => Err(Refusal::conflict(format!(
            "{tag} is {}: if it is here again, say so first with `rollcall loan found {tag}`",
            asset.status.word()
        ))),
        AssetStatus::Disposed => Err(Refusal::conflict(format!("{tag} is disposed of: it can't be lent; look at the label again"))),
        _ => Ok(()),
    }
}

pub(super) fn due_of(site: &Site, asset: &Asset, person: &Person, due: Due, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    let policy = policy::of(site);
    let due = match due {
        Due::Never => return Ok(None),
        Due::At(at) => at,
        Due::ByPolicy => {
            let today = site.day_of(now);
            let days = policy.terms(person.role, asset.kind).days;
            let day = today.saturating_add(jiff::Span::new().days(i64::from(days)));
            school_day::end_of(site, day).ok_or_else(|| Refusal::invalid("the policy's length gives no date: say when it is due"))?
        }
    };
    if due <= now {
        return Err(Refusal::invalid("the due date is over already: give a time to come"));
    }
    Ok(Some(school_day::moved(site, &policy, due)))
}

/// Why it is lent though the verdict is STOP.
fn overridden(w: &Working, heard: &Heard, new: &NewLoan) -> Result<Option<String>, Refusal> {
    let check = verdict::ask(&w.site, heard, &new.question(), w.now)?;
    if check.verdict != Verdict::Stop {
        return Ok(None);
    }
    let reason = new.override_reason.as_deref().map(|reason| short("a reason", reason, REASON)).transpose()?;
    if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
        return Ok(Some(reason));
    }
    let why: Vec<_> = check.reasons.iter().filter(|reason| reason.verdict == Verdict::Stop).map(|reason| reason.text.as_str()).collect();
    let tag = &new.tag;
    Err(Refusal::forbidden(format!("STOP for {tag}: {}; lend another one, or override it with a reason", why.join("; "))))
}

/// The parts of an asset's kit that leave with it, and in words those that don't because they are not at hand.
fn kit(site: &Site, asset: &Asset, without: &[Tag]) -> Result<(Vec<AssetId>, Vec<String>), Refusal> {
    let kit: Vec<&Arc<Asset>> = asset::kit_of(site, asset.id).collect();
    if let Some(odd) = without.iter().find(|tag| !kit.iter().any(|part| part.tag == **tag)) {
        return Err(Refusal::invalid(format!("{odd} is no part of the kit of {}: it can't stay behind", asset.tag)));
    }
    let (mut parts, mut left) = (Vec::new(), Vec::new());
    for part in kit.into_iter().filter(|part| !without.contains(&part.tag)) {
        match asset::not_with(site, asset.id, part) {
            Some(why) => left.push(format!("{} is not with it: it is {why}", part.tag)),
            None => parts.push(part.id),
        }
    }
    left.extend(without.iter().map(|tag| format!("{tag} stays")));
    Ok((parts, left))
}

fn given_along(asset: &Asset, said: Option<Vec<String>>) -> Result<Vec<String>, Refusal> {
    let Some(said) = said else { return Ok(asset.accessories.clone()) };
    if said.len() > MOST_ACCESSORIES {
        return Err(Refusal::invalid(format!("at most {MOST_ACCESSORIES} accessories leave with one asset")));
    }
    let named = said.iter().map(|name| short("an accessory", name, NAME)).collect::<Result<Vec<_>, _>>()?;
    Ok(named.into_iter().filter(|name| !name.is_empty()).collect())
}

fn frozen(site: &Site, asset: &Asset) -> std::collections::BTreeMap<String, rollcall_proto::Digest> {
    let profile = asset.device.and_then(|device| site.profiles.get(&device));
    profile.map(|profile| profile.digests().map(|(name, digest)| (name.to_owned(), digest)).collect()).unwrap_or_default()
}

/// A loan in a sentence; `left` says what of its kit is not with it.
fn said(site: &Site, loan: &Loan, left: &[String]) -> String {
    let mut text = format!("{} lent to {}", tag_of(site, loan.asset), loan.person);
    if let Some(due) = loan.due {
        text.push_str(&format!(", due {}", crate::words::utc(due)));
    }
    let along = loan.along(site);
    if !along.is_empty() {
        text.push_str(&format!("; with {}", along.join(", ")));
    }
    left.iter().for_each(|left| text.push_str(&format!("; {left}")));
    if let Some(reason) = &loan.override_reason {
        text.push_str(&format!("; verdict STOP overridden: {reason}"));
    }
    text
}
