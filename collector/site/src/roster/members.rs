//! Which classes there are after a delivery, and who is in them.

use super::delivery::{ClassRow, Delivery, EnrollmentRow, Mode, RowStatus};
use super::plan::ClassStep;
use super::title;
use crate::class::Class;
use crate::person::Person;
use crate::record::Rest;
use crate::{ClassId, Site};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The classes that there are, and the rows of who is in them.
pub(super) struct Members<'a> {
    site: &'a Site,
    there: BTreeSet<ClassId>,
    rows: BTreeMap<&'a ClassId, &'a ClassRow>,
    mode: Mode,
    by_user: HashMap<&'a str, Vec<&'a EnrollmentRow>>,
}

impl<'a> Members<'a> {
    pub(super) fn of(site: &'a Site, delivery: &'a Delivery, schools: &BTreeSet<String>) -> Self {
        // What a bad row says is not known, so nothing is taken away where there is one.
        let whole = |file: &str| !delivery.bad.iter().any(|bad| bad.file == file);
        let is_here = |row: &&ClassRow| schools.is_empty() || row.school.is_empty() || schools.contains(&row.school);
        let rows = delivery.classes.rows.iter().filter(|row| row.status == RowStatus::Active).filter(is_here);
        let rows: BTreeMap<&ClassId, &ClassRow> = rows.map(|row| (&row.id, row)).collect();
        let mut there: BTreeSet<ClassId> = rows.keys().copied().cloned().collect();
        if delivery.classes.mode != Mode::Bulk || !whole("classes.csv") {
            let gone = delivery.classes.rows.iter().filter(|row| row.status == RowStatus::ToBeDeleted);
            let gone: HashSet<&ClassId> = gone.map(|row| &row.id).collect();
            there.extend(site.classes.keys().filter(|id| !gone.contains(id)).cloned());
        }
        let is_bulk = delivery.enrollments.mode == Mode::Bulk && whole("enrollments.csv");
        let mode = if is_bulk { Mode::Bulk } else { Mode::Delta };
        let mut by_user: HashMap<&str, Vec<&EnrollmentRow>> = HashMap::new();
        for row in &delivery.enrollments.rows {
            by_user.entry(&row.user).or_default().push(row);
        }
        Self { site, there, rows, mode, by_user }
    }

    /// The classes of somebody after it.
    pub(super) fn of_person(&self, source: &str, known: Option<&Person>) -> BTreeSet<ClassId> {
        let mut classes = known.filter(|_| self.mode != Mode::Bulk).map(|known| known.classes.clone()).unwrap_or_default();
        for row in self.by_user.get(source).into_iter().flatten() {
            match row.status {
                RowStatus::Active => drop(classes.insert(row.class.clone())),
                RowStatus::ToBeDeleted => drop(classes.remove(&row.class)),
            }
        }
        classes.retain(|class| self.there.contains(class));
        classes
    }

    /// What happens to the classes themselves; `names`: of those who teach one, in words.
    pub(super) fn steps(&self, names: &HashMap<ClassId, HashSet<String>>) -> Vec<ClassStep> {
        let nobody = HashSet::new();
        let made = self.rows.values().map(|row| Class {
            id: row.id.clone(),
            title: title::without_names(row, names.get(&row.id).unwrap_or(&nobody)),
            room: row.room.clone(),
            rest: self.site.classes.get(&row.id).map_or_else(Rest::new, |class| class.rest.clone()),
        });
        let put = made.filter(|class| self.site.classes.get(&class.id).is_none_or(|known| **known != *class)).map(ClassStep::Put);
        let gone = self.site.classes.keys().filter(|id| !self.there.contains(id)).cloned().map(ClassStep::Remove);
        put.chain(gone).collect()
    }
}
