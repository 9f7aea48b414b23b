//! The words that do more harm than good, and why.

use super::flow::{is_time, words};
use super::{At, Finding, Flow};

/// A rule about words: which ones, when it holds, and the way out.
pub(super) struct Phrase {
    pub code: &'static str,
    pub when: When,
    pub words: &'static [&'static str],
    /// Words before it in its sentence that make it say something else.
    pub unless_after: &'static [&'static str],
    pub why: &'static str,
    pub help: &'static str,
}

/// In which states a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In any text for customers.
    Always,
    /// As long as the cause is not known.
    Investigating,
    /// As long as it is not over.
    NotOver,
}

impl Phrase {
    /// Does what stands before it in the sentence make it harmless?
    pub fn excused(&self, before: &str) -> bool {
        let mut said = words(before);
        said.any(|word| self.unless_after.contains(&word))
    }
}

const ESTIMATE: &str = "wording-estimate";
const ESTIMATE_HELP: &str = "promise the next update instead: `{next_update}`";

pub(super) const PHRASES: &[Phrase] = &[
    Phrase {
        code: ESTIMATE,
        when: When::Always,
        words: &[
            "eta",
            "estimated time",
            "should be fixed",
            "should be resolved",
            "will be fixed",
            "will be resolved",
            "be resolved by",
            "be back by",
            "be restored by",
            "expect to have",
        ],
        unless_after: &[],
        why: "promises when it will be over",
        help: ESTIMATE_HELP,
    },
    Phrase {
        code: "wording-played-down",
        when: When::Always,
        words: &[
            "small number of users",
            "small number of customers",
            "limited number of users",
            "limited number of customers",
            "subset of users",
            "subset of customers",
            "some users",
            "some customers",
            "a few users",
            "a few customers",
            "certain users",
            "certain customers",
            "minor issue",
            "minor problem",
            "brief interruption",
            "slight",
            "slightly",
        ],
        unless_after: &[],
        why: "plays it down without a number",
        help: "say who is affected, and what is not",
    },
    Phrase {
        code: "wording-vague",
        when: When::Always,
        words: &[
            "degraded performance",
            "degraded service",
            "intermittent issues",
            "intermittent problems",
            "experiencing issues",
            "experiencing an issue",
            "experiencing problems",
            "having issues",
            "technical difficulties",
            "technical issues",
            "unforeseen",
        ],
        unless_after: &[],
        why: "does not say what customers notice",
        help: "say what does not work, as a customer would",
    },
    Phrase {
        code: "wording-empty-apology",
        when: When::Always,
        words: &[
            "any inconvenience",
            "for the inconvenience",
            "thank you for your patience",
        ],
        unless_after: &[],
        why: "is an apology that everybody skips",
        help: "say what you know and when you write again; say sorry in your own words, once it is over",
    },
    Phrase {
        code: "wording-blame",
        when: When::Always,
        words: &[
            "upstream provider",
            "upstream vendor",
            "third-party provider",
            "third party provider",
            "third-party vendor",
            "third party vendor",
            "our vendor's fault",
            "our provider's fault",
            "caused by our vendor",
            "caused by our provider",
            "human error",
            "an engineer mistakenly",
            "an employee mistakenly",
        ],
        unless_after: &[],
        why: "puts it on somebody else",
        help: "say what is done about it; customers chose you and not your vendors",
    },
    Phrase {
        code: "wording-jargon",
        when: When::Always,
        words: &[
            "kubernetes",
            "pod",
            "pods",
            "postgres",
            "redis",
            "kafka",
            "sql instance",
            "p0",
            "p1",
            "sev1",
            "sev2",
            "sev3",
            "http 5xx",
            "5xx",
            "http 500",
            "500 error",
            "500 errors",
            "502",
            "503",
            "504",
            "backend",
            "latency spike",
            "failover",
            "rollback",
            "rolled back",
            "replica",
            "oom",
        ],
        unless_after: &[],
        why: "is a word of ours, not of customers'",
        help: "say what a customer sees",
    },
    Phrase {
        code: "wording-security-detail",
        when: When::Always,
        words: &[
            "cve-",
            "exploit",
            "exploited",
            "vulnerability",
            "vulnerable",
            "attacker",
            "sql injection",
            "private key",
            "access key",
        ],
        unless_after: &[],
        why: "tells an attacker where to try",
        help: "say whether data was touched and what customers have to do; the rest goes through the security path",
    },
    Phrase {
        code: "wording-cause-too-early",
        when: When::Investigating,
        words: &[
            "caused by",
            "due to",
            "because of",
            "root cause",
            "we suspect",
            "we believe",
            "we think",
            "probably",
            "likely",
            "might be",
            "appears to be",
            "seems to be",
        ],
        unless_after: &[],
        why: "says a cause before it is known",
        help: "say what customers notice; the cause belongs into the state `identified`",
    },
    Phrase {
        code: "wording-over-too-early",
        when: When::NotOver,
        words: &[
            "is resolved",
            "been resolved",
            "is over",
            "been fixed",
            "is fixed",
            "fully recovered",
            "fully restored",
            "back to normal",
            "all clear",
            "all systems operational",
            "everything works",
        ],
        unless_after: &["until", "before", "once", "when", "if", "not", "whether"],
        why: "says that it is over, in a state that says it is not",
        help: "say what works again and that you are watching; say that it is over in the state `resolved`",
    },
];

/// What is over soon, in words that no list holds: something will be well, and a time.
pub(super) fn estimates(flow: &Flow, found: &mut Vec<Finding>) {
    const WELL: &[&str] = &[
        "fix",
        "fixed",
        "resolve",
        "resolved",
        "restore",
        "restored",
        "repair",
        "repaired",
        "recover",
        "recovered",
        "back",
        "normal",
        "working",
        "works",
        "available",
        "over",
    ];
    const WILL: &[&str] = &[
        "will",
        "should",
        "expect",
        "expects",
        "expected",
        "hope",
        "aim",
        "plan",
        "anticipate",
        "we'll",
        "it'll",
    ];
    const SOON: &[&str] = &[
        "shortly",
        "soon",
        "minutes",
        "minute",
        "hour",
        "hours",
        "today",
        "tonight",
        "tomorrow",
        "momentarily",
        "noon",
        "midnight",
    ];
    // Promising the next update is what a text should do.
    const UPDATE: &[&str] = &[
        "write",
        "update",
        "updates",
        "{next_update}",
        "post",
        "tell",
    ];
    for (start, sentence) in flow.sentences() {
        let said: Vec<&str> = words(&sentence).collect();
        let any = |list: &[&str]| said.iter().any(|w| list.contains(w));
        let soon = any(SOON) || said.iter().any(|w| is_time(w));
        if !(any(WELL) && any(WILL) && soon) || any(UPDATE) {
            continue;
        }
        let len = sentence.trim_end().chars().count();
        let lead = sentence.chars().take_while(|c| c.is_whitespace()).count();
        let at = flow.at(start + lead, len - lead);
        if found.iter().any(|f| f.code == ESTIMATE && within(f.at, at)) {
            continue;
        }
        found.push(Finding {
            code: ESTIMATE,
            at,
            message: "this promises when it will be over".into(),
            help: ESTIMATE_HELP,
        });
    }
}

fn within(inner: At, outer: At) -> bool {
    match (inner, outer) {
        (
            At::Text { line, column, .. },
            At::Text {
                line: at,
                column: from,
                len,
            },
        ) => line == at && from <= column && column < from + len,
        _ => false,
    }
}

/// Names and addresses of machines.
pub(super) fn hosts(flow: &Flow, found: &mut Vec<Finding>) {
    const INSIDE: &[&str] = &[
        ".internal",
        ".local",
        ".localdomain",
        ".svc",
        ".lan",
        ".corp",
        ".intra",
        ".intranet",
    ];
    let is_host = |word: &str| {
        let name = word.split(['/', ':']).next().unwrap_or(word);
        let address = name.parse::<std::net::Ipv4Addr>().is_ok();
        address || INSIDE.iter().any(|end| name.ends_with(end))
    };
    each_word(flow, |flow, place, word| {
        if is_host(word) {
            found.push(Finding {
                code: "wording-internal-name",
                at: flow.at(place, word.chars().count()),
                message: format!("`{word}` is a machine of ours"),
                help: "name what customers use, as the status page does",
            });
        }
    });
}

/// Times of day that do not say whose.
pub(super) fn times_without_zone(flow: &Flow, found: &mut Vec<Finding>) {
    const ZONES: &[&str] = &[
        "utc", "gmt", "cet", "cest", "wet", "west", "eet", "eest", "bst", "est", "edt", "cst",
        "cdt", "mst", "mdt", "pst", "pdt", "pt", "et", "ct", "mt", "ist", "jst", "aest", "aedt",
        "z",
    ];
    for (start, sentence) in flow.sentences() {
        if words(&sentence).any(|w| ZONES.contains(&w) || w.starts_with("utc")) {
            continue;
        }
        let Some(time) = words(&sentence).find(|w| is_time(w)) else {
            continue;
        };
        let before = sentence.find(time).map_or("", |at| &sentence[..at]);
        found.push(Finding {
            code: "wording-time-without-zone",
            at: flow.at(start + before.chars().count(), time.chars().count()),
            message: format!("`{time}` does not say in which time zone"),
            help: "write `UTC` after it, and the local time where customers share one",
        });
    }
}

fn each_word(flow: &Flow, mut look: impl FnMut(&Flow, usize, &str)) {
    for (start, sentence) in flow.sentences() {
        let mut from = 0;
        for word in words(&sentence) {
            let Some(at) = sentence[from..].find(word) else {
                continue;
            };
            let at = from + at;
            look(flow, start + sentence[..at].chars().count(), word);
            from = at + word.len();
        }
    }
}
