//! What tickets ask of her today: drafts to confirm, what is late, what waited long enough, loaners to take back.

use crate::desk::look::Look;
use crate::desk::pages::today::Need;
use crate::desk::words::{Chip, count, names};
use rollcall_site::ticket::{self, Ticket, TicketState};
use std::sync::Arc;

/// A line each, where there is something.
pub(in crate::desk::pages) fn needs(look: &Look) -> Vec<Need> {
    let now = look.now;
    let live: Vec<&Arc<Ticket>> = ticket::live(&look.site).collect();
    let of = |fits: &dyn Fn(&Ticket) -> bool| live.iter().filter(|ticket| fits(ticket)).copied().collect::<Vec<_>>();
    let late = of(&|ticket| ticket.is_overdue(now));
    let again = of(&|ticket| ticket.wants_a_look(now));
    let drafts = of(&|ticket| ticket.state == TicketState::Draft);
    let waiting = of(&|ticket| ticket.state == TicketState::Waiting).len();
    let lines = [
        line(&late, Chip::stop("Late"), "ticket should be done by now", "tickets should be done by now", "/tickets?late=1"),
        line(&again, Chip::check("Again"), "ticket waited long enough", "tickets waited long enough", "/tickets?late=1"),
        line(
            &drafts,
            Chip::check("Draft"),
            "proposed ticket to confirm or drop",
            "proposed tickets to confirm or drop",
            "/tickets?state=draft",
        ),
    ];
    let waits = (waiting > 0).then(|| Need {
        chip: Chip::rest("Waiting"),
        title: format!("{} for a part, a person or a vendor", count(waiting, "ticket waits", "tickets wait")),
        detail: String::new(),
        href: "/tickets?state=waiting".to_owned(),
        action: "Show",
    });
    lines.into_iter().flatten().chain(ticket::to_take_back(&look.site).map(|ticket| loaner(look, ticket))).chain(waits).collect()
}

/// One of several, or one that is alone and leads to itself.
fn line(tickets: &[&Arc<Ticket>], chip: Chip, one: &str, many: &str, href: &str) -> Option<Need> {
    let first = tickets.first()?;
    let titles: Vec<&str> = tickets.iter().map(|ticket| ticket.title.as_str()).collect();
    let alone = tickets.len() == 1;
    Some(Need {
        chip,
        title: count(tickets.len(), one, many),
        detail: names(&titles),
        href: if alone { format!("/tickets/{}", first.id) } else { href.to_owned() },
        action: if alone { "Open ticket" } else { "Show" },
    })
}

fn loaner(look: &Look, ticket: &Arc<Ticket>) -> Need {
    let spare = ticket::stands_in(&look.site, ticket).and_then(|loaner| look.site.assets.get(&loaner.asset));
    let holder = spare.and_then(|spare| look.site.open_loan(spare.id)).map(|loan| look.person(&loan.person));
    let tag = spare.map_or_else(String::new, |spare| spare.tag.to_string());
    Need {
        chip: Chip::stop("Loaner"),
        title: format!("{tag} is to come back: ticket {} is over", ticket.id),
        detail: holder.map_or_else(String::new, |holder| format!("{holder} has it.")),
        href: format!("/tickets/{}", ticket.id),
        action: "Open ticket",
    }
}
