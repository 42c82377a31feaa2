//! Policies of lending: how long, how many, how often renewed, by role and kind of asset; and what is asked for and said about it.

use crate::asset::AssetKind;
use crate::calendar::Span;
use crate::facts_text::short;
use crate::money::Money;
use crate::person::PersonRole;
use crate::record::{Record, Rest, Table};
use crate::{Refusal, Site, Working};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The one record of kind "loan-policy". Where nothing was said, [`LoanPolicy::default`] holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoanPolicy {
    /// Its key: there is one.
    pub id: u8,
    /// What holds for students, and for students who borrow one kind of asset.
    pub students: RoleTerms,
    /// What holds for staff, and for staff who borrow one kind of asset.
    pub staff: RoleTerms,
    /// What happens to a due date on which the school is closed.
    pub when_closed: WhenClosed,
    /// More than this in open charges, drafts left out, and somebody borrows nothing more.
    pub most_owed: Money,
    /// How charges are proposed.
    pub charges: Charging,
    /// How borrowers are reminded by mail.
    pub reminders: Reminding,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The terms of a role, and what is otherwise for some kinds of assets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleTerms {
    /// For every kind of which nothing else is said.
    pub usual: Terms,
    /// Most assets at once, of all kinds together.
    pub in_all: u16,
    /// By kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<AssetKind, Terms>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The terms of a loan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// How long it lasts where nothing else is said, days; 0: the same day.
    pub days: u16,
    /// Most assets of the kind at once.
    pub at_once: u16,
    /// How often it may be renewed.
    pub renewals: u16,
    /// Who has something overdue borrows nothing more.
    pub overdue_blocks: bool,
    /// Who borrows has accepted the agreement of this school year.
    pub agreement: bool,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What happens to a due date on which the school is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenClosed {
    /// It moves to the end of the next day on which the school is open.
    #[default]
    NextSchoolDay,
    /// It stays.
    Stays,
}

/// How charges are proposed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Charging {
    /// What is asked for at least for a lost asset, percent of its price, however old it is.
    pub floor_percent: u8,
    /// What is asked for a damage, percent of what the asset is worth; the technician sets the true cost.
    pub damage_percent: u8,
    /// How long assets of a kind last where an asset says nothing itself, months.
    pub life_months: BTreeMap<AssetKind, u16>,
    /// What accessories cost, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accessories: BTreeMap<String, Money>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How borrowers are reminded by mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reminding {
    /// The channel of kind mail whose server and sender are used; none: nobody is reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Days before it is due; none: not before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_before: Option<u16>,
    /// On the day on which it is due.
    pub on_the_day: bool,
    /// Every so many days after it was due; none: not after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_after: Option<u16>,
    /// At most so many after it was due.
    pub at_most: u16,
    /// When mails go out, on school days.
    pub between: Span,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Default for LoanPolicy {
    fn default() -> Self {
        // A teacher takes out a class set.
        let teacher = Terms { at_once: 60, renewals: 6, overdue_blocks: false, ..Terms::default() };
        Self {
            id: 0,
            students: RoleTerms::default(),
            staff: RoleTerms { usual: teacher, in_all: 100, ..RoleTerms::default() },
            when_closed: WhenClosed::default(),
            most_owed: Money(5_000),
            charges: Charging::default(),
            reminders: Reminding::default(),
            rest: Rest::new(),
        }
    }
}

impl Default for RoleTerms {
    /// A student's: what is not written is never "none at all".
    fn default() -> Self {
        // Two of a kind at once: the own one, and a spare while that is repaired.
        Self { usual: Terms::default(), in_all: 4, kinds: BTreeMap::new(), rest: Rest::new() }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self { days: 14, at_once: 2, renewals: 2, overdue_blocks: true, agreement: false, rest: Rest::new() }
    }
}

impl Default for Charging {
    fn default() -> Self {
        let lives = [
            (AssetKind::Pc, 60),
            (AssetKind::Laptop, 48),
            (AssetKind::Chromebook, 48),
            (AssetKind::Printer, 72),
            (AssetKind::Projector, 72),
            (AssetKind::Camera, 60),
            (AssetKind::Other, 48),
        ];
        Self { floor_percent: 20, damage_percent: 25, life_months: lives.into(), accessories: BTreeMap::new(), rest: Rest::new() }
    }
}

impl Default for Reminding {
    fn default() -> Self {
        let between = Span::hours(7, 17);
        Self { channel: None, days_before: Some(1), on_the_day: false, days_after: Some(3), at_most: 5, between, rest: Rest::new() }
    }
}

impl Record for LoanPolicy {
    type Key = u8;
    const KIND: &'static str = "loan-policy";
    fn key(&self) -> u8 {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.loan_policy
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.loan_policy
    }
}

impl LoanPolicy {
    /// What holds for a role.
    pub fn of_role(&self, role: PersonRole) -> &RoleTerms {
        match role {
            PersonRole::Student => &self.students,
            PersonRole::Staff => &self.staff,
        }
    }

    fn of_role_mut(&mut self, role: PersonRole) -> &mut RoleTerms {
        match role {
            PersonRole::Student => &mut self.students,
            PersonRole::Staff => &mut self.staff,
        }
    }

    /// The terms on which somebody of this role borrows this kind of asset.
    pub fn terms(&self, role: PersonRole, kind: AssetKind) -> &Terms {
        let role = self.of_role(role);
        role.kinds.get(&kind).unwrap_or(&role.usual)
    }
}

/// The policy that holds.
pub fn of(site: &Site) -> Arc<LoanPolicy> {
    site.loan_policy.get(&0).cloned().unwrap_or_default()
}

/// What is said of a policy: absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Said {
    /// For whom the terms that follow are; none: everybody.
    pub role: Option<PersonRole>,
    /// For which kind of asset; none: for every kind of which nothing else is said.
    pub kind: Option<AssetKind>,
    /// How long, days.
    pub days: Option<u16>,
    /// How many of the kind at once.
    pub at_once: Option<u16>,
    /// How many of all kinds at once.
    pub in_all: Option<u16>,
    /// How often renewed.
    pub renewals: Option<u16>,
    /// Whether overdue items block.
    pub overdue_blocks: Option<bool>,
    /// Whether the agreement is needed.
    pub agreement: Option<bool>,
    /// What happens to a due date on a closed day.
    pub when_closed: Option<WhenClosed>,
    /// Most in open charges, an amount.
    pub most_owed: Option<String>,
    /// What is asked for at least, percent.
    pub floor_percent: Option<u8>,
    /// What is asked for a damage, percent.
    pub damage_percent: Option<u8>,
    /// How long assets of `kind` last, months.
    pub life_months: Option<u16>,
    /// An accessory's price: name and amount.
    pub accessory: Option<(String, String)>,
    /// The channel of kind mail; an empty text: nobody is reminded.
    pub remind_by: Option<String>,
    /// Days before it is due; 0: not before.
    pub remind_before: Option<u16>,
    /// On the day on which it is due.
    pub remind_on_the_day: Option<bool>,
    /// Every so many days after; 0: not after.
    pub remind_after: Option<u16>,
    /// At most so many after.
    pub remind_at_most: Option<u16>,
    /// When mails go out, "07:00-17:00".
    pub remind_between: Option<String>,
}

/// Sets what is said.
///
/// # Errors
/// A number is out of its bounds; there is no such channel, or it is not of kind mail.
pub fn set(w: &mut Working, said: &Said) -> Result<Arc<LoanPolicy>, Refusal> {
    let before = of(&w.site);
    let mut after = (*before).clone();
    set_terms(&mut after, said)?;
    set_charging(&mut after, said)?;
    set_reminding(&w.site, &mut after.reminders, said)?;
    after.when_closed = said.when_closed.unwrap_or(after.when_closed);
    if after == *before {
        return Ok(before);
    }
    let after = w.put(after);
    w.event("loan.policy", "The loan policy was changed; `rollcall loan policy` shows it").with(serde_json::json!(&*after));
    Ok(after)
}

fn set_terms(policy: &mut LoanPolicy, said: &Said) -> Result<(), Refusal> {
    let roles = said.role.map_or_else(|| vec![PersonRole::Student, PersonRole::Staff], |role| vec![role]);
    let own = said.days.is_some() || said.at_once.is_some() || said.renewals.is_some();
    let own = own || said.overdue_blocks.is_some() || said.agreement.is_some();
    for role in roles {
        let of_role = policy.of_role_mut(role);
        of_role.in_all = within("in all at once", said.in_all.unwrap_or(of_role.in_all), 0, 1_000)?;
        if !own {
            continue;
        }
        let usual = of_role.usual.clone();
        let terms = match said.kind {
            Some(kind) => of_role.kinds.entry(kind).or_insert(usual),
            None => &mut of_role.usual,
        };
        terms.days = within("days", said.days.unwrap_or(terms.days), 0, 1_500)?;
        terms.at_once = within("at once", said.at_once.unwrap_or(terms.at_once), 0, 1_000)?;
        terms.renewals = within("renewals", said.renewals.unwrap_or(terms.renewals), 0, 100)?;
        terms.overdue_blocks = said.overdue_blocks.unwrap_or(terms.overdue_blocks);
        terms.agreement = said.agreement.unwrap_or(terms.agreement);
    }
    Ok(())
}

fn set_charging(policy: &mut LoanPolicy, said: &Said) -> Result<(), Refusal> {
    let amount = |text: &str| text.parse::<Money>().map_err(|bad| Refusal::invalid(bad.to_string()));
    if let Some(text) = &said.most_owed {
        policy.most_owed = amount(text)?;
    }
    let charges = &mut policy.charges;
    charges.floor_percent = within("the floor in percent", said.floor_percent.unwrap_or(charges.floor_percent), 0, 100)?;
    charges.damage_percent = within("a damage in percent", said.damage_percent.unwrap_or(charges.damage_percent), 0, 100)?;
    match (said.life_months, said.kind) {
        (Some(months), Some(kind)) => drop(charges.life_months.insert(kind, within("a life in months", months, 1, 600)?)),
        (Some(_), None) => return Err(Refusal::invalid("name the kind of asset that lasts so long: --kind laptop")),
        (None, _) => {}
    }
    if let Some((name, price)) = &said.accessory {
        let name = short("an accessory", name, 60)?.to_lowercase();
        if name.is_empty() || charges.accessories.len() >= 200 {
            return Err(Refusal::invalid("name the accessory; at most 200 have a price"));
        }
        charges.accessories.insert(name, amount(price)?);
    }
    Ok(())
}

fn set_reminding(site: &Site, reminders: &mut Reminding, said: &Said) -> Result<(), Refusal> {
    match said.remind_by.as_deref().map(str::trim) {
        None => {}
        Some("") => reminders.channel = None,
        Some(name) => match site.channels.get(name) {
            Some(channel) if channel.kind == "mail" => reminders.channel = Some(channel.name.clone()),
            Some(channel) => {
                return Err(Refusal::invalid(format!(
                    "{name} is a channel of kind {}: reminders go out by one of kind mail",
                    channel.kind
                )));
            }
            None => return Err(Refusal::not_found(format!("there is no channel {name:?}; `rollcall channel list` shows them"))),
        },
    }
    let some = |days: u16| Some(days).filter(|days| *days > 0);
    if let Some(days) = said.remind_before {
        reminders.days_before = some(within("days before", days, 0, 60)?);
    }
    if let Some(days) = said.remind_after {
        reminders.days_after = some(within("days after", days, 0, 60)?);
    }
    reminders.on_the_day = said.remind_on_the_day.unwrap_or(reminders.on_the_day);
    reminders.at_most = within("reminders", said.remind_at_most.unwrap_or(reminders.at_most), 0, 50)?;
    if let Some(text) = &said.remind_between {
        reminders.between = text.parse()?;
    }
    Ok(())
}

fn within<N: PartialOrd + std::fmt::Display + Copy>(what: &str, value: N, least: N, most: N) -> Result<N, Refusal> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Refusal::invalid(format!("{what}: {value} is not between {least} and {most}")))
    }
}
