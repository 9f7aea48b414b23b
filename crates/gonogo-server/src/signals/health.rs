//! How well a source is heard, in one word.
//!
//! Silence has causes that call for different people: the sender stopped, the sender is turned
//! away, we could not hear, or nobody ever spoke. Invariant: what cannot be told is never good.

use gonogo_engine::Time;
use gonogo_engine::doubt::IN_DOUBT_FOR;
use gonogo_model::Duration;
use gonogo_model::source::Source;

use crate::ingest::http::{Apart, Tally};
use crate::shell::hears;
use crate::shown;
use crate::view::{SourceView, View};
use crate::web::components::State as Colour;

/// So many refusals in a row, with nothing accepted between them, are no accident.
pub const REJECTING_AFTER: u32 = 3;
/// Events of a day from which a usual pause can be told.
pub const USUAL_EVENTS: u32 = 24;
/// Silence of so many usual pauses is unusual.
pub const USUAL_PAUSES: i64 = 10;
/// Shorter silence is never unusual.
pub const USUAL_AT_LEAST: Duration = Duration::from_mins(10);
/// A sender whose median is further from our clock is warned of.
pub const APART_WARNED_MS: i64 = 5 * 60_000;

/// How well a source is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It spoke lately, or not longer ago than is usual.
    Healthy,
    /// It was heard, and is silent for longer than is declared or usual.
    Quiet,
    /// It was heard, and nothing says how long its silence may be.
    NotJudged,
    /// It was heard, and some events could not be decided.
    Undecided,
    /// It never spoke.
    NeverHeard,
    /// It speaks, and the last that came was refused each time.
    Rejecting,
    /// Our own intake was not proven to hear: its silence says nothing.
    CouldNotHear,
}

impl Health {
    /// How a source is.
    pub fn of(
        view: &View,
        source: &SourceView,
        declared: Option<&Source>,
        tally: Option<&Tally>,
        now: Time,
    ) -> Self {
        if tally.is_some_and(|t| t.refused_in_row >= REJECTING_AFTER) {
            return Self::Rejecting;
        }
        if !hears(view, now) {
            return Self::CouldNotHear;
        }
        if source.silent {
            return match source.last_event_at {
                Some(_) => Self::Quiet,
                None => Self::NeverHeard,
            };
        }
        let Some(last) = source.last_event_at else {
            return Self::NeverHeard;
        };
        let in_doubt = |at: Time| now < at + IN_DOUBT_FOR;
        if source.doubts.iter().any(|(_, d)| in_doubt(d.last_at)) {
            return Self::Undecided;
        }
        if declared.is_some_and(|d| d.silent_after.is_some()) {
            return Self::Healthy;
        }
        match usual_silence(source.day) {
            Some(usual) if now.since(last) > usual => Self::Quiet,
            None if source.hour == 0 => Self::NotJudged,
            _ => Self::Healthy,
        }
    }

    /// The stable word of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Quiet => "quiet",
            Self::NotJudged => "not_judged",
            Self::Undecided => "undecided",
            Self::NeverHeard => "never_heard",
            Self::Rejecting => "rejecting",
            Self::CouldNotHear => "could_not_hear",
        }
    }

    /// How it is shown.
    pub fn state(self, source: &SourceView) -> Colour {
        match self {
            Self::Healthy => Colour::Ok,
            Self::Rejecting => Colour::Bad,
            _ if source.silent && self != Self::CouldNotHear => Colour::Bad,
            Self::Quiet => Colour::Warn,
            Self::NotJudged | Self::Undecided | Self::NeverHeard | Self::CouldNotHear => {
                Colour::Unknown
            }
        }
    }

    /// In a few words.
    pub fn word(self, tally: Option<&Tally>) -> String {
        match self {
            Self::Healthy => "healthy".into(),
            Self::Quiet => "quiet".into(),
            Self::NotJudged => "heard; silence not judged".into(),
            Self::Undecided => "heard; some events could not be decided".into(),
            Self::NeverHeard => "never heard".into(),
            Self::Rejecting => {
                let why = tally.and_then(|t| t.last_refusal).unwrap_or_default();
                format!("rejecting: {}", shown::words(why))
            }
            Self::CouldNotHear => "we could not hear".into(),
        }
    }

    /// What it means, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Healthy => "It speaks as it usually does.",
            Self::Quiet => "It was heard before, and is silent for longer than is usual for it.",
            Self::NotJudged => {
                "It was heard, but not lately, and nothing says how long its silence may be. \
                 `silent_after` in the package says so."
            }
            Self::Undecided => "It speaks; some events neither matched a condition nor did not.",
            Self::NeverHeard => {
                "Nothing of it was ever accepted. The steps at the provider are below."
            }
            Self::Rejecting => {
                "It speaks, and the last deliveries were all refused. The reasons are below."
            }
            Self::CouldNotHear => {
                "Our own intake was not proven to hear for a minute, so its silence says nothing."
            }
        }
    }
}

/// After how much silence a source that is heard so often a day is unusual; `None` where it
/// speaks too seldom to tell.
fn usual_silence(events_a_day: u32) -> Option<Duration> {
    if events_a_day < USUAL_EVENTS {
        return None;
    }
    let pause = 86_400_000 / i64::from(events_a_day);
    Some(Duration::from_millis(pause * USUAL_PAUSES).max(USUAL_AT_LEAST))
}

/// What a sender's clock is to us, in a warning; empty where it is near enough.
pub fn clock_warning(apart: Apart) -> &'static str {
    if apart.median_ms < -APART_WARNED_MS {
        "its clock is ahead"
    } else if apart.median_ms > APART_WARNED_MS {
        "its clock is behind, or it delivers late"
    } else if apart.max_ms > APART_WARNED_MS {
        "some came long after they were sent"
    } else if apart.max_ms < -APART_WARNED_MS {
        "some were dated ahead of our clock"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_pause_needs_enough_events() {
        assert_eq!(usual_silence(USUAL_EVENTS - 1), None);
        assert_eq!(usual_silence(24), Some(Duration::from_hours(10)));
        assert_eq!(usual_silence(1_000_000), Some(USUAL_AT_LEAST));
    }

    #[test]
    fn a_clock_is_warned_of_at_its_limit() {
        let warned = |median_ms, max_ms| {
            clock_warning(Apart {
                median_ms,
                max_ms,
                events: 1,
            })
        };
        assert_eq!(warned(APART_WARNED_MS, APART_WARNED_MS), "");
        assert_eq!(warned(-APART_WARNED_MS - 1, 0), "its clock is ahead");
        assert!(warned(APART_WARNED_MS + 1, 0).contains("late"));
        let ahead = "some were dated ahead of our clock";
        assert_eq!(warned(0, -APART_WARNED_MS - 1), ahead);
    }
}
