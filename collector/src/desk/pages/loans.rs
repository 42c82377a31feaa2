//! The loan desk: one scan box; a tag gives a verdict, a card lends, a tag that is out comes back.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Undo;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use jiff::Timestamp;
use rollcall_site::person::Person;
use rollcall_site::verdict::{self, Check, Reason, Verdict};
use rollcall_site::view::{self, Ended, LoanRow};
use rollcall_site::{PersonId, Tag};
use serde::Deserialize;
use std::sync::Arc;

/// Days that a loan lasts unless something else is chosen.
const USUAL_DAYS: i64 = 14;
/// Most lines of "at this desk today".
const MOST_TODAY: usize = 12;
/// Most loans in the list of what is out.
const MOST_OUT: usize = 200;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    pub tag: String,
    pub person: String,
    pub due: String,
}

#[derive(Template)]
#[template(path = "loans.html")]
struct LoanDesk {
    frame: Frame,
    look: Look,
    check: Option<Check>,
    loan: Option<LoanRow>,
    person: Option<Arc<Person>>,
    theirs: Vec<LoanRow>,
    due: String,
    today: Vec<Entry>,
    out: Vec<LoanRow>,
    out_all: usize,
}

/// One line of "at this desk today".
struct Entry {
    at: Timestamp,
    chip: Chip,
    text: String,
    undo: Option<Undo>,
}

/// `GET /loans`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let loans = desk.apart(move |desk| LoanDesk::of(desk, &visitor, &ask));
    page(&loans.await?)
}

impl LoanDesk {
    fn of(desk: &Desk, visitor: &Visitor, ask: &Ask) -> Result<Self, Trouble> {
        let look = desk.look();
        let person = PersonId::parse(&ask.person).ok().and_then(|id| look.site.persons.get(&id).cloned());
        let check = match Tag::parse(&ask.tag) {
            Ok(tag) => Some(verdict::check(&look.site, &look.heard, &tag, person.as_ref().map(|person| &person.id), look.now)?),
            Err(_) => None,
        };
        let mut all = view::loans(&look.site, Ended::Shown, look.now);
        let today = entries(&look, &all);
        all.retain(|loan| loan.in_at.is_none());
        all.sort_by_key(|loan| (!loan.overdue, loan.due.unwrap_or(Timestamp::MAX)));
        let of_person = |loan: &&LoanRow| person.as_ref().is_some_and(|person| person.id == loan.person);
        let theirs = all.iter().filter(of_person).cloned().collect();
        let loan = check.as_ref().and_then(|check| all.iter().find(|loan| loan.tag.as_ref() == Some(&check.tag)).cloned());
        let out_all = all.len();
        all.truncate(MOST_OUT);
        let frame = Frame::of(desk, visitor, &look, Tab::Loans);
        let due = day(&ask.due).map_or_else(|| look.day_after(USUAL_DAYS), |day| day.to_string());
        Ok(Self { frame, check, loan, person, theirs, due, today, out: all, out_all, look })
    }

    fn live(&self) -> &'static str {
        "loan asset alert device section"
    }

    fn tone(&self, check: &Check) -> &'static str {
        words::verdict(check.verdict, "").tone
    }

    fn word(&self, check: &Check) -> &'static str {
        words::verdict_word(check.verdict)
    }

    fn reason(&self, reason: &Reason) -> Chip {
        words::verdict(reason.verdict, name(reason.code))
    }

    fn is_stop(&self, check: &Check) -> bool {
        check.verdict == Verdict::Stop
    }

    fn device(&self, tag: &Tag) -> String {
        address::device(tag)
    }

    fn forget(&self, person: &Person) -> String {
        address::forget(&person.id)
    }

    fn last_due(&self) -> String {
        self.look.day_after(366)
    }

    fn first_due(&self) -> String {
        self.look.day_after(0)
    }
}

/// A day as a form writes it.
pub(super) fn day(text: &str) -> Option<jiff::civil::Date> {
    text.parse().ok()
}

/// A reason's code as a word.
fn name(code: &str) -> &str {
    match code {
        "alerts" => "Alerts",
        "baseline" => "Software",
        "battery" => "Battery",
        "borrower" => "Borrower",
        "device" => "Agent",
        "loan" => "Loan",
        "seen" => "Seen",
        "status" => "Status",
        other => other,
    }
}

/// What was lent and taken back today, newest first; the last of each asset can be taken back.
fn entries(look: &Look, loans: &[LoanRow]) -> Vec<Entry> {
    let today = look.today();
    let is_today = |at: Timestamp| look.zoned(at).date() == today;
    let mut entries = Vec::new();
    for loan in loans {
        let Some(tag) = &loan.tag else { continue };
        let who = look.person(&loan.person);
        if is_today(loan.out_at) {
            let undo = loan.in_at.is_none().then(|| Undo { action: "/loans/in".to_owned(), fields: vec![("tag", tag.to_string())] });
            entries.push(Entry { at: loan.out_at, chip: Chip::away("Lent"), text: format!("{tag} to {who}"), undo });
        }
        if let Some(at) = loan.in_at.filter(|at| is_today(*at)) {
            let free = look.site.asset_by_tag(tag).is_some_and(|asset| look.site.open_loan(asset.id).is_none());
            let last = !loans.iter().any(|other| other.tag == loan.tag && other.id > loan.id);
            let undo = (free && last).then(|| lend_again(look, tag, &loan.person, loan.due));
            entries.push(Entry { at, chip: Chip::go("Back"), text: format!("{tag} from {who}"), undo });
        }
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(MOST_TODAY);
    entries
}

/// The form that lends again what came back by mistake.
pub(super) fn lend_again(look: &Look, tag: &Tag, person: &PersonId, due: Option<Timestamp>) -> Undo {
    // What was overdue before is due at the end of today.
    let due = due.map(|due| look.zoned(due).date().max(look.today()).to_string()).unwrap_or_default();
    let reason = "taken back by mistake".to_owned();
    Undo {
        action: "/loans/out".to_owned(),
        fields: vec![("tag", tag.to_string()), ("person", person.to_string()), ("due", due), ("reason", reason)],
    }
}
