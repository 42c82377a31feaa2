//! How often somebody may try a password: five times in a quarter of an hour per account and address, and thirty per address.

use crate::agents::listen::neighbourhood;
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
    /// Takes a try before the password is looked at: it counts as failed until [`Tries::forgive`] or [`Tries::give_back`],
    /// so that whoever asks many times at once has no more of them.
    ///
    /// # Errors
    /// Seconds until the next try.
    pub fn take(&self, account: &str, address: IpAddr, now: Timestamp) -> Result<(), i64> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(account, address);
        let wait = |key: &(Option<String>, IpAddr), most: usize| {
            let recent: Vec<&Timestamp> = failures.get(key).into_iter().flatten().filter(|at| **at + WINDOW > now).collect();
            recent.len().checked_sub(most).and_then(|over| recent.get(over)).map(|at| (**at + WINDOW).duration_since(now).as_secs() + 1)
        };
        if let Some(longest) = keys.iter().zip([PER_ACCOUNT, PER_ADDRESS]).filter_map(|(key, most)| wait(key, most)).max() {
            return Err(longest);
        }
        if failures.len() >= REMEMBERED {
            failures.retain(|_, times| times.last().is_some_and(|at| *at + WINDOW > now));
        }
        if failures.len() >= REMEMBERED
            && let Some(oldest) = failures.iter().min_by_key(|(_, times)| times.last().copied()).map(|(key, _)| key.clone())
        {
            failures.remove(&oldest);
        }
        for key in keys {
            let times = failures.entry(key).or_default();
            times.retain(|at| *at + WINDOW > now);
            times.push(now);
        }
        Ok(())
    }

    /// The password was not looked at: the try is given back.
    pub fn give_back(&self, account: &str, address: IpAddr) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys(account, address) {
            drop_last(&mut failures, &key);
        }
    }

    /// Somebody signed in: their failed tries are forgiven.
    pub fn forgive(&self, account: &str, address: IpAddr) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [account, address] = keys(account, address);
        failures.remove(&account);
        drop_last(&mut failures, &address);
    }

    /// The account has a new password: nobody's failed tries count any more.
    pub fn clear(&self, account: &str) {
        let account = Some(short(account));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(name, _), _| *name != account);
    }
}

/// What a try counts for: the account from this address, and the address. With IPv6 a machine has its whole /64.
fn keys(account: &str, address: IpAddr) -> [(Option<String>, IpAddr); 2] {
    let address = neighbourhood(address);
    [(Some(short(account)), address), (None, address)]
}

fn drop_last(failures: &mut Failures, key: &(Option<String>, IpAddr)) {
    if let Some(times) = failures.get_mut(key) {
        times.pop();
        if times.is_empty() {
            failures.remove(key);
        }
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
            assert_eq!(tries.take("ana", here, now), Ok(()));
        }
        assert_eq!(tries.take("ana", here, now), Err(901));
        assert!(tries.take("ana", there, now).is_ok());
        assert!(tries.take("bo", here, now).is_ok());
        assert!(tries.take("ana", here, now + SignedDuration::from_mins(16)).is_ok());
        tries.forgive("ana", here);
        assert!(tries.take("ana", here, now).is_ok());
        while tries.take("ana", here, now).is_ok() {}
        tries.clear("ana");
        assert!(tries.take("ana", here, now).is_ok());
    }

    #[test]
    fn an_address_that_tries_many_names_must_wait() {
        let (tries, here, now) = (Tries::default(), IpAddr::from([10, 0, 0, 1]), Timestamp::from_second(1_000_000).unwrap());
        for number in 0..30 {
            assert!(tries.take(&format!("name{number}"), here, now).is_ok());
        }
        assert!(tries.take("fresh", here, now).is_err());
    }

    #[test]
    fn a_try_that_succeeds_or_is_given_back_costs_nothing() {
        let (tries, here, now) = (Tries::default(), IpAddr::from([10, 0, 0, 1]), Timestamp::from_second(1_000_000).unwrap());
        for _ in 0..100 {
            assert!(tries.take("ana", here, now).is_ok());
            tries.forgive("ana", here);
            assert!(tries.take("ana", here, now).is_ok());
            tries.give_back("ana", here);
        }
        assert!(tries.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_guesser_with_many_addresses_of_one_network_is_one() {
        let (tries, now) = (Tries::default(), Timestamp::from_second(1_000_000).unwrap());
        let take = |host: u16| tries.take("ana", IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, host]), now);
        assert!((0..5).all(|host| take(host).is_ok()) && take(5).is_err());
    }
}
