//! Today: what needs her now, whether the rooms are ready, and what happened since yesterday.

use crate::desk::census::{Census, RoomLine};
use crate::desk::door::Visitor;
use crate::desk::fold::{Fold, fold};
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::pages::{lab, tickets};
use crate::desk::readiness::{Roster, Standing};
use crate::desk::trouble::show as page;
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::alert::AlertState;
use rollcall_site::calendar;
use rollcall_site::event::Event;
use rollcall_site::maintenance;
use rollcall_site::order::{self, OrdersShown};
use rollcall_site::presence::Presence;
use rollcall_site::view::{AlertRow, LoanRow};
use rollcall_site::{RoomId, Site};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most lines of "needs you now".
const MOST_NEEDS: usize = 15;
/// Events that say the same of other machines are one line where no more than this lies between two of them.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(5);
/// Most lines of the timeline.
const MOST_EVENTS: usize = 25;
/// What comes and goes all day is not told here; alerts (of a silent machine, too), loans and changes are.
const NOT_TOLD: &[&str] = &[
    "device.asleep",
    "device.checked",
    "device.here",
    "device.rebased",
    "device.renewed",
    "device.silent",
    "device.stopped",
    "section.first",
    "signin.made",
    "site.started",
    "sweep.began",
];

/// What comes in great numbers on one morning is one line: its kind, and what several of it are called.
const TOGETHER: &[(&str, &str)] = &[("device.enrolled", "machines enrolled"), ("device.rebound", "machines enrolled anew")];

#[derive(Template)]
#[template(path = "today.html")]
struct Today {
    frame: Frame,
    look: Look,
    greeting: &'static str,
    date: String,
    /// The period that runs, or the next one.
    bell: Option<String>,
    figures: Figures,
    needs: Vec<Need>,
    more_needs: usize,
    hours_set: bool,
    census: Arc<Census>,
    events: Vec<Told>,
}

/// One line of the timeline: an event, or several of the same kind and words together; it stands where the last of them stood.
struct Told {
    at: Timestamp,
    /// The first of those that it stands for.
    since: Timestamp,
    tags: Vec<String>,
    kind: String,
    text: String,
    /// How many more of the kind stand for it.
    more: usize,
}

/// The four figures at the top.
struct Figures {
    here: usize,
    devices: usize,
    rooms_not_ready: usize,
    rooms: usize,
    on_loan: usize,
    due_today: usize,
    overdue: usize,
    alerts: usize,
    settled: String,
}

/// One thing that needs her.
pub(super) struct Need {
    pub chip: Chip,
    pub title: String,
    pub detail: String,
    pub href: String,
    pub action: &'static str,
}

/// `GET /`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let census = desk.census(visitor.how).await?;
    let today = desk.apart(move |desk| Ok(Today::of(desk, &visitor, census, desk.collector.keeper.store().history(None, 400)?))).await?;
    page(&today)
}

impl Today {
    fn of(desk: &Desk, visitor: &Visitor, census: Arc<Census>, history: Vec<Event>) -> Self {
        let look = census.look.clone();
        let mut needs = needs(&census);
        let more_needs = needs.len().saturating_sub(MOST_NEEDS);
        needs.truncate(MOST_NEEDS);
        let since = look.yesterday();
        let told = |event: &Event| event.at >= since && !NOT_TOLD.contains(&event.kind.as_str());
        let events = tell(&look.site, history.into_iter().filter(told));
        let now = look.zoned(look.now);
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::Today),
            greeting: match now.hour() {
                4..=11 => "Good morning",
                12..=17 => "Good afternoon",
                _ => "Good evening",
            },
            date: now.strftime("%A %-d %B").to_string(),
            bell: bell(&look),
            figures: Figures::of(&census),
            needs,
            more_needs,
            hours_set: look.site.has_hours(),
            census,
            events,
            look,
        }
    }

    fn live(&self) -> &'static str {
        "device alert asset loan room sweep section baseline ticket"
    }
}

/// The period that runs, or how long it is to the next one of today.
fn bell(look: &Look) -> Option<String> {
    let day = calendar::day(&look.site, look.today());
    let at = |at: Timestamp| look.zoned(at).strftime("%H:%M").to_string();
    if let Some(bell) = day.bells.iter().find(|bell| bell.begins <= look.now && look.now < bell.ends) {
        return Some(format!("period {} until {}", bell.name, at(bell.ends)));
    }
    next_bell(look)
}

/// The next period of today, and how long it is until then.
fn next_bell(look: &Look) -> Option<String> {
    let day = calendar::day(&look.site, look.today());
    let next = day.bells.iter().find(|bell| bell.begins > look.now)?;
    let minutes = next.begins.duration_since(look.now).as_secs() / 60 + 1;
    let at = || look.zoned(next.begins).strftime("%H:%M").to_string();
    let when = if minutes <= 90 { format!("in {minutes} min") } else { format!("at {}", at()) };
    Some(format!("period {} {when}", next.name))
}

impl Figures {
    fn of(census: &Census) -> Self {
        let Census { look, roster, rooms, loans, alerts, .. } = census;
        let today = look.today();
        let acknowledged = alerts.iter().filter(|alert| alert.state == "acknowledged").count();
        Self {
            here: census.here(),
            devices: roster.devices.len(),
            rooms_not_ready: rooms.iter().filter(|room| room.tally.not_ready()).count(),
            rooms: rooms.len(),
            on_loan: loans.len(),
            due_today: loans.iter().filter(|loan| loan.due.is_some_and(|due| look.zoned(due).date() == today)).count(),
            overdue: loans.iter().filter(|loan| loan.overdue).count(),
            alerts: alerts.len() - acknowledged,
            settled: if acknowledged == 0 { "open alerts".to_owned() } else { format!("open alerts · {acknowledged} being looked at") },
        }
    }
}

/// The timeline: what says the same of several machines within a few minutes becomes one line.
fn tell(site: &Site, events: impl Iterator<Item = Event>) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for event in events {
        let tag = event.asset.and_then(|asset| site.assets.get(&asset)).map(|asset| asset.tag.as_str());
        let says = tag.and_then(|tag| words::said_of(&event.text, tag).map(|says| (tag, says)));
        let same = |told: &&mut Told| {
            says.is_some_and(|(_, says)| told.kind == event.kind && told.text == says) && told.since.duration_since(event.at) <= AT_ONCE
        };
        if let (Some(like), Some((tag, _))) = (told.iter_mut().find(same), says) {
            like.since = event.at;
            like.tags.push(tag.to_owned());
            continue;
        }
        let is_many = TOGETHER.iter().any(|(kind, _)| *kind == event.kind);
        if let Some(like) = told.iter_mut().find(|told| is_many && told.kind == event.kind) {
            like.more += 1;
            continue;
        }
        if told.len() == MOST_EVENTS {
            break;
        }
        let (tags, text) = says.map_or_else(|| (Vec::new(), event.text.clone()), |(tag, says)| (vec![tag.to_owned()], says.to_owned()));
        told.push(Told { at: event.at, since: event.at, tags, kind: event.kind, text, more: 0 });
    }
    told
}

impl Told {
    fn words(&self) -> String {
        let together = TOGETHER.iter().find(|(kind, _)| self.more > 0 && *kind == self.kind);
        if let Some((_, words)) = together {
            return format!("{} {words}", self.more + 1);
        }
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        match tags.as_slice() {
            [] => self.text.clone(),
            [tag] => format!("{tag} {}", self.text),
            tags => format!("{}: each {}", words::names(tags), self.text),
        }
    }
}

/// What needs her, worst first: alerts that nobody looks at, machines that nobody was told of, loans that are overdue.
fn needs(census: &Census) -> Vec<Need> {
    let Census { look, roster, loans, alerts, .. } = census;
    let mut needs: Vec<Need> = of_alerts(look, alerts).chain(quarantined(roster)).chain(silent(look, roster, alerts)).collect();
    needs.extend(not_ready(census));
    needs.extend(loans.iter().filter(|loan| loan.overdue).map(|loan| Need::of_loan(look, loan)));
    needs.extend(tickets::needs(look));
    needs.extend(of_orders(look));
    needs.sort_by_key(|need| match need.chip.tone {
        "stop" => 0,
        "check" => 1,
        _ => 2,
    });
    needs
}

/// The rooms in which the next period could not simply begin.
fn not_ready(census: &Census) -> Vec<Need> {
    let Some(bell) = next_bell(&census.look) else { return Vec::new() };
    let rooms = census.rooms.iter().filter(|line| lab::is_taught_in(&line.room) && line.tally.not_ready());
    let need = |line: &RoomLine| Need {
        chip: Chip::stop("Room"),
        title: format!("{} is not ready for {bell}", line.room.id),
        detail: lab::said(line.tally),
        href: address::room(&line.room.id),
        action: "Open room",
    };
    rooms.map(need).collect()
}

/// The alerts that nobody looks after; those that say the same of several machines of a room together.
fn of_alerts<'a>(look: &'a Look, alerts: &'a [AlertRow]) -> impl Iterator<Item = Need> {
    fold(alerts.iter().filter(|alert| alert.state == "raised")).into_iter().map(|fold| Need::of_fold(look, &fold))
}

impl Need {
    fn of_fold(look: &Look, fold: &Fold<'_>) -> Self {
        let (first, alone) = (fold.first, fold.others.is_empty());
        let (room, remedy) = (first.room.as_ref(), look.said(&first.remedy));
        let place = room.map_or_else(String::new, |room| format!("{room}. "));
        Self {
            chip: words::severity(first.severity),
            title: fold.title(),
            detail: if alone {
                format!("{place}{} {remedy}", look.said(&first.evidence))
            } else {
                format!("{}. {remedy}", words::names(&fold.tags()))
            },
            href: match (&first.tag, room) {
                (Some(tag), _) if alone => address::device(tag),
                (_, Some(room)) => address::room(room),
                _ => "/alerts".to_owned(),
            },
            action: match (&first.tag, room) {
                (Some(_), _) if alone => "Open device",
                (_, Some(_)) => "Open room",
                _ => "Open alerts",
            },
        }
    }

    fn of_loan(look: &Look, loan: &LoanRow) -> Self {
        let tag = loan.tag.as_ref();
        let due = loan.due.map(|due| look.day(due).words).unwrap_or_default();
        Self {
            chip: Chip::check("Overdue"),
            title: format!("{} was due back {due}", tag.map_or(loan.title.as_str(), |tag| tag.as_str())),
            detail: format!("Lent to {} ({}), {}.", loan.person_name, loan.person, loan.title),
            href: tag.map_or_else(|| "/loans".to_owned(), |tag| format!("/loans?tag={tag}")),
            action: "Open loan",
        }
    }
}

fn quarantined(roster: &Roster) -> impl Iterator<Item = Need> {
    roster.devices.values().filter(|row| row.seen.note.starts_with("quarantined")).map(|row| Need {
        chip: Chip::stop("Clone"),
        title: format!("{} is quarantined: two machines hold its key", row.tag),
        detail: row.seen.note.clone(),
        href: address::device(&row.tag),
        action: "Decide",
    })
}

/// Machines that are silent and have no alert yet, together by room; during maintenance nobody is told.
fn silent(look: &Look, roster: &Roster, alerts: &[AlertRow]) -> Vec<Need> {
    let site = &*look.site;
    let told: std::collections::BTreeSet<_> = alerts
        .iter()
        .filter(|alert| ["agent-stopped", "machine-silent"].contains(&alert.rule.as_str()))
        .filter_map(|alert| alert.tag.as_ref())
        .collect();
    let mut rooms: BTreeMap<Option<&RoomId>, Vec<&Standing>> = BTreeMap::new();
    let in_outage = |row: &Standing| {
        let outage = row.room.as_ref().and_then(|room| site.outages.get(room));
        outage.is_some_and(|outage| {
            site.alerts.get(&outage.alert).is_some_and(|alert| !matches!(alert.state, AlertState::Settling { .. }))
                && site.asset_by_tag(&row.tag).is_some_and(|asset| outage.fallen.contains(&asset.id))
        })
    };
    let in_maintenance =
        |row: &Standing| site.asset_by_tag(&row.tag).is_some_and(|asset| maintenance::of_asset(site, asset, look.now).is_some());
    let untold =
        |row: &&Standing| row.seen.presence == Presence::Silent && !told.contains(&row.tag) && !in_outage(row) && !in_maintenance(row);
    for row in roster.devices.values().filter(untold) {
        rooms.entry(row.room.as_ref()).or_default().push(row);
    }
    rooms.into_iter().map(|(room, rows)| of_silent(site, room, rows)).collect()
}

fn of_silent(site: &Site, room: Option<&RoomId>, mut rows: Vec<&Standing>) -> Need {
    rows.sort_by(|a, b| a.tag.cmp(&b.tag));
    let names: Vec<&str> = rows.iter().map(|row| row.tag.as_str()).collect();
    let settle = room.and_then(|room| site.rooms.get(room)).map_or(60, |room| room.settle_s);
    Need {
        chip: Chip::check("Silent"),
        title: match room {
            Some(room) => format!("{room}: {} fell silent", words::count(rows.len(), "machine", "machines")),
            None => format!("{} without a room fell silent", words::count(rows.len(), "machine", "machines")),
        },
        detail: format!(
            "{}. An alert follows if {} not back within {settle} s.",
            words::names(&names),
            if rows.len() == 1 { "it is" } else { "they are" }
        ),
        href: room.map_or_else(|| "/devices?presence=silent".to_owned(), address::room),
        action: if room.is_some() { "Open room" } else { "Show" },
    }
}

/// The orders that should be here, in one line.
fn of_orders(look: &Look) -> Option<Need> {
    let late = order::rows(&look.site, OrdersShown::Overdue, look.today());
    let first = late.first()?;
    let since = first.expected_on.map_or_else(String::new, |day| format!(", expected {day}"));
    Some(Need {
        chip: Chip::check("Overdue"),
        title: format!("{} not here yet", words::count(late.len(), "order is", "orders are")),
        detail: format!("{}{since}: {} of {} are here", first.title, first.received, first.ordered),
        href: "/orders?show=overdue".to_owned(),
        action: "Orders",
    })
}
