//! When a send is tried again, and when the next channel's turn has come.
//!
//! A page must move on quickly: its schedule ends within a minute, so that another channel
//! is tried while it still matters. Quiet messages are patient. Invariant: the schedule is
//! a pure function of the seed, the effect and the attempt, so a replay finds the same times.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::PageKind;

/// The schedule of everything that should wake or press somebody.
pub const PAGE_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(20),
    attempts_max: 6,
};

/// The schedule of messages that may be late.
pub const QUIET_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(5),
    longest: Duration::from_secs(600),
    attempts_max: 12,
};

/// The longest wait asked for by the other side that a page accepts before it moves on.
pub const PAGE_RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// The longest wait asked for by the other side that a quiet message accepts.
pub const QUIET_RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Delays that double from `first` to `longest`, for at most `attempts_max` sends in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The delay after the first send, before jitter.
    pub first: Duration,
    /// The delay that is never exceeded.
    pub longest: Duration,
    /// How many sends there are in all.
    pub attempts_max: u32,
}

/// What to do after a send that may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send again after this time.
    Wait(Duration),
    /// Enough: this channel counts as failed for this effect, the next one is due.
    GiveUp,
}

/// What follows send number `attempt` (the first is 1) when it ended in `Outcome::Retry`.
pub fn next(
    kind: PageKind,
    seed: u64,
    effect_id: &str,
    attempt: u32,
    asked: Option<Duration>,
) -> Next {
    let backoff = Backoff::of(kind);
    if attempt >= backoff.attempts_max {
        return Next::GiveUp;
    }
    let delay = jittered(backoff.delay(attempt), seed, effect_id, attempt);
    match asked {
        Some(asked) if asked > retry_after_max(kind) => Next::GiveUp,
        Some(asked) => Next::Wait(delay.max(asked)),
        None => Next::Wait(delay),
    }
}

impl Backoff {
    /// The schedule of a kind of notification.
    pub fn of(kind: PageKind) -> Self {
        if is_urgent(kind) {
            PAGE_BACKOFF
        } else {
            QUIET_BACKOFF
        }
    }

    /// The delay after send number `attempt`, before jitter.
    pub fn delay(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(30);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

fn is_urgent(kind: PageKind) -> bool {
    match kind {
        PageKind::Page
        | PageKind::Growth
        | PageKind::UpdateDue
        | PageKind::UpdateOverdue
        | PageKind::Test => true,
        PageKind::Resolved | PageKind::Ticket => false,
    }
}

fn retry_after_max(kind: PageKind) -> Duration {
    if is_urgent(kind) {
        PAGE_RETRY_AFTER_MAX
    } else {
        QUIET_RETRY_AFTER_MAX
    }
}

/// Between half the delay and the whole of it: sends that failed together part ways.
pub(crate) fn jittered(delay: Duration, seed: u64, effect_id: &str, attempt: u32) -> Duration {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(attempt.to_le_bytes())
        .chain_update(effect_id.as_bytes())
        .finalize();
    let mut word = [0; 8];
    word.copy_from_slice(&digest[..8]);
    let half = u64::try_from(delay.as_millis() / 2).unwrap_or(u64::MAX - 1);
    Duration::from_millis(half + u64::from_le_bytes(word) % (half + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(kind: PageKind, effect_id: &str) -> (u32, Duration) {
        let (mut attempt, mut waited) = (1, Duration::ZERO);
        while let Next::Wait(delay) = next(kind, 7, effect_id, attempt, None) {
            waited += delay;
            attempt += 1;
        }
        (attempt, waited)
    }

    #[test]
    fn a_page_gives_up_within_a_minute_and_a_quiet_message_is_patient() {
        for effect in ["fx-1", "fx-2", "fx-3"] {
            let (sends, waited) = total(PageKind::Page, effect);
            assert_eq!(sends, PAGE_BACKOFF.attempts_max);
            assert!(waited <= Duration::from_secs(60), "{waited:?}");
            let (sends, waited) = total(PageKind::Ticket, effect);
            assert_eq!(sends, QUIET_BACKOFF.attempts_max);
            assert!(waited >= Duration::from_secs(1200), "{waited:?}");
        }
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let delays: Vec<u64> = (1..=7).map(|n| PAGE_BACKOFF.delay(n).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(PAGE_BACKOFF.delay(u32::MAX), PAGE_BACKOFF.longest);
    }

    #[test]
    fn jitter_is_the_same_every_time_and_parts_effects() {
        let one = next(PageKind::Page, 7, "fx-1", 5, None);
        assert_eq!(one, next(PageKind::Page, 7, "fx-1", 5, None));
        assert_ne!(one, next(PageKind::Page, 7, "fx-2", 5, None));
        assert_ne!(one, next(PageKind::Page, 8, "fx-1", 5, None));
        for n in 0..100 {
            let Next::Wait(delay) = next(PageKind::Page, 7, &format!("fx-{n}"), 5, None) else {
                panic!("attempt 5 of 6 is followed by another");
            };
            assert!((8_000..=16_000).contains(&delay.as_millis()), "{delay:?}");
        }
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_up_to_its_limit() {
        let asked = |seconds| {
            next(
                PageKind::Page,
                7,
                "fx-1",
                1,
                Some(Duration::from_secs(seconds)),
            )
        };
        assert_eq!(asked(30), Next::Wait(PAGE_RETRY_AFTER_MAX));
        assert_eq!(asked(31), Next::GiveUp);
        let quiet = next(PageKind::Ticket, 7, "fx-1", 1, Some(QUIET_RETRY_AFTER_MAX));
        assert_eq!(quiet, Next::Wait(QUIET_RETRY_AFTER_MAX));
    }
}
