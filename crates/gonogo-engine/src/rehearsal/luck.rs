//! Chance that is the same every time: numbers that follow from a seed, a name and a count.
//!
//! There is no state to carry along, so a draw never depends on what else was drawn before.

/// The numbers of one thing in a rehearsal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Luck {
    base: u64,
}

impl Luck {
    /// The numbers that belong to a name.
    pub(super) fn of(seed: u64, name: &str) -> Self {
        // FNV-1a: short names, no attacker, and the same on every machine.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            base: mix(seed) ^ hash,
        }
    }

    /// The `n`th number below `bound`, from 0; always 0 when nothing is below it.
    pub(super) fn below(self, n: u64, bound: i64) -> i64 {
        let drawn = mix(self.base ^ mix(n));
        let bound = u64::try_from(bound).unwrap_or(0);
        // The remainder is below a bound that is an i64.
        drawn
            .checked_rem(bound)
            .map_or(0, |rest| i64::try_from(rest).unwrap_or(0))
    }

    /// The `n`th number from `low` on, below `high`.
    pub(super) fn between(self, n: u64, low: i64, high: i64) -> i64 {
        low.saturating_add(self.below(n, high.saturating_sub(low)))
    }
}

/// One round of splitmix64.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_from_seed_name_and_count_alone() {
        // The first output of splitmix64 with seed 0, as its author publishes it.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        let luck = Luck::of(7, "cloud-health");
        let draws: Vec<i64> = (0..1000).map(|n| luck.below(n, 10)).collect();
        assert_eq!(
            draws,
            (0..1000).map(|n| luck.below(n, 10)).collect::<Vec<_>>()
        );
        for digit in 0..10 {
            let share = draws.iter().filter(|d| **d == digit).count();
            assert!((60..140).contains(&share), "{digit}: {share}");
        }
        let other = Luck::of(7, "app-health");
        assert_ne!(
            draws,
            (0..1000).map(|n| other.below(n, 10)).collect::<Vec<_>>()
        );
        assert_eq!(luck.below(1, 0), 0);
        assert_eq!(luck.below(1, -5), 0);
        assert!((5..9).contains(&luck.between(3, 5, 9)));
    }
}
