//! Channels and routes: where alerts go, and who hears of which. A secret that was given is never shown again.

use crate::desk::api::channels::{drop_channel, put_channel, try_channel};
use crate::desk::api::problem::Problem;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::channel::{Channel, ChannelFacts};
use rollcall_site::route::{self, Quiet, Route, RouteFacts, Told};
use rollcall_site::rule::Severity;
use rollcall_site::{Refusal, RoomId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The page's own address.
const ADDRESS: &str = "/channels";

#[derive(Template)]
#[template(path = "settings/channels.html")]
struct Channels {
    frame: Frame,
    look: Look,
    channels: Vec<Arc<Channel>>,
    routes: Vec<Arc<Route>>,
    rooms: Vec<RoomId>,
}

/// What is said of a channel. It holds secrets, so it has no `Debug`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct SentChannel {
    name: String,
    url: String,
    kind: String,
    from: String,
    to: String,
    user: String,
    password: String,
    ca: String,
    follows: String,
}

/// What is said of a route: a channel's field is "to." and its name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct SentRoute {
    name: String,
    least: String,
    room: String,
    days: String,
    hours: String,
    told: String,
    quiet: String,
    high: String,
    #[serde(flatten)]
    to: BTreeMap<String, String>,
}

/// `GET /channels`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    page(&Channels {
        frame: Frame::of(&desk, &visitor, &look, Tab::Settings),
        channels: look.site.channels.values().cloned().collect(),
        routes: look.site.routes.values().cloned().collect(),
        rooms: look.site.rooms.keys().cloned().collect(),
        look,
    })
}

impl Channels {
    fn state(&self, channel: &Channel) -> Chip {
        match (&channel.trouble, channel.arrived_at) {
            (Some(_), _) => Chip::stop("Messages wait"),
            (None, Some(_)) => Chip::go("Works"),
            (None, None) => Chip::rest("Not used yet"),
        }
    }

    /// What a route is about.
    fn of(&self, route: &Route) -> String {
        let least = match route.least {
            Severity::Low => "everything".to_owned(),
            Severity::Medium => "medium and high".to_owned(),
            Severity::High => "high alone".to_owned(),
        };
        let rooms: Vec<String> = route.rooms.iter().map(ToString::to_string).collect();
        let rules: Vec<&str> = route.rules.iter().map(String::as_str).collect();
        words::join([&least, &rooms.join(", "), &words::names(&rules)])
    }

    /// When it tells.
    fn when(&self, route: &Route) -> String {
        let told = if route.told == Told::Digest { "every day at 07:00" } else { "at once" };
        let days = route.days.as_ref().map(ToString::to_string).unwrap_or_default();
        let hours = route.hours.as_ref().map(ToString::to_string).unwrap_or_default();
        let quiet = route.quiet.as_ref().map(|quiet| format!("quiet {}", quiet.hours)).unwrap_or_default();
        words::join([told, &days, &hours, &quiet])
    }
}

/// `POST /channels`
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Form(sent): Form<SentChannel>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let known = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let listed = |text: &str| text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    let facts = ChannelFacts {
        kind: known(sent.kind),
        url: sent.url.trim().to_owned(),
        from: sent.from.trim().to_owned(),
        to: listed(&sent.to),
        user: sent.user.trim().to_owned(),
        password: sent.password,
        ca: sent.ca.trim().to_owned(),
        follows: listed(&sent.follows),
    };
    let name = sent.name.trim().to_owned();
    let outcome = put_channel(&desk.collector, visitor.who.actor.clone(), &name, facts).await;
    let said = outcome.map(|(_, secret)| {
        let done = Notice::done(match secret {
            Some(_) => format!("{name} is set. Its messages are signed with this secret, shown this once:"),
            None => format!("{name} is set. Send it a test."),
        });
        secret.into_iter().fold(done, Notice::with_line)
    });
    desk.then(&visitor, said.map_err(trouble), ADDRESS)
}

/// `POST /channels/{name}/test`
pub(in crate::desk) async fn test(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let tried = try_channel(&desk.collector, &name).await;
    let said = tried.map(|answer| Notice::done(format!("{name} took the test message: {answer}")));
    desk.then(&visitor, said.map_err(trouble), ADDRESS)
}

/// `POST /channels/{name}/remove`
pub(in crate::desk) async fn remove(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let removed = drop_channel(&desk.collector, visitor.who.actor.clone(), &name).await;
    desk.then(&visitor, removed.map(|()| Notice::done(format!("{name} is removed, and its secrets with it."))).map_err(trouble), ADDRESS)
}

/// A problem of the interface on a page: what the collector itself could not do is told too, for the words say what to do.
fn trouble(problem: Problem) -> Trouble {
    Trouble::Refused(Refusal::invalid(problem.detail))
}

/// `POST /routes`
pub(in crate::desk) async fn set_route(State(desk): State<Desk>, visitor: Visitor, Form(sent): Form<SentRoute>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let name = sent.name.trim().to_owned();
    let outcome = match read(&sent) {
        Ok(facts) => desk.change(&visitor, move |w| route::set(w, &name, facts)).await.map_err(Trouble::from),
        Err(refusal) => Err(Trouble::Refused(refusal)),
    };
    desk.then(&visitor, outcome.map(|route| Notice::done(format!("{} leads to {}.", route.name, route.to.join(", ")))), ADDRESS)
}

fn read(sent: &SentRoute) -> Result<RouteFacts, Refusal> {
    let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let bad = |what: &str, text: &str| Refusal::invalid(format!("{what}: {:?} is not read", text.chars().take(40).collect::<String>()));
    let hours = |text: &str| known(text).map(|text| text.parse().map_err(|_| bad("the hours, as 07:30-16:00", &text))).transpose();
    let quiet = hours(&sent.quiet)?.map(|hours| Quiet { hours, high: if sent.high.is_empty() { Told::Held } else { Told::AtOnce } });
    Ok(RouteFacts {
        to: sent.to.keys().filter_map(|name| name.strip_prefix("to.")).map(str::to_owned).collect(),
        least: Some(match sent.least.as_str() {
            "medium" => Severity::Medium,
            "high" => Severity::High,
            _ => Severity::Low,
        }),
        rooms: known(&sent.room).map(|room| RoomId::parse(&room)).transpose()?.into_iter().collect(),
        rules: Vec::new(),
        days: known(&sent.days).map(|text| text.parse().map_err(|_| bad("the days, as mon-fri", &text))).transpose()?,
        hours: hours(&sent.hours)?,
        told: if sent.told == "digest" { Told::Digest } else { Told::AtOnce },
        quiet,
        escalate: None,
    })
}

/// `POST /routes/{name}/remove`
pub(in crate::desk) async fn remove_route(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let gone = name.clone();
    let removed = desk.change(&visitor, move |w| route::remove(w, &gone)).await.map_err(Trouble::from);
    desk.then(&visitor, removed.map(|()| Notice::done(format!("The route {name} is removed."))), ADDRESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_read_as_it_was_ticked() {
        let to = [("to.chat".to_owned(), "1".to_owned()), ("other".to_owned(), "1".to_owned())].into();
        let sent = SentRoute { to, quiet: "17:00-07:00".into(), high: "1".into(), days: "mon-fri".into(), ..SentRoute::default() };
        let facts = read(&sent).unwrap();
        assert_eq!((facts.to, facts.least, facts.rooms.len()), (vec!["chat".to_owned()], Some(Severity::Low), 0));
        assert_eq!(facts.quiet.unwrap().high, Told::AtOnce);
        let bad = read(&SentRoute { hours: "always".into(), ..SentRoute::default() });
        assert!(bad.unwrap_err().text.contains("07:30-16:00"));
    }
}
