//! How customers are written to: what a text has to say, and words that do more harm than good.
//!
//! The rules follow what incident writers publish about their own practice (PagerDuty's and
//! Atlassian's guides): say what customers notice and when they hear again; promise no time,
//! blame nobody, play nothing down. Invariant: nothing here reads a clock or a package; the same
//! text in the same situation always gives the same findings, in the order of the text.

mod draft;
mod flow;
mod phrases;

use gonogo_model::comms::{PLACEHOLDERS, PublicState, Template};

pub use draft::{Draft, draft};
use flow::Flow;
use phrases::{PHRASES, When};

/// Something in a text that should be written another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its stable name: `wording-estimate`.
    pub code: &'static str,
    /// Where it is.
    pub at: At,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to write instead.
    pub help: &'static str,
}

/// Where something is in an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// In the headline: the first character, from 0, and how many.
    Title {
        /// The first character, from 0.
        column: usize,
        /// How many characters.
        len: usize,
    },
    /// In the text.
    Text {
        /// The line, from 0.
        line: usize,
        /// The first character in that line, from 0.
        column: usize,
        /// How many characters of that line.
        len: usize,
    },
    /// Nowhere: something is not said, or the whole is meant.
    Whole,
}

/// Words that should be written another way, wherever they stand. Without a state, only what no
/// text for customers should say.
pub fn text(text: &str, state: Option<PublicState>) -> Vec<Finding> {
    let flow = Flow::of(text);
    let mut found = Vec::new();
    for phrase in PHRASES.iter().filter(|p| p.when.holds(state)) {
        for word in phrase.words {
            for place in flow.find(word) {
                if !phrase.excused(&flow.sentence_around(place)) {
                    found.push(Finding {
                        code: phrase.code,
                        at: flow.at(place, word.chars().count()),
                        message: format!("`{word}` {}", phrase.why),
                        help: phrase.help,
                    });
                }
            }
        }
    }
    phrases::estimates(&flow, &mut found);
    phrases::hosts(&flow, &mut found);
    phrases::times_without_zone(&flow, &mut found);
    found.sort_by_key(|f| f.at);
    found.dedup_by(|later, first| overlap(first, later));
    found
}

/// A longer phrase that holds a shorter one says enough.
fn overlap(first: &Finding, later: &Finding) -> bool {
    match (first.at, later.at) {
        (
            At::Text { line, column, len },
            At::Text {
                line: other,
                column: start,
                ..
            },
        ) => first.code == later.code && line == other && start < column + len,
        _ => false,
    }
}

/// What should be written another way in a template, and what it lacks.
pub fn template(template: &Template) -> Vec<Finding> {
    let state = template.head.state;
    let body = &template.body;
    let mut found = title(&template.head.title, state);
    found.extend(text(body, Some(state)));
    if body.lines().any(|line| unfilled(line).next().is_some()) {
        // Whatever it lacks may only be misspelt, which another rule tells.
        return found;
    }
    let over = state == PublicState::Resolved;
    let impact = |text: &str| text.contains("{journeys}") || text.contains("{impact}");
    if !over && !body.contains("{next_update}") {
        found.push(NO_NEXT_UPDATE.whole());
    }
    if !impact(body) {
        found.push(NO_IMPACT.whole());
    } else if !impact(first_paragraph(body)) {
        found.push(LEADS_ELSEWHERE.whole());
    }
    if !body.contains("{since}") {
        found.push(NO_SINCE.whole());
    }
    if over && !says_what_remains(body) {
        found.push(NO_AFTERMATH.whole());
    }
    found
}

/// What looks like something to fill in, and is not: where its brace opens, and the word.
pub(crate) fn unfilled(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.match_indices('{').filter_map(|(open, _)| {
        let (word, _) = line[open + 1..].split_once('}')?;
        let letters = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
        let is_word = !word.trim().is_empty() && word.chars().all(letters);
        (is_word && !PLACEHOLDERS.contains(&word)).then_some((open, word))
    })
}

/// What should be written another way in a headline.
fn title(title: &str, state: PublicState) -> Vec<Finding> {
    let mut found = text(title, Some(state));
    for finding in &mut found {
        if let At::Text { column, len, .. } = finding.at {
            finding.at = At::Title { column, len };
        }
    }
    found
}

/// Something that a text has to say.
struct Lack {
    code: &'static str,
    message: &'static str,
    help: &'static str,
}

impl Lack {
    fn whole(&self) -> Finding {
        Finding {
            code: self.code,
            at: At::Whole,
            message: self.message.into(),
            help: self.help,
        }
    }
}

const NO_NEXT_UPDATE: Lack = Lack {
    code: "wording-no-next-update",
    message: "it does not say when customers hear again",
    help: "write a sentence with `{next_update}`",
};
const NO_IMPACT: Lack = Lack {
    code: "wording-no-impact",
    message: "it does not say what customers notice",
    help: "write a sentence with `{journeys}` or `{impact}`",
};
const LEADS_ELSEWHERE: Lack = Lack {
    code: "wording-leads-elsewhere",
    message: "it does not begin with what customers notice",
    help: "name `{journeys}` or `{impact}` in the first paragraph",
};
const NO_SINCE: Lack = Lack {
    code: "wording-no-since",
    message: "it does not say since when",
    help: "write a sentence with `{since}`",
};
const NO_AFTERMATH: Lack = Lack {
    code: "wording-no-aftermath",
    message: "it does not say what remains: lost or late data, or that nothing does",
    help: "say what happened to data, what is still caught up, and where to write if something still looks wrong",
};

fn first_paragraph(text: &str) -> &str {
    let text = text.trim_start();
    text.split("\n\n").next().unwrap_or(text)
}

/// Does a text say what is left when it is over? Any of these words is somebody's thought of it.
fn says_what_remains(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "lost",
        "loss",
        "data",
        "still",
        "remain",
        "remaining",
        "remains",
        "backlog",
        "late",
        "delayed",
        "caught up",
        "catch up",
        "catching up",
        "again later",
        "missing",
    ];
    let flow = Flow::of(text);
    WORDS.iter().any(|word| !flow.find(word).is_empty())
}

impl When {
    fn holds(self, state: Option<PublicState>) -> bool {
        match self {
            Self::Always => true,
            Self::Investigating => state == Some(PublicState::Investigating),
            Self::NotOver => state.is_some_and(|s| s != PublicState::Resolved),
        }
    }
}

#[cfg(test)]
mod tests;
