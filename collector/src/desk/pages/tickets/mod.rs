//! Tickets: a board by state, and the same as a list; filtered in the address.

mod changes;
mod needs;
mod new;
mod page;
mod work;

pub(super) use changes::{assign, comment, go, link, set, unlink};
pub(super) use needs::needs;
pub(super) use new::{form, open};
pub(super) use page::show as one;
pub(super) use work::{add_part, claim, labour, lend, remove_part, take_back};

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page_of;
use crate::desk::window::{self, Window};
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use rollcall_site::ticket::{Category, Priority, TicketState, Tier};
use rollcall_site::view::{self, Late, Stand, TicketFilter, TicketRow};
use rollcall_site::{Tag, UserName};
use serde::Deserialize;

/// Most cards of one column of the board.
const COLUMN: usize = 40;
/// Most cards of what is done: the latest.
const DONE: usize = 12;
/// Rows of one page of the list.
const PAGE: usize = 100;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    view: String,
    text: String,
    state: String,
    category: String,
    tier: String,
    priority: String,
    /// "me", or a user.
    who: String,
    /// "1": only what should be done by now.
    late: String,
    asset: String,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "tickets.html")]
struct Tickets {
    frame: Frame,
    look: Look,
    ask: Ask,
    users: Vec<UserName>,
    columns: Vec<Column>,
    list: Option<Window<TicketRow>>,
}

/// A column of the board.
struct Column {
    state: TicketState,
    rows: Vec<TicketRow>,
    all: usize,
}

/// `GET /tickets`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    page_of(&desk.apart(move |desk| Ok(Tickets::of(desk, &visitor, ask))).await?)
}

impl Ask {
    fn filter(&self, look: &Look, user: &UserName) -> TicketFilter {
        let tag = Tag::parse(&self.asset).ok();
        TicketFilter {
            stand: match self.state.as_str() {
                "all" => Stand::Any,
                state => TicketState::of(state).map_or(Stand::Live, Stand::At),
            },
            category: Category::of(&self.category),
            tier: Tier::of(&self.tier),
            priority: Priority::of(&self.priority),
            assignee: if self.who == "me" { Some(user.clone()) } else { UserName::parse(&self.who).ok() },
            overdue: (self.late == "1").then_some(Late),
            asset: tag.and_then(|tag| look.site.asset_by_tag(&tag)).map(|asset| asset.id),
            text: window::wanted(&self.text),
        }
    }

    /// Whether a list is asked for: a board has no pages, and its columns are the states.
    fn is_list(&self) -> bool {
        self.view == "list" || !self.state.is_empty() || !self.asset.is_empty()
    }
}

impl Tickets {
    fn of(desk: &Desk, visitor: &Visitor, ask: Ask) -> Self {
        let look = desk.look();
        let filter = ask.filter(&look, &visitor.user);
        let part = |part| view::tickets(&look.site, &filter, look.now, part);
        let list = ask.is_list().then(|| Window::of(ask.page, PAGE, part));
        let columns = if list.is_none() { board(&look, &filter) } else { Vec::new() };
        let users = look.site.users.keys().cloned().collect();
        Self { frame: Frame::of(desk, visitor, &look, Tab::Tickets), users, columns, list, ask, look }
    }

    fn live(&self) -> &'static str {
        "ticket loan asset"
    }

    fn is_empty(&self) -> bool {
        self.look.site.tickets.is_empty()
    }

    /// The same filters as a board, or as a list.
    fn as_view(&self, view: &str) -> String {
        format!("/tickets?view={view}&{}", self.filters())
    }

    /// What a column holds, as a list.
    fn all_of(&self, column: &Column) -> String {
        format!("/tickets?view=list&state={}&{}", column.state.word(), self.filters())
    }

    fn at(&self, page: &usize) -> String {
        format!("/tickets?view=list&state={}&{}&page={page}", address::encoded(&self.ask.state), self.filters())
    }

    fn filters(&self) -> String {
        let ask = &self.ask;
        let part = |(name, value): (&str, &String)| (!value.is_empty()).then(|| format!("{name}={}", address::encoded(value)));
        let all = [("text", &ask.text), ("category", &ask.category), ("tier", &ask.tier), ("priority", &ask.priority), ("who", &ask.who)];
        all.into_iter().chain([("late", &ask.late), ("asset", &ask.asset)]).filter_map(part).collect::<Vec<_>>().join("&")
    }

    fn tiers(&self) -> &'static [Tier] {
        Tier::ALL
    }

    fn categories(&self) -> &'static [Category] {
        Category::ALL
    }

    fn states(&self) -> &'static [TicketState] {
        TicketState::ALL
    }

    fn state(&self, state: &TicketState) -> Chip {
        state_chip(*state)
    }

    fn pressing(&self, row: &TicketRow) -> Vec<Chip> {
        pressing(&self.look, row)
    }
}

fn board(look: &Look, filter: &TicketFilter) -> Vec<Column> {
    let states = TicketState::ALL.iter().filter(|state| **state != TicketState::Dropped);
    let column = |state: &TicketState| {
        let most = if *state == TicketState::Done { DONE } else { COLUMN };
        let (rows, all) = view::tickets(&look.site, &TicketFilter { stand: Stand::At(*state), ..filter.clone() }, look.now, 0..most);
        Column { state: *state, rows, all }
    };
    // Drafts stand there only while there are some.
    states.map(column).filter(|column| column.state != TicketState::Draft || column.all > 0).collect()
}

/// Where a ticket stands.
fn state_chip(state: TicketState) -> Chip {
    match state {
        TicketState::Draft => Chip::check("Draft"),
        TicketState::Open => Chip::check("Open"),
        TicketState::InProgress => Chip::away("In progress"),
        TicketState::Waiting => Chip::rest("Waiting"),
        TicketState::Done => Chip::go("Done"),
        TicketState::Dropped => Chip::rest("Dropped"),
    }
}

/// What makes a ticket pressing: how it was set, whether it is late.
fn pressing(look: &Look, row: &TicketRow) -> Vec<Chip> {
    let open = row.state.is_open();
    let again = row.state == TicketState::Waiting && row.look_again.is_some_and(|at| at <= look.now);
    let chips = [
        row.overdue.then(|| Chip::stop("Overdue")),
        (open && row.priority == Priority::Urgent).then(|| Chip::stop("Urgent")),
        (open && row.priority == Priority::High).then(|| Chip::check("High")),
        again.then(|| Chip::check("Look again")),
        row.loaner.as_ref().filter(|_| !open).map(|tag| Chip::stop(format!("Take {tag} back"))),
    ];
    chips.into_iter().flatten().collect()
}
