//! Rules: what is looked for on every machine, and what the site and its rooms set of it.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab, trail};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::rule::{self, RULES, Rule, Setting};
use rollcall_site::{Refusal, RoomId, Site, Working, room};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the form of a rule sends: a limit's field is "limit." and its name. An empty field is as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    room: String,
    on: String,
    settle_s: String,
    /// "yes", "no", "usual": as it comes; empty: as it is set.
    ticket: String,
    #[serde(flatten)]
    limits: BTreeMap<String, String>,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct Rules {
    frame: Frame,
    look: Look,
    rooms: Vec<RoomId>,
}

impl Rules {
    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn trail(&self, rule: &Rule) -> String {
        trail("rule", rule.code)
    }

    fn live(&self) -> &'static str {
        "rule"
    }

    fn severity(&self, rule: &Rule) -> Chip {
        words::severity(rule.severity)
    }

    /// What is set of a rule: where, and what.
    fn set(&self, rule: &Rule) -> Vec<(String, String)> {
        let site = self.look.site.about().and_then(|about| about.rules.get(rule.code));
        let site = site.map(|setting| ("The whole site".to_owned(), setting.words()));
        let rooms = self.look.site.rooms.values();
        let rooms = rooms.filter_map(|room| Some((room.id.to_string(), room.rules.get(rule.code)?.words())));
        site.into_iter().chain(rooms).collect()
    }
}

/// `GET /rules`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    page(&Rules { frame: Frame::of(&desk, &visitor, &look, Tab::Alerts), rooms: look.site.rooms.keys().cloned().collect(), look })
}

/// `POST /rules/{code}`
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Path(code): Path<String>, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = set_of(&desk, &visitor, code, &form).await;
    desk.then(&visitor, outcome, "/rules")
}

async fn set_of(desk: &Desk, visitor: &Visitor, code: String, form: &Sent) -> Result<Notice, Trouble> {
    let (setting, stays) = (read(form)?, form.ticket.is_empty());
    let of = match form.room.trim() {
        "" => None,
        name => Some(room::get(&desk.look().site, &RoomId::parse(name).map_err(Refusal::from)?)?.id.clone()),
    };
    let place = of.as_ref().map_or_else(|| "the whole site".to_owned(), ToString::to_string);
    let change = move |w: &mut Working| {
        let ticket = if stays { was(&w.site, of.as_ref(), &code).and_then(|was| was.ticket) } else { setting.ticket };
        let setting = Setting { ticket, ..setting };
        let said = format!("{code} for {place}: {}.", setting.words());
        rule::set(w, of.as_ref(), &code, setting)?;
        Ok(said)
    };
    Ok(Notice::done(desk.change(visitor, change).await?))
}

/// What is set of a rule for a room, or for the whole site.
fn was<'a>(site: &'a Site, of: Option<&RoomId>, code: &str) -> Option<&'a Setting> {
    match of {
        Some(room) => site.rooms.get(room)?.rules.get(code),
        None => site.about()?.rules.get(code),
    }
}

fn read(form: &Sent) -> Result<Setting, Refusal> {
    let on = match form.on.as_str() {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    };
    let ticket = match form.ticket.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let number = |text: &str| text.trim().parse().map_err(|_| Refusal::invalid(format!("{text:?} is not a whole number")));
    let settle_s = match form.settle_s.trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| Refusal::invalid(format!("{text:?} is not a number of seconds")))?),
    };
    let limits = form.limits.iter().filter_map(|(name, text)| Some((name.strip_prefix("limit.")?, text)));
    let limits = limits.filter(|(_, text)| !text.trim().is_empty()).map(|(name, text)| Ok((name.to_owned(), number(text)?)));
    Ok(Setting { on, settle_s, ticket, limits: limits.collect::<Result<_, Refusal>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_empty_fields_are_as_they_come() {
        let form = |pairs: &[(&str, &str)]| Sent {
            on: "off".to_owned(),
            limits: pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            ..Sent::default()
        };
        let setting = read(&form(&[("limit.percent", " 90 "), ("limit.days", ""), ("other", "1")])).unwrap();
        assert_eq!(setting.words(), "is off, percent 90");
        assert!(read(&form(&[("limit.percent", "much")])).unwrap_err().text.contains("whole number"));
        assert_eq!(read(&Sent::default()).unwrap(), Setting::default());
    }
}
