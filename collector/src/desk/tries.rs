//! How often somebody may try a password: five times in a quarter of an hour per account and address, and thirty per address.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Failed tries per account and address before it must wait.
const PER_ACCOUNT: usize = 5;
/// Failed tries per address, whatever the account.
const PER_ADDRESS: usize = 30;
/// How long a failed try counts.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Most pairs remembered; past it the oldest are forgotten, so that memory stays bounded.
const REMEMBERED: usize = 10_000;

type Failures = HashMap<(Option<String>, IpAddr), Vec<Timestamp>>;

/// The failed tries of late.
#[derive(Default)]
pub struct Tries(Mutex<Failures>);

impl Tries {
    /// Whether another try is due now; otherwise how many seconds to wait.
    ///
    /// # Errors
    /// Seconds until the next try.
    pub fn may(&self, account: &str, address: IpAddr, now: Timestamp) -> Result<(), i64> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |key: &(Option<String>, IpAddr), most: usize| {
            let recent: Vec<&Timestamp> = failures.get(key).into_iter().flatten().filter(|at| **at + WINDOW > now).collect();
            recent.len().checked_sub(most).and_then(|over| recent.get(over)).map(|at| (**at + WINDOW).duration_since(now).as_secs() + 1)
        };
        let longest = wait(&(Some(short(account)), address), PER_ACCOUNT).max(wait(&(None, address), PER_ADDRESS));
        longest.map_or(Ok(()), Err)
    }

    /// A try failed.
    pub fn failed(&self, account: &str, address: IpAddr, now: Timestamp) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            failures.retain(|_, times| times.last().is_some_and(|at| *at + WINDOW > now));
        }
        if failures.len() >= REMEMBERED
            && let Some(oldest) = failures.iter().min_by_key(|(_, times)| times.last().copied()).map(|(key, _)| key.clone())
        {
            failures.remove(&oldest);
        }
        for key in [(Some(short(account)), address), (None, address)] {
            let times = failures.entry(key).or_default();
            times.retain(|at| *at + WINDOW > now);
            times.push(now);
        }
    }

    /// Somebody signed in: their failed tries are forgiven.
    pub fn forgive(&self, account: &str, address: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(Some(short(account)), address));
    }
}

fn short(account: &str) -> String {
    account.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_close_the_account_for_that_address_only() {
        let (tries, here, there) = (Tries::default(), IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let now = Timestamp::from_second(1_000_000).unwrap();
        for _ in 0..5 {
            assert!(tries.may("ana", here, now).is_ok());
            tries.failed("ana", here, now);
        }
        assert_eq!(tries.may("ana", here, now), Err(901));
        assert!(tries.may("ana", there, now).is_ok());
        assert!(tries.may("bo", here, now).is_ok());
        assert!(tries.may("ana", here, now + SignedDuration::from_mins(16)).is_ok());
        tries.forgive("ana", here);
        assert!(tries.may("ana", here, now).is_ok());
    }

    #[test]
    fn an_address_that_tries_many_names_must_wait() {
        let (tries, here, now) = (Tries::default(), IpAddr::from([10, 0, 0, 1]), Timestamp::from_second(1_000_000).unwrap());
        for number in 0..30 {
            tries.failed(&format!("name{number}"), here, now);
        }
        assert!(tries.may("fresh", here, now).is_err());
    }
}
