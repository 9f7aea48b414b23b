//! The one clock of a server: monotonic, counting sleep, never going back.
//!
//! It begins at the wall clock's reading and then follows the time since boot, suspend
//! included, so that a corrected or jumping wall clock cannot skip or repeat a deadline. A
//! lasting difference is reported, and taken over forwards only.

use std::sync::atomic::{AtomicI64, Ordering};

use gonogo_engine::Time;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// A wall clock that differs by more than this is reported.
pub const DIFFERENCE_REPORTED_MS: i64 = 60_000;

/// The server's clock.
#[derive(Debug)]
pub struct Clock {
    /// What to add to the milliseconds since boot.
    offset_ms: AtomicI64,
    latest_ms: AtomicI64,
    started: Time,
}

impl Clock {
    /// Starts at the wall clock's time, or at `at_least` where that is later.
    pub fn start(at_least: Time) -> Self {
        let wall = wall_ms().max(at_least.as_millis());
        Self {
            offset_ms: AtomicI64::new(wall - boot_ms()),
            latest_ms: AtomicI64::new(wall),
            started: Time::from_millis(wall),
        }
    }

    /// When it was started.
    pub fn started(&self) -> Time {
        self.started
    }

    /// The time. Never earlier than it was before.
    pub fn now(&self) -> Time {
        let now = boot_ms() + self.offset_ms.load(Ordering::Acquire);
        Time::from_millis(self.latest_ms.fetch_max(now, Ordering::AcqRel).max(now))
    }

    /// How far the wall clock is ahead of this one, in milliseconds; negative when behind.
    pub fn wall_ahead_ms(&self) -> i64 {
        wall_ms() - (boot_ms() + self.offset_ms.load(Ordering::Acquire))
    }

    /// Takes a confirmed difference over. Backwards this clock stands still until the wall
    /// clock has caught up.
    pub fn take_over(&self, by_ms: i64) {
        self.offset_ms.fetch_add(by_ms, Ordering::AcqRel);
    }
}

fn boot_ms() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

fn wall_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_goes_back() {
        let ahead = Time::from_millis(wall_ms() + 3_600_000);
        let clock = Clock::start(ahead);
        assert!(clock.now() >= ahead);
        assert!(clock.wall_ahead_ms() < -DIFFERENCE_REPORTED_MS);
        let before = clock.now();
        clock.take_over(-7_200_000);
        assert!(clock.now() >= before);
        clock.take_over(7_200_000 + 5_000);
        assert!(clock.now().since(before).as_millis() >= 5_000);
    }
}
