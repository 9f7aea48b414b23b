//! When a check is due: a fixed grid per check, shifted by its own hash.
//!
//! It exists so that ten thousand checks do not start together, and so that a slow answer
//! does not push the next start. Invariant: a slot depends only on the seed, the check's id,
//! its interval and the grid's origin, never on how earlier runs went.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// The planned starts of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    first: Instant,
    every: Duration,
}

impl Grid {
    pub fn new(origin: Instant, seed: u64, check: &str, every: Duration) -> Self {
        Self {
            first: origin + stagger(seed, check, every),
            every,
        }
    }

    /// The first slot at or after a time.
    pub fn at_or_after(&self, time: Instant) -> Instant {
        let passed = time.saturating_duration_since(self.first).as_nanos();
        let slots = passed.div_ceil(self.every.as_nanos());
        self.slot(slots)
    }

    /// The first slot after a time.
    pub fn after(&self, time: Instant) -> Instant {
        if time < self.first {
            return self.first;
        }
        let passed = time.duration_since(self.first).as_nanos();
        self.slot(passed / self.every.as_nanos() + 1)
    }

    /// How many slots lie after `from` and before `to`.
    pub fn between(&self, from: Instant, to: Instant) -> u32 {
        let between = to.saturating_duration_since(from).as_nanos();
        let slots = between.div_ceil(self.every.as_nanos()).saturating_sub(1);
        u32::try_from(slots).unwrap_or(u32::MAX)
    }

    fn slot(&self, number: u128) -> Instant {
        let offset = self.every.as_nanos() * number;
        self.first + Duration::from_nanos(u64::try_from(offset).unwrap_or(u64::MAX))
    }
}

/// The share of the interval by which a check is shifted.
fn stagger(seed: u64, check: &str, every: Duration) -> Duration {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(check.as_bytes());
    let hash = hash.finalize();
    let first: [u8; 8] = std::array::from_fn(|n| hash[n]);
    let every = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).max(1);
    Duration::from_nanos(u64::from_be_bytes(first) % every)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn slots_follow_the_grid_whatever_the_time_of_asking() {
        let origin = Instant::now();
        let grid = Grid::new(origin, 1, "home", MINUTE);
        let first = grid.at_or_after(origin);
        assert!(first - origin < MINUTE);
        assert_eq!(grid.after(origin - MINUTE), first);
        assert_eq!(grid.at_or_after(first), first);
        assert_eq!(grid.after(first), first + MINUTE);
        let late = first + MINUTE + Duration::from_secs(7);
        assert_eq!(grid.at_or_after(late), first + 2 * MINUTE);
        assert_eq!(grid.after(late), first + 2 * MINUTE);
        assert_eq!(grid.between(first, first + MINUTE), 0);
        assert_eq!(grid.between(first, first + 4 * MINUTE), 3);
    }

    #[test]
    fn the_stagger_is_stable_and_spread() {
        assert_eq!(stagger(7, "a", MINUTE), stagger(7, "a", MINUTE));
        assert_ne!(stagger(7, "a", MINUTE), stagger(8, "a", MINUTE));
        let mut tenths = [0_u32; 10];
        for n in 0..1000 {
            let share = stagger(7, &format!("check-{n}"), MINUTE).as_millis() / 6_000;
            tenths[usize::try_from(share).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|&n| (60..140).contains(&n)), "{tenths:?}");
    }
}
