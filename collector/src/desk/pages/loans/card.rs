//! The card with the verdict of a scanned device, and why.

use crate::desk::address;
use crate::desk::look::Look;
use crate::desk::trouble::Trouble;
use crate::desk::words::{self, Chip};
use rollcall_site::Tag;
use rollcall_site::asset::AssetStatus;
use rollcall_site::loan::Due;
use rollcall_site::person::Person;
use rollcall_site::verdict::{self, Check, Question, REASONS, Reason, Verdict};
use rollcall_site::view::{self, LoanRow};
use std::sync::Arc;

/// What is said of a scanned device.
pub(super) struct Card {
    /// The verdict with its reasons.
    pub check: Check,
    /// Its open loan.
    pub loan: Option<LoanRow>,
    /// Who is to have it.
    pub person: Option<Arc<Person>>,
}

impl Card {
    /// The card of a tag that is to be lent until then.
    pub fn of(look: &Look, tag: &Tag, person: Option<Arc<Person>>, due: Due) -> Result<Self, Trouble> {
        let question = Question { tag, person: person.as_ref().map(|person| &person.id), due, without: &[] };
        let check = verdict::ask(&look.site, &look.heard, &question, look.now)?;
        let loan = look.site.open_loan(check.asset).map(|loan| view::loan_row(&look.site, loan, look.now));
        Ok(Self { check, loan, person })
    }

    /// The topics that may turn it.
    pub fn live(&self) -> &'static str {
        "again loan asset alert device section ticket verdict"
    }

    pub fn tone(&self) -> &'static str {
        match self.comes_back() {
            Some(loan) if loan.overdue => "check",
            Some(_) => "away",
            None => words::verdict(self.check.verdict, "").tone,
        }
    }

    /// The verdict; what is out and for nobody else comes back, so that STOP would only frighten.
    pub fn word(&self) -> &'static str {
        if self.comes_back().is_some() { "OUT" } else { words::verdict_word(self.check.verdict) }
    }

    /// The loan from which it probably comes back now: it is scanned, and for nobody. What is lost is another matter.
    fn comes_back(&self) -> Option<&LoanRow> {
        self.loan.as_ref().filter(|loan| self.person.is_none() && loan.gone.is_none())
    }

    pub fn reason(&self, reason: &Reason) -> Chip {
        words::verdict(reason.verdict, name(reason.code))
    }

    /// Whether the borrower is still to accept the agreement of this school year.
    pub fn wants_agreement(&self) -> bool {
        self.loan.is_none() && self.check.reasons.iter().any(|reason| reason.code == "agreement" && reason.verdict != Verdict::Go)
    }

    /// Whether it is lost or stolen.
    pub fn is_missing(&self, look: &Look) -> bool {
        let asset = look.site.assets.get(&self.check.asset);
        asset.is_some_and(|asset| matches!(asset.status, AssetStatus::Lost | AssetStatus::Stolen))
    }

    pub fn is_stop(&self) -> bool {
        self.check.verdict == Verdict::Stop
    }

    /// Whether it is to be waited for, or asked: there is an agent that would tell more.
    pub fn may_wait(&self) -> bool {
        self.loan.is_none() && self.check.awaits.is_some()
    }

    /// The page that waits for it from now on.
    pub fn wait(&self, look: &Look) -> String {
        let (person, begun) = (self.person.as_ref().map_or("", |person| person.id.as_str()), look.now.as_second().to_string());
        address::query("/loans", &[("tag", self.check.tag.as_str()), ("person", person), ("boot", &begun)])
    }

    /// The page of whoever has it.
    pub fn borrower(&self, loan: &LoanRow) -> String {
        address::profile(&loan.person)
    }

    /// A mail to whoever has it, begun in the words of a reminder; nothing where no address is known.
    pub fn letter(&self, look: &Look, loan: &LoanRow) -> Option<String> {
        let to = &look.site.persons.get(&loan.person)?.mail;
        let (user, place) = to.split_once('@')?;
        let due = look.zoned(loan.due?).strftime("%A, %-d %B").to_string();
        let subject = format!("Overdue: please bring back {}", self.check.tag);
        let body = format!(
            "Hello {},

{} ({}) was due back on {due}. Please bring it back.
",
            loan.person_name, self.check.title, self.check.tag
        );
        let path = format!("mailto:{}@{}", address::encoded(user), address::encoded(place));
        Some(address::query(&path, &[("subject", &subject), ("body", &body)]))
    }

    pub fn device(&self) -> String {
        address::device(&self.check.tag)
    }
}

/// A reason's code as a word.
fn name(code: &str) -> &str {
    REASONS.iter().find(|concern| concern.code == code).map_or(code, |concern| concern.word)
}
