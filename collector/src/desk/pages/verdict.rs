//! The policy of the verdict: which reason is which colour, how old a report may be, what a part costs.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Query, State};
use rollcall_site::Refusal;
use rollcall_site::access::Role;
use rollcall_site::asset::AssetKind;
use rollcall_site::money::Money;
use rollcall_site::verdict::{Change, Colour, LimitRow, PartRow, PolicyTable, ReasonRow, Scope, SetBy, policy};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::str::FromStr;

/// What the address asks for: the kind, or all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    kind: String,
}

#[derive(Template)]
#[template(path = "verdict.html")]
struct PolicyPage {
    frame: Frame,
    table: PolicyTable,
}

/// What the form sends: "reason." and a code, "limit." and a name, "price." and a part. An empty field is as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    kind: String,
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

impl PolicyPage {
    fn kinds(&self) -> impl Iterator<Item = Scope> {
        AssetKind::ALL.into_iter().map(Scope::kind)
    }

    fn is_all(&self) -> bool {
        self.table.scope == Scope::all()
    }

    fn chip(&self, colour: &Colour) -> Chip {
        match colour {
            Colour::Off => Chip::rest("off"),
            Colour::Go => Chip::go("GO"),
            Colour::Check => Chip::check("CHECK"),
            Colour::Stop => Chip::stop("STOP"),
        }
    }

    /// The colours that a reason may have.
    fn colours(&self, reason: &ReasonRow) -> impl Iterator<Item = Colour> + use<> {
        let least = reason.least;
        Colour::ALL.into_iter().filter(move |colour| *colour >= least)
    }

    /// Whether this is set on this page: what is set for all assets is no setting of a kind.
    fn is_set(&self, by: &SetBy) -> bool {
        match by {
            SetBy::Nobody => false,
            SetBy::All => self.is_all(),
            SetBy::Kind => true,
        }
    }

    /// What an empty field of a reason means.
    fn usual(&self, reason: &ReasonRow) -> String {
        if self.is_all() { format!("as it comes: {}", reason.usual.word()) } else { "as for all assets".to_owned() }
    }

    fn number(&self, limit: &LimitRow) -> String {
        if self.is_set(&limit.set_by) { limit.value.to_string() } else { String::new() }
    }

    fn price(&self, part: &PartRow) -> String {
        part.price.filter(|_| self.is_set(&part.set_by)).map(|price| price.to_string()).unwrap_or_default()
    }

    fn word(&self, scope: &Scope) -> String {
        if *scope == Scope::all() { "All assets".to_owned() } else { words::sentence(scope.word()).trim_end_matches('.').to_owned() }
    }
}

/// `GET /verdict`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let look = desk.look();
    let table = PolicyTable::of(&look.site, &ask.kind.parse()?);
    page(&PolicyPage { frame: Frame::of(&desk, &visitor, &look, Tab::Loans), table })
}

/// `POST /verdict`
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let to = format!("/verdict?kind={}", address::encoded(&form.kind));
    let outcome = set_of(&desk, &visitor, &form).await;
    desk.then(&visitor, outcome, &to)
}

async fn set_of(desk: &Desk, visitor: &Visitor, form: &Sent) -> Result<Notice, Trouble> {
    let scope: Scope = form.kind.parse()?;
    let change = read(form)?;
    let said = format!("The policy for {scope} is set.");
    desk.change(visitor, move |w| policy::set(w, &scope, change)).await?;
    Ok(Notice::done(said))
}

fn read(form: &Sent) -> Result<Change, Refusal> {
    let number = |text: &str| text.parse::<i64>().map_err(|_| Refusal::invalid(format!("{text:?} is not a whole number")));
    let amount = |text: &str| text.parse::<Money>().map_err(Refusal::from);
    Ok(Change {
        colours: fields(form, "reason.", Colour::from_str)?,
        limits: fields(form, "limit.", number)?,
        prices: fields(form, "price.", amount)?,
    })
}

/// The fields whose names begin so, read; an empty one takes back what was set.
fn fields<T>(form: &Sent, begin: &str, read: impl Fn(&str) -> Result<T, Refusal>) -> Result<BTreeMap<String, Option<T>>, Refusal> {
    let named = form.fields.iter().filter_map(|(name, text)| Some((name.strip_prefix(begin)?, text.trim())));
    named.map(|(name, text)| Ok((name.to_owned(), if text.is_empty() { None } else { Some(read(text)?) }))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_an_empty_field_takes_back() {
        let form = |pairs: &[(&str, &str)]| Sent {
            kind: "laptop".to_owned(),
            fields: pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        };
        let change =
            read(&form(&[("reason.battery", "stop"), ("reason.disk", ""), ("limit.report_hours", " 48 "), ("price.memory", "45")]));
        let change = change.unwrap();
        assert_eq!(change.words(), "battery stop, disk as it comes, report_hours 48, memory 45.00");
        assert!(read(&form(&[("reason.battery", "purple")])).unwrap_err().text.contains("no colour"));
        assert!(read(&form(&[("limit.report_hours", "long")])).unwrap_err().text.contains("whole number"));
        assert!(read(&form(&[("price.memory", "much")])).is_err());
    }
}
