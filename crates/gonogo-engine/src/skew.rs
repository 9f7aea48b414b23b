//! Two values that must agree: what each side said last, and since when they differ.
//!
//! The time runs from when they stopped to agree and goes on when one of them changes: whoever
//! is one version behind all the time never agrees.

use gonogo_model::Id;
use gonogo_model::skew::{Skew, SkewSide};
use serde::{Deserialize, Serialize};

use crate::alerting::{Holds, Reading};
use crate::input::Side;
use crate::reading::in_words;
use crate::time::Time;

/// The longest value that is compared.
pub const MAX_VALUE_CHARS: usize = 200;

/// A skew's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SkewState {
    /// The skew.
    pub id: Option<Id>,
    /// The value that should be.
    pub expected: SideState,
    /// The value that is.
    pub actual: SideState,
    /// Since when they differ.
    pub differs_since: Option<Time>,
    /// When they last agreed.
    pub agreed_at: Option<Time>,
    /// They have differed for too long, and the alerts know.
    pub late: bool,
}

/// What is known of a side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SideState {
    /// What it said last.
    pub value: Option<String>,
    /// When that was true, by whoever said it.
    pub at: Option<Time>,
    /// When we were told.
    pub told_at: Option<Time>,
    /// Since when it says the same.
    pub since: Option<Time>,
    /// Why the last answer had no value in it.
    pub trouble: Option<String>,
}

impl SideState {
    /// Takes in a value that was true at a time; an older one than the last is not taken.
    pub fn take(&mut self, at: Time, value: &str, now: Time) {
        let value = value.trim();
        if value.is_empty() || value.chars().count() > MAX_VALUE_CHARS {
            self.miss(match value.is_empty() {
                true => "it is empty".into(),
                false => format!("it is longer than {MAX_VALUE_CHARS} characters"),
            });
            return;
        }
        if self.at.is_some_and(|last| at < last) {
            return;
        }
        if self.value.as_deref() != Some(value) {
            self.value = Some(value.to_string());
            self.since = Some(at);
        }
        (self.at, self.told_at, self.trouble) = (Some(at), Some(now), None);
    }

    /// Takes in that there is no value.
    pub fn miss(&mut self, why: String) {
        self.trouble = Some(why);
    }

    /// The value, when it is fresh enough to count.
    pub fn current<'a>(&'a self, skew: &Skew, side: &'a SkewSide, now: Time) -> Option<&'a str> {
        if let SkewSide::Fixed(value) = side {
            return Some(value);
        }
        let fresh = !side.is_asked() || self.told_at? + skew.stale_after() > now;
        self.value.as_deref().filter(|_| fresh)
    }

    fn unknown(&self) -> String {
        let said = self.trouble.as_deref().map(|why| format!(" ({why})"));
        format!("is not known{}", said.unwrap_or_default())
    }
}

impl SkewState {
    /// The state of a skew of which nothing is known.
    pub fn new(id: Id) -> Self {
        Self {
            id: Some(id),
            ..Self::default()
        }
    }

    /// A side's state.
    pub fn side(&mut self, side: Side) -> &mut SideState {
        match side {
            Side::Expected => &mut self.expected,
            Side::Actual => &mut self.actual,
        }
    }

    /// Both values, when both are known.
    pub fn both<'a>(&'a self, skew: &'a Skew, now: Time) -> Option<(&'a str, &'a str)> {
        let expected = self.expected.current(skew, &skew.expected, now)?;
        let actual = self.actual.current(skew, &skew.actual, now)?;
        Some((expected, actual))
    }

    /// Compares the sides; where one is unknown nothing changes.
    pub fn compare(&mut self, skew: &Skew, now: Time) {
        let agree = self
            .both(skew, now)
            .map(|(expected, actual)| skew.compare.agree(expected, actual));
        match agree {
            Some(true) => {
                (self.differs_since, self.late) = (None, false);
                self.agreed_at = Some(now);
            }
            Some(false) => {
                self.differs_since.get_or_insert(now);
            }
            None => {}
        }
    }

    /// When they will have differed for too long.
    pub fn late_at(&self, skew: &Skew) -> Option<Time> {
        let since = self.differs_since.filter(|_| !self.late)?;
        Some(since + skew.agree_within)
    }

    /// What the condition says right now.
    pub fn read(&self, skew: &Skew, now: Time) -> Reading {
        let Some((expected, actual)) = self.both(skew, now) else {
            let mut unknown = Vec::new();
            for (word, state, side) in [
                ("expected", &self.expected, &skew.expected),
                ("actual", &self.actual, &skew.actual),
            ] {
                if state.current(skew, side, now).is_none() {
                    unknown.push(format!("what is {word} {}", state.unknown()));
                }
            }
            return Reading {
                detail: unknown.join("; "),
                ..Reading::default()
            };
        };
        let differs_for = self.differs_since.map(|at| now.since(at));
        let (holds, detail) = match differs_for {
            None => (Holds::No, format!("both are {actual}")),
            Some(length) => {
                let late = length >= skew.agree_within;
                let detail = format!(
                    "{expected} is expected, and it is {actual}; they have differed for {}, and may for {}",
                    in_words(length),
                    skew.agree_within
                );
                (if late { Holds::Yes } else { Holds::No }, detail)
            }
        };
        Reading {
            holds,
            count: u64::from(holds == Holds::Yes),
            keys: Vec::new(),
            detail,
        }
    }
}
