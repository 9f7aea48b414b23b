//! Limits on guessing passwords, per account and per network address.
//!
//! Each is a leaky bucket: so many attempts at once, then one more per interval. An attempt
//! counts before the password is looked at, so that attempts side by side count too, and one
//! that succeeds is forgiven. An address from which an account was signed in before has a
//! bucket of its own for it, so that a stranger's guessing does not lock the owner out.
//! Invariant: memory is bounded, whatever the addresses and names tried.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{Auth, secret};

/// Wrong attempts at one account at once.
pub const ACCOUNT_ATTEMPTS_MAX: u32 = 10;
/// After that, one more per so long.
pub const ACCOUNT_ATTEMPT_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Wrong attempts from one address at once.
pub const ADDRESS_ATTEMPTS_MAX: u32 = 30;
/// After that, one more per so long.
pub const ADDRESS_ATTEMPT_EVERY: SignedDuration = SignedDuration::from_secs(20);
/// Buckets that are remembered; at the limit the emptiest are forgotten.
pub const BUCKETS_MAX: usize = 20_000;
/// Pairs of account and address that signed in; at the limit the oldest are forgotten.
pub const FAMILIAR_MAX: usize = 5_000;

/// The share of entries that is forgotten at the limit, so that it is reached seldom.
const FORGET_SHARE: usize = 8;

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// When the next attempt counts, in whole seconds, at least one.
    pub retry_after_secs: u64,
}

/// The attempts of late.
#[derive(Default)]
pub(super) struct Throttle {
    /// When each bucket will be empty.
    empty_at: BTreeMap<Key, Timestamp>,
    /// Since when an account is familiar at an address.
    familiar: BTreeMap<Key, Timestamp>,
}

/// A hash, because what people type is not kept.
type Key = [u8; 16];

#[derive(Clone, Copy)]
struct Bucket {
    key: Key,
    attempts_max: u32,
    every: SignedDuration,
}

impl Throttle {
    /// Counts an attempt, or says how long to wait; then it does not count.
    pub fn try_once(
        &mut self,
        account: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let buckets = self.buckets(account, address);
        let wait = buckets.iter().map(|bucket| self.wait(bucket, now)).max();
        if let Some(wait) = wait.filter(|wait| wait.is_positive()) {
            let secs = wait.as_millis().div_euclid(1000) + 1;
            let retry_after_secs = u64::try_from(secs).unwrap_or(1);
            return Err(Throttled { retry_after_secs });
        }
        for bucket in buckets {
            let from = self
                .empty_at
                .get(&bucket.key)
                .map_or(now, |at| now.max(*at));
            self.empty_at.insert(bucket.key, later(from, bucket.every));
        }
        self.forget(now);
        Ok(())
    }

    /// Forgives the attempts at an account by any of its names, and this one of the address.
    pub fn succeeded(&mut self, names: &[&str], address: Option<IpAddr>, now: Timestamp) {
        for name in names {
            let [account, _] = self.buckets(name, address);
            self.empty_at.remove(&account.key);
            self.familiar.insert(pair(name, address), now);
        }
        let [_, bucket] = self.buckets("", address);
        if let Some(at) = self.empty_at.get_mut(&bucket.key) {
            *at = at.checked_sub(bucket.every).unwrap_or(Timestamp::MIN);
        }
        if self.familiar.len() > FAMILIAR_MAX {
            forget_lowest(&mut self.familiar);
        }
    }

    fn buckets(&self, account: &str, address: Option<IpAddr>) -> [Bucket; 2] {
        let pair = pair(account, address);
        let account = if self.familiar.contains_key(&pair) {
            pair
        } else {
            key("account", account)
        };
        [
            Bucket {
                key: account,
                attempts_max: ACCOUNT_ATTEMPTS_MAX,
                every: ACCOUNT_ATTEMPT_EVERY,
            },
            Bucket {
                key: key("address", &network(address)),
                attempts_max: ADDRESS_ATTEMPTS_MAX,
                every: ADDRESS_ATTEMPT_EVERY,
            },
        ]
    }

    /// How long until a bucket has room for one more.
    fn wait(&self, bucket: &Bucket, now: Timestamp) -> SignedDuration {
        let Some(empty_at) = self.empty_at.get(&bucket.key) else {
            return SignedDuration::ZERO;
        };
        let attempts_max = i32::try_from(bucket.attempts_max).unwrap_or(i32::MAX);
        let room_for_one = bucket.every * (attempts_max - 1);
        empty_at.duration_since(now) - room_for_one
    }

    fn forget(&mut self, now: Timestamp) {
        if self.empty_at.len() <= BUCKETS_MAX {
            return;
        }
        self.empty_at.retain(|_, empty_at| *empty_at > now);
        if self.empty_at.len() > BUCKETS_MAX {
            tracing::warn!(
                buckets = BUCKETS_MAX,
                "passwords are tried from very many places"
            );
            forget_lowest(&mut self.empty_at);
        }
    }
}

impl Auth {
    pub(super) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        // Counting is all that is done under the lock; a panic leaves nothing half done.
        self.inner
            .throttle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn key(kind: &str, value: &str) -> Key {
    let mut key = [0; 16];
    let hash = secret::hash(&format!("{kind}\0{value}"));
    for (to, from) in key.iter_mut().zip(hash) {
        *to = from;
    }
    key
}

fn pair(account: &str, address: Option<IpAddr>) -> Key {
    key("pair", &format!("{}\0{account}", network(address)))
}

/// Somebody with IPv6 has a whole /64, and counts as one address.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn forget_lowest(entries: &mut BTreeMap<Key, Timestamp>) {
    let mut by_time: Vec<(Timestamp, Key)> = entries.iter().map(|(key, at)| (*at, *key)).collect();
    by_time.sort_unstable();
    for (_, key) in by_time.iter().take(entries.len() / FORGET_SHARE + 1) {
        entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-03-01T03:00:00Z".parse().unwrap()
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_account_takes_so_many_attempts_and_then_one_per_interval() {
        let mut throttle = Throttle::default();
        let mut tried = 0;
        // From many places, so that only the account's limit counts.
        let mut attempt = |now| {
            tried += 1;
            throttle.try_once("ada", ip(&format!("192.0.2.{}", tried % 200)), now)
        };
        for _ in 0..ACCOUNT_ATTEMPTS_MAX {
            assert_eq!(attempt(start()), Ok(()));
        }
        let refusal = attempt(start()).unwrap_err();
        let every = ACCOUNT_ATTEMPT_EVERY.as_secs().unsigned_abs();
        assert_eq!(refusal.retry_after_secs, every + 1);
        let almost = start() + ACCOUNT_ATTEMPT_EVERY - SignedDuration::from_millis(1);
        assert_eq!(attempt(almost).unwrap_err().retry_after_secs, 1);
        let then = start() + ACCOUNT_ATTEMPT_EVERY;
        assert_eq!(attempt(then), Ok(()));
        assert!(attempt(then).is_err());
    }

    #[test]
    fn an_address_takes_so_many_attempts_whatever_the_account() {
        let mut throttle = Throttle::default();
        for n in 0..ADDRESS_ATTEMPTS_MAX {
            let address = ip(&format!("2001:db8::{n:x}"));
            assert_eq!(
                throttle.try_once(&format!("u{n}"), address, start()),
                Ok(())
            );
        }
        let same_network = ip("2001:db8::ffff:1");
        assert!(throttle.try_once("ada", same_network, start()).is_err());
        assert!(
            throttle
                .try_once("ada", ip("2001:db8:0:1::1"), start())
                .is_ok()
        );
        let mapped = ip("::ffff:192.0.2.1");
        assert_eq!(network(mapped), network(ip("192.0.2.1")));
    }

    #[test]
    fn success_is_forgiven() {
        let mut throttle = Throttle::default();
        for _ in 0..1000 {
            assert_eq!(throttle.try_once("ada", ip("192.0.2.1"), start()), Ok(()));
            throttle.succeeded(&["ada"], ip("192.0.2.1"), start());
        }
    }

    #[test]
    fn a_stranger_cannot_lock_the_owner_out() {
        let mut throttle = Throttle::default();
        let (home, stranger) = (ip("192.0.2.1"), ip("198.51.100.1"));
        throttle.try_once("ada", home, start()).unwrap();
        throttle.succeeded(&["ada"], home, start());
        while throttle.try_once("ada", stranger, start()).is_ok() {}
        assert_eq!(throttle.try_once("ada", home, start()), Ok(()));
        // But the owner's own address is limited as well.
        while throttle.try_once("ada", home, start()).is_ok() {}
        assert!(throttle.try_once("ada", home, start()).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..BUCKETS_MAX + 10 {
            let address = IpAddr::from([10, (n >> 16) as u8, (n >> 8) as u8, n as u8]);
            throttle
                .try_once(&format!("u{n}"), Some(address), start())
                .unwrap();
            assert!(throttle.empty_at.len() <= BUCKETS_MAX);
        }
        for n in 0..FAMILIAR_MAX + 10 {
            throttle.succeeded(&[&format!("u{n}")], None, start());
            assert!(throttle.familiar.len() <= FAMILIAR_MAX);
        }
    }
}
