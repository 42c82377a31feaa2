//! Reminds borrowers by mail, and has machines judged that became overdue. What is sent is written down before and after, so that nothing is
//! sent twice, whenever the collector stops.

use crate::Collector;
use crate::keeper::ChangeError;
use crate::notify::{self, Undelivered};
use rollcall_site::event::Actor;
use rollcall_site::reminder::{self, Letter, Outcome};
use rollcall_site::{PersonId, alert, loan};
use serde::Serialize;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether somebody is to be reminded.
const TICK: Duration = Duration::from_secs(1);
/// Mails of one round: what is left comes with the next, a second later.
const MOST: usize = 20;

/// What a round of reminders came to, in borrowers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Mails that the server took.
    pub sent: usize,
    /// Mails that wait for the server.
    pub waiting: usize,
    /// Borrowers for whom the server takes no mail.
    pub refused: usize,
}

/// Reminds until `stop`; a mail that was on its way when the collector last stopped is not sent again.
pub async fn run(collector: Collector, stop: CancellationToken) {
    if let Err(error) = recover(&collector).await {
        tracing::error!(%error, "reminders that were being sent at the last stop could not be written down");
        return;
    }
    loop {
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(TICK) => {} }
        let done = async {
            judge_overdue(&collector).await?;
            round(&collector).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "reminders could not be written down; trying again");
        }
    }
}

async fn recover(collector: &Collector) -> Result<(), ChangeError> {
    if !reminder::was_cut(&collector.keeper.view()) {
        return Ok(());
    }
    let recover = |w: &mut rollcall_site::Working| {
        reminder::recover(w);
        Ok(())
    };
    collector.keeper.change(Actor::Rollcall, recover).await
}

/// A machine that reports in is told of once its loan becomes overdue.
async fn judge_overdue(collector: &Collector) -> Result<(), ChangeError> {
    let late = loan::to_judge(&collector.keeper.view(), collector.keeper.clock().now());
    if late.is_empty() {
        return Ok(());
    }
    let judge = move |w: &mut rollcall_site::Working| {
        late.into_iter().for_each(|asset| alert::judge(w, asset));
        Ok(())
    };
    collector.keeper.change(Actor::Rollcall, judge).await
}

/// Writes to the first borrowers who are to be reminded now.
///
/// # Errors
/// What is sent could not be written down.
pub async fn round(collector: &Collector) -> Result<Round, ChangeError> {
    let due: Vec<PersonId> = reminder::due(&collector.keeper.view(), collector.keeper.clock().now()).into_iter().take(MOST).collect();
    let mut round = Round::default();
    for person in due {
        let begun = collector.keeper.change(Actor::Rollcall, move |w| reminder::begin(w, &person)).await?;
        let Some(letter) = begun else { continue };
        let outcome = send(collector, &letter).await;
        match outcome {
            Outcome::Sent | Outcome::Unknown => round.sent += 1,
            Outcome::Later => round.waiting += 1,
            Outcome::Refused => round.refused += 1,
        }
        let loans = letter.loans;
        let finish = move |w: &mut rollcall_site::Working| {
            reminder::finish(w, &loans, outcome);
            Ok(())
        };
        collector.keeper.change(Actor::Rollcall, finish).await?;
    }
    Ok(round)
}

async fn send(collector: &Collector, letter: &Letter) -> Outcome {
    match notify::write_to_borrower(collector, letter).await {
        Ok(_) => Outcome::Sent,
        // Neither says to whom: addresses go into no log.
        Err(Undelivered::Later(_)) => {
            tracing::warn!(channel.name = letter.channel, "the mail server could not take a reminder; it is tried again");
            Outcome::Later
        }
        Err(Undelivered::Never(_)) => Outcome::Refused,
    }
}
