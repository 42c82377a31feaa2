//! What a delivery says of each key: here, and as what, or not any more.

use super::delivery::{Bad, Delivery, MOST_BAD, Mode, RoleRow, RosterRole, RowStatus, UserRow};
use crate::Site;
use crate::person::{Person, PersonRole, Standing};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a delivery says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They are at the school.
    Here {
        /// As what.
        role: PersonRole,
        /// By which rows of the file of roles.
        roles: BTreeMap<String, PersonRole>,
    },
    /// Nothing is said of them, or nothing that can be used.
    AsBefore,
    /// They are not at the school any more.
    Gone,
    /// Somebody's family.
    Family,
    /// At another school.
    Elsewhere,
    /// Nothing says what they are.
    NoRole,
}

/// The rows of people and roles, by key.
pub(super) struct Rows<'a> {
    site: &'a Site,
    delivery: &'a Delivery,
    schools: &'a BTreeSet<String>,
    today: Date,
    users: HashMap<&'a str, &'a UserRow>,
    roles: HashMap<&'a str, Vec<&'a RoleRow>>,
    /// Keys that two rows claim.
    twice: HashSet<&'a str>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(site: &'a Site, delivery: &'a Delivery, schools: &'a BTreeSet<String>, today: Date, bad: &mut Vec<Bad>) -> Self {
        let mut rows = Self { site, delivery, schools, today, users: HashMap::new(), roles: HashMap::new(), twice: HashSet::new() };
        for user in &delivery.users.rows {
            if let Some(first) = rows.users.insert(&user.source, user) {
                rows.twice.insert(&user.source);
                // One more than may be is refused; more of them would only fill the memory.
                if bad.len() <= MOST_BAD {
                    let what = format!("{:?} is the key of line {} too", user.source, first.line);
                    bad.push(Bad { file: "users.csv".to_owned(), line: user.line, column: "sourcedId".to_owned(), what });
                }
            }
        }
        for role in &delivery.roles.rows {
            rows.roles.entry(&role.user).or_default().push(role);
        }
        rows
    }

    /// Every key that the delivery or the site knows, in order.
    pub(super) fn sources(&self) -> BTreeSet<&'a str> {
        let known = self.site.persons.values().map(|person| person.source.as_str()).filter(|source| !source.is_empty());
        self.users.keys().chain(self.roles.keys()).copied().chain(known).collect()
    }

    /// The row of somebody.
    pub(super) fn user(&self, source: &str) -> Option<&'a UserRow> {
        self.users.get(source).copied()
    }

    /// What is said of somebody.
    pub(super) fn fate(&self, source: &str) -> Fate {
        if self.delivery.unread.contains(source) || self.twice.contains(source) {
            return Fate::AsBefore;
        }
        let known = self.site.person_of_source(source).map(|person| &**person);
        let user = self.user(source);
        let is_listed = user.is_some_and(|user| user.status == RowStatus::Active);
        if !is_listed && (user.is_some() || self.delivery.users.mode == Mode::Bulk) {
            return Fate::Gone;
        }
        if let Some((user, role)) = user.and_then(|user| Some((user, user.role?))) {
            return self.by_user(user, role);
        }
        self.by_roles(source, user, known)
    }

    /// As a row of version 1.1 says it.
    fn by_user(&self, user: &UserRow, role: RosterRole) -> Fate {
        match person_role(role) {
            None => Fate::Family,
            Some(_) if !self.schools.is_empty() && !user.orgs.iter().any(|org| self.schools.contains(org)) => Fate::Elsewhere,
            Some(role) => Fate::Here { role, roles: BTreeMap::new() },
        }
    }

    /// As the rows of roles say it, together with those that are known.
    fn by_roles(&self, source: &str, user: Option<&UserRow>, known: Option<&Person>) -> Fate {
        let rows = self.roles.get(source).map_or(&[][..], Vec::as_slice);
        let mode = self.delivery.roles.mode;
        if rows.is_empty() && mode != Mode::Bulk {
            return match (user, known) {
                (Some(_), Some(known)) if known.left_at().is_none() => Fate::Here { role: known.role, roles: known.source_roles.clone() },
                (Some(_), _) => Fate::NoRole,
                (None, _) => Fate::AsBefore,
            };
        }
        let mut roles = known.filter(|_| mode == Mode::Delta).map(|known| known.source_roles.clone()).unwrap_or_default();
        for row in rows {
            roles.remove(&row.source);
            if let Some(role) = person_role(row.role).filter(|_| self.holds(row)) {
                roles.insert(row.source.clone(), role);
            }
        }
        let Some(role) = roles.values().min().copied() else { return why_none(rows) };
        // A role of somebody who left, or who was never there, makes nobody: their row of people does.
        let is_there = user.is_some() || known.is_some_and(|known| known.standing == Standing::Enrolled);
        if is_there { Fate::Here { role, roles } } else { Fate::AsBefore }
    }

    fn holds(&self, row: &RoleRow) -> bool {
        let is_here = self.schools.is_empty() || self.schools.contains(&row.org);
        row.status == RowStatus::Active && is_here && row.ends.is_none_or(|ends| ends >= self.today)
    }
}

fn person_role(role: RosterRole) -> Option<PersonRole> {
    match role {
        RosterRole::Student => Some(PersonRole::Student),
        RosterRole::Staff => Some(PersonRole::Staff),
        RosterRole::Family => None,
    }
}

fn why_none(rows: &[&RoleRow]) -> Fate {
    let mut active = rows.iter().filter(|row| row.status == RowStatus::Active).peekable();
    if active.peek().is_none() {
        return Fate::NoRole;
    }
    if active.all(|row| row.role == RosterRole::Family) { Fate::Family } else { Fate::Elsewhere }
}
