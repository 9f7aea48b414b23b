//! What the macros of `templates/components.html` are given: plain values, no behaviour.
//!
//! A page handler fills these from the view; the macro decides how they look. Text fields are
//! plain text, and the template escapes them; only a [`Markup`] field is printed as it is.

use std::hash::{Hash as _, Hasher as _};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Markup, State, time};

/// One line of a timeline.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When it happened.
    pub at: Timestamp,
    /// The shape on the rail; none is a neutral dot.
    pub state: Option<State>,
    /// What happened, in one sentence.
    pub text: String,
    /// Who did or said it: a person, a role, `gonogo`.
    pub who: String,
    /// More, shown below in a softer tone. Line breaks are kept.
    pub detail: String,
    /// Where the sentence leads.
    pub href: String,
    /// An update to customers stands in a box of its own.
    pub boxed: bool,
}

impl Moment {
    /// A neutral line; the other fields are filled by struct update.
    pub fn new(at: Timestamp, text: impl Into<String>) -> Self {
        Self {
            at,
            state: None,
            text: text.into(),
            who: String::new(),
            detail: String::new(),
            href: String::new(),
            boxed: false,
        }
    }

    /// What tells it from its neighbours, so that a live update adds a line instead of
    /// rewriting the list.
    pub fn key(&self) -> String {
        let mut hash = std::hash::DefaultHasher::new();
        (&self.text, &self.who).hash(&mut hash);
        format!("{}-{:x}", self.at.as_microsecond(), hash.finish())
    }

    /// The classes of its list item.
    pub fn class(&self) -> String {
        let state = self.state.map_or("", State::class);
        let boxed = if self.boxed { " update" } else { "" };
        format!("{state}{boxed}")
    }
}

/// A row of a timeline: a day's heading or a moment.
#[derive(Clone, Copy, Debug)]
pub enum TimelineRow<'a> {
    /// The day changes here.
    Day(Timestamp),
    /// Something happened.
    Moment(&'a Moment),
}

/// Puts a heading before the first moment of each day, unless everything is of today.
pub fn timeline_rows(moments: &[Moment], now: impl time::At) -> Vec<TimelineRow<'_>> {
    let date = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let only_today = moments.iter().all(|m| date(m.at) == date(now.at()));
    let mut rows = Vec::with_capacity(moments.len() + 4);
    let mut last = None;
    for moment in moments {
        let day = date(moment.at);
        if !only_today && last != Some(day) {
            rows.push(TimelineRow::Day(moment.at));
            last = Some(day);
        }
        rows.push(TimelineRow::Moment(moment));
    }
    rows
}

/// How far a step of a runbook is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nobody began it.
    #[default]
    Open,
    /// It is the next one to do.
    Next,
    /// It is done.
    Done {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It was left out on purpose.
    Skipped {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
        /// The reason given.
        why: String,
    },
}

/// One step of a runbook.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number as printed.
    pub number: u32,
    /// What to do, in one sentence.
    pub title: String,
    /// Details and commands, from Markdown.
    pub body: Markup,
    /// Who does it: a role.
    pub owner: String,
    /// Whether and how it is proven: "proven 12 d ago", "never tried".
    pub proof: Option<(State, String)>,
    /// How far it is.
    pub progress: Progress,
    /// Where the tick is posted; empty where nothing can be ticked.
    pub action: String,
}

impl Step {
    /// The class of its list item.
    pub fn class(&self) -> &'static str {
        match self.progress {
            Progress::Open => "",
            Progress::Next => "now",
            Progress::Done { .. } => "done",
            Progress::Skipped { .. } => "skipped",
        }
    }

    /// Whether it can still be ticked.
    pub fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Open | Progress::Next)
    }

    /// "Ada Example, 4 min ago" or "left out by …: reason"; empty while open.
    pub fn said(&self, now: impl time::At) -> String {
        let now = now.at();
        match &self.progress {
            Progress::Open | Progress::Next => String::new(),
            Progress::Done { by, at } => format!("Done by {by}, {}", time::relative(*at, now)),
            Progress::Skipped { by, at, why } => {
                format!("Left out by {by}, {}: {why}", time::relative(*at, now))
            }
        }
    }
}

/// One entry of tabs or of a segmented filter.
#[derive(Clone, Debug)]
pub struct Tab {
    /// The word.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether this is the one that is shown.
    pub current: bool,
    /// How many things are behind it.
    pub count: Option<u64>,
}

impl Tab {
    /// A tab without a count.
    pub fn new(label: &str, href: impl Into<String>, current: &str) -> Self {
        Self {
            label: label.to_owned(),
            href: href.into(),
            current: label == current,
            count: None,
        }
    }

    /// The same with a count.
    #[must_use]
    pub fn with_count(self, count: u64) -> Self {
        Self {
            count: Some(count),
            ..self
        }
    }

    /// How many things are behind it, as it is read.
    pub fn counted(&self) -> Option<String> {
        let count = i64::try_from(self.count?).unwrap_or(i64::MAX);
        Some(super::number::grouped(count))
    }
}

/// One choice of a select field.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        let (value, label) = (value.into(), label.into());
        Self { value, label }
    }

    /// Whether this is the one that is chosen.
    pub fn is(&self, value: impl AsRef<str>) -> bool {
        self.value == value.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: &str) -> Moment {
        Moment::new(at.parse().expect("a timestamp"), "x")
    }

    #[test]
    fn days_are_headed_only_when_there_is_more_than_today() {
        let now: Timestamp = "2026-11-03T14:00:00Z".parse().expect("a timestamp");
        let today = [
            moment("2026-11-03T13:00:00Z"),
            moment("2026-11-03T00:00:00Z"),
        ];
        assert_eq!(timeline_rows(&today, now).len(), 2);
        let days = [
            moment("2026-11-03T00:00:00Z"),
            moment("2026-11-02T23:59:59Z"),
            moment("2026-11-02T20:00:00Z"),
        ];
        let rows = timeline_rows(&days, now);
        let headed: Vec<bool> = rows
            .iter()
            .map(|row| matches!(row, TimelineRow::Day(_)))
            .collect();
        assert_eq!(headed, [true, false, true, false, false]);
        assert!(timeline_rows(&[], now).is_empty());
    }
}
