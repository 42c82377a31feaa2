//! What should be back by now, and who is reminded.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::State;
use rollcall_site::loan::{self, policy};
use rollcall_site::view::{self, LoanRow};
use rollcall_site::{LoanId, reminder};

/// Most loans on the page.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "loans/overdue.html")]
struct Overdue {
    frame: Frame,
    look: Look,
    rows: Vec<LoanRow>,
    all: usize,
    /// The channel by which borrowers are reminded.
    channel: Option<String>,
    /// Borrowers with something overdue and no address.
    unreached: usize,
}

impl Overdue {
    /// How often its borrower was reminded after it was due.
    fn reminded(&self, id: &LoanId) -> String {
        let sent = self.look.site.reminders.get(id).map_or(0, |reminder| reminder.sent.len());
        if sent == 0 { "not yet".to_owned() } else { rollcall_site::words::count(sent, "time", "times") }
    }
}

/// `GET /loans/overdue`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let overdue = desk.apart(move |desk| {
        let look = desk.look();
        let all = loan::overdue(&look.site, look.now).count();
        let rows = loan::overdue(&look.site, look.now).take(MOST).map(|loan| view::loan_row(&look.site, loan, look.now)).collect();
        let channel = policy::of(&look.site).reminders.channel.clone();
        let unreached = reminder::without_address(&look.site, look.now).len();
        Ok(Overdue { frame: Frame::of(desk, &visitor, &look, Tab::Loans), rows, all, channel, unreached, look })
    });
    page(&overdue.await?)
}
