//! How customers are written to: what a text has to say, and words that do more harm than good.
//!
//! The rules follow what incident writers publish about their own practice (PagerDuty's and
//! Atlassian's guides): say what customers notice and when they hear again; promise no time,
//! blame nobody, play nothing down.

use gonogo_model::comms::{PublicState, Template};

/// Something in a text that should be written another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its stable name: `wording-estimate`.
    pub code: &'static str,
    /// The line of the text, from 0; the first, where the whole is meant.
    pub line: usize,
    /// The first character in that line, from 0.
    pub column: usize,
    /// How many characters; 0, where the whole text is meant.
    pub len: usize,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to write instead.
    pub help: &'static str,
}

/// A phrase, the rule it breaks, and the way out.
struct Phrase {
    code: &'static str,
    words: &'static [&'static str],
    why: &'static str,
    help: &'static str,
}

const PHRASES: &[Phrase] = &[
    Phrase {
        code: "wording-estimate",
        words: &[
            "eta",
            "should be fixed",
            "will be fixed",
            "be resolved by",
            "be back by",
            "expect to have",
            "estimated time",
        ],
        why: "promises when it will be over",
        help: "promise the next update instead: `{next_update}`",
    },
    Phrase {
        code: "wording-played-down",
        words: &[
            "small number of users",
            "small number of customers",
            "some users",
            "some customers",
            "a few users",
            "a few customers",
            "minor issue",
            "brief interruption",
            "slight",
        ],
        why: "plays it down without a number",
        help: "say who is affected, and what is not",
    },
    Phrase {
        code: "wording-vague",
        words: &[
            "degraded performance",
            "intermittent issues",
            "experiencing issues",
            "technical difficulties",
            "unforeseen",
        ],
        why: "does not say what customers notice",
        help: "say what does not work, as a customer would",
    },
    Phrase {
        code: "wording-empty-apology",
        words: &[
            "any inconvenience",
            "apologise for the inconvenience",
            "apologize for the inconvenience",
        ],
        why: "is an apology that everybody skips",
        help: "say what you know and when you write again; say sorry in your own words, once it is over",
    },
    Phrase {
        code: "wording-blame",
        words: &[
            "upstream provider",
            "third-party provider",
            "third party provider",
            "our vendor's fault",
            "human error",
            "an engineer mistakenly",
            "caused by our vendor",
        ],
        why: "puts it on somebody else",
        help: "say what is done about it; customers chose you and not your vendors",
    },
    Phrase {
        code: "wording-jargon",
        words: &[
            "kubernetes",
            "pod",
            "postgres",
            "sql instance",
            "p0",
            "sev1",
            "sev2",
            "http 5",
            "502",
            "503",
            "backend",
            "latency spike",
            "failover",
        ],
        why: "is a word of ours, not of customers'",
        help: "say what a customer sees",
    },
];

/// What should be written another way in a text for customers.
pub fn text(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for phrase in PHRASES {
            for word in phrase.words {
                if let Some(at) = whole_word(&lower, word) {
                    let column = lower[..at].chars().count();
                    found.push(Finding {
                        code: phrase.code,
                        line: number,
                        column,
                        len: word.chars().count(),
                        message: format!("`{word}` {}", phrase.why),
                        help: phrase.help,
                    });
                }
            }
        }
    }
    found
}

/// What should be written another way in a template, and what it lacks.
pub fn template(template: &Template) -> Vec<Finding> {
    let body = &template.body;
    let mut found = text(body);
    let whole = |code, message: &str, help| Finding {
        code,
        line: 0,
        column: 0,
        len: 0,
        message: message.into(),
        help,
    };
    let over = template.head.state == PublicState::Resolved;
    if !over && !body.contains("{next_update}") {
        found.push(whole(
            "wording-no-next-update",
            "it does not say when customers hear again",
            "write a sentence with `{next_update}`",
        ));
    }
    if !body.contains("{journeys}") && !body.contains("{impact}") {
        found.push(whole(
            "wording-no-impact",
            "it does not say what customers notice",
            "write a sentence with `{journeys}` or `{impact}`",
        ));
    }
    if !body.contains("{since}") {
        found.push(whole(
            "wording-no-since",
            "it does not say since when",
            "write a sentence with `{since}`",
        ));
    }
    found
}

/// Where a phrase stands by itself, and not inside another word.
fn whole_word(text: &str, phrase: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].find(phrase) {
        let at = from + found;
        let end = at + phrase.len();
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let open_end = phrase.ends_with(|c: char| c.is_ascii_digit()) && phrase.contains(' ');
        let before = letter(text[..at].chars().next_back());
        let after = !open_end && letter(text[end..].chars().next());
        if !before && !after {
            return Some(at);
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text_: &str) -> Vec<&'static str> {
        text(text_).into_iter().map(|f| f.code).collect()
    }

    #[test]
    fn finds_what_should_not_be_sent() {
        for (line, code) in [
            ("It will be fixed in an hour.", "wording-estimate"),
            (
                "A small number of users is affected.",
                "wording-played-down",
            ),
            ("We are experiencing issues.", "wording-vague"),
            (
                "We apologise for any inconvenience.",
                "wording-empty-apology",
            ),
            ("Our upstream provider is down.", "wording-blame"),
            ("The pod restarts.", "wording-jargon"),
            ("You see a 503.", "wording-jargon"),
        ] {
            assert_eq!(codes(line), [code], "{line}");
        }
    }

    #[test]
    fn leaves_plain_words_alone() {
        for line in [
            "Since 10:20, dashboards do not load. Signing in works.",
            "We will write again by 10:40.",
            "Podcasts, metadata and betas are no jargon.",
            "Payments work, and plans are updated late.",
        ] {
            assert!(codes(line).is_empty(), "{line}: {:?}", codes(line));
        }
    }

    #[test]
    fn says_where_in_the_line() {
        let found = text("ä A\nwith ETA soon");
        assert_eq!((found[0].line, found[0].column, found[0].len), (1, 5, 3));
    }
}
