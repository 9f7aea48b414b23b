//! An update that somebody is about to publish, held against the incident that it tells of.

use std::collections::BTreeMap;

use gonogo_model::comms::PublicState;

use super::flow::{Flow, is_time, words};
use super::{
    At, Finding, LEADS_ELSEWHERE, Lack, NO_AFTERMATH, NO_IMPACT, NO_NEXT_UPDATE, NO_SINCE,
    first_paragraph, says_what_remains, text, title,
};

/// An update, filled in, and what is known while it is written.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The state that it announces.
    pub state: PublicState,
    /// The headline.
    pub title: &'a str,
    /// The words.
    pub text: &'a str,
    /// The words of the update before this one.
    pub before: Option<&'a str>,
    /// What fails, by the names that customers know: journeys, and components of the page.
    pub impact: Vec<&'a str>,
    /// The components that the page shows as anything but working.
    pub shown: Vec<&'a str>,
    /// How many alerts of the incident still hold.
    pub still_firing: usize,
    /// The names of vendors.
    pub vendors: Vec<&'a str>,
}

/// So much of the words of the last update in the same words is nothing new, in percent.
const NOTHING_NEW: usize = 90;

/// What should be written another way before an update goes out, and what it lacks.
pub fn draft(draft: &Draft<'_>) -> Vec<Finding> {
    let mut found = title(draft.title, draft.state);
    found.extend(text(draft.text, Some(draft.state)));
    let flow = Flow::of(draft.text);
    blame(draft, &flow, &mut found);
    lacks(draft, &flow, &mut found);
    contradictions(draft, &mut found);
    if draft
        .before
        .is_some_and(|before| nothing_new(before, draft.text))
    {
        found.push(NOTHING_NEW_IN_IT.whole());
    }
    found
}

const NOTHING_NEW_IN_IT: Lack = Lack {
    code: "wording-nothing-new",
    message: "it says what the last update said",
    help: "say what was tried or found since, even if it did not help; or how many are affected now",
};
const PAGE_GREEN: Lack = Lack {
    code: "wording-page-contradicts",
    message: "the status page shows everything as working",
    help: "set what is affected on the page, or say here that it works again",
};

/// A vendor named as the one whose fault it is.
fn blame(draft: &Draft<'_>, flow: &Flow, found: &mut Vec<Finding>) {
    const FAULT: &[&str] = &[
        "caused by",
        "because of",
        "due to",
        "fault",
        "outage at",
        "outage of",
        "failure at",
        "failure of",
        "problem at",
        "problems at",
        "issue at",
        "issues at",
    ];
    for (start, sentence) in flow.sentences() {
        let said = Flow::of(&sentence);
        if !FAULT.iter().any(|words| !said.find(words).is_empty()) {
            continue;
        }
        for vendor in &draft.vendors {
            let Some(place) = said.find(&vendor.to_lowercase()).first().copied() else {
                continue;
            };
            let lead = sentence.chars().take_while(|c| c.is_whitespace()).count();
            found.push(Finding {
                code: "wording-blame",
                at: flow.at(start + lead + place, vendor.chars().count()),
                message: format!("`{vendor}` is named as whose fault it is"),
                help: "say what is done about it; customers chose you and not your vendors",
            });
        }
    }
}

fn lacks(draft: &Draft<'_>, flow: &Flow, found: &mut Vec<Finding>) {
    const AGAIN: &[&str] = &[
        "write", "update", "updates", "again", "next", "post", "tell",
    ];
    const SINCE: &[&str] = &["since", "began", "started", "between", "from", "ended"];
    let sentences = flow.sentences();
    let timed = |with: &[&str]| {
        sentences.iter().any(|(_, sentence)| {
            let any = |is: &dyn Fn(&str) -> bool| words(sentence).any(is);
            any(&|w| is_time(w)) && any(&|w| with.contains(&w))
        })
    };
    let over = draft.state == PublicState::Resolved;
    let mut lack = |holds: bool, lack: &Lack, help: &'static str| {
        if !holds {
            found.push(Finding {
                help,
                ..lack.whole()
            });
        }
    };
    lack(
        over || timed(AGAIN),
        &NO_NEXT_UPDATE,
        "write by which time customers hear again",
    );
    lack(timed(SINCE), &NO_SINCE, "write since which time");
    let names = |text: &str| {
        let flow = Flow::of(text);
        let mut impact = draft.impact.iter().map(|name| name.to_lowercase());
        impact.any(|name| !flow.find(&name).is_empty())
    };
    if !draft.impact.is_empty() {
        let said = names(draft.text);
        lack(
            said,
            &NO_IMPACT,
            "name what does not work, as the page does",
        );
        lack(
            !said || names(first_paragraph(draft.text)),
            &LEADS_ELSEWHERE,
            "name what does not work in the first paragraph",
        );
    }
    lack(
        !over || says_what_remains(draft.text),
        &NO_AFTERMATH,
        NO_AFTERMATH.help,
    );
}

/// What the words say against what the page and the alerts say.
fn contradictions(draft: &Draft<'_>, found: &mut Vec<Finding>) {
    let whole = |code, message: String, help| Finding {
        code,
        at: At::Whole,
        message,
        help,
    };
    match draft.state {
        PublicState::Resolved => {
            if let Some(name) = draft.shown.first() {
                found.push(whole(
                    "wording-page-contradicts",
                    format!("it says that it is over, and the page shows `{name}` as not working"),
                    "set it back on the page first, or do not call it over yet",
                ));
            }
            if draft.still_firing > 0 {
                let alerts = match draft.still_firing {
                    1 => "an alert still holds".into(),
                    n => format!("{n} alerts still hold"),
                };
                found.push(whole(
                    "wording-all-clear-too-early",
                    format!("it says that it is over, and {alerts}"),
                    "stay in the state `monitoring` until they are well",
                ));
            }
        }
        PublicState::Investigating | PublicState::Identified if draft.shown.is_empty() => {
            found.push(PAGE_GREEN.whole());
        }
        _ => {}
    }
}

/// Are nearly all words those of the last update? Times do not count: a new one is no news.
fn nothing_new(before: &str, now: &str) -> bool {
    let (before, now) = (counted(before), counted(now));
    let total = |words: &BTreeMap<String, usize>| words.values().sum::<usize>();
    let shared: usize = now
        .iter()
        .map(|(word, n)| before.get(word).map_or(0, |m| *m.min(n)))
        .sum();
    let most = total(&before).max(total(&now));
    most > 0 && shared * 100 >= most * NOTHING_NEW
}

fn counted(text: &str) -> BTreeMap<String, usize> {
    let lower = text.to_lowercase();
    let mut found = BTreeMap::new();
    for word in words(&lower).filter(|w| !is_time(w)) {
        *found.entry(word.to_string()).or_insert(0) += 1;
    }
    found
}
