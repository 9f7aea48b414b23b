//! The four states of anything that is watched, and how bad an incident is.
//!
//! A state is always shown as a shape with a word; colour comes third. [`State::Unknown`] is
//! what everything is until there is evidence, and it never looks like [`State::Ok`].

use std::fmt;

/// How something is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// It works, and there is fresh evidence for it.
    Ok,
    /// It works, but somebody should look: late, burning, about to expire.
    Warn,
    /// It does not work.
    Bad,
    /// There is no evidence, or it is too old.
    #[default]
    Unknown,
}

impl State {
    /// All states, from the best to the least known.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Warn, Self::Bad, Self::Unknown];

    /// The class that carries colour and shape in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }

    /// The word used where a page has no better one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "Warning",
            Self::Bad => "Failing",
            Self::Unknown => "Unknown",
        }
    }

    /// The shape as a character: for titles, plain-text mail and terminals.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Ok => "●",
            Self::Warn => "▲",
            Self::Bad => "✖",
            Self::Unknown => "◌",
        }
    }

    /// What a group shows: the worst that is known for certain, then unknown, then ok.
    /// An empty group is unknown, because nothing vouches for it.
    pub fn worst(states: impl IntoIterator<Item = Self>) -> Self {
        states
            .into_iter()
            .max_by_key(|state| state.weight())
            .unwrap_or(Self::Unknown)
    }

    fn weight(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unknown => 1,
            Self::Warn => 2,
            Self::Bad => 3,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How bad an incident is, with the word that the package uses for it (`SEV1`, `P0`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severity {
    /// 1 is the worst. Anything above 4 looks like 4.
    pub level: u8,
    /// The package's own word.
    pub label: String,
}

impl Severity {
    /// A severity under its own word.
    pub fn new(level: u8, label: impl Into<String>) -> Self {
        let label = label.into();
        Self { level, label }
    }

    /// The class that carries its weight in the stylesheet.
    pub fn class(&self) -> &'static str {
        match self.level {
            0 | 1 => "sev-1",
            2 => "sev-2",
            3 => "sev-3",
            _ => "sev-4",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_as_bad_as_its_worst_member_and_never_green_by_default() {
        use State::{Bad, Ok, Unknown, Warn};
        assert_eq!(State::worst([]), Unknown);
        assert_eq!(State::worst([Ok, Ok]), Ok);
        assert_eq!(State::worst([Ok, Unknown]), Unknown);
        assert_eq!(State::worst([Unknown, Warn, Ok]), Warn);
        assert_eq!(State::worst([Warn, Bad, Unknown]), Bad);
    }
}
