//! Tells a library system one thing that it is owed, and asks first where nobody knows whether it was told already.

use super::answer::{Answer, Done, Item, ItemState, Patron, Said, Status};
use super::request::Request;
use super::session::{Failure, Session};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rollcall_site::library::{Mirroring, Outcome, Step};

/// A library system that can be told things.
pub(super) struct Listener {
    /// The conversation.
    pub session: Session,
    /// What it said of itself.
    pub status: Status,
    /// The site's own time.
    pub zone: TimeZone,
}

/// What is known of a change before it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// It was never told.
    Untold,
    /// It may have been told: the library system is asked first.
    Doubtful,
}

impl Listener {
    /// Tells it, and gives what that came to.
    ///
    /// # Errors
    /// [`Failure`]: the conversation is over.
    pub async fn tell(&mut self, owed: &Mirroring, before: Before, now: Timestamp) -> Result<Outcome, Failure> {
        if before == Before::Doubtful
            && let Some(outcome) = self.known(owed, now).await?
        {
            return Ok(outcome);
        }
        let (patron, item, due) = (owed.person.as_str(), owed.item.as_str(), owed.due);
        let request = match owed.step {
            Step::Out => Request::Checkout { patron, item, at: owed.at, due },
            Step::In => Request::Checkin { item, at: owed.at },
            Step::Renew if self.status.knows_renew == Said::Yes => Request::Renew { patron, item, due },
            Step::Renew => Request::RenewByCheckout { patron, item, due },
        };
        match self.session.ask(&request, now).await? {
            Answer::Done(Done { ok: Said::Yes, due, .. }) => Ok(Outcome::Taken(self.other_day(owed, due))),
            // Somebody at the library may have taken it back before.
            Answer::Done(_) if owed.step == Step::In && self.is_in(item, now).await? => {
                Ok(Outcome::Taken("it had it back already".to_owned()))
            }
            Answer::Done(Done { message, .. }) if message.is_empty() => Ok(Outcome::Refused("it gives no reason".to_owned())),
            Answer::Done(Done { message, .. }) => Ok(Outcome::Refused(message)),
            _ => Err(Failure::Unknown("it answered something else".to_owned())),
        }
    }

    /// What became of a change that may have been told; `None`: it was not, so that it is to be told.
    async fn known(&mut self, owed: &Mirroring, now: Timestamp) -> Result<Option<Outcome>, Failure> {
        let already = |text: &str| Ok(Some(Outcome::Taken(text.to_owned())));
        if self.status.knows_item == Said::No {
            return Ok(None);
        }
        let Item { state, due, .. } = self.item(&owed.item, now).await?;
        match (owed.step, state) {
            (Step::Out, ItemState::Out) => {
                let patron = self.patron(owed.person.as_str(), now).await?;
                // One that lists nothing says only how many they have.
                if patron.charged.contains(&owed.item) || (patron.charged.is_empty() && patron.count > 0) {
                    return already("it had it already");
                }
                let text = format!("it has {} as lent to somebody else", owed.item);
                Ok(Some(Outcome::Refused(text)))
            }
            (Step::In, ItemState::In) => already("it had it already"),
            (Step::Renew, ItemState::Out) if due.is_some() && due == self.day(owed.due) => already("it had it already"),
            _ => Ok(None),
        }
    }

    async fn is_in(&mut self, item: &str, now: Timestamp) -> Result<bool, Failure> {
        Ok(self.status.knows_item == Said::Yes && self.item(item, now).await?.state == ItemState::In)
    }

    /// How an item stands there.
    pub async fn item(&mut self, item: &str, now: Timestamp) -> Result<Item, Failure> {
        match self.session.ask(&Request::Item { item }, now).await? {
            Answer::Item(item) => Ok(item),
            _ => Err(Failure::Nothing("it does not say how an item stands".to_owned())),
        }
    }

    /// How a patron stands there.
    pub async fn patron(&mut self, patron: &str, now: Timestamp) -> Result<Patron, Failure> {
        match self.session.ask(&Request::Patron { patron }, now).await? {
            Answer::Patron(patron) => Ok(*patron),
            _ => Err(Failure::Nothing("it does not say how a patron stands".to_owned())),
        }
    }

    /// Its own due date, where that is another day than ours.
    fn other_day(&self, owed: &Mirroring, due: Option<Date>) -> String {
        let ours = self.day(owed.due);
        match (owed.step, due) {
            (Step::Out | Step::Renew, Some(theirs)) if Some(theirs) != ours => format!("due there on {theirs}"),
            _ => String::new(),
        }
    }

    fn day(&self, at: Option<Timestamp>) -> Option<Date> {
        at.map(|at| at.to_zoned_datetime(self.zone.clone()).date())
    }
}
