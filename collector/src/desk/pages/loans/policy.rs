//! The loan policy: how long, how many, how often renewed, for whom; what is asked for, and who is reminded.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, count};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, State};
use rollcall_site::Refusal;
use rollcall_site::access::Role;
use rollcall_site::asset::AssetKind;
use rollcall_site::loan::policy::{self, LoanPolicy, Said, Terms, WhenClosed};
use rollcall_site::person::PersonRole;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// What the form sends; an empty field stays as it is.
type Fields = BTreeMap<String, String>;

#[derive(Template)]
#[template(path = "loans/policy.html")]
struct PolicyPage {
    frame: Frame,
    policy: Arc<LoanPolicy>,
    /// The channels of kind mail.
    channels: Vec<String>,
}

/// The terms of one role and kind.
struct Row<'a> {
    who: &'static str,
    kind: &'static str,
    terms: &'a Terms,
}

/// `GET /loans/policy`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    let channels = look.site.channels.values().filter(|channel| channel.kind == "mail").map(|channel| channel.name.clone()).collect();
    page(&PolicyPage { frame: Frame::of(&desk, &visitor, &look, Tab::Loans), policy: policy::of(&look.site), channels })
}

/// `POST /loans/policy`
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Form(fields): Form<Fields>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = set_of(&desk, &visitor, &fields).await;
    desk.then(&visitor, outcome, "/loans/policy")
}

async fn set_of(desk: &Desk, visitor: &Visitor, fields: &Fields) -> Result<Notice, Trouble> {
    let said = read(fields)?;
    let change = move |w: &mut rollcall_site::Working| {
        let before = policy::of(&w.site);
        Ok(policy::set(w, &said)? != before)
    };
    let is_otherwise = desk.change(visitor, change).await?;
    Ok(Notice::done(if is_otherwise { "The loan policy is changed." } else { "Nothing was changed." }))
}

/// Reads a form; what is empty is not said.
fn read(fields: &Fields) -> Result<Said, Refusal> {
    let text = |name: &str| fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let accessory = match (text("accessory"), text("price")) {
        (None, None) => None,
        (Some(name), Some(price)) => Some((name.to_owned(), price.to_owned())),
        _ => return Err(Refusal::invalid("an accessory has a name and a price: write both")),
    };
    let role = match text("role") {
        None => None,
        Some("student") => Some(PersonRole::Student),
        Some("staff") => Some(PersonRole::Staff),
        Some(other) => return Err(Refusal::invalid(format!("{other:?} is neither student nor staff"))),
    };
    let when_closed = match text("when_closed") {
        None => None,
        Some("stays") => Some(WhenClosed::Stays),
        Some(_) => Some(WhenClosed::NextSchoolDay),
    };
    let yes = |name: &str| text(name).map(|text| text == "yes");
    Ok(Said {
        role,
        kind: text("kind").map(AssetKind::from_str).transpose().map_err(|bad| Refusal::invalid(bad.to_string()))?,
        days: number(text("days"), "days")?,
        at_once: number(text("at_once"), "at once")?,
        in_all: number(text("in_all"), "in all")?,
        renewals: number(text("renewals"), "renewals")?,
        overdue_blocks: yes("overdue_blocks"),
        agreement: yes("agreement"),
        when_closed,
        most_owed: text("most_owed").map(str::to_owned),
        floor_percent: number(text("floor_percent"), "percent of a lost asset")?,
        damage_percent: number(text("damage_percent"), "percent of a damage")?,
        life_months: number(text("life_months"), "months")?,
        accessory,
        remind_by: text("remind_by").map(|name| if name == "-" { String::new() } else { name.to_owned() }),
        remind_before: number(text("remind_before"), "days before")?,
        remind_on_the_day: yes("remind_on_the_day"),
        remind_after: number(text("remind_after"), "days after")?,
        remind_at_most: number(text("remind_at_most"), "reminders")?,
        remind_between: text("remind_between").map(str::to_owned),
    })
}

fn number<N: FromStr>(text: Option<&str>, what: &str) -> Result<Option<N>, Refusal> {
    text.map(|text| text.parse().map_err(|_| Refusal::invalid(format!("{what}: {text:?} is not a whole number that fits")))).transpose()
}

impl PolicyPage {
    fn kinds(&self) -> [AssetKind; 28] {
        AssetKind::ALL
    }

    /// The terms, by whom and what.
    fn rows(&self) -> Vec<Row<'_>> {
        let roles = [("Students", &self.policy.students), ("Staff", &self.policy.staff)];
        let of_role = |(who, terms)| {
            let terms: &policy::RoleTerms = terms;
            let kinds = terms.kinds.iter().map(move |(kind, terms)| Row { who, kind: words::kind(*kind), terms });
            std::iter::once(Row { who, kind: "everything else", terms: &terms.usual }).chain(kinds)
        };
        roles.into_iter().flat_map(of_role).collect()
    }

    fn days(&self, days: &u16) -> String {
        if *days == 0 { "the same day".to_owned() } else { count(u64::from(*days), "day", "days") }
    }

    fn closed(&self) -> &'static str {
        match self.policy.when_closed {
            WhenClosed::NextSchoolDay => "moves to the next school day",
            WhenClosed::Stays => "stays",
        }
    }

    /// How long each kind lasts.
    fn lives(&self) -> String {
        let lives = self.policy.charges.life_months.iter().map(|(kind, months)| format!("{} {months}", words::kind(*kind)));
        lives.collect::<Vec<_>>().join(", ")
    }

    fn accessories(&self) -> String {
        let priced = self.policy.charges.accessories.iter().map(|(name, price)| format!("{name} {price}"));
        priced.collect::<Vec<_>>().join(", ")
    }

    /// When borrowers are reminded, in words.
    fn reminded(&self) -> String {
        let reminders = &self.policy.reminders;
        let before = reminders.days_before.map(|days| format!("{} before", count(u64::from(days), "day", "days")));
        let on_the_day = reminders.on_the_day.then(|| "on the day".to_owned());
        let after = reminders
            .days_after
            .map(|days| format!("every {} after, at most {} times", count(u64::from(days), "day", "days"), reminders.at_most));
        [before, on_the_day, after].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_says_nothing_and_a_wrong_one_is_named() {
        let fields = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<Fields>();
        assert_eq!(read(&fields(&[("days", ""), ("role", " "), ("remind_by", "")])).unwrap(), Said::default());
        let said =
            read(&fields(&[("role", "staff"), ("kind", "laptop"), ("days", "30"), ("agreement", "no"), ("remind_by", "-")])).unwrap();
        assert_eq!(
            (said.role, said.days, said.agreement, said.remind_by.as_deref()),
            (Some(PersonRole::Staff), Some(30), Some(false), Some(""))
        );
        assert!(read(&fields(&[("days", "long")])).unwrap_err().text.contains("days: \"long\""));
        assert!(read(&fields(&[("days", "70000")])).is_err());
        assert!(read(&fields(&[("accessory", "charger")])).unwrap_err().text.contains("write both"));
        assert!(read(&fields(&[("kind", "fridge")])).is_err());
    }
}
