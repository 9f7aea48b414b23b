//! How urgently a risk has to be acted on: one table over three ratings, severity first.
//!
//! The ratings are ranks, so they are looked up and never multiplied: a product of ranks lets
//! frequent trifles stand above rare disasters, and gives the same number to both. The table and
//! its scales are our own and follow no standard; `docs/risks.md` says why each bound is where
//! it is. A worse rating never gives a lower level.

/// How urgently a risk has to be acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is known, and may stay.
    Low,
    /// It should be made smaller when there is time.
    Medium,
    /// It is made smaller before the launch, or accepted by name and for a time.
    High,
}

impl Level {
    /// Of a risk with these ratings, each from 1 to 5. What is outside of the scale counts as
    /// the worst.
    pub fn of(severity: u8, occurrence: u8, detection: u8) -> Self {
        let rank = |rating| usize::from(on_scale(rating) - 1);
        match TABLE[rank(severity)][rank(occurrence)][rank(detection)] {
            b'H' => Self::High,
            b'M' => Self::Medium,
            _ => Self::Low,
        }
    }

    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The worst rating.
pub const WORST: u8 = 5;

/// A rating, or the worst one where it is none.
pub(super) fn on_scale(rating: u8) -> u8 {
    match rating {
        1..=WORST => rating,
        _ => WORST,
    }
}

/// By severity, then by occurrence; each word has one letter for each detection, 1 to 5.
const TABLE: [[&[u8; 5]; 5]; 5] = [
    [b"LLLLL", b"LLLLL", b"LLLLL", b"LLLLL", b"LLLLL"],
    [b"LLLLL", b"LLLLL", b"LLLLM", b"LLLMM", b"LLMMM"],
    [b"LLLLM", b"LLLMM", b"LLMMM", b"LMMMH", b"MMMHH"],
    [b"LLMMM", b"MMMHH", b"MMHHH", b"MHHHH", b"HHHHH"],
    [b"MMMHH", b"MMHHH", b"HHHHH", b"HHHHH", b"HHHHH"],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn each(mut look: impl FnMut(u8, u8, u8)) {
        for severity in 1..=WORST {
            for occurrence in 1..=WORST {
                (1..=WORST).for_each(|detection| look(severity, occurrence, detection));
            }
        }
    }

    #[test]
    fn a_worse_rating_never_gives_a_lower_level() {
        each(|s, o, d| {
            let level = Level::of(s, o, d);
            let worse = |r: u8| (r + 1).min(WORST);
            for other in [
                Level::of(worse(s), o, d),
                Level::of(s, worse(o), d),
                Level::of(s, o, worse(d)),
            ] {
                assert!(other >= level, "{s} {o} {d}");
            }
        });
    }

    #[test]
    fn severity_comes_first() {
        each(|s, o, d| match s {
            1 => assert_eq!(Level::of(s, o, d), Level::Low),
            2 => assert_ne!(Level::of(s, o, d), Level::High),
            5 => assert_ne!(Level::of(s, o, d), Level::Low),
            _ => {}
        });
    }

    #[test]
    fn what_is_off_the_scale_counts_as_the_worst() {
        assert_eq!(Level::of(0, 1, 1), Level::of(5, 1, 1));
        assert_eq!(Level::of(3, 9, 1), Level::of(3, 5, 1));
    }

    #[test]
    fn the_documented_table_is_this_one() {
        let docs = include_str!("../../../../docs/risks.md");
        for severity in 1..=WORST {
            let cell = |occurrence| {
                let letters = (1..=WORST).map(|d| match Level::of(severity, occurrence, d) {
                    Level::High => "H",
                    Level::Medium => "M",
                    Level::Low => "·",
                });
                letters.collect::<Vec<_>>().join(" ")
            };
            let cells: Vec<String> = (1..=WORST).map(cell).collect();
            let row = format!("| **{severity}** | {} |", cells.join(" | "));
            assert!(docs.contains(&row), "docs/risks.md lacks {row}");
        }
    }
}
