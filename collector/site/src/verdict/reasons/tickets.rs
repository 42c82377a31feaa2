//! Work that is to be done on it.

use super::{Concern, Said};
use crate::ticket::{self, Priority, Ticket, TicketState};
use crate::verdict::Colour;
use crate::verdict::subject::Subject;
use std::sync::Arc;

pub(super) const OPEN: Concern =
    Concern { code: "tickets", word: "Tickets", title: "a ticket is open", usual: Colour::Check, least: Colour::Off, check: open };
pub(super) const PRESSING: Concern = Concern {
    code: "tickets-pressing",
    word: "Tickets",
    title: "a ticket of high priority is open",
    usual: Colour::Stop,
    least: Colour::Off,
    check: pressing,
};

fn open(subject: &Subject<'_>) -> Vec<Said> {
    of(subject, |ticket| ticket.priority < Priority::High)
}

fn pressing(subject: &Subject<'_>) -> Vec<Said> {
    of(subject, |ticket| ticket.priority >= Priority::High)
}

fn of(subject: &Subject<'_>, which: impl Fn(&Ticket) -> bool) -> Vec<Said> {
    ticket::open_of(subject.site(), subject.asset().id).filter(|ticket| which(ticket)).map(said).collect()
}

fn said(ticket: &Arc<Ticket>) -> Said {
    let (id, title) = (ticket.id, &ticket.title);
    match ticket.state {
        TicketState::Draft => Said::wrong(format!("ticket {id} is proposed: {title}"), "Look at it, then confirm or drop the ticket."),
        _ => Said::wrong(format!("ticket {id} is open: {title}"), "Lend another one, or finish the ticket first."),
    }
}
