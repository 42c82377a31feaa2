//! The slow round: rules that depend on time alone need every asset judged now and then.

use crate::agents::door::Door;
use crate::keeper::ChangeError;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::event::Actor;
use rollcall_site::{AssetId, Working, alert, round};

/// Every asset is judged again within this time.
const ROUND: SignedDuration = SignedDuration::from_hours(1);
/// A small site is judged this often: that costs nothing.
const OFTEN: SignedDuration = SignedDuration::from_mins(10);
/// Assets looked at in one go, a few milliseconds: nobody waits for the round.
const BATCH: usize = 256;

/// Where the round is.
pub(super) struct Rounds {
    after: Option<AssetId>,
    went: Timestamp,
}

impl Rounds {
    /// A round that begins soon after `now`.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { after: None, went: now }
    }

    /// Goes on by one batch if it is time. What would not change is only looked at, on a view; the writer hears of the rest alone.
    pub(super) async fn go(&mut self, door: &Door, now: Timestamp) -> Result<(), ChangeError> {
        let view = door.view();
        if now.duration_since(self.went).abs() < pace(view.assets.len()) {
            return Ok(());
        }
        self.went = now;
        let batch = round::next(&view, self.after, BATCH);
        self.after = batch.last().copied().filter(|_| batch.len() == BATCH);
        let look = move || round::stale(&view, &batch, now);
        let Ok(stale) = tokio::task::spawn_blocking(look).await else { return Ok(()) };
        if stale.is_empty() {
            return Ok(());
        }
        let judge = move |w: &mut Working| {
            stale.into_iter().for_each(|asset| alert::judge(w, asset));
            Ok(())
        };
        door.collector.keeper.change(Actor::Rollcall, judge).await
    }
}

/// Time between two batches of a site with so many assets.
fn pace(assets: usize) -> SignedDuration {
    let batches = i32::try_from(assets / BATCH + 1).unwrap_or(i32::MAX);
    (ROUND / batches).min(OFTEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_takes_an_hour_at_most_however_many_assets_there_are() {
        for assets in [0, 1, 255, 256, 5_000, 100_000] {
            let batches = i32::try_from(assets / BATCH + 1).unwrap();
            assert!(pace(assets) * batches <= ROUND, "{assets}");
        }
        assert_eq!(pace(1), OFTEN);
        assert!(pace(100_000) > SignedDuration::from_secs(5), "and leaves the writer alone between its batches");
    }
}
