//! The rows of each file, taken into the delivery; those that can't be used are named.

use super::fields::{Fields, Wrong, first_user_id, grades, keys};
use super::table::{Column, Table};
use super::{MOST_ROWS, Unreadable};
use rollcall_site::person::LONGEST;
use rollcall_site::roster::{ClassRow, Delivery, EnrollmentRow, MOST_BAD, Mode, Org, RoleRow, RowStatus, UserRow};

const ORGS: &[Column] = &[Column::needed("sourcedId"), Column::optional("status"), Column::needed("name"), Column::optional("type")];

const USERS: &[Column] = &[
    Column::needed("sourcedId"),
    Column::optional("status"),
    Column::needed("givenName"),
    Column::needed("familyName"),
    Column::optional("identifier"),
    Column::optional("username"),
    Column::optional("userIds"),
    Column::optional("email"),
    Column::optional("grades"),
    Column::optional("orgSourcedIds"),
    Column::optional("role"),
    Column::optional("preferredGivenName"),
    Column::optional("preferredFamilyName"),
];

const ROLES: &[Column] = &[
    Column::needed("sourcedId"),
    Column::optional("status"),
    Column::needed("userSourcedId"),
    Column::needed("role"),
    Column::needed("orgSourcedId"),
    Column::optional("endDate"),
];

const CLASSES: &[Column] = &[
    Column::needed("sourcedId"),
    Column::optional("status"),
    Column::needed("title"),
    Column::optional("classCode"),
    Column::optional("location"),
    Column::optional("schoolSourcedId"),
];

const ENROLLMENTS: &[Column] =
    &[Column::needed("sourcedId"), Column::optional("status"), Column::needed("classSourcedId"), Column::needed("userSourcedId")];

/// One file on its way in.
struct Reading {
    file: &'static str,
    columns: &'static [Column],
    mode: Mode,
}

impl Reading {
    /// Reads every row; `take` puts it into the delivery, `lost` hears of those that can't be used.
    fn each(
        &self,
        delivery: &mut Delivery,
        bytes: &[u8],
        take: impl Fn(&mut Delivery, &Fields<'_, '_>) -> Result<(), Wrong>,
        lost: impl Fn(&mut Delivery, &Fields<'_, '_>),
    ) -> Result<(), Unreadable> {
        let table = Table::of(self.file, bytes, self.columns)?;
        table.each(|row| {
            let row = row?;
            let fields = Fields { row: &row, columns: self.columns, mode: self.mode };
            if let Err(wrong) = fields.whole().and_then(|()| take(delivery, &fields)) {
                lost(delivery, &fields);
                delivery.bad.push(fields.bad(self.file, wrong));
            }
            if rows_of(delivery) > MOST_ROWS {
                return Err(super::table::at(self.file, row.line, format!("the files have more than {MOST_ROWS} rows: this is no roster")));
            }
            if delivery.bad.len() > MOST_BAD {
                return Err(super::table::at(self.file, row.line, format!("more than {MOST_BAD} rows can't be used: this is no roster")));
            }
            Ok(())
        })
    }
}

fn rows_of(delivery: &Delivery) -> usize {
    let Delivery { orgs, users, roles, classes, enrollments, .. } = delivery;
    orgs.rows.len() + users.rows.len() + roles.rows.len() + classes.rows.len() + enrollments.rows.len()
}

pub(super) fn orgs(delivery: &mut Delivery, bytes: &[u8]) -> Result<(), Unreadable> {
    let reading = Reading { file: "orgs.csv", columns: ORGS, mode: delivery.orgs.mode };
    let take = |delivery: &mut Delivery, fields: &Fields<'_, '_>| {
        if fields.status()? == RowStatus::Active {
            let kind = fields.text("type")?.to_ascii_lowercase();
            delivery.orgs.rows.push(Org { source: fields.key("sourcedId")?, name: fields.text("name")?, kind });
        }
        Ok(())
    };
    reading.each(delivery, bytes, take, |_, _| {})
}

pub(super) fn users(delivery: &mut Delivery, bytes: &[u8]) -> Result<(), Unreadable> {
    let is_role_here = delivery.version == "1.1";
    let reading = Reading { file: "users.csv", columns: USERS, mode: delivery.users.mode };
    let take = move |delivery: &mut Delivery, fields: &Fields<'_, '_>| {
        let user = user(fields, is_role_here)?;
        delivery.users.rows.push(user);
        Ok(())
    };
    reading.each(delivery, bytes, take, |delivery, fields| unread(delivery, fields, "sourcedId"))
}

fn user(fields: &Fields<'_, '_>, is_role_here: bool) -> Result<UserRow, Wrong> {
    let (line, source, status) = (fields.row.line, fields.key("sourcedId")?, fields.status()?);
    if status == RowStatus::ToBeDeleted {
        return Ok(UserRow { line, source, status, ..UserRow::default() });
    }
    let role = if is_role_here { Some(fields.role()?) } else { None };
    let mail = fields.text("email")?;
    if !mail.is_empty() && !mail.contains('@') {
        return Err(("email", "it is no mail address".to_owned()));
    }
    Ok(UserRow {
        line,
        source,
        status,
        identifier: fields.text("identifier")?,
        username: fields.text("username")?,
        user_id: first_user_id(fields.get("userIds")),
        name: name(fields)?,
        mail,
        grade: grades(&fields.text("grades")?),
        role,
        orgs: keys(fields.get("orgSourcedIds")).map_err(|wrong| ("orgSourcedIds", wrong))?,
    })
}

/// As people call them: preferred names go before those of the papers.
fn name(fields: &Fields<'_, '_>) -> Result<String, Wrong> {
    let part = |preferred: &'static str, name: &'static str| {
        let preferred = fields.text(preferred)?;
        if preferred.is_empty() { fields.text(name) } else { Ok(preferred) }
    };
    let (given, family) = (part("preferredGivenName", "givenName")?, part("preferredFamilyName", "familyName")?);
    let name = format!("{given} {family}").trim().to_owned();
    if name.is_empty() {
        return Err(("familyName", "there is no name".to_owned()));
    }
    Ok(name.chars().take(LONGEST).collect())
}

/// Whom a row is about that can't be used: they stay as they are.
fn unread(delivery: &mut Delivery, fields: &Fields<'_, '_>, column: &'static str) {
    match fields.key(column) {
        // With a comma too many nobody knows whether the key is the key.
        Ok(source) if fields.row.odd.is_none() => drop(delivery.unread.insert(source)),
        _ => delivery.nameless += 1,
    }
}

pub(super) fn roles(delivery: &mut Delivery, bytes: &[u8]) -> Result<(), Unreadable> {
    let reading = Reading { file: "roles.csv", columns: ROLES, mode: delivery.roles.mode };
    let take = |delivery: &mut Delivery, fields: &Fields<'_, '_>| {
        let role = RoleRow {
            source: fields.key("sourcedId")?,
            status: fields.status()?,
            user: fields.key("userSourcedId")?,
            role: fields.role()?,
            org: fields.text("orgSourcedId")?,
            ends: fields.day("endDate")?,
        };
        delivery.roles.rows.push(role);
        Ok(())
    };
    reading.each(delivery, bytes, take, |delivery, fields| unread(delivery, fields, "userSourcedId"))
}

pub(super) fn classes(delivery: &mut Delivery, bytes: &[u8]) -> Result<(), Unreadable> {
    let reading = Reading { file: "classes.csv", columns: CLASSES, mode: delivery.classes.mode };
    let take = |delivery: &mut Delivery, fields: &Fields<'_, '_>| {
        let class = ClassRow {
            id: fields.class("sourcedId")?,
            status: fields.status()?,
            title: fields.text("title")?,
            code: fields.text("classCode")?,
            room: fields.text("location")?,
            school: fields.text("schoolSourcedId")?,
        };
        delivery.classes.rows.push(class);
        Ok(())
    };
    reading.each(delivery, bytes, take, |_, _| {})
}

pub(super) fn enrollments(delivery: &mut Delivery, bytes: &[u8]) -> Result<(), Unreadable> {
    let reading = Reading { file: "enrollments.csv", columns: ENROLLMENTS, mode: delivery.enrollments.mode };
    let take = |delivery: &mut Delivery, fields: &Fields<'_, '_>| {
        fields.key("sourcedId")?;
        let row = EnrollmentRow { status: fields.status()?, class: fields.class("classSourcedId")?, user: fields.key("userSourcedId")? };
        delivery.enrollments.rows.push(row);
        Ok(())
    };
    reading.each(delivery, bytes, take, |_, _| {})
}
